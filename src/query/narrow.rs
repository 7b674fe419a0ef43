//! "Only these" and "not these": a filter with one more condition, made of a value on the screen.

use super::cesql::ast::Path;
use super::cesql::{Chain, literal};
use super::key::read_key;
use super::words::Terms;
use super::{Door, Filter};

/// The filter with one more condition: the value that is called `key` is `value`, or with `not`, it is not (which
/// also holds where there is none).
///
/// A condition that is there already is not added again, and one that says the exact contrary is replaced. The text
/// comes back as it was where it is no filter, where no filter knows the name, and where it would become too long.
pub fn narrow(door: Door, text: &str, key: &str, value: &str, not: bool) -> String {
    let narrowed = read_key(key).and_then(|path| match door {
        Door::Words => words(text, key, &path, value, not),
        Door::Expression => expression(text, key, &path, value, not),
    });
    narrowed.filter(|narrowed| Filter::parse(door, narrowed).is_ok()).unwrap_or_else(|| text.to_owned())
}

fn words(text: &str, key: &str, path: &Path, value: &str, not: bool) -> Option<String> {
    let typed = format!("{}{key}:{}", if not { "-" } else { "" }, word(value));
    let [(term, _)] = Terms::placed(&typed).ok()?.try_into().ok()?;
    if !term.is_about(path) {
        return None;
    }
    let placed = Terms::placed(text).ok()?;
    if placed.iter().any(|(other, _)| *other == term) {
        return None;
    }
    let opposite = placed.into_iter().find(|(other, _)| other.opposes(&term));
    Some(match opposite {
        Some((_, place)) => replaced(text, place, &typed),
        None if text.trim().is_empty() => typed,
        None => format!("{} {typed}", text.trim_end()),
    })
}

