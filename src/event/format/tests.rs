//! Events in the other formats: written by libraries for Go (google.golang.org/protobuf, goavro), the examples of the
//! specification, and any bytes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::super::body::plain_text;
use super::super::exercise::{exercise, message};
use super::super::fields::passes;
use super::super::{Body, Document, Mode, Shape};
use super::*;
use crate::model::Message;
use crate::query::Filter;

const PROTOBUF_JSON: &str = "CgNlLTESCi9vcmRlcnMvZXUaAzEuMCIVY29tLmFjbWUub3JkZXIucGxhY2VkKg0KBGJsb2ISBSIDAAH/KhQKBWNvdW50EgsQ+f//////////ASol\
     Cg9kYXRhY29udGVudHR5cGUSEhoQYXBwbGljYXRpb24vanNvbiobCgpkYXRhc2NoZW1hEg0qC2h0dHBzOi8veC95KgoKBGZsYWcSAggBKgkKA29m\
     ZhICCAAqCwoDcmVmEgQyAi96KhIKB3N1YmplY3QSBxoFNDcgMTEqFQoEdGltZRINOgsIj6CB2AYQwLjGEzIReyJ0b3RhbCIgOiAxMi41MH0=";
const PROTOBUF_TEXT: &str = "CgNlLTESCi9vcmRlcnMvZXUaAzEuMCIVY29tLmFjbWUub3JkZXIucGxhY2VkKh8KD2RhdGFjb250ZW50dHlwZRIMGgp0ZXh0L3BsYWluOglab8Or\
     ICYgY28=";
const PROTOBUF_BYTES: &str = "CgNlLTESCi9vcmRlcnMvZXUaAzEuMCIVY29tLmFjbWUub3JkZXIucGxhY2VkKi0KD2RhdGFjb250ZW50dHlwZRIaGhhhcHBsaWNhdGlvbi9vY3Rl\
     dC1zdHJlYW0yAwAB/w==";
const PROTOBUF_ANY: &str = "CgNlLTESCi9vcmRlcnMvZXUaAzEuMCIVY29tLmFjbWUub3JkZXIucGxhY2VkQjoKL3R5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnByb3RvYnVm\
     LlN0cmluZ1ZhbHVlEgcKBWhlbGxv";
const PROTOBUF_BATCH: &str = "ChEKA2UtMRICL3MaAzEuMCIBdAoVCgNlLTISAi9zGgMxLjAiAXQ6Amhp";
const AVRO_BYTES: &str = "EAhub25lABZzcGVjdmVyc2lvbgYGMS4wBGlkBgZlLTEMc291cmNlBgQvcwh0eXBlBgJ0CGZsYWcCAQpjb3VudAQNCGJsb2IIBgAB/wAAFnsiYSIg\
     OiAxLjB9";
const AVRO_MAP: &str = "CBZzcGVjdmVyc2lvbgYGMS4wBGlkBgZlLTEMc291cmNlBgQvcwh0eXBlBgJ0AAYMBG5vAAp0b3RhbAYAAAAAAAApQAJuBgAAAAAAZ7JACG5hbWUI\
     CFpvw6sGeWVzAgEEaW4EBAhsaXN0BgQCAngIAAAAAAAA8D8AAAAGbWFwBAICawICeQoCegAAAAA=";
const AVRO_INFINITE: &str = "CBZzcGVjdmVyc2lvbgYGMS4wBGlkBgZlLTEMc291cmNlBgQvcwh0eXBlBgJ0AAoAAAAAAADwfw==";
const AVRO_COMPACT: &str = "BmUtMQQvcwJ0AiBhcHBsaWNhdGlvbi9qc29uAAICcwLQh8zZsK2wBgYKY291bnQEDghhY21lCAJ4GHJlY29yZGVkdGltZQbQh8zZsK2wBgAABlsx\
     XQ==";

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- who sent it --><event xmlns="http://cloudevents.io/xmlformat/V1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
       xmlns:xs="http://www.w3.org/2001/XMLSchema" specversion="1.0" >
    <time>2020-03-19T12:54:00-07:00</time>
    <datacontenttype>application/json</datacontenttype>
    <id>000&#45;1111-2222</id>
    <source>urn:uuid:123e4567-e89b-12d3-a456-426614174000</source>
    <type>SOME.EVENT.TYPE</type>
    <myboolean xsi:type="ce:boolean">false</myboolean>
    <count xsi:type="ce:integer"> -7 </count>
    <note xsi:type="ce:string">a &lt; b &amp; <![CDATA[<c>]]></note>
    <data xsi:type="xs:string">{ "salutation": "Good Morning", "n": 1.50 }</data>
