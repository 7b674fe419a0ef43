//! The XML format (working draft 1.0.3 of the specification). Nothing is fetched and no entity is expanded but the five of XML
//! itself; prefixes of namespaces are what the sender likes.

use std::borrow::Cow;
use std::fmt::Write as _;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event as Token};
use quick_xml::reader::Reader;

use super::super::attribute::Core;
use super::super::finding::Finding;
use super::draft::{Break, Data, Draft, Translated};

/// Deeper elements are not read.
const DEEPEST: usize = 1_000;

/// Reads an event or a batch, whichever the root says.
pub(super) fn read(body: &[u8]) -> Translated {
    let (text, broken) = match std::str::from_utf8(body) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.valid_up_to();
            let text = body.get(..at).and_then(|start| std::str::from_utf8(start).ok()).unwrap_or_default();
            (text, Some(Break::new(at, "it is not UTF-8")))
        }
    };
    // A byte order mark is none of its text.
    let (mark, text) = text.strip_prefix('\u{feff}').map_or((0, text), |behind| (text.len() - behind.len(), behind));
    let mut xml = Xml { text, reader: Reader::from_str(text), from: 0, scopes: Vec::new() };
    let (all, read) = xml.root();
    // What is not UTF-8 comes before what that breaks.
    all.end(broken.or(read.err().map(|broken| Break { at: broken.at + mark, ..broken })))
}

struct Xml<'b> {
    text: &'b str,
    reader: Reader<&'b [u8]>,
    /// Where the last token begins.
    from: usize,
    /// The declarations of namespaces of the elements that are open around data, as prefix and name.
    scopes: Vec<Vec<(String, String)>>,
}

impl<'b> Xml<'b> {
    fn at(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(self.text.len()).min(self.text.len())
    }

