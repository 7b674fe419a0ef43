//! Completion of expressions: names, then operators behind them, then values in quotes; keywords and functions.

use std::ops::Range;

use super::super::cesql::ast::plain_name;
use super::super::cesql::{functions, literal, path_at_start};
use super::super::key::read_key;
use super::super::seen::Seen;
use super::{Candidate, Suggestion, best, is_root, names, values};

/// Behind a value of a message.
const COMPARISONS: [(&str, &str); 10] = [
    ("=", "is"),
    ("!=", "is not"),
    ("LIKE", "fits a pattern: % is anything, _ any one character"),
    ("NOT LIKE", "does not fit a pattern"),
    ("IN (", "is one of"),
    ("NOT IN (", "is none of"),
    (">", "is greater"),
    (">=", "is greater or the same"),
    ("<", "is less"),
    ("<=", "is less or the same"),
];

/// Behind a condition.
const LOGIC: [(&str, &str); 3] =
    [("AND", "both hold"), ("OR", "one of them holds"), ("XOR", "one of them alone holds")];

/// In front of a value.
const BEFORE: [(&str, &str); 4] =
    [("EXISTS", "there is such a value"), ("NOT", "the contrary"), ("TRUE", "always"), ("FALSE", "never")];

/// What stands before the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A name or a keyword.
    Word(String),
    /// A number or text.
    Value,
    /// Text that is not closed: where it begins.
    Open(usize),
    Sign(&'static str),
}

