//! Unpacks bodies by their `Content-Encoding`, with a limit: a few bytes may unpack to gigabytes.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::finding::Finding;

/// The most bytes that a body is unpacked to.
pub const INFLATE_LIMIT: usize = 16 << 20;

/// How far back zstd may refer. Its levels up to 19 need 8 MiB; a frame that demands more is not unpacked,
/// for it would claim that memory before its first byte.
const ZSTD_WINDOW: u64 = 32 << 20;

/// An encoding that can be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip` (RFC 1952).
    Gzip,
    /// `zstd` (RFC 8878).
    Zstd,
}

impl Coding {
    /// By its name in `Content-Encoding`, in any case.
    pub fn of(name: &str) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("gzip") || is("x-gzip") {
            Some(Self::Gzip)
        } else if is("zstd") {
            Some(Self::Zstd)
        } else {
            None
        }
    }

    /// By the bytes that packed bodies begin with.
    pub fn recognise(body: &[u8]) -> Option<Self> {
        match body {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its name in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Unpacks at most `limit` bytes.
///
/// What could be unpacked is kept also when the rest is broken or too big; the finding says so. `None` when
/// there is nothing but the packed body to show.
pub(super) fn inflate(coding: Coding, packed: &[u8], limit: usize) -> (Option<Vec<u8>>, Option<Finding>) {
    let mut out = Vec::new();
    let done = match coding {
        Coding::Gzip => read_up_to(MultiGzDecoder::new(packed), &mut out, limit),
        Coding::Zstd => zstd(packed, &mut out, limit),
    };
    let finding = match done {
        Ok(()) if out.len() > limit => {
            out.truncate(limit);
            Some(Finding::EncodingLimit(limit))
        }
        Ok(()) => None,
        Err(why) => Some(Finding::EncodingBroken(coding.name(), why.into())),
    };
    let nothing = out.is_empty() && finding.is_some();
    ((!nothing).then_some(out), finding)
}

/// Reads one byte beyond the limit, which tells "just fits" from "too big".
fn read_up_to(source: impl Read, out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let left = (limit + 1).saturating_sub(out.len());
    source.take(left as u64).read_to_end(out).map(|_| ()).map_err(|e| e.to_string())
}

/// All frames, one after the other.
fn zstd(packed: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let mut rest = packed;
    loop {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW);
        let frame = StreamingDecoder::new_with_decoder(&mut rest, decoder).map_err(|e| e.to_string())?;
        read_up_to(frame, out, limit)?;
        if rest.is_empty() || out.len() > limit {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn unpacks_both_and_several_in_a_row() {
        let text = b"{\"specversion\":\"1.0\"}".repeat(50);
        let twice = [text.as_slice(), &text].concat();
        for (coding, packed) in [(Coding::Gzip, gzip(&text)), (Coding::Zstd, zstd(&text))] {
            assert_eq!(inflate(coding, &packed, 1 << 20), (Some(text.clone()), None));
            let packed = [packed.as_slice(), &packed].concat();
            assert_eq!(inflate(coding, &packed, 1 << 20), (Some(twice.clone()), None), "{coding:?}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let zeros = vec![0; 8 << 20];
        for (coding, packed) in [(Coding::Gzip, gzip(&zeros)), (Coding::Zstd, zstd(&zeros))] {
            let (out, finding) = inflate(coding, &packed, 1 << 20);
            assert_eq!(finding, Some(Finding::EncodingLimit(1 << 20)), "{coding:?}");
            let out = out.unwrap();
            assert_eq!(out.len(), 1 << 20);
            assert!(out.capacity() < 4 << 20, "{}", out.capacity());
        }
    }

    #[test]
    fn exactly_the_limit_fits() {
        let (out, finding) = inflate(Coding::Gzip, &gzip(&[7; 1000]), 1000);
        assert_eq!((out.unwrap().len(), finding), (1000, None));
    }

    #[test]
    fn broken_bodies_keep_what_could_be_read() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut packed = gzip(&text);
        packed.truncate(packed.len() / 2);
        let (out, finding) = inflate(Coding::Gzip, &packed, 1 << 30);
        assert!(out.is_some_and(|o| !o.is_empty() && text.starts_with(&o)));
        assert!(matches!(finding, Some(Finding::EncodingBroken("gzip", _))));
        let (out, finding) = inflate(Coding::Zstd, b"not packed at all", 1 << 20);
        assert_eq!(out, None);
        assert!(matches!(finding, Some(Finding::EncodingBroken("zstd", _))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0_usize..200, to: u8) {
            inflate(Coding::Gzip, &bytes, 1 << 16);
            inflate(Coding::Zstd, &bytes, 1 << 16);
            for (coding, mut packed) in [(Coding::Gzip, gzip(&bytes)), (Coding::Zstd, zstd(&bytes))] {
                let len = packed.len();
                packed[at % len] = to;
                inflate(coding, &packed, 1 << 16);
            }
        }
    }
}
