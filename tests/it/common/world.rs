//! A small world with every kind of thing in it, at a fixed time, for the tests of screens and reducers.

use std::sync::Arc;
use std::time::Duration;

use jetscope::app::{App, Effect, Msg, Session};
use jetscope::keymap::Keymap;
use jetscope::model::lag::Stored;
use jetscope::model::update::{Listing, SubjectCount};
use jetscope::model::{
    Account, AckPolicy, Cluster, Consumer, Delivery, Discard, Lag, Link, Peer, Quota, Retention, ServerInfo, Storage,
    Stream, Timestamp, Update,
};
use jetscope::ui::{Theme, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The time of the world: 2026-11-20T14:00:00Z.
pub(crate) fn start() -> Timestamp {
    Timestamp::parse("2026-11-20T14:00:00Z").expect("a time")
}

/// So many seconds after the start, or before it.
fn at(second: i64) -> Timestamp {
    Timestamp(start().0 + second * 1_000_000_000)
}

/// The last sequence of a stream to which so many messages a second come.
fn last_seq(second: i64, rate: i64) -> u64 {
    (48_200 + rate * second) as u64
}

fn stream(name: &str, second: i64, rate: i64, change: impl Fn(&mut Stream)) -> Arc<Stream> {
    let now = at(second);
    let mut s = Stream {
        name: name.into(),
        taken: now,
        asked: now,
        created: Some(start().minus(Duration::from_secs(900_000))),
        ..Default::default()
    };
    s.config.replicas = 1;
    s.config.subjects = vec![format!("{}.>", name.replace('-', "."))];
    s.config.allow_direct = true;
    s.state.first_seq = 1_001;
    s.state.last_seq = last_seq(second, rate);
    s.state.messages = s.state.last_seq - 1_000;
    s.state.bytes = s.state.messages * 412;
    s.state.first_time = Some(start().minus(Duration::from_secs(500_000)));
    s.state.last_time = Some(now);
    s.state.subjects = 12;
    change(&mut s);
    Arc::new(s)
}

/// The streams as they are this many seconds after the start.
pub(crate) fn streams(second: i64) -> Vec<Arc<Stream>> {
    let day = Duration::from_secs(86_400);
    vec![
        stream("JOBS", second, 30, |s| {
            s.config.retention = Retention::WorkQueue;
            s.state.consumers = 1;
            s.state.deleted = 37;
        }),
        stream("KV_settings", second, 0, |s| {
            s.config.limits.max_msgs_per_subject = Some(1);
            s.config.allow_rollup = true;
        }),
        stream("audit", second, 0, |s| {
            s.config.retention = Retention::Interest;
            s.state.messages = 0;
            s.state.bytes = 0;
            s.state.first_time = None;
            s.state.first_seq = s.state.last_seq + 1;
        }),
        stream("eventchannel-mail-stream", second, 12, |s| {
            s.config.limits.max_msgs = Some(50_000);
            s.config.discard = Discard::New;
            s.state.consumers = 2;
        }),
        stream("eventsource-github-stream", second, 40, |s| {
            s.config.limits.max_age = Some(7 * day);
            s.config.limits.max_bytes = Some(1 << 30);
            s.state.consumers = 3;
            s.cluster = Some(Cluster {
                name: Some("east".into()),
                leader: Some("n1".into()),
                replicas: vec![
                    Peer {
                        name: "n2".into(),
                        current: true,
                        lag: None,
                        active: Some(Duration::from_millis(400)),
                        offline: false,
                    },
                    Peer {
                        name: "n3".into(),
                        current: false,
                        lag: Some(120),
                        active: Some(Duration::from_secs(9)),
                        offline: false,
                    },
                ],
            });
            s.config.replicas = 3;
            s.config.metadata = vec![("owner".into(), "platform".into())];
        }),
        stream("eventsource-shop-stream", second, 110, |s| {
            s.config.limits.max_age = Some(2 * day);
            s.config.storage = Storage::Memory;
        }),
        stream("mirror-of-github", second, 40, |s| {
            s.config.subjects.clear();
            s.config.mirror = Some("eventsource-github-stream".into());
            s.mirror = Some(jetscope::model::Upstream {
                name: "eventsource-github-stream".into(),
                lag: 4,
                active: Some(Duration::from_millis(80)),
                error: None,
            });
        }),
        // A hostile name: what reaches the screen must not act on it.
        stream("orders\u{1b}[31m\u{202e}", second, 0, |s| s.config.description = Some("\u{1b}]0;title\u{7}".into())),
    ]
}

/// A consumer that has read everything that came to its stream, at so many a second.
fn consumer(stream: &str, name: &str, second: i64, rate: i64, change: impl Fn(&mut Consumer)) -> Arc<Consumer> {
    let now = at(second);
    let mut c = Consumer {
        stream: stream.into(),
        name: name.into(),
        taken: now,
        created: Some(start().minus(Duration::from_secs(80_000))),
        ..Default::default()
    };
    c.config.durable = true;
    c.config.ack_wait = Some(Duration::from_secs(30));
    c.config.max_ack_pending = Some(1000);
    c.delivered.consumer_seq = (40_000 + rate * second) as u64;
    c.delivered.stream_seq = last_seq(second, rate);
    c.delivered.last_active = Some(now);
    c.ack_floor = c.delivered;
    c.waiting = 1;
    change(&mut c);
    Arc::new(c)
}

/// The consumers of a stream as they are this many seconds after the start, or before it.
pub(crate) fn consumers(stream: &str, second: i64) -> Vec<Arc<Consumer>> {
    match stream {
        "JOBS" => vec![consumer(stream, "workers", second, 10, |c| {
            c.pending = (700 + 20 * second) as u64;
            c.ack_pending = 12;
            c.delivered.stream_seq = last_seq(second, 30) - c.pending;
            c.ack_floor.stream_seq = c.delivered.stream_seq - 12;
        })],
        "eventchannel-mail-stream" => vec![
            consumer(stream, "mailer", second, 12, |_| {}),
            consumer(stream, "mailer-eu", second, 0, |c| {
                c.pending = 90;
                (c.ack_pending, c.redelivered) = (1000, 12);
                // What is not acked comes again when the ack wait is over.
                let again = second.div_euclid(30);
                c.delivered.consumer_seq = (40_000 + 12 * again) as u64;
                c.delivered.last_active = Some(at(30 * again));
                c.delivered.stream_seq = 47_100;
                c.ack_floor.stream_seq = 44_020;
                c.ack_floor.last_active = Some(at(-740));
                c.config.filter_subjects = vec!["mail.eu.>".into()];
            }),
        ],
        "eventsource-github-stream" => vec![
            consumer(stream, "archive", second, 0, |c| {
                c.pending = (4_210 + 40 * second) as u64;
                c.waiting = 0;
                c.delivered.consumer_seq = 43_990;
                c.delivered.stream_seq = 43_990;
                c.delivered.last_active = Some(at(-7_300));
                c.ack_floor = c.delivered;
            }),
            consumer(stream, "builder", second, 40, |c| {
                c.config.delivery = Delivery::Push { subject: "deliver.builder".into(), group: Some("ci".into()) };
                c.push_bound = true;
                c.waiting = 0;
            }),
            consumer(stream, "dash\u{1b}board", second, 40, |c| {
                c.config.ack_policy = AckPolicy::None;
                c.config.durable = false;
                c.paused = true;
                c.pending = 5;
                c.delivered.stream_seq -= 5;
            }),
        ],
        _ => vec![],
    }
}

/// The streams that have consumers.
const READ: [&str; 3] = ["JOBS", "eventchannel-mail-stream", "eventsource-github-stream"];

pub(crate) fn listing<T>(items: Vec<Arc<T>>, second: i64) -> Listing<T> {
    let at = at(second);
    Listing {
        started: at,
        taken: at,
        total: items.len() as u64,
        items,
        missing: vec![],
        offline: vec![],
        problem: None,
    }
}

/// A stream with so many consumers that are well, and some that are not in the middle of them.
pub(crate) fn many_consumers(stream: &str, second: i64, count: usize) -> Vec<Arc<Consumer>> {
    let mut all: Vec<_> = (0..count).map(|n| consumer(stream, &format!("c{n:05}"), second, 40, |_| {})).collect();
    all.extend(consumers(stream, second));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// All updates of one poll.
pub(crate) fn poll(second: i64) -> Vec<Update> {
    let mut out = vec![Update::Streams(listing(streams(second), second))];
    for name in READ {
        out.push(Update::Consumers(name.into(), listing(consumers(name, second), second)));
    }
    out.push(Update::ConsumersSwept { taken: at(second), failed: None });
    out
}

/// The console under test.
pub(crate) struct World {
    /// Its state.
    pub app: App,
    /// What it asked for since the last look.
    pub effects: Vec<Effect>,
}

impl World {
    /// A console that has connected and polled five times.
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        Self::configured(columns, rows, |_| {})
    }

    /// The same with something else configured.
    pub(crate) fn configured(columns: u16, rows: u16, change: impl FnOnce(&mut Session)) -> Self {
        let mut world = Self::unconnected(columns, rows);
        change(&mut world.app.session);
        world.send(Msg::Data(Update::Link(Link::Connected { since: start() })));
        world.send(Msg::Data(Update::AdvisoriesHeard(start())));
        world.send(Msg::Data(Update::Server(ServerInfo {
            name: "n1".into(),
            version: "2.15.1".into(),
            jetstream: true,
            max_payload: 1 << 20,
            ..Default::default()
        })));
        world.send(Msg::Data(Update::Rtt(Duration::from_micros(420))));
        let account = Account {
            whole: Quota {
                storage: 3 << 30,
                max_storage: Some(10 << 30),
                streams: 8,
                consumers: 6,
                ..Default::default()
            },
            ..Default::default()
        };
        world.send(Msg::Data(Update::Account(account, start())));
        // The consumers were polled for a while, so that there are verdicts.
        for second in (-18..0).step_by(2) {
            for name in READ {
                world.send(Msg::Data(Update::Consumers(name.into(), listing(consumers(name, second), second))));
            }
        }
        for second in 0..5 {
            for update in poll(second) {
                world.send(Msg::Data(update));
            }
            world.send(Msg::Tick(start().plus(Duration::from_secs(second as u64))));
        }
        for (stream, consumer, seq, second) in [
            ("JOBS", "workers", 47_529, -38),
            ("eventchannel-mail-stream", "mailer-eu", 44_022, -739),
            ("eventsource-github-stream", "archive", 43_991, -7_299),
        ] {
            let lag = Lag { oldest: Some(Stored { seq, time: at(second) }), delivered: None, taken: at(4) };
            world.send(Msg::Data(Update::Lag(stream.into(), consumer.into(), lag)));
        }
        let counts = [
            ("eventsource.github.push", 30_000),
            ("eventsource.github.issue", 12_000),
            ("eventsource.github.star", 5_200),
        ];
        world.send(Msg::Data(Update::Subjects {
            stream: "eventsource-github-stream".into(),
            filter: ">".into(),
            counts: counts.iter().map(|(s, n)| SubjectCount { subject: (*s).into(), messages: *n }).collect(),
            total: 3,
            read: 3,
            taken: start(),
        }));
        world.send(Msg::Frame);
        world
    }

    /// A console that knows nothing yet.
    pub(crate) fn unconnected(columns: u16, rows: u16) -> Self {
        let session = Session { context: Some("prod".into()), servers: "nats://n1:4222".into(), ..Default::default() };
        let keymap = Keymap::with(&std::collections::BTreeMap::new()).expect("the key map");
        let mut world = Self { app: App::new(session, keymap, start()), effects: vec![] };
        world.send(Msg::Resize(columns, rows));
        world.send(Msg::Frame);
        world
    }

    /// Something happens.
    pub(crate) fn send(&mut self, msg: Msg) {
        let effects = self.app.update(msg);
        self.effects.extend(effects);
    }

    /// Presses keys: `<enter>` and the like are named (`<lt>` and `<gt>` too), everything else is a character each.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (name, after) = match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
                Some((name, after)) => (name.to_owned(), after),
                None => (c.to_string(), &rest[c.len_utf8()..]),
            };
            let name = match name.as_str() {
                "lt" => "<",
                "gt" => ">",
                name => name,
            };
            self.send(Msg::Key(name.parse().expect("a key")));
            self.send(Msg::Frame);
            rest = after;
        }
        self
    }

    /// The screen as text, trailing blanks cut.
    pub(crate) fn screen(&self) -> String {
        let terminal = self.drawn();
        let buffer = terminal.backend().buffer();
        let mut out = String::new();
        for y in 0..buffer.area.height {
            let line: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// The drawn terminal, for its styles.
    pub(crate) fn drawn(&self) -> Terminal<TestBackend> {
        let (columns, rows) = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test terminal");
        terminal.draw(|frame| draw(frame, &self.app, &Theme::default())).expect("a frame");
        terminal
    }
}