    fn token(&mut self) -> Result<Token<'b>, Break> {
        self.from = self.at();
        self.reader.read_event().map_err(|error| {
            let at = usize::try_from(self.reader.error_position()).unwrap_or(self.text.len());
            Break::new(at.min(self.text.len()), error.to_string())
        })
    }

    fn breaks<T>(&self, why: impl Into<Box<str>>) -> Result<T, Break> {
        Err(Break::new(self.from, why))
    }

    fn root(&mut self) -> (Translated, Result<(), Break>) {
        let mut all = Translated::new(false);
        let read = self.document(&mut all);
        (all, read)
    }

    fn document(&mut self, all: &mut Translated) -> Result<(), Break> {
        loop {
            match self.token()? {
                Token::Start(root) if is(&root, "event") => break self.event(&root, all)?,
                Token::Empty(root) if is(&root, "event") => break all.push(begun(&root)),
                Token::Start(root) if is(&root, "batch") => {
                    all.batch = true;
                    self.open(&root);
                    break self.batch(all)?;
                }
                Token::Empty(root) if is(&root, "batch") => break all.batch = true,
                Token::Start(_) | Token::Empty(_) => return self.breaks("its root is neither event nor batch"),
                Token::Eof => return self.breaks("it ends too early"),
                Token::Text(text) if !text.trim_ascii().is_empty() => {
                    return self.breaks("text stands before its root");
                }
                Token::CData(_) | Token::GeneralRef(_) => return self.breaks("text stands before its root"),
                _ => {}
            }
        }
        loop {
            match self.token()? {
                Token::Eof => return Ok(()),
                Token::Text(text) if text.trim_ascii().is_empty() => {}
                Token::Comment(_) | Token::PI(_) => {}
                _ => return self.breaks("something follows behind its root"),
            }
        }
    }

    fn batch(&mut self, all: &mut Translated) -> Result<(), Break> {
        loop {
            match self.token()? {
                Token::Start(element) if is(&element, "event") => self.event(&element, all)?,
                Token::Empty(element) if is(&element, "event") => all.push(begun(&element)),
                Token::End(_) => return Ok(()),
                Token::Start(_) | Token::Empty(_) => return self.breaks("an element of the batch is no event"),
                Token::Eof => return self.breaks("it ends too early"),
                _ => {}
            }
        }
    }

    /// Reads an event to its end, and adds what could be read.
    fn event(&mut self, element: &BytesStart<'b>, all: &mut Translated) -> Result<(), Break> {
        let mut draft = begun(element);
        self.open(element);
        let read = self.members(&mut draft);
        self.scopes.pop();
        all.push(draft);
        read
    }

    fn members(&mut self, draft: &mut Draft<'b>) -> Result<(), Break> {
        let mut has_data = false;
        loop {
            let (element, empty) = match self.token()? {
                Token::Start(element) => (element, false),
                Token::Empty(element) => (element, true),
                Token::End(_) => return Ok(()),
                Token::Eof => return self.breaks("it ends too early"),
                Token::Text(text) if !text.trim_ascii().is_empty() => {
                    return self.breaks("text stands between its attributes");
                }
                _ => continue,
            };
            let kind = kind(&element);
            let name = element.local_name();
            let name: &str = name.as_ref();
            if name == "data" {
                if std::mem::replace(&mut has_data, true) {
                    draft.finding(Finding::Duplicate("data".into()));
                }
                self.open(&element);
                draft.data = if empty { Data::Text("".into()) } else { self.data(kind.as_deref())? };
                self.scopes.pop();
                continue;
            }
            let (value, nested) = if empty { (String::new(), false) } else { self.value()? };
            if nested {
                draft.finding(Finding::Nested(name.into()));
            }
            attribute(draft, name, kind.as_deref(), &value);
        }
    }

    /// The text of an element up to its end, and whether there are others in it, which are passed over.
    fn value(&mut self) -> Result<(String, bool), Break> {
        let (mut value, mut depth, mut nested) = (String::new(), 0, false);
        loop {
            match self.token()? {
                Token::Start(_) => {
                    nested = true;
                    depth += 1;
                    self.bound(depth)?;
                }
                Token::Empty(_) => nested = true,
                Token::End(_) if depth == 0 => return Ok((value, nested)),
                Token::End(_) => depth -= 1,
                Token::Text(text) if depth == 0 => value.push_str(&text.xml10_content()),
                Token::CData(text) if depth == 0 => value.push_str(&text.xml10_content()),
                Token::GeneralRef(name) if depth == 0 => value.push_str(&self.reference(&name)?),
                Token::Eof => return self.breaks("it ends too early"),
                _ => {}
            }
        }
    }

    fn bound(&self, depth: usize) -> Result<(), Break> {
        if depth > DEEPEST { self.breaks("its elements are nested too deep") } else { Ok(()) }
    }

    /// A character that is written as a reference.
    fn reference(&self, name: &BytesRef<'_>) -> Result<Cow<'static, str>, Break> {
        if let Ok(Some(c)) = name.resolve_char_ref() {
            return Ok(c.to_string().into());
        }
        let name: &str = name;
        match quick_xml::escape::resolve_predefined_entity(name) {
            Some(text) => Ok(text.into()),
            None => self.breaks("it refers to an entity, which is not expanded"),
        }
    }

    fn data(&mut self, kind: Option<&str>) -> Result<Data<'b>, Break> {
        match kind {
            Some("base64Binary") => {
                let (mut text, _) = self.value()?;
                text.retain(|c| !c.is_ascii_whitespace());
                Ok(Data::Base64(text))
            }
            Some("string") => self.value().map(|(text, _)| Data::Text(text.into())),
            _ => self.any(),
        }
    }

    /// Data of any kind: its element as it stands there; text where there is none.
    fn any(&mut self) -> Result<Data<'b>, Break> {
        let (mut text, mut depth, mut span) = (String::new(), 0, None);
        loop {
            match self.token()? {
                Token::Start(_) => {
                    span.get_or_insert((self.from, self.from));
                    depth += 1;
                    self.bound(depth)?;
                }
                Token::Empty(_) if depth == 0 => span = span.or(Some((self.from, self.at()))),
                Token::End(_) if depth == 0 => break,
                Token::End(_) => {
                    depth -= 1;
                    if let Some((_, end)) = span.as_mut().filter(|_| depth == 0) {
                        *end = self.at();
                    }
                }
                Token::Text(part) if depth == 0 => text.push_str(&part.xml10_content()),
                Token::CData(part) if depth == 0 => text.push_str(&part.xml10_content()),
                Token::GeneralRef(name) if depth == 0 => text.push_str(&self.reference(&name)?),
                Token::Eof => return self.breaks("it ends too early"),
                _ => {}
            }
        }
        let Some((from, to)) = span else { return Ok(Data::Text(text.into())) };
        Ok(Data::Text(self.alone(self.text.get(from..to).unwrap_or_default())))
    }

    /// Notes the namespaces that an element declares.
    fn open(&mut self, element: &BytesStart<'b>) {
        let mut scope = Vec::new();
        for attribute in element.attributes().flatten() {
            let name: &str = attribute.key.as_ref();
            if let Some(prefix) = name.strip_prefix("xmlns:") {
                scope.push((prefix.to_owned(), attribute.value.to_string()));
            }
        }
        self.scopes.push(scope);
    }

    /// An element as a document of its own: with the namespaces that are declared around it and used in it.
    fn alone(&self, source: &'b str) -> Cow<'b, str> {
        let name = source.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).unwrap_or(source.len());
        let (begin, rest) = source.split_at(name);
        let head = rest.split('>').next().unwrap_or_default();
        let mut known: Vec<&str> = Vec::new();
        let mut added = String::new();
        // The declaration that stands nearest counts.
        for (prefix, name) in self.scopes.iter().rev().flatten() {
            if !known.contains(&&**prefix)
                && source.contains(&format!("{prefix}:"))
                && !head.contains(&format!("xmlns:{prefix}="))
            {
                // Writing to a String cannot fail.
                let _ = write!(added, " xmlns:{prefix}=\"{}\"", name.replace('"', "&quot;"));
            }
            known.push(prefix);
        }
        if added.is_empty() { source.into() } else { format!("{begin}{added}{rest}").into() }
    }
}