</event>"#;

const XML_ANY: &str = r#"<ce:event xmlns:ce="http://cloudevents.io/xmlformat/V1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:geo="http://someauthority.example/" specversion="1.0" >
    <ce:datacontenttype>application/xml</ce:datacontenttype>
    <ce:id>1</ce:id><ce:source>/a</ce:source><ce:type>t</ce:type>
    <ce:data xsi:type="xs:any">
        <geo:Location><!-- kept --><geo:Latitude>51.5</geo:Latitude></geo:Location>
    </ce:data>
</ce:event>"#;

const XML_BATCH: &str = r#"<batch xmlns="http://cloudevents.io/xmlformat/V1" xmlns:xsi="x"><event specversion="1.0"><id>1</id>
<source>/a</source><type>t</type><data xsi:type="xs:base64Binary"> AAEC
 /w== </data></event><event specversion="1.0"><id>2</id><source>/a</source><type>t</type></event></batch>"#;

const REQUIRED: &str = r#""id":"e-1","source":"/orders/eu","specversion":"1.0","type":"com.acme.order.placed""#;

fn bytes(fixture: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(fixture).unwrap()
}

fn sent(suffix: &str, body: &[u8]) -> Message {
    let named = format!("application/cloudevents{suffix}");
    message(&[("Content-Type", &named)], body)
}

/// The lines of structured JSON of a message, and all findings.
fn told(message: &Message) -> (Vec<String>, Vec<&'static str>) {
    let envelope = Envelope::new(message);
    let decoded = envelope.decode();
    let lines = decoded.events().iter().map(Event::to_json_line).collect();
    (lines, decoded.all_findings().map(Finding::name).collect())
}

fn check(suffix: &str, body: &[u8], lines: &[&str], findings: &[&str]) {
    let (found, names) = told(&sent(suffix, body));
    assert_eq!(found, lines, "{suffix}");
    assert_eq!(names, findings, "{suffix}");
}

#[test]
fn names_of_content_types() {
    assert_eq!(Format::of("application/CloudEvents-Batch+XML; charset=utf-8"), Some(Format::Xml));
    assert_eq!(Format::of("application/cloudevents+avro-compact"), Some(Format::AvroCompact));
    for other in
        ["application/cloudevents+json", "application/cloudevents", "application/xml", "application/cloudevents+cbor"]
    {
        assert_eq!(Format::of(other), None, "{other}");
    }
    assert_eq!(Format::of("application/cloudevents-batch+avro"), None, "there are no such batches");
}

