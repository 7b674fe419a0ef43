//! The command of the `nats` CLI that asks the same as a request, ready for a shell. Where the CLI has no command of its
//! own, or one that would not ask exactly this, it is `nats request` with the subject and the body.
//!
//! In a list the connection is left out where it is the one that is used here: all lines would begin with it. What is
//! copied has it, since it may be run where another one is selected.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::app::Session;
use crate::model::Request;
use crate::model::request::{Act, Verb};
use crate::model::shell::{command_line, shell_word};

/// A command line in the making.
struct Line {
    /// `nats`, options for all commands, and the command.
    verb: String,
    /// Raw.
    names: Vec<String>,
    /// What comes behind the names.
    options: String,
}

impl Line {
    /// `nats`, and how the server is reached that was asked.
    fn new(request: &Request, here: Here<'_>) -> Self {
        let mut line = Self { verb: "nats".into(), names: Vec::new(), options: String::new() };
        match request.context.as_deref() {
            Some(of) if here.context != Some(of) => {
                line.option("--context", of);
            }
            _ => {
                for (option, value) in here.reach {
                    if value.is_empty() {
                        line.words(option)
                    } else {
                        line.option(option, value)
                    };
                }
            }
        }
        line
    }

    /// Words as they are.
    fn words(&mut self, words: &str) -> &mut Self {
        let to = if self.names.is_empty() { &mut self.verb } else { &mut self.options };
        if !to.is_empty() {
            to.push(' ');
        }
        to.push_str(words);
        self
    }

    /// A name or another argument that is no option.
    fn name(&mut self, name: &str) -> &mut Self {
        self.names.push(name.to_owned());
        self
    }

    fn option(&mut self, name: &str, value: &str) -> &mut Self {
        // Behind a space it would be taken for the next option.
        let sign = if value.starts_with('-') { '=' } else { ' ' };
        self.words(&format!("{name}{sign}{}", shell_word(value)))
    }

    fn whole(&self) -> String {
        command_line(&self.verb, &self.names.iter().map(String::as_str).collect::<Vec<_>>(), &self.options)
    }

    /// What the CLI has to be told of the API's prefix.
    fn prefix(&mut self, request: &Request) -> &mut Self {
        let prefix = request.subject.get(..request.prefix).unwrap_or_default();
        match prefix.strip_prefix("$JS.").and_then(|rest| rest.strip_suffix(".API")) {
            Some(domain) => self.option("--js-domain", domain),
            None if prefix == "$JS.API" => self,
            None => self.option("--js-api-prefix", prefix),
        }
    }
}

/// The connection that is used here.
#[derive(Clone, Copy, Debug, Default)]
struct Here<'a> {
    /// Its name, where it is a saved one.
    context: Option<&'a str>,
    /// How the CLI reaches it; nothing where that is not said.
    reach: &'a [(&'static str, String)],
}

/// The command in short: without the connection where it is the one of this session.
pub fn short(request: &Request, session: &Session) -> String {
    command(request, Here { context: session.context.as_deref(), reach: &[] })
}

/// The command as it does the same in any shell, but for a user, password or token.
pub fn whole(request: &Request, session: &Session) -> String {
    command(request, Here { context: session.context.as_deref(), reach: &session.reach })
}

fn command(request: &Request, here: Here<'_>) -> String {
    match request.act {
        Act::Subscribe => {
            let mut line = Line::new(request, here);
            return line.words("sub").name(&request.subject).whole();
        }
        // Bodies are not kept: a shell that finds no such file publishes nothing.
        Act::Publish { .. } => {
            let mut line = Line::new(request, here);
            return line.words("pub").name(&request.subject).words("--force-stdin < BODY").whole();
        }
        Act::Ask | Act::Send => {}
    }
    let own = own(request, here);
    own.unwrap_or_else(|| {
        let mut line = Line::new(request, here);
        let body = String::from_utf8_lossy(&request.body);
        line.words("request").name(&request.subject).name(&body).whole()
    })
}

