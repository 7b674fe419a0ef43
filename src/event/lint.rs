//! The rules of `CloudEvents` 1.0 for attributes (sections "Naming Conventions", "Type System" and "Context
//! Attributes"), all of them applied to what was read. Nothing is rejected.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::attribute::{Attribute, Core, Value};
use super::decoded::{Data, Event, Extent};
use super::finding::Finding;
use super::place::reason;
use super::reader::MOST_ATTRIBUTES;
use super::time::Moment;
use super::{known, media, scan, uri};

/// Adds what is wrong with the event's attributes and data to its findings.
pub(super) fn lint(event: &mut Event<'_>) {
    let mut findings = std::mem::take(&mut event.findings);
    for core in Core::REQUIRED {
        if event.get(core.name()).is_none() {
            findings.push(Finding::Missing(core));
        }
    }
    for attribute in &event.attributes {
        if findings.len() >= MOST_ATTRIBUTES {
            break;
        }
        match Core::of(&attribute.name) {
            Some(core) => check_core(core, &attribute.value, &mut findings),
            None => check_extension(attribute, &mut findings),
        }
    }
    let json = event.datacontenttype().is_some_and(media::is_json);
    match event.data {
        Data::Base64(source) if json => match event.opened(source) {
            Some(bytes) => findings.extend(not_json(&bytes)),
            None => findings.push(Finding::Base64),
        },
        Data::Base64(source) if !is_base64(source) => findings.push(Finding::Base64),
        Data::Bytes(bytes) if json && event.extent == Extent::Whole && !event.packed => match scan::whole(bytes) {
            Some(source) => event.json = Some(source).filter(|_| event.sent.is_none()),
            None => findings.extend(not_json(bytes)),
        },
        _ => {}
    }
    event.findings = findings;
}

/// Why data whose type is JSON is none (HTTP binding, section 3.1.1: it is encoded as its type says).
fn not_json(bytes: &[u8]) -> Option<Finding> {
    let error = serde_json::from_slice::<&serde_json::value::RawValue>(bytes).err()?;
    Some(Finding::DataNotJson(error.line(), error.column(), reason(&error).into()))
}

/// Whether a `data_base64` can be decoded, from its JSON source text.
fn is_base64(source: &str) -> bool {
    base64_len(source).is_some()
}

/// How many bytes a `data_base64` is, from its JSON source text; `None` where it cannot be decoded.
pub(super) fn base64_len(source: &str) -> Option<usize> {
    let inner = source.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    // Without branches, so that many are looked at at once.
    let known = |b: &u8| u8::from(b.is_ascii_alphanumeric()) | u8::from(*b == b'+') | u8::from(*b == b'/');
    // Only the last four can be padded, or have bits too many.
    if let Some((whole, last)) = inner.len().checked_sub(4).and_then(|at| inner.split_at_checked(at))
        && whole.len() % 4 == 0
        && whole.chunks(64).all(|chunk| chunk.iter().fold(1, |all, b| all & known(b)) == 1)
        && let Ok(bytes) = BASE64_STANDARD.decode(last)
    {
        return Some(whole.len() / 4 * 3 + bytes.len());
    }
    decode_base64(source).map(|bytes| bytes.len())
}

/// The bytes of a `data_base64`, from its JSON source text.
pub(super) fn decode_base64(source: &str) -> Option<Vec<u8>> {
    let inner = source.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        // Some writers escape the slash.
        let text: String = serde_json::from_str(source).ok()?;
        return BASE64_STANDARD.decode(text).ok();
    }
    BASE64_STANDARD.decode(inner).ok()
}

