//! The console in a terminal on real servers: a consumer is moved, what came of it is seen, and it is taken back.

use std::path::Path;

use crate::common::pty::Terminal;

use super::*;

const ENTER: &str = "\r";

impl Place {
    fn open(&self) -> Terminal {
        let home = self.home.path();
        let state = home.join("state");
        let vars = [("XDG_STATE_HOME", state.to_str().unwrap())];
        let program = Path::new(env!("CARGO_BIN_EXE_jetscope"));
        Terminal::start(program, home, (80, 24), &["--server", &self.server.url()], &vars)
    }
}

/// The console, on the only consumer.
fn on_consumer(place: &Place) -> Terminal {
    let mut t = place.open();
    t.until("the stream", |t| t.line(0).contains("connected") && t.screen().contains('S'));
    t.keys("C");
    t.until("the consumer", |t| t.line(1).contains("1 consumer"));
    t.keys(ENTER);
    t.shows("ack floor");
    t
}

/// Asks for this place, by hand, until its preview is there.
fn preview_of(t: &mut Terminal, to: &str) {
    t.keys("R");
    t.shows("for one consumer, or again for everybody?");
    t.keys("m");
    t.until("the form", |t| t.screen().contains("where does it go on?") && t.screen().contains("delivered #"));
    t.keys("G\r");
    t.shows("only what comes next");
    t.keys(&format!("{to}\r"));
    t.until("the preview", |t| t.line(1).contains("Preview") && t.screen().contains("redelivered"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_moves_a_consumer_sees_it_and_takes_it_back() {
    let place = Place::with(100, json!({})).await;
    let mut client = Receiver::pull(&place, Duration::ZERO).await;
    client.until(100).await;
    place.until("c", "all acked", |c| position(c) == (100, 100) && c["num_waiting"] != 0).await;

    let mut t = on_consumer(&place);
    preview_of(&mut t, "30");
    t.until("what it would do", |t| {
        let screen = t.screen();
        screen.contains("71: #30 of 20") && screen.contains("delivered #100 of 20") && screen.contains("#30 of 20")
    });
    assert!(place.records().is_empty() && position(&place.info("c").await) == (100, 100), "looking changes nothing");
    t.keys(ENTER);
    t.shows("move this consumer?");
    t.keys("m");
    t.until("the verified result", |t| {
        t.line(2).contains("MOVED") && t.screen().contains("from #101 to #30, read back")
    });
    t.shows("the old position is saved");
    t.shows("somebody waited, and is sent messages");
    assert_eq!(client.until(100).await, (30..=100).collect::<Vec<_>>());
    place.until("c", "acked again", |c| position(c) == (100, 100)).await;
    t.shows("acked up to #100");

    // Left and found again, also on the consumer itself.
    t.keys("6");
    t.shows("c to #30");
    t.keys("\x1b");
    t.until("the result", |t| t.line(2).contains("MOVED"));
    t.keys(ENTER);
    t.shows("U takes it back");
    t.keys("U");
    t.until("the preview", |t| t.screen().contains("undoes") && t.screen().contains("#101, what comes next"));
    t.keys(ENTER);
    t.shows("move this consumer?");
    t.keys("m");
    t.until("the end", |t| t.line(2).contains("MOVED") && t.screen().contains("from #101 to #101, read back"));
    assert_eq!(position(&place.info("c").await), (100, 100));
    t.keys("U");
    t.shows("nothing to take back");
    t.keys("6");
    t.until("both", |t| t.screen().contains("c back to #101") && t.screen().contains("UNDONE"));
    t.keys("q");
    assert!(t.ended().success());
    let audit = place.audit();
    assert_eq!(audit.iter().map(|line| &line["action"]).collect::<Vec<_>>(), ["reposition", "reposition undo"]);
    place.until("c", "resumed", |c| c["paused"].is_null()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acks_that_do_not_come_are_asked_about_and_leaving_leaves_everything_in_order() {
    let place = Place::with(10, json!({"ack_wait": SECOND})).await;
    let held = take(&place.nats, "c", 5).await;
    let mut t = on_consumer(&place);
    preview_of(&mut t, "3");
    t.keys(ENTER);
    t.shows("move this consumer?");
    t.keys("m");
    t.until("the question", |t| t.line(2).contains("WAITS") && t.screen().contains("5 messages were not acked"));
    // It waits while somebody looks elsewhere; who wants to quit is asked once more, and it is left in order.
    t.keys("1");
    t.until("the streams", |t| !t.line(1).contains('›'));
    t.keys("q");
    t.shows("a consumer is being moved here");
    assert_eq!(place.info("c").await["paused"], true);
    t.keys("q");
    assert!(t.ended().success());
    let info = place.info("c").await;
    assert!(info["pause_remaining"].as_u64().unwrap_or(0) < SECOND && position(&info) == (0, 5), "{info}");
    assert_eq!(place.records()[0]["stage"], "CANCELLED");

    // Again, and on all the same.
    let mut t = on_consumer(&place);
    preview_of(&mut t, "3");
    t.keys(ENTER);
    t.shows("move this consumer?");
    t.keys("m");
    t.until("the question", |t| t.line(2).contains("WAITS"));
    t.keys(ENTER);
    t.shows("go on all the same");
    t.keys("g");
    t.until("the result", |t| t.line(2).contains("MOVED") && t.screen().contains("should that be acked now"));
    assert_eq!(position(&place.info("c").await), (2, 2));
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_left_behind_is_told_and_taken_back() {
    let place = Place::with(10, json!({"ack_wait": 30 * SECOND})).await;
    let held = take(&place.nats, "c", 5).await;
    let mut child = place.start(&["S", "c", "--to", "8", "--execute"]);
    place.until("c", "a pause", |c| c["paused"] == true).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let mut t = place.open();
    t.shows("moving c was broken off; 6 leads to it");
    t.keys("6");
    t.shows("INTERRUPTED");
    t.keys(ENTER);
    t.shows("whether it was moved is not known");
    for (_, ack) in held {
        place.nats.publish(ack, "+ACK".into()).await.unwrap();
    }
    place.until("c", "acked", |c| c["num_ack_pending"] == 0).await;
    t.keys("U");
    t.until("the preview", |t| t.screen().contains("that pause is taken back"));
    t.keys(ENTER);
    t.shows("move this consumer?");
    t.keys("m");
    t.until("the result", |t| t.line(2).contains("MOVED") && t.screen().contains("to #1, read back"));
    place.until("c", "resumed", |c| c["paused"].is_null()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_server_refuses_and_offers_what_works_there() {
    let place = Place::of("2.10.26", 20, json!({"ack_wait": 9 * SECOND})).await;
    let mut client = Receiver::pull(&place, Duration::ZERO).await;
    client.until(20).await;
    place.until("c", "acked", |c| position(c) == (20, 20)).await;
    let created = place.info("c").await["created"].clone();
    let mut t = on_consumer(&place);
    preview_of(&mut t, "10");
    t.shows("the server is 2.10.26 and cannot move a consumer, which 2.14 and newer can");
    t.shows("it can be deleted and made again");
    t.keys(ENTER);
    t.shows("delete it and make it again");
    t.keys("d");
    t.until("what it loses", |t| {
        t.screen().contains("lost") && t.screen().contains("its deliver policy, which is all")
    });
    t.keys(ENTER);
    t.shows("type recreate to confirm");
    t.keys("yes\r");
    t.until("still a question", |t| t.screen().contains("type recreate to confirm") && t.screen().contains("yes"));
    assert_eq!(place.info("c").await["created"], created, "nothing is done before that");
    t.keys("\x15recreate\r");
    t.until("the result", |t| t.line(2).contains("MOVED") && t.screen().contains("to #10, read back"));
    let again = client.until(20).await;
    assert_eq!(again[again.len() - 11..], (10..=20).collect::<Vec<_>>());
    assert_ne!(place.info("c").await["created"], created);
}
