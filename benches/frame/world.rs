//! A made-up account with very many streams and consumers, and the polls that report it.

use std::sync::Arc;
use std::time::Duration;

use jetscope::app::{App, Msg, Session};
use jetscope::keymap::Keymap;
use jetscope::model::update::{Listing, SubjectCount};
use jetscope::model::{Consumer, Discard, Link, Retention, ServerInfo, Stream, Timestamp, Update};

use crate::common::Outcome;

/// Subjects of the stream that is opened; the most that the console shows.
pub(crate) const SUBJECTS: usize = 10_000;

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Streams.
    pub(crate) streams: usize,
    /// Consumers of each.
    pub(crate) consumers: usize,
}

/// So many seconds after the beginning.
pub(crate) fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(1_790_000_000).plus(Duration::from_secs(second))
}

/// A name of the sort that users have.
pub(crate) fn name(n: usize) -> String {
    match n % 4 {
        0 => format!("eventsource-team{n:05}-stream"),
        1 => format!("eventchannel-mail{n:05}-stream"),
        2 => format!("orders-{n:05}"),
        _ => format!("KV_settings{n:05}"),
    }
}

fn stream(n: usize, size: Size, second: u64) -> Arc<Stream> {
    let mut s = Stream { name: name(n), taken: at(second), created: Some(at(0)), ..Default::default() };
    s.config.subjects = vec![format!("bench.{n}.>")];
    s.config.replicas = 1;
    if n.is_multiple_of(3) {
        s.config.retention = Retention::WorkQueue;
    }
    if n.is_multiple_of(5) {
        s.config.limits.max_msgs = Some(1_000_000);
        s.config.discard = Discard::New;
    }
    s.state.first_seq = 1;
    s.state.last_seq = (n as u64 * 7919) % 1_000_000 + second * (n as u64 % 50);
    s.state.messages = s.state.last_seq;
    s.state.bytes = s.state.messages * 412;
    s.state.first_time = Some(at(0).minus(Duration::from_secs(500_000 + n as u64)));
    s.state.last_time = Some(at(second));
    s.state.consumers = size.consumers as u64;
    s.state.subjects = 12;
    Arc::new(s)
}

fn consumer(n: usize, c: usize, second: u64) -> Arc<Consumer> {
    let mut out = Consumer {
        stream: name(n),
        name: format!("reader-{c}-of-{n}"),
        taken: at(second),
        created: Some(at(0)),
        ..Default::default()
    };
    let odd = (n * 31 + c * 17) as u64;
    out.config.durable = true;
    out.config.max_ack_pending = Some(1000);
    out.config.filter_subjects = vec![format!("bench.{n}.{c}.>")];
    out.delivered.consumer_seq = odd * 13 + second * (odd % 7);
    out.delivered.stream_seq = odd * 13;
    out.ack_floor.last_active = Some(at(second).minus(Duration::from_secs(odd % 4_000)));
    out.pending = if odd.is_multiple_of(3) { 0 } else { odd % 5_000 + second * (odd % 5) };
    out.ack_pending = odd % 20;
    out.waiting = odd % 2;
    Arc::new(out)
}

fn listing<T>(items: Vec<Arc<T>>, second: u64) -> Listing<T> {
    let total = items.len() as u64;
    Listing { started: at(second), taken: at(second), items, missing: vec![], offline: vec![], total, problem: None }
}

/// The report of a whole list of streams.
pub(crate) fn streams(size: Size, second: u64) -> Update {
    Update::Streams(listing((0..size.streams).map(|n| stream(n, size, second)).collect(), second))
}

/// The reports of a sweep over all consumers.
pub(crate) fn consumers(size: Size, second: u64) -> Vec<Update> {
    let of = |n: usize| listing((0..size.consumers).map(|c| consumer(n, c, second)).collect(), second);
    let mut out: Vec<Update> = (0..size.streams).map(|n| Update::Consumers(name(n), of(n))).collect();
    out.push(Update::ConsumersSwept { taken: at(second), failed: None });
    out
}

/// A console that was connected and polled for a while.
pub(crate) fn app(size: Size, columns: u16, rows: u16, polls: u64) -> Outcome<App> {
    let session = Session { servers: "nats://bench:4222".into(), ..Default::default() };
    let mut app = App::new(session, Keymap::with(&std::collections::BTreeMap::new())?, at(0));
    app.update(Msg::Resize(columns, rows));
    app.update(Msg::Data(Update::Link(Link::Connected { since: at(0) })));
    let server = ServerInfo { name: "bench".into(), version: "2.15.1".into(), jetstream: true, ..Default::default() };
    app.update(Msg::Data(Update::Server(server)));
    for second in 1..=polls {
        app.update(Msg::Data(streams(size, second)));
        for update in consumers(size, second) {
            app.update(Msg::Data(update));
        }
        app.update(Msg::Tick(at(second)));
    }
    let counts = (0..SUBJECTS.min(size.streams))
        .map(|n| SubjectCount { subject: format!("bench.subject.{n:06}"), messages: (SUBJECTS - n) as u64 })
        .collect();
    app.update(Msg::Data(Update::Subjects {
        stream: name(0),
        filter: ">".into(),
        counts,
        total: SUBJECTS as u64,
        read: SUBJECTS as u64,
        taken: at(polls),
    }));
    app.update(Msg::Frame);
    Ok(app)
}
