//! A cluster of three that loses one server, then its majority, and gets them back.

use std::time::Duration;

use async_nats::jetstream::{Context, stream};
use jetscope::config::Connection;
use jetscope::demo::server::free_port;
use jetscope::demo::{Server, ServerSpec};
use jetscope::model::{Availability, Cluster, ProblemKind, Update};
use jetscope::nats::Pace;

use crate::common::fixture;
use crate::common::live::{LONG, Live, quick};

/// Elections take some seconds, and on a loaded machine more.
pub(crate) const ELECTION: Duration = Duration::from_secs(45);

/// Three servers named n0 to n2, each with its name as a tag.
pub(crate) fn three() -> Vec<Server> {
    let routes: Vec<u16> = (0..3).map(|_| free_port().expect("a port")).collect();
    let start = |n: usize| {
        let spec = ServerSpec {
            name: format!("n{n}"),
            config: format!("server_tags: [\"n{n}\"]"),
            cluster: Some(("east".into(), routes[n], routes.clone())),
            ..Default::default()
        };
        Server::start(&spec).expect("a server")
    };
    // Side by side: the first waits for the others.
    std::thread::scope(|scope| {
        let starting: Vec<_> = (0..3).map(|n| scope.spawn(move || start(n))).collect();
        starting.into_iter().map(|server| server.join().expect("started")).collect()
    })
}

/// A stream of one copy on this server.
async fn single(js: &Context, name: &str, server: usize) {
    let placement = stream::Placement { tags: vec![format!("n{server}")], ..Default::default() };
    let config = stream::Config { placement: Some(placement), ..on_disk(name) };
    fixture::patient_stream(js, config, ELECTION).await;
}

/// In a file, so that it is there again when its server is.
fn on_disk(name: &str) -> stream::Config {
    stream::Config { storage: stream::StorageType::File, ..fixture::config(name) }
}

fn group<'a>(live: &'a Live, stream: &str) -> Option<&'a Cluster> {
    live.catalog().streams.get(stream)?.info.as_ref()?.cluster.as_ref()
}

fn leader(live: &Live, stream: &str) -> Option<usize> {
    group(live, stream)?.leader.as_ref()?.strip_prefix('n')?.parse().ok()
}

fn messages(live: &Live, stream: &str) -> Option<u64> {
    live.catalog().streams.get(stream)?.info.as_ref().map(|s| s.state.messages)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_die_one_by_one_and_come_back() {
    let mut servers = three();
    let urls: Vec<String> = servers.iter().map(Server::url).collect();
    let mut connection = Connection::to(urls[0].clone());
    connection.servers.clone_from(&urls);
    let js = fixture::app(&urls[0]).await;
    fixture::patient_stream(&js, stream::Config { num_replicas: 3, ..on_disk("copied") }, ELECTION).await;
    for n in 0..3 {
        single(&js, &format!("single{n}"), n).await;
    }
    for name in ["copied", "single0", "single1", "single2"] {
        fixture::publish(&js, &format!("{name}.x"), 4).await;
    }
    fixture::consumer(&js, "copied", "billing").await;

    let mut live = Live::start(connection, Pace { list: Duration::from_millis(500), ..quick() });
    live.until(LONG, "all streams, with leader and replicas", |l| {
        (0..3).all(|n| messages(l, &format!("single{n}")) == Some(4))
            && messages(l, "copied") == Some(4)
            && leader(l, "copied").is_some()
            && group(l, "copied").is_some_and(|g| g.replicas.len() == 2)
            && l.catalog().consumer("copied", "billing").is_some()
    })
    .await;
    assert!(live.banner().is_empty(), "{}", live.banner());
    assert!(live.header().contains("east/n"), "{}", live.header());

    // The leader dies. Its own stream does not answer and is kept apart; the copied one gets another leader.
    let dead = leader(&live, "copied").expect("a leader");
    let lost = format!("single{dead}");
    servers[dead].kill();
    live.until(ELECTION, "another leader, and the lost stream apart", |l| {
        leader(l, "copied").is_some_and(|n| n != dead)
            && l.catalog().streams.get(&lost).is_some_and(|e| e.availability != Availability::Present)
            && l.catalog().link.is_up()
    })
    .await;
    assert_eq!(messages(&live, &lost), Some(4), "what was known stays");
    live.until(LONG, "the sentence", |l| l.banner().contains("1 stream does not answer")).await;
    assert!(live.banner().contains(&lost), "{}", live.banner());
    let row = live.row(&lost);
    assert!(row.contains("no answer") || row.contains("offline"), "{row}");
    let group_row = live.row("copied");
    assert!(!group_row.contains("no answer"), "{group_row}");
    // The others are as fresh as before, though every list waits for the dead server.
    let alive = (0..3).find(|n| *n != dead).expect("one");
    let js = fixture::app(&urls[alive]).await;
    fixture::publish(&js, &format!("single{alive}.x"), 1).await;
    live.until(Duration::from_secs(15), "a living stream is followed", |l| {
        messages(l, &format!("single{alive}")) == Some(5)
    })
    .await;
    live.until(LONG, "the usual pace", |l| l.catalog().traffic.back_off.is_none()).await;

    // A second one dies: there is no majority any more.
    servers[alive].kill();
    let last = 3 - dead - alive;
    live.until(ELECTION, "the loss of the majority is said", |l| {
        l.catalog().link.is_up()
            && l.catalog()
                .listing
                .problem()
                .is_some_and(|p| matches!(p.kind, ProblemKind::Busy { code: 10008 } | ProblemKind::Timeout))
    })
    .await;
    live.until(LONG, "the server's own word", |l| l.banner().contains("10008")).await;
    let screen = live.world.screen();
    assert!(screen.contains("the server cannot answer now"), "{screen}");
    assert_eq!(messages(&live, &format!("single{last}")), Some(4), "{screen}");
    assert_eq!(messages(&live, "copied"), Some(4), "what was known stays");
    assert!(live.header().contains(&format!("east/n{last}")), "{screen}");
    live.until(LONG, "slowing down", |l| l.header().contains("slowed x")).await;

    live.until(LONG, "the copied stream has no leader", |l| l.row("copied").contains("no leader")).await;

    // Both come back, and no key is pressed.
    for n in [dead, alive] {
        servers[n].restart().expect("it comes back");
    }
    live.until(ELECTION + ELECTION, "everything is present again", |l| {
        l.catalog().streams.len() == 4
            && l.catalog().streams.values().all(|e| e.availability == Availability::Present)
            && l.catalog().listing.problem().is_none()
            && leader(l, "copied").is_some()
            && l.banner().is_empty()
    })
    .await;
    let js = fixture::app(&urls[last]).await;
    fixture::publish(&js, &format!("single{last}.x"), 1).await;
    live.until(LONG, "new data", |l| messages(l, &format!("single{last}")) == Some(5)).await;
    live.until(LONG, "the usual pace", |l| l.catalog().traffic.back_off.is_none()).await;
    assert!(!live.seen.iter().any(|(_, u)| matches!(u, Update::StreamGone(..))), "a dead server's stream is not gone");
}
