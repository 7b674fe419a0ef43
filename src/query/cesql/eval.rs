//! What an expression is for a message.
//!
//! Every operator and function returns a value, also where it fails: the zero of its type, with what went
//! wrong. What is built on a failed operand fails the same way, so the first failure is told and a condition
//! that failed is false. AND and OR look at their second operand only where it matters.

use std::borrow::Cow;

use super::ast::{Binary, Expr, Logic, Path, Step};
use super::functions::{Function, Trouble};
use super::value::{Number, Type, Value};
use super::{EvalError, json};
use crate::query::fields::{Data, Fields};
use crate::query::mistake::short;

/// A value that is only there for form's sake, and why.
#[derive(Debug)]
pub(super) struct Failed<'a> {
    pub(super) value: Value<'a>,
    pub(super) fault: Fault<'a>,
}

/// What went wrong. Holds what is needed for a sentence, which is only written when somebody reads it.
#[derive(Debug)]
pub(super) enum Fault<'a> {
    Missing(&'a Path),
    Cast { value: Value<'a>, to: Type, of_not: bool },
    DividedByZero,
    Overflow(Binary),
    NegatedLeast,
    Function(Function, Trouble),
}

type Outcome<'a> = Result<Value<'a>, Failed<'a>>;

impl<'a> Failed<'a> {
    fn cast(zero: Type, value: Value<'a>, to: Type) -> Self {
        Self { value: zero.zero(), fault: Fault::Cast { value, to, of_not: false } }
    }

    fn with(zero: Type, fault: Fault<'a>) -> Self {
        Self { value: zero.zero(), fault }
    }

    /// The same failure in an operator that returns this type.
    fn in_a(self, zero: Type) -> Self {
        Self { value: zero.zero(), ..self }
    }
}

/// Evaluates an expression.
pub(super) fn evaluate<'a, F: Fields + ?Sized>(expr: &'a Expr, fields: &'a F) -> Outcome<'a> {
    match expr {
        Expr::Boolean(b) => Ok(Value::Boolean(*b)),
        Expr::Integer(n) => Ok(Value::Integer(*n)),
        Expr::String(text) => Ok(Value::text(&**text)),
        Expr::Field(path) => read(path, fields).ok_or(Failed::with(Type::Boolean, Fault::Missing(path))),
        Expr::Exists(path) => Ok(Value::Boolean(read(path, fields).is_some())),
        Expr::Not(value) => condition(value, fields).map(|b| Value::Boolean(!b)).map_err(|failed| match failed.fault {
            // The commonest mistake: NOT a = b is (NOT a) = b.
            Fault::Cast { value, to, .. } => Failed::with(Type::Boolean, Fault::Cast { value, to, of_not: true }),
            fault => Failed::with(Type::Boolean, fault),
        }),
        Expr::Negate(value) => {
            let value = evaluate(value, fields).map_err(|failed| failed.in_a(Type::Integer))?;
            let Some(number) = value.to_integer() else {
                return Err(Failed::cast(Type::Integer, value, Type::Integer));
            };
            number.checked_neg().map(Value::Integer).ok_or(Failed::with(Type::Integer, Fault::NegatedLeast))
        }
        Expr::Like { value, pattern, not } => {
            let any = any_of(value, fields, |value| Ok(pattern.matches(&value.into_text())))?;
            Ok(Value::Boolean(any != *not))
        }
        Expr::In { value, set, not } => {
            let any = any_of(value, fields, |value| {
                for expr in set {
                    if any_of(expr, fields, |element| {
                        element.equals(&value).map_err(|to| Failed::cast(Type::Boolean, element, to))
                    })? {
                        return Ok(true);
                    }
                }
                Ok(false)
            })?;
            Ok(Value::Boolean(any != *not))
        }
        Expr::Binary(first, rest) => {
            let mut rest = rest.iter();
            let mut left = match rest.as_slice().first() {
                Some((op, expr)) if op.returns() == Type::Boolean => {
                    rest.next();
                    any_of(first, fields, |value| compare(*op, &value, expr, fields))
                        .map(|any| Value::Boolean(any != (*op == Binary::NotEqual)))
                }
                _ => evaluate(first, fields),
            };
            for (op, expr) in rest {
                left =
                    left.and_then(|value| binary(*op, value, expr, fields)).map_err(|failed| failed.in_a(op.returns()));
            }
            left
        }
        Expr::Logic(first, rest) => logic(first, rest, fields),
        Expr::Call(function, arguments) => call(*function, arguments, fields),
    }
}

/// Whether something holds for a value; where the expression is a path to many, for any of them. What cannot be
/// answered for some of many counts only where it can be answered for none.
fn any_of<'a, F: Fields + ?Sized>(
    expr: &'a Expr,
    fields: &'a F,
    mut holds: impl FnMut(Value<'a>) -> Result<bool, Failed<'a>>,
) -> Result<bool, Failed<'a>> {
    let many = match expr {
        Expr::Field(path @ Path::Data(steps)) if path.is_many() => data_values(steps, fields),
        _ => Vec::new(),
    };
    if many.is_empty() {
        let value = evaluate(expr, fields).map_err(|failed| failed.in_a(Type::Boolean))?;
        return holds(value).map_err(|failed| failed.in_a(Type::Boolean));
    }
    let (mut answered, mut first) = (false, None);
    for value in many {
        match holds(value) {
            Ok(true) => return Ok(true),
            Ok(false) => answered = true,
            Err(failed) => first = first.or(Some(failed.in_a(Type::Boolean))),
        }
    }
    first.filter(|_| !answered).map_or(Ok(false), Err)
}