/// An event with what its element says itself.
fn begun<'b>(element: &BytesStart<'_>) -> Draft<'b> {
    let mut draft = Draft::default();
    if let Some(version) = attribute_of(element, |name| name == Core::Specversion.name()) {
        draft.text(Core::Specversion.name(), &version);
    }
    draft
}

/// Whether an element has this name, with any prefix.
fn is(element: &BytesStart<'_>, name: &str) -> bool {
    let local = element.local_name();
    let local: &str = local.as_ref();
    local == name
}

/// `xsi:type`, without its prefix.
fn kind(element: &BytesStart<'_>) -> Option<String> {
    let named = attribute_of(element, |name| name.rsplit_once(':').is_some_and(|(_, local)| local == "type"))?;
    Some(named.rsplit(':').next().unwrap_or_default().trim().to_owned())
}

fn attribute_of(element: &BytesStart<'_>, wanted: impl Fn(&str) -> bool) -> Option<String> {
    let found = element.attributes().flatten().find(|attribute| {
        let name: &str = attribute.key.as_ref();
        wanted(name)
    })?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).map_or_else(|_| found.value.to_string(), Cow::into_owned))
}

/// A value in its type; what is none of that type is text, and the rules say what is wrong with it.
fn attribute(draft: &mut Draft<'_>, name: &str, kind: Option<&str>, value: &str) {
    let trimmed = value.trim();
    match kind {
        Some("boolean") if matches!(trimmed, "true" | "1") => draft.literal(name, "true"),
        Some("boolean") if matches!(trimmed, "false" | "0") => draft.literal(name, "false"),
        Some("integer" | "int") if trimmed.parse::<i64>().is_ok() && !trimmed.starts_with('+') => {
            draft.literal(name, &trimmed.parse::<i64>().unwrap_or_default().to_string());
        }
        _ => draft.text(name, value),
    }
}
