//! Clients that live: they go on at once, and what they hold is waited for.

use jetscope::config::{Env, Flags, Settings};
use jetscope::model::reposition::{Control, Step, Target};
use jetscope::nats::gate::Confirmation;
use jetscope::nats::reposition::{Repositions, Stuck};
use jetscope::nats::{Api, open};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_client_goes_on_from_there_and_back() {
    let place = Place::with(100, json!({})).await;
    let mut client = Receiver::pull(&place, Duration::ZERO).await;
    client.until(100).await;
    place.until("c", "all acked", |c| position(c) == (100, 100) && c["num_waiting"] != 0).await;

    let said = place.run(&["S", "c", "--to", "30"]).await.code(0);
    let said = said.has(&["#30", "redelivered   71: #30 of 20", "delivery begins at once", "Nothing was done"]);
    assert!(said.out.contains("skipped       none"), "{said:#?}");
    let document = place.run(&["S", "c", "--to", "30", "--json"]).await.code(0).json();
    assert_eq!(document["redelivered"]["count"], 71);
    assert_eq!(document["before"]["delivered"]["seq"], 100);
    assert_eq!((&document["after"]["seq"], &document["after"]["pending"]), (&json!(30), &json!(71)));
    assert!(document["after"]["first"]["time"].is_string() && document["method"] == "reset");
    assert!(place.records().is_empty() && place.audit().is_empty(), "a dry run writes nothing");

    let begun = Instant::now();
    let done = place.run(&["S", "c", "--to", "30", "--execute", "--json"]).await.code(0).json();
    assert_eq!((&done["verified"], &done["advances"]), (&json!(true), &json!(true)), "{done}");
    assert_eq!((&done["from"], &done["to"], &done["pending"]), (&json!(101), &json!(30), &json!(71)));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    eprintln!("moved a live client in {} s, paused {} s", done["seconds"], done["paused_seconds"]);
    assert_eq!(client.until(100).await, (30..=100).collect::<Vec<_>>());
    place.until("c", "acked again", |c| position(c) == (100, 100) && c["paused"].is_null()).await;

    let audit = place.audit();
    assert_eq!(audit.len(), 1);
    for (field, value) in [("action", json!("reposition")), ("source", json!("S/c")), ("state", json!("COMPLETED"))] {
        assert_eq!(audit[0][field], value);
    }
    assert_eq!((&audit[0]["from"], &audit[0]["to"], &audit[0]["verified"]), (&json!(101), &json!(30), &json!(true)));

    // Back to where it stood: it stands there already, but what is asked for is done.
    place.run(&["undo"]).await.code(0).has(&["undoes", "#101", "what comes next"]);
    let undone = place.run(&["undo", "--execute"]).await.code(0).has(&["to #101, read back"]);
    assert!(!undone.out.contains("To take it back"), "that would take back another one: {undone:#?}");
    assert_eq!(position(&place.info("c").await), (100, 100));
    place.run(&["undo"]).await.code(2).has(&["nothing to take back"]);
    assert_eq!(place.audit().len(), 2);
    assert_eq!(place.audit()[1]["action"], "reposition undo");
    place.run(&["S", "c", "--to", "end", "--execute"]).await.code(1).has(&["stands there already"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_has_gone_on_is_not_taken_back_without_a_word() {
    let place = Place::with(50, json!({})).await;
    let mut client = Receiver::pull(&place, Duration::ZERO).await;
    client.until(50).await;
    place.until("c", "all acked", |c| position(c) == (50, 50)).await;
    place.run(&["S", "c", "--to", "10", "--execute"]).await.code(0);
    client.until(50).await;
    place.until("c", "acked again", |c| position(c) == (50, 50)).await;
    assert!(!place.run(&["undo"]).await.code(0).out.contains("gone past"), "there is nothing behind it yet");
    place.fill(5).await;
    client.until(55).await;
    place.until("c", "more acked", |c| position(c) == (55, 55)).await;
    place.run(&["undo"]).await.code(0).has(&["gone past #51 again since", "redelivered   5"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_move_passed_over_is_said_to_be_delivered_when_it_is_taken_back() {
    let place = Place::with(50, json!({})).await;
    // Nobody has read a thing: all of it is skipped, and none of it was ever acked.
    place.run(&["S", "c", "--to", "31", "--execute"]).await.code(0);
    let undo = place.run(&["undo"]).await.code(0);
    let undo = undo.has(&["this delivers 30 messages that the move skipped", "restored      30", "redelivered   none"]);
    assert!(!undo.out.contains("acked once more") && !undo.out.contains("gone past"), "{undo:#?}");
    // Nor does another move back count them as delivered before.
    let back = place.run(&["S", "c", "--to", "11"]).await.code(0);
    back.has(&["this delivers 20 messages that an earlier move skipped", "restored      20", "redelivered   none"]);
    // What was delivered since is told apart.
    let mut client = Receiver::pull(&place, Duration::ZERO).await;
    client.until(50).await;
    place.until("c", "all acked", |c| position(c) == (50, 50)).await;
    let undo = place.run(&["undo"]).await.code(0);
    undo.has(&["this delivers 30 messages that the move skipped", "restored      30", "redelivered   20"]);
    let document = place.run(&["undo", "--json"]).await.code(0).json();
    assert_eq!((&document["restored"]["count"], &document["after"]["pending"]), (&json!(30), &json!(50)));
}

/// A plain resume would leave the request asleep until it ends, half a minute later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_waits_is_woken() {
    let place = Place::with(10, json!({"deliver_policy": "by_start_sequence", "opt_start_seq": 1})).await;
    place.run(&["S", "c", "--to", "end", "--execute"]).await.code(0).has(&["nobody waits"]);
    let inbox = place.nats.new_inbox();
    let mut replies = place.nats.subscribe(inbox.clone()).await.unwrap();
    let body = json!({"batch": 10, "expires": 30 * SECOND}).to_string();
    let next = "$JS.API.CONSUMER.MSG.NEXT.S.c";
    place.nats.publish_with_reply(next, inbox, body.into()).await.unwrap();
    place.until("c", "a request", |c| c["num_waiting"] == 1).await;
    let moving = place.run(&["S", "c", "--to", "start", "--execute", "--json"]);
    let begun = Instant::now();
    let (said, first) = tokio::join!(moving, replies.next());
    assert!(first.unwrap().reply.unwrap().contains(".S.c.1.1."));
    let said = said.code(0).json();
    assert_eq!(said["advances"], true, "{said}");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let seconds = said["seconds"].as_f64().unwrap();
    assert!(seconds < 2.0, "{seconds}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_flight_is_waited_for_and_acks_nothing_afterwards() {
    let place = Place::with(20, json!({"max_ack_pending": 10})).await;
    let mut client = Receiver::pull(&place, Duration::from_millis(900)).await;
    client.until(10).await;
    place.until("c", "in flight", |c| c["num_ack_pending"] == 10).await;
    let said = place.run(&["S", "c", "--to", "1", "--execute"]).await.code(0);
    let said = said.has(&["10 messages in flight", "waiting for the acks of 10 messages"]);
    assert!(!said.err.contains("were in flight; should"), "{said:#?}");
    // While it was paused nothing was delivered; then all of it again, and each counts only when it is acked again.
    let again = client.until(20).await;
    assert_eq!(again[again.len() - 20..], (1..=20).collect::<Vec<_>>());
    place.until("c", "acked", |c| position(c) == (20, 20)).await;
    let record = &place.records()[0];
    assert_eq!(
        (&record["ack_floor"], &record["given_up"], &record["stage"]),
        (&json!(10), &json!(0), &json!("COMPLETED"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_acks_is_waited_for_and_then_named() {
    let place = Place::with(10, json!({"ack_wait": 2 * SECOND})).await;
    let held = take(&place.nats, "c", 5).await;
    let begun = Instant::now();
    let said = place.run(&["S", "c", "--to", "8", "--execute"]).await.code(2);
    said.has(&[
        "5 messages still in flight",
        "the 2s",
        "--force",
        "it stands where it stood, and its pause was taken back",
    ]);
    assert!(begun.elapsed() > Duration::from_secs(1));
    place.until("c", "resumed", |c| c["paused"].is_null() && position(c) == (0, 5)).await;
    assert_eq!(place.records()[0]["stage"], "FAILED");

    let said = place.run(&["S", "c", "--to", "2", "--execute", "--force"]).await.code(0);
    said.has(&["5 messages were in flight; should that be acked now", "read back"]);
    assert_eq!(position(&place.info("c").await), (1, 1));
    assert_eq!(place.records()[1]["given_up"], 5);
    // Undo goes back to what was acked, so that nothing is lost.
    place.run(&["undo", "S", "c"]).await.code(0).has(&["#1 of"]);
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paused_before_stays_paused() {
    let place = Place::with(10, json!({})).await;
    for until in
        ["2100-01-01T00:00:00Z".to_owned(), (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60)).to_string()]
    {
        api(&place.nats, "CONSUMER.PAUSE.S.c", json!({"pause_until": until})).await;
        let said = place.run(&["S", "c", "--to", "5", "--execute"]).await.code(0);
        said.has(&["it is paused until", "paused until", "as before"]);
        let info = place.info("c").await;
        assert_eq!((&info["paused"], position(&info)), (&json!(true), (4, 4)), "{info}");
        let same = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        assert_eq!(same(&info["config"]["pause_until"]), same(&json!(until)));
        place.run(&["undo", "--execute"]).await.code(0).has(&["as before"]);
    }
}

/// Where the next ones are killed in the middle.
async fn draining(place: &Place, args: &[&str]) -> Child {
    let child = place.start(args);
    place.until("c", "a pause", |c| c["paused"] == true).await;
    child
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_it_leaves_everything_as_it_was() {
    let place = Place::with(10, json!({"ack_wait": 30 * SECOND})).await;
    let held = take(&place.nats, "c", 5).await;
    for signal in ["-INT", "-TERM"] {
        let child = draining(&place, &["S", "c", "--to", "8", "--execute"]).await;
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let out = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap();
        Said::of(&out).code(1).has(&["was left before it was moved", "its pause was taken back"]);
        place.until("c", "resumed", |c| c["paused"].is_null() && position(c) == (0, 5)).await;
    }
    assert!(place.records().iter().all(|record| record["stage"] == "CANCELLED"));
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_it_leaves_a_pause_that_ends_and_a_record_that_says_so() {
    let place = Place::with(10, json!({"ack_wait": 30 * SECOND})).await;
    let held = take(&place.nats, "c", 5).await;
    let mut child = draining(&place, &["S", "c", "--to", "8", "--execute"]).await;
    // Meanwhile nobody else may move it.
    place.run(&["S", "c", "--to", "9", "--execute"]).await.code(2).has(&["another jetscope moves consumer c of S"]);
    child.kill().unwrap();
    child.wait().unwrap();
    let left = place.info("c").await["pause_remaining"].as_u64().unwrap();
    assert!(left <= 120 * SECOND, "{left}");
    let said = place.run(&["S", "c", "--to", "8"]).await.code(0);
    said.has(&[
        "moving consumer c of S from #1 to #8 was broken off",
        "it may still be paused, until",
        "reposition undo",
    ]);
    for (_, ack) in held {
        place.nats.publish(ack, "+ACK".into()).await.unwrap();
    }
    place.until("c", "acked", |c| c["num_ack_pending"] == 0).await;
    // The pause is ours, so it does not stay.
    place.run(&["undo"]).await.code(0).has(&["that pause is taken back"]);
    place.run(&["undo", "--execute"]).await.code(0).has(&["read back"]);
    place.until("c", "resumed", |c| c["paused"].is_null()).await;
    let said = place.run(&["S", "c", "--to", "8"]).await.code(0);
    assert!(!said.err.contains("broken off"), "{said:#?}");
}

/// Messages come all the time, and a client has always some of them in hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_way_nothing_is_lost() {
    let place = Place::with(100, json!({"max_ack_pending": 50})).await;
    let mut client = Receiver::pull(&place, Duration::from_millis(30)).await;
    let nats = place.nats.clone();
    let publisher = tokio::spawn(async move {
        loop {
            nats.publish("s.0", "x".into()).await.unwrap();
            sleep(Duration::from_millis(2)).await;
        }
    });
    client.until(150).await;
    let mut took = Vec::new();
    for to in ["last:60", "start", "end", "100"] {
        let done = place.run(&["S", "c", "--to", to, "--execute", "--json"]).await.code(0).json();
        assert_eq!((&done["verified"], &done["advances"]), (&json!(true), &json!(true)), "{done}");
        took.push((done["seconds"].as_f64().unwrap(), done["paused_seconds"].as_f64().unwrap()));
        // Behind the new position every message comes, in order.
        let to = done["to"].as_u64().unwrap();
        let all = client.until(to).await;
        let mut next = client.until(to + 80).await;
        // Of a position near the end the first was one that came before the move.
        if let Some(again) = next.iter().rposition(|seq| *seq == to) {
            next.drain(..=again);
        }
        assert_eq!(next, (to + 1..=to + 80).collect::<Vec<_>>(), "after {:?}", all.last());
        place.until("c", "acks that count", |c| position(c).0 >= to + 80).await;
    }
    publisher.abort();
    eprintln!("moved under way in (whole, paused) seconds {took:?}");
    assert!(place.records().iter().all(|record| record["given_up"] == 0));
}

/// As a screen does it: it is asked what to do with messages in flight, and answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_is_answered() {
    let place = Place::with(10, json!({"ack_wait": SECOND})).await;
    let _held = take(&place.nats, "c", 5).await;
    let home = place.home.path().to_str().unwrap();
    let env = Env::of([("HOME", home), ("XDG_CONFIG_HOME", home), ("XDG_STATE_HOME", home)]);
    let flags = Flags { server: Some(place.server.url()), ..Flags::default() };
    let settings = Settings::load(&flags, &env).unwrap();
    let api = Api::new(open(&settings.connection).await.unwrap());
    let repositions = Repositions::new(&settings);
    for (answer, moved) in [(Control::Cancel, false), (Control::GoOn, true)] {
        let preview = repositions.preview(&api, ("S", "c"), Target::Seq(3), false).await.unwrap();
        assert!(
            repositions.start(&api, preview.clone(), &Confirmation::None, Stuck::Ask).is_err(),
            "it has to be confirmed"
        );
        let running = repositions.start(&api, preview, &Confirmation::Yes, Stuck::Ask).unwrap();
        let mut step = running.step();
        timeout(LONG, step.wait_for(|step| *step == Step::Stuck { left: 5 })).await.unwrap().unwrap();
        running.tell(answer).await;
        let ended = running.ended().await;
        assert_eq!(*step.borrow(), Step::Over);
        assert_eq!(ended.is_ok(), moved, "{ended:?}");
        assert!(ended.is_ok() || ended.unwrap_err().is_cancelled());
        place.until("c", "resumed", |c| c["paused"].is_null()).await;
        assert_eq!(position(&place.info("c").await), if moved { (2, 2) } else { (0, 5) });
    }
    let undo = repositions.undo(&api, None, false).await.unwrap();
    assert_eq!((undo.record.from(), undo.preview.as_ref().unwrap().after.seq), (1, 1));
    let outcome = repositions.start_undo(&api, undo, &Confirmation::Yes, Stuck::GiveUp).unwrap().ended().await.unwrap();
    assert!(outcome.verified, "{outcome:?}");
}
