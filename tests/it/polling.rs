//! The polling engine against real servers: whole lists, news at once, the pace, and what is visible first.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::Context;
use jetscope::config::Connection;
use jetscope::demo::server::{NEWEST, OLDEST};
use jetscope::model::{AdvisoryKind, ProblemKind, Scope, Update};
use jetscope::nats::Pace;

use crate::common::fixture;
use crate::common::live::{LONG, Live, quick, still, user};
use crate::common::stand_in::{Asked, Mood, StandIn};
use crate::common::{server_of, server_with};

/// The names of the last whole list of streams, in its order.
fn last_list(live: &Live) -> Vec<String> {
    let listing = live.seen.iter().rev().find_map(|(_, u)| if let Update::Streams(l) = u { Some(l) } else { None });
    listing.expect("a list").items.iter().map(|s| s.name.clone()).collect()
}

/// The names of the last whole list of a stream's consumers, in its order.
fn last_consumers(live: &Live, of: &str) -> Vec<String> {
    let listing = live.seen.iter().rev().find_map(|(_, u)| match u {
        Update::Consumers(name, listing) if name == of => Some(listing),
        _ => None,
    });
    listing.expect("a list").items.iter().map(|c| c.name.clone()).collect()
}

fn assert_each_once(names: &[String], count: usize) {
    assert_eq!(names.len(), count);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), count, "a name comes twice");
}

