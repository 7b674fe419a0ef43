//! What goes beyond the specification, what is refused and how, and that nothing else happens on any input.

use proptest::prelude::*;

use crate::query::fields::Needs;
use crate::query::sample::{Sample, order};
use crate::query::{Filter, Mistake};

fn wrong(expression: &str) -> Mistake {
    match Filter::expression(expression) {
        Ok(filter) => panic!("{expression} is read as {filter}"),
        Err(mistake) => mistake,
    }
}

#[test]
fn data_headers_and_the_server_are_within_reach() {
    for (expression, value) in [
        ("data.count", "3"),
        ("data.count = 3", "true"),
        ("data.count + 1", "4"),
        ("data.total", "129.9"),
        ("data.total > 100", "true"),
        ("data.total > '129.89'", "true"),
        ("data.total = '129.90'", "true"),
        ("'130' > data.total", "true"),
        ("data.total LIKE '129.%'", "true"),
        ("data.id = '9007199254740993'", "true"),
        ("data.id = '9007199254740992'", "false"),
        ("data.paid", "true"),
        ("data.paid = 'TRUE'", "false"),
        ("NOT data.paid", "false"),
        ("EXISTS data.note", "false"),
        ("EXISTS data.customer", "true"),
        ("data.customer.name = 'Zoë \"Z\"'", "true"),
        ("data.customer['e-mail'] LIKE '%@example.org'", "true"),
        ("data.customer.\"e-mail\" LIKE '%@example.org'", "true"),
        ("data.items[1].sku", "B-2"),
        ("data['items'][0]['n'] * 2", "4"),
        ("data LIKE '%B-2%'", "true"),
        ("LENGTH(data.items) > 10", "true"),
        ("header.nats-msg-id = id", "true"),
        ("header['X Y']", "spaced"),
        ("header.retries >= 2", "true"),
        ("EXISTS header.Other", "false"),
        ("nats.subject LIKE 'orders.%.placed'", "true"),
        ("nats.seq", "4000000000"),
        ("nats.seq = '4000000000'", "true"),
        ("nats.seq > 7 AND nats.seq < '4000000001'", "true"),
        ("nats.time", "2026-11-20T13:50:08Z"),
        ("nats.time > '2026-11-20T13:50:07Z' AND nats.time <= '2026-11-20T15:50:08+02:00'", "true"),
        ("nats.time = '2026-11-20T15:50:08+02:00'", "true"),
        ("nats.time > time", "true"),
        ("NATS.seq IN (1, '4000000000')", "true"),
        ("time > '2026-11-20T13:50:06Z' AND time <= '2026-11-20T13:50:07Z'", "true"),
        ("time < '2026-11-20T14:50:07Z'", "true"),
        ("time = '2026-11-20T13:50:07Z' AND time IN ('x', '2026-11-20T13:50:07.0Z')", "true"),
        ("time != '2026-11-20T15:50:07Z' AND time LIKE '%+02:00'", "true"),
        ("'2026-11-20T13:50:07Z' >= time", "true"),
        ("data.items[*].sku = 'B-2'", "true"),
        ("'B-2' = data.items[*].sku", "true"),
        ("data.items[*].sku != 'B-2'", "false"),
        ("data.items[*].sku != 'C-3'", "true"),
        ("data.items[*].n > 1", "true"),
        ("data.items[*].n > 2", "false"),
        ("1 >= data.items[*].n", "true"),
        ("data.items[*].sku LIKE 'B%'", "true"),
        ("data.items[*].sku NOT LIKE 'B%'", "false"),
        ("data.items[*].sku IN ('x', 'A-1')", "true"),
        ("data.items[*].sku NOT IN ('x', 'A-1')", "false"),
        ("'A-1' IN ('x', data.items[*].sku)", "true"),
        ("data.items[*].n = 1 AND EXISTS data.items[*].sku", "true"),
        ("EXISTS data.items[*].x", "false"),
        ("data.items[*].sku", "A-1,B-2"),
        ("tenantId = 'acme' AND tenantid = 'acme' AND TENANTID = 'acme'", "true"),
        ("event_source = 'syscall' AND $schema LIKE 'https:%'", "true"),
        ("ce['example-extension'] = '1' AND ce.example-extension = '1' AND EXISTS ce.'o d'", "true"),
        ("EXISTS ce['EXAMPLE-extension']", "true"),
    ] {
        let filter = Filter::expression(expression).unwrap_or_else(|m| panic!("{expression}: {m}"));
        let event = order();
        let (got, error) = filter.evaluate(&event);
        assert_eq!((got.to_string(), error), (value.to_owned(), None), "{expression}");
        assert_eq!(Filter::expression(&filter.to_string()).unwrap().to_string(), filter.to_string(), "{expression}");
    }
}