fn check_core(core: Core, value: &Value<'_>, findings: &mut Vec<Finding>) {
    let Value::Text(text) = value else {
        // The source may be an object of megabytes.
        let found: String = value.to_text().chars().take(80).collect();
        findings.push(Finding::NotText(core, found.into()));
        return;
    };
    if text.is_empty() {
        findings.push(Finding::Empty(core));
        return;
    }
    let short = || text.chars().take(80).collect::<String>().into_boxed_str();
    if has_controls(text) {
        findings.push(Finding::ControlCharacter(core.name().into()));
    }
    match core {
        Core::Specversion if text != "1.0" => findings.push(Finding::Specversion(short())),
        Core::Source if !uri::is_reference(text) => findings.push(Finding::SourceUri(short())),
        Core::Time if Moment::parse(text).is_none() => findings.push(Finding::Time(core.name().into(), short())),
        Core::Dataschema if !uri::is_absolute(text) => findings.push(Finding::DataschemaUri(short())),
        Core::Datacontenttype if !media::is_media_type(text) => findings.push(Finding::DatacontenttypeForm(short())),
        _ => {}
    }
}

fn check_extension(attribute: &Attribute<'_>, findings: &mut Vec<Finding>) {
    let name = &*attribute.name;
    let short_name = || -> Box<str> { name.chars().take(80).collect::<String>().into() };
    if matches!(name, "data" | "data_base64") {
        findings.push(Finding::NamedData);
    } else if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        findings.push(Finding::NameCharacters(short_name()));
    } else {
        if name.len() > 20 {
            findings.push(Finding::NameLong(short_name()));
        }
        if name.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            findings.push(Finding::NameStart(short_name()));
        }
    }
    let before = findings.len();
    match &attribute.value {
        Value::Text(text) => {
            if has_controls(text) {
                findings.push(Finding::ControlCharacter(short_name()));
            }
            let short = || text.chars().take(80).collect::<String>().into_boxed_str();
            match known::kind(name) {
                Some(known::Kind::Time) if Moment::parse(text).is_none() => {
                    findings.push(Finding::Time(short_name(), short()));
                }
                Some(known::Kind::Integer) if text.parse::<i32>().is_err() => {
                    findings.push(if is_whole(text) {
                        Finding::IntegerRange(short_name(), short())
                    } else {
                        Finding::NotInteger(short_name(), short())
                    });
                }
                _ => {}
            }
        }
        Value::Integer(_) | Value::Boolean(_) => {}
        Value::Json(source) if source.starts_with(['{', '[']) => findings.push(Finding::Nested(short_name())),
        Value::Json(source) => {
            let short: Box<str> = source.chars().take(80).collect::<String>().into();
            findings.push(if is_whole(source) {
                Finding::IntegerRange(short_name(), short)
            } else {
                Finding::NotInteger(short_name(), short)
            });
        }
    }
    // What is no value of its kind need not be measured by the rules for these.
    if findings.len() == before
        && let Some(rule) = known::broken_rule(name, &attribute.value)
    {
        let found: String = attribute.value.to_text().chars().take(80).collect();
        findings.push(Finding::Extension(short_name(), found.into(), rule));
    }
}

