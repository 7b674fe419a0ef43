//! Unpacks bodies by their `Content-Encoding`, with a limit: a few bytes may unpack to gigabytes.

mod snappy;
#[cfg(test)]
mod tests;

use std::io::Read;

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use flate2::read::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use lz4_flex::frame::FrameDecoder as Lz4Decoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use snap::read::FrameDecoder as SnappyDecoder;

use super::finding::Finding;

/// The most bytes that a body is unpacked to.
pub const INFLATE_LIMIT: usize = 16 << 20;

/// How far back zstd may refer. Its levels up to 19 need 8 MiB; a frame that demands more is not unpacked,
/// for it would claim that memory before its first byte.
const ZSTD_WINDOW: u64 = 32 << 20;

/// The most frames of LZ4 in a row.
const MOST_FRAMES: usize = 128;

/// The most codings that lie one in the other.
const MOST_CODINGS: usize = 4;

/// An encoding that can be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip` (RFC 1952).
    Gzip,
    /// `zstd` (RFC 8878).
    Zstd,
    /// `br` (RFC 7932).
    Brotli,
    /// `deflate`: in the format zlib (RFC 1950), or bare (RFC 1951), as some send it.
    Deflate,
    /// Snappy, one block or its framing format.
    Snappy,
    /// Frames of LZ4.
    Lz4,
}

impl Coding {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Gzip, Self::Zstd, Self::Brotli, Self::Deflate, Self::Snappy, Self::Lz4];

    /// By its name in `Content-Encoding`, in any case, or as it is written in the wild.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Some(match name.strip_prefix("x-").unwrap_or(&name) {
            "gzip" | "gz" => Self::Gzip,
            "zstd" | "zst" => Self::Zstd,
            "br" | "brotli" => Self::Brotli,
            "deflate" | "zlib" => Self::Deflate,
            "snappy" | "snappy-framed" => Self::Snappy,
            "lz4" => Self::Lz4,
            _ => return None,
        })
    }

    /// Those of a `Content-Encoding`, in the order in which they were applied (RFC 9110, section 8.4); what is not known,
    /// as an error.
    pub fn list(value: &str) -> Result<Vec<Self>, &str> {
        let names = value.split(',').map(str::trim);
        let names = names.filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
        let codings: Vec<Self> = names.map(|name| Self::of(name).ok_or(name)).collect::<Result<_, _>>()?;
        if codings.len() > MOST_CODINGS { Err(value) } else { Ok(codings) }
    }

    /// By the bytes that packed bodies begin with. Brotli and a bare block of Snappy have none.
    pub fn recognise(body: &[u8]) -> Option<Self> {
        match body {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Some(Self::Deflate),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            _ if body.starts_with(SNAPPY_STREAM) => Some(Self::Snappy),
            _ => None,
        }
    }

    /// Its name in `Content-Encoding`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Deflate => "deflate",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
        }
    }

    /// Whether a media type in lower case is that of files that are packed so.
    pub(super) fn is_named_in(self, media_type: &str) -> bool {
        media_type.contains(self.name()) || (self == Self::Deflate && media_type.contains("zlib"))
    }
}

/// How a stream of Snappy's framing format begins.
const SNAPPY_STREAM: &[u8] = b"\xff\x06\x00\x00sNaPpY";

/// Unpacks what was packed in these ways, the last of them first, each to at most `limit` bytes; as [`inflate`].
pub(super) fn unpack(codings: &[Coding], packed: &[u8], limit: usize) -> (Option<Vec<u8>>, Option<Finding>) {
    let mut found = None;
    let mut body: Option<Vec<u8>> = None;
    for coding in codings.iter().rev() {
        let (inner, finding) = inflate(*coding, body.as_deref().unwrap_or(packed), limit);
        // What breaks further out breaks what is in it, too.
        found = found.or(finding);
        body = Some(inner.unwrap_or_default());
        if found.is_some() && body.as_ref().is_some_and(Vec::is_empty) {
            return (None, found);
        }
    }
    (body, found)
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
        Coding::Brotli => brotli(packed, &mut out, limit),
        Coding::Deflate => deflate(packed, &mut out, limit),
        Coding::Snappy if packed.starts_with(SNAPPY_STREAM) => read_up_to(SnappyDecoder::new(packed), &mut out, limit),
        Coding::Snappy => snappy::block(packed, &mut out, limit),
        Coding::Lz4 => lz4(packed, &mut out, limit),
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

/// What refers back further than the format allows is not unpacked: it would claim up to a gigabyte.
fn brotli(packed: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let mut decoder = Decompressor::new(packed, 4 << 10);
    decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
    read_up_to(decoder, out, limit)
}

/// In the format zlib, or bare where it does not begin so.
fn deflate(packed: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let zlib = matches!(packed, [method, flags, ..]
        if method & 0xf == 8 && method >> 4 <= 7 && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31));
    let done = stream(Decompress::new(zlib), packed, out, limit);
    if zlib && done.is_err() && out.is_empty() {
        return stream(Decompress::new(false), packed, out, limit);
    }
    done
}

/// The readers of the library take what was cut off for whole; this tells whether the stream ended.
fn stream(mut state: Decompress, packed: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let mut piece = vec![0; 32 << 10];
    loop {
        let rest = packed.get(state.total_in() as usize..).unwrap_or_default();
        let before = (state.total_in(), state.total_out());
        let status = state.decompress(rest, &mut piece, FlushDecompress::None).map_err(|e| e.to_string())?;
        let made = (state.total_out() - before.1) as usize;
        out.extend_from_slice(piece.get(..made).unwrap_or_default());
        match status {
            _ if out.len() > limit => return Ok(()),
            Status::StreamEnd => return Ok(()),
            _ if (state.total_in(), state.total_out()) == before => return Err("it ends too early".into()),
            _ => {}
        }
    }
}

/// All frames, one after the other; not many, since the library clears up to 4 MiB for each, however little is in it.
fn lz4(packed: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let mut rest = Rest { bytes: packed, missed: false };
    for _ in 0..MOST_FRAMES {
        read_up_to(Lz4Decoder::new(&mut rest), out, limit)?;
        if out.len() > limit {
            return Ok(());
        }
        if rest.missed {
            return Err("it ends too early".into());
        }
        if rest.bytes.is_empty() {
            return Ok(());
        }
    }
    Err(format!("it has more than {MOST_FRAMES} frames"))
}

/// What is left to read, and whether more was wanted than that: the library takes a frame that was cut off between two
/// blocks for whole.
struct Rest<'p> {
    bytes: &'p [u8],
    missed: bool,
}

impl Read for Rest<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.missed |= self.bytes.len() < buffer.len();
        self.bytes.read(buffer)
    }
}
