//! What must hold for whatever a server sends, used by the tests of this room and by the fuzzers: blocks of headers, and
//! JSON that becomes the model.

use std::str::FromStr as _;

use async_nats::HeaderName;
use bytes::Bytes;

use crate::event;
use crate::model::{Catalog, Listing, Message, Timestamp, Update};

use super::advisories::decode::decode;
use super::tail::delivered;
use super::tail::headers::of_block;
use super::{ask, convert, wire};

/// A block of headers as it is stored. What is decoded can be sent as it is; what is not is shown all the same.
///
/// # Panics
///
/// When that does not hold.
pub fn headers(block: &[u8]) {
    let decoded = of_block(block);
    for header in decoded.iter().flatten() {
        // A name may be empty: the client takes it, and sends it again.
        assert!(HeaderName::from_str(&header.name).is_ok() && !header.value.contains(['\r', '\n']), "{header:?}");
    }
    let message = Message {
        stream: "orders".into(),
        seq: 1,
        time: Timestamp(0),
        subject: "orders.eu".into(),
        undecodable: decoded.is_none().then(|| Bytes::copy_from_slice(block)),
        headers: decoded.unwrap_or_default(),
        body: Bytes::from_static(b"{}"),
    };
    event::exercise::exercise(&message);
}

/// An answer of the server, or an advisory: what can be read of it becomes the model.
pub fn wire(answer: &[u8]) {
    let (asked, taken) = (Timestamp(0), Timestamp(1));
    let mut catalog = Catalog::default();
    let _ = ask::refused(answer, &"anything");
    if let Ok(info) = serde_json::from_slice::<wire::StreamInfo<'_>>(answer) {
        catalog.apply(Update::Stream(convert::stream(info, asked, taken).into()));
    }
    if let Ok(page) = serde_json::from_slice::<wire::StreamPage<'_>>(answer) {
        let infos = page.streams.unwrap_or_default().into_iter();
        let items = infos.map(|info| convert::stream(info, asked, taken).into()).collect();
        let offline = page.offline.unwrap_or_default().into_iter().collect();
        let missing = page.missing.unwrap_or_default();
        let listing = Listing { started: asked, taken, items, missing, offline, total: page.total, problem: None };
        catalog.apply(Update::Streams(listing));
    }
    if let Ok(page) = serde_json::from_slice::<wire::ConsumerPage<'_>>(answer) {
        let infos = page.consumers.unwrap_or_default().into_iter();
        let items = infos.map(|info| convert::consumer(info, taken).into()).collect();
        let (missing, offline) = (page.missing.unwrap_or_default(), Vec::new());
        let listing = Listing { started: asked, taken, items, missing, offline, total: page.total, problem: None };
        catalog.apply(Update::Consumers("orders".into(), listing));
    }
    if let Ok(info) = serde_json::from_slice::<wire::ConsumerInfo<'_>>(answer) {
        catalog.apply(Update::Consumer(convert::consumer(info, taken).into()));
    }
    if let Ok(info) = serde_json::from_slice::<wire::AccountInfo>(answer) {
        catalog.apply(Update::Account(convert::account(info), taken));
    }
    for subject in ["STREAM.CREATED.S", "STREAM.QUORUM_LOST.S", "CONSUMER.MSG_NAKED.S.c", "CONSUMER.MAX_DELIVERIES.S.c"]
    {
        if let Some(advisory) = decode(&format!("ADVISORY.{subject}"), answer) {
            catalog.apply(Update::Advisory(advisory));
        }
    }
    let text = String::from_utf8_lossy(answer);
    let _ = delivered::parse(&text);
    let _ = decode(&text, b"{}");
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn corpus(name: &str, exercise: fn(&[u8])) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
        assert!(files.len() >= 5, "{name}");
        for input in &files {
            exercise(input);
            // And what is cut off.
            exercise(&input[..input.len() / 2]);
        }
    }

    #[test]
    fn the_corpus_of_headers() {
        corpus("headers", headers);
    }

    #[test]
    fn the_corpus_of_answers() {
        corpus("wire", wire);
    }

    proptest! {
        #[test]
        fn any_block(block in prop::collection::vec(any::<u8>(), 0..80)) {
            headers(&block);
            headers(&[b"NATS/1.0\r\n", &block[..]].concat());
        }

        #[test]
        fn any_number_in_an_answer(number in prop_oneof![any::<i64>().prop_map(|n| n.to_string()), any::<u64>().prop_map(|n| n.to_string())]) {
            for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/wire")).unwrap() {
                let text = fs::read_to_string(file.unwrap().path()).unwrap_or_default();
                wire(text.replace("77", &number).as_bytes());
            }
        }
    }
}
