//! An event as an HTTP request in binary mode (`CloudEvents` HTTP binding 1.0.2, section 3.1), where that mode can hold
//! it: one that would arrive as another event is refused with the reason, and has to go in structured mode.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::attribute::{Core, Value};
use super::decoded::{Data, Event};
use super::envelope::Envelope;
use super::headers;
use super::lint::{base64_len, decode_base64};
use super::media;
use crate::model::Header;

/// What the binding says must be encoded in values: blank, `"`, `%` and all outside of U+0021 to U+007E.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(0x7f);

/// How the names of media types begin that make a receiver read the body as an event (section 3).
const EVENT: &str = "application/cloudevents";

/// The header that says how a body is packed.
const CODING: &str = "Content-Encoding";

/// Headers of a message that a request does not carry: what describes the connection or the bytes of the body
/// (RFC 9110, sections 7.6.1 and 8), what says who asks, and what the client sets itself.
const NOT_CARRIED: [&str; 24] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-md5",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "digest",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Why an event would not arrive in binary mode as what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A name that is no attribute name: a header loses its case, cannot have it, or means something else.
    Name,
    /// A value that no header can hold: a fraction, an object, nothing, or a control character.
    Value,
    /// Its `datacontenttype` is no value of `Content-Type`, or makes receivers look for an event in the body.
    ContentType,
    /// Its data is not the bytes of a body: both kinds of data, text in another charset, Base64 that is none, JSON whose
    /// type is none.
    Data,
}

/// Headers and body of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// Attributes as `ce-` headers, and `Content-Type` where the data has a type.
    pub headers: Vec<Header>,
    /// The data.
    pub body: Vec<u8>,
    /// Attributes with a value that had to be percent-encoded.
    pub encoded: usize,
}

/// What a request would be, without the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpWeight {
    /// Bytes of the headers, with what stands between them.
    pub headers: usize,
    /// Bytes of the data.
    pub body: usize,
    /// See [`HttpRequest::encoded`].
    pub encoded: usize,
}

