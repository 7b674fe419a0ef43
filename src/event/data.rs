//! Data in Base64 as it may be read: decoded, and unpacked where the event says how it is packed.

use super::attribute::Value;
use super::decoded::Event;
use super::envelope::DATA_ENCODING;
use super::inflate::{Coding, INFLATE_LIMIT, unpack};
use super::lint::decode_base64;

impl Event<'_> {
    /// The bytes of a `data_base64` to look into, from its JSON source text. What cannot be unpacked is what it is; events that leave have what was
    /// sent in any case.
    pub(super) fn opened(&self, source: &str) -> Option<Vec<u8>> {
        let bytes = decode_base64(source)?;
        let named = self.get(DATA_ENCODING).and_then(Value::as_text);
        let codings = named.and_then(|named| Coding::list(named).ok()).filter(|codings| !codings.is_empty());
        let Some(codings) = codings else { return Some(bytes) };
        Some(unpack(&codings, &bytes, INFLATE_LIMIT).0.unwrap_or(bytes))
    }
}
