//! Limits of accounts, as the servers apply them: measured, and told.

use async_nats::jetstream::{self, stream};
use jetscope::config::Connection;
use jetscope::demo::server::{NEWEST, OLDEST};
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::Rule;
use jetscope::nats::{Api, open};
use serde_json::{Value, json};

use crate::common::every_kind::raw;
use crate::common::home::Home;
use crate::common::jwt::Realm;
use crate::common::live::{LONG, Live, quick};
use crate::common::{fixture, server_with};

fn limited(version: &str, limits: &str) -> Server {
    let config =
        format!("accounts {{ A {{ jetstream: {{ {limits} }}, users: [{{user: a, password: p}}] }} }}\nno_auth_user: a");
    let spec = ServerSpec { version: Some(version.into()), config, ..Default::default() };
    Server::start(&spec).expect("a server")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_of_consumers_is_one_of_each_stream() {
    for version in [NEWEST, OLDEST] {
        let server = limited(version, "max_consumers: 3");
        let js = fixture::app(&server.url()).await;
        fixture::streams(&js, "s", 0..2).await;
        // Measured: as many on each stream, and no more on one.
        for stream in ["s000", "s001"] {
            fixture::consumers(&js, stream, 0..if stream == "s000" { 3 } else { 1 }).await;
        }
        let config = jetstream::consumer::pull::Config { durable_name: Some("more".into()), ..Default::default() };
        assert!(js.create_consumer_on_stream(config, "s000").await.is_err(), "{version}: a fourth");
        fixture::consumers(&js, "s001", 1..2).await;

        let mut live = Live::start(Connection::to(server.url()), quick());
        live.until(LONG, "the finding", |l| {
            l.world.app.watch().tracker.iter().any(|(_, _, tracked)| tracked.rule == Rule::AccountAssets)
        })
        .await;
        live.keys("7<down>");
        live.until(LONG, "its sentence", |l| l.world.screen().contains("3 consumers of stream s000")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_reserved_is_told_although_nothing_is_stored() {
    let server = limited(NEWEST, "max_file: 1000000");
    let js = fixture::app(&server.url()).await;
    let file = |name: &str, max_bytes| stream::Config {
        storage: stream::StorageType::File,
        max_bytes,
        ..fixture::config(name)
    };
    js.create_stream(file("full", 1_000_000)).await.expect("a stream");
    let refused = js.create_stream(file("more", 10)).await.expect_err("nothing is left");
    assert!(refused.to_string().contains("insufficient storage resources"), "{refused}");
    let api = Api::new(open(&Connection::to(server.url())).await.expect("a connection"));
    let account = api.account().await.expect("an account");
    assert_eq!((account.whole.storage, account.whole.reserved_storage), (0, 1_000_000));
    let mut live = Live::start(Connection::to(server.url()), quick());
    live.until(LONG, "the finding", |l| {
        l.world.app.watch().tracker.iter().any(|(_, _, tracked)| tracked.rule == Rule::AccountStorage)
    })
    .await;
    live.keys("7<down>");
    live.until(LONG, "its sentence", |l| l.world.screen().contains("10047")).await;
}

/// Each tier has limits of its own: one is full while the others are empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_account_with_tiers_each_is_told_by_itself() {
    let tier =
        |streams: u64| json!({ "mem_storage": 0, "disk_storage": 1_000_000, "streams": streams, "consumer": -1 });
    let realm = Realm::tiered(json!({ "R1": tier(2), "R3": tier(50) }));
    let server = server_with(&realm.server_config());
    let home = Home::with(&json!({ "url": server.url(), "creds": "~/user.creds" }));
    let path = home.file("user.creds", &realm.user().creds());
    let connection = home.selected().connection;
    let options = async_nats::ConnectOptions::with_credentials_file(path).await.expect("credentials");
    let js = jetstream::new(options.connect(server.url()).await.expect("a connection"));
    let file = |name: &str, max_bytes| stream::Config {
        storage: stream::StorageType::File,
        max_bytes,
        ..fixture::config(name)
    };
    for (name, bytes) in [("a", 900_000), ("b", 50_000)] {
        js.create_stream(file(name, bytes)).await.expect("a stream");
    }
    js.create_stream(file("c", 10)).await.expect_err("the tier has all its streams");
    let account = Api::new(open(&connection).await.expect("a connection")).account().await.expect("an account");
    let r1 = &account.tiers["R1"];
    assert_eq!((r1.streams, r1.max_streams, r1.max_storage), (2, Some(2), Some(1_000_000)), "{account:?}");
    assert_eq!(r1.reserved_storage, 950_000, "{account:?}");
    assert!(account.tiers.get("R3").is_none_or(|r3| r3.streams == 0), "{account:?}");
    let mut live = Live::start(connection, quick());
    live.until(LONG, "the finding", |l| {
        l.world.app.watch().tracker.iter().any(|(_, _, tracked)| tracked.rule == Rule::AccountAssets)
    })
    .await;
    live.keys("7/account-assets<enter><enter>");
    live.until(LONG, "its sentence", |l| l.world.screen().contains("streams in tier R1")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_more_subjects_than_a_page_holds_the_largest_are_told_and_any_can_be_asked_for() {
    const MANY: usize = 100_200;
    let server = Server::start(&ServerSpec::default()).expect("a server");
    let nats = async_nats::connect(server.url()).await.expect("a connection");
    let js = fixture::app(&server.url()).await;
    fixture::stream(&js, "wide").await;
    for n in 0..MANY {
        nats.publish(format!("wide.{n:06}"), "x".into()).await.expect("sent");
    }
    // The largest comes last by name: on the second page.
    for _ in 0..5 {
        nats.publish("wide.zzz", "x".into()).await.expect("sent");
    }
    nats.flush().await.expect("a flush");
    let api = Api::new(open(&Connection::to(server.url())).await.expect("a connection"));
    loop {
        let info: Value = raw(&nats, "STREAM.INFO.wide", &json!({})).await;
        if info["state"]["messages"].as_u64() == Some(MANY as u64 + 5) {
            break;
        }
    }
    let (counts, total, read) = api.subjects("wide", ">", 10_000).await.expect("subjects");
    assert_eq!((counts.len(), total, read), (10_000, MANY as u64 + 1, MANY as u64 + 1));
    assert_eq!((counts[0].subject.as_str(), counts[0].messages), ("wide.zzz", 5));

    let mut live = Live::start(Connection::to(server.url()), quick());
    live.until(LONG, "the stream", |l| l.catalog().streams.contains_key("wide")).await;
    live.keys("<enter>");
    while !live.world.screen().contains("SUBJECT ") {
        live.keys("<tab>");
        live.during(std::time::Duration::from_millis(200)).await;
    }
    live.until(LONG, "the largest", |l| l.world.screen().contains("the 10,000 largest of 100,201")).await;
    let hidden = "wide.100150";
    assert!(!counts.iter().any(|count| count.subject == hidden), "it is to be one that is not shown");
    live.keys(&format!("/{hidden}<enter>"));
    live.until(LONG, "it is found at the server", |l| {
        l.world.screen().lines().any(|line| line.contains(hidden) && line.contains('%'))
    })
    .await;
}
