//! The built program on a real server: back to what was there before, and again to now; across a restart, too.

use std::fs;
use std::path::Path;

use jetscope::demo::{Server, ServerSpec};
use serde_json::json;

use crate::common::every_kind::publish;
use crate::common::pty::Terminal;

/// A server with one stream, `orders`.
async fn place() -> (Server, async_nats::Client) {
    let server = Server::start(&ServerSpec::default()).unwrap();
    let nats = async_nats::connect(server.url()).await.unwrap();
    let config = json!({"name": "orders", "subjects": ["orders"], "num_replicas": 1});
    nats.request("$JS.API.STREAM.CREATE.orders", config.to_string().into()).await.unwrap();
    (server, nats)
}

fn open(home: &Path, server: &Server, args: &[&str]) -> Terminal {
    let url = server.url();
    let args: Vec<&str> = ["--server", &url].into_iter().chain(args.iter().copied()).collect();
    Terminal::start(Path::new(env!("CARGO_BIN_EXE_jetscope")), home, (100, 30), &args, &[])
}

fn messages(t: &Terminal) -> Option<u64> {
    let line = t.screen().lines().find(|line| line.contains(" orders "))?.to_owned();
    line.split_whitespace().skip_while(|word| *word != "orders").nth(1)?.parse().ok()
}

/// Steps back until so many messages are shown.
fn back_to(t: &mut Terminal, wanted: u64) {
    for _ in 0..30 {
        t.keys("[");
        t.until("the time that is looked at", |t| t.line(1).contains("◀"));
        // A step is drawn with the next frame.
        let line = t.line(1);
        t.until("the step", |t| t.screen().contains("live is") || t.line(1) != line);
        if messages(t) == Some(wanted) {
            return;
        }
    }
    panic!("{wanted} messages were not found again; the screen is:\n{}", t.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_of_before_are_on_the_screen_again_and_then_those_of_now() {
    let (server, nats) = place().await;
    publish(&nats, "orders", 17).await;
    let home = tempfile::tempdir().unwrap();
    let mut t = open(home.path(), &server, &[]);
    t.until("the stream", |t| messages(t) == Some(17));
    // What is known of one moment only is over with the next: it is polled for some seconds.
    let seen = std::time::Instant::now();
    t.until("some polls", |_| seen.elapsed().as_secs() >= 5);
    publish(&nats, "orders", 400).await;
    t.until("what came", |t| messages(t) == Some(417));
    back_to(&mut t, 17);
    assert!(t.screen().contains("live is") && t.screen().contains("f returns to now"), "{}", t.screen());
    // Meanwhile it goes on, and nothing of it is shown.
    publish(&nats, "orders", 3).await;
    t.keys("\r");
    t.until("the stream of then", |t| t.line(1).contains("› orders") && t.screen().contains("messages   17"));
    t.keys("\x1b");
    t.until("the list of then", |t| messages(t) == Some(17));
    t.keys("f");
    t.until("now", |t| messages(t) == Some(420) && !t.screen().contains("live is"));
    // Five minutes ago nobody looked.
    t.keys("f{");
    t.shows("nothing older than this is known");
    t.keys("f:at -2s\r");
    t.shows("2s ago");
    t.keys("\x1b");
    t.until("now", |t| !t.screen().contains("live is"));
    t.keys("q");
    assert!(t.ended().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_run_saw_the_next_one_knows() {
    let (server, nats) = place().await;
    publish(&nats, "orders", 17).await;
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    fs::write(&config, "[history]\nkeep = true\n").unwrap();
    let args = ["--config", config.to_str().unwrap()];
    let mut t = open(home.path(), &server, &args);
    t.until("the stream", |t| messages(t) == Some(17));
    t.keys("q");
    assert!(t.ended().success());
    publish(&nats, "orders", 400).await;
    let mut t = open(home.path(), &server, &args);
    t.until("what came", |t| messages(t) == Some(417));
    // A second console beside it says that it only reads.
    let mut beside = open(home.path(), &server, &args);
    beside.shows("another console keeps the history");
    beside.keys("q");
    assert!(beside.ended().success());
    back_to(&mut t, 17);
    t.keys("q");
    assert!(t.ended().success());
}
