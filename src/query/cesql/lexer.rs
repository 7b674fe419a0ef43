//! From text to tokens. A path (`data.items[0].price`, `header['X-Y']`, `ce['odd name']`) is one token.

use std::ops::Range;

use super::ast::{Path, Step, plain_header, plain_key, plain_name};
use crate::query::{Mistake, nearest};

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, digits, `_` and `$`: a keyword, a function or an attribute.
    Word(String),
    /// Digits alone.
    Integer(String),
    String(String),
    Path(Path),
    Sign(&'static str),
    End,
}

/// A token and its place.
pub(super) type Placed = (Token, Range<usize>);

/// The signs; those that begin like others come first.
const SIGNS: [&str; 15] = ["<>", "<=", ">=", "!=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","];

/// What people write who know other languages.
const FOREIGN: [(&str, &str); 5] = [("==", "="), ("&&", "AND"), ("||", "OR"), ("!", "NOT"), ("^", "XOR")];

/// Words that begin a path where a dot or a bracket follows.
pub(super) const ROOTS: [&str; 4] = ["data", "header", "nats", "ce"];

/// What `nats.` has.
const NATS: [&str; 4] = ["stream", "subject", "seq", "time"];

/// All tokens, with an end.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Mistake> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let (token, place) = lexer.token()?;
        let end = token == Token::End;
        tokens.push((token, place));
        if end {
            return Ok(tokens);
        }
    }
}

