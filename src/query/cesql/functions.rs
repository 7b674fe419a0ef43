//! The built-in functions.

use std::borrow::Cow;

use super::value::{Type, Value};

/// A function of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Int,
    Bool,
    String,
    IsBool,
    IsInt,
    Abs,
    Length,
    Concat,
    ConcatWs,
    Lower,
    Upper,
    Trim,
    Left,
    Right,
    Substring,
}

/// What a function cannot do, beside what it returns all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// An argument has no meaning.
    Argument(&'static str, i32),
    /// The result is out of range.
    Range(&'static str),
}

/// The result of a function.
pub(super) type Returned<'a> = Result<Value<'a>, (Value<'a>, Trouble)>;

/// All of them: name, arguments at least and at most, what they return.
const ALL: [(Function, &str, usize, usize, Type); 15] = [
    (Function::Int, "INT", 1, 1, Type::Integer),
    (Function::Bool, "BOOL", 1, 1, Type::Boolean),
    (Function::String, "STRING", 1, 1, Type::String),
    (Function::IsBool, "IS_BOOL", 1, 1, Type::Boolean),
    (Function::IsInt, "IS_INT", 1, 1, Type::Boolean),
    (Function::Abs, "ABS", 1, 1, Type::Integer),
    (Function::Length, "LENGTH", 1, 1, Type::Integer),
    (Function::Concat, "CONCAT", 0, usize::MAX, Type::String),
    (Function::ConcatWs, "CONCAT_WS", 1, usize::MAX, Type::String),
    (Function::Lower, "LOWER", 1, 1, Type::String),
    (Function::Upper, "UPPER", 1, 1, Type::String),
    (Function::Trim, "TRIM", 1, 1, Type::String),
    (Function::Left, "LEFT", 2, 2, Type::String),
    (Function::Right, "RIGHT", 2, 2, Type::String),
    (Function::Substring, "SUBSTRING", 2, 3, Type::String),
];

impl Function {
    /// The function of this name, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(_, known, ..)| known.eq_ignore_ascii_case(name)).map(|(function, ..)| *function)
    }

    /// The names of all.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        ALL.iter().map(|(_, name, ..)| *name)
    }

    /// The names of all, and what they do, in a few words.
    pub(super) fn helps() -> impl Iterator<Item = (&'static str, &'static str)> {
        ALL.iter().map(|(function, name, ..)| (*name, function.help()))
    }

    fn help(self) -> &'static str {
        match self {
            Self::Int => "as a whole number",
            Self::Bool => "as true or false",
            Self::String => "as text",
            Self::IsBool => "whether it can be true or false",
            Self::IsInt => "whether it can be a whole number",
            Self::Abs => "without its minus",
            Self::Length => "how many characters",
            Self::Concat => "one behind the other",
            Self::ConcatWs => "one behind the other, the first between",
            Self::Lower => "in lower case",
            Self::Upper => "in upper case",
            Self::Trim => "without blanks around it",
            Self::Left => "the first so many characters",
            Self::Right => "the last so many characters",
            Self::Substring => "from a character on, perhaps so many",
        }
    }

    fn row(self) -> &'static (Function, &'static str, usize, usize, Type) {
        // They stand in the order of the variants; a test holds that.
        &ALL[self as usize]
    }

    /// As the specification writes it.
    pub(super) fn name(self) -> &'static str {
        self.row().1
    }

    /// How many arguments it takes, at least and at most.
    pub(super) fn arity(self) -> (usize, usize) {
        (self.row().2, self.row().3)
    }

    /// What it returns.
    pub(super) fn returns(self) -> Type {
        self.row().4
    }

    /// The type that an argument is cast to; `None` where every type is as good.
    pub(super) fn takes(self, argument: usize) -> Option<Type> {
        match (self, argument) {
            (Self::IsBool | Self::IsInt, _) => None,
            (Self::Int | Self::Abs, _) | (Self::Left | Self::Right | Self::Substring, 1..) => Some(Type::Integer),
            (Self::Bool, _) => Some(Type::Boolean),
            _ => Some(Type::String),
        }
    }

    /// Calls it with arguments that are cast.
    pub(super) fn call(self, arguments: Vec<Value<'_>>) -> Returned<'_> {
        let mut arguments = arguments.into_iter();
        let mut next = || arguments.next().unwrap_or(Value::Integer(0));
        match self {
            Self::Int | Self::Bool | Self::String => Ok(next()),
            Self::IsBool => Ok(Value::Boolean(next().to_boolean().is_some())),
            Self::IsInt => Ok(Value::Boolean(next().to_integer().is_some())),
            Self::Abs => {
                let abs = next().to_integer().and_then(i32::checked_abs);
                let greatest = Value::Integer(i32::MAX);
                abs.map(Value::Integer)
                    .ok_or((greatest, Trouble::Range("ABS(-2147483648) is larger than an Integer can be")))
            }
            Self::Length => Ok(Value::Integer(i32::try_from(next().into_text().chars().count()).unwrap_or(i32::MAX))),
            Self::Concat => Ok(Value::text(arguments.map(Value::into_text).collect::<String>())),
            Self::ConcatWs => {
                let delimiter = next().into_text();
                let parts: Vec<Cow<'_, str>> = arguments.map(Value::into_text).collect();
                Ok(Value::text(parts.join(&*delimiter)))
            }
            Self::Lower => Ok(Value::text(next().into_text().to_lowercase())),
            Self::Upper => Ok(Value::text(next().into_text().to_uppercase())),
            Self::Trim => Ok(Value::String(part(next().into_text(), |text| {
                let start = text.len() - text.trim_start().len();
                (start, start + text.trim().len())
            }))),
            Self::Left | Self::Right => {
                let text = next().into_text();
                let count = next().to_integer().unwrap_or(0);
                let Ok(length) = usize::try_from(count) else {
                    return Err((Value::String(text), Trouble::Argument("the length", count)));
                };
                Ok(Value::String(part(text, |text| {
                    if self == Self::Left {
                        return (0, offset(text, length));
                    }
                    let skip = text.chars().count().saturating_sub(length);
                    (offset(text, skip), text.len())
                })))
            }
            Self::Substring => {
                let text = next().into_text();
                let position = next().to_integer().unwrap_or(0);
                let length = arguments.next().map(|length| length.to_integer().unwrap_or(0));
                substring(text, position, length)
            }
        }
    }
}