#[test]
fn what_goes_wrong_is_a_sentence() {
    for (expression, part) in [
        ("data.nothing = 1", "data.nothing is missing"),
        ("header['a b'] = ''", "header['a b'] is missing"),
        ("id > 5", "'a-47' is no Integer"),
        ("data.total + 1", "129.9 is no Integer"),
        ("data.total > 'x'", "'x' is no number"),
        ("nats.time > 'x'", "'x' is no RFC 3339 time"),
        ("time > 'x'", "'x' is no RFC 3339 time"),
        ("time > 5", "'2026-11-20T15:50:07+02:00' is no Integer"),
        ("data.items[*].x = 1", "data.items[*].x is missing"),
        ("data.items[*].sku > 5", "'A-1' is no Integer"),
        ("nats.seq + 1", "4000000000 is no Integer"),
        ("NOT type = 'x'", "'com.acme.order.placed' is no Boolean; NOT binds closer than ="),
        ("data > 5", "…' is no Integer"),
        ("2147483647 * 2", "the result of * is larger"),
        ("LEFT(id, -3)", "LEFT: the length -3 is out of range"),
    ] {
        let filter = Filter::expression(expression).unwrap();
        let error = filter.evaluate(&order()).1.map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains(part), "{expression}: {error}");
    }
    let empty = Sample::default();
    assert!(Filter::expression("nats.seq > 0").unwrap().evaluate(&empty).1.is_some());
    let plain = Sample { body: "hello", text: true, ..Sample::default() };
    assert!(Filter::expression("data LIKE 'h%' AND NOT EXISTS data.x").unwrap().matches(&plain));
}

