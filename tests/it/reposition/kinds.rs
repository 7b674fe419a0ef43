//! Consumers and streams of every kind.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_ack_policy_by_pull_and_push() {
    let place = Place::with(20, json!({})).await;
    for policy in ["explicit", "all", "none"] {
        for push in [false, true] {
            let name = format!("{policy}{push}");
            let mut config = json!({"ack_policy": policy});
            if policy != "none" {
                config["ack_wait"] = json!(2 * SECOND);
            }
            let mut subscription = None;
            if push {
                config["deliver_subject"] = json!(format!("to.{name}"));
            }
            place.consumer(&name, config).await;
            let mut acks = Vec::new();
            if push {
                let mut messages = place.nats.subscribe(format!("to.{name}")).await.unwrap();
                for _ in 0..20 {
                    let message = timeout(LONG, messages.next()).await.unwrap().unwrap();
                    acks.push(message.reply.unwrap().to_string());
                }
                subscription = Some(messages);
            } else {
                acks.extend(take(&place.nats, &name, 20).await.into_iter().map(|(_, ack)| ack));
            }
            if policy != "none" {
                for ack in acks {
                    place.nats.publish(ack, "+ACK".into()).await.unwrap();
                }
            }
            place.until(&name, "all read", |c| position(c) == (20, 20)).await;
            let said = place.run(&["S", &name, "--to", "last:3"]).await.code(0).has(&["redelivered   3: #18"]);
            assert_eq!(said.out.contains("acks nothing"), policy == "none");
            assert_eq!(said.out.contains("its subscriber is there"), push, "{said:#?}");
            let done = place.run(&["S", &name, "--to", "last:3", "--execute", "--json"]).await.code(0).json();
            let advances = if push { json!(true) } else { Value::Null };
            assert_eq!((&done["verified"], &done["advances"]), (&json!(true), &advances), "{name}: {done}");
            if let Some(messages) = &mut subscription {
                for seq in 18..=20 {
                    let message = timeout(LONG, messages.next()).await.unwrap().unwrap();
                    assert!(message.reply.unwrap().contains(&format!(".{seq}.")), "{name}");
                }
                // Then nobody subscribes.
                drop(subscription.take());
                place.until(&name, "unbound", |c| c["push_bound"] != true).await;
                let done = place.run(&["S", &name, "--to", "start", "--execute", "--force"]).await.code(0);
                done.has(&["nobody subscribes it now", "nobody waits"]);
                assert_eq!(place.info(&name).await["num_pending"], 20);
            } else {
                assert_eq!(place.info(&name).await["num_pending"], 3);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_a_consumer_receives_is_counted() {
    let place = Place::with(40, json!({"filter_subject": "s.1"})).await;
    let done = place.run(&["S", "c", "--to", "last:5", "--json"]).await.code(0).json();
    // The last five on s.1 of 40 by turns are 32, 34 and so on; 15 before them were never delivered.
    assert_eq!((&done["after"]["seq"], &done["after"]["pending"]), (&json!(32), &json!(5)));
    assert_eq!(done["skipped"]["count"], 15);
    assert_eq!((&done["skipped"]["first"]["seq"], &done["skipped"]["last"]["seq"]), (&json!(2), &json!(30)));
    let said = place.run(&["S", "c", "--to", "last:5", "--execute"]).await.code(0);
    said.has(&["15 messages were never delivered and would not be", "from #1 to #32"]);
    assert_eq!(place.info("c").await["num_pending"], 5);
    let taken = take(&place.nats, "c", 5).await;
    assert_eq!(taken.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [32, 34, 36, 38, 40]);
    for (_, ack) in taken {
        place.nats.publish(ack, "+ACK".into()).await.unwrap();
    }
    place.until("c", "acked", |c| c["num_ack_pending"] == 0).await;
    // Between two of them: said is the one that comes.
    place
        .run(&["S", "c", "--to", "35"])
        .await
        .code(0)
        .has(&["the first that it receives is #36", "redelivered   3: #36"]);
    // A sequence that is deleted, and several filters.
    place.consumer("d", json!({"filter_subjects": ["s.0", "t.*"]})).await;
    let js = jetstream::new(place.nats.clone());
    js.get_stream("S").await.unwrap().delete_message(39).await.unwrap();
    let said = place.run(&["S", "d", "--to", "last:2", "--json"]).await.code(0).json();
    assert_eq!((&said["after"]["seq"], &said["skipped"]["count"]), (&json!(35), &json!(17)));
    let said = place.run(&["S", "d", "--to", "end", "--json"]).await.code(0).json();
    assert_eq!((&said["skipped"]["count"], &said["skipped"]["last"]["seq"]), (&json!(19), &json!(37)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_resolved_to_messages() {
    let place = Place::with(5, json!({})).await;
    sleep(Duration::from_millis(1_100)).await;
    place.fill(5).await;
    let sixth = api(&place.nats, "STREAM.MSG.GET.S", json!({"seq": 6})).await["message"]["time"].clone();
    let sixth = sixth.as_str().unwrap();
    let said = place.run(&["S", "c", "--to", sixth, "--json"]).await.code(0).json();
    assert_eq!((&said["after"]["seq"], &said["skipped"]["count"]), (&json!(6), &json!(5)));
    assert_eq!(said["after"]["first"]["time"], sixth);
    assert_eq!(place.run(&["S", "c", "--to", "-1h", "--json"]).await.code(1).json()["after"]["seq"], 1);
    place.run(&["S", "c", "--to", sixth, "--execute"]).await.code(0);
    assert_eq!(position(&place.info("c").await), (5, 5));
    sleep(Duration::from_millis(50)).await;
    let said = place.run(&["S", "c", "--to", "-1ms", "--json"]).await.code(0).json();
    assert_eq!((&said["after"]["seq"], &said["after"]["first"]), (&json!(11), &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_drop_what_was_acked() {
    let place = Place::on(server_of("2.15.1")).await;
    for retention in ["workqueue", "interest"] {
        stream(&place.nats, json!({"name": "S", "subjects": ["s.*"], "retention": retention})).await;
        place.consumer("c", json!({"filter_subject": "s.*"})).await;
        if retention == "interest" {
            place.consumer("other", json!({})).await;
        }
        place.fill(10).await;
        for (_, ack) in take(&place.nats, "c", 4).await {
            place.nats.publish(ack, "+ACK".into()).await.unwrap();
        }
        place.until("c", "acked", |c| position(c) == (4, 4)).await;
        let said = place.run(&["S", "c", "--to", "8", "--execute", "--json"]).await.code(0);
        let said = said.has(&["3 messages were never delivered", "stay in the stream"]);
        assert_eq!((&said.json()["verified"], &said.json()["pending"]), (&json!(true), &json!(3)), "{retention}");
        let said = place.run(&["undo", "--json"]).await.code(0).json();
        // Not one of the three was ever delivered.
        let counts = (&said["restored"]["count"], &said["redelivered"]["count"]);
        assert_eq!(counts, (&json!(3), &json!(0)), "{retention}: {said}");
        place.run(&["undo", "--execute"]).await.code(0);
        assert_eq!(place.info("c").await["num_pending"], 6);
        let said = place.run(&["S", "c", "--to", "start"]).await;
        // Of the interest stream the first four are still there for the other consumer.
        let kept = if retention == "interest" { "redelivered   4: #1 of" } else { "stands there already" };
        let code = said.has(&[kept]).code;
        // Also where nobody reads it.
        let mut unread = place.start(&["S", "c", "--to", "start"]);
        drop(unread.stdout.take());
        let ended = tokio::task::spawn_blocking(move || unread.wait_with_output().unwrap()).await.unwrap();
        assert_eq!((ended.status.code(), code), (code, Some(i32::from(retention != "interest"))), "{retention}");
        api(&place.nats, "STREAM.DELETE.S", Value::Null).await;
    }
}
