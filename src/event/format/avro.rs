//! The Avro format (`cloudevents.avsc` of the specification) and the compact one (`cloudevents-compact.avsc`). Their schemas are
//! fixed, and their encoding is bare: no file around it, no fingerprint in front.

use std::borrow::Cow;

use super::super::attribute::Core;
use super::draft::{Break, Data, Draft, Translated, put, varint};

/// Deeper data is not read.
const DEEPEST: usize = 128;

/// Reads an event.
pub(super) fn read(body: &[u8], compact: bool) -> Translated {
    let mut all = Translated::new(false);
    let mut avro = Avro { body, at: 0 };
    let mut draft = Draft::default();
    let read = if compact { self::compact(&mut avro, &mut draft) } else { event(&mut avro, &mut draft) };
    let broken = read.err().or_else(|| {
        let more = body.len() - avro.at;
        (more > 0).then(|| Break::new(avro.at, format!("{more} bytes follow behind the event")))
    });
    all.push(draft);
    all.end(broken)
}

/// `io.cloudevents.CloudEvent`.
fn event<'b>(avro: &mut Avro<'b>, draft: &mut Draft<'b>) -> Result<(), Break> {
    avro.map(|avro, name| {
        let (at, union) = (avro.at, avro.long()?);
        match union {
            0 => Ok(()),
            1 => avro.truth().map(|truth| draft.literal(name, truth)),
            2 => avro.long().map(|number| draft.literal(name, &number.to_string())),
            3 => avro.text().map(|text| draft.text(name, text)),
            4 => avro.bytes().map(|bytes| draft.bytes(name, bytes)),
            _ => Err(odd(at, union)),
        }
    })?;
    let (at, union) = (avro.at, avro.long()?);
    let mut json = Vec::new();
    draft.data = match union {
        0 => Data::Bytes(avro.bytes()?),
        1 => Data::None,
        // A value of JSON, of the kinds that a map has too.
        2 => value(avro, &mut json, Kind::Boolean, 0).map(|()| Data::Json(json))?,
        3 => value(avro, &mut json, Kind::Outer, 0).map(|()| Data::Json(json))?,
        4 => value(avro, &mut json, Kind::Array, 0).map(|()| Data::Json(json))?,
        5 => value(avro, &mut json, Kind::Double, 0).map(|()| Data::Json(json))?,
        6 => value(avro, &mut json, Kind::Text, 0).map(|()| Data::Json(json))?,
        _ => return Err(odd(at, union)),
    };
    Ok(())
}

/// `io.cloudevents.v1.avro.compact.CloudEvent`.
fn compact<'b>(avro: &mut Avro<'b>, draft: &mut Draft<'b>) -> Result<(), Break> {
    draft.text(Core::Specversion.name(), "1.0");
    for core in [Core::Id, Core::Source, Core::Type] {
        draft.text(core.name(), avro.text()?);
    }
    for core in [Core::Datacontenttype, Core::Dataschema, Core::Subject] {
        if avro.is_there()? {
            draft.text(core.name(), avro.text()?);
        }
    }
    if avro.is_there()? {
        let micros = avro.long()?;
        instant(draft, Core::Time.name(), micros);
    }
    avro.map(|avro, name| {
        let (at, union) = (avro.at, avro.long()?);
        match union {
            0 => Ok(()),
            1 => avro.truth().map(|truth| draft.literal(name, truth)),
            2 => avro.long().map(|number| draft.literal(name, &number.to_string())),
            3 => avro.long().map(|micros| instant(draft, name, micros)),
            4 => avro.text().map(|text| draft.text(name, text)),
            5 => avro.bytes().map(|bytes| draft.bytes(name, bytes)),
            _ => Err(odd(at, union)),
        }
    })?;
    let (at, union) = (avro.at, avro.long()?);
    match union {
        0 => draft.data = Data::Bytes(avro.bytes()?),
        1 => {}
        _ => return Err(odd(at, union)),
    }
    Ok(())
}

fn instant(draft: &mut Draft<'_>, name: &str, micros: i64) {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    draft.instant(name, micros.div_euclid(1_000_000), nanos);
}

fn odd(at: usize, union: i64) -> Break {
    Break::new(at, format!("the schema has no alternative {union} here"))
}

/// The kinds of values in data.
#[derive(Clone, Copy)]
enum Kind {
    Null,
    Boolean,
    /// The map that data itself can be, whose values have other alternatives than those within.
    Outer,
    /// `CloudEventData`: a map of values.
    Record,
    /// A map of `CloudEventData`.
    Map,
    /// An array of `CloudEventData`.
    Array,
    Double,
    Text,
}

