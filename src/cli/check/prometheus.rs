//! A check as metrics.

use std::time::Duration;

use crate::health::finding::{At, Tracked};
use crate::health::{Standing, State};
use crate::model::Timestamp;
use crate::model::check::{CheckDocument, CountsDocument};
use crate::model::lag::LagTime;

use super::super::sampling::terms;
use super::Checked;
use super::metrics::Metrics;

/// All states of a verdict.
const STATES: [State; 7] =
    [State::Ok, State::Paused, State::Unknown, State::Rewound, State::Behind, State::Stalled, State::Stopped];

/// What is told when nothing could be looked at.
pub(super) fn failed(took: Duration, at: Timestamp) -> String {
    let mut out = Metrics::default();
    about(&mut out, false, took, at);
    out.text()
}

/// The check itself.
fn about(out: &mut Metrics, success: bool, took: Duration, at: Timestamp) {
    out.plain("jetscope_check_success", "Whether the server could be asked: 1 or 0.", f64::from(u8::from(success)));
    out.plain("jetscope_check_timestamp_seconds", "When the check ended, in seconds since 1970.", seconds(at));
    out.plain("jetscope_check_duration_seconds", "How long the check took.", took.as_secs_f64());
}

fn seconds(at: Timestamp) -> f64 {
    // Milliseconds are as exact as it is.
    (at.0 / 1_000_000) as f64 / 1_000.0
}

/// Everything.
pub(super) fn metrics<F>(
    checked: &Checked,
    found: &[(At<'_>, &Tracked)],
    document: &CheckDocument<F>,
    took: Duration,
) -> String {
    let mut out = Metrics::default();
    about(&mut out, true, took, document.taken);
    let missing = document.partial.as_ref().map_or(0, |p| p.missing.len() + p.offline.len() + p.failed.len());
    out.plain(
        "jetscope_check_incomplete",
        "Questions that were not answered; 0 when everything was looked at.",
        missing as f64,
    );
    findings(&mut out, found, document.counts);
    streams(&mut out, checked, document);
    consumers(&mut out, checked);
    out.text()
}

fn findings(out: &mut Metrics, found: &[(At<'_>, &Tracked)], counts: CountsDocument) {
    let told = found.iter().filter(|(_, tracked)| !tracked.silenced).map(|(at, tracked)| {
        let labels = [
            ("name", tracked.rule.name()),
            ("severity", tracked.level.word()),
            ("stream", at.stream().unwrap_or_default()),
            ("consumer", at.consumer().unwrap_or_default()),
        ];
        (labels, 1.0)
    });
    out.gauge(
        "jetscope_finding",
        "Something that is wrong: 1 while it is. Stream and consumer are empty where it is about neither.",
        told,
    );
    let by_severity = [("critical", counts.critical), ("warning", counts.warning), ("notice", counts.notice)];
    out.gauge(
        "jetscope_findings",
        "How many findings there are, by severity.",
        by_severity.map(|(severity, n)| ([("severity", severity)], n as f64)),
    );
    out.plain("jetscope_findings_silenced", "Findings that the configuration silences.", counts.silenced as f64);
}

fn streams<F>(out: &mut Metrics, checked: &Checked, document: &CheckDocument<F>) {
    let only = document.stream.as_deref();
    let all: Vec<_> = checked
        .headless
        .catalog
        .streams
        .iter()
        .filter(|(name, _)| only.is_none_or(|pattern| crate::model::glob::fits(pattern, name)))
        .filter_map(|(name, entry)| Some((name.as_str(), entry.info.as_deref()?, entry)))
        .collect();
    let mut each = |name: &str, help: &str, value: &dyn Fn(&crate::model::Stream) -> Option<f64>| {
        let series: Vec<_> =
            all.iter().filter_map(|(stream, info, _)| Some(([("stream", *stream)], value(info)?))).collect();
        out.gauge(name, help, series);
    };
    each("jetscope_stream_messages", "Messages that a stream holds.", &|s| Some(s.state.messages as f64));
    each("jetscope_stream_bytes", "Bytes that a stream holds.", &|s| Some(s.state.bytes as f64));
    each(
        "jetscope_stream_last_sequence",
        "The last sequence of a stream: grows by one with each message that is stored.",
        &|s| Some(s.state.last_seq as f64),
    );
    each("jetscope_stream_consumers", "Consumers of a stream.", &|s| Some(s.state.consumers as f64));
    each(
        "jetscope_stream_full_ratio",
        "How much of the tightest limit (messages, bytes) of a stream is used, 0 to 1.",
        &|s| s.fullness().map(|full| full.ratio),
    );
}

fn consumers(out: &mut Metrics, checked: &Checked) {
    let catalog = &checked.headless.catalog;
    let terms = terms(&checked.headless);
    let all: Vec<_> = checked
        .round
        .told
        .iter()
        .filter_map(|(stream, name)| {
            let entry = catalog.consumer(stream, name)?;
            Some(([("stream", stream), ("consumer", name)], entry, entry.info.as_deref()?))
        })
        .collect();
    let mut each = |name: &str, help: &str, value: &dyn Fn(&crate::model::Consumer) -> f64| {
        out.gauge(name, help, all.iter().map(|(labels, _, info)| (*labels, value(info))).collect::<Vec<_>>());
    };
    each("jetscope_consumer_outstanding", "Messages that are not delivered or not acked.", &|c| c.outstanding() as f64);
    each("jetscope_consumer_pending", "Messages that are not delivered yet.", &|c| c.pending as f64);
    each("jetscope_consumer_ack_pending", "Messages that are delivered and not acked.", &|c| c.ack_pending as f64);
    each("jetscope_consumer_redelivered", "Messages that were delivered more than once and not acked.", &|c| {
        c.redelivered as f64
    });
    each("jetscope_consumer_waiting_pulls", "Pull requests that are open.", &|c| c.waiting as f64);
    let lag = all.iter().filter_map(|(labels, entry, _)| match entry.lag_time(terms.now) {
        LagTime::Nothing => Some((*labels, 0.0)),
        known => Some((*labels, known.age()?.as_secs_f64())),
    });
    out.gauge(
        "jetscope_consumer_lag_seconds",
        "Age of the oldest message that is not acked; 0 where nothing is outstanding, no series where it could not be read.",
        lag.collect::<Vec<_>>(),
    );
    let verdicts = all.iter().flat_map(|([stream, consumer], entry, _)| {
        let state = Standing::of(entry, &terms).verdict().map_or(State::Unknown, |verdict| verdict.state);
        STATES.map(|of| ([*stream, *consumer, ("verdict", of.word())], f64::from(u8::from(of == state))))
    });
    out.gauge(
        "jetscope_consumer_verdict",
        "The verdict on a consumer: 1 for the one that holds, 0 for the others.",
        verdicts.collect::<Vec<_>>(),
    );
}
