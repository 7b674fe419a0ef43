//! A tail in the built program, in a terminal on a real server: from the stream to the event and out of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jetscope::demo::{Server, ServerSpec};
use serde_json::{Value, json};

use crate::common::every_kind::{publish, raw, stream};
use crate::common::pty::Terminal;

const ESC: &str = "\x1b";
const ENTER: &str = "\r";
const UP: &str = "\x1b[A";

async fn place() -> (Server, async_nats::Client, tempfile::TempDir) {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    stream(&nats, json!({"name": "orders", "subjects": ["orders.>"]})).await;
    stream(&nats, json!({"name": "mail", "subjects": ["mail.>"], "retention": "workqueue"})).await;
    (server, nats, tempfile::tempdir().unwrap())
}

async fn events(nats: &async_nats::Client, subject: &str, ids: std::ops::Range<u64>) {
    let js = async_nats::jetstream::new(nats.clone());
    for id in ids {
        let ty = if id % 2 == 0 { "order.created" } else { "order.paid" };
        let body =
            json!({"specversion": "1.0", "id": format!("id-{id}"), "source": "/shop", "type": ty, "data": {"n": id}});
        js.publish(subject.to_owned(), body.to_string().into()).await.unwrap().await.unwrap();
    }
}

fn open(home: &Path, server: &Server, vars: &[(&str, &str)]) -> Terminal {
    let program = Path::new(env!("CARGO_BIN_EXE_jetscope"));
    Terminal::start(program, home, (100, 30), &["--server", &server.url()], vars)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_tailed_filtered_and_left_without_a_trace() {
    let (server, nats, home) = place().await;
    events(&nats, "orders.eu", 1..40).await;
    let mut t = open(home.path(), &server, &[]);
    t.shows("orders");
    t.keys(":tail orders\r");
    t.until("the events", |t| t.line(2).contains("following") && t.screen().contains("id-39"));
    events(&nats, "orders.eu", 40..50).await;
    t.shows("id-49");
    t.keys(UP);
    t.shows("paused");
    events(&nats, "orders.eu", 50..60).await;
    t.shows("+10 new");
    t.keys("G/type:order.paid\r");
    t.until("the matches", |t| t.line(2).contains("matched 30") && t.line(2).contains("hidden 29"));
    assert_eq!(raw(&nats, "CONSUMER.NAMES.orders", &Value::Null).await["total"], 1);
    t.keys(ESC);
    t.hides("hidden");
    t.keys(ESC);
    t.until("the streams", |t| !t.line(1).contains("Tail"));
    let gone = async {
        while raw(&nats, "CONSUMER.NAMES.orders", &Value::Null).await["total"] != 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.unwrap();
    // Quitting from within a tail leaves nothing either.
    t.keys(":tail orders\r");
    t.shows("id-59");
    t.keys("q");
    assert!(t.ended().success());
    assert_eq!(raw(&nats, "CONSUMER.NAMES.orders", &Value::Null).await["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_streams_of_different_kinds_are_merged() {
    let (server, nats, home) = place().await;
    for n in 0..5 {
        events(&nats, "orders.eu", n..n + 1).await;
        publish(&nats, "mail.acme", 1).await;
    }
    let mut t = open(home.path(), &server, &[]);
    t.shows("orders");
    t.keys(":tail orders mail\r");
    t.until("all ten", |t| t.line(1).contains("2 streams") && t.line(2).contains("scanned 10"));
    t.until("both by turns", |t| (5..15).all(|n| t.line(n).contains(if n % 2 == 0 { " mail " } else { " orders " })));
    events(&nats, "orders.eu", 100..101).await;
    t.until("what came", |t| t.line(2).contains("scanned 11") && t.line(15).contains("101B"));
    t.keys("q");
    t.ended();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_saved_and_opened_in_the_users_own_programs() {
    let (server, nats, home) = place().await;
    events(&nats, "orders.eu", 1..20).await;
    // A pager that says that it has the terminal, and waits for a key.
    let pager = home.path().join("pager");
    fs::write(&pager, "#!/bin/sh\nclear\ncat \"$2\"\necho \"pager $1\"\nread line\n").unwrap();
    fs::set_permissions(&pager, fs::Permissions::from_mode(0o755)).unwrap();
    let pager = format!("{} here", pager.display());
    let mut t =
        open(home.path(), &server, &[("PAGER", &pager), ("EDITOR", "/nonexistent/editor"), ("PATH", "/usr/bin:/bin")]);
    t.shows("orders");
    t.keys(":tail orders\r");
    t.shows("id-19");
    t.keys("pp");
    t.until("the pager", |t| t.screen().contains("pager here") && t.screen().contains("\"id-19\"") && !t.is_taken());
    // What would interrupt it is the pager's own matter.
    t.keys("\r");
    t.until("the console again", |t| t.is_taken() && t.screen().contains("paused"));
    t.keys("pe");
    t.shows("cannot be run");
    let file = home.path().join("out.ndjson");
    t.keys("wa\x15~/out.ndjson\r");
    t.shows("19 events saved");
    let lines: Vec<Value> =
        fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), lines[0]["id"].as_str()), (19, Some("id-1")));
    t.keys("wa\x15~/out.ndjson\r");
    t.shows("exists already");
    // The name is there to be mended.
    t.keys("\x7f\x7f\x7f\x7f\x7f\x7fcsv\r");
    t.shows("19 events saved to ~/out.csv");
    t.keys("q");
    assert!(t.ended().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_is_read_on_and_nothing_is_lost_or_doubled() {
    let (mut server, nats, home) = place().await;
    events(&nats, "orders.eu", 1..30).await;
    let mut t = open(home.path(), &server, &[]);
    t.shows("orders");
    t.keys(":tail orders\r");
    t.shows("id-29");
    server.kill();
    t.until("it waits", |t| t.line(2).contains("waiting") && t.screen().contains("connection was lost"));
    server.restart().unwrap();
    let again = async_nats::connect(server.url()).await.unwrap();
    events(&again, "orders.eu", 30..60).await;
    t.shows("id-59");
    t.until("59 messages", |t| t.line(2).contains("scanned 59") && t.line(2).contains("following"));
    t.keys(ENTER);
    t.shows("\"n\": 59");
    t.keys("q");
    t.ended();
}