/// What the body of a request is made of.
enum Body<'e> {
    /// These bytes.
    Bytes(&'e [u8]),
    /// Those of a JSON string in Base64.
    Base64(&'e str),
    /// The characters of a JSON string.
    Text(&'e str),
}

impl<'e> Body<'e> {
    fn into_bytes(self) -> Result<Cow<'e, [u8]>, Misfit> {
        Ok(match self {
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
            Self::Base64(source) => Cow::Owned(decode_base64(source).ok_or(Misfit::Data)?),
            Self::Text(source) => {
                let text: String = serde_json::from_str(source).map_err(|_| Misfit::Data)?;
                Cow::Owned(text.into_bytes())
            }
        })
    }

    fn len(self) -> Result<usize, Misfit> {
        match self {
            Self::Base64(source) => base64_len(source).ok_or(Misfit::Data),
            other => other.into_bytes().map(|bytes| bytes.len()),
        }
    }
}

impl Event<'_> {
    /// The event as a request in binary mode, or why that would be another event.
    pub fn to_http(&self) -> Result<HttpRequest, Misfit> {
        let mut headers = Vec::with_capacity(self.attributes.len() + 4);
        let mut encoded = 0;
        for in_header in self.in_headers() {
            let (name, value) = in_header?;
            let sent = utf8_percent_encode(&value, ENCODED).to_string();
            encoded += usize::from(sent != *value);
            headers.push(Header { name: format!("ce-{name}").into(), value: sent.into() });
        }
        let body = self.body()?.map_or(Ok(Cow::Borrowed(&[][..])), |body| not_empty(body.into_bytes(), |b| b.len()))?;
        if let Some(value) = self.http_content_type()? {
            headers.push(Header { name: "Content-Type".into(), value: value.into() });
        }
        Ok(HttpRequest { headers, body: body.into_owned(), encoded })
    }

    /// What [`Event::to_http`] would make, or why it would not; without attributes of which this is true.
    pub fn weigh_http(&self, without: impl Fn(&str) -> bool) -> Result<HttpWeight, Misfit> {
        let (mut headers, mut encoded) = (0, 0);
        for in_header in self.in_headers() {
            let (name, value) = in_header?;
            let odd = value.bytes().filter(|b| !b.is_ascii_graphic() || matches!(b, b'"' | b'%')).count();
            encoded += usize::from(odd > 0);
            if !without(name) {
                headers += "ce-: \r\n".len() + name.len() + value.len() + 2 * odd;
            }
        }
        let body = self.body()?.map_or(Ok(0), |body| not_empty(body.len(), |len| *len))?;
        if let Some(value) = self.http_content_type()? {
            headers += "Content-Type: \r\n".len() + value.len();
        }
        Ok(HttpWeight { headers, body, encoded })
    }

    /// The attributes that become headers, by their names; their values not yet encoded.
    fn in_headers(&self) -> impl Iterator<Item = Result<(&str, Cow<'_, str>), Misfit>> {
        self.attributes.iter().filter_map(|attribute| {
            let name = &*attribute.name;
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
                return Some(Err(Misfit::Name));
            }
            if name == Core::Datacontenttype.name() {
                return None;
            }
            Some(match &attribute.value {
                Value::Text(text) if text.is_empty() || text.chars().any(char::is_control) => Err(Misfit::Value),
                Value::Json(_) => Err(Misfit::Value),
                value => Ok((name, value.to_text())),
            })
        })
    }

    /// The value of `Content-Type`.
    fn http_content_type(&self) -> Result<Option<&str>, Misfit> {
        let Some(value) = self.get(Core::Datacontenttype.name()) else {
            // In the JSON format, data without a type is JSON (section 3.1.1).
            return Ok(matches!(self.data, Data::Json(_)).then_some("application/json"));
        };
        let text = value.as_text().ok_or(Misfit::ContentType)?;
        let fits = media::is_media_type(text)
            && text.bytes().all(|b| (0x20..0x7f).contains(&b))
            && text.trim() == text
            && !media::starts_with(text, EVENT);
        if fits { Ok(Some(text)) } else { Err(Misfit::ContentType) }
    }

    /// The bytes of the data (JSON format, section 3.1.2); `None` where there is none.
    fn body(&self) -> Result<Option<Body<'_>>, Misfit> {
        // Two kinds of data, Base64 as older versions say it, and what is no body of its own.
        if self.made_up || self.beside.is_some() || self.get("datacontentencoding").is_some() {
            return Err(Misfit::Data);
        }
        Ok(Some(match self.data {
            Data::None => return Ok(None),
            Data::Bytes(bytes) => Body::Bytes(self.sent.unwrap_or(bytes)),
            Data::Base64(source) => Body::Base64(source),
            Data::Json(source) => match self.datacontenttype().filter(|named| !media::is_json(named)) {
                None if self.datacontenttype().is_none_or(media::is_utf8) || source.is_ascii() => {
                    Body::Bytes(source.as_bytes())
                }
                // Its characters are those of the string; which bytes these are in another charset is not for us to say.
                Some(named) if media::is_utf8(named) => Body::Text(source),
                None | Some(_) => return Err(Misfit::Data),
            },
        }))
    }
}

/// An empty body is no data.
fn not_empty<T>(body: Result<T, Misfit>, len: impl Fn(&T) -> usize) -> Result<T, Misfit> {
    body.and_then(|body| if len(&body) == 0 { Err(Misfit::Data) } else { Ok(body) })
}

/// Whether a request can carry this header of a message as it is: it is neither ours nor about the message on NATS, nor
/// about the connection.
fn can_be_carried(header: &Header) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let starts = |prefix: &str| header.name.get(..prefix.len()).is_some_and(|s| s.eq_ignore_ascii_case(prefix));
    !header.name.is_empty()
        && header.name.bytes().all(token)
        && header.value.bytes().all(|b| b == b'\t' || (0x20..0x7f).contains(&b))
        && !starts("nats-")
        && !starts("jetscope-replay-")
        && NOT_CARRIED.binary_search(&&*header.name.to_ascii_lowercase()).is_err()
}

