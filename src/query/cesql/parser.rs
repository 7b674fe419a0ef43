//! From tokens to the tree, as the grammar of the specification has it.
//!
//! From loose to close: AND, OR and XOR (one precedence, from the right); comparisons; `+ -`; `* / %`; LIKE and
//! IN; NOT and minus. That NOT binds closer than `=` is the specification's wish.

use std::ops::Range;

use super::ast::{Binary, Expr, Level, Logic, Path, is_keyword};
use super::functions::Function;
use super::lexer::{Placed, Token, tokens};
use crate::query::pattern::Pattern;
use crate::query::{Mistake, nearest};

/// The longest expression in bytes.
const LONGEST: usize = 16 * 1024;
/// How deep parentheses, functions, NOT and minus may nest, and how often AND may follow OR in one chain.
const DEEPEST: usize = 64;

/// Those between or after values.
const OPERATORS: [&str; 6] = ["AND", "OR", "XOR", "NOT LIKE", "LIKE", "IN"];

/// What was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) expr: Expr,
    /// AND came before OR or XOR without parentheses, which other languages read differently.
    pub(super) mixed: bool,
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Parsed, Mistake> {
    if text.len() > LONGEST {
        let at = text.char_indices().map(|(at, _)| at).find(|at| *at >= LONGEST).unwrap_or(LONGEST);
        return Err(Mistake::new(at..text.len(), format!("an expression has {LONGEST} bytes at most")));
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, mixed: false };
    let expr = parser.logic()?;
    match parser.peek() {
        Token::End => Ok(Parsed { expr, mixed: parser.mixed }),
        _ => Err(parser.no_operator()),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
    mixed: bool,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    /// Where the next token is.
    fn place(&self) -> Range<usize> {
        let last = || self.tokens.last().map_or(0..0, |(_, place)| place.clone());
        self.tokens.get(self.at).map_or_else(last, |(_, place)| place.clone())
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn word(&self, offset: usize, keyword: &str) -> bool {
        let token = self.tokens.get(self.at + offset).map(|(token, _)| token);
        matches!(token, Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword))
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let is = self.word(0, keyword);
        self.at += usize::from(is);
        is
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Token::Sign(s) if *s == sign);
        self.at += usize::from(is);
        is
    }

    fn deeper(&mut self) -> Result<(), Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Mistake::new(self.place(), format!("an expression nests {DEEPEST} levels at most")));
        }
        Ok(())
    }

    fn logic_operator(&mut self) -> Option<Logic> {
        let all = [("AND", Logic::And), ("OR", Logic::Or), ("XOR", Logic::Xor)];
        all.into_iter().find(|(word, _)| self.take_word(word)).map(|(_, op)| op)
    }

    fn logic(&mut self) -> Result<Expr, Mistake> {
        let before = self.depth;
        let first = self.binary(Level::Comparison)?;
        let mut rest: Vec<(Logic, Expr)> = Vec::new();
        while let Some(op) = self.logic_operator() {
            if let Some((last, _)) = rest.last()
                && *last != op
            {
                // Written back, this is a level of parentheses.
                self.deeper()?;
                self.mixed |= rest.iter().any(|(op, _)| *op == Logic::And);
            }
            rest.push((op, self.binary(Level::Comparison)?));
        }
        self.depth = before;
        if rest.is_empty() {
            return Ok(first);
        }
        // From the right: a chain in parentheses at the end is the rest of this chain.
        if let Some((op, Expr::Logic(inner, more))) = rest.pop_if(|(_, last)| matches!(last, Expr::Logic(..))) {
            rest.push((op, *inner));
            rest.extend(more);
        }
        Ok(Expr::Logic(Box::new(first), rest))
    }

    fn binary_operator(&mut self, level: Level) -> Option<Binary> {
        let op = match self.peek() {
            Token::Sign("=") => Binary::Equal,
            Token::Sign("!=" | "<>") => Binary::NotEqual,
            Token::Sign("<") => Binary::Less,
            Token::Sign("<=") => Binary::LessOrEqual,
            Token::Sign(">") => Binary::Greater,
            Token::Sign(">=") => Binary::GreaterOrEqual,
            Token::Sign("+") => Binary::Add,
            Token::Sign("-") => Binary::Subtract,
            Token::Sign("*") => Binary::Multiply,
            Token::Sign("/") => Binary::Divide,
            Token::Sign("%") => Binary::Remainder,
            _ => return None,
        };
        if op.level() != level {
            return None;
        }
        self.at += 1;
        Some(op)
    }

    fn binary(&mut self, level: Level) -> Result<Expr, Mistake> {
        let closer = |parser: &mut Self| match level {
            Level::Comparison => parser.binary(Level::Additive),
            Level::Additive => parser.binary(Level::Multiplicative),
            _ => parser.postfix(),
        };
        let first = closer(self)?;
        let mut rest = Vec::new();
        while let Some(op) = self.binary_operator(level) {
            rest.push((op, closer(self)?));
        }
        Ok(if rest.is_empty() { first } else { Expr::Binary(Box::new(first), rest) })
    }

    /// LIKE and IN come after their value, perhaps several times.
    fn postfix(&mut self) -> Result<Expr, Mistake> {
        let before = self.depth;
        let mut expr = self.unary()?;
        loop {
            let not = self.word(0, "NOT") && (self.word(1, "LIKE") || self.word(1, "IN"));
            self.at += usize::from(not);
            let value = if self.take_word("LIKE") {
                self.deeper()?;
                let place = self.place();
                let Token::String(pattern) = self.next() else {
                    return Err(Mistake::new(place, "after LIKE comes a pattern in quotes, such as 'com.acme.%'"));
                };
                Expr::Like { value: Box::new(expr), pattern: Pattern::like(&pattern), not }
            } else if self.take_word("IN") {
                self.deeper()?;
                let place = self.place();
                if !self.take_sign("(") {
                    return Err(Mistake::new(place, "after IN come values in parentheses, such as ('a', 'b')"));
                }
                let set = self.list(&place)?;
                if set.is_empty() {
                    return Err(Mistake::new(place.start..self.place().start, "IN needs one value at least"));
                }
                Expr::In { value: Box::new(expr), set, not }
            } else {
                self.depth = before;
                return Ok(expr);
            };
            expr = value;
        }
    }

    /// Values with commas between, up to the parenthesis; the opening one is read.
    fn list(&mut self, open: &Range<usize>) -> Result<Vec<Expr>, Mistake> {
        let mut list = Vec::new();
        if self.take_sign(")") {
            return Ok(list);
        }
        loop {
            list.push(self.logic()?);
            if self.take_sign(")") {
                return Ok(list);
            }
            if !self.take_sign(",") {
                return Err(self.not_closed(open));
            }
        }
    }

    fn unary(&mut self) -> Result<Expr, Mistake> {
        let before = self.depth;
        let place = self.place();
        let expr = if self.take_word("NOT") {
            self.deeper()?;
            Expr::Not(Box::new(self.unary()?))
        } else if let Token::Sign(sign @ ("-" | "+")) = *self.peek() {
            self.at += 1;
            // A sign directly before digits is part of the literal; there is no other plus.
            let adjacent = self.place().start == place.end;
            match self.peek() {
                Token::Integer(digits) if adjacent => {
                    let text = format!("{sign}{digits}");
                    self.at += 1;
                    integer(&text, place.start..place.start + text.len())?
                }
                _ if sign == "+" => {
                    return Err(Mistake::new(place, "a plus stands between two values or before digits"));
                }
                _ => {
                    self.deeper()?;
                    Expr::Negate(Box::new(self.unary()?))
                }
            }
        } else {
            self.primary()?
        };
        self.depth = before;
        Ok(expr)
    }

    fn primary(&mut self) -> Result<Expr, Mistake> {
        let place = self.place();
        match self.next() {
            Token::Integer(digits) => integer(&digits, place),
            Token::String(text) => Ok(Expr::String(text.into())),
            Token::Path(path) => Ok(Expr::Field(path)),
            Token::Sign("(") => {
                self.deeper()?;
                let expr = self.logic()?;
                self.depth -= 1;
                if self.take_sign(")") { Ok(expr) } else { Err(self.not_closed(&place)) }
            }
            Token::Word(word) if matches!(self.peek(), Token::Sign("(")) && !is_keyword(&word) => {
                self.call(&word, place)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Ok(Expr::Boolean(true)),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Ok(Expr::Boolean(false)),
            Token::Word(word) if word.eq_ignore_ascii_case("exists") => self.exists(),
            Token::Word(word) if is_keyword(&word) => {
                let sentence = format!("{} needs a value before it", word.to_ascii_uppercase());
                Err(Mistake::new(place, sentence))
            }
            Token::Word(word) => Ok(Expr::Field(Path::attribute(&word))),
            Token::End => Err(Mistake::new(place, "the expression ends where a value should be")),
            Token::Sign(sign) => Err(Mistake::new(place, format!("a value should be where {sign} is"))),
        }
    }

    fn exists(&mut self) -> Result<Expr, Mistake> {
        let place = self.place();
        match self.next() {
            Token::Path(path) => Ok(Expr::Exists(path)),
            Token::Word(word) if !is_keyword(&word) => Ok(Expr::Exists(Path::attribute(&word))),
            _ => Err(Mistake::new(place, "after EXISTS comes the name of an attribute")),
        }
    }

    fn call(&mut self, word: &str, place: Range<usize>) -> Result<Expr, Mistake> {
        let Some(function) = Function::named(word) else {
            let near = nearest(word, Function::names());
            return Err(Mistake::new(place, format!("there is no function {word}")).instead(near));
        };
        let open = self.place();
        self.deeper()?;
        self.at += 1;
        let arguments = self.list(&open)?;
        self.depth -= 1;
        let (least, most) = function.arity();
        if (least..=most).contains(&arguments.len()) {
            return Ok(Expr::Call(function, arguments));
        }
        let (name, given) = (function.name(), arguments.len());
        let wants = match (least, most) {
            (1, 1) => "1 argument".to_owned(),
            (1, usize::MAX) => "1 argument at least".to_owned(),
            _ if least == most => format!("{least} arguments"),
            _ => format!("{least} or {most} arguments"),
        };
        let end = self.tokens.get(self.at - 1).map_or(place.end, |(_, last)| last.end);
        Err(Mistake::new(place.start..end, format!("{name} takes {wants}, not {given}")))
    }

    /// A parenthesis is open, and what comes now can neither go on nor close it.
    fn not_closed(&self, open: &Range<usize>) -> Mistake {
        if *self.peek() == Token::End {
            return Mistake::new(open.clone(), "this parenthesis is not closed");
        }
        self.no_operator()
    }

    /// What comes now cannot follow a value.
    fn no_operator(&self) -> Mistake {
        let place = self.place();
        match self.peek() {
            Token::Sign(")") => Mistake::new(place, "there is no parenthesis for this to close"),
            Token::Sign(",") => Mistake::new(place, "a comma stands only between arguments and in sets"),
            Token::Word(word) if word.eq_ignore_ascii_case("not") => {
                Mistake::new(place, "after a value NOT needs LIKE or IN behind it")
            }
            Token::Word(word) => {
                let near = nearest(word, OPERATORS);
                Mistake::new(place, "an operator should be here, such as =, AND or LIKE").instead(near)
            }
            _ => Mistake::new(place, "an operator should be here, such as =, AND or LIKE"),
        }
    }
}

fn integer(text: &str, place: Range<usize>) -> Result<Expr, Mistake> {
    text.parse().map(Expr::Integer).map_err(|_| {
        let sentence = "an Integer has 32 bits; sequences and data compare with a larger number in quotes";
        Mistake::new(place, sentence).instead(Some(format!("'{text}'")))
    })
}
