//! Streams that are deleted and made again in the middle: nothing of the new one is taken for the old one.

use jetscope::config::Connection;
use jetscope::model::replay::{Pace, Plan, Selection, State};
use jetscope::nats::gate::Confirmation;
use jetscope::nats::open;
use jetscope::replay::source::{AnySource, Feed, Same, Source};
use jetscope::replay::{Replays, Request, Wanted};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::place::{PATIENCE, Place, copies, fill};
use super::traps::{begin, planned, until, wanted};
use crate::common::every_kind::api;

/// A reader of the source of a plan, as a replay has it.
async fn reader(place: &Place, plan: &Plan) -> AnySource {
    let client = open(&Connection::to(place.server.url())).await.unwrap();
    let same = Same::of(plan, Some(&client));
    AnySource::new(plan.selection.clone(), Some(client), same)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_made_again_while_it_is_read_is_not_read_on() {
    let place = Place::new().await;
    place.stream("big", &["big.>"], json!({})).await;
    // More than is read ahead.
    let body = |word: &str| async_nats::jetstream::message::PublishMessage::build().payload(word.repeat(16_384).into());
    let js = async_nats::jetstream::new(place.nats.clone());
    for _ in 0..900 {
        js.send_publish("big.a", body("old ")).await.unwrap().await.unwrap();
    }
    let plan = planned(&place.settings(), wanted("big", "copy.{subject}")).await;
    let mut source = reader(&place, &plan).await;
    let mut feed = source.open(0);
    let mut read = 0;
    let mut take = |feed: Option<Feed>| match feed {
        Some(Feed::Messages(messages)) => {
            assert!(messages.iter().all(|(_, m)| m.body.starts_with(b"old ")), "of the new stream");
            read += messages.len();
            None
        }
        Some(Feed::Failed(problem)) => Some(problem.to_string()),
        Some(Feed::Waiting(_)) => None,
        Some(Feed::End) | None => panic!("it ended as if all were well, after {read}"),
    };
    assert_eq!(take(timeout(PATIENCE, feed.recv()).await.unwrap()), None);
    api(&place.nats, "STREAM.DELETE.big", Value::Null).await;
    place.stream("big", &["big.>"], json!({})).await;
    for _ in 0..900 {
        js.publish("big.a", "new ".into()).await.unwrap().await.unwrap();
    }
    let problem = loop {
        if let Some(problem) = take(timeout(PATIENCE, feed.recv()).await.unwrap()) {
            break problem;
        }
    };
    assert!(problem.contains("the stream big was deleted"), "{problem}");
    source.close().await;
    assert!(read < 900, "all of it was read ahead: this tests nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_and_a_range_are_of_the_streams_that_were_planned() {
    let place = Place::new().await;
    place.stream("orders", &["orders.>"], json!({})).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    fill(&place.nats, "orders", 0, 20).await;
    let settings = place.settings();
    let list = Wanted::List((1..=20).map(|seq| ("orders".to_owned(), seq)).collect());
    let plans = [
        planned(&settings, wanted("orders", "copy.{subject}")).await,
        planned(&settings, Request { wanted: list, ..wanted("orders", "copy.{subject}") }).await,
    ];
    assert!(matches!(plans[1].selection, Selection::List(_)));
    api(&place.nats, "STREAM.DELETE.orders", Value::Null).await;
    for again in [false, true] {
        if again {
            place.stream("orders", &["orders.>"], json!({})).await;
            fill(&place.nats, "orders", 0, 20).await;
        }
        for plan in plans.clone() {
            let replays = Replays::new(settings.state_dir());
            let error = replays.start(&settings, plan, &Confirmation::Yes).await.unwrap_err().to_string();
            assert!(error.contains("the stream orders was deleted"), "{error}");
        }
    }
    assert!(place.read("copies").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_is_made_again_is_noticed_at_its_first_confirmation() {
    for more in [json!({}), json!({"discard": "new", "allow_atomic": true}), json!({"retention": "workqueue"})] {
        let place = Place::new().await;
        place.stream("orders", &["orders.>"], json!({})).await;
        place.stream("copies", &["copy.>"], more.clone()).await;
        fill(&place.nats, "orders", 0, 5_000).await;
        let delivery = more.get("retention").map(|_| jetscope::model::replay::Delivery::AtLeastOnce);
        let request = Request { pace: Pace::PerSecond(1_000.0), delivery, ..wanted("orders", "copy.{subject}") };
        let running = begin(&place, request).await;
        until(&running, "it sends", |p| p.counters.sent > 400).await;
        api(&place.nats, "STREAM.DELETE.copies", Value::Null).await;
        place.stream("copies", &["copy.>"], more.clone()).await;
        let last = timeout(PATIENCE, running.ended()).await.unwrap();
        assert_eq!(last.state, State::Failed, "{more}: {last:?}");
        let reason = last.reason.unwrap();
        assert!(reason.contains("made again") || reason.contains("not there any more"), "{more}: {reason}");
        let strays = copies(&place.read("copies").await).len();
        println!("{more}: {strays} copies in the new stream");
        // In flight, or handed over before the first of them was confirmed.
        assert!(strays <= 300, "{more}: {strays}");
    }
}
