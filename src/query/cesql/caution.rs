//! What is worth saying about an expression that is not wrong, but lets nothing through.

use super::ast::{Expr, Path};
use super::value::Type;
use crate::query::mistake;

/// The most characters of a part of an expression within a sentence.
const MOST: usize = 60;

/// The attributes that are always text.
const TEXTS: [&str; 8] = ["type", "source", "subject", "id", "time", "datacontenttype", "dataschema", "specversion"];

/// Why an expression as a filter lets nothing through, or less than it seems to: only the Boolean true does. One
/// sentence without its full stop.
pub(super) fn no_condition(expr: &Expr) -> Option<String> {
    let what = match expr {
        Expr::String(_) | Expr::Field(Path::Header(_) | Path::Stream | Path::Subject) => "a text",
        Expr::Field(Path::Seq) | Expr::Integer(_) | Expr::Negate(_) => "a number",
        Expr::Field(Path::Attribute(name)) if !TEXTS.contains(&&**name) => return Some(only_true(expr)),
        Expr::Field(Path::Data(_)) => return Some(only_true(expr)),
        Expr::Binary(_, rest) if rest.first().is_some_and(|(op, _)| op.returns() != Type::Boolean) => "a number",
        Expr::Call(function, _) => match function.returns() {
            Type::Boolean => return None,
            Type::String => "a text",
            _ => "a number",
        },
        _ => return no_operand(expr),
    };
    Some(sentence(expr, what))
}

/// The same within a condition, where more is cast to a Boolean.
fn no_operand(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Logic(first, rest) => no_operand(first).or_else(|| rest.iter().find_map(|(_, expr)| no_operand(expr))),
        Expr::Not(value) => no_operand(value),
        Expr::String(text) if !["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)) => {
            Some(sentence(expr, "a text"))
        }
        Expr::Field(Path::Attribute(name)) if TEXTS.contains(&&**name) => Some(sentence(expr, "a text")),
        Expr::Field(Path::Time) => Some(sentence(expr, "a time")),
        _ => None,
    }
}

fn sentence(expr: &Expr, what: &str) -> String {
    format!("{} is {what}, not a condition", short(expr))
}

fn only_true(expr: &Expr) -> String {
    let name = short(expr);
    format!("{name} alone lets through only where it is true; EXISTS {name} asks whether it is there")
}

fn short(expr: &Expr) -> String {
    mistake::short(&expr.to_string(), MOST).into_owned()
}
