//! What the specification of `CloudEvents` SQL says, as tables: an expression, its value, the kind of its error.

use super::Value;
use crate::query::Filter;
use crate::query::sample::{Sample, order};

/// A value as the tables write it: text in quotes.
fn written(value: &Value<'_>) -> String {
    if let Value::String(text) = value { format!("{text:?}") } else { value.to_string() }
}

/// The kind of an error, as the conformance tests of the specification name it.
fn kind(error: Option<&super::EvalError>) -> &'static str {
    use super::EvalError::{Cast, FunctionEvaluation, Math, MissingAttribute, TooMuch};
    match error {
        None => "",
        Some(MissingAttribute(_)) => "missing",
        Some(Cast(_)) => "cast",
        Some(Math(_)) => "math",
        Some(FunctionEvaluation(_)) => "function",
        Some(TooMuch(_)) => "too much",
    }
}

fn check(event: &Sample, table: &[(&str, &str, &str)]) {
    for (expression, value, error) in table {
        let filter = Filter::expression(expression).unwrap_or_else(|m| panic!("{expression}: {m}"));
        let (got, failed) = filter.evaluate(event);
        assert_eq!((&*written(&got), kind(failed.as_ref())), (*value, *error), "{expression}: {failed:?}");
        assert_eq!(filter.matches(event), (*value, *error) == ("true", ""), "{expression}");
        // Written back it is the same.
        let again = Filter::expression(&filter.to_string()).unwrap_or_else(|m| panic!("{expression}, {filter}: {m}"));
        let (again, _) = again.evaluate(event);
        assert_eq!(written(&again), *value, "{expression}, {filter}");
    }
}

