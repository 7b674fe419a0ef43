//! Servers and consumers that go away in the middle.

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
    place.until("c", "resumed", |c| c["paused"].is_null() && position(c).1 == 5).await;
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
