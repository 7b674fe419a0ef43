//! Headers: from the client's map, and from the raw block of a stored message.
//!
//! The client drops the connection over a block that it cannot decode. So the raw block is judged by the
//! client's own rules: what it would not take is handed on as bytes.

use std::str::FromStr;

use async_nats::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::model::Header;

/// The headers of a message that the client decoded, by name.
pub(super) fn of_map(map: &HeaderMap) -> Vec<Header> {
    let mut headers = Vec::with_capacity(map.len());
    for (name, values) in map.iter() {
        let name: &str = name.as_ref();
        headers.extend(values.iter().map(|value| Header { name: name.into(), value: value.as_str().into() }));
    }
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    headers
}

/// Reads a raw block (`NATS/1.0`, then a line a header); `None` when the client would not take it. Line by line as the
/// client does it, lines that go on in the next one included.
pub(in crate::nats) fn of_block(block: &[u8]) -> Option<Vec<Header>> {
    let mut lines = std::str::from_utf8(block).ok()?.lines().peekable();
    let status = lines.next()?.strip_prefix("NATS/1.0")?.trim();
    let code = status.split_once(' ').map_or(status, |(code, _)| code.trim());
    if !code.is_empty() {
        code.parse::<StatusCode>().ok()?;
    }
    let mut headers = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (name, value) = line.split_once(':')?;
        HeaderName::from_str(name).ok()?;
        let mut value = value.trim_start().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with(char::is_whitespace)) {
            value.push_str(more);
        }
        value.truncate(value.trim_end().len());
        HeaderValue::from_str(&value).ok()?;
        headers.push(Header { name: name.into(), value: value.into() });
    }
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_or_refused_as_by_the_client() {
        let good = of_block(b"NATS/1.0\r\nce-type: a.b\r\nX: 1\r\nX:2\r\n\r\n").unwrap();
        let words: Vec<_> = good.iter().map(|h| format!("{}={}", h.name, h.value)).collect();
        assert_eq!(words, ["X=1", "X=2", "ce-type=a.b"]);
        assert!(of_block(b"NATS/1.0\r\n\r\n").unwrap().is_empty());
        let folded = of_block(b"NATS/1.0 200 OK\r\nX: 1\r\n \t2\r\nY:\r\n\r\n").unwrap();
        let words: Vec<_> = folded.iter().map(|h| format!("{}={}", h.name, h.value)).collect();
        assert_eq!(words, ["X=1 \t2", "Y="]);
        for bad in [
            &b"NATS/1.0\r\nX: \xff\r\n\r\n"[..],
            b"NATS/1.0\r\nX y: 1\r\n\r\n",
            b"NATS/1.0\r\nnocolon\r\n\r\n",
            b"NATS/1.0\r\nX: a\rb\r\n\r\n",
            b"NATS/1.0\r\nX: a\nb\r\n\r\n",
            b"NATS/1.0\rX: 1\r\n\r\n",
            b"NATS/1.0 99\r\n\r\n",
            b"NATS/1.0\r\n X: 1\r\n\r\n",
            b"",
        ] {
            assert!(of_block(bad).is_none(), "{bad:?}");
        }
    }
}