/// `SUBSTRING`: characters count from 1, or with a minus from the end.
fn substring(text: Cow<'_, str>, position: i32, length: Option<i32>) -> Returned<'_> {
    let wrong = |what, number| Err((Value::text(""), Trouble::Argument(what, number)));
    let size = text.chars().count();
    let Ok(length) = usize::try_from(length.unwrap_or(i32::MAX)) else {
        return wrong("the length", length.unwrap_or(0));
    };
    let distance = position.unsigned_abs() as usize;
    if distance > size {
        return wrong("the position", position);
    }
    let skip = match position {
        0 => return Ok(Value::text("")),
        1.. => distance - 1,
        _ => size - distance,
    };
    Ok(Value::String(part(text, |text| {
        let start = offset(text, skip);
        (start, start + offset(&text[start..], length))
    })))
}

/// The place of the character with this number, or the end.
fn offset(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

/// A part of text, borrowed where the text is.
fn part(text: Cow<'_, str>, bounds: impl Fn(&str) -> (usize, usize)) -> Cow<'_, str> {
    let (start, end) = bounds(&text);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            text.drain(..start);
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        for (index, (function, name, ..)) in ALL.iter().enumerate() {
            assert_eq!(*function as usize, index, "{name}");
            assert_eq!(Function::named(&name.to_lowercase()), Some(*function));
        }
    }
}
