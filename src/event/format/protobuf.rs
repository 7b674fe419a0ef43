//! The Protobuf format (`cloudevents.proto` of the specification, package `io.cloudevents.v1`). Its two messages are fixed, so
//! they are read straight from the wire format; fields that they do not have are passed over.

use std::borrow::Cow;

use super::super::attribute::Core;
use super::draft::{Break, Data, Draft, Translated, varint};

/// Reads an event, or a batch of them.
pub(super) fn read(body: &[u8], batch: bool) -> Translated {
    let mut all = Translated::new(batch);
    let mut wire = Wire { bytes: body, at: 0 };
    if !batch {
        let mut draft = Draft::default();
        let broken = event(&mut wire, &mut draft).err();
        all.push(draft);
        return all.end(broken);
    }
    loop {
        let field = match wire.field() {
            Ok(Some(field)) => field,
            Ok(None) => return all.end(None),
            Err(broken) => return all.end(Some(broken)),
        };
        if field.number == 1 {
            let mut draft = Draft::default();
            let read = field.message().and_then(|mut inner| event(&mut inner, &mut draft));
            all.push(draft);
            if let Err(broken) = read {
                return all.end(Some(broken));
            }
        }
    }
}

/// `CloudEvent`.
fn event<'b>(wire: &mut Wire<'b>, draft: &mut Draft<'b>) -> Result<(), Break> {
    while let Some(field) = wire.field()? {
        match field.number {
            1 => draft.text(Core::Id.name(), field.text()?),
            2 => draft.text(Core::Source.name(), field.text()?),
            3 => draft.text(Core::Specversion.name(), field.text()?),
            4 => draft.text(Core::Type.name(), field.text()?),
            5 => attribute(field.message()?, draft)?,
            6 => draft.data = Data::Bytes(field.bytes()?),
            7 => draft.data = Data::Text(Cow::Borrowed(field.text()?)),
            8 => draft.data = any(field.message()?)?,
            _ => {}
        }
    }
    Ok(())
}

/// An entry of the map of attributes.
fn attribute(mut wire: Wire<'_>, draft: &mut Draft<'_>) -> Result<(), Break> {
    let (mut name, mut value) = ("", None);
    while let Some(field) = wire.field()? {
        match field.number {
            1 => name = field.text()?,
            2 => value = Some(field.message()?),
            _ => {}
        }
    }
    // `CloudEventAttributeValue`, of whose members the last one counts.
    let Some(mut value) = value else { return Ok(()) };
    let mut last = None;
    while let Some(field) = value.field()? {
        last = (1..=7).contains(&field.number).then_some(field).or(last);
    }
    match last {
        Some(field) if field.number == 1 => draft.literal(name, if field.number()? == 0 { "false" } else { "true" }),
        Some(field) if field.number == 2 => draft.literal(name, &(field.number()? as i32).to_string()),
        Some(field) if field.number == 4 => draft.bytes(name, field.bytes()?),
        Some(field) if field.number == 7 => {
            let (mut wire, mut seconds, mut nanos) = (field.message()?, 0, 0);
            while let Some(field) = wire.field()? {
                match field.number {
                    1 => seconds = field.number()? as i64,
                    2 => nanos = field.number()? as i32,
                    _ => {}
                }
            }
            draft.instant(name, seconds, nanos);
        }
        Some(field) => draft.text(name, field.text()?),
        None => {}
    }
    Ok(())
}

/// `google.protobuf.Any`.
fn any(mut wire: Wire<'_>) -> Result<Data<'_>, Break> {
    let (mut kind, mut bytes) = ("", &[][..]);
    while let Some(field) = wire.field()? {
        match field.number {
            1 => kind = field.text()?,
            2 => bytes = field.bytes()?,
            _ => {}
        }
    }
    Ok(Data::Any(kind, bytes))
}

/// A message that is being read.
struct Wire<'b> {
    bytes: &'b [u8],
    /// Where it stands in the body.
    at: usize,
}

/// What stands behind the number of a field.
#[derive(Clone, Copy)]
enum Value<'b> {
    Number(u64),
    Bytes(&'b [u8]),
    /// Four or eight bytes, which none of these messages has.
    Fixed,
}

#[derive(Clone, Copy)]
struct Field<'b> {
    number: u64,
    value: Value<'b>,
    /// Where its value begins in the body.
    at: usize,
}

impl<'b> Wire<'b> {
    fn field(&mut self) -> Result<Option<Field<'b>>, Break> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let begin = self.at;
        let tag = self.varint()?;
        let (number, kind) = (tag >> 3, tag & 7);
        if number == 0 {
            return Err(Break::new(begin, "a field has the number 0"));
        }
        let mut at = self.at;
        let value = match kind {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.varint()?;
                at = self.at;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(Break::new(begin, format!("field {number} has the unknown kind {kind}"))),
        };
        Ok(Some(Field { number, value, at }))
    }

    fn varint(&mut self) -> Result<u64, Break> {
        varint(self.at, || Ok(self.take(1)?.first().copied().unwrap_or_default()))
    }

    fn take(&mut self, length: u64) -> Result<&'b [u8], Break> {
        let (taken, rest) = usize::try_from(length)
            .ok()
            .and_then(|length| self.bytes.split_at_checked(length))
            .ok_or_else(|| Break::new(self.at + self.bytes.len(), "it ends too early"))?;
        self.bytes = rest;
        self.at += taken.len();
        Ok(taken)
    }
}

impl<'b> Field<'b> {
    fn bytes(self) -> Result<&'b [u8], Break> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(self.odd()),
        }
    }

    fn message(self) -> Result<Wire<'b>, Break> {
        Ok(Wire { bytes: self.bytes()?, at: self.at })
    }

    fn text(self) -> Result<&'b str, Break> {
        std::str::from_utf8(self.bytes()?).map_err(|e| Break::new(self.at + e.valid_up_to(), "text is not UTF-8"))
    }

    fn number(self) -> Result<u64, Break> {
        match self.value {
            Value::Number(number) => Ok(number),
            _ => Err(self.odd()),
        }
    }

    fn odd(&self) -> Break {
        Break::new(self.at, format!("field {} is of another kind than that of a CloudEvent", self.number))
    }
}
