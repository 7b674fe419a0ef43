//! The tree of an expression, and how it is written back: with no more parentheses than its meaning needs.
//!
//! Operators of one precedence are kept as a chain, so that a long expression is long and not deep: nothing
//! that walks the tree goes deeper than what the parser allowed.

use std::fmt::{self, Write as _};

use super::functions::Function;
use crate::query::fields::Needs;
use crate::query::near::ATTRIBUTES;
use crate::query::pattern::Pattern;

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    Boolean(bool),
    Integer(i32),
    String(Box<str>),
    Field(Path),
    Exists(Path),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Like {
        value: Box<Expr>,
        pattern: Pattern,
        not: bool,
    },
    In {
        value: Box<Expr>,
        set: Vec<Expr>,
        not: bool,
    },
    /// Arithmetic and comparisons, from the left; all of one precedence.
    Binary(Box<Expr>, Vec<(Binary, Expr)>),
    /// AND, OR and XOR: one precedence, from the right.
    Logic(Box<Expr>, Vec<(Logic, Expr)>),
    Call(Function, Vec<Expr>),
}

/// What an expression can read of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::query) enum Path {
    /// An attribute of the event, by its exact name; where no attribute has that, by one that differs in case alone.
    Attribute(Box<str>),
    /// A header.
    Header(Box<str>),
    /// A value inside of the event's data, or all of it.
    Data(Vec<Step>),
    /// The stream.
    Stream,
    /// The subject on NATS.
    Subject,
    /// The sequence in the stream.
    Seq,
    /// When the stream stored it.
    Time,
}

/// One step into JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of an object.
    Key(Box<str>),
    /// The element of an array, from 0.
    Index(usize),
    /// Each element of an array.
    Each,
}

/// Operators between two values, in the order of their precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Operators between two conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logic {
    And,
    Or,
    Xor,
}

/// How closely things are bound; more is closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Logic,
    Comparison,
    Additive,
    Multiplicative,
    /// LIKE and IN.
    Postfix,
    /// NOT and minus: closer than everything that has operators, as the grammar of the specification says.
    Unary,
}

impl Binary {
    pub(super) fn level(self) -> Level {
        match self {
            Self::Add | Self::Subtract => Level::Additive,
            Self::Multiply | Self::Divide | Self::Remainder => Level::Multiplicative,
            _ => Level::Comparison,
        }
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

impl Logic {
    fn word(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
            Self::Xor => "XOR",
        }
    }
}

impl Expr {
    fn level(&self) -> Level {
        match self {
            Self::Logic(..) => Level::Logic,
            Self::Binary(_, rest) => rest.first().map_or(Level::Unary, |(op, _)| op.level()),
            Self::Like { .. } | Self::In { .. } => Level::Postfix,
            _ => Level::Unary,
        }
    }

    /// What the expression looks at.
    pub(super) fn needs(&self) -> Needs {
        let all = |rest: &[Self]| rest.iter().fold(Needs::default(), |needs, e| needs | e.needs());
        match self {
            Self::Boolean(_) | Self::Integer(_) | Self::String(_) => Needs::default(),
            Self::Field(path) | Self::Exists(path) => path.needs(),
            Self::Not(value) | Self::Negate(value) | Self::Like { value, .. } => value.needs(),
            Self::In { value, set, .. } => value.needs() | all(set),
            Self::Binary(first, rest) => rest.iter().fold(first.needs(), |needs, (_, e)| needs | e.needs()),
            Self::Logic(first, rest) => rest.iter().fold(first.needs(), |needs, (_, e)| needs | e.needs()),
            Self::Call(_, arguments) => all(arguments),
        }
    }
}

impl Expr {
    /// Shows what it reads of a message, from the left.
    pub(super) fn paths<'e>(&'e self, see: &mut dyn FnMut(&'e Path)) {
        match self {
            Self::Boolean(_) | Self::Integer(_) | Self::String(_) => {}
            Self::Field(path) | Self::Exists(path) => see(path),
            Self::Not(value) | Self::Negate(value) | Self::Like { value, .. } => value.paths(see),
            Self::In { value, set, .. } => {
                value.paths(see);
                for e in set {
                    e.paths(see);
                }
            }
            Self::Binary(first, rest) => {
                first.paths(see);
                for (_, e) in rest {
                    e.paths(see);
                }
            }
            Self::Logic(first, rest) => {
                first.paths(see);
                for (_, e) in rest {
                    e.paths(see);
                }
            }
            Self::Call(_, arguments) => {
                for e in arguments {
                    e.paths(see);
                }
            }
        }
    }
}

impl Path {
    /// What a name without quotes and parts calls. The attributes that the specification names are in lower case, so
    /// that their case does not matter; senders write others as they like.
    pub(in crate::query) fn attribute(name: &str) -> Self {
        if name.eq_ignore_ascii_case("data") {
            return Self::Data(Vec::new());
        }
        let known = ATTRIBUTES.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        Self::Attribute(known.unwrap_or(name).into())
    }

    /// Whether it may call several values.
    pub(super) fn is_many(&self) -> bool {
        matches!(self, Self::Data(steps) if steps.contains(&Step::Each))
    }

    /// What of a message it looks at.
    pub(in crate::query) fn needs(&self) -> Needs {
        let none = Needs::default();
        match self {
            Self::Attribute(_) => Needs { attributes: true, ..none },
            Self::Header(_) => Needs { headers: true, ..none },
            Self::Data(_) => Needs { body: true, ..none },
            Self::Stream | Self::Subject | Self::Seq | Self::Time => none,
        }
    }
}

/// An operand in parentheses unless it is bound at least as closely as `least`.
struct Operand<'a>(&'a Expr, Level);

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.level() < self.1 { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}

