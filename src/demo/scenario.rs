//! The demo's world as data: which streams and consumers there are, and what flows.
//!
//! Every kind of trouble that the console knows is here once, beside things that are well. All is
//! bounded; the one stream without limits (its warning is wanted) is fed so slowly that a day of it
//! is about 100 MB.

use std::time::Duration;

use async_nats::jetstream::consumer::{self, AckPolicy};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, Source, StorageType};

use super::events::Topic;

const HOUR: Duration = Duration::from_secs(3_600);
const MIB: i64 = 1 << 20;
/// The stream without limits gets this many events a second, whatever the rate is.
const UNLIMITED_PER_SECOND: f64 = 1.5;

/// The events of one application.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// Which application.
    pub(super) topic: Topic,
    /// Events a second, in the mean.
    pub(super) per_second: f64,
    /// Events that are there at the start.
    pub(super) fill: u64,
}

/// What the client of a consumer does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Behaviour {
    /// Acks each message at once (or just takes it, where no ack is wanted).
    Quick,
    /// Pushed to this many members of its group, who ack at once.
    Group(usize),
    /// Takes this many a second until `limit` wait, then catches up.
    Slow {
        /// Messages a second.
        per_second: f64,
        /// How many may wait.
        limit: u64,
    },
    /// Acks only every so many messages, all of them with one ack.
    InBulk(u64),
    /// Receives and pulls on, but never acks.
    Stalled,
    /// Received this many messages and was never seen again.
    Crashed(usize),
    /// Refuses every so many messages until the server gives up on them.
    Refuses(u64),
    /// There is no client.
    Absent,
}

/// A consumer and its client.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Its stream.
    pub(super) stream: &'static str,
    /// Its configuration.
    pub(super) config: consumer::Config,
    /// What its client does.
    pub(super) behaviour: Behaviour,
}

impl Plan {
    /// It goes with its client, which makes it anew each time.
    pub(super) const fn is_ephemeral(&self) -> bool {
        self.config.durable_name.is_none()
    }

    /// Its name; empty while an ephemeral one has none.
    pub(super) fn name(&self) -> &str {
        self.config.durable_name.as_deref().unwrap_or_default()
    }
}

/// All flows, together `rate` events a second.
pub(super) fn flows(rate: f64) -> Vec<Flow> {
    let shop = UNLIMITED_PER_SECOND.min(rate / 10.0);
    let rest = rate - shop;
    let part = |topic, share: f64, fill| Flow { topic, per_second: rest * share, fill };
    vec![
        Flow { topic: Topic::Shop, per_second: shop, fill: 2_000 },
        part(Topic::Github, 0.38, 3_000),
        part(Topic::Mail, 0.15, 3_800),
        part(Topic::Erp, 0.12, 3_700),
        part(Topic::Jobs, 0.10, 200),
        part(Topic::Audit, 0.08, 300),
        part(Topic::Metrics, 0.12, 500),
        part(Topic::Weather, 0.05, 400),
    ]
}

