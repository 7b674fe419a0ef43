//! Every state and flag at once, on one server.

use std::time::Duration;

use serde_json::{Value, json};

use super::play::{SECOND, Stage};
use super::{look, of};
use crate::common::every_kind::api;
use crate::common::server_with;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_consumer_is_told_as_it_is() {
    let server = server_with("");
    let mut stage = Stage::on(&server.url()).await;
    let none = || json!({});

    // A log at its limit takes what is held, and the server counts that as acked.
    stage.scene("eaten", &json!({"max_msgs": 500}), &json!({"max_ack_pending": 100})).await;
    stage.store("eaten", 500).await;
    stage.publishes("eaten", 1, ms(50));
    stage.reads("eaten", 20, ms(50), false);
    stage
        .until("eaten", "what is held is dropped", |c| {
            c["num_ack_pending"] == 100 && c["ack_floor"]["stream_seq"].as_u64() > Some(0)
        })
        .await;

    // Well.
    stage.scene("idle", &none(), &none()).await;
    stage.store("idle", 5).await;
    stage.takes("idle", 5, true).await;
    stage.scene("live", &none(), &none()).await;
    stage.publishes("live", 2, ms(20));
    stage.reads("live", 50, ms(1), true);
    stage.scene("catching", &none(), &none()).await;
    stage.store("catching", 3_000).await;
    stage.reads("catching", 10, ms(50), true);
    stage.scene("unmatched", &none(), &json!({"filter_subject": "unmatched.nothing"})).await;
    stage.publishes("unmatched", 1, ms(50));
    stage.scene("bound", &none(), &json!({"deliver_subject": "to.bound"})).await;
    stage.subscribes("to.bound", true).await;
    stage.publishes("bound", 1, ms(20));
    // Wherever they began, and though the last message was deleted: what is pending agrees with the sequences.
    stage.stream("policies", &none()).await;
    for subject in ["policies.a", "policies.b", "policies.a", "policies.c"] {
        stage.store_under(subject, 3).await;
    }
    for (name, more) in [
        ("from-new", json!({"deliver_policy": "new"})),
        ("from-last", json!({"deliver_policy": "last"})),
        ("from-each", json!({"deliver_policy": "last_per_subject", "filter_subject": "policies.>"})),
        ("from-seq", json!({"deliver_policy": "by_start_sequence", "opt_start_seq": 5})),
        ("from-first", none()),
    ] {
        stage.consumer("policies", name, &more).await;
        stage.reads_of("policies", name, 50, ms(100), true);
    }
    api(&stage.nats, "STREAM.MSG.DELETE.policies", json!({"seq": 12})).await;
    // Work queues, whose acks remove what is read: nothing is lost. Two share one.
    stage.scene("queue", &json!({"retention": "workqueue"}), &none()).await;
    stage.store("queue", 3_000).await;
    stage.publishes("queue", 1, ms(50));
    // Slowly enough that something is left on a machine that is busy with other things.
    stage.reads("queue", 10, ms(150), true);
    stage.stream("shared", &json!({"retention": "workqueue"})).await;
    for name in ["left", "right"] {
        stage.consumer("shared", name, &json!({"filter_subject": format!("shared.{name}")})).await;
        stage.reads_of("shared", name, 10, ms(150), true);
    }
    for _ in 0..50 {
        stage.store_under("shared.left", 20).await;
        stage.store_under("shared.right", 40).await;
    }

    // Behind.
    stage.scene("behind", &none(), &none()).await;
    stage.store("behind", 20).await;
    stage.publishes("behind", 6, ms(50));
    stage.reads("behind", 2, ms(50), true);
    stage.scene("unacking", &none(), &json!({"ack_policy": "none"})).await;
    stage.store("unacking", 20).await;
    stage.publishes("unacking", 6, ms(50));
    stage.reads("unacking", 2, ms(50), false);
    stage.scene("sawtooth", &none(), &none()).await;
    stage.store("sawtooth", 200).await;
    stage.publishes("sawtooth", 20, ms(100));
    stage.reads("sawtooth", 180, ms(1_200), true);

    // Nobody there.
    stage.scene("gone", &none(), &none()).await;
    stage.store("gone", 20).await;
    stage.takes("gone", 5, true).await;
    stage.scene("deserted", &json!({"max_age": 3_600 * SECOND}), &none()).await;
    stage.store("deserted", 20).await;
    stage.publishes("deserted", 1, ms(50));
    stage.scene("unbound", &none(), &json!({"deliver_subject": "to.nobody"})).await;
    stage.store("unbound", 3).await;
    stage.scene("lost", &json!({"max_msgs": 50}), &none()).await;
    stage.store("lost", 50).await;
    stage.publishes("lost", 1, ms(50));

    // Somebody there, and no acks.
    stage.scene("unacked", &none(), &json!({"max_ack_pending": 100_000})).await;
    stage.store("unacked", 2_000).await;
    stage.reads("unacked", 5, ms(100), false);
    stage.scene("full", &none(), &json!({"max_ack_pending": 10})).await;
    stage.store("full", 40).await;
    stage.takes("full", 10, false).await;
    stage.waits("full").await;
    stage.scene("holding", &none(), &json!({"deliver_subject": "to.holding"})).await;
    stage.subscribes("to.holding", false).await;
    stage.store("holding", 3).await;
    // The first is held, those behind it are acked.
    stage.scene("held", &none(), &none()).await;
    stage.store("held", 1).await;
    stage.takes("held", 1, false).await;
    stage.publishes("held", 1, ms(50));
    stage.reads("held", 50, ms(1), true);

    // Given up, moved, paused, made again.
    stage.scene("dead", &none(), &json!({"max_deliver": 2, "ack_wait": SECOND / 5})).await;
    stage.store("dead", 4).await;
    stage.reads("dead", 4, ms(100), false);
    stage.until("dead", "all are given up", |c| c["num_pending"] == 0 && c["num_ack_pending"] == 0).await;
    stage.scene("moved", &none(), &none()).await;
    stage.store("moved", 50).await;
    stage.takes("moved", 50, true).await;
    stage.scene("paused", &none(), &json!({"pause_until": "2099-01-01T00:00:00Z"})).await;
    stage.store("paused", 4).await;
    stage.scene("again", &none(), &none()).await;
    stage.store("again", 7).await;
    for name in ["live", "queue", "bound", "held"] {
        stage.until(name, "something is acked", |c| c["ack_floor"]["consumer_seq"] != 0 || name == "held").await;
    }

    let window = Duration::from_secs(4);
    let looking = look(&server.url(), window);
    tokio::time::sleep(window / 2).await;
    api(&stage.nats, "CONSUMER.RESET.moved.moved", json!({"seq": 20})).await;
    api(&stage.nats, "CONSUMER.DELETE.again.again", Value::Null).await;
    stage.consumer("again", "again", &json!({})).await;
    let told = looking.ended().await;

    of(&told, "idle").is("OK", &[], "nothing was acked for the whole window");
    of(&told, "unmatched").is("OK", &[], "nothing was acked for the whole window");
    for name in ["live", "bound"] {
        of(&told, name).is("OK", &[], "");
        assert!(of(&told, name).seconds("lag_seconds").is_none_or(|lag| lag < 2.0), "{:?}", of(&told, name));
    }
    for name in ["from-new", "from-last", "from-each", "from-seq", "from-first"] {
        of(&told, name).is("OK", &[], "Nothing is outstanding");
    }
    for name in ["queue", "left", "right"] {
        of(&told, name).is("OK", &[], "It catches up by");
    }
    let catching = of(&told, "catching");
    catching.is("OK", &[], "It catches up by");
    // 10 of 3,000 in each of 20 slices of a second.
    let (slope, eta) = (catching.seconds("slope_per_second").unwrap(), catching.seconds("eta_seconds").unwrap());
    assert!((-260.0..-60.0).contains(&slope) && (2.0..60.0).contains(&eta), "{slope} {eta}");

    of(&told, "behind").is("BEHIND", &[], "It falls behind by");
    of(&told, "unacking").is("BEHIND", &[], "It falls behind by");
    of(&told, "sawtooth").is("BEHIND", &[], "It falls behind by");
    let slope = of(&told, "behind").seconds("slope_per_second").unwrap();
    assert!((30.0..130.0).contains(&slope), "80 more a second: {slope}");

    of(&told, "gone").is("STOPPED", &[], "15 messages are outstanding, no open pull");
    let deserted = of(&told, "deserted");
    deserted.is("STOPPED", &[], "No reader and no ack");
    let (lag, loss) = (deserted.seconds("lag_seconds").unwrap(), deserted.seconds("loss_seconds").unwrap());
    assert!(lag >= window.as_secs_f64() * 0.9 && lag < 120.0, "{lag}");
    assert!((lag + loss - 3_600.0).abs() < 2.0, "{lag} and {loss} make an hour");
    of(&told, "unbound").is("STOPPED", &[], "nobody is subscribed to to.nobody");
    let lost = of(&told, "lost");
    lost.is("STOPPED", &["LOST"], "The stream dropped up to");
    let dropped = lost.number("LOST");
    assert!((40..=100).contains(&dropped), "20 a second over nearly {window:?}: {dropped}");

    of(&told, "unacked").is("STALLED", &[], "nobody acks");
    of(&told, "full").is("STALLED", &["BLOCKED"], "10 messages are not acked, which is its max_ack_pending; 30");
    of(&told, "eaten").is("STALLED", &["BLOCKED"], "What leaves is what its stream drops.");
    of(&told, "holding").is("STALLED", &[], "nobody acks");
    of(&told, "held").is("OK", &["HOL"], "the floor stands at 0");

    of(&told, "dead").is("OK", &["DEAD"], "gave up on at least 4 messages");
    assert_eq!(of(&told, "dead").number("DEAD"), 4);
    of(&told, "moved").is("REWOUND", &[], "from 50 to 19");
    of(&told, "paused").is("PAUSED", &[], "until 2099-01-01");
    of(&told, "again").is("UNKNOWN", &["RECREATED"], "/10 samples");
}
