//! The requests of a reposition: what reads a consumer with all of its configuration, and what writes. A [`Hand`]
//! can write to one consumer only, the one that its permit names.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::event::clean_line;
use crate::model::{Consumer, Problem, ProblemKind, Stream, Timestamp};
use crate::nats::Api;
use crate::nats::ask::{now, read};
use crate::nats::gate::{Permit, Write};
use crate::nats::question::token;

/// How long an answer may take. What a server does not know, and a consumer that is gone, is never answered.
const LIMIT: Duration = Duration::from_secs(2);
/// How long making a consumer may take; on a large stream the server counts what matches.
const CREATE_LIMIT: Duration = Duration::from_secs(5);

/// A consumer as the server described it, with its configuration word for word.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) consumer: Consumer,
    pub(super) config: Map<String, Value>,
    /// By how many nanoseconds the server's clock is ahead of ours.
    pub(super) ahead: i64,
}

impl Seen {
    /// The sequence that the consumer may not be reset below.
    pub(super) fn start_seq(&self) -> Option<u64> {
        self.config.get("opt_start_seq").and_then(Value::as_u64)
    }

    /// The time that the consumer may not be reset below.
    pub(super) fn start_time(&self) -> Option<Timestamp> {
        self.config.get("opt_start_time").and_then(Value::as_str).and_then(Timestamp::parse_server)
    }

    /// How long after a delivery an ack may still come.
    pub(super) fn ack_wait(&self) -> Duration {
        let backoff = self.config.get("backoff").and_then(Value::as_array).into_iter().flatten();
        let longest = backoff.filter_map(Value::as_u64).max().map(Duration::from_nanos);
        let wait = self.consumer.config.ack_wait.unwrap_or(Duration::from_secs(30));
        longest.map_or(wait, |longest| longest.max(wait))
    }
}

impl Api {
    /// A consumer with its whole configuration.
    pub(super) async fn seen(&self, stream: &str, consumer: &str) -> Result<Seen, Problem> {
        let asked = now();
        let (read_as, text) = self.consumer_json(stream, consumer).await?;
        let middle = Timestamp(asked.0.midpoint(now().0));
        let mut value: Map<String, Value> = serde_json::from_str(&text).unwrap_or_default();
        let server = value.get("ts").and_then(Value::as_str).and_then(Timestamp::parse_server);
        let config = match value.remove("config") {
            Some(Value::Object(config)) => config,
            _ => Map::new(),
        };
        let ahead = server.map_or(0, |server| server.0.saturating_sub(middle.0));
        Ok(Seen { consumer: read_as, config, ahead })
    }
}

/// Writes to one consumer.
#[derive(Debug)]
pub(super) struct Hand {
    pub(super) api: Api,
    _permit: Permit,
    pub(super) stream: String,
    pub(super) consumer: String,
}

#[derive(Deserialize)]
struct Paused {
    #[serde(default)]
    paused: bool,
}

impl Hand {
    /// The hand that this permit allows; none where it is for something else.
    pub(super) fn new(api: Api, permit: Permit) -> Option<Self> {
        let Write::Reposition { stream, consumer } = permit.write() else { return None };
        let (stream, consumer) = (stream.clone(), consumer.clone());
        Some(Self { api, _permit: permit, stream, consumer })
    }

    /// The consumer as it is now.
    pub(super) async fn seen(&self) -> Result<Seen, Problem> {
        self.api.seen(&self.stream, &self.consumer).await
    }

    /// The consumer as it is now, without its whole configuration.
    pub(super) async fn look(&self) -> Result<Consumer, Problem> {
        self.api.consumer(&self.stream, &self.consumer).await
    }

    /// The stream as it is now.
    pub(super) async fn stream(&self) -> Result<Stream, Problem> {
        self.api.stream(&self.stream).await
    }

    /// Pauses the consumer until a time of the server's clock; says whether it is paused now.
    pub(super) async fn pause(&self, until: Timestamp) -> Result<bool, Problem> {
        let reply = self.ask("pausing", "PAUSE", json!({"pause_until": until.to_string()}), LIMIT, "2.11").await?;
        Ok(read::<Paused>(&reply, &self.words("pausing"))?.paused)
    }

    /// Moves the consumer.
    pub(super) async fn reset(&self, seq: u64) -> Result<(), Problem> {
        let answer = self.ask("moving", "RESET", json!({"seq": seq}), LIMIT, "2.14").await;
        answer.map(drop).map_err(|problem| match problem.kind {
            ProblemKind::Server { code: 10204 } => Problem::new(
                problem.kind,
                format!(
                    "{}; the server does not move a consumer with deliver policy new, last or last_per_subject, nor one \
                     to before the place that it was made to start at; deleting it and making it again (--recreate) does",
                    problem.sentence
                ),
            ),
            _ => problem,
        })
    }