/// Several with commas between.
struct List<'a>(&'a [Expr]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, expr) in self.0.iter().enumerate() {
            write!(f, "{}{expr}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// Text as a literal.
///
/// In CESQL a backslash only ever escapes the quote around it, so there is text that can only be written in
/// one kind of quotes: that before a quote of the other kind stands an odd number of backslashes.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut backslashes = 0;
        let mut odd = false;
        for c in self.0.chars() {
            odd |= c == '\'' && backslashes % 2 == 1;
            backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        }
        let quote = if odd { '"' } else { '\'' };
        f.write_char(quote)?;
        for c in self.0.chars() {
            if c == quote {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char(quote)
    }
}

/// The name of a part in quotes. Within a path a backslash escapes itself too, so that every name can be written.
struct QuotedName<'a>(&'a str);

impl fmt::Display for QuotedName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('\'')?;
        for c in self.0.chars() {
            if matches!(c, '\'' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('\'')
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |not: &bool| if *not { "NOT " } else { "" };
        match self {
            Self::Boolean(b) => f.write_str(if *b { "TRUE" } else { "FALSE" }),
            Self::Integer(n) => write!(f, "{n}"),
            Self::String(text) => write!(f, "{}", Quoted(text)),
            Self::Field(path) => write!(f, "{path}"),
            Self::Exists(path) => write!(f, "EXISTS {path}"),
            Self::Not(value) => write!(f, "NOT {}", Operand(value, Level::Unary)),
            // A minus before digits would be part of the literal.
            Self::Negate(value) => match &**value {
                Self::Integer(n) if *n >= 0 => write!(f, "-({n})"),
                value => write!(f, "-{}", Operand(value, Level::Unary)),
            },
            Self::Like { value, pattern, not } => {
                write!(f, "{} {}LIKE {}", Operand(value, Level::Postfix), word(not), Quoted(pattern.source()))
            }
            Self::In { value, set, not } => {
                write!(f, "{} {}IN ({})", Operand(value, Level::Postfix), word(not), List(set))
            }
            Self::Binary(first, rest) => {
                let level = self.level();
                let closer = if level == Level::Comparison {
                    Level::Additive
                } else if level == Level::Additive {
                    Level::Multiplicative
                } else {
                    Level::Postfix
                };
                write!(f, "{}", Operand(first, closer))?;
                rest.iter().try_for_each(|(op, expr)| write!(f, " {} {}", op.sign(), Operand(expr, closer)))
            }
            Self::Logic(first, rest) => {
                write!(f, "{}", Operand(first, Level::Comparison))?;
                let mut open = 0;
                let mut before = rest.first().map(|(op, _)| *op);
                for (i, (op, expr)) in rest.iter().enumerate() {
                    write!(f, " {} ", op.word())?;
                    // What is meant is shown where another operator follows.
                    let next = rest.get(i + 1).map(|(op, _)| *op);
                    if next.is_some() && next != before {
                        f.write_char('(')?;
                        open += 1;
                    }
                    before = next;
                    write!(f, "{}", Operand(expr, Level::Comparison))?;
                }
                f.write_str(&")".repeat(open))
            }
            Self::Call(function, arguments) => write!(f, "{}({})", function.name(), List(arguments)),
        }
    }
}

/// Whether it can stand in a name without quotes and parts.
pub(in crate::query) fn plain_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// The words that are no names.
pub(super) const KEYWORDS: [&str; 9] = ["AND", "OR", "XOR", "NOT", "LIKE", "IN", "EXISTS", "TRUE", "FALSE"];

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// Whether an expression that has this name alone means the attribute of exactly this name.
fn stands_alone(name: &str) -> bool {
    name.chars().all(plain_name)
        && !name.bytes().all(|b| b.is_ascii_digit())
        && !is_keyword(name)
        && matches!(Path::attribute(name), Path::Attribute(read) if *read == *name)
}

/// Whether it can stand after a dot without quotes.
pub(super) fn plain_key(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Whether it can stand in the name of a header or, behind `ce.`, of an attribute without quotes.
pub(super) fn plain_header(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn is_plain_header(name: &str) -> bool {
    !name.is_empty() && name.chars().all(plain_header)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(name) if stands_alone(name) => f.write_str(name),
            Self::Attribute(name) if is_plain_header(name) => write!(f, "ce.{name}"),
            Self::Attribute(name) => write!(f, "ce[{}]", QuotedName(name)),
            Self::Header(name) if is_plain_header(name) => write!(f, "header.{name}"),
            Self::Header(name) => write!(f, "header[{}]", QuotedName(name)),
            Self::Data(steps) => {
                f.write_str("data")?;
                steps.iter().try_for_each(|step| match step {
                    Step::Index(index) => write!(f, "[{index}]"),
                    Step::Each => f.write_str("[*]"),
                    Step::Key(key) if !key.is_empty() && key.chars().all(plain_key) => write!(f, ".{key}"),
                    Step::Key(key) => write!(f, "[{}]", QuotedName(key)),
                })
            }
            Self::Stream => f.write_str("nats.stream"),
            Self::Subject => f.write_str("nats.subject"),
            Self::Seq => f.write_str("nats.seq"),
            Self::Time => f.write_str("nats.time"),
        }
    }
}
