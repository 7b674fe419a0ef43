//! Unpacking what other tools packed, bombs, and any bytes.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

/// What is packed in [`PACKED`].
const TEXT: &str = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/orders/eu\",\"type\":\"t\",\"data\":{\"items\":[\
    {\"sku\":\"A-0\",\"name\":\"Zoë\"},{\"sku\":\"A-1\",\"name\":\"Zoë\"},{\"sku\":\"A-2\",\"name\":\"Zoë\"},\
    {\"sku\":\"A-3\",\"name\":\"Zoë\"},{\"sku\":\"A-4\",\"name\":\"Zoë\"},{\"sku\":\"A-5\",\"name\":\"Zoë\"}]}}";

/// By the tools that senders use: Node.js, zlib in Python (twice, the second time bare), the command lz4, Go's snappy
/// (twice, the second time framed).
const PACKED: [(Coding, &str); 6] = [
    (
        Coding::Brotli,
        "G/kA4CwKbLclk9VFaBYme7tcPtYie2Nbu+VtddiTQ/JA+vNE44L4tA5LV99ag9PJRZppu1Kg2Re1gNoCkZTyGMv5EFZ2X0xgZWUKKaYGPjiwX35SnGdI\
         pO8NlvUISIo9kJ5HoIwKqqiZzv0=",
    ),
    (
        Coding::Deflate,
        "eNqrViouSE0uSy0qzszPU7JSMtQzUNJRykwBMYGM4vzSouRUIEc/vygFqEg/tRQoWlJZABIrATJTEksSlayqlTJLUnOLlayiq5WKs0uBco66IHPyEnNB\
         CqPyD69WqtVByBnikTPCI2eMR84Ej5wpulxsbS0AhmJNdg==",
    ),
    (
        Coding::Deflate,
        "q1YqLkhNLkstKs7Mz1OyUjLUM1DSUcpMATGBjOL80qLkVCBHP78oBahIP7UUKFpSWQASKwEyUxJLEpWsqpUyS1Jzi5WsoquVirNLgXKOuiBz8hJzQQqj\
         8g+vVqrVQcgZ4pEzwiNnjEfOBI+cKbpcbG0tAA==",
    ),
    (
        Coding::Lz4,
        "BCJNGGRAp4wAAADwCXsic3BlY3ZlcnNpb24iOiIxLjAiLCJpZAsA8A0iLCJzb3VyY2UiOiIvb3JkZXJzL2V1IiwidHlwFADwD3QiLCJkYXRhIjp7Iml0\
         ZW1zIjpbeyJza3UiOiJBLUgAMG5hbSkAdlpvw6sifSwcAB8xHAAIHzIcAAgfMxwACB80HAAIGjUcAFAifV19fQAAAAClF97x",
    ),
    (
        Coding::Snappy,
        "+gFceyJzcGVjdmVyc2lvbiI6IjEuMCIsImlkAQtsIiwic291cmNlIjoiL29yZGVycy9ldSIsInR5cAEUdHQiLCJkYXRhIjp7Iml0ZW1zIjpbeyJza3Ui\
         OiJBLQFICG5hbQEpGFpvw6sifSwZHAFbXhwACDIiLGIcAAAzahwAADRqHAAANT4cAAhdfX0=",
    ),
    (
        Coding::Snappy,
        "/wYAAHNOYVBwWQCQAACc9790+gFceyJzcGVjdmVyc2lvbiI6IjEuMCIsImlkAQtsIiwic291cmNlIjoiL29yZGVycy9ldSIsInR5cAEUdHQiLCJkYXRh\
         Ijp7Iml0ZW1zIjpbeyJza3UiOiJBLQFICG5hbQEpGFpvw6sifSwZHAFbXhwACDIiLGIcAAAzahwAADRqHAAANT4cAAhdfX0=",
    ),
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// The bytes in every coding that there is an encoder for here, some in two ways.
fn packed(bytes: &[u8]) -> Vec<(Coding, Vec<u8>)> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(bytes).unwrap();
    let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
    bare.write_all(bytes).unwrap();
    let mut framed = snap::write::FrameEncoder::new(Vec::new());
    framed.write_all(bytes).unwrap();
    let blocks = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut lz4 = lz4_flex::frame::FrameEncoder::with_frame_info(blocks, Vec::new());
    lz4.write_all(bytes).unwrap();
    vec![
        (Coding::Gzip, gzip(bytes)),
        (Coding::Zstd, zstd(bytes)),
        (Coding::Deflate, zlib.finish().unwrap()),
        (Coding::Deflate, bare.finish().unwrap()),
        (Coding::Snappy, framed.into_inner().unwrap()),
        (Coding::Snappy, snap::raw::Encoder::new().compress_vec(bytes).unwrap()),
        (Coding::Lz4, lz4.finish().unwrap()),
    ]
}

#[test]
fn what_other_tools_packed_is_unpacked() {
    for (coding, packed) in PACKED {
        let packed = BASE64_STANDARD.decode(packed).unwrap();
        assert_eq!(inflate(coding, &packed, 1 << 20), (Some(TEXT.as_bytes().to_vec()), None), "{coding:?}");
    }
}

