//! Events of many systems through every door: what comes out is read by receivers that know nothing of jetscope, and is what
//! was sent.

mod doors;
mod formats;
mod samples;
mod sdks;

use async_nats::HeaderMap;
use async_nats::jetstream;
use serde_json::json;

use crate::common::receiver::{Headers, Payload, Received, compact};
use crate::replay::place::Place;
use samples::SAMPLES;

/// How an event goes to an endpoint where binary mode is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Http {
    Binary,
    /// Binary mode would change it.
    Structured,
}

/// The data that is expected.
#[derive(Clone, Copy, Debug)]
enum Data {
    None,
    Json(&'static str),
    Text(&'static str),
    Bytes(&'static [u8]),
}

/// A message and what it means.
struct Sample {
    name: &'static str,
    /// A header a line.
    headers: &'static str,
    body: &'static [u8],
    /// An attribute a line as `name=value`, and the data; one for each event.
    events: &'static [(&'static str, Data)],
    http: Http,
}

/// A server with the samples in a stream; the first has sequence 1.
async fn place() -> Place {
    let place = Place::new().await;
    place.stream("corpus", &["corpus.>"], json!({})).await;
    place.stream("copies", &["copy.>"], json!({})).await;
    let js = jetstream::new(place.nats.clone());
    for (at, sample) in SAMPLES.iter().enumerate() {
        let mut headers = HeaderMap::new();
        for (name, value) in lines(sample.headers, ": ") {
            headers.append(name.as_str(), value.as_str());
        }
        let subject = format!("corpus.{}", at + 1);
        js.publish_with_headers(subject, headers, sample.body.into()).await.unwrap().await.unwrap();
    }
    place
}

fn lines(text: &str, between: &str) -> Headers {
    text.lines().map(|line| line.split_once(between).unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

impl Sample {
    /// What is expected.
    fn expected(&self) -> Vec<Received> {
        let event = |(attributes, data): &(&str, Data)| {
            let attributes = lines(attributes, "=").into_iter().collect();
            let payload = match data {
                Data::None => Payload::None,
                Data::Json(source) => Payload::Json(compact(source)),
                Data::Text(text) => Payload::Bytes(text.as_bytes().to_vec()),
                Data::Bytes(bytes) => Payload::Bytes(bytes.to_vec()),
            };
            Received { attributes, payload }.normal()
        };
        self.events.iter().map(event).collect()
    }
}

/// Whether attributes of an event have to be percent-encoded in a header.
fn is_encoded(event: &Received) -> bool {
    let odd = |c: char| !c.is_ascii_graphic() || matches!(c, '%' | '"');
    event.attributes.iter().any(|(name, value)| name != "datacontenttype" && value.contains(odd))
}

/// Takes off what a replay adds; the sequence of the sample that it says.
fn unmarked(event: &mut Received) -> usize {
    let seq = event.attributes.remove("replayseq").unwrap().parse::<usize>().unwrap();
    assert_eq!(event.attributes.remove("replaycount").as_deref(), Some("1"));
    assert!(event.attributes.remove("replayid").is_some());
    seq
}