/// The command that the CLI has for it.
fn own(request: &Request, here: Here<'_>) -> Option<String> {
    let (verb, stream, consumer) = request.asks();
    let body: Map<String, Value> = match &*request.body {
        b"" => Map::new(),
        body => serde_json::from_slice(body).ok()?,
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let only = |names: &[&str]| body.keys().all(|name| names.contains(&name.as_str()));
    let mut line = Line::new(request, here);
    line.prefix(request);
    match (verb, stream, consumer) {
        (Verb::Account, ..) if body.is_empty() => line.words("account info"),
        // The CLI reads all pages.
        (Verb::StreamList, ..) if only(&["offset"]) => line.words("stream ls --all"),
        (Verb::StreamNames, ..) if only(&["offset"]) => line.words("stream ls --all --names"),
        (Verb::StreamNames, ..) if only(&["offset", "subject"]) => {
            line.words("stream ls --all --names").option("--subject", text("subject")?)
        }
        (Verb::Stream, Some(stream), _) if body.is_empty() => line.words("stream info").name(stream),
        (Verb::Stream, Some(stream), _) if only(&["subjects_filter", "offset"]) => {
            line.words("stream subjects").name(stream);
            match text("subjects_filter")? {
                ">" => &mut line,
                filter => line.name(filter),
            }
        }
        (Verb::ConsumerList, Some(stream), _) if only(&["offset"]) => line.words("consumer ls").name(stream),
        (Verb::Consumer, Some(stream), Some(consumer)) if body.is_empty() => {
            line.words("consumer info").name(stream).name(consumer)
        }
        (Verb::Message, Some(stream), _) if only(&["seq"]) => {
            let seq = body.get("seq")?.as_u64()?;
            line.words("stream get").name(stream).name(&seq.to_string())
        }
        (Verb::Next, Some(stream), Some(consumer)) => {
            let count = body.get("batch")?.as_u64()?;
            line.words("consumer next").name(stream).name(consumer);
            line.words(&format!("--count {count} --no-ack"))
        }
        (Verb::Create, Some(stream), Some(consumer)) => {
            line.words("consumer add").name(stream).name(consumer);
            let config = body.get("config")?.as_object()?;
            if !options(&mut line, config, consumer)? {
                return None;
            }
            &mut line
        }
        (Verb::Delete, Some(stream), Some(consumer)) if body.is_empty() => {
            line.words("consumer rm").name(stream).name(consumer).words("--force")
        }
        _ => return None,
    };
    Some(line.whole())
}

/// The options for a consumer as this program makes its own ones; false where there is more to it.
fn options(line: &mut Line, config: &Map<String, Value>, consumer: &str) -> Option<bool> {
    if config.get("name").and_then(Value::as_str) != Some(consumer) {
        return Some(false);
    }
    line.words("--ephemeral --pull");
    for (name, value) in config {
        match (name.as_str(), value) {
            // The sequence belongs to the policy.
            ("name" | "opt_start_seq", _) => {}
            ("deliver_policy", Value::String(policy)) if policy == "by_start_sequence" => {
                line.words(&format!("--deliver {}", config.get("opt_start_seq")?.as_u64()?));
            }
            ("ack_policy", Value::String(policy)) => {
                line.option("--ack", policy);
            }
            ("replay_policy", Value::String(policy)) => {
                line.option("--replay", policy);
            }
            ("description", Value::String(text)) => {
                line.option("--description", text);
            }
            ("filter_subject", Value::String(filter)) => {
                line.option("--filter", filter);
            }
            ("filter_subjects", Value::Array(filters)) => {
                for filter in filters {
                    line.option("--filter", filter.as_str()?);
                }
            }
            ("inactive_threshold", Value::Number(nanos)) => {
                let nanos = nanos.as_u64()?;
                let whole = nanos.is_multiple_of(1_000_000_000);
                let span = if whole { format!("{}s", nanos / 1_000_000_000) } else { format!("{nanos}ns") };
                line.words(&format!("--inactive-threshold {span}"));
            }
            ("num_replicas", Value::Number(n)) => {
                line.words(&format!("--replicas {n}"));
            }
            ("mem_storage", Value::Bool(true)) => {
                line.words("--memory");
            }
            ("metadata", Value::Object(metadata)) => {
                for (key, value) in metadata {
                    let mut pair = String::new();
                    let _ = write!(pair, "{key}={}", value.as_str()?);
                    line.option("--metadata", &pair);
                }
            }
            _ => return Some(false),
        }
    }
    line.words("--defaults");
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::request::Outcome;

    fn request(act: Act, prefix: &str, rest: &str, body: &str) -> Request {
        let dot = if prefix.is_empty() { "" } else { "." };
        Request {
            at: Timestamp(0),
            act,
            subject: format!("{prefix}{dot}{rest}").into(),
            prefix: prefix.len(),
            body: body.to_owned().into(),
            took: None,
            reply: None,
            outcome: Outcome::Done,
            context: None,
        }
    }

    #[test]
    fn lines_ask_the_same() {
        for (rest, body, line) in [
            ("INFO", "", "nats account info"),
            ("STREAM.LIST", r#"{"offset":256}"#, "nats stream ls --all"),
            ("STREAM.NAMES", r#"{"subject":"a.>"}"#, "nats stream ls --all --names --subject 'a.>'"),
            ("STREAM.INFO.orders", "", "nats stream info orders"),
            ("STREAM.INFO.it's$x", "", r"nats stream info 'it'\''s$x'"),
            ("STREAM.INFO.S", r#"{"subjects_filter":">","offset":0}"#, "nats stream subjects S"),
            ("STREAM.INFO.S", r#"{"subjects_filter":"a.*","offset":0}"#, "nats stream subjects S 'a.*'"),
            (
                "STREAM.INFO.S",
                r#"{"deleted_details":true}"#,
                r#"nats request '$JS.API.STREAM.INFO.S' '{"deleted_details":true}'"#,
            ),
            ("CONSUMER.LIST.S", "", "nats consumer ls S"),
            ("CONSUMER.INFO.S.c", "", "nats consumer info S c"),
            ("CONSUMER.INFO.S.c\u{1b}[2J", "", r"nats consumer info S $'c\U0000001b[2J'"),
            ("STREAM.MSG.GET.S", r#"{"seq":12}"#, "nats stream get S 12"),
            (
                "STREAM.MSG.GET.S",
                r#"{"seq":12,"next_by_subj":"it's.>"}"#,
                r#"nats request '$JS.API.STREAM.MSG.GET.S' '{"seq":12,"next_by_subj":"it'\''s.>"}'"#,
            ),
            (
                "CONSUMER.MSG.NEXT.S.jetscope-tail-x",
                r#"{"batch":2000,"expires":10}"#,
                "nats consumer next S jetscope-tail-x --count 2000 --no-ack",
            ),
            (
                "CONSUMER.CREATE.S.jetscope-tail-x",
                concat!(
                    r#"{"stream_name":"S","action":"create","config":{"name":"jetscope-tail-x","ack_policy":"none","#,
                    r#""deliver_policy":"by_start_sequence","opt_start_seq":451,"replay_policy":"instant","#,
                    r#""inactive_threshold":30000000000,"num_replicas":1,"mem_storage":true,"filter_subjects":["a.*","b"],"#,
                    r#""metadata":{"io.jetscope":"tail"}}}"#
                ),
                "nats consumer add S jetscope-tail-x --ephemeral --pull --ack none --deliver 451 --replay instant \
                 --inactive-threshold 30s --replicas 1 --memory --filter 'a.*' --filter b \
                 --metadata io.jetscope=tail --defaults",
            ),
            (
                "CONSUMER.CREATE.S.c",
                r#"{"stream_name":"S","config":{"durable_name":"c","backoff":[1,2]}}"#,
                r#"nats request '$JS.API.CONSUMER.CREATE.S.c' '{"stream_name":"S","config":{"durable_name":"c","backoff":[1,2]}}'"#,
            ),
            ("CONSUMER.DELETE.S.c", "", "nats consumer rm S c --force"),
            // Quotes do not keep a name from being an option.
            ("STREAM.INFO.--force", "", "nats stream info -- '--force'"),
            ("CONSUMER.DELETE.-s.c", "", "nats consumer rm --force -- '-s' c"),
            ("CONSUMER.INFO.S.-c\u{1b}[2J", "", r"nats consumer info -- S $'-c\U0000001b[2J'"),
            ("STREAM.NAMES", r#"{"subject":"-a.>"}"#, "nats stream ls --all --names --subject='-a.>'"),
            ("STREAM.MSG.GET.--all", r#"{"seq":12}"#, "nats stream get -- '--all' 12"),
            (
                "CONSUMER.MSG.NEXT.S.--ack",
                r#"{"batch":2000,"expires":10}"#,
                "nats consumer next --count 2000 --no-ack -- S '--ack'",
            ),
            ("CONSUMER.RESET.S.c", r#"{"seq":30}"#, r#"nats request '$JS.API.CONSUMER.RESET.S.c' '{"seq":30}'"#),
            ("SOMETHING.NEW", "", "nats request '$JS.API.SOMETHING.NEW' ''"),
        ] {
            assert_eq!(command(&request(Act::Ask, "$JS.API", rest, body), Here::default()), line, "{rest}");
        }
    }

    #[test]
    fn other_prefixes_and_other_connections_are_said() {
        let asks = |prefix| request(Act::Ask, prefix, "STREAM.INFO.S", "");
        assert_eq!(command(&asks("$JS.hub.API"), Here::default()), "nats --js-domain hub stream info S");
        assert_eq!(command(&asks("JSAPP.API"), Here::default()), "nats --js-api-prefix JSAPP.API stream info S");
        let reset = request(Act::Ask, "$JS.hub.API", "CONSUMER.RESET.S.c", "{}");
        assert_eq!(command(&reset, Here::default()), "nats request '$JS.hub.API.CONSUMER.RESET.S.c' '{}'");
        let with = Request { context: Some("prod eu".into()), ..asks("$JS.API") };
        let reach = [("--context", "prod eu".to_owned()), ("--tlsfirst", String::new())].to_vec();
        let session =
            |of: Option<&str>| Session { context: of.map(str::to_owned), reach: reach.clone(), ..Session::default() };
        let told = |request: &Request, of| (short(request, &session(of)), whole(request, &session(of)));
        let both = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let here = "nats --context 'prod eu' --tlsfirst stream info S";
        assert_eq!(told(&with, Some("prod eu")), both("nats stream info S", here));
        let other = "nats --context 'prod eu' stream info S";
        assert_eq!(told(&with, Some("dev")), both(other, other));
        assert_eq!(told(&with, None), both(other, other));
        assert_eq!(told(&asks("$JS.API"), None), both("nats stream info S", here), "before the domain, as all options");
        let hub = "nats --context 'prod eu' --tlsfirst --js-domain hub stream info S";
        assert_eq!(told(&asks("$JS.hub.API"), None).1, hub);
    }

    #[test]
    fn what_is_no_question() {
        let subscribed = request(Act::Subscribe, "", "$JS.EVENT.ADVISORY.STREAM.>", "");
        assert_eq!(command(&subscribed, Here::default()), "nats sub '$JS.EVENT.ADVISORY.STREAM.>'");
        let published = request(Act::Publish { publisher: 1, messages: 9, bytes: 90 }, "", "replay.$x", "");
        assert_eq!(command(&published, Here::default()), "nats pub 'replay.$x' --force-stdin < BODY");
        let published = request(Act::Publish { publisher: 1, messages: 9, bytes: 90 }, "", "-x", "");
        assert_eq!(command(&published, Here::default()), "nats pub --force-stdin < BODY -- '-x'");
    }
}