#[test]
fn paths_to_very_many_cost_their_length() {
    let of = |count: usize, more: &str| Sample {
        body: format!(r#"{{"a":[{}7],"b":[{}8]{more}}}"#, "7,".repeat(count), "7,".repeat(count)).leak(),
        ..Sample::default()
    };
    let told = |expression: &str, sample: &Sample| {
        let filter = Filter::expression(expression).unwrap();
        let (value, error) = filter.evaluate(sample);
        (value.to_string(), error.map(|e| e.to_string()).unwrap_or_default())
    };
    // What is on the other side is read once: 10^10 steps otherwise, and more.
    let wide = of(90_000, &format!(r#","limit":9,"none":[{}]"#, "0,".repeat(1 << 20)));
    assert_eq!(told("data.a[*] > data.limit", &wide), ("false".into(), String::new()));
    assert_eq!(told("data.a[*] IN (1, data.limit)", &wide), ("false".into(), String::new()));
    let (value, error) = told("data.a[*] = data.b[*]", &wide);
    assert_eq!((&*value, &*error), ("false", "more than 10000000 pairs of values would have to be compared"));
    assert_eq!(told("data.a[*] = data.b[*]", &of(3_000, "")), ("true".into(), String::new()));
    let (value, error) = told("data.a[*] = 8", &of(100_000, ""));
    assert_eq!((&*value, &*error), ("false", "data.a[*] leads to more than 100000 values"));
    // Words have no answer but yes and no, and look at all of them.
    assert!(Filter::words("data.b[*]:8").unwrap().matches(&of(100_000, "")));
}

#[test]
fn mistakes_have_their_place_and_what_would_be_right() {
    for (expression, place, part) in [
        ("", "", "ends where a value"),
        ("   ", "", "ends where a value"),
        ("id =", "", "ends where a value"),
        ("id = )", ")", "a value should be where ) is"),
        ("id 'x'", "'x'", "an operator should be here"),
        ("id LKIE 'x'", "LKIE", "did you mean LIKE?"),
        ("a = 1 adn b = 2", "adn", "did you mean AND?"),
        ("id == 'x'", "==", "did you mean =?"),
        ("a && b", "&&", "did you mean AND?"),
        ("a || b", "||", "did you mean OR?"),
        ("!a", "!", "did you mean NOT?"),
        ("(a = 1", "(", "not closed"),
        ("UPPER(a", "(", "not closed"),
        ("a = 1)", ")", "no parenthesis"),
        ("a, b", ",", "comma"),
        ("'abc", "'abc", "did you mean 'abc'?"),
        ("UPER(a)", "UPER", "did you mean UPPER?"),
        ("LEFT('a')", "LEFT('a')", "LEFT takes 2 arguments, not 1"),
        ("CONCAT_WS()", "CONCAT_WS()", "1 argument at least"),
        ("SUBSTRING(a)", "SUBSTRING(a)", "2 or 3 arguments"),
        ("a LIKE b", "b", "pattern in quotes"),
        ("a LIKE", "", "pattern in quotes"),
        ("a IN 'b'", "'b'", "values in parentheses"),
        ("a IN ()", "()", "one value"),
        ("a NOT 'b'", "NOT", "LIKE or IN"),
        ("AND b", "AND", "AND needs a value before it"),
        ("EXISTS 5", "5", "name of an attribute"),
        ("ce.a.b = 1", "ce.a.b", "an attribute has a name and no parts"),
        ("2147483648", "2147483648", "did you mean '2147483648'?"),
        ("a = -2147483649", "-2147483649", "32 bits"),
        ("data.price > 9.99", "9.99", "did you mean '9.99'?"),
        ("type = com.acme.order", "com.acme.order", "did you mean 'com.acme.order'?"),
        ("date.x = 1", "date.x", "did you mean data.x?"),
        ("nats.sequence > 1", "nats.sequence", "nats.seq"),
        ("nats.sbject = 'x'", "nats.sbject", "did you mean nats.subject?"),
        ("nats[1] = 'x'", "nats[1]", "there are nats.stream, nats.subject"),
        ("header.a.b = 'x'", "header.a.b", "no parts"),
        ("data. = 'x'", ".", "after the dot"),
        ("data[x] = 'x'", "[", "in brackets"),
        ("data['x = 1", "'x = 1", "no closing quote"),
        ("+ 5", "+", "a plus stands"),
        ("a = ;", ";", "means nothing"),
        ("größe = 1", "ö", "means nothing"),
    ] {
        let mistake = wrong(expression);
        let sentence = mistake.to_string();
        assert!(sentence.contains(part), "{expression}: {sentence}");
        assert_eq!(&expression[mistake.at], place, "{expression}: {sentence}");
    }
}

#[test]
fn long_is_no_trouble_and_deep_is_refused() {
    let event = order();
    for (expression, value) in [
        (vec!["true"; 1500].join(" AND "), true),
        (vec!["1"; 3000].join("+") + " = 3000", true),
        (format!("{}true{}", "(".repeat(60), ")".repeat(60)), true),
        (format!("{} id", "NOT ".repeat(10)), false),
        (format!("'x' IN ({})", vec!["'y'"; 2000].join(",")), false),
    ] {
        assert_eq!(Filter::expression(&expression).unwrap().matches(&event), value);
    }
    for expression in [
        "(".repeat(8000),
        "NOT ".repeat(4000),
        "-".repeat(8000),
        format!("true{}", " LIKE 't%'".repeat(1500)),
        format!("id{}", " IN (id)".repeat(1500)),
        "ABS(".repeat(4000),
        vec!["true AND false"; 500].join(" OR "),
    ] {
        assert!(wrong(&expression).to_string().contains("64 levels"), "{}", &expression[..40]);
    }
    assert!(wrong(&"ö".repeat(9000)).to_string().contains("bytes at most"));
}

#[test]
fn only_what_an_expression_reads_is_needed() {
    let none = Needs::default();
    for (expression, needs) in [
        ("1 = 1 OR nats.seq > 5 OR EXISTS nats.time", none),
        ("UPPER(type) = 'A'", Needs { attributes: true, ..none }),
        ("NOT EXISTS header.a", Needs { headers: true, ..none }),
        ("nats.subject IN ('a', data.x)", Needs { body: true, ..none }),
        ("-id + 1 = data.x AND header.a LIKE 'x'", Needs::ALL),
    ] {
        assert_eq!(Filter::expression(expression).unwrap().needs(), needs, "{expression}");
    }
}

#[test]
fn how_it_was_read_is_shown_and_doubts_are_told() {
    for (expression, canonical, caution) in [
        ("a  and b OR c", "a AND (b OR c)", true),
        ("a AND (b OR c)", "a AND (b OR c)", false),
        ("(a AND b) OR c", "(a AND b) OR c", false),
        ("a OR b AND c", "a OR (b AND c)", false),
        ("a AND b AND c", "a AND b AND c", false),
        ("a OR b AND c XOR d", "a OR (b AND (c XOR d))", true),
        ("((1)) +(2 *3)", "1 + 2 * 3", true),
        ("(1+2)*3 - (4-5)", "(1 + 2) * 3 - (4 - 5)", true),
        ("not(a=b)", "NOT (a = b)", false),
        ("- 5 <> --x", "-(5) != --x", false),
        ("a not in (1,'b') like 'c'", "a NOT IN (1, 'b') LIKE 'c'", false),
        ("data['a'][\"b c\"][3][*]", "data.a['b c'][3][*]", true),
        (
            "TYPE = CE['a b'] AND ce.Type AND ce.tenantId AND ce.in",
            "type = ce['a b'] AND ce.Type AND tenantId AND ce.in",
            false,
        ),
        (r#""a'b""#, r"'a\'b'", true),
    ] {
        let filter = Filter::expression(expression).unwrap();
        assert_eq!(filter.to_string(), canonical, "{expression}");
        assert_eq!(filter.caution().is_some(), caution, "{expression}");
    }
}

/// Text that is often an expression.
fn expression() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("("),
        Just(")"),
        Just(","),
        Just("+"),
        Just("-"),
        Just("*"),
        Just("/"),
        Just("%"),
        Just("="),
        Just("!="),
        Just("<"),
        Just(">="),
        Just("AND"),
        Just("OR"),
        Just("XOR"),
        Just("NOT"),
        Just("LIKE"),
        Just("IN"),
        Just("EXISTS"),
        Just("true"),
        Just("0"),
        Just("-2147483648"),
        Just("'a%_'"),
        Just(r"'\\'"),
        Just(r#""\'\"""#),
        Just("id"),
        Just("absent"),
        Just("hops"),
        Just("data"),
        Just("data.items[0].n"),
        Just("header['X Y']"),
        Just("nats.seq"),
        Just("nats.time"),
        Just("ABS("),
        Just("SUBSTRING("),
        Just("CONCAT_WS("),
        Just("LEFT("),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.join(" "))
}

/// Expressions that are well formed.
fn tree() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("true".to_owned()),
        any::<i32>().prop_map(|n| n.to_string()),
        r#"'([a-z%_"]|\\\\|\\'){0,4}'"#,
        r#""([a-z%_']|\\\\|\\"|\\'){0,4}""#,
        "(id|hops|absent|data|data\\.a_b\\[7\\]|data\\['x \\\\\\\\']|header\\.A-b|nats\\.(subject|seq|time))",
    ];
    leaf.prop_recursive(6, 40, 3, |inner| {
        let binary = prop_oneof![
            Just("AND"),
            Just("OR"),
            Just("XOR"),
            Just("="),
            Just("<>"),
            Just("<"),
            Just(">="),
            Just("+"),
            Just("-"),
            Just("*"),
            Just("/"),
            Just("%"),
        ];
        prop_oneof![
            (inner.clone(), binary, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (prop_oneof![Just("NOT "), Just("-"), Just("- ")], inner.clone()).prop_map(|(op, a)| format!("{op}{a}")),
            inner.clone().prop_map(|a| format!("({a})")),
            (inner.clone(), r#"(NOT )?LIKE '([a-z%_"]|\\[%_'\\]){0,5}'"#).prop_map(|(a, like)| format!("{a} {like}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} IN ({b}, {a})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("SUBSTRING({a}, {b}, LENGTH({b}))")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_with_a_place(text in prop_oneof![expression(), "\\PC{0,40}", "['\"\\\\a.\\[\\]0(),% -]{0,20}"]) {
        match Filter::expression(&text) {
            Ok(filter) => {
                let event = order();
                let (value, error) = filter.evaluate(&event);
                let passes = error.is_none() && value == crate::query::Value::Boolean(true);
                prop_assert_eq!(filter.matches(&event), passes);
                filter.evaluate(&Sample::default());
            }
            Err(mistake) => prop_assert!(text.get(mistake.at).is_some()),
        }
        match Filter::words(&text) {
            Ok(filter) => { filter.matches(&order()); }
            Err(mistake) => prop_assert!(text.get(mistake.at).is_some()),
        }
    }

    #[test]
    fn what_is_written_back_is_the_same_tree(text in prop_oneof![tree(), expression()]) {
        if let Ok(parsed) = super::parser::parse(&text) {
            let written = parsed.expr.to_string();
            let again = super::parser::parse(&written);
            prop_assert!(again.is_ok(), "{} {:?}", written, again);
            prop_assert_eq!(&again.unwrap().expr, &parsed.expr, "{}", written);
        }
    }
}