/// The alternatives of the values of the outer map, and of those within `CloudEventData`.
const OUTER: [Kind; 5] = [Kind::Null, Kind::Boolean, Kind::Record, Kind::Double, Kind::Text];
const INNER: [Kind; 6] = [Kind::Null, Kind::Boolean, Kind::Map, Kind::Array, Kind::Double, Kind::Text];

/// Writes a value as JSON.
fn value(avro: &mut Avro<'_>, out: &mut Vec<u8>, kind: Kind, depth: usize) -> Result<(), Break> {
    if depth > DEEPEST {
        return Err(Break::new(avro.at, "its data is nested too deep"));
    }
    match kind {
        Kind::Null => out.extend_from_slice(b"null"),
        Kind::Boolean => out.extend_from_slice(avro.truth()?.as_bytes()),
        Kind::Text => put(out, avro.text()?),
        Kind::Double => out.extend_from_slice(avro.double()?.as_bytes()),
        Kind::Outer | Kind::Record | Kind::Map => {
            let mut next = b'{';
            avro.map(|avro, name| {
                out.push(std::mem::replace(&mut next, b','));
                put(out, name);
                out.push(b':');
                let kind = match kind {
                    Kind::Outer => avro.alternative(&OUTER)?,
                    Kind::Record => avro.alternative(&INNER)?,
                    _ => Kind::Record,
                };
                value(avro, out, kind, depth + 1)
            })?;
            out.extend_from_slice(if next == b'{' { b"{}" } else { b"}" });
        }
        Kind::Array => {
            let mut next = b'[';
            avro.blocks(|avro| {
                out.push(std::mem::replace(&mut next, b','));
                value(avro, out, Kind::Record, depth + 1)
            })?;
            out.extend_from_slice(if next == b'[' { b"[]" } else { b"]" });
        }
    }
    Ok(())
}

/// A body that is being read.
struct Avro<'b> {
    body: &'b [u8],
    at: usize,
}

impl<'b> Avro<'b> {
    fn take(&mut self, length: i64) -> Result<&'b [u8], Break> {
        let rest = self.body.get(self.at..).unwrap_or_default();
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(..length))
            .ok_or_else(|| Break::new(self.body.len(), "it ends too early"))?;
        self.at += taken.len();
        Ok(taken)
    }

    /// A number, zigzag.
    fn long(&mut self) -> Result<i64, Break> {
        let number = varint(self.at, || Ok(self.take(1)?.first().copied().unwrap_or_default()))?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn bytes(&mut self) -> Result<&'b [u8], Break> {
        let begin = self.at;
        match self.long()? {
            length @ 0.. => self.take(length),
            length => Err(Break::new(begin, format!("a length is {length}"))),
        }
    }

    fn text(&mut self) -> Result<&'b str, Break> {
        let bytes = self.bytes()?;
        let begin = self.at - bytes.len();
        std::str::from_utf8(bytes).map_err(|e| Break::new(begin + e.valid_up_to(), "text is not UTF-8"))
    }

    fn truth(&mut self) -> Result<&'static str, Break> {
        let begin = self.at;
        match self.take(1)? {
            [0] => Ok("false"),
            [1] => Ok("true"),
            _ => Err(Break::new(begin, "a boolean is neither 0 nor 1")),
        }
    }

    fn double(&mut self) -> Result<Cow<'static, str>, Break> {
        let begin = self.at;
        let bytes = self.take(8)?.try_into().unwrap_or_default();
        let number = f64::from_le_bytes(bytes);
        // A whole number was most likely one.
        if number.fract() == 0.0 && number.abs() < 9e15 && !(number == 0.0 && number.is_sign_negative()) {
            return Ok((number as i64).to_string().into());
        }
        let json = serde_json::Number::from_f64(number).map(|number| number.to_string().into());
        json.ok_or_else(|| Break::new(begin, format!("{number} is no number in JSON")))
    }

    /// Whether an optional member is there.
    fn is_there(&mut self) -> Result<bool, Break> {
        let (at, union) = (self.at, self.long()?);
        match union {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(odd(at, union)),
        }
    }

    fn alternative(&mut self, all: &[Kind]) -> Result<Kind, Break> {
        let (at, union) = (self.at, self.long()?);
        usize::try_from(union).ok().and_then(|n| all.get(n)).copied().ok_or_else(|| odd(at, union))
    }

    /// The entries of a map.
    fn map(&mut self, mut entry: impl FnMut(&mut Self, &'b str) -> Result<(), Break>) -> Result<(), Break> {
        self.blocks(|avro| {
            let name = avro.text()?;
            entry(avro, name)
        })
    }

    /// Items in blocks, each with their number in front; where that is negative, the bytes of the block follow. An item
    /// has a byte at least, so that no number makes this long.
    fn blocks(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Break>) -> Result<(), Break> {
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                item(self)?;
            }
        }
    }
}
