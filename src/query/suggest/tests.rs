//! What is suggested where, and that whatever is typed has a place for it.

use proptest::prelude::*;

use super::*;
use crate::query::Filter;

fn seen() -> Seen {
    let mut seen = Seen::default();
    for (name, value, times) in [
        ("type", "com.shop.order", 5),
        ("type", "com.shop.refund", 2),
        ("type", "org.news", 7),
        ("source", "/shop", 9),
        ("subject", "order/47", 1),
        ("acme", "it's", 1),
        ("acme", "c:\\", 2),
        ("in", "x", 3),
        ("header.Nats-Msg-Id", "m-1", 4),
        ("header['X Y']", "a b", 4),
        ("data.total", "9.5", 6),
        ("data['e-mail']", "z@x", 6),
        ("nats.subject", "orders.eu", 8),
    ] {
        (0..times).for_each(|_| seen.note(name, value));
    }
    seen
}

/// The texts after each suggestion; the cursor is where `|` stands.
fn after(door: Door, marked: &str) -> Vec<String> {
    let cursor = marked.find('|').unwrap();
    let text = marked.replace('|', "");
    let applied = |suggestion: Suggestion| {
        let mut text = text.clone();
        text.replace_range(suggestion.replace, &suggestion.with);
        text
    };
    suggest(door, &text, cursor, &seen()).into_iter().map(applied).collect()
}

fn begins(door: Door, marked: &str, expected: &[&str]) {
    let found = after(door, marked);
    assert_eq!(found.iter().take(expected.len()).collect::<Vec<_>>(), expected, "{marked}: {found:?}");
}

#[test]
fn words_become_names_and_values() {
    let begins = |marked: &str, expected: &[&str]| begins(Door::Words, marked, expected);
    begins("|", &["type:", "source:", "acme:", "in:", "subject:"]);
    begins("ty|", &["type:", "datacontenttype:"]);
    begins("paid -ty|", &["paid -type:"]);
    begins("ty|pe:x z", &["type:x z"]);
    begins("type:|", &["type:org.news", "type:com.shop.order", "type:com.shop.refund"]);
    begins("type:com.sh|", &["type:com.shop.order", "type:com.shop.refund"]);
    begins("-TYPE:SHOP| x", &["-TYPE:com.shop.order x"]);
    begins("type:\"com.sh|op\" x", &["type:com.shop.order x"]);
    begins("subject:|", &["subject:orders.eu", "subject:order/47"]);
    begins("acme:|", &["acme:\"c:\\\\\"", "acme:\"it's\""]);
    begins("tot|", &["data.total:"]);
    begins("dat|", &["data.total:", "data['e-mail']:"]);
    assert!(after(Door::Words, "dat|").contains(&"data.".to_owned()));
    begins("data.|", &["data.total:"]);
    begins("data[|", &["data['e-mail']:"]);
    begins("header.nats|", &["header.Nats-Msg-Id:"]);
    begins("header['X Y']:|", &["header['X Y']:\"a b\""]);
    begins("nats.s|", &["nats.subject:", "nats.seq:"]);
    for nothing in ["\"quoted ty|", "nowhere:|", "zzz|"] {
        assert!(after(Door::Words, nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn expressions_become_conditions() {
    let begins = |marked: &str, expected: &[&str]| begins(Door::Expression, marked, expected);
    begins("|", &["type ", "source ", "acme ", "subject "]);
    begins("ty|", &["type ", "datacontenttype "]);
    begins("ty|pe = 'x'", &["type = 'x'"]);
    begins("type |", &["type = ", "type != ", "type LIKE "]);
    begins("type L|", &["type LIKE "]);
    begins("type NOT |", &["type NOT LIKE ", "type NOT IN ("]);
    begins("type = |", &["type = 'org.news'", "type = 'com.shop.order'"]);
    begins("type = com|", &["type = 'com.shop.order'", "type = 'com.shop.refund'"]);
    begins("type = 'com.sh|", &["type = 'com.shop.order'"]);
    begins("type = 'com.sh|op' AND x", &["type = 'com.shop.order' AND x"]);
    begins("type LIKE 'com|", &["type LIKE 'com.shop.%'", "type LIKE 'com.shop.order'"]);
    begins("type NOT LIKE |", &["type NOT LIKE 'com.shop.%'", "type NOT LIKE 'org.%'"]);
    begins("type IN ('com.shop.order', 'o|", &["type IN ('com.shop.order', 'org.news'"]);
    begins("type IN (|", &["type IN ('org.news'"]);
    begins("acme = |", &[r"acme = LEFT('c:\.', 3)", r"acme = 'it\'s'"]);
    begins("type = 'x'|", &["type = 'x' AND "]);
    begins("type = 'x' |", &["type = 'x' AND ", "type = 'x' OR "]);
    begins("type = 'x' a|", &["type = 'x' AND "]);
    begins("type = 'x' AND EXISTS da|", &["type = 'x' AND EXISTS data.total", "type = 'x' AND EXISTS data['e-mail']"]);
    begins("ex|", &["EXISTS "]);
    begins("NOT |", &["NOT type "]);
    begins("data.|", &["data.total "]);
    begins("data['e|", &["data['e-mail'] "]);
    begins("header['X Y'] = |", &["header['X Y'] = 'a b'"]);
    begins("upp|", &["UPPER("]);
    begins("UPPER(ty|", &["UPPER(type "]);
    assert!(!after(Door::Expression, "i|").contains(&"in ".to_owned()));
    for nothing in ["'abc|", "UPPER('a|", "zzz|"] {
        assert!(after(Door::Expression, nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn help_says_what_it_is() {
    let helps = |text: &str| suggest(Door::Words, text, text.len(), &seen()).first().unwrap().help.clone();
    assert_eq!(helps("ty"), "what happened");
    assert_eq!(helps("acme"), "such as c:\\");
    assert_eq!(helps("type:org"), "7 times");
}

proptest! {
    #[test]
    fn whatever_is_typed(text in prop_oneof!["\\PC{0,30}", "([a-z.'\"\\\\:\\[\\]() =-]|type|data|LIKE|IN|NOT|é){0,12}"], cursor in 0_usize..40, words in any::<bool>()) {
        let door = if words { Door::Words } else { Door::Expression };
        for suggestion in suggest(door, &text, cursor, &seen()) {
            prop_assert!(text.get(suggestion.replace.clone()).is_some());
            prop_assert!(suggestion.replace.start <= cursor);
        }
    }

    #[test]
    fn a_value_that_was_picked_is_found(value in "\\PC{1,20}|['\"\\\\%_*? a]{1,8}", words in any::<bool>()) {
        let mut seen = Seen::default();
        seen.note("acme", &value);
        let (door, text) = if words { (Door::Words, "acme:") } else { (Door::Expression, "acme = ") };
        let found = suggest(door, text, text.len(), &seen);
        let filter = Filter::parse(door, &format!("{text}{}", found[0].with)).unwrap();
        let sample = crate::query::sample::Sample {
            attributes: vec![("acme", crate::query::Value::text(value.clone()))],
            ..Default::default()
        };
        prop_assert!(filter.matches(&sample), "{}", filter);
        if !words && let Some(like) = suggest(door, "acme LIKE ", 10, &seen).last() {
            let filter = Filter::expression(&("acme LIKE ".to_owned() + &like.with)).unwrap();
            prop_assert!(filter.matches(&sample), "{}", filter);
        }
    }
}