/// The path at the start of a text, and how long it is; `None` where there is none or it is wrong.
pub(in crate::query) fn path_at_start(text: &str) -> Option<(Path, usize)> {
    if !ROOTS.iter().any(|root| text.get(..root.len()).is_some_and(|start| start.eq_ignore_ascii_case(root))) {
        return None;
    }
    let mut lexer = Lexer { text, at: 0 };
    match lexer.token() {
        Ok((Token::Path(path), place)) if place.start == 0 => Some((path, place.end)),
        _ => None,
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take_while(&mut self, which: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.len() - rest.trim_start_matches(which).len()];
        self.at += taken.len();
        taken
    }

    fn token(&mut self) -> Result<Placed, Mistake> {
        self.take_while(char::is_whitespace);
        let start = self.at;
        let Some(first) = self.peek() else {
            return Ok((Token::End, start..start));
        };
        let token = match first {
            '\'' | '"' => Token::String(self.string(first)?),
            c if plain_name(c) => self.word()?,
            _ => self.sign()?,
        };
        Ok((token, start..self.at))
    }

    fn sign(&mut self) -> Result<Token, Mistake> {
        let rest = self.rest();
        if let Some((wrong, right)) =
            FOREIGN.iter().find(|(wrong, _)| rest.starts_with(wrong) && !rest.starts_with("!="))
        {
            let at = self.at..self.at + wrong.len();
            return Err(Mistake::new(at, format!("CESQL writes {wrong} differently")).instead(Some(*right)));
        }
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        let at = self.at..self.at + self.peek().map_or(0, char::len_utf8);
        Err(Mistake::new(at.clone(), format!("{} means nothing here; text stands in quotes", &self.text[at])))
    }

    fn word(&mut self) -> Result<Token, Mistake> {
        let start = self.at;
        let word = self.take_while(plain_name);
        let digits = word.bytes().all(|b| b.is_ascii_digit());
        match self.peek() {
            Some('.' | '[') if ROOTS.iter().any(|root| word.eq_ignore_ascii_case(root)) => self.path(word, start),
            Some('.') if digits => {
                self.take_while(|c| c.is_ascii_alphanumeric() || c == '.');
                let number = &self.text[start..self.at];
                let sentence = "numbers here have no fraction; data compares with one in quotes";
                Err(Mistake::new(start..self.at, sentence).instead(Some(format!("'{number}'"))))
            }
            Some('.' | '[') => {
                self.take_while(|c| !c.is_whitespace() && !matches!(c, ')' | ',' | '\'' | '"' | '='));
                let whole = &self.text[start..self.at];
                let near = nearest(word, ROOTS).map(|root| format!("{root}{}", &whole[word.len()..]));
                let sentence = "only data, header, nats and ce have parts; text stands in quotes";
                Err(Mistake::new(start..self.at, sentence).instead(Some(near.unwrap_or(format!("'{whole}'")))))
            }
            _ if digits => Ok(Token::Integer(word.to_owned())),
            _ => Ok(Token::Word(word.to_owned())),
        }
    }

    /// The contents of a literal. A backslash escapes the quote around it and is itself before all else.
    fn string(&mut self, quote: char) -> Result<String, Mistake> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                self.at += at + c.len_utf8();
                return Ok(out);
            }
            if c == '\\' {
                match chars.next() {
                    Some((_, next)) if next == quote => out.push(next),
                    Some((_, next)) => out.extend([c, next]),
                    None => break,
                }
            } else {
                out.push(c);
            }
        }
        let instead = format!("{}{quote}", self.rest());
        Err(Mistake::new(start..self.text.len(), "this text has no closing quote").instead(Some(instead)))
    }

    /// A name in quotes within a path. A backslash escapes the quote around it and itself, and is itself before all
    /// else.
    fn name(&mut self, quote: char) -> Result<String, Mistake> {
        let start = self.at;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                self.at += at + c.len_utf8();
                return Ok(out);
            }
            let escaped = if c == '\\' { chars.next_if(|(_, next)| *next == quote || *next == '\\') } else { None };
            out.push(escaped.map_or(c, |(_, next)| next));
        }
        let instead = format!("{}{quote}", self.rest());
        Err(Mistake::new(start..self.text.len(), "this name has no closing quote").instead(Some(instead)))
    }

    /// What comes after `data`, `header`, `nats` or `ce`.
    fn path(&mut self, root: &str, start: usize) -> Result<Token, Mistake> {
        let root = root.to_ascii_lowercase();
        let header = matches!(root.as_str(), "header" | "ce");
        let mut steps = Vec::new();
        loop {
            let from = self.at;
            match self.peek() {
                Some('.') => {
                    self.at += 1;
                    steps.push(Step::Key(self.key(header, from)?.into()));
                }
                Some('[') => {
                    self.at += 1;
                    steps.push(self.bracket(from)?);
                }
                _ => break,
            }
        }
        let place = start..self.at;
        let path = match (root.as_str(), steps.as_slice()) {
            ("data", _) => Path::Data(steps),
            ("header", [Step::Key(name)]) => Path::Header(name.clone()),
            ("header", _) => {
                return Err(Mistake::new(place, "a header has a name and no parts, such as header.Nats-Msg-Id"));
            }
            ("ce", [Step::Key(name)]) => Path::Attribute(name.clone()),
            ("ce", _) => {
                return Err(Mistake::new(place, "an attribute has a name and no parts, such as ce.tenant-id"));
            }
            (_, [Step::Key(name)]) => match &**name {
                "stream" => Path::Stream,
                "subject" => Path::Subject,
                "seq" => Path::Seq,
                "time" => Path::Time,
                _ => {
                    let near = nearest(name, NATS).map(|near| format!("nats.{near}"));
                    return Err(Mistake::new(place, "there are nats.stream, nats.subject, nats.seq and nats.time")
                        .instead(near));
                }
            },
            _ => return Err(Mistake::new(place, "there are nats.stream, nats.subject, nats.seq and nats.time")),
        };
        Ok(Token::Path(path))
    }

    fn key(&mut self, header: bool, from: usize) -> Result<String, Mistake> {
        if let Some(quote @ ('\'' | '"')) = self.peek() {
            return self.name(quote);
        }
        let key = self.take_while(if header { plain_header } else { plain_key });
        if key.is_empty() {
            return Err(Mistake::new(from..self.at, "after the dot comes a name, in quotes if it has other signs"));
        }
        Ok(key.to_owned())
    }

    fn bracket(&mut self, from: usize) -> Result<Step, Mistake> {
        let step = match self.peek() {
            Some(quote @ ('\'' | '"')) => Some(Step::Key(self.name(quote)?.into())),
            Some('*') => {
                self.at += 1;
                Some(Step::Each)
            }
            _ => self.take_while(|c| c.is_ascii_digit()).parse().ok().map(Step::Index),
        };
        match (step, self.peek()) {
            (Some(step), Some(']')) => {
                self.at += 1;
                Ok(step)
            }
            _ => Err(Mistake::new(
                from..self.at,
                "in brackets stands a number, * or a name in quotes, such as [0], [*] or ['a b']",
            )),
        }
    }
}