fn is_whole(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Characters that the type String excludes: C0, C1 and the non-characters.
fn has_controls(text: &str) -> bool {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return false;
    }
    text.chars().any(|c| {
        let code = c as u32;
        c.is_control() || (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use proptest::prelude::*;

    use super::super::exercise::message;
    use super::super::{Envelope, Severity};
    use super::{BASE64_STANDARD, base64_len, decode_base64};

    /// Findings of an event with this in front of the required attributes, unless it holds them itself.
    fn found(members: &str) -> Vec<String> {
        let mut all = Vec::from_iter((!members.is_empty()).then(|| members.to_owned()));
        for (name, value) in [("specversion", "1.0"), ("id", "1"), ("source", "/a"), ("type", "t")] {
            if !members.contains(&format!("\"{name}\"")) {
                all.push(format!("\"{name}\":\"{value}\""));
            }
        }
        let body = format!("{{{}}}", all.join(","));
        let sent = message(&[("content-type", "application/cloudevents+json")], body.as_bytes());
        let envelope = Envelope::new(&sent);
        let decoded = envelope.decode();
        let findings = decoded.all_findings();
        findings
            .map(|f| format!("{}{}", f.name(), f.attribute().map(|a| format!(" {a}")).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn every_rule() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (r#""id":null"#, &["missing-id id"]),
            (r#""id":"""#, &["empty-id id"]),
            (r#""source":"""#, &["empty-source source"]),
            (r#""type":"","subject":"""#, &["empty-type type", "empty-attribute subject"]),
            (r#""specversion":"""#, &["empty-specversion specversion"]),
            (r#""id":7"#, &["not-text id"]),
            (r#""id":{"a":1}"#, &["not-text id"]),
            (r#""specversion":"2.0""#, &["unknown-specversion specversion"]),
            (r#""specversion":"0.3""#, &["unknown-specversion specversion"]),
            (r#""specversion":1.0"#, &["not-text specversion"]),
            (r#""source":"my service""#, &["source-uri source"]),
            (r#""time":"2026-11-20T13:50:07+01:00""#, &[]),
            (r#""time":"yesterday""#, &["time-format time"]),
            (r#""time":1700488207"#, &["not-text time"]),
            (r#""dataschema":"https://x/y#z""#, &[]),
            (r#""dataschema":"/y""#, &["dataschema-uri dataschema"]),
            (r#""datacontenttype":"json""#, &["datacontenttype-form datacontenttype"]),
            (r#""datacontenttype":"text/plain; charset=utf-8""#, &[]),
            (r#""partitionkey":"a","tracestate":"","flag":true,"n":-2147483648"#, &[]),
            (r#""Upper":"a""#, &["name-characters Upper"]),
            (r#""a-b":"a","":"x""#, &["name-characters a-b", "name-characters "]),
            (r#""abcdefghijklmnopqrstu":"a""#, &["name-long abcdefghijklmnopqrstu"]),
            (r#""1a":"a""#, &["name-start 1a"]),
            (r#""n":2147483648"#, &["integer-range n"]),
            (r#""n":-99999999999999999999"#, &["integer-range n"]),
            (r#""n":1.5,"m":1e3"#, &["not-integer n", "not-integer m"]),
            (r#""n":{"a":1},"m":[1]"#, &["nested-value n", "nested-value m"]),
            (r#""expirytime":"soon""#, &["time-format expirytime"]),
            (
                r#""sampledrate":"many","severitynumber":"99999999999""#,
                &["not-integer sampledrate", "integer-range severitynumber"],
            ),
            (r#""subject":"\u001b[2J","x":"\u0085""#, &["control-character subject", "control-character x"]),
            (r#""x":"\ud800""#, &["string-escape x"]),
            (r#""x":"1","x":"2""#, &["duplicate-attribute x"]),
            (r#""data":1,"data_base64":"AAA=""#, &["data-twice"]),
            (r#""data":null,"data_base64":null"#, &[]),
            (r#""data_base64":"A""#, &["data-base64"]),
            (r#""data_base64":5"#, &["data-base64"]),
            (r#""data_base64":"\u0041A\/A""#, &[]),
            (r#""data":1,"data":2"#, &["duplicate-attribute data"]),
            (r#""data_base64":"AAA=","data_base64":"AAA=""#, &["duplicate-attribute data_base64"]),
            (r#""datacontenttype":"application/json","data_base64":"e30=""#, &[]),
            (r#""datacontenttype":"application/json","data_base64":"AAA=""#, &["data-not-json"]),
            (r#""datacontenttype":"text/plain;""#, &["datacontenttype-form datacontenttype"]),
            (r#""datacontenttype":"text/plain; charset=\"utf-8\"; a=b""#, &[]),
            (r#""source":"/a[0]""#, &["source-uri source"]),
            (r#""source":"://""#, &["source-uri source"]),
            (r#""source":"1a:b""#, &["source-uri source"]),
            (r#""source":"/a#b#c""#, &["source-uri source"]),
            (r#""source":"http://h:x/""#, &["source-uri source"]),
            (r#""sampledrate":0"#, &["extension-rule sampledrate"]),
            (r#""sampledrate":"-3""#, &["extension-rule sampledrate"]),
            (r#""sampledrate":1,"severitynumber":0,"severitytext":"INFO""#, &[]),
            (
                r#""severitynumber":-1,"severitytext":"""#,
                &["extension-rule severitynumber", "extension-rule severitytext"],
            ),
            (r#""sequence":"","partitionkey":"""#, &["extension-rule sequence", "extension-rule partitionkey"]),
            (r#""sequence":5"#, &["extension-rule sequence"]),
            (r#""correlationid":"","causationid":"""#, &["extension-rule correlationid", "extension-rule causationid"]),
            (r#""deprecated":false"#, &["extension-rule deprecated"]),
            (r#""deprecated":"true""#, &[]),
            (r#""deprecated":"soon""#, &["extension-rule deprecated"]),
            (r#""recordedtime":5"#, &["extension-rule recordedtime"]),
            (
                r#""deprecationmigration":"/x","dataref":"a b""#,
                &["extension-rule deprecationmigration", "extension-rule dataref"],
            ),
            (r#""authtype":"robot""#, &["extension-rule authtype"]),
            (r#""authtype":"service_account""#, &[]),
            (r#""traceparent":"4bf92f3577b34da6a3ce929d0e0e4736""#, &["extension-rule traceparent"]),
            (r#""traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01""#, &[]),
            (
                r#""traceparent":"00-00000000000000000000000000000000-00f067aa0ba902b7-01""#,
                &["extension-rule traceparent"],
            ),
        ];
        for (members, expected) in cases {
            assert_eq!(found(members), *expected, "{members}");
        }
    }

    #[test]
    fn a_body_that_is_not_the_json_it_says() {
        let binary = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/a"), ("ce-type", "t")];
        let json = [&binary[..], &[("content-type", "application/json")]].concat();
        for (body, expected) in [(&b"{\"a\":NaN}"[..], &["data-not-json"][..]), (b"{\"a\":1}", &[]), (b"", &[])] {
            let sent = message(&json, body);
            let envelope = Envelope::new(&sent);
            let found: Vec<_> = envelope.decode().all_findings().map(super::Finding::name).collect();
            assert_eq!(found, expected);
        }
    }

    proptest! {
        #[test]
        fn how_long_base64_is_without_decoding(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            at in any::<prop::sample::Index>(),
            other in prop::sample::select(b"A/+=-_ .\\\"Z9".to_vec()),
            change in any::<bool>(),
        ) {
            let mut encoded = BASE64_STANDARD.encode(&bytes).into_bytes();
            if change && !encoded.is_empty() {
                let at = at.index(encoded.len());
                encoded[at] = other;
            }
            let source = format!("\"{}\"", String::from_utf8(encoded).unwrap());
            prop_assert_eq!(base64_len(&source), decode_base64(&source).map(|bytes| bytes.len()), "{}", source);
            let escaped = source.replace('/', "\\/");
            prop_assert_eq!(base64_len(&escaped), decode_base64(&escaped).map(|bytes| bytes.len()), "{}", escaped);
        }
    }

    #[test]
    fn warnings_leave_an_event_valid() {
        let sent = message(
            &[("ce-specversion", "1.0"), ("ce-id", "a b"), ("ce-source", "/a"), ("ce-type", "t"), ("ce-data", "x")],
            b"",
        );
        let envelope = Envelope::new(&sent);
        let decoded = envelope.decode();
        let severities: Vec<_> = decoded.all_findings().map(|f| (f.name(), f.severity())).collect();
        assert_eq!(severities, [("header-not-encoded", Severity::Warning), ("named-data", Severity::Error)]);
        assert!(!decoded.is_valid());
    }
}