#[test]
fn literals() {
    check(
        &order(),
        &[
            ("true", "true", ""),
            ("FaLsE", "false", ""),
            ("0", "0", ""),
            ("007", "7", ""),
            ("+5", "5", ""),
            ("-2147483648", "-2147483648", ""),
            ("2147483647", "2147483647", ""),
            ("''", "\"\"", ""),
            ("'It is'", "\"It is\"", ""),
            ("\"It's\"", "\"It's\"", ""),
            (r#"'It\'s \"it\"'"#, r#""It's \\\"it\\\"""#, ""),
            (r#""say \"it\"""#, r#""say \"it\"""#, ""),
            (r"'a\b\\c'", r#""a\\b\\\\c""#, ""),
            ("'It''s'", "\"It's\"", ""),
        ],
    );
}

#[test]
fn attributes_have_their_type_or_are_missing() {
    check(
        &order(),
        &[
            ("id", "\"a-47\"", ""),
            ("ID", "\"a-47\"", ""),
            ("hops", "3", ""),
            ("urgent", "true", ""),
            ("time", "\"2026-11-20T15:50:07+02:00\"", ""),
            ("absent", "false", "missing"),
            ("absent = ''", "false", "missing"),
            ("absent != ''", "false", "missing"),
            ("'' = absent", "false", "missing"),
            ("absent <= 2", "false", "missing"),
            ("absent + 2", "0", "missing"),
            ("absent / 0", "0", "missing"),
            ("-absent", "0", "missing"),
            ("NOT absent", "false", "missing"),
            ("absent LIKE '%'", "false", "missing"),
            ("absent NOT LIKE '%'", "false", "missing"),
            ("absent IN ('a')", "false", "missing"),
            ("absent NOT IN ('a')", "false", "missing"),
            ("'a' IN (absent)", "false", "missing"),
            ("LENGTH(absent)", "0", "missing"),
            ("ABS(absent)", "0", "missing"),
            ("UPPER(absent)", "\"\"", "missing"),
            ("CONCAT('a', absent)", "\"\"", "missing"),
            ("IS_INT(absent)", "false", "missing"),
            ("true AND absent = ''", "false", "missing"),
            ("absent = '' OR true", "false", "missing"),
            ("true OR absent = ''", "true", ""),
            ("EXISTS absent AND absent = ''", "false", ""),
        ],
    );
}

#[test]
fn comparisons_cast_the_left_to_the_type_of_the_right() {
    check(
        &order(),
        &[
            ("true = true", "true", ""),
            ("true <> false", "true", ""),
            ("1 = 1", "true", ""),
            ("1 != 1", "false", ""),
            ("'a' = 'a'", "true", ""),
            ("'a' = 'A'", "false", ""),
            ("'5' = 5", "true", ""),
            ("5 = '5'", "true", ""),
            ("5 = '05'", "false", ""),
            ("'05' = 5", "true", ""),
            ("'TrUe' = true", "true", ""),
            ("true = 'TrUe'", "false", ""),
            ("true = 'true'", "true", ""),
            ("true = 1", "true", ""),
            ("1 = true", "true", ""),
            ("7 = true", "true", ""),
            ("'a' = 5", "false", "cast"),
            ("'a' != 5", "false", "cast"),
            ("'5 ' = 5", "false", "cast"),
            ("'' = 5", "false", "cast"),
            ("'2147483648' = 5", "false", "cast"),
            ("'yes' = true", "false", "cast"),
            ("sequence = 12", "true", ""),
            ("flag = true", "true", ""),
            ("1 < 2", "true", ""),
            ("2 < 2", "false", ""),
            ("2 <= 2", "true", ""),
            ("2 > 2", "false", ""),
            ("2 >= 2", "true", ""),
            ("'10' > '9'", "true", ""),
            ("true > false", "true", ""),
            ("hops < sequence", "true", ""),
            ("'a' < 'b'", "false", "cast"),
            ("2 < 'b'", "false", "cast"),
            ("1 < 2 = true", "true", ""),
        ],
    );
}

#[test]
fn arithmetic_truncates_and_tells_what_is_out_of_range() {
    check(
        &order(),
        &[
            ("2 + 3 * 4", "14", ""),
            ("(2 + 3) * 4", "20", ""),
            ("20 - 3 - 4", "13", ""),
            ("24 / 4 / 2", "3", ""),
            ("7 / 2", "3", ""),
            ("-7 / 2", "-3", ""),
            ("7 % 3", "1", ""),
            ("-7 % 3", "-1", ""),
            ("7 % -3", "1", ""),
            ("7 / 0", "0", "math"),
            ("7 % 0", "0", "math"),
            ("7 - 0 / 0", "0", "math"),
            ("'7' + true", "8", ""),
            ("7 + 'a'", "0", "cast"),
            ("'a' + 7", "0", "cast"),
            ("sequence + hops", "15", ""),
            ("4-1", "3", ""),
            ("4 - -1", "5", ""),
            ("4 + +1", "5", ""),
            ("2147483647 + 1", "0", "math"),
            ("-2147483648 - 1", "0", "math"),
            ("65536 * 65536", "0", "math"),
            ("-2147483648 / -1", "0", "math"),
            ("-2147483648 % -1", "0", ""),
            ("1 + 1 = 2", "true", ""),
            ("7 / 0 = 0", "false", "math"),
            ("7 / 0 != 0", "false", "math"),
        ],
    );
}

#[test]
fn minus_and_not() {
    check(
        &order(),
        &[
            ("-5", "-5", ""),
            ("--5", "5", ""),
            ("- 5", "-5", ""),
            ("-(5)", "-5", ""),
            ("-'5'", "-5", ""),
            ("-true", "-1", ""),
            ("-hops * 2", "-6", ""),
            ("-'a'", "0", "cast"),
            ("--2147483648", "0", "math"),
            ("NOT true", "false", ""),
            ("NOT NOT true", "true", ""),
            ("NOT 'false'", "true", ""),
            ("NOT 10", "false", ""),
            ("NOT 0", "true", ""),
            ("NOT 'a'", "false", "cast"),
            // NOT binds closest of all.
            ("NOT false = false", "false", ""),
            ("NOT (false = false)", "false", ""),
            ("NOT true = false", "true", ""),
            ("NOT true LIKE 'f%'", "true", ""),
            ("NOT id = 'x'", "false", "cast"),
        ],
    );
}

#[test]
fn logic_has_one_precedence_from_the_right_and_stops_early() {
    check(
        &order(),
        &[
            ("true AND true", "true", ""),
            ("true and false", "false", ""),
            ("false OR true", "true", ""),
            ("false or false", "false", ""),
            ("true XOR true", "false", ""),
            ("true xor false", "true", ""),
            ("'true' AND 1", "true", ""),
            ("'a' AND true", "false", "cast"),
            ("true AND 'a'", "false", "cast"),
            ("false AND 'a'", "false", ""),
            ("true OR 'a'", "true", ""),
            ("false AND (1 / 0 = 0)", "false", ""),
            ("true AND (1 / 0 = 0)", "false", "math"),
            ("false OR (1 / 0 != 1)", "false", "math"),
            ("true XOR (1 / 0 = 0)", "false", "math"),
            // a AND (b OR c), unlike in SQL.
            ("false AND true OR true", "false", ""),
            ("(false AND true) OR true", "true", ""),
            ("true OR true AND false", "true", ""),
            ("true XOR true OR true", "false", ""),
            ("(true XOR true) OR true", "true", ""),
            ("true XOR false AND true XOR true", "true", ""),
            ("1 = 1 AND 2 = 2", "true", ""),
        ],
    );
}

#[test]
fn every_chain_means_what_its_parentheses_say() {
    let ops = ["AND", "OR", "XOR"];
    let apply = |op, a: bool, b: bool| match op {
        "AND" => a && b,
        "OR" => a || b,
        _ => a != b,
    };
    for bits in 0..8 {
        let [a, b, c] = [1, 2, 4].map(|bit| bits & bit != 0);
        for first in ops {
            for second in ops {
                let text = format!("{a} {first} {b} {second} {c}");
                let meant = apply(first, a, apply(second, b, c));
                assert_eq!(Filter::expression(&text).unwrap().matches(&order()), meant, "{text}");
            }
        }
    }
}

#[test]
fn like_in_and_exists() {
    check(
        &order(),
        &[
            ("type LIKE 'com.acme.%'", "true", ""),
            ("type like \"%.placed\"", "true", ""),
            ("type LIKE 'com.acme._'", "false", ""),
            ("type NOT LIKE '%acme%'", "false", ""),
            ("'10%' LIKE '10\\%'", "true", ""),
            ("'100' LIKE '10\\%'", "false", ""),
            ("'a_b' LIKE 'a\\_b'", "true", ""),
            ("'it''s' LIKE '%\\'s'", "true", ""),
            ("1234 LIKE '12__'", "true", ""),
            ("TRUE LIKE 'tr%'", "true", ""),
            ("2 + 2 LIKE '2'", "3", ""),
            ("'b' IN ('a', 'b')", "true", ""),
            ("'c' IN ('a', 'b')", "false", ""),
            ("'c' NOT IN ('a', 'b')", "true", ""),
            ("5 IN ('4', '5')", "true", ""),
            ("'5' IN (4, 5)", "true", ""),
            ("'05' IN (4, 5)", "false", ""),
            ("true IN ('TRUE')", "true", ""),
            ("'TRUE' IN (true)", "false", ""),
            ("'true' IN (true)", "true", ""),
            ("5 IN ('a', 5)", "false", "cast"),
            ("5 IN (5, 'a')", "true", ""),
            ("5 NOT IN ('a')", "false", "cast"),
            ("hops IN (1 + 1, 1 + 2)", "true", ""),
            ("LOWER(id) IN ('a-47')", "true", ""),
            ("2 * 3 IN (3)", "2", ""),
            ("EXISTS id", "true", ""),
            ("exists SUBJECT", "true", ""),
            ("EXISTS absent", "false", ""),
            ("NOT EXISTS absent", "true", ""),
            ("EXISTS id AND id LIKE 'a%'", "true", ""),
        ],
    );
}

#[test]
fn functions_of_casts_and_numbers() {
    check(
        &order(),
        &[
            ("INT('7')", "7", ""),
            ("int('+7')", "7", ""),
            ("INT('-7')", "-7", ""),
            ("INT(7)", "7", ""),
            ("INT(true)", "1", ""),
            ("INT(false)", "0", ""),
            ("INT('seven')", "0", "cast"),
            ("INT('7.0')", "0", "cast"),
            ("INT('99999999999')", "0", "cast"),
            ("BOOL('tRue')", "true", ""),
            ("BOOL('false')", "false", ""),
            ("BOOL(-3)", "true", ""),
            ("BOOL(0)", "false", ""),
            ("BOOL('1')", "false", "cast"),
            ("STRING(-7)", "\"-7\"", ""),
            ("STRING(TRUE)", "\"true\"", ""),
            ("STRING('s')", "\"s\"", ""),
            ("IS_INT('7')", "true", ""),
            ("IS_INT('a')", "false", ""),
            ("IS_INT(true)", "true", ""),
            ("is_bool('FALSE')", "true", ""),
            ("IS_BOOL('a')", "false", ""),
            ("ABS(-7)", "7", ""),
            ("ABS('7')", "7", ""),
            ("ABS(-2147483648)", "2147483647", "math"),
            ("ABS(-2147483648) = 2147483647", "false", "math"),
            ("ABS('a')", "0", "cast"),
        ],
    );
}

#[test]
fn functions_of_strings() {
    check(
        &order(),
        &[
            ("LENGTH('größe')", "5", ""),
            ("LENGTH('')", "0", ""),
            ("LENGTH(1234)", "4", ""),
            ("CONCAT()", "\"\"", ""),
            ("CONCAT('a')", "\"a\"", ""),
            ("CONCAT('a', 1, true)", "\"a1true\"", ""),
            ("CONCAT_WS('-')", "\"\"", ""),
            ("CONCAT_WS('-', 'a')", "\"a\"", ""),
            ("concat_ws('-', 'a', 'b', 3)", "\"a-b-3\"", ""),
            ("LOWER('GRÖSSE')", "\"grösse\"", ""),
            ("UPPER('Abc')", "\"ABC\"", ""),
            ("TRIM('  a b\t ')", "\"a b\"", ""),
            ("TRIM(' ')", "\"\"", ""),
            ("TRIM(CONCAT(' ', 'a '))", "\"a\"", ""),
            ("LEFT('größe', 3)", "\"grö\"", ""),
            ("LEFT('abc', 9)", "\"abc\"", ""),
            ("LEFT('abc', 0)", "\"\"", ""),
            ("LEFT('abc', -1)", "\"abc\"", "function"),
            ("LENGTH(LEFT('abc', -1))", "0", "function"),
            ("RIGHT('größe', 3)", "\"öße\"", ""),
            ("RIGHT('abc', 9)", "\"abc\"", ""),
            ("RIGHT('abc', 0)", "\"\"", ""),
            ("RIGHT('abc', -1)", "\"abc\"", "function"),
            ("SUBSTRING('größe', 3)", "\"öße\"", ""),
            ("SUBSTRING('größe', -2)", "\"ße\"", ""),
            ("SUBSTRING('abc', 0)", "\"\"", ""),
            ("SUBSTRING('abc', 4)", "\"\"", "function"),
            ("SUBSTRING('abc', -4)", "\"\"", "function"),
            ("SUBSTRING('größe', 2, 2)", "\"rö\"", ""),
            ("SUBSTRING('abc', 2, 9)", "\"bc\"", ""),
            ("SUBSTRING('abc', -3, 2)", "\"ab\"", ""),
            ("SUBSTRING('abc', 0, 2)", "\"\"", ""),
            ("SUBSTRING('abc', 1, 0)", "\"\"", ""),
            ("SUBSTRING('abc', 1, -1)", "\"\"", "function"),
            ("SUBSTRING('abc', 4, 1)", "\"\"", "function"),
            ("SUBSTRING('abc', -2147483648)", "\"\"", "function"),
        ],
    );
}

#[test]
fn the_filters_of_subscriptions() {
    check(
        &order(),
        &[
            // prefix, suffix, exact; all, any, not
            ("type LIKE 'com.acme.%' AND source LIKE '/shops/%'", "true", ""),
            ("type LIKE 'com.acme.%' AND source LIKE '/depots/%'", "false", ""),
            ("type LIKE '%.paid' OR id = 'a-47'", "true", ""),
            ("NOT (type LIKE '%.paid')", "true", ""),
            ("(id = 'b' AND type LIKE '%.placed') OR (id = 'a-47' AND source LIKE '%eu')", "true", ""),
            ("(id = 'b' OR type LIKE '%.placed') AND (id = 'b' OR source LIKE '%eu')", "true", ""),
            ("type LIKE '%.placed' AND absent LIKE 'a%'", "false", "missing"),
            ("id = 'b' OR absent LIKE 'a%'", "false", "missing"),
            ("int(hops) < int(sequence) and int(hops) < 1000", "true", ""),
            ("firstname = 'Ada' OR subject = 'Ada'", "false", "missing"),
        ],
    );
}
