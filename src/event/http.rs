//! An event as an HTTP request in binary mode (`CloudEvents` HTTP binding 1.0.2, section 3.1).

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::attribute::Core;
use super::decoded::Event;
use super::export::{Payload, payload};
use crate::model::Header;

/// What the binding says must be encoded in values: blank, `"`, `%` and all outside of U+0021 to U+007E.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(0x7f);

/// Headers and body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// Attributes as `ce-` headers, and `Content-Type` where there is data with a type.
    pub headers: Vec<Header>,
    /// The data.
    pub body: Vec<u8>,
}

impl Event<'_> {
    /// The event as a request. Attributes whose names cannot be headers are left out.
    pub fn to_http(&self) -> HttpRequest {
        let mut headers = Vec::with_capacity(self.attributes.len() + 1);
        let mut content_type = None;
        for attribute in &self.attributes {
            let value = attribute.value.to_text();
            if attribute.name == Core::Datacontenttype.name() {
                content_type = Some(value.into_owned());
            } else if !attribute.name.is_empty() && attribute.name.bytes().all(|b| b.is_ascii_alphanumeric()) {
                let value = utf8_percent_encode(&value, ENCODED).to_string();
                headers.push(Header { name: format!("ce-{}", attribute.name).into(), value: value.into() });
            }
        }
        let (body, usual) = match payload(self) {
            Payload::None => (Vec::new(), None),
            Payload::Json(source) => (source.as_bytes().to_vec(), Some("application/json")),
            Payload::Text(text) => (text.into_owned().into_bytes(), None),
            Payload::Bytes(bytes) => (bytes.into_owned(), None),
            Payload::Undecodable(source) => (source.as_bytes().to_vec(), None),
        };
        let content_type = content_type.or_else(|| usual.map(str::to_owned));
        if let Some(value) = content_type.filter(|v| v.bytes().all(|b| (0x20..0x7f).contains(&b))) {
            headers.push(Header { name: "Content-Type".into(), value: value.into() });
        }
        HttpRequest { headers, body }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Envelope;
    use super::super::exercise::message;

    fn request(headers: &[(&str, &str)], body: &[u8]) -> (Vec<String>, String) {
        let sent = message(headers, body);
        let envelope = Envelope::new(&sent);
        let request = envelope.decode().events()[0].to_http();
        let lines = request.headers.iter().map(|h| format!("{}: {}", h.name, h.value)).collect();
        (lines, String::from_utf8(request.body).unwrap())
    }

    #[test]
    fn attributes_become_headers_and_data_the_body() {
        let structured =
            br#"{"specversion":"1.0","id":"a \"b\" %","source":"/z\u00fcrich","type":"t","n":7,"data":{"x":1.50}}"#;
        let (headers, body) = request(&[], structured);
        assert_eq!(
            headers,
            [
                "ce-specversion: 1.0",
                "ce-id: a%20%22b%22%20%25",
                "ce-source: /z%C3%BCrich",
                "ce-type: t",
                "ce-n: 7",
                "Content-Type: application/json"
            ]
        );
        assert_eq!(body, r#"{"x":1.50}"#);
        let encoded = br#"{"specversion":"1.0","id":"1","source":"/","type":"t","datacontenttype":"text/plain","data_base64":"aGk="}"#;
        let (headers, body) = request(&[], encoded);
        assert_eq!((headers.last().map(String::as_str), body.as_str()), (Some("Content-Type: text/plain"), "hi"));
        let binary = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/"), ("ce-type", "t")];
        let (headers, body) = request(&binary, b"");
        assert_eq!((headers.len(), body.as_str()), (4, ""));
    }
}
