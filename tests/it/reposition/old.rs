//! Servers that cannot move a consumer: refused, or deleted and made again.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_server_is_named_and_the_way_that_works_there() {
    let place = Place::of("2.10.26", 20, json!({"ack_wait": 9 * SECOND, "description": "mine"})).await;
    let mut client = Receiver::pull(&place, Duration::ZERO).await;
    client.until(20).await;
    place.until("c", "acked", |c| position(c) == (20, 20)).await;
    for more in [&[][..], &["--execute"]] {
        let said = place.run(&[&["S", "c", "--to", "10"], more].concat()).await.code(2);
        said.has(&[
            "the server is 2.10.26 and cannot move a consumer",
            "--recreate",
            "loses its acks and redelivery counts",
        ]);
    }
    place.run(&["S", "c", "--to", "10", "--recreate"]).await.code(0).has(&[
        "lost",
        "deliver policy, which is all",
        "11: #10",
    ]);
    let done = place.run(&["S", "c", "--to", "10", "--recreate", "--execute", "--json"]).await.code(0).json();
    assert_eq!((&done["method"], &done["verified"]), (&json!("recreate"), &json!(true)), "{done}");
    // The client that was there goes on.
    let again = client.until(20).await;
    assert_eq!(again[again.len() - 11..], (10..=20).collect::<Vec<_>>());
    place.until("c", "acked", |c| position(c) == (20, 20)).await;
    let info = place.info("c").await;
    assert_eq!((&info["config"]["ack_wait"], &info["config"]["description"]), (&json!(9 * SECOND), &json!("mine")));
    place.run(&["undo"]).await.code(0).has(&["#21, what comes next"]);
    place.run(&["undo", "--execute"]).await.code(0).has(&["to #21"]);
    place.until("c", "back", |c| c["config"]["opt_start_seq"] == 21).await;
    assert_eq!(place.audit().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_where_it_would_lose_messages() {
    let place = Place::on(server_of("2.10.26")).await;
    stream(&place.nats, json!({"name": "S", "subjects": ["s.*"], "retention": "interest"})).await;
    place.consumer("c", json!({})).await;
    place.fill(10).await;
    let said = place.run(&["S", "c", "--to", "5", "--recreate", "--execute"]).await.code(2);
    said.has(&["it may drop what no other one wants"]);
    assert_eq!(place.info("c").await["num_pending"], 10);
    api(&place.nats, "STREAM.DELETE.S", Value::Null).await;

    stream(&place.nats, json!({"name": "S", "subjects": ["s.*"], "retention": "workqueue"})).await;
    place.consumer("c", json!({"ack_wait": SECOND})).await;
    place.fill(10).await;
    let taken = take(&place.nats, "c", 3).await;
    place.run(&["S", "c", "--to", "5", "--recreate"]).await.code(2).has(&["choose `start`"]);
    for (_, ack) in &taken[..2] {
        place.nats.publish(ack.clone(), "+ACK".into()).await.unwrap();
    }
    place.until("c", "two acked", |c| c["num_ack_pending"] == 1).await;
    let said = place.run(&["S", "c", "--to", "start", "--recreate", "--execute", "--force"]).await;
    said.code(0).has(&["the deliveries in flight (1 message)"]);
    place.until("c", "all again", |c| c["num_pending"] == 8).await;
}

/// In flight without a pause: nothing is moved while a client holds something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_pause_it_waits_as_well() {
    let place = Place::of("2.10.26", 10, json!({"ack_wait": 2 * SECOND})).await;
    let _held = take(&place.nats, "c", 5).await;
    let said = place.run(&["S", "c", "--to", "8", "--recreate", "--execute"]).await.code(2);
    said.has(&["5 messages still in flight", "it stands where it stood"]);
    assert_eq!(position(&place.info("c").await), (0, 5));
}
