//! Servers that freeze, forbid or lose their majority, and come back: how soon that is seen, with nobody pressing a key.

use std::fs;
use std::time::Duration;

use async_nats::jetstream::{self, stream};
use jetscope::config::Connection;
use jetscope::demo::Server;
use jetscope::model::{Link, ProblemKind};
use jetscope::nats::Pace;
use tokio::time::{Instant, sleep};

use crate::cluster::{ELECTION, three};
use crate::common::live::{LONG, Live, user};
use crate::common::{fixture, server_with};

/// So soon after a server is well again everything goes on.
const BACK: Duration = Duration::from_secs(5);
/// What a loaded machine may add.
const LOAD: Duration = Duration::from_secs(3);

fn messages(live: &Live, stream: &str) -> Option<u64> {
    live.catalog().streams.get(stream)?.info.as_ref().map(|s| s.state.messages)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_servers_one_freezes_and_another_is_taken() {
    let servers = three();
    let urls: Vec<String> = servers.iter().map(Server::url).collect();
    let mut connection = Connection::to(urls[0].clone());
    connection.servers.clone_from(&urls);
    // The applications live on a server that goes on.
    let js = fixture::app(&urls[1]).await;
    let copied = stream::Config { num_replicas: 3, ..fixture::config("copied") };
    fixture::patient_stream(&js, copied, ELECTION).await;
    fixture::publish(&js, "copied.x", 3).await;
    let mut live = Live::start(connection, Pace::default());
    live.until(LONG, "the stream", |l| messages(l, "copied") == Some(3)).await;
    assert!(live.header().contains("east/n0"), "{}", live.header());

    servers[0].signal("STOP").expect("a signal");
    let frozen = Instant::now();
    live.until(LONG, "its silence", |l| matches!(l.catalog().link, Link::Silent { .. })).await;
    let noticed = frozen.elapsed();
    assert!(noticed > Duration::from_secs(3) && noticed < Duration::from_secs(6) + LOAD, "{noticed:?}");
    let (header, banner) = (live.header(), live.banner());
    assert!(header.contains("✖ no answer") && !header.contains("connected"), "{header}");
    assert!(banner.contains("has answered nothing for") && banner.contains("another server"), "{banner}");
    live.keys("7");
    assert!(!live.world.screen().contains("Nothing is wrong"), "{}", live.world.screen());
    live.keys("1");
    live.until(LONG, "another server", |l| {
        l.catalog().link.is_up() && l.catalog().server.as_ref().is_some_and(|s| s.name != "n0")
    })
    .await;
    let moved = frozen.elapsed();
    assert!(moved > Duration::from_secs(9) && moved < Duration::from_secs(12) + LOAD, "{moved:?}");
    // The others may have to choose another leader first.
    let started = Instant::now();
    while js.publish("copied.x", "one more".into()).await.expect("sent").await.is_err() {
        assert!(started.elapsed() < ELECTION, "nothing is stored");
        sleep(Duration::from_millis(200)).await;
    }
    live.until(LONG, "new data, with a frozen server in the cluster", |l| messages(l, "copied") >= Some(4)).await;
    // Who leads now has not heard of the frozen one; that is not: heard of it just now.
    live.during(Duration::from_secs(1)).await;
    let unheard = live.catalog().streams["copied"].info.as_ref().and_then(|s| s.cluster.clone()).expect("a cluster");
    let peer = unheard.replicas.iter().find(|peer| peer.name == "n0");
    assert!(peer.is_none_or(|peer| peer.active.is_none_or(|ago| ago > Duration::from_secs(5))), "{peer:?}");
    servers[0].signal("CONT").expect("a signal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_only_server_freezes_for_long_and_goes_on() {
    let server = server_with("");
    let js = fixture::app(&server.url()).await;
    fixture::stream(&js, "orders").await;
    fixture::publish(&js, "orders.x", 3).await;
    let mut live = Live::start(Connection::to(server.url()), Pace::default());
    live.until(LONG, "the stream", |l| messages(l, "orders") == Some(3)).await;
    server.signal("STOP").expect("a signal");
    live.until(LONG, "its silence", |l| matches!(l.catalog().link, Link::Silent { .. })).await;
    live.until(LONG, "it is tried anew", |l| matches!(l.catalog().link, Link::Lost { .. })).await;
    assert!(live.banner().contains("answered nothing any more"), "{}", live.banner());
    live.during(Duration::from_secs(4)).await;
    server.signal("CONT").expect("a signal");
    let awake = Instant::now();
    let ack = js.publish("orders.x", "one more".into()).await.expect("sent");
    ack.await.expect("stored");
    live.until(LONG, "it goes on", |l| messages(l, "orders") == Some(4) && l.banner().is_empty()).await;
    assert!(awake.elapsed() < BACK, "{:?}", awake.elapsed());
}

/// Gives the user `me` these permissions to publish, on a server that runs.
async fn allow(server: &Server, publish: &str) {
    let path = server.dir().join("server.conf");
    let text = fs::read_to_string(&path).expect("the configuration");
    let at = text.find("publish: ").expect("permissions") + "publish: ".len();
    let end = at + text[at..].find('}').expect("their end");
    fs::write(&path, format!("{}{publish}{}", &text[..at], &text[end..])).expect("written");
    let reloads = || server.log().matches("Reloaded server configuration").count();
    let before = reloads();
    server.signal("HUP").expect("a signal");
    let started = Instant::now();
    while reloads() == before {
        assert!(started.elapsed() < LONG, "{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_is_taken_away_and_given_back() {
    let server = server_with(
        r#"authorization { users: [
            {user: app, password: p}
            {user: me, password: p, permissions: {publish: ["$JS.API.>"]}}
        ] }"#,
    );
    let js = fixture::app_as(&server.url(), "app", "p").await;
    fixture::streams(&js, "s", 0..20).await;
    fixture::consumers(&js, "s000", 0..5).await;
    let mut live = Live::start(user(&server.url(), "me", "p"), Pace::default());
    live.until(LONG, "everything", |l| {
        l.catalog().streams.len() == 20 && l.catalog().consumer_count() == 5 && l.catalog().account.value().is_some()
    })
    .await;
    allow(&server, r#"["nothing"]"#).await;
    live.until(LONG, "the refusal", |l| {
        l.catalog().listing.problem().is_some_and(|p| matches!(p.kind, ProblemKind::Denied { .. }))
            && l.catalog().account.problem().is_some()
    })
    .await;
    let violations = || server.log().matches("Publish Violation").count();
    let before = violations();
    live.during(Duration::from_secs(15)).await;
    let tried = violations() - before;
    // The server logs each try: a few of them, however much there is to ask for.
    assert!((2..=9).contains(&tried), "{tried} tries in 15 s");
    allow(&server, r#"["$JS.API.>"]"#).await;
    let given = Instant::now();
    fixture::publish(&js, "s003.x", 1).await;
    live.until(LONG, "it goes on", |l| {
        messages(l, "s003") == Some(1) && l.banner().is_empty() && l.catalog().account.problem().is_none()
    })
    .await;
    assert!(given.elapsed() < BACK + LOAD, "{:?}", given.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_majority_that_is_lost_and_found() {
    let mut servers = three();
    let url = servers[0].url();
    let js = fixture::app(&url).await;
    let file = stream::Config { storage: stream::StorageType::File, num_replicas: 3, ..fixture::config("copied") };
    fixture::patient_stream(&js, file, ELECTION).await;
    fixture::publish(&js, "copied.x", 3).await;
    let mut live = Live::start(Connection::to(url), Pace::default());
    live.until(LONG, "the stream", |l| messages(l, "copied") == Some(3)).await;
    servers[1].kill();
    servers[2].kill();
    live.until(ELECTION, "the loss", |l| l.catalog().listing.problem().is_some()).await;
    live.until(LONG, "slowing down", |l| l.catalog().traffic.back_off.is_some_and(|x| x >= 8.0)).await;
    assert!(live.catalog().link.is_up(), "a server without a majority is not a dead one");
    for server in &mut servers[1..] {
        server.restart().expect("it comes back");
    }
    // From when the servers themselves answer.
    let mut asking = jetstream::new(js.client().clone());
    asking.set_timeout(Duration::from_millis(500));
    let started = Instant::now();
    while asking.query_account().await.is_err()
        || asking.publish("copied.x", "x".into()).await.expect("sent").await.is_err()
    {
        assert!(started.elapsed() < ELECTION, "no majority");
        live.during(Duration::from_millis(100)).await;
    }
    let found = Instant::now();
    live.until(LONG, "it goes on", |l| {
        messages(l, "copied") >= Some(4)
            && l.catalog().listing.problem().is_none()
            && l.catalog().account.problem().is_none()
    })
    .await;
    assert!(found.elapsed() < BACK + LOAD, "{:?}", found.elapsed());
}
