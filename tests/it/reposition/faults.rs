//! Servers and consumers that go away in the middle.

use jetscope::demo::ServerSpec;
use jetscope::demo::server::free_port;

use crate::common::fixture::patient_stream;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_is_deleted_meanwhile() {
    let place = Place::with(10, json!({"ack_wait": 30 * SECOND})).await;
    let _held = take(&place.nats, "c", 5).await;
    let child = place.start(&["S", "c", "--to", "8", "--execute"]);
    place.until("c", "a pause", |c| c["paused"] == true).await;
    api(&place.nats, "CONSUMER.DELETE.S.c", Value::Null).await;
    let out = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    Said::of(&out).code(2).has(&["consumer c of S was not moved", "consumer not found"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_restarted_meanwhile_leaves_nothing_paused() {
    let mut place = Place::with(10, json!({"ack_wait": 30 * SECOND})).await;
    let _held = take(&place.nats, "c", 5).await;
    let child = place.start(&["S", "c", "--to", "8", "--execute"]);
    place.until("c", "a pause", |c| c["paused"] == true).await;
    place.server.kill();
    sleep(Duration::from_millis(300)).await;
    place.server.restart().unwrap();
    let out = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
    Said::of(&out).code(2).has(&["connection is down", "it stands where it stood, and its pause was taken back"]);
    place.nats = async_nats::connect(place.server.url()).await.unwrap();
    // What was delivered last need not have been on its disk.
    place.until("c", "resumed", |c| c["paused"].is_null() && position(c).1 <= 5).await;
}

/// Where the old position cannot be written, nothing is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_done_that_cannot_be_taken_back() {
    let place = Place::with(10, json!({})).await;
    fs::create_dir_all(place.state()).unwrap();
    fs::write(place.state().join("repositions"), "in the way").unwrap();
    let said = place.run(&["S", "c", "--to", "8", "--execute"]).await.code(2);
    said.has(&["the old position cannot be saved", "nothing was changed"]);
    assert_eq!(position(&place.info("c").await), (0, 0));
}

/// Three copies, asked through a server that leads nothing in particular.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_waited_for() {
    let routes: Vec<u16> = (0..3).map(|_| free_port().unwrap()).collect();
    let start = |n: usize| {
        let cluster = Some(("east".into(), routes[n], routes.clone()));
        Server::start(&ServerSpec { name: format!("n{n}"), cluster, ..Default::default() }).unwrap()
    };
    let servers: Vec<Server> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..3).map(|n| scope.spawn(move || start(n))).collect();
        starting.into_iter().map(|server| server.join().unwrap()).collect()
    });
    let mut servers = servers.into_iter();
    let mut place = Place::on(servers.next().unwrap()).await;
    let others: Vec<Server> = servers.collect();
    let js = jetstream::new(place.nats.clone());
    let config = jetstream::stream::Config {
        name: "S".into(),
        subjects: vec!["s.*".into()],
        num_replicas: 3,
        ..Default::default()
    };
    patient_stream(&js, config, Duration::from_secs(60)).await;
    place.fill(50).await;
    place.consumer("c", json!({})).await;
    let mut client = Receiver::pull(&place, Duration::from_millis(50)).await;
    client.until(50).await;
    for server in [None, Some(0), Some(1)] {
        if let Some(n) = server {
            place.nats = async_nats::connect(others[n].url()).await.unwrap();
        }
        place.until("c", "acked", |c| position(c) == (50, 50) && c["num_waiting"] != 0).await;
        let url = server.map_or_else(|| place.server.url(), |n| others[n].url());
        let said = place.run_as(&["S", "c", "--to", "11", "--execute", "--json"], &["--server", &url]).await.code(0);
        let said = said.json();
        assert_eq!((&said["verified"], &said["advances"]), (&json!(true), &json!(true)), "{said}");
        eprintln!("moved one of three copies in {} s", said["seconds"]);
        assert_eq!(client.until(50).await, (11..=50).collect::<Vec<_>>());
    }
}