#[test]
fn protobuf() {
    let json = format!(
        r#"{{{REQUIRED},"blob":"AAH/","count":-7,"datacontenttype":"application/json","dataschema":"https://x/y","flag":true,"off":false,"ref":"/z","subject":"47 11","time":"2026-11-20T13:50:07.041Z","data":{{"total" : 12.50}}}}"#
    );
    check("+protobuf", &bytes(PROTOBUF_JSON), &[&json], &[]);
    let text = format!(r#"{{{REQUIRED},"datacontenttype":"text/plain","data":"Zoë & co"}}"#);
    check("+protobuf", &bytes(PROTOBUF_TEXT), &[&text], &[]);
    let octets = format!(r#"{{{REQUIRED},"datacontenttype":"application/octet-stream","data_base64":"AAH/"}}"#);
    check("+protobuf", &bytes(PROTOBUF_BYTES), &[&octets], &[]);
    let any = format!(
        r#"{{{REQUIRED},"data":{{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"CgVoZWxsbw=="}}}}"#
    );
    check("+protobuf", &bytes(PROTOBUF_ANY), &[&any], &[]);
    let batch = [
        r#"{"id":"e-1","source":"/s","specversion":"1.0","type":"t"}"#,
        r#"{"id":"e-2","source":"/s","specversion":"1.0","type":"t","data_base64":"aGk="}"#,
    ];
    check("-batch+protobuf", &bytes(PROTOBUF_BATCH), &batch, &[]);
    check("-batch+protobuf", b"", &[], &[]);
    check("+protobuf", b"", &["{}"], &["missing-specversion", "missing-id", "missing-source", "missing-type"]);
    // A field that a later version may have is passed over; what is no message breaks.
    let later = [&bytes(PROTOBUF_TEXT)[..], b"\x7a\x02hi"].concat();
    check("+protobuf", &later, &[&text], &[]);
    check("+protobuf", b"\x0a\x011\x0b", &[r#"{"id":"1"}"#], &["format-broken"]);
}

#[test]
fn avro() {
    let attributes = r#"{"specversion":"1.0","id":"e-1","source":"/s","type":"t""#;
    let line = format!(r#"{attributes},"flag":true,"count":-7,"blob":"AAH/","data":{{"a" : 1.0}}}}"#);
    check("+avro", &bytes(AVRO_BYTES), &[&line], &[]);
    let (lines, findings) = told(&sent("+avro", &bytes(AVRO_MAP)));
    let event: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    let data = serde_json::json!({"total": 12.5, "n": 4711, "name": "Zoë", "no": null, "yes": true,
        "in": {"list": [{"x": 1}, {}], "map": {"k": {"y": "z"}}}});
    assert_eq!((&event["data"], findings), (&data, vec![]));
    check("+avro", &bytes(AVRO_INFINITE), &[&format!("{attributes}}}")], &["format-broken"]);
    let follows = [&bytes(AVRO_BYTES)[..], b"x"].concat();
    check("+avro", &follows, &[&line], &["format-broken"]);
    let compact = r#"{"specversion":"1.0","id":"e-1","source":"/s","type":"t","datacontenttype":"application/json","subject":"s","time":"2026-11-20T13:50:07.041Z","count":7,"acme":"x","recordedtime":"2026-11-20T13:50:07.041Z","data":[1]}"#;
    check("+avro-compact", &bytes(AVRO_COMPACT), &[compact], &[]);
}

#[test]
fn xml() {
    let line = concat!(
        r#"{"specversion":"1.0","time":"2020-03-19T12:54:00-07:00","datacontenttype":"application/json","id":"000-1111-2222","#,
        r#""source":"urn:uuid:123e4567-e89b-12d3-a456-426614174000","type":"SOME.EVENT.TYPE","myboolean":false,"count":-7,"#,
        r#""note":"a < b & <c>","data":{ "salutation": "Good Morning", "n": 1.50 }}"#
    );
    check("+xml", XML.as_bytes(), &[line], &[]);
    let any = concat!(
        r#"{"specversion":"1.0","datacontenttype":"application/xml","id":"1","source":"/a","type":"t","#,
        r#""data":"<geo:Location xmlns:geo=\"http://someauthority.example/\"><!-- kept --><geo:Latitude>51.5</geo:Latitude></geo:Location>"}"#
    );
    check("+xml", XML_ANY.as_bytes(), &[any], &[]);
    let batch = [
        r#"{"specversion":"1.0","id":"1","source":"/a","type":"t","data_base64":"AAEC/w=="}"#,
        r#"{"specversion":"1.0","id":"2","source":"/a","type":"t"}"#,
    ];
    check("-batch+xml", XML_BATCH.as_bytes(), &batch, &[]);
    check("+xml", XML_BATCH.as_bytes(), &batch, &["batch-as-event"]);
    check("-batch+xml", XML_ANY.as_bytes(), &[any], &["event-as-batch"]);
    check("-batch+xml", b"<batch/>", &[], &[]);
}

#[test]
fn xml_expands_nothing_and_breaks_where_it_must() {
    let event = |inner: &str| format!("<event specversion=\"1.0\"><id>1</id>{inner}");
    let one = r#"{"specversion":"1.0","id":"1"}"#;
    let bomb = format!("<!DOCTYPE e [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{}", event("<x>&b;</x></event>"));
    check("+xml", bomb.as_bytes(), &[one], &["format-broken"]);
    check("+xml", event("<x>").as_bytes(), &[one], &["format-broken"]);
    check("+xml", event("</evnt>").as_bytes(), &[one], &["format-broken"]);
    check("+xml", event(&"<a>".repeat(100_000)).as_bytes(), &[one], &["format-broken"]);
    let (lines, findings) = told(&sent("+xml", b"<other/>"));
    assert_eq!((lines, findings), (vec!["{}".to_owned()], vec!["format-broken"]));
}

#[test]
fn what_breaks_keeps_its_source() {
    let cut = sent("+xml", &XML.as_bytes()[..400]);
    let envelope = Envelope::new(&cut);
    let decoded = envelope.decode();
    let event = &decoded.events()[0];
    assert_eq!((event.extent, event.broken.unwrap().at), (Extent::Part, 400));
    let shown = plain_text(&Body::of(event).lines(0..20));
    assert!(shown.starts_with("<?xml") && shown.contains("breaks here"), "{shown}");
    let marked = sent("+xml", b"\xef\xbb\xbf<event><x>");
    assert_eq!(Envelope::new(&marked).decode().events()[0].broken.unwrap().at, 13, "its byte order mark is counted");
    let cut = bytes(PROTOBUF_JSON);
    let cut = sent("+protobuf", &cut[..cut.len() - 3]);
    let envelope = Envelope::new(&cut);
    let decoded = envelope.decode();
    let body = Body::of(&decoded.events()[0]);
    assert_eq!(body.kind().name(), "bytes");
    assert!(body.note().unwrap().starts_with("the Protobuf of the event breaks at byte "), "{:?}", body.note());
    let sentence = decoded.all_findings().next().unwrap().to_string();
    assert!(
        sentence.starts_with("The Protobuf is broken at byte ") && sentence.ends_with(": it ends too early."),
        "{sentence}"
    );
}

#[test]
fn filters_and_panels_see_them_as_any_event() {
    let order = sent("+protobuf", &bytes(PROTOBUF_JSON));
    for filter in [
        Filter::expression("data.total > 12 AND subject = '47 11' AND count = -7").unwrap(),
        Filter::words("type:com.acme.* total").unwrap(),
    ] {
        assert!(passes(&filter, &order));
    }
    assert!(!passes(&Filter::expression("data.total > 13").unwrap(), &order));
    let envelope = Envelope::new(&order);
    assert_eq!(envelope.decode().mode(), Some(Mode::Structured));
    let mut panel = Document::of(&order, 0, Shape::Pretty, 100);
    let rows: Vec<String> =
        panel.rows(0..60).into_iter().map(|row| row.line.iter().map(|span| &*span.text).collect()).collect();
    let all = rows.join("\n");
    assert!(all.contains("structured: its Content-Type is application/cloudevents, in Protobuf"), "{all}");
    assert!(all.contains("\"total\": 12.50"), "{all}");
}

#[test]
fn a_message_of_protocol_buffers_is_no_body_of_a_request() {
    let any = sent("+protobuf", &bytes(PROTOBUF_ANY));
    let envelope = Envelope::new(&any);
    assert!(envelope.decode().events()[0].to_http().is_err());
    let text = sent("+protobuf", &bytes(PROTOBUF_TEXT));
    let envelope = Envelope::new(&text);
    assert_eq!(envelope.decode().events()[0].to_http().unwrap().body, "Zoë & co".as_bytes());
}

/// Bodies and the ends of their types.
fn fixtures() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("+protobuf", bytes(PROTOBUF_JSON)),
        ("+protobuf", bytes(PROTOBUF_ANY)),
        ("-batch+protobuf", bytes(PROTOBUF_BATCH)),
        ("+avro", bytes(AVRO_BYTES)),
        ("+avro", bytes(AVRO_MAP)),
        ("+avro-compact", bytes(AVRO_COMPACT)),
        ("+xml", XML.into()),
        ("+xml", XML_ANY.into()),
        ("-batch+xml", XML_BATCH.into()),
    ]
}

#[test]
fn what_is_cut_off_is_never_whole() {
    for (suffix, body) in fixtures().into_iter().filter(|(suffix, _)| !suffix.contains("protobuf")) {
        for end in 0..body.len() {
            let (_, findings) = told(&sent(suffix, &body[..end]));
            assert!(findings.contains(&"format-broken"), "{suffix} up to {end}: {findings:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for suffix in ["+protobuf", "-batch+protobuf", "+avro", "+avro-compact", "+xml"] {
            exercise(&sent(suffix, &body));
        }
    }

    #[test]
    fn any_change_is_survived(which in 0_usize..9, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let (suffix, mut body) = fixtures().swap_remove(which);
        for (at, to) in changes {
            let at = at.index(body.len());
            body[at] = to;
        }
        exercise(&sent(suffix, &body));
    }
}
