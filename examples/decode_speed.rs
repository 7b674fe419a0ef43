//! How fast messages are decoded and laid out, on one thread: `cargo run --release --example decode_speed`.

use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jetscope::event::{Body, Depth, Envelope};
use jetscope::model::{Header, Message, Timestamp};

/// How long each case is repeated.
const EACH: Duration = Duration::from_millis(1_500);

fn main() -> std::io::Result<()> {
    let small = structured(Vec::new(), 308);
    let big = structured(Vec::new(), 4_110);
    let announced = structured(headers(&[("content-type", "application/cloudevents+json")]), 308);
    let binary = binary();
    let plain = Message { body: Bytes::from_static(b"hello"), ..empty() };
    let depths = [
        ("only type", Depth::Only(&["type"])),
        ("attributes", Depth::Attributes),
        ("with data", Depth::Data),
        ("full", Depth::Full),
    ];
    let cases = [
        ("structured", &small),
        ("announced", &announced),
        ("structured", &big),
        ("binary", &binary),
        ("plain", &plain),
    ];
    let mut out = std::io::stdout().lock();
    for (name, message) in cases {
        for (depth_name, depth) in depths {
            let rate = rate(|| {
                let envelope = Envelope::new(black_box(message));
                black_box(envelope.decode_to(depth));
            });
            writeln!(out, "{name:<11} {:>6} B  {depth_name:<11} {:>9.0} k/s", message.body.len(), rate / 1e3)?;
        }
        let sdk = rate(|| {
            black_box(serde_json::from_slice::<cloudevents::Event>(black_box(&message.body)).ok());
        });
        writeln!(out, "{name:<11} {:>6} B  {:<11} {:>9.0} k/s", message.body.len(), "the SDK", sdk / 1e3)?;
    }
    let huge = structured(Vec::new(), 8 << 20);
    let envelope = Envelope::new(&huge);
    let decoded = envelope.decode();
    for event in decoded.events() {
        let start = Instant::now();
        let mut body = Body::of(event);
        black_box(body.lines(0..60));
        let first = start.elapsed();
        let total = body.total();
        writeln!(out, "8 MiB of JSON: first screen {first:?}, all {total} lines counted {:?}", start.elapsed())?;
        let start = Instant::now();
        black_box(body.lines(total / 2..total / 2 + 60));
        writeln!(out, "               a screen in the middle {:?}", start.elapsed())?;
    }
    Ok(())
}

/// Calls in a second.
fn rate(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut calls = 0_u64;
    while start.elapsed() < EACH {
        (0..200).for_each(|_| call());
        calls += 200;
    }
    calls as f64 / start.elapsed().as_secs_f64()
}

fn headers(pairs: &[(&str, &str)]) -> Vec<Header> {
    pairs.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into() }).collect()
}

fn structured(headers: Vec<Header>, size: usize) -> Message {
    let start = r#"{"specversion":"1.0","id":"6f1c0a52-4f7e-4c5a-9c0e-0d1f2a3b4c5d","source":"/shop/checkout","type":"com.shop.order.created","subject":"O-100001","time":"2026-11-20T13:50:07.123456Z","datacontenttype":"application/json","data":{"items":["#;
    let end = "{\"sku\":\"A\"}]}}";
    let mut body = start.to_owned();
    while body.len() + end.len() + 34 <= size {
        body.push_str(r#"{"sku":"SKU-17","n":2,"p":19.95},"#);
    }
    body.push_str(end);
    while body.len() < size {
        body.push(' ');
    }
    Message { headers, body: body.into(), ..empty() }
}

fn binary() -> Message {
    let headers = headers(&[
        ("ce-specversion", "1.0"),
        ("ce-id", "6f1c0a52-4f7e-4c5a-9c0e-0d1f2a3b4c5d"),
        ("ce-source", "/shop/checkout"),
        ("ce-type", "com.shop.order.created"),
        ("ce-subject", "O-100001"),
        ("ce-time", "2026-11-20T13:50:07.123456Z"),
        ("content-type", "application/json"),
    ]);
    Message { headers, body: Bytes::from_static(b"{\"items\":[{\"sku\":\"A\"}]}"), ..empty() }
}

fn empty() -> Message {
    Message {
        stream: "orders".into(),
        seq: 1,
        time: Timestamp(0),
        subject: "orders.eu".into(),
        headers: Vec::new(),
        undecodable: None,
        body: Bytes::new(),
    }
}
