//! The consumers that a tail makes: ephemeral, in memory, acking nothing.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use crate::event::clean_line;
use crate::model::Problem;
use crate::model::consumer::{OWN_METADATA, OWN_PREFIX};
use crate::nats::Client;
use crate::nats::ask::read;
use crate::nats::question::token;

use super::plan::Plan;
use super::search::Search;

/// How long making a consumer may take; on a large stream the server counts what matches.
const CREATE_LIMIT: Duration = Duration::from_secs(5);

/// What the server says of a consumer that it made.
#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) name: String,
    #[serde(default)]
    pub(super) num_pending: u64,
}

/// Makes an ephemeral consumer that acks nothing and lives in memory.
pub(super) async fn create(plan: &Plan, from: u64, inactive: Duration) -> Result<Created, Problem> {
    let (client, stream) = (plan.api.client(), token("stream", &plan.spec.stream)?);
    let words = format!("reading stream {}", clean_line(stream));
    let name = format!("{OWN_PREFIX}{}", client.nats().new_inbox().rsplit('.').next().unwrap_or("x"));
    let mut config = json!({
        "name": name,
        "description": "a reader of jetscope; the server drops it when nobody reads",
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": from.max(1),
        "ack_policy": "none",
        "replay_policy": "instant",
        "inactive_threshold": inactive.as_nanos() as u64,
        "num_replicas": 1,
        "mem_storage": true,
        "metadata": {OWN_METADATA: "tail"},
    });
    match plan.spec.subjects.as_slice() {
        [] => {}
        [one] => config["filter_subject"] = one.clone().into(),
        several => config["filter_subjects"] = several.into(),
    }
    let body = json!({"stream_name": stream, "config": config, "action": "create"});
    let subject = format!("{}.CONSUMER.CREATE.{stream}.{name}", client.prefix);
    let reply = plan.api.ask_raw(&words, subject, body.to_string(), CREATE_LIMIT).await?;
    read(&reply, &words)
}

/// Takes one away.
pub(super) async fn delete(client: &Client, stream: &str, consumer: &str) {
    let subject = format!("{}.CONSUMER.DELETE.{stream}.{consumer}", client.prefix);
    client.note_sent(&subject, &Bytes::new());
    // Nobody waits for the answer.
    let _ = client.nats().publish(subject, "".into()).await;
}

/// A sequence from which on at least so many messages match, and how many too many, which are few. The server counts
/// what matches when a consumer is made, so some are made and dropped: each takes it milliseconds, so they are few
/// as well.
pub(super) async fn nth_last(plan: &Plan, first: u64, last: u64, n: u64) -> Result<(u64, u64), Problem> {
    let span = (last + 1).saturating_sub(first);
    let mut search = Search::new(n, span);
    loop {
        let from = last + 1 - search.width;
        let Created { name, num_pending } = create(plan, from, Duration::from_secs(5)).await?;
        delete(plan.api.client(), &plan.spec.stream, &name).await;
        if let Some((width, surplus)) = search.counted(num_pending) {
            return Ok((last + 1 - width, surplus));
        }
    }
}