/// A value as it is written after the colon; in quotes where a sign in it would mean something.
pub(super) fn word(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@+#=%~,".contains(c);
    if !value.is_empty() && value.chars().all(plain) && !value.starts_with("//") {
        return value.to_owned();
    }
    let mut out = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

fn expression(text: &str, key: &str, path: &Path, value: &str, not: bool) -> Option<String> {
    // `in`, `true` and `12` can be attributes, but mean something else here.
    let probe = format!("{key} = ''");
    if key.bytes().all(|b| b.is_ascii_digit()) || Filter::expression(&probe).ok()?.to_string() != probe {
        return None;
    }
    let value = literal(value);
    let is = format!("{key} = {value}");
    let differs = format!("{key} != {value}");
    // These are in every message of a stream, so the condition can be shorter.
    let always_there = matches!(path, Path::Stream | Path::Subject | Path::Seq | Path::Time);
    let is_not = if always_there { differs.clone() } else { format!("(NOT EXISTS {key} OR {differs})") };
    let (wanted, same, opposite) =
        if not { (&is_not, [&is_not, &differs], [&is, &is]) } else { (&is, [&is, &is], [&is_not, &differs]) };
    if text.trim().is_empty() {
        return Some(wanted.clone());
    }
    let chain = Chain::read(text)?;
    if same.iter().any(|condition| chain.place_of(condition).is_some()) {
        return None;
    }
    if let Some(place) = opposite.iter().find_map(|condition| chain.place_of(condition)) {
        return Some(replaced(text, place, wanted));
    }
    let text = text.trim();
    Some(if chain.mixed { format!("({text}) AND {wanted}") } else { format!("{text} AND {wanted}") })
}

fn replaced(text: &str, place: std::ops::Range<usize>, with: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(place, with);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::query::Value;
    use crate::query::sample::{Sample, order};

    #[test]
    fn words_grow_and_turn() {
        for (text, key, value, not, expected) in [
            ("", "type", "com.acme.order", false, "type:com.acme.order"),
            ("paid ", "type", "a b", true, "paid -type:\"a b\""),
            ("paid type:a", "type", "a", false, "paid type:a"),
            ("paid type:\"a\" x", "type", "a", true, "paid -type:a x"),
            ("-type:a", "type", "a", false, "type:a"),
            ("type:b", "type", "a", false, "type:b type:a"),
            ("", "type", "", false, "type:\"\""),
            ("", "source", "//x", false, "source:\"//x\""),
            ("", "type", "a*\"\\", false, "type:\"a*\\\"\\\\\""),
            ("", "data['e-mail']", "x@y", false, "data['e-mail']:x@y"),
            ("", "subject", "s", false, "subject:s"),
            ("x", "12", "s", false, "x"),
            ("x", "nats.server", "s", false, "x"),
            ("x", "Upper", "s", false, "x Upper:s"),
            ("", "$schema", "s", true, "-$schema:s"),
            ("", "ce.example-extension", "s", false, "ce.example-extension:s"),
            ("", "ce['a b']", "s", true, "-ce['a b']:s"),
            ("\"x", "type", "s", false, "\"x"),
        ] {
            assert_eq!(narrow(Door::Words, text, key, value, not), expected, "{text} + {key}");
        }
    }

    #[test]
    fn expressions_grow_and_turn() {
        for (text, key, value, not, expected) in [
            ("", "type", "a", false, "type = 'a'"),
            ("", "type", "a", true, "(NOT EXISTS type OR type != 'a')"),
            ("id = '1'", "nats.seq", "7", true, "id = '1' AND nats.seq != '7'"),
            ("id = '1' OR id = '2'", "type", "a", false, "(id = '1' OR id = '2') AND type = 'a'"),
            ("(id = '1' OR x) and y", "type", "a", false, "(id = '1' OR x) and y AND type = 'a'"),
            ("id AND  type=\"a\" AND x", "type", "a", true, "id AND  (NOT EXISTS type OR type != 'a') AND x"),
            ("type = 'a'", "type", "a", false, "type = 'a'"),
            ("type != 'a'", "type", "a", false, "type = 'a'"),
            ("NOT EXISTS type OR type != 'a'", "type", "a", false, "type = 'a'"),
            ("x AND (NOT EXISTS type OR type != 'a')", "type", "a", false, "x AND type = 'a'"),
            ("", "type", "it's", false, r"type = 'it\'s'"),
            ("", "type", r"c:\", false, r"type = LEFT('c:\.', 3)"),
            ("", "type", r#"\'\""#, false, r#"type = CONCAT("\'", '\"')"#),
            ("", "event_source", "s", false, "event_source = 's'"),
            ("", "ce['a b']", "s", true, "(NOT EXISTS ce['a b'] OR ce['a b'] != 's')"),
            ("x", "in", "s", false, "x"),
            ("x", "true", "s", false, "x"),
            ("x", "12", "s", false, "x"),
            ("x =", "type", "s", false, "x ="),
        ] {
            assert_eq!(narrow(Door::Expression, text, key, value, not), expected, "{text} + {key}");
        }
        let long = "x".repeat(20_000);
        assert_eq!(narrow(Door::Expression, "x", "type", &long, false), "x");
    }

    fn filters() -> impl Strategy<Value = (Door, String)> {
        let words = prop::sample::select(vec!["", "placed", "-placed", "type:com.* x", "\"a b\" -id:a-47", "-absent:"]);
        let expressions = prop::sample::select(vec![
            "",
            "id = 'a-47'",
            "id = 'x' OR hops = 3",
            "EXISTS absent",
            "true AND id = 'a-47'",
            "NOT EXISTS absent AND (hops = 3 XOR false)",
            "true AND false OR true",
        ]);
        prop_oneof![
            words.prop_map(|text| (Door::Words, text.to_owned())),
            expressions.prop_map(|text| (Door::Expression, text.to_owned())),
        ]
    }

    proptest! {
        #[test]
        fn a_narrowed_filter_means_both(
            (door, text) in filters(),
            key in prop::sample::select(vec!["type", "id", "acme", "absent", "header['X Y']", "data['it\\'s'].x", "nats.subject",
                "tenantId", "ce['o d']", "ce.my-ext"]),
            value in prop_oneof![any::<String>(), r#"[a'"\\\\*? ]{0,8}"#, Just("com.acme.order.placed".to_owned())],
            mine in any::<bool>(),
            not in any::<bool>(),
        ) {
            // No stream holds a message without a subject.
            prop_assume!(key != "nats.subject" || !mine || !value.is_empty());
            let leaked: &'static str = Box::leak(value.clone().into_boxed_str());
            let body: &'static str = Box::leak(format!("{{\"it's\":{{\"x\":{}}}}}", serde_json::to_string(&value).unwrap()).into());
            let mut sample = order();
            if mine {
                let names = ["type", "id", "acme", "tenantId", "o d", "my-ext"];
                sample.attributes.retain(|(name, _)| !names.contains(name));
                sample.attributes.extend(names.map(|name| (name, Value::text(leaked))));
                sample.headers = vec![("x y", leaked)];
                sample = Sample { body, subject: leaked, ..sample };
            }
            let there = mine && key != "absent";
            // No expression is none, so everything passes.
            let old = text.is_empty() || Filter::parse(door, &text).unwrap().matches(&sample);
            let narrowed = narrow(door, &text, key, &value, not);
            let new = Filter::parse(door, &narrowed).unwrap();
            let only = Filter::parse(door, &narrow(door, "", key, &value, false)).unwrap();
            prop_assert!(!only.is_empty());
            if there {
                prop_assert!(only.matches(&sample), "{}", only);
            }
            let equal = only.matches(&sample);
            prop_assert_eq!(new.matches(&sample), old && equal != not, "{}", narrowed);
            prop_assert_eq!(narrow(door, &narrowed, key, &value, not), narrowed.clone());
            let back = narrow(door, &narrowed, key, &value, !not);
            prop_assert_eq!(Filter::parse(door, &back).unwrap().matches(&sample), old && equal == not, "{}", back);
        }
    }
}
