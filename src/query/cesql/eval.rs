//! What an expression is for a message.
//!
//! Every operator and function returns a value, also where it fails: the zero of its type, with what went
//! wrong. What is built on a failed operand fails the same way, so the first failure is told and a condition
//! that failed is false. AND and OR look at their second operand only where it matters.

use std::borrow::Cow;
use std::slice;

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
    TooMany(&'a Path),
    TooManyPairs,
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
            let values = all_of(value, fields)?;
            let any = any_of(values.as_slice(), |value| Ok(pattern.matches(&value.clone().into_text())))?;
            Ok(Value::Boolean(any != *not))
        }
        Expr::In { value, set, not } => {
            let any = is_in(all_of(value, fields)?.as_slice(), set, fields)?;
            Ok(Value::Boolean(any != *not))
        }
        Expr::Binary(first, rest) => {
            let mut rest = rest.iter();
            let mut left = match rest.as_slice().first() {
                Some((op, expr)) if op.returns() == Type::Boolean => {
                    rest.next();
                    all_of(first, fields).and_then(|values| compare(*op, values.as_slice(), expr, fields))
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

/// The value of an expression, or the values of a path to many.
enum Values<'a> {
    One(Value<'a>),
    Many(Vec<Value<'a>>),
}

impl<'a> Values<'a> {
    fn as_slice(&self) -> &[Value<'a>] {
        match self {
            Self::One(value) => slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// The most values that a path to many leads to.
const MOST_VALUES: usize = 100_000;

/// The most pairs of values that are compared: both sides may be paths to many.
const MOST_PAIRS: usize = 10_000_000;

/// What an operand of a condition is.
fn all_of<'a, F: Fields + ?Sized>(expr: &'a Expr, fields: &'a F) -> Result<Values<'a>, Failed<'a>> {
    if let Expr::Field(path @ Path::Data(steps)) = expr
        && path.is_many()
    {
        let mut many = Vec::new();
        let whole = each_value(steps, fields, &mut |value| {
            many.push(value);
            many.len() < MOST_VALUES
        });
        if !whole {
            return Err(Failed::with(Type::Boolean, Fault::TooMany(path)));
        }
        if !many.is_empty() {
            return Ok(Values::Many(many));
        }
    }
    evaluate(expr, fields).map(Values::One).map_err(|failed| failed.in_a(Type::Boolean))
}

/// Whether something holds for any of the values. What cannot be answered for some of many counts only where it can be
/// answered for none.
fn any_of<'a>(
    values: &[Value<'a>],
    mut holds: impl FnMut(&Value<'a>) -> Result<bool, Failed<'a>>,
) -> Result<bool, Failed<'a>> {
    let (mut answered, mut first) = (false, None);
    for value in values {
        match holds(value) {
            Ok(true) => return Ok(true),
            Ok(false) => answered = true,
            Err(failed) => first = first.or(Some(failed.in_a(Type::Boolean))),
        }
    }
    first.filter(|_| !answered).map_or(Ok(false), Err)
}

/// Hands over the values that a path to many leads to, until told to stop; says whether these were all.
fn each_value<'a, F: Fields + ?Sized>(steps: &[Step], fields: &'a F, take: &mut dyn FnMut(Value<'a>) -> bool) -> bool {
    match fields.data() {
        Some(Data::Json(Cow::Borrowed(text))) => json::values(text, steps).all(take),
        Some(Data::Json(text)) => json::values(&text, steps).all(|value| take(value.into_owned())),
        Some(Data::Text(_)) | None => true,
    }
}

/// Whether any of the values is one of the set, which is looked at only as far as needed.
fn is_in<'a, F: Fields + ?Sized>(values: &[Value<'a>], set: &'a [Expr], fields: &'a F) -> Result<bool, Failed<'a>> {
    let mut sets: Vec<Values<'a>> = Vec::new();
    any_of(values, |value| {
        for (nth, expr) in set.iter().enumerate() {
            if sets.len() <= nth {
                let elements = all_of(expr, fields)?;
                if values.len().saturating_mul(elements.as_slice().len()) > MOST_PAIRS {
                    return Err(Failed::with(Type::Boolean, Fault::TooManyPairs));
                }
                sets.push(elements);
            }
            let elements = sets.get(nth).map(Values::as_slice).unwrap_or_default();
            if any_of(elements, |element| {
                element.equals(value).map_err(|to| Failed::cast(Type::Boolean, element.clone(), to))
            })? {
                return Ok(true);
            }
        }
        Ok(false)
    })
}

/// Whether any of the left values compares so with any of the right ones; for `!=` whether none is equal.
fn compare<'a, F: Fields + ?Sized>(op: Binary, lefts: &[Value<'a>], right: &'a Expr, fields: &'a F) -> Outcome<'a> {
    let rights = all_of(right, fields)?;
    if lefts.len().saturating_mul(rights.as_slice().len()) > MOST_PAIRS {
        return Err(Failed::with(Type::Boolean, Fault::TooManyPairs));
    }
    let any = any_of(lefts, |left| any_of(rights.as_slice(), |right| holds(op, left, right)))?;
    Ok(Value::Boolean(any != (op == Binary::NotEqual)))
}

/// Whether two values compare so; for `!=` whether they are equal, since that asks for the contrary.
fn holds<'a>(op: Binary, left: &Value<'a>, right: &Value<'a>) -> Result<bool, Failed<'a>> {
    if matches!(op, Binary::Equal | Binary::NotEqual) {
        return left.equals(right).map_err(|to| Failed::cast(Type::Boolean, left.clone(), to));
    }
    let order = left.order(right).map_err(|(to, second)| {
        let value = if second { right } else { left };
        Failed::cast(Type::Boolean, value.clone(), to)
    })?;
    Ok(match op {
        Binary::Less => order.is_lt(),
        Binary::LessOrEqual => order.is_le(),
        Binary::Greater => order.is_gt(),
        _ => order.is_ge(),
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
        return compare(op, slice::from_ref(&left), right, fields);
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

/// Whether something holds for any value at the path.
pub(in crate::query) fn any_at<'a, F: Fields + ?Sized>(
    path: &'a Path,
    fields: &'a F,
    mut holds: impl FnMut(Value<'a>) -> bool,
) -> bool {
    match path {
        Path::Data(steps) if path.is_many() => !each_value(steps, fields, &mut |value| !holds(value)),
        _ => read(path, fields).is_some_and(holds),
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
            Self::TooMany(path) => EvalError::TooMuch(format!(
                "{} leads to more than {MOST_VALUES} values",
                short(&path.to_string(), MOST)
            )),
            Self::TooManyPairs => {
                EvalError::TooMuch(format!("more than {MOST_PAIRS} pairs of values would have to be compared"))
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
