//! Headers: from the client's map, and from the raw block of a stored message.
//!
//! The client drops the connection over a block that it cannot decode. So the raw block is judged by the
//! client's own rules: what it would not take is handed on as bytes.

use std::str::FromStr;

use async_nats::{HeaderMap, HeaderName, HeaderValue};

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

/// Reads a raw block (`NATS/1.0`, then a line a header); `None` when the client would not take it.
pub(super) fn of_block(block: &[u8]) -> Option<Vec<Header>> {
    let text = std::str::from_utf8(block).ok()?;
    let mut lines = text.split("\r\n");
    let first = lines.next()?;
    if !first.starts_with("NATS/1.0") {
        return None;
    }
    let mut headers = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        HeaderName::from_str(name).ok()?;
        HeaderValue::from_str(value.trim()).ok()?;
        headers.push(Header { name: name.into(), value: value.trim().into() });
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
        for bad in
            [&b"NATS/1.0\r\nX: \xff\r\n\r\n"[..], b"NATS/1.0\r\nX y: 1\r\n\r\n", b"NATS/1.0\r\nnocolon\r\n\r\n", b""]
        {
            assert!(of_block(bad).is_none(), "{bad:?}");
        }
    }
}
