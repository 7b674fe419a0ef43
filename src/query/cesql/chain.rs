//! The conditions that AND joins at the top of an expression, as they were typed: what is added to and taken from when
//! a filter is narrowed.

use std::ops::Range;

use super::ast::{Expr, Quoted};
use super::lexer::{Token, tokens};
use super::parser::parse;

/// An expression cut at its outermost ANDs.
pub(in crate::query) struct Chain {
    operands: Vec<(Range<usize>, Expr)>,
    /// It has an OR or a XOR at the top, so that all of it is one operand.
    pub(in crate::query) mixed: bool,
}

impl Chain {
    /// Cuts an expression; `None` where it cannot be read.
    pub(in crate::query) fn read(text: &str) -> Option<Self> {
        parse(text).ok()?;
        let tokens = tokens(text).ok()?;
        let mut cuts = vec![];
        let (mut depth, mut mixed) = (0_usize, false);
        for (token, place) in &tokens {
            match token {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") => depth = depth.saturating_sub(1),
                Token::Word(word) if depth == 0 && word.eq_ignore_ascii_case("and") => cuts.push(place.clone()),
                Token::Word(word) if depth == 0 => {
                    mixed |= ["or", "xor"].iter().any(|op| word.eq_ignore_ascii_case(op));
                }
                _ => {}
            }
        }
        if mixed {
            cuts.clear();
        }
        let starts = [0].into_iter().chain(cuts.iter().map(|cut| cut.end));
        let ends = cuts.iter().map(|cut| cut.start).chain([text.len()]);
        let operands = starts.zip(ends).map(|(start, end)| {
            let part = text.get(start..end)?;
            let from = start + part.len() - part.trim_start().len();
            Some((from..from + part.trim().len(), parse(part).ok()?.expr))
        });
        Some(Self { operands: operands.collect::<Option<_>>()?, mixed })
    }

    /// Where a condition stands, however it is written.
    pub(in crate::query) fn place_of(&self, condition: &str) -> Option<Range<usize>> {
        let wanted = parse(condition).ok()?.expr;
        self.operands.iter().find(|(_, expr)| *expr == wanted).map(|(place, _)| place.clone())
    }
}

/// What text is in an expression: a literal, or where no literal can say it, a call that returns it. A backslash before
/// a closing quote and backslashes before quotes of both kinds are such cases.
pub(in crate::query) fn literal(text: &str) -> String {
    if let Some(literal) = quoted(text) {
        return literal;
    }
    let mut pieces = Vec::new();
    for piece in text.split_inclusive(['\'', '"']) {
        pieces.push(quoted(piece).unwrap_or_else(|| {
            let longer = format!("{piece}.");
            format!("LEFT({}, {})", Quoted(&longer), piece.chars().count())
        }));
    }
    if let [only] = pieces.as_slice() { only.clone() } else { format!("CONCAT({})", pieces.join(", ")) }
}

/// The text in quotes, where that is read as the same text.
fn quoted(text: &str) -> Option<String> {
    let literal = Quoted(text).to_string();
    let same = matches!(tokens(&literal).ok()?.as_slice(), [(Token::String(read), _), (Token::End, _)] if read == text);
    same.then_some(literal)
}