pub(super) fn suggest(text: &str, cursor: usize, seen: &Seen) -> Vec<Suggestion> {
    let before = text.get(..cursor).unwrap_or_default();
    let mut tokens = tokens(before);
    if let Some((Token::Open(start), _)) = tokens.last().cloned() {
        tokens.pop();
        return in_quotes(text, start, cursor, &tokens, seen);
    }
    // A word that ends at the cursor is still being typed.
    let word = match tokens.last() {
        Some((Token::Word(_), place)) if place.end == cursor => place.start..cursor,
        _ => cursor..cursor,
    };
    if !word.is_empty() {
        tokens.pop();
    }
    let rest = text.get(cursor..).unwrap_or_default();
    let behind = rest.find(|c: char| !plain_name(c)).unwrap_or(rest.len());
    let replace = word.start..cursor + if word.is_empty() { 0 } else { behind };
    let typed = before.get(word).unwrap_or_default();
    let mut found = match expected(&tokens) {
        Expected::Value(name, like) => {
            let mut found = best(seen_values(&name, like, seen), typed, &replace);
            if !typed.is_empty() && !like {
                found.extend(best(operands(typed, seen), typed, &replace));
            }
            found
        }
        Expected::Name => best(names(typed, seen).into_iter().filter(is_writable), typed, &replace),
        Expected::Operand => best(operands(typed, seen), typed, &replace),
        Expected::Comparison => best(words(&COMPARISONS).chain(words(&LOGIC)), typed, &replace),
        Expected::Logic => best(words(&LOGIC).chain(words(&COMPARISONS)), typed, &replace),
        Expected::LikeOrIn => best(words(&[("LIKE", "fits a pattern"), ("IN (", "is one of")]), typed, &replace),
    };
    let glued = before.get(..replace.start).is_some_and(|b| b.ends_with(|c: char| !c.is_whitespace() && c != '('));
    let spaced = text.get(replace.end..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    for suggestion in &mut found {
        if spaced {
            suggestion.with.truncate(suggestion.with.trim_end().len());
        }
        if glued {
            suggestion.with.insert(0, ' ');
        }
    }
    found
}

/// What can come next.
enum Expected {
    /// A name, a function, a keyword.
    Operand,
    /// A name alone.
    Name,
    /// A value of this name, or a pattern of it.
    Value(String, bool),
    /// An operator behind a name, or a further condition.
    Comparison,
    /// A further condition, or an operator.
    Logic,
    /// What NOT wants behind a value.
    LikeOrIn,
}

fn expected(tokens: &[(Token, Range<usize>)]) -> Expected {
    let back = |steps: usize| tokens.len().checked_sub(steps).and_then(|at| tokens.get(at)).map(|(token, _)| token);
    let is = |token: Option<&Token>, word: &str| matches!(token, Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
    let name = |steps: usize| match back(steps) {
        Some(Token::Word(name)) => Some(name.clone()),
        _ => None,
    };
    match back(1) {
        Some(Token::Sign("=" | "!=" | "<>" | "<" | "<=" | ">" | ">=")) => {
            name(2).map_or(Expected::Operand, |name| Expected::Value(name, false))
        }
        Some(Token::Sign("(" | ",")) => in_set(tokens).map_or(Expected::Operand, |name| Expected::Value(name, false)),
        Some(Token::Sign(")") | Token::Value | Token::Open(_)) => Expected::Logic,
        None | Some(Token::Sign(_)) => Expected::Operand,
        Some(Token::Word(word)) => match word.to_ascii_uppercase().as_str() {
            "LIKE" => {
                let name = if is(back(2), "NOT") { name(3) } else { name(2) };
                Expected::Value(name.unwrap_or_default(), true)
            }
            "EXISTS" => Expected::Name,
            "NOT" => match back(2) {
                None | Some(Token::Sign(_)) => Expected::Operand,
                Some(Token::Word(before)) if is_logic(before) => Expected::Operand,
                _ => Expected::LikeOrIn,
            },
            "AND" | "OR" | "XOR" | "IN" => Expected::Operand,
            "TRUE" | "FALSE" => Expected::Logic,
            // `a = b` is a condition, and so is EXISTS b.
            _ => match back(2) {
                Some(Token::Sign("=" | "!=" | "<>" | "<" | "<=" | ">" | ">=")) => Expected::Logic,
                Some(Token::Word(before)) if before.eq_ignore_ascii_case("exists") => Expected::Logic,
                _ => Expected::Comparison,
            },
        },
    }
}

fn is_logic(word: &str) -> bool {
    ["and", "or", "xor", "not"].iter().any(|op| word.eq_ignore_ascii_case(op))
}

/// The name whose set of values is being written: `name IN ('a', `.
fn in_set(tokens: &[(Token, Range<usize>)]) -> Option<String> {
    let values = tokens.iter().rev().take_while(|(token, _)| matches!(token, Token::Value | Token::Sign(",")));
    let open = tokens.len().checked_sub(values.count() + 1)?;
    let word = |at: usize| match tokens.get(at) {
        Some((Token::Word(word), _)) => Some(word),
        _ => None,
    };
    let is_in = matches!(tokens.get(open), Some((Token::Sign("("), _)))
        && word(open.checked_sub(1)?).is_some_and(|word| word.eq_ignore_ascii_case("in"));
    let negated = is_in && word(open.checked_sub(2)?).is_some_and(|word| word.eq_ignore_ascii_case("not"));
    if is_in { word(open.checked_sub(if negated { 3 } else { 2 })?).cloned() } else { None }
}

/// Values for text that was begun.
fn in_quotes(
    text: &str,
    start: usize,
    cursor: usize,
    tokens: &[(Token, Range<usize>)],
    seen: &Seen,
) -> Vec<Suggestion> {
    let typed = text.get(start + 1..cursor).unwrap_or_default();
    let quote = text.get(start..=start).unwrap_or_default();
    // Up to the closing quote, where it is there already.
    let rest = text.get(cursor..).unwrap_or_default();
    let closed = rest.find(quote).filter(|at| !rest.get(..*at).is_some_and(|part| part.contains(char::is_whitespace)));
    let replace = start..closed.map_or(cursor, |at| cursor + at + 1);
    match expected(tokens) {
        Expected::Value(name, like) => best(seen_values(&name, like, seen), typed, &replace),
        _ => Vec::new(),
    }
}

/// Values as literals; for LIKE their families first: `'com.acme.%'`.
fn seen_values(name: &str, like: bool, seen: &Seen) -> Vec<Candidate> {
    let name = read_key(name).map_or_else(|| name.to_owned(), |path| path.to_string());
    let quoted = |text: &str| Some(literal(text)).filter(|literal| literal.starts_with(['\'', '"']));
    if !like {
        return values(&name, seen, |value| Some(literal(value)));
    }
    let escaped = |value: &str| value.replace('%', "\\%").replace('_', "\\_");
    let exact = values(&name, seen, |value| quoted(&escaped(value)));
    let mut families: Vec<Candidate> = Vec::new();
    for candidate in &exact {
        let Some((family, _)) = candidate.name.rsplit_once(['.', '/']) else { continue };
        let family = candidate.name.get(..=family.len()).unwrap_or_default();
        match families.iter_mut().find(|known| known.name == family) {
            Some(known) => known.count += candidate.count,
            None => families.extend(quoted(&format!("{}%", escaped(family))).map(|with| Candidate {
                name: family.to_owned(),
                with,
                help: String::new(),
                count: candidate.count,
            })),
        }
    }
    for family in &mut families {
        family.help = super::times(family.count);
    }
    families.extend(exact);
    families
}

/// What can stand where a value is read.
fn operands(typed: &str, seen: &Seen) -> Vec<Candidate> {
    let mut out: Vec<Candidate> = names(typed, seen).into_iter().filter(is_writable).collect();
    for candidate in &mut out {
        if !is_root(&candidate.with) {
            candidate.with.push(' ');
        }
    }
    out.extend(words(&BEFORE));
    if !typed.is_empty() {
        out.extend(functions().map(|(name, help)| Candidate {
            name: name.to_owned(),
            with: format!("{name}("),
            help: help.to_owned(),
            count: 0,
        }));
    }
    out
}

/// Whether a name means what it says in an expression.
fn is_writable(candidate: &Candidate) -> bool {
    is_root(&candidate.name)
        || (read_key(&candidate.name).is_some()
            && !candidate.name.bytes().all(|b| b.is_ascii_digit())
            && !["and", "or", "xor", "not", "like", "in", "exists", "true", "false"].contains(&candidate.name.as_str()))
}

fn words(table: &'static [(&'static str, &'static str)]) -> impl Iterator<Item = Candidate> {
    table.iter().map(|(word, help)| Candidate {
        name: (*word).to_owned(),
        with: if word.ends_with('(') { (*word).to_owned() } else { format!("{word} ") },
        help: (*help).to_owned(),
        count: 0,
    })
}

/// The signs; those that begin like others come first.
const SIGNS: [&str; 15] = ["<>", "<=", ">=", "!=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","];

/// The tokens of what is perhaps no expression yet.
fn tokens(text: &str) -> Vec<(Token, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let (token, length) = if c.is_whitespace() {
            (None, c.len_utf8())
        } else if matches!(c, '\'' | '"') {
            literal_length(rest, c).map_or((Some(Token::Open(at)), rest.len()), |length| (Some(Token::Value), length))
        } else if plain_name(c) {
            let plain = rest.find(|c: char| !plain_name(c)).unwrap_or(rest.len());
            let length = match path_at_start(rest) {
                Some((_, length)) => length,
                // A path that is not complete yet.
                None if rest.get(plain..).is_some_and(|rest| rest.starts_with(['.', '['])) => rest.len(),
                None => plain,
            };
            let word = rest.get(..length).unwrap_or_default();
            let number = word.bytes().all(|b| b.is_ascii_digit());
            (Some(if number { Token::Value } else { Token::Word(word.to_owned()) }), length)
        } else {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
            (sign.map(Token::Sign), sign.map_or(c.len_utf8(), str::len))
        };
        tokens.extend(token.map(|token| (token, at..at + length)));
        at += length.max(1);
    }
    tokens
}

/// The length of a literal with its quotes; `None` where it is not closed.
fn literal_length(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}
