//! What a request is about, in words.

use serde_json::{Map, Value};

use crate::event::clean_line;
use crate::model::Request;
use crate::model::request::{Act, Verb};
use crate::model::units::{count_exact, duration};

/// What is asked for, in words; harmless.
pub fn words(request: &Request) -> String {
    words_with(request, |stream| stream)
}

/// The same with other names for streams, such as their short ones.
pub fn words_with<'n>(request: &'n Request, name: impl Fn(&'n str) -> &'n str) -> String {
    let (verb, stream, consumer) = request.asks();
    clean_line(&raw(request, (verb, stream.map(name), consumer))).into_owned()
}

/// The same of requests that share a row since there are too many different ones.
pub const fn words_of_rest(verb: Verb) -> &'static str {
    match verb {
        Verb::Stream => "streams, each for itself, that have no row here",
        Verb::ConsumerList => "the consumers of streams that have no row here",
        Verb::Consumer => "consumers, each for itself, that have no row here",
        Verb::Message => "messages of streams that have no row here",
        Verb::Next => "the next messages of readers that have no row here",
        _ => "requests that have no row here",
    }
}

fn raw(request: &Request, asks: (Verb, Option<&str>, Option<&str>)) -> String {
    match &request.act {
        Act::Subscribe => return format!("subscribed to {}", request.subject),
        Act::Publish { messages: 1, .. } => return format!("published 1 message: {}", request.subject),
        Act::Publish { messages, .. } => {
            return format!("published {} messages, such as {}", count_exact(*messages), request.subject);
        }
        Act::Ask | Act::Send => {}
    }
    let body: Map<String, Value> = serde_json::from_slice(&request.body).unwrap_or_default();
    let number = |name: &str| body.get(name).and_then(Value::as_u64);
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let page = || number("offset").filter(|n| *n > 0).map(|n| format!(", from the {}th on", n + 1)).unwrap_or_default();
    match asks {
        (Verb::Account, ..) => "the account's usage".into(),
        (Verb::StreamList, ..) => format!("the list of streams{}", page()),
        (Verb::StreamNames, ..) => match text("subject") {
            Some(subject) => format!("the streams that take {subject}"),
            None => format!("the names of the streams{}", page()),
        },
        (Verb::Stream, Some(stream), _) => match text("subjects_filter") {
            Some(">") => format!("the subjects of stream {stream}"),
            Some(filter) => format!("the subjects {filter} of stream {stream}"),
            None if body.contains_key("deleted_details") => format!("what is deleted in stream {stream}"),
            None => format!("stream {stream}"),
        },
        (Verb::ConsumerList, Some(stream), _) => format!("the consumers of stream {stream}{}", page()),
        (Verb::Consumer, Some(stream), Some(consumer)) => format!("consumer {consumer} of {stream}"),
        (Verb::Message, Some(stream), _) => match (number("seq"), text("next_by_subj")) {
            (Some(seq), None) => format!("message #{seq} of stream {stream}"),
            (Some(seq), Some(">")) => format!("the first message of stream {stream} from #{seq} on"),
            (Some(seq), Some(subject)) => format!("the first message of stream {stream} from #{seq} on with {subject}"),
            _ => format!("a message of stream {stream}"),
        },
        (Verb::Next, Some(stream), Some(_)) => match number("batch") {
            Some(n) => format!("up to {} more messages for a reader of {stream}", count_exact(n)),
            None => format!("more messages for a reader of {stream}"),
        },
        (Verb::Create, Some(stream), Some(consumer)) => format!("make consumer {consumer} of {stream}"),
        (Verb::Delete, Some(stream), Some(consumer)) => format!("delete consumer {consumer} of {stream}"),
        (Verb::Pause, Some(stream), Some(consumer)) => match text("pause_until") {
            Some(until) => format!("pause consumer {consumer} of {stream} until {until}"),
            None => format!("resume consumer {consumer} of {stream}"),
        },
        (Verb::Reset, Some(stream), Some(consumer)) => match number("seq") {
            Some(seq) => format!("move consumer {consumer} of {stream} to #{seq}"),
            None => format!("move consumer {consumer} of {stream} back to its ack floor"),
        },
        _ => format!("request to {}", request.subject),
    }
}

/// How long an answer took: in milliseconds with as many digits as mean something.
pub fn milliseconds(took: std::time::Duration) -> String {
    let ms = took.as_secs_f64() * 1_000.0;
    if ms < 9.95 {
        format!("{ms:.1}ms")
    } else if ms < 9_999.5 {
        format!("{ms:.0}ms")
    } else {
        duration(took)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::request::Outcome;

    #[test]
    fn requests_in_words() {
        for (rest, body, expected) in [
            ("STREAM.LIST", r#"{"offset":0}"#, "the list of streams"),
            ("STREAM.LIST", r#"{"offset":256}"#, "the list of streams, from the 257th on"),
            ("STREAM.INFO.S", "", "stream S"),
            ("STREAM.INFO.S", r#"{"subjects_filter":">","offset":0}"#, "the subjects of stream S"),
            ("CONSUMER.INFO.S.c\u{7}", "", "consumer c␇ of S"),
            ("STREAM.MSG.GET.S", r#"{"seq":12}"#, "message #12 of stream S"),
            (
                "STREAM.MSG.GET.S",
                r#"{"seq":12,"next_by_subj":"a.>"}"#,
                "the first message of stream S from #12 on with a.>",
            ),
            ("CONSUMER.MSG.NEXT.S.c", r#"{"batch":2000}"#, "up to 2,000 more messages for a reader of S"),
            ("CONSUMER.RESET.S.c", r#"{"seq":30}"#, "move consumer c of S to #30"),
            (
                "CONSUMER.PAUSE.S.c",
                r#"{"pause_until":"2026-11-20T14:00:00Z"}"#,
                "pause consumer c of S until 2026-11-20T14:00:00Z",
            ),
            ("NEW.THING", "", "request to $JS.API.NEW.THING"),
        ] {
            let request = Request {
                at: Timestamp(0),
                act: Act::Ask,
                subject: format!("$JS.API.{rest}").into(),
                prefix: 7,
                body: body.to_owned().into(),
                took: None,
                reply: None,
                outcome: Outcome::Done,
                context: None,
            };
            assert_eq!(words(&request), expected);
        }
    }

    #[test]
    fn times_have_as_many_digits_as_mean_something() {
        let of = |micros| milliseconds(std::time::Duration::from_micros(micros));
        assert_eq!((of(420), of(9_949), of(9_960), of(1_234_000), of(20_000_000)).4, "20s");
        assert_eq!([of(420), of(9_949), of(9_960), of(1_234_000)], ["0.4ms", "9.9ms", "10ms", "1234ms"]);
    }
}
