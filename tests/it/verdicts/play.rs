//! The applications around a consumer: who publishes, who reads and acks, each at its pace until it is dropped.

use std::time::Duration;

use async_nats::{Client, Message};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::common::every_kind::{api, consumer, publish, stream};

/// Nanoseconds of a second, which durations of the API are in.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// One server with what is played on it. Dropping it ends everything.
pub(crate) struct Stage {
    pub(crate) nats: Client,
    playing: JoinSet<()>,
    /// Messages that somebody holds, and pulls that are open.
    held: Vec<Box<dyn std::any::Any + Send>>,
}

impl Stage {
    pub(crate) async fn on(url: &str) -> Self {
        let nats = async_nats::connect(url).await.expect("a connection");
        Self { nats, playing: JoinSet::new(), held: Vec::new() }
    }

    /// A stream of this name, which takes `<name>.>`, with these settings besides.
    pub(crate) async fn stream(&self, name: &str, more: &Value) {
        let mut config = json!({"name": name, "subjects": [format!("{name}.>")], "storage": "memory"});
        merge(&mut config, more);
        stream(&self.nats, config).await;
    }

    /// A stream with a durable consumer of the same name; acks are waited for long.
    pub(crate) async fn scene(&self, name: &str, of_stream: &Value, of_consumer: &Value) {
        self.stream(name, of_stream).await;
        self.consumer(name, name, of_consumer).await;
    }

    pub(crate) async fn consumer(&self, on: &str, name: &str, more: &Value) {
        let mut config = json!({"durable_name": name, "ack_policy": "explicit", "ack_wait": 60 * SECOND});
        merge(&mut config, more);
        consumer(&self.nats, on, name, config).await;
    }

    /// Stores so many messages now.
    pub(crate) async fn store(&self, name: &str, n: usize) {
        self.store_under(&format!("{name}.x"), n).await;
    }

    /// Stores so many messages of this subject now.
    pub(crate) async fn store_under(&self, subject: &str, n: usize) {
        publish(&self.nats, subject, n).await;
    }

    /// Stores so many again and again.
    pub(crate) fn publishes(&mut self, name: &str, n: usize, every: Duration) {
        let (nats, subject) = (self.nats.clone(), format!("{name}.x"));
        self.playing.spawn(async move {
            let mut tick = pace(every);
            loop {
                tick.tick().await;
                for _ in 0..n {
                    let _ = nats.publish(subject.clone(), "message".into()).await;
                }
            }
        });
    }

    /// Reads so many again and again, and acks them if it does that.
    pub(crate) fn reads(&mut self, name: &str, n: usize, every: Duration, acks: bool) {
        self.reads_of(name, name, n, every, acks);
    }

    /// As [`Stage::reads`], of a stream that is not called as its consumer.
    pub(crate) fn reads_of(&mut self, on: &str, name: &str, n: usize, every: Duration, acks: bool) {
        let (nats, on, name) = (self.nats.clone(), on.to_owned(), name.to_owned());
        self.playing.spawn(async move {
            let mut tick = pace(every);
            loop {
                tick.tick().await;
                for message in take(&nats, &on, &name, n, Duration::from_secs(1)).await {
                    if acks {
                        ack(&nats, &message).await;
                    }
                }
            }
        });
    }

    /// Takes so many, and acks them or holds them.
    pub(crate) async fn takes(&mut self, name: &str, n: usize, acks: bool) {
        let messages = take(&self.nats, name, name, n, Duration::from_secs(10)).await;
        assert_eq!(messages.len(), n, "{name}: messages to take");
        for message in messages {
            if acks {
                let reply = message.reply.clone().expect("a reply subject");
                self.nats.request(reply, "+ACK".into()).await.expect("an ack of the ack");
            } else {
                self.held.push(Box::new(message));
            }
        }
    }

    /// Takes one and answers it with this, once or again and again.
    pub(crate) async fn answers(&mut self, name: &str, answer: &'static str, every: Option<Duration>) {
        let message = take(&self.nats, name, name, 1, Duration::from_secs(10)).await.pop().expect("a message");
        let (nats, reply) = (self.nats.clone(), message.reply.clone().expect("a reply subject"));
        nats.publish(reply.clone(), answer.into()).await.expect("an answer");
        nats.flush().await.expect("a flush");
        if let Some(every) = every {
            self.playing.spawn(async move {
                let mut tick = pace(every);
                loop {
                    tick.tick().await;
                    let _ = nats.publish(reply.clone(), answer.into()).await;
                }
            });
        }
    }

    /// Leaves a pull open.
    pub(crate) async fn waits(&mut self, name: &str) {
        let inbox = self.nats.new_inbox();
        self.held.push(Box::new(self.nats.subscribe(inbox.clone()).await.expect("an inbox")));
        let body = json!({"batch": 1, "expires": 120 * SECOND}).to_string();
        let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{name}.{name}");
        self.nats.publish_with_reply(subject, inbox, body.into()).await.expect("a pull");
        self.nats.flush().await.expect("a flush");
    }

    /// Subscribes to what a consumer is pushed to, and acks it if it does that.
    pub(crate) async fn subscribes(&mut self, subject: &str, acks: bool) {
        let mut messages = self.nats.subscribe(subject.to_owned()).await.expect("a subscription");
        self.nats.flush().await.expect("a flush");
        let nats = self.nats.clone();
        self.playing.spawn(async move {
            while let Some(message) = messages.next().await {
                if acks {
                    ack(&nats, &message).await;
                }
            }
        });
    }

    pub(crate) async fn info(&self, name: &str) -> Value {
        api(&self.nats, &format!("CONSUMER.INFO.{name}.{name}"), Value::Null).await
    }

    /// Waits until what the server says of a consumer fits.
    pub(crate) async fn until(&self, name: &str, what: &str, fits: impl Fn(&Value) -> bool) {
        let settled = async {
            while !fits(&self.info(name).await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), settled).await.unwrap_or_else(|_| panic!("{name}: {what}"));
    }
}

fn merge(config: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
}

fn pace(every: Duration) -> tokio::time::Interval {
    let mut tick = interval(every);
    // A machine that was busy catches up, so that the rates are what they are meant to be.
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    tick
}

async fn ack(nats: &Client, message: &Message) {
    if let Some(reply) = message.reply.clone() {
        let _ = nats.publish(reply, "+ACK".into()).await;
    }
}

/// Takes at most so many messages that are there, or come soon.
async fn take(nats: &Client, on: &str, name: &str, n: usize, within: Duration) -> Vec<Message> {
    let inbox = nats.new_inbox();
    let Ok(mut answers) = nats.subscribe(inbox.clone()).await else { return vec![] };
    let body = json!({"batch": n, "expires": within.as_nanos() as u64}).to_string();
    let subject = format!("$JS.API.CONSUMER.MSG.NEXT.{on}.{name}");
    let _ = nats.publish_with_reply(subject, inbox, body.into()).await;
    let mut out = Vec::new();
    while out.len() < n {
        match timeout(within + Duration::from_secs(1), answers.next()).await {
            // A status is no message: there are no more.
            Ok(Some(message)) if message.status.is_some() => break,
            Ok(Some(message)) => out.push(message),
            Ok(None) | Err(_) => break,
        }
    }
    out
}