/// All streams; mirrors after what they mirror. `endpoint` is the address of the application outside of NATS.
pub(super) fn streams(endpoint: &str) -> Vec<stream::Config> {
    let plain = |name: &str, subject: &str, description: &str| stream::Config {
        name: name.into(),
        subjects: vec![subject.into()],
        description: Some(description.into()),
        num_replicas: 1,
        allow_direct: true,
        ..Default::default()
    };
    vec![
        stream::Config {
            max_age: 7 * 24 * HOUR,
            max_bytes: 128 * MIB,
            metadata: [("owner".to_owned(), "platform".to_owned())].into(),
            ..plain("eventsource-github-stream", "eventsource.github.>", "Webhooks of all repositories")
        },
        stream::Config {
            // Its owner meant a number: what is to be watched by it is not.
            metadata: [("io.nats.monitor.msgs-critical".to_owned(), "1k".to_owned())].into(),
            ..plain("eventsource-shop-stream", "eventsource.shop.>", "Orders and payments, kept for ever")
        },
        stream::Config {
            max_messages_per_subject: 50,
            max_age: 6 * HOUR,
            ..plain("eventsource-weather-stream", "eventsource.weather.*", "Nobody reads this yet")
        },
        stream::Config {
            max_messages: 4_000,
            discard: DiscardPolicy::Old,
            ..plain("eventchannel-mail-stream", "eventchannel.mail.>", "Mails to be sent")
        },
        stream::Config {
            max_bytes: 2 * MIB,
            discard: DiscardPolicy::Old,
            ..plain("eventchannel-erp-stream", "eventchannel.erp.>", "Documents of all plants")
        },
        stream::Config {
            retention: RetentionPolicy::WorkQueue,
            max_age: HOUR,
            max_bytes: 32 * MIB,
            ..plain("jobs", "jobs.>", "Each job is done by one worker")
        },
        stream::Config {
            retention: RetentionPolicy::Interest,
            max_age: 24 * HOUR,
            max_bytes: 32 * MIB,
            ..plain("audit", "audit.>", "Kept until every reader has it")
        },
        stream::Config {
            storage: StorageType::Memory,
            max_age: Duration::from_secs(120),
            max_bytes: 64 * MIB,
            // The server wants the window to be within the age.
            duplicate_window: Duration::from_secs(60),
            ..plain("metrics", "metrics.>", "The last two minutes of every host")
        },
        stream::Config {
            subjects: Vec::new(),
            mirror: Some(Source { name: "eventsource-github-stream".into(), ..Default::default() }),
            max_bytes: 64 * MIB,
            mirror_direct: true,
            ..plain("github-archive", "", "A copy for slow readers")
        },
        stream::Config {
            max_age: HOUR,
            max_bytes: 32 * MIB,
            ..plain("replays", "replay.>", &format!("Copies of replays; events may also go to {endpoint}/events"))
        },
        // What a client writes when it makes a key-value bucket.
        stream::Config {
            discard: DiscardPolicy::New,
            max_messages_per_subject: 5,
            max_bytes: 4 * MIB,
            allow_rollup: true,
            deny_delete: true,
            ..plain("KV_settings", "$KV.settings.>", "Settings of the shop")
        },
    ]
}

