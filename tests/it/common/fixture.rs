//! The applications around the console: they make streams and consumers and publish.

use std::time::Duration;

use async_nats::jetstream::{self, Context, consumer, stream};
use futures_util::{StreamExt, stream as futures};
use tokio::time::{Instant, sleep};

/// An application on this server.
pub(crate) async fn app(url: &str) -> Context {
    jetstream::new(async_nats::connect(url).await.expect("a connection"))
}

/// An application with a user and a password.
pub(crate) async fn app_as(url: &str, name: &str, password: &str) -> Context {
    let options = async_nats::ConnectOptions::with_user_and_password(name.into(), password.into());
    jetstream::new(options.connect(url).await.expect("a connection"))
}

/// A stream in memory that takes `<name>.>`.
pub(crate) fn config(name: &str) -> stream::Config {
    stream::Config {
        name: name.into(),
        subjects: vec![format!("{name}.>")],
        storage: stream::StorageType::Memory,
        ..Default::default()
    }
}

/// Makes a stream.
pub(crate) async fn stream(js: &Context, name: &str) {
    js.create_stream(config(name)).await.expect("a stream");
}

/// Makes the streams `<prefix>000` and so on.
pub(crate) async fn streams(js: &Context, prefix: &str, numbers: std::ops::Range<usize>) {
    futures::iter(numbers)
        .for_each_concurrent(16, |n| async move { stream(js, &format!("{prefix}{n:03}")).await })
        .await;
}

/// Makes a durable pull consumer.
pub(crate) async fn consumer(js: &Context, stream: &str, name: &str) {
    let config = consumer::pull::Config { durable_name: Some(name.into()), ..Default::default() };
    js.create_consumer_on_stream(config, stream).await.expect("a consumer");
}

/// Makes the consumers `c000` and so on.
pub(crate) async fn consumers(js: &Context, stream: &str, numbers: std::ops::Range<usize>) {
    futures::iter(numbers)
        .for_each_concurrent(16, |n| async move { consumer(js, stream, &format!("c{n:03}")).await })
        .await;
}

/// Publishes this many messages, each stored before the next.
pub(crate) async fn publish(js: &Context, subject: &str, count: usize) {
    for n in 0..count {
        let ack = js.publish(subject.to_owned(), format!("message {n}").into()).await.expect("a publish");
        ack.await.expect("stored");
    }
}

/// Makes a stream on servers that may have no leader yet.
pub(crate) async fn patient_stream(js: &Context, config: stream::Config, limit: Duration) {
    let started = Instant::now();
    loop {
        match js.create_stream(config.clone()).await {
            Ok(_) => return,
            Err(error) => assert!(started.elapsed() < limit, "no stream {}: {error}", config.name),
        }
        sleep(Duration::from_millis(100)).await;
    }
}
