//! What is read quickly is what is read slowly.

use proptest::prelude::*;

use super::*;

/// Pieces of bodies, whole events among them.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"{",
        b"}",
        b"[",
        b",",
        b" ",
        b"\n",
        b"\"specversion\":\"1.0\"",
        b"\"id\" : \"1\"",
        b"\"type\":\"t\"",
        b"\"\\u0069d\":\"2\"",
        b"\"data\":{\"a\":[1.50,\"\\u00fc\"]}",
        b"\"data_base64\":\"AAE=\"",
        b"\"data_base64\":null",
        b"\"subject\":null",
        b"\"n\":{\"x\":\"\xff\"}",
        b"{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"t\",\"n\":5,\"data\":{ \"x\" : true }}",
        "\"größe\":\"\u{1f600}\"".as_bytes(),
        b"\xc3",
    ];
    prop_oneof![
        9 => prop::sample::select(words).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_read_quickly_is_what_is_read_slowly(pieces in prop::collection::vec(piece(), 1..12), commas in any::<bool>(), announced in any::<bool>()) {
        let body = if commas { [b"{".as_slice(), &pieces.join(&b','), b"}"].concat() } else { pieces.concat() };
        for depth in [Depth::Only(&["id"]), Depth::Only(&["subject", "N"]), Depth::Attributes, Depth::Data, Depth::Full] {
            let (read, slow) = (read(&body, depth, announced), slowly(&body, depth, announced));
            let told = |of: &Document<'_>| {
                format!("{:?} {:?} {} {:?}", of.shape, of.events, of.dropped, of.broken)
            };
            prop_assert_eq!(told(&read), told(&slow), "{:?} {}", depth, String::from_utf8_lossy(&body));
        }
    }
}

#[test]
fn whole_objects_are_read_quickly() {
    let event = r#"{"specversion":"1.0","id":"1","data":{"a":["x\"",1.5,null]},"n":true} "#;
    assert!(quickly(event.as_bytes(), Depth::Full).is_some());
    assert!(quickly(format!(" {event}\n").as_bytes(), Depth::Data).is_some());
    for other in ["[]", "{", "{\"\\u0061\":1}", "{} {}", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{\"a\":01}"] {
        assert!(quickly(other.as_bytes(), Depth::Full).is_none(), "{other}");
    }
}
