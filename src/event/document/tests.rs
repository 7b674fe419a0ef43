//! Documents of good, broken and hostile messages at all widths; conditions made of their fields.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::super::exercise::{json, message};
use super::super::{is_harmless_text, passes};
use super::*;
use crate::query::{Door, Filter, narrow};

fn text(row: &Row) -> String {
    row.line.iter().map(|span| &*span.text).collect()
}

fn all(document: &mut Document) -> Vec<String> {
    document.rows(0..usize::MAX).iter().map(text).collect()
}

fn shown(message: &Message, shape: Shape, width: usize) -> String {
    all(&mut Document::of(message, 0, shape, width)).join("\n")
}

const BINARY: [(&str, &str); 9] = [
    ("ce-specversion", "1.0"),
    ("ce-id", "zo%C3%AB"),
    ("ce-source", "/shop"),
    ("ce-type", "order.placed"),
    ("ce-time", "2026-11-20T15:50:07+02:00"),
    ("ce-partitionkey", "customer-4711-in-the-north-of-the-country"),
    ("ce-datacontenttype", "application/json"),
    ("content-type", "application/json"),
    ("Nats-Msg-Id", "m-1"),
];

#[test]
fn an_event_that_breaks_shows_its_source() {
    let source = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":NaN}}"#;
    for shape in [Shape::Pretty, Shape::Json] {
        let mut document = Document::of(&message(&[], source.as_bytes()), 0, shape, 100);
        let rows = all(&mut document).join("\n");
        assert!(rows.contains("body: text, 72 bytes") && rows.contains(r#""data":{"a":⟪breaks here⟫NaN}}"#), "{rows}");
        assert_eq!(document.data(), source.as_bytes(), "what is saved has no mark");
    }
}

#[test]
fn a_binary_event() {
    let sent = message(&BINARY, br#"{"total":9.50,"items":[{"sku":"A"}]}"#);
    let expected = "\
type             order.placed
source           /shop
id               zoë
time             2026-11-20T15:50:07+02:00  = 2026-11-20T13:50:07Z
partitionkey     customer-4711-in-the-north-of-the-country
datacontenttype  application/json
specversion      1.0

binary: it has a ce-specversion header

data: json, 36 bytes
{
  \"total\": 9.50,
  \"items\": [
    {
      \"sku\": \"A\"
    }
  ]
}

headers
content-type  application/json
Nats-Msg-Id   m-1

NATS
stream    orders
sequence  1
stored    1970-01-01T00:00:00Z
subject   orders.eu
size      308 bytes, of which the body has 36";
    assert_eq!(shown(&sent, Shape::Pretty, 70), expected);
    let mut wide = Document::of(&sent, 0, Shape::Pretty, 120);
    assert!(all(&mut wide)[4].ends_with("country  events with the same key belong together and stay in order"));
    let mut narrow = Document::of(&sent, 0, Shape::Pretty, 30);
    let rows = all(&mut narrow);
    let at = rows.iter().position(|row| row.starts_with("partition")).unwrap();
    assert_eq!(
        rows[at..at + 3],
        ["partition…  customer-4711-in-t", "            he-north-of-the-co", "            untry"]
    );
    let flags: Vec<bool> = narrow.rows(at..at + 3).iter().map(|row| row.field).collect();
    assert_eq!(flags, [true, false, false]);
    assert_eq!(narrow.field(at), narrow.field(at + 2));
}

#[test]
fn what_is_wrong_stands_first() {
    let sent = message(&[], br#"{"specversion":"1.0","id":"","type":"t","source":"/a","abcdefghijklmnopqrstu":"x"}"#);
    let rows = shown(&sent, Shape::Pretty, 60);
    let expected = "\
why not a valid CloudEvent
✖ The required attribute id is empty; it must hold at least
  one character.
▲ The attribute name \"abcdefghijklmnopqrstu\" should not
  exceed 20 characters.

type ";
    assert!(rows.starts_with(expected), "{rows}");
    assert!(rows.contains("type, source or id (no header says so)\n\nno data\n\nNATS\n"), "{rows}");
    let plain = shown(&message(&[("a", "b")], b"hello\nworld"), Shape::Json, 80);
    let expected = "\
Not a CloudEvent: no header says so, and the body is not JSON.

body: text, 11 bytes
hello
world

headers
a  b

NATS
stream    orders
";
    assert!(plain.starts_with(expected), "{plain}");
}

#[test]
fn other_shapes_and_batches() {
    let event =
        |id: &str| format!(r#"{{"specversion":"1.0","id":"{id}","type":"t","source":"/a","data_base64":"AAE="}}"#);
    let sent = message(&[], format!("[{},{}]", event("1"), event("2")).as_bytes());
    let mut second = Document::of(&sent, 1, Shape::Pretty, 80);
    assert_eq!((second.events(), second.data()), (2, &b"\x00\x01"[..]));
    let rows = all(&mut second);
    assert!(rows.contains(&"event 2 of 2".to_owned()) && rows.contains(&"id           2".to_owned()), "{rows:?}");
    assert!(rows.contains(&"00000000  00 01                                             ..".to_owned()), "{rows:?}");
    let whole = shown(&sent, Shape::Json, 80);
    assert!(
        whole.contains("the event as structured JSON\n{\n  \"specversion\": \"1.0\",\n  \"id\": \"1\","),
        "{whole}"
    );
    let bytes = shown(&sent, Shape::Bytes, 80);
    assert!(bytes.contains("body as it was sent, 155 bytes\n00000000  5b 7b 22"), "{bytes}");
    let beyond = shown(&sent, Shape::Pretty, 80).len();
    assert!(beyond > 0 && shown(&message(&[], b""), Shape::Bytes, 80).contains("no body\n"));
    let refused = Message { undecodable: Some(b"NATS/1.0\r\nx: \xff\r\n\r\n".as_slice().into()), ..message(&[], b"") };
    let rows = shown(&refused, Shape::Pretty, 80);
    assert!(rows.contains("headers as they were sent, 18 bytes\n00000000  4e 41 54 53"), "{rows}");
}

/// Each field of the document, also of rows that say that there is none.
fn fields(document: &mut Document) -> Vec<Field> {
    let total = document.total();
    let rows = document.rows(0..total);
    assert_eq!(rows.len(), total);
    for (number, row) in rows.iter().enumerate().filter(|(_, row)| row.field) {
        assert!(document.field(number).is_some(), "{:?}", text(row));
    }
    (0..total).filter_map(|number| document.field(number)).collect()
}

/// Whether conditions of either door that are made of the field find the message, and their contraries do not.
fn is_found(field: &Field, message: &Message) -> bool {
    [Door::Words, Door::Expression].into_iter().all(|door| {
        [false, true].into_iter().all(|not| {
            let text = narrow(door, "", &field.key, &field.value, not);
            !text.is_empty() && passes(&Filter::parse(door, &text).unwrap(), message) != not
        })
    })
}

#[test]
fn fields_have_the_names_of_filters() {
    let mut sent = message(&BINARY, br#"{"total":9.50,"none":null,"items":[{"sku":"A","e-mail":"x"},{}]}"#);
    sent.subject = "orders.eu".into();
    for shape in [Shape::Pretty, Shape::Json] {
        let mut document = Document::of(&sent, 0, shape, 200);
        let found = fields(&mut document);
        let has = |key: &str, value: &str| found.contains(&Field { key: key.into(), value: value.into() });
        assert!(has("type", "order.placed") && has("id", "zoë"), "{found:?}");
        assert!(has("data.total", "9.50") && has("data.items[0].sku", "A") && has("data.items[0]['e-mail']", "x"));
        assert!(has("data.items[1]", "{}") && !found.iter().any(|field| field.key.ends_with("none")));
        if shape == Shape::Pretty {
            assert!(has("header.Nats-Msg-Id", "m-1") && has("nats.subject", "orders.eu") && has("nats.seq", "1"));
        }
        for field in &found {
            assert!(is_found(field, &sent), "{field:?}");
        }
    }
}

#[test]
fn the_first_screen_of_a_large_body_is_all_that_is_laid_out() {
    let big = format!("[{}1]", "{\"a\":\"x\"},".repeat(400_000));
    let mut document = Document::of(&message(&[], big.as_bytes()), 0, Shape::Pretty, 100);
    assert_eq!(document.rows(0..50).len(), 50);
    assert_eq!(document.data().len(), big.len());
    assert!(document.total() > 1_200_000);
    // The end of the data, and what follows it.
    assert_eq!(document.rows(1_200_000..1_200_050).len(), 13);
    let data = document.rows(1_200_000..1_200_013).iter().position(|row| row.line.is_empty()).unwrap();
    let at = (1_200_000..1_200_000 + data).rev().filter(|row| document.rows(*row..*row + 1)[0].field).nth(1).unwrap();
    assert_eq!(document.field(at).unwrap().key, "data[399999].a");
}

proptest! {
    #[test]
    fn every_leaf_is_found_by_its_field(value in json(), structured in any::<bool>(), width in 20_usize..90) {
        let text = value.to_string();
        let sent = if structured {
            let body = format!(r#"{{"specversion":"1.0","id":"1","type":"t","source":"/a","data":{text}}}"#);
            message(&[], body.as_bytes())
        } else {
            message(&BINARY, text.as_bytes())
        };
        for shape in [Shape::Pretty, Shape::Json] {
            for field in fields(&mut Document::of(&sent, 0, shape, width)).iter().filter(|field| field.key != "nats.stream") {
                prop_assert!(is_found(field, &sent), "{:?}", field);
            }
        }
    }

    #[test]
    fn no_row_is_too_wide_and_nothing_acts_on_a_terminal(
        headers in prop::collection::vec((any::<String>(), any::<String>()), 0..5),
        body in prop_oneof![any::<Vec<u8>>(), json().prop_map(|value| value.to_string().into_bytes())],
        binary in any::<bool>(),
        width in 20_usize..200,
    ) {
        let mut pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if binary {
            pairs.extend([("ce-specversion", "1.0"), ("ce-id", "%1b[2J"), ("ce-x", "漢字漢字漢字漢字漢字漢字漢字漢字漢字")]);
        }
        let sent = message(&pairs, &body);
        for shape in [Shape::Pretty, Shape::Bytes, Shape::Json] {
            let mut document = Document::of(&sent, 0, shape, width);
            let total = document.total();
            let rows = document.rows(0..total + 9);
            prop_assert_eq!(rows.len(), total);
            for row in rows {
                let text = text(&row);
                prop_assert!(text.width() <= width, "{:?} in {}", text, width);
                prop_assert!(is_harmless_text(&text), "{:?}", text);
            }
        }
    }
}