/// The values that a path to many calls.
fn data_values<'a, F: Fields + ?Sized>(steps: &[Step], fields: &'a F) -> Vec<Value<'a>> {
    match fields.data() {
        Some(Data::Json(Cow::Borrowed(text))) => json::values(text, steps),
        Some(Data::Json(text)) => json::values(&text, steps).into_iter().map(Value::into_owned).collect(),
        Some(Data::Text(_)) | None => Vec::new(),
    }
}

/// Whether `left` compares so with the value of the expression, or with any of its values; for `!=` whether they are
/// equal, since that asks for the contrary.
fn compare<'a, F: Fields + ?Sized>(
    op: Binary,
    left: &Value<'a>,
    right: &'a Expr,
    fields: &'a F,
) -> Result<bool, Failed<'a>> {
    any_of(right, fields, |right| {
        if matches!(op, Binary::Equal | Binary::NotEqual) {
            return left.equals(&right).map_err(|to| Failed::cast(Type::Boolean, left.clone(), to));
        }
        let order = left.order(&right).map_err(|(to, second)| {
            let value = if second { right } else { left.clone() };
            Failed::cast(Type::Boolean, value, to)
        })?;
        Ok(match op {
            Binary::Less => order.is_lt(),
            Binary::LessOrEqual => order.is_le(),
            Binary::Greater => order.is_gt(),
            _ => order.is_ge(),
        })
    })
}

/// A value cast to Boolean.
pub(super) fn condition<'a, F: Fields + ?Sized>(expr: &'a Expr, fields: &'a F) -> Result<bool, Failed<'a>> {
    let value = evaluate(expr, fields).map_err(|failed| failed.in_a(Type::Boolean))?;
    value.to_boolean().ok_or_else(|| Failed::cast(Type::Boolean, value, Type::Boolean))
}

/// The chain `a AND (b OR (c XOR d))`, from its left end: each operand is the result, or what follows is, which
/// XOR turns around.
fn logic<'a, F: Fields + ?Sized>(first: &'a Expr, rest: &'a [(Logic, Expr)], fields: &'a F) -> Outcome<'a> {
    let mut operand = first;
    let mut turned = false;
    for (op, next) in rest {
        let value = condition(operand, fields)?;
        match op {
            Logic::And if !value => return Ok(Value::Boolean(turned)),
            Logic::Or if value => return Ok(Value::Boolean(!turned)),
            Logic::Xor => turned ^= value,
            _ => {}
        }
        operand = next;
    }
    Ok(Value::Boolean(condition(operand, fields)? != turned))
}

impl Binary {
    pub(super) fn returns(self) -> Type {
        match self {
            Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Remainder => Type::Integer,
            _ => Type::Boolean,
        }
    }
}

