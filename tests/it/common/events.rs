//! Messages as streams hold them: events in every mode, and what is none, the same each time.

use std::sync::Arc;
use std::time::Duration;

use jetscope::model::{Header, Message};

use super::world::start;

/// A message of this stream, stored so many milliseconds after the start.
pub(crate) fn message(stream: &str, seq: u64, ms: u64, headers: &[(&str, &str)], body: &str) -> Message {
    Message {
        stream: stream.into(),
        seq,
        time: start().plus(Duration::from_millis(ms)),
        subject: "eventsource.github.gateway.push".into(),
        headers: headers.iter().map(|(n, v)| Header { name: (*n).into(), value: (*v).into() }).collect(),
        undecodable: None,
        body: body.to_owned().into(),
    }
}

/// The message of this sequence: of ten, five binary and one structured event, a batch, a broken event, a plain
/// message, and one that would act on a terminal. A second apart, with a pause of a minute before every fiftieth.
pub(crate) fn nth(stream: &str, seq: u64) -> Arc<Message> {
    let ms = seq * 1_000 + seq / 50 * 60_000;
    let (id, total) = (format!("id-{seq}"), (seq * 37) % 200);
    let ty = ["com.github.push", "com.github.issues.opened", "com.github.star.created"][(seq % 3) as usize];
    let source = "https://github.com/acme/gateway";
    let subject = format!("ada/{}", seq % 7);
    let data = format!(r#"{{"total":{total},"sender":{{"login":"ada","id":{seq}}},"labels":["bug","p2"]}}"#);
    let structured = |id: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"{ty}","subject":"{subject}","data":{data}}}"#
        )
    };
    let json = [("content-type", "application/cloudevents+json")];
    Arc::new(match seq % 10 {
        5 => message(stream, seq, ms, &json, &structured(&id)),
        6 => {
            let body = format!("[{},{}]", structured(&id), structured(&format!("{id}-b")));
            message(stream, seq, ms, &[("content-type", "application/cloudevents-batch+json")], &body)
        }
        7 => message(stream, seq, ms, &json, &structured("").replace("1.0", "2.0")),
        8 => message(stream, seq, ms, &[], "no event at all"),
        9 => message(stream, seq, ms, &[("X-Evil", "\u{1b}]0;owned\u{7}")], "\u{1b}[2J\u{1b}[31mred \u{202e}drawkcab"),
        _ => {
            let headers = [
                ("Nats-Msg-Id", id.as_str()),
                ("ce-correlationid", &subject),
                ("ce-id", &id),
                ("ce-source", source),
                ("ce-specversion", "1.0"),
                ("ce-subject", &subject),
                ("ce-time", "2026-11-20T14:00:00.5Z"),
                ("ce-type", ty),
                ("content-type", "application/json"),
            ];
            message(stream, seq, ms, &headers, &data)
        }
    })
}