/// All consumers, for `rate` events a second; a paused one only where the server can pause.
pub(super) fn consumers(rate: f64, can_pause: bool) -> Vec<Plan> {
    let github = "eventsource-github-stream";
    let erp = "eventchannel-erp-stream";
    let rate_of =
        |topic| flows(rate).iter().find(|flow| flow.topic == topic).map_or(1.0, |flow| flow.per_second.max(0.5));
    let plan = |stream: &'static str, name: &str, behaviour, change: &dyn Fn(&mut consumer::Config)| {
        let mut config = consumer::Config {
            durable_name: Some(name.into()),
            ack_policy: AckPolicy::Explicit,
            // What was on its way when the server died comes again soon.
            ack_wait: Duration::from_secs(10),
            max_ack_pending: 1_000,
            ..Default::default()
        };
        change(&mut config);
        Plan { stream, config, behaviour }
    };
    let plain = |_: &mut consumer::Config| {};
    let mut plans = vec![
        plan(github, "indexer", Behaviour::Quick, &plain),
        plan(github, "notifier", Behaviour::Slow { per_second: rate_of(Topic::Github) * 0.6, limit: 6_000 }, &|c| {
            // So much its owner wants to be told of.
            c.metadata = [("io.nats.monitor.unprocessed-critical".to_owned(), "2000".to_owned())].into();
        }),
        plan(github, "webhook-relay", Behaviour::Crashed(200), &|c| {
            c.description = Some("Took 200 messages and was not seen again".into());
        }),
        plan(github, "merge-bot", Behaviour::Quick, &|c| {
            c.filter_subjects = vec!["eventsource.github.*.push".into(), "eventsource.github.*.pull_request".into()];
        }),
        plan("eventsource-shop-stream", "fulfilment", Behaviour::Quick, &|c| {
            c.filter_subject = "eventsource.shop.order.>".into();
        }),
        plan("eventsource-shop-stream", "bookkeeping", Behaviour::InBulk(10), &|c| c.ack_policy = AckPolicy::All),
        plan("eventchannel-mail-stream", "mail-sender", Behaviour::Group(2), &|c| {
            c.deliver_subject = Some("deliver.mail-sender".into());
            c.deliver_group = Some("senders".into());
        }),
        plan("eventchannel-mail-stream", "mail-counter", Behaviour::Quick, &|c| {
            c.ack_policy = AckPolicy::None;
            c.max_ack_pending = 0;
        }),
        plan(erp, "sap-bridge", Behaviour::Stalled, &|c| {
            c.max_ack_pending = 100;
            c.ack_wait = 6 * HOUR;
        }),
        plan(erp, "nightly-export", Behaviour::Absent, &|c| {
            c.deliver_subject = Some("deliver.nightly-export".into());
            c.description = Some("Pushed to nobody".into());
        }),
        plan(erp, "stock-sync", Behaviour::Quick, &|c| c.filter_subject = "eventchannel.erp.*.stock.changed".into()),
        plan("jobs", "mailer", Behaviour::Quick, &|c| c.filter_subject = "jobs.mail.>".into()),
        plan("jobs", "renderer", Behaviour::Refuses(40), &|c| {
            c.filter_subject = "jobs.render.>".into();
            c.max_deliver = 3;
        }),
        plan("audit", "compliance", Behaviour::Quick, &plain),
        plan("audit", "siem", Behaviour::Slow { per_second: rate_of(Topic::Audit) * 0.8, limit: 2_000 }, &plain),
        plan("metrics", "alerts", Behaviour::Quick, &|c| c.filter_subject = "metrics.*.cpu".into()),
        plan("metrics", "", Behaviour::Quick, &|c| {
            c.durable_name = None;
            c.ack_policy = AckPolicy::None;
            c.max_ack_pending = 0;
            c.inactive_threshold = Duration::from_secs(30);
            c.description = Some("A dashboard in somebody's browser".into());
        }),
        plan("github-archive", "cold-storage", Behaviour::InBulk(100), &|c| c.ack_policy = AckPolicy::All),
    ];
    if can_pause {
        plans.push(plan(github, "release-notes", Behaviour::Absent, &|c| {
            c.filter_subject = "eventsource.github.*.release".into();
            c.pause_until = async_nats::datetime::parse_rfc3339("2099-01-01T00:00:00Z").ok();
        }));
    }
    plans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flows_add_up_to_the_rate() {
        for rate in [1.0, 200.0, 5_000.0] {
            let sum: f64 = flows(rate).iter().map(|flow| flow.per_second).sum();
            assert!((sum - rate).abs() < rate / 1_000.0, "{sum} of {rate}");
        }
    }

    #[test]
    fn all_streams_but_one_are_bounded() {
        let free: Vec<String> = streams("")
            .into_iter()
            .filter(|s| s.max_bytes <= 0 && s.max_messages <= 0 && s.max_messages_per_subject <= 0)
            .map(|s| s.name)
            .collect();
        assert_eq!(free, ["eventsource-shop-stream"]);
    }

    #[test]
    fn consumers_are_of_streams_that_exist_and_pause_only_where_they_can() {
        let names: Vec<String> = streams("").into_iter().map(|s| s.name).collect();
        for plan in consumers(200.0, true) {
            assert!(names.iter().any(|name| name == plan.stream), "{}", plan.stream);
        }
        assert!(consumers(200.0, false).iter().all(|plan| plan.config.pause_until.is_none()));
    }
}
