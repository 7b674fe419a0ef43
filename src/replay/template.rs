//! Templates of subjects: `{subject}` is that of the message, `{id}` that of the replay, `{1}`, `{2}`… its tokens.

use std::fmt::Write as _;

use crate::event::clean_line;
use crate::model::subject;

/// A template, ready to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Subject,
    Id,
    /// A token of the subject, counted from 1.
    Token(usize),
}

impl Template {
    /// Reads a template; the error says what is wrong and what is right.
    pub fn parse(source: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = source;
        while let Some(open) = rest.find(['{', '}']) {
            let wrong = || format!("{:?}: a {{ needs its }}, as in {{subject}}", clean_line(source));
            let close = rest[open..].find('}').filter(|at| *at > 0).ok_or_else(wrong)?;
            if open > 0 {
                pieces.push(Piece::Text(rest[..open].to_owned()));
            }
            let name = &rest[open + 1..open + close];
            pieces.push(match (name, name.parse::<usize>()) {
                ("subject", _) => Piece::Subject,
                ("id", _) => Piece::Id,
                (_, Ok(n)) if n > 0 => Piece::Token(n),
                _ => {
                    let name = clean_line(name);
                    return Err(format!(
                        "there is no {{{name}}}; there are {{subject}}, {{id}} and tokens {{1}}, {{2}}…"
                    ));
                }
            });
            rest = &rest[open + close + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        let template = Self { source: source.to_owned(), pieces };
        // With a subject that has every token it must be one, or it never is.
        let sample = vec!["x"; 64].join(".");
        match template.fill(&sample, "id") {
            Some(filled) if !filled.starts_with('$') => Ok(template),
            Some(_) => Err(format!("{:?}: subjects that begin with $ belong to the server", clean_line(source))),
            None => Err(format!(
                "{:?} is no subject to publish to: tokens between dots, without blanks, * and >",
                clean_line(source)
            )),
        }
    }

    /// As it was typed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The subject of a copy; `None` where the message's subject does not have the tokens, or what comes out is none
    /// that can be published to.
    pub fn fill(&self, subject: &str, id: &str) -> Option<String> {
        if let [Piece::Subject] = self.pieces.as_slice() {
            return Some(subject.to_owned());
        }
        let mut out = String::with_capacity(self.source.len() + subject.len() + id.len());
        for piece in &self.pieces {
            out.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Subject => subject,
                Piece::Id => id,
                Piece::Token(n) => subject.split('.').nth(n - 1)?,
            });
        }
        subject::is_literal(&out).then_some(out)
    }

    /// A pattern that covers all subjects that can come out: each token that is not known is a wildcard.
    pub fn pattern(&self, id: &str) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Id => out.push_str(id),
                // What begins with the whole subject may have any number of tokens from there on.
                Piece::Subject => {
                    let whole = out.is_empty() || out.ends_with('.');
                    let kept = if whole { out.as_str() } else { out.rsplit_once('.').map_or("", |(head, _)| head) };
                    let dot = if kept.is_empty() || kept.ends_with('.') { "" } else { "." };
                    return format!("{kept}{dot}>");
                }
                Piece::Token(_) => out.push('\u{0}'),
            }
        }
        let tokens = out.split('.').map(|token| if token.contains('\u{0}') { "*" } else { token });
        let mut pattern = String::new();
        for (n, token) in tokens.enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(pattern, "{}{token}", if n == 0 { "" } else { "." });
        }
        pattern
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_in() {
        for (template, subject, filled, pattern) in [
            ("replay.{id}.{subject}", "orders.eu", Some("replay.R1.orders.eu"), "replay.R1.>"),
            ("{subject}", "orders.eu", Some("orders.eu"), ">"),
            ("copy.{2}.{1}", "orders.eu", Some("copy.eu.orders"), "copy.*.*"),
            ("copy.{3}", "orders.eu", None, "copy.*"),
            ("a-{1}.b", "orders", Some("a-orders.b"), "*.b"),
            ("a-{subject}.b", "orders.eu", Some("a-orders.eu.b"), ">"),
            ("x.a-{subject}", "orders", Some("x.a-orders"), "x.>"),
            ("fixed", "orders", Some("fixed"), "fixed"),
        ] {
            let template = Template::parse(template).unwrap();
            assert_eq!(template.fill(subject, "R1").as_deref(), filled, "{template:?}");
            assert_eq!(template.pattern("R1"), pattern, "{template:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_subject_is_refused() {
        for (wrong, part) in [
            ("a.{subject", "needs its }"),
            ("a}.b", "needs its }"),
            ("a.{seq}", "there is no {seq}"),
            ("a.{0}", "there is no {0}"),
            ("a..b", "no subject to publish to"),
            ("a.*", "no subject to publish to"),
            ("a b", "no subject to publish to"),
            ("", "no subject to publish to"),
            ("$JS.API.{subject}", "belong to the server"),
        ] {
            let error = Template::parse(wrong).unwrap_err();
            assert!(error.contains(part), "{wrong}: {error}");
        }
    }
}