#[test]
fn several_in_a_row_where_the_format_has_that() {
    let text = b"{\"specversion\":\"1.0\"}".repeat(50);
    let twice = [text.as_slice(), &text].concat();
    for (coding, packed) in packed(&text) {
        assert_eq!(inflate(coding, &packed, 1 << 20), (Some(text.clone()), None));
        if matches!(coding, Coding::Gzip | Coding::Zstd | Coding::Lz4) {
            let packed = [packed.as_slice(), &packed].concat();
            assert_eq!(inflate(coding, &packed, 1 << 20), (Some(twice.clone()), None), "{coding:?}");
        }
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let mut bombs = packed(&vec![0; 8 << 20]);
    // 8 MiB of zeros by Node.js.
    bombs.push((Coding::Brotli, BASE64_STANDARD.decode(BROTLI_BOMB).unwrap()));
    for (coding, packed) in bombs {
        let (out, finding) = inflate(coding, &packed, 1 << 20);
        assert_eq!(finding, Some(Finding::EncodingLimit(1 << 20)), "{coding:?}");
        let out = out.unwrap();
        assert_eq!(out.len(), 1 << 20);
        assert!(out.capacity() < 4 << 20, "{}", out.capacity());
    }
}

const BROTLI_BOMB: &str = "m///f/gnAOKxQCD3/g8=";

#[test]
fn exactly_the_limit_fits() {
    for (coding, packed) in packed(&[7; 1000]) {
        let (out, finding) = inflate(coding, &packed, 1000);
        assert_eq!((out.unwrap().len(), finding), (1000, None), "{coding:?}");
    }
}

#[test]
fn broken_bodies_keep_what_could_be_read() {
    let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    for (coding, mut packed) in packed(&text) {
        packed.truncate(packed.len() / 2);
        let (out, finding) = inflate(coding, &packed, 1 << 30);
        assert!(out.is_some_and(|o| !o.is_empty() && text.starts_with(&o)), "{coding:?}");
        assert!(matches!(finding, Some(Finding::EncodingBroken(name, _)) if name == coding.name()), "{coding:?}");
    }
    for coding in Coding::ALL {
        let (out, finding) = inflate(coding, b"not packed at all", 1 << 20);
        assert!(out.is_none_or(|out| out.len() < 1 << 10), "{coding:?}");
        assert!(matches!(finding, Some(Finding::EncodingBroken(..))), "{coding:?}");
    }
}

#[test]
fn what_is_cut_off_is_never_whole() {
    for (coding, packed) in PACKED {
        let packed = BASE64_STANDARD.decode(packed).unwrap();
        for end in 1..packed.len() {
            // Where Snappy's framing format is cut between two chunks, nobody can tell; before the first, it is none.
            if packed.starts_with(SNAPPY_STREAM) && end <= SNAPPY_STREAM.len() {
                continue;
            }
            let (out, finding) = inflate(coding, &packed[..end], 1 << 20);
            assert!(finding.is_some(), "{coding:?} up to {end}");
            assert!(out.is_none_or(|out| TEXT.as_bytes().starts_with(&out)), "{coding:?} up to {end}");
        }
    }
}

#[test]
fn names_as_they_are_written() {
    for (value, expected) in [
        ("GZIP", &[Coding::Gzip][..]),
        ("x-gzip, br", &[Coding::Gzip, Coding::Brotli]),
        ("identity", &[]),
        (" identity , zlib,", &[Coding::Deflate]),
        ("x-snappy-framed", &[Coding::Snappy]),
        ("lz4", &[Coding::Lz4]),
    ] {
        assert_eq!(Coding::list(value).as_deref(), Ok(expected), "{value}");
    }
    assert_eq!(Coding::list("gzip, exi"), Err("exi"));
    assert_eq!(Coding::list("br,br,br,br,br"), Err("br,br,br,br,br"));
    for coding in Coding::ALL {
        assert_eq!(Coding::of(coding.name()), Some(coding));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0_usize..200, to: u8) {
        for coding in Coding::ALL {
            inflate(coding, &bytes, 1 << 16);
        }
        let mut all = packed(&bytes);
        all.extend(PACKED.map(|(coding, packed)| (coding, BASE64_STANDARD.decode(packed).unwrap())));
        for (coding, mut packed) in all {
            let len = packed.len().max(1);
            packed.iter_mut().skip(at % len).take(1).for_each(|byte| *byte = to);
            inflate(coding, &packed, 1 << 16);
        }
    }
}

#[test]
fn a_flood_of_frames_is_not_unpacked() {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(b"x").unwrap();
    let frame = encoder.finish().unwrap();
    let (body, finding) = inflate(Coding::Lz4, &frame.repeat(60_000), 1 << 20);
    assert_eq!(body.map(|body| body.len()), Some(MOST_FRAMES));
    assert!(matches!(finding, Some(Finding::EncodingBroken("lz4", _))), "{finding:?}");
    assert!(inflate(Coding::Lz4, &frame.repeat(100), 1 << 20).1.is_none());
}