fn binary<'a, F: Fields + ?Sized>(op: Binary, left: Value<'a>, right: &'a Expr, fields: &'a F) -> Outcome<'a> {
    if op.returns() == Type::Boolean {
        return compare(op, &left, right, fields).map(|any| Value::Boolean(any != (op == Binary::NotEqual)));
    }
    let right = evaluate(right, fields)?;
    let (a, b) = match (left.to_integer(), right.to_integer()) {
        (Some(a), Some(b)) => (a, b),
        (None, _) => return Err(Failed::cast(Type::Integer, left, Type::Integer)),
        (_, None) => return Err(Failed::cast(Type::Integer, right, Type::Integer)),
    };
    let result = match op {
        Binary::Add => a.checked_add(b),
        Binary::Subtract => a.checked_sub(b),
        Binary::Multiply => a.checked_mul(b),
        _ if b == 0 => return Err(Failed::with(Type::Integer, Fault::DividedByZero)),
        // The remainder of the least Integer and -1 is 0, though the quotient is out of range.
        Binary::Remainder => Some(a.wrapping_rem(b)),
        _ => a.checked_div(b),
    };
    result.map(Value::Integer).ok_or(Failed::with(Type::Integer, Fault::Overflow(op)))
}

fn call<'a, F: Fields + ?Sized>(function: Function, arguments: &'a [Expr], fields: &'a F) -> Outcome<'a> {
    let returns = function.returns();
    let mut values = Vec::with_capacity(arguments.len());
    for (index, argument) in arguments.iter().enumerate() {
        let value = evaluate(argument, fields).map_err(|failed| failed.in_a(returns))?;
        let cast = match function.takes(index) {
            None => Some(value),
            Some(Type::String) => Some(Value::String(value.into_text())),
            Some(to) => {
                let cast = if to == Type::Boolean {
                    value.to_boolean().map(Value::Boolean)
                } else {
                    value.to_integer().map(Value::Integer)
                };
                match cast {
                    None => return Err(Failed::cast(returns, value, to)),
                    cast => cast,
                }
            }
        };
        values.extend(cast);
    }
    function.call(values).map_err(|(value, trouble)| Failed { value, fault: Fault::Function(function, trouble) })
}

/// All that stands at the path.
pub(in crate::query) fn read_all<'a, F: Fields + ?Sized>(path: &'a Path, fields: &'a F) -> Vec<Value<'a>> {
    match path {
        Path::Data(steps) if path.is_many() => data_values(steps, fields),
        _ => read(path, fields).into_iter().collect(),
    }
}

/// What stands at the path, if anything does.
pub(in crate::query) fn read<'a, F: Fields + ?Sized>(path: &'a Path, fields: &'a F) -> Option<Value<'a>> {
    match path {
        Path::Attribute(name) => fields.attribute(name),
        Path::Header(name) => fields.header(name).map(Value::String),
        Path::Stream => fields.stream().map(Value::text),
        Path::Subject => fields.subject().map(Value::text),
        Path::Seq => fields.seq().map(|seq| Value::Number(Number::Whole(i128::from(seq)))),
        Path::Time => fields.time().map(Value::Time),
        Path::Data(steps) => match fields.data()? {
            Data::Json(Cow::Borrowed(text)) => json::value(text, steps),
            Data::Json(text) => json::value(&text, steps).map(Value::into_owned),
            Data::Text(text) => steps.is_empty().then_some(Value::String(text)),
        },
    }
}

impl Fault<'_> {
    /// In words.
    pub(super) fn describe(&self) -> EvalError {
        match self {
            Self::Missing(path) => {
                EvalError::MissingAttribute(format!("{} is missing", short(&path.to_string(), MOST)))
            }
            Self::Cast { value, to, of_not } => {
                let hint = if *of_not { "; NOT binds closer than = and LIKE, so write NOT (…)" } else { "" };
                EvalError::Cast(format!("{} is no {}{hint}", shown(value), to.name()))
            }
            Self::DividedByZero => EvalError::Math("division by zero".into()),
            Self::Overflow(op) => {
                EvalError::Math(format!("the result of {} is larger than an Integer can be", op.sign()))
            }
            Self::NegatedLeast => EvalError::Math("the minus of -2147483648 is larger than an Integer can be".into()),
            Self::Function(_, Trouble::Range(sentence)) => EvalError::Math((*sentence).into()),
            Self::Function(function, Trouble::Argument(what, number)) => {
                EvalError::FunctionEvaluation(format!("{}: {what} {number} is out of range", function.name()))
            }
        }
    }
}

/// The most characters of a name in a sentence.
const MOST: usize = 80;

/// A value for a sentence: its beginning, and text in quotes.
fn shown(value: &Value<'_>) -> String {
    let text = value.to_string();
    let cut = short(&text, 40);
    if matches!(value, Value::String(_)) { format!("'{cut}'") } else { cut.into_owned() }
}