    /// Deletes the consumer.
    pub(super) async fn delete(&self) -> Result<(), Problem> {
        self.ask("deleting", "DELETE", Value::Null, LIMIT, "").await.map(drop)
    }

    /// Makes the consumer with this configuration; it must not be there.
    pub(super) async fn create(&self, config: &Map<String, Value>) -> Result<(), Problem> {
        let body = json!({"stream_name": self.stream, "config": config, "action": "create"});
        self.ask("making", "CREATE", body, CREATE_LIMIT, "").await.map(drop)
    }

    fn words(&self, doing: &str) -> String {
        format!("{doing} consumer {} of stream {}", clean_line(&self.consumer), clean_line(&self.stream))
    }

    async fn ask(
        &self,
        doing: &str,
        verb: &str,
        body: Value,
        limit: Duration,
        since: &str,
    ) -> Result<bytes::Bytes, Problem> {
        let words = self.words(doing);
        let (stream, consumer) = (token("stream", &self.stream)?, token("consumer", &self.consumer)?);
        let subject = format!("{}.CONSUMER.{verb}.{stream}.{consumer}", self.api.client().prefix);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.api.ask_raw(&words, subject, body, limit).await.map_err(|problem| match problem.kind {
            ProblemKind::Timeout if !since.is_empty() => Problem::new(
                problem.kind,
                format!(
                    "{words}: no answer within {} s; a server older than {since} does not answer this, and nobody \
                     answers for a consumer that is gone",
                    limit.as_secs()
                ),
            ),
            _ => problem,
        })
    }
}

/// The configuration of a consumer that goes on at this sequence. The server's own notes in the metadata are left
/// out, and a pause that is over.
pub(super) fn config_at(
    config: &Map<String, Value>,
    start: Start,
    paused_until: Option<Timestamp>,
) -> Map<String, Value> {
    let mut config = config.clone();
    for name in ["opt_start_seq", "opt_start_time", "pause_until"] {
        config.remove(name);
    }
    match start {
        Start::All => {
            config.insert("deliver_policy".into(), "all".into());
        }
        Start::At(seq) => {
            config.insert("deliver_policy".into(), "by_start_sequence".into());
            config.insert("opt_start_seq".into(), seq.into());
        }
    }
    if let Some(until) = paused_until {
        config.insert("pause_until".into(), until.to_string().into());
    }
    if let Some(Value::Object(metadata)) = config.get_mut("metadata") {
        metadata.retain(|name, _| !name.starts_with("_nats."));
    }
    config
}

/// Where a consumer that is made begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// At the first message; all that a work queue takes.
    All,
    /// At this sequence.
    At(u64),
}

/// Whether a version (`2.14.0`, `2.15.0-dev`) is this one or newer; one that cannot be read is not.
pub(super) fn is_at_least(version: &str, wanted: (u32, u32)) -> bool {
    let mut parts = version.trim_start_matches('v').split(['.', '-']).map(str::parse::<u32>);
    matches!((parts.next(), parts.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, at_least) in [
            ("2.14.0", true),
            ("2.15.1", true),
            ("3.0.0", true),
            ("2.14.0-RC.1", true),
            ("2.9.25", false),
            ("dev", false),
        ] {
            assert_eq!(is_at_least(version, (2, 14)), at_least, "{version}");
        }
    }

    #[test]
    fn a_consumer_that_is_made_again_is_the_same_but_for_its_start() {
        let config = json!({"durable_name": "c", "deliver_policy": "by_start_time", "opt_start_time": "x", "ack_wait": 5,
            "pause_until": "y", "metadata": {"_nats.ver": "2.15.1", "owner": "me"}});
        let Value::Object(config) = config else { unreachable!() };
        let made = config_at(&config, Start::At(7), None);
        assert_eq!(
            Value::Object(made),
            json!({"durable_name": "c", "deliver_policy": "by_start_sequence", "ack_wait": 5, "metadata": {"owner": "me"},
            "opt_start_seq": 7})
        );
        let all = config_at(&config, Start::All, Some(Timestamp::from_secs(0)));
        assert_eq!((&all["deliver_policy"], &all["pause_until"]), (&json!("all"), &json!("1970-01-01T00:00:00Z")));
    }
}
