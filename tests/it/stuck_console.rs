//! Stuck messages and the activity in the built program, in a terminal on a real server.

use std::path::Path;

use jetscope::demo::{Server, ServerSpec};
use serde_json::json;

use crate::common::every_kind::{consumer, stream};
use crate::common::pty::Terminal;

use super::advisories::{answer, next};

const SECOND: u64 = 1_000_000_000;

fn open(home: &Path, server: &Server) -> Terminal {
    let program = Path::new(env!("CARGO_BIN_EXE_jetscope"));
    Terminal::start(program, home, (120, 36), &["--server", &server.url()], &[])
}

async fn event(nats: &async_nats::Client, id: &str) {
    let js = async_nats::jetstream::new(nats.clone());
    let body = json!({"specversion": "1.0", "id": id, "source": "/shop", "type": "order.created", "data": {"n": 1}});
    js.publish("orders.eu", body.to_string().into()).await.unwrap().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_a_consumer_gives_up_on_is_listed_and_opens_in_the_tail() {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "orders", "subjects": ["orders.>"]})).await;
    let policy =
        json!({"durable_name": "billing", "ack_policy": "explicit", "max_deliver": 2, "ack_wait": 60 * SECOND});
    consumer(&nats, "orders", "billing", policy).await;
    for id in ["fine-1", "poison-2", "waits-3", "fine-4"] {
        event(&nats, id).await;
    }
    let home = tempfile::tempdir().unwrap();
    let mut t = open(home.path(), &server);
    t.shows("orders");
    // What is given up before anybody listens is never told.
    t.keys("8");
    t.until("advisories are heard", |t| {
        ["Nothing was told since", "Nothing but our own"].iter().any(|w| t.screen().contains(w))
    });
    // The first is acked, the second refused until the consumer gives up on it, the third held.
    let first = next(&nats, "orders", "billing").await.unwrap();
    answer(&nats, &first, "+ACK").await;
    for _ in 0..2 {
        let poison = next(&nats, "orders", "billing").await.unwrap();
        answer(&nats, &poison, "-NAK").await;
    }
    next(&nats, "orders", "billing").await.unwrap();

    t.keys(":consumer orders billing\rP");
    t.until("what was given up", |t| {
        let screen = t.screen();
        screen.contains("gave up after 2 deliveries") && screen.contains("order.created")
    });
    // The floor stands before what was given up, so that is all that is known.
    t.shows("poison-2");
    t.shows("1 message behind #1 is delivered and not acked");
    t.keys("\r");
    t.until("the tail, from that message on", |t| {
        t.line(1).contains("Tail of orders") && t.screen().contains("poison-2")
    });
    t.hides("fine-1");
    t.keys("\x1b");
    // The place says both while the tail is there.
    t.until("the list again", |t| {
        t.line(1).contains("Stuck messages of billing") && !t.line(1).contains("Tail of orders")
    });

    t.keys("8");
    t.until("the advisories", |t| {
        let screen = t.screen();
        screen.contains("consumer billing of orders gave up on #2: delivered 2 times, never acked")
            && screen.contains("2 refusals (nak), the last of #2 (delivery 2)")
            && screen.contains("of our readers hidden")
    });
    t.keys("\t/make consumer\r");
    t.until("the tail's own consumer", |t| t.screen().contains(" consumer add orders jetscope-tail-"));
    assert!(t.screen().contains("nats --server nats://127.0.0.1:"), "what is copied names the server");
    t.keys("\x1b");
    t.hides("/make consumer");
    t.keys("/get orders 2\r");
    t.shows("nats stream get orders 2");
    t.keys("q");
    assert!(t.ended().success());
}