impl Envelope<'_> {
    /// Whether a request carries this header of the message beside its event.
    pub fn is_carried(&self, header: &Header) -> bool {
        !(self.is_attribute(header) || headers::is_attribute_header(&header.name)) && can_be_carried(header)
    }

    /// The headers of the message that a request carries beside its event: such as `traceparent`, which HTTP has as well
    /// (W3C Trace Context). Names and values.
    pub fn carried<'e>(&'e self, event: &Event<'_>) -> impl Iterator<Item = (&'e str, &'e str)> {
        let headers = self.headers().iter().filter(|header| self.is_carried(header));
        // A body that could not be unpacked is still what its header says.
        let coding = if matches!(event.data, Data::Bytes(_)) { self.still_packed() } else { None };
        headers.map(|header| (&*header.name, &*header.value)).chain(coding.map(|coding| (CODING, coding)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Envelope;
    use super::super::exercise::message;
    use super::*;

    fn request(headers: &[(&str, &str)], body: &[u8]) -> Result<(Vec<String>, String), Misfit> {
        let sent = message(headers, body);
        let envelope = Envelope::new(&sent);
        let request = envelope.decode().events()[0].to_http()?;
        let lines = request.headers.iter().map(|h| format!("{}: {}", h.name, h.value)).collect();
        Ok((lines, String::from_utf8(request.body).unwrap()))
    }

    /// The body of a structured event with these members.
    fn body(members: &str) -> Result<String, Misfit> {
        let source = format!(r#"{{"specversion":"1.0","id":"1","source":"/","type":"t",{members}}}"#);
        request(&[], source.as_bytes()).map(|(_, body)| body)
    }

    const BINARY: [(&str, &str); 4] = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/"), ("ce-type", "t")];

    #[test]
    fn attributes_become_headers_and_data_the_body() {
        let structured =
            br#"{"specversion":"1.0","id":"a \"b\" %","source":"/z\u00fcrich","type":"t","n":7,"data":{ "x":1.50}}"#;
        let (headers, body) = request(&[], structured).unwrap();
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
        assert_eq!(body, r#"{ "x":1.50}"#);
        let encoded = br#"{"specversion":"1.0","id":"1","source":"/","type":"t","datacontenttype":"text/plain","data_base64":"aGk="}"#;
        let (headers, body) = request(&[], encoded).unwrap();
        assert_eq!((headers.last().map(String::as_str), body.as_str()), (Some("Content-Type: text/plain"), "hi"));
        let (headers, body) = request(&BINARY, b"").unwrap();
        assert_eq!((headers.len(), body.as_str()), (4, ""));
    }

    #[test]
    fn a_string_of_another_type_than_json_is_the_body_itself() {
        for (members, expected) in [
            (r#""datacontenttype":"text/plain","data":"Simple text""#, "Simple text"),
            (r#""datacontenttype":"application/xml","data":"<a b=\"c\"/>""#, "<a b=\"c\"/>"),
            (r#""datacontenttype":"text/csv; charset=UTF-8","data":"a,b\n1,\u00e9""#, "a,b\n1,é"),
            (r#""datacontenttype":"application/jwt","data":"e30.e30.""#, "e30.e30."),
            (r#""datacontenttype":"application/json","data":"text""#, r#""text""#),
            (r#""datacontenttype":"application/vnd.x+json","data":"text""#, r#""text""#),
            (r#""data":"text""#, r#""text""#),
            (r#""data":null"#, "null"),
            (r#""datacontenttype":"application/json; charset=iso-8859-1","data":{"n":1}"#, r#"{"n":1}"#),
        ] {
            assert_eq!(body(members).as_deref(), Ok(expected), "{members}");
        }
    }

    #[test]
    fn bytes_of_binary_data_stay_as_they_are() {
        let json = [&BINARY[..], &[("ce-datacontenttype", "application/json")]].concat();
        let (headers, body) = request(&json, b" {\"a\" : 1.0 }\n").unwrap();
        assert_eq!(body, " {\"a\" : 1.0 }\n");
        assert_eq!(headers[4], "Content-Type: application/json");
        let (headers, body) = request(&BINARY, b"{\"a\" : 1 }").unwrap();
        assert_eq!((headers.len(), body.as_str()), (4, "{\"a\" : 1 }"), "no type is made up");
    }

    #[test]
    fn what_would_be_another_event_is_none_in_binary_mode() {
        for (members, why) in [
            (r#""Id":"other""#, Misfit::Name),
            (r#""tenantId":"acme""#, Misfit::Name),
            (r#""event_source":"x""#, Misfit::Name),
            (r#""a-b":"x""#, Misfit::Name),
            (r#""$schema":"x""#, Misfit::Name),
            (r#""":"x""#, Misfit::Name),
            (r#""größe":"x""#, Misfit::Name),
            (r#""dataContentType":"application/json""#, Misfit::Name),
            (r#""n":1.5"#, Misfit::Value),
            (r#""n":{"a":1}"#, Misfit::Value),
            (r#""n":"""#, Misfit::Value),
            (r#""n":"a\nb""#, Misfit::Value),
            (r#""datacontenttype":"application/cloudevents+json","data":{}"#, Misfit::ContentType),
            (r#""datacontenttype":"application/CloudEvents-batch+json","data":[]"#, Misfit::ContentType),
            (r#""datacontenttype":"gr\u00f6\u00dfe","data":1"#, Misfit::Data),
            (r#""datacontenttype":"json""#, Misfit::ContentType),
            (r#""datacontenttype":" text/plain ""#, Misfit::ContentType),
            (r#""datacontenttype":5,"data":1"#, Misfit::ContentType),
            (r#""data":null,"data_base64":"AQ==""#, Misfit::Data),
            (r#""data":1,"data_base64":"AQ==""#, Misfit::Data),
            (r#""data_base64":"!""#, Misfit::Data),
            (r#""data_base64":"""#, Misfit::Data),
            (r#""datacontenttype":"text/plain","data":"""#, Misfit::Data),
            (r#""datacontenttype":"text/plain","data":{"a":1}"#, Misfit::Data),
            (r#""datacontenttype":"text/plain","data":null"#, Misfit::Data),
            (r#""datacontenttype":"text/plain","data":"\ud800""#, Misfit::Data),
            (r#""datacontenttype":"text/plain;charset=iso-8859-1","data":"\u00e9""#, Misfit::Data),
            (r#""datacontenttype":"text/plain","datacontentencoding":"base64","data":"aGVsbG8=""#, Misfit::Data),
        ] {
            assert_eq!(body(members), Err(why), "{members}");
        }
    }

    #[test]
    fn headers_that_http_has_too_are_carried() {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let sent = message(
            &[
                ("ce-specversion", "1.0"),
                ("traceparent", trace),
                ("X-Tenant", "acme"),
                ("Nats-Msg-Id", "1"),
                ("Jetscope-Replay-Id", "R"),
                ("Content-Type", "text/plain"),
                ("Authorization", "Bearer x"),
                ("Transfer-Encoding", "chunked"),
                ("X-Größe", "1"),
                ("X-Name", "größe"),
                ("Content-Encoding", "br"),
            ],
            b"..",
        );
        let envelope = Envelope::new(&sent);
        let decoded = envelope.decode();
        let carried = envelope.carried(&decoded.events()[0]);
        let carried: Vec<String> = carried.map(|(name, value)| format!("{name}: {value}")).collect();
        assert_eq!(carried, [format!("traceparent: {trace}"), "X-Tenant: acme".into(), "Content-Encoding: br".into()]);
        assert!(NOT_CARRIED.is_sorted());
    }
}