async fn long_lists_are_whole(version: &str) {
    let server = server_of(version);
    let js = fixture::app(&server.url()).await;
    fixture::streams(&js, "s", 0..300).await;
    fixture::consumers(&js, "s000", 0..300).await;
    let mut live = Live::start(Connection::to(server.url()), quick());
    for count in [300, 600] {
        if count == 600 {
            fixture::streams(&js, "s", 300..600).await;
            fixture::consumers(&js, "s000", 300..600).await;
            live.refresh();
        }
        live.until(LONG, "all streams and consumers are known", |l| {
            l.catalog().listing.value() == Some(&(count as u64))
                && l.catalog().streams.len() == count
                && l.catalog().consumers.get("s000").is_some_and(|s| s.entries.len() == count)
        })
        .await;
        assert_each_once(&last_list(&live), count);
        // What advisories brought one by one is also in the list.
        live.until(LONG, "the consumers are listed", |l| last_consumers(l, "s000").len() == count).await;
        assert_each_once(&last_consumers(&live, "s000"), count);
        live.until(LONG, "the stream counts them too", |l| {
            l.catalog().streams["s000"].info.as_ref().is_some_and(|s| s.state.consumers == count as u64)
        })
        .await;
    }
    assert!(live.banner().is_empty(), "{}", live.banner());
    assert!(live.world.screen().contains("600 streams"), "{}", live.world.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_lists_are_whole_on_the_newest() {
    long_lists_are_whole(NEWEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_lists_are_whole_on_the_oldest() {
    long_lists_are_whole(OLDEST).await;
}

/// Waits until advisories certainly arrive: streams are made until one is announced.
async fn until_told(live: &mut Live, js: &Context) {
    live.until(LONG, "the first list", |l| l.catalog().listing.value().is_some()).await;
    for n in 0..50 {
        fixture::stream(js, &format!("probe{n}")).await;
        let told = |l: &Live| l.seen.iter().any(|(_, u)| matches!(u, Update::Advisory(_)));
        live.during(Duration::from_millis(if told(live) { 0 } else { 200 })).await;
        if told(live) {
            return;
        }
    }
    panic!("no advisory came");
}

async fn news_appear_at_once(version: &str) {
    // Nothing is polled again for a minute: what appears, appears because the server told.
    const AT_ONCE: Duration = Duration::from_secs(5);
    let server = server_of(version);
    let js = fixture::app(&server.url()).await;
    let mut live = Live::start(Connection::to(server.url()), still());
    until_told(&mut live, &js).await;
    assert_eq!(live.catalog().advisories, None);

    fixture::stream(&js, "news").await;
    live.until(AT_ONCE, "the new stream", |l| l.catalog().streams.get("news").is_some_and(|e| e.info.is_some())).await;
    assert!(!live.row("news").is_empty(), "{}", live.world.screen());
    fixture::consumer(&js, "news", "reader").await;
    live.until(AT_ONCE, "the new consumer, also in the stream's count", |l| {
        l.catalog().consumer("news", "reader").is_some_and(|e| e.info.is_some())
            && l.catalog().streams["news"].info.as_ref().is_some_and(|s| s.state.consumers == 1)
    })
    .await;

    js.delete_consumer_from_stream("reader", "news").await.expect("deleted");
    live.until(AT_ONCE, "the consumer is gone, also from the count", |l| {
        l.catalog().consumer("news", "reader").is_none()
            && l.catalog().streams["news"].info.as_ref().is_some_and(|s| s.state.consumers == 0)
    })
    .await;
    js.delete_stream("news").await.expect("deleted");
    live.until(AT_ONCE, "the stream is gone", |l| !l.catalog().streams.contains_key("news")).await;
    assert!(live.row("news").is_empty(), "{}", live.world.screen());
    // A deletion may also be found out by a question that was on its way; the word of it comes all the same.
    live.until(AT_ONCE, "every advisory", |l| {
        let told = |kind: AdvisoryKind| l.seen.iter().any(|(_, u)| matches!(u, Update::Advisory(a) if a.kind == kind));
        told(AdvisoryKind::StreamCreated) && told(AdvisoryKind::StreamDeleted) && told(AdvisoryKind::ConsumerDeleted)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_appear_at_once_on_the_newest() {
    news_appear_at_once(NEWEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_appear_at_once_on_the_oldest() {
    news_appear_at_once(OLDEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idling_on_one_screen_is_polite() {
    let server = server_with("");
    let js = fixture::app(&server.url()).await;
    fixture::streams(&js, "s", 0..5).await;
    fixture::consumer(&js, "s000", "c").await;
    let pace = Pace { fast: Duration::from_millis(250), consumers: Duration::from_millis(500), ..Pace::default() };
    let mut live = Live::start(Connection::to(server.url()), pace);
    live.until(LONG, "a few seconds of polling", |l| {
        l.started.elapsed() > Duration::from_secs(4) && l.traffic.len() >= 3
    })
    .await;
    let (at, traffic) = *live.traffic.last().expect("a count");
    let span = at.duration_since(live.started).as_secs_f64();
    // A round: one list for all rows, and the consumers of the selected stream. Every other round the sweep over
    // the one stream with consumers. Beside that the account each 5 s, and what the first second asks for.
    let most = span / 0.25 * 2.0 + span / 0.5 + span / 5.0 + 20.0;
    assert!((traffic.requests as f64) < most, "{} requests in {span:.1} s", traffic.requests);
    // And it is kept fresh: half of the rounds at least, also on a busy machine.
    let rounds = live.seen.iter().filter(|(_, u)| matches!(u, Update::Streams(_))).count();
    assert!(rounds as f64 > span / 0.5 / 2.0, "{rounds} rounds in {span:.1} s");
    assert_eq!(traffic.back_off, None);
    assert!(live.header().contains("req/s"), "{}", live.header());
}

/// The longest time that one of these was open, and the shortest between an answer and the next question.
fn rhythm(asked: &[Asked]) -> (usize, Duration) {
    let mut open = 0;
    let mut least = Duration::MAX;
    for pair in asked.windows(2) {
        match pair[0].done {
            Some(done) if done <= pair[1].came => least = least.min(pair[1].came - done),
            _ => open += 1,
        }
    }
    (open, least)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_server_is_never_asked_twice_at_once_and_has_time_to_breathe() {
    let slow = Duration::from_millis(250);
    let server = StandIn::start(&["one", "two"], Mood::Well(slow)).await;
    let pace = Pace { fast: Duration::from_millis(20), ..quick() };
    let scope = Scope { streams: vec!["one".into(), "two".into()], ..Default::default() };
    let mut live = Live::with_scope(Connection::to(server.url()), pace, scope);
    live.until(LONG, "rows were asked for a few times", |_| {
        server.book().get("$JS.API.STREAM.INFO.one").is_some_and(|a| a.len() >= 6)
    })
    .await;
    let book = server.book();
    for (subject, asked) in &book {
        let (open, least) = rhythm(asked);
        assert_eq!(open, 0, "{subject} was asked again before it was answered");
        if subject.starts_with("$JS.API.STREAM.INFO.") {
            // A round that took 250 ms is followed by a rest of as much at least, though the pace is 20 ms.
            assert!(least >= slow / 2, "{subject} had a rest of {least:?} only");
        }
    }
    // A list that takes this long is not part of every round, and waits 20 times what it took.
    assert!(book["$JS.API.STREAM.LIST"].len() <= 1 + (live.started.elapsed().as_secs() / 5) as usize);
    assert_eq!(live.catalog().traffic.back_off, None, "slow answers are answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_visible_is_refreshed_and_the_rest_waits() {
    let server = server_with("");
    let js = fixture::app(&server.url()).await;
    fixture::streams(&js, "s", 0..300).await;
    let rows = |range: std::ops::Range<usize>| Scope {
        streams: range.map(|n| format!("s{n:03}")).collect(),
        ..Default::default()
    };
    let samples = |l: &Live, name: &str| l.catalog().streams.get(name).map_or(0, |e| e.series.len());
    let pace = Pace { fast: Duration::from_millis(100), ..still() };
    let mut live = Live::with_scope(Connection::to(server.url()), pace, rows(0..10));
    live.until(LONG, "the list", |l| l.catalog().listing.value() == Some(&300)).await;
    fixture::publish(&js, "s003.x", 3).await;
    fixture::publish(&js, "s203.x", 3).await;
    live.until(LONG, "the visible rows have samples", |l| (0..10).all(|n| samples(l, &format!("s{n:03}")) >= 5)).await;
    let messages = |l: &Live, name: &str| l.catalog().streams[name].info.as_ref().map(|s| s.state.messages);
    live.until(LONG, "the visible row counts", |l| messages(l, "s003") == Some(3)).await;
    assert_eq!((samples(&live, "s203"), messages(&live, "s203")), (1, Some(0)), "a hidden row was asked for");

    // Scrolling turns it around, at once.
    live.watch(rows(200..210));
    live.until(LONG, "the other rows", |l| messages(l, "s203") == Some(3) && samples(l, "s209") >= 5).await;
    let before = samples(&live, "s003");
    let others = samples(&live, "s203") + 5;
    live.until(LONG, "more rounds", |l| samples(l, "s203") >= others).await;
    assert!(samples(&live, "s003") <= before + 1, "a row that is hidden now was asked for");

    // A person who wants everything now gets the hidden rows too.
    fixture::publish(&js, "s003.x", 1).await;
    live.refresh();
    live.until(LONG, "the hidden row", |l| messages(l, "s003") == Some(4)).await;
}

/// A server where the watching user hears no advisories, so that only polling can tell.
const DEAF: &str = r#"authorization { users: [
    {user: app, password: p}
    {user: deaf, password: p, permissions: {subscribe: {deny: ["$JS.EVENT.>"]}}}
] }"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_advisories_polling_alone_tells_of_deleted_and_new_streams() {
    let server = server_with(DEAF);
    let js = fixture::app_as(&server.url(), "app", "p").await;
    fixture::streams(&js, "s", 0..3).await;
    fixture::consumer(&js, "s001", "c").await;
    fixture::publish(&js, "s001.x", 50).await;
    let mut live = Live::start(user(&server.url(), "deaf", "p"), quick());
    live.until(LONG, "samples and the consumer", |l| {
        l.catalog().streams.get("s001").is_some_and(|e| e.series.len() >= 3)
            && l.catalog().consumer("s001", "c").is_some()
    })
    .await;
    live.until(LONG, "the refusal", |l| l.catalog().advisories.is_some()).await;
    let problem = live.catalog().advisories.clone().expect("a problem");
    assert!(matches!(&problem.kind, ProblemKind::Denied { subject } if subject.starts_with("$JS.EVENT.ADVISORY.")));
    assert!(problem.sentence.contains("at the next poll instead"), "{problem}");

    js.delete_stream("s002").await.expect("deleted");
    live.until(LONG, "the stream is gone", |l| !l.catalog().streams.contains_key("s002")).await;

    // Deleted and made again between two polls: same name, another stream.
    js.delete_stream("s001").await.expect("deleted");
    fixture::stream(&js, "s001").await;
    fixture::publish(&js, "s001.x", 2).await;
    live.until(LONG, "the stream that was made again", |l| {
        l.catalog().streams.get("s001").is_some_and(|e| e.info.as_ref().is_some_and(|s| s.state.last_seq == 2))
    })
    .await;
    live.until(LONG, "its series", |l| l.catalog().streams["s001"].series.len() >= 3).await;
    let entry = &live.catalog().streams["s001"];
    assert!(entry.series.iter().all(|s| s.last_seq <= 2), "samples of the deleted stream are left");
    assert!(!entry.had_consumers, "the new stream never had a consumer");
    live.until(LONG, "the consumer went with its stream", |l| l.catalog().consumer("s001", "c").is_none()).await;
    assert!(live.catalog().streams["s001"].rate_in().is_none_or(|r| r >= 0.0));
    assert!(!live.seen.iter().any(|(_, u)| matches!(u, Update::Advisory(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_come_and_go_leave_nothing_behind() {
    let server = server_with("");
    let js = fixture::app(&server.url()).await;
    fixture::stream(&js, "stays").await;
    let mut live = Live::start(Connection::to(server.url()), quick());
    live.until(LONG, "the first list", |l| l.catalog().listing.value().is_some()).await;
    for n in 0..20 {
        let name = format!("brief{n}");
        fixture::stream(&js, &name).await;
        fixture::consumers(&js, &name, 0..3).await;
        live.during(Duration::from_millis(30)).await;
        js.delete_stream(&name).await.expect("deleted");
    }
    let only = |l: &Live| {
        l.catalog().streams.keys().all(|n| n == "stays") && l.catalog().consumers.keys().all(|n| n == "stays")
    };
    live.until(LONG, "only what is there", only).await;
    let lists = |l: &Live| l.seen.iter().filter(|(_, u)| matches!(u, Update::Streams(_))).count();
    let later = lists(&live) + 3;
    live.until(LONG, "a few more lists", |l| lists(l) >= later).await;
    assert!(only(&live), "{:?}", live.catalog().consumers.keys());
}
