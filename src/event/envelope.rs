//! A message on its way to being understood: what its headers say about the body, and the body unpacked.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::attribute::Core;
use super::decode::{self, BATCH};
use super::decoded::Decoded;
use super::finding::Finding;
use super::format::{Format, Translated};
use super::headers::{self, Style};
use super::inflate::{Coding, INFLATE_LIMIT, inflate, unpack};
use super::media;
use super::reader::Depth;
use crate::model::{Header, Message};

/// A message with what is needed to decode it. What is decoded borrows from here.
#[derive(Debug)]
pub struct Envelope<'m> {
    message: &'m Message,
    /// What could be read of headers that the client refuses.
    salvaged: Vec<Header>,
    limit: usize,
    content_type: Option<usize>,
    encoding: Option<usize>,
    /// The header that is an attribute `datacontentencoding`, as some senders say what `Content-Encoding` is for.
    data_encoding: Option<usize>,
    /// There is a `ce-specversion`, or what other bindings call it, so the event is binary.
    pub(super) binary: bool,
    /// In which headers its attributes stand then.
    pub(super) style: Style,
    /// There are `ce-` headers at all.
    pub(super) marked: bool,
    opened: OnceCell<Opened<'m>>,
    translated: OnceCell<Translated>,
}

/// A body as it may be read.
#[derive(Debug, Default)]
struct Opened<'m> {
    body: Cow<'m, [u8]>,
    /// What is wrong with its encoding.
    findings: Vec<Finding>,
    /// What was sent is packed, and goes on so: no `Content-Encoding` says it, or an attribute does, which goes along.
    kept: bool,
}

impl<'m> Envelope<'m> {
    /// Looks at the headers only; cheap.
    pub fn new(message: &'m Message) -> Self {
        Self::with_limit(message, INFLATE_LIMIT)
    }

    /// As [`Envelope::new`], with another limit in bytes for a body that must be unpacked.
    pub fn with_limit(message: &'m Message, limit: usize) -> Self {
        let salvaged = message.undecodable.as_ref().map(headers::salvage).unwrap_or_default();
        let mut envelope = Self {
            message,
            salvaged,
            limit,
            content_type: None,
            encoding: None,
            data_encoding: None,
            binary: false,
            style: Style::Ce,
            marked: false,
            opened: OnceCell::new(),
            translated: OnceCell::new(),
        };
        let (mut content_type, mut encoding, mut binary, mut marked) = (None, None, false, false);
        let (mut amqp, mut bare, mut data_encoding) = (false, [false; 4], None);
        for (at, header) in envelope.headers().iter().enumerate() {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if let Some((name, _)) = headers::attribute_name(&header.name) {
                marked = true;
                binary |= name.eq_ignore_ascii_case("specversion");
                if data_encoding.is_none() && name.eq_ignore_ascii_case(DATA_ENCODING) {
                    data_encoding = Some(at);
                }
            } else if content_type.is_none() && is("content-type") {
                content_type = Some(at);
            } else if encoding.is_none() && is("content-encoding") {
                encoding = Some(at);
            } else if let Some(name) = headers::of_amqp(&header.name) {
                amqp |= name.eq_ignore_ascii_case("specversion");
            } else if let Some(at) = Core::REQUIRED.iter().position(|core| is(core.name())) {
                bare[at] = true;
            }
        }
        if !binary && (amqp || bare == [true; 4]) {
            binary = true;
            envelope.style = if amqp { Style::Amqp } else { Style::Mqtt };
        }
        envelope.content_type = content_type;
        envelope.encoding = encoding;
        envelope.data_encoding = data_encoding.filter(|_| binary);
        envelope.binary = binary;
        envelope.marked = marked;
        envelope
    }

    /// The message.
    pub fn message(&self) -> &'m Message {
        self.message
    }

    /// Its headers, or what could be read of them where the client refuses them; raw, sanitise before drawing.
    pub fn headers(&self) -> &[Header] {
        if self.message.undecodable.is_some() { &self.salvaged } else { &self.message.headers }
    }

    /// Whether a header of it, read as a binary event, is an attribute.
    pub fn is_attribute(&self, header: &Header) -> bool {
        self.style.attribute(&header.name).is_some()
    }

    /// Whether its attributes are headers as another binding has them, so that marks of ours are none of them.
    pub fn is_foreign(&self) -> bool {
        self.style != Style::Ce
    }

    /// `Content-Type`, in any case; raw, sanitise before drawing.
    pub fn content_type(&self) -> Option<&str> {
        self.value(self.content_type)
    }

    /// Its body, unpacked where `Content-Encoding` says how, or where it begins as packed ones do; as it is where that
    /// fails.
    pub fn body(&self) -> &[u8] {
        &self.opened().body
    }

    /// What is wrong with the body's encoding. Unpacks it.
    pub fn encoding_findings(&self) -> &[Finding] {
        &self.opened().findings
    }

    /// Whether only a part of the body could be unpacked.
    pub(super) fn is_cut(&self) -> bool {
        let opened = self.opened();
        matches!(opened.body, Cow::Owned(_))
            && opened.findings.iter().any(|f| !matches!(f, Finding::EncodingUndeclared(_)))
    }

    /// Whether exports use the packed bytes: no header declares the coding, or an attribute does and goes along.
    pub(super) fn keeps_packed(&self) -> bool {
        self.opened().kept
    }

    /// The coding that the body still has, though it is declared: it is not known here, or the body could not be
    /// unpacked.
    pub(super) fn still_packed(&self) -> Option<&str> {
        let coding = self.declared()?;
        matches!(self.opened().body, Cow::Borrowed(_)).then_some(coding)
    }

    /// Its `Content-Encoding`, where that is one.
    fn declared(&self) -> Option<&str> {
        self.value(self.encoding).filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
    }

    /// The format of its events, where they are in the body and not in JSON.
    pub fn format(&self) -> Option<Format> {
        self.content_type().and_then(Format::of)
    }

    /// Events in another format than JSON, as JSON.
    pub(super) fn translated(&self) -> Option<&Translated> {
        let format = self.format()?;
        let batch = media::starts_with(self.content_type()?, BATCH);
        Some(self.translated.get_or_init(|| format.translate(self.body(), batch)))
    }

    /// Everything: attributes, data and all findings.
    pub fn decode(&self) -> Decoded<'_> {
        self.decode_to(Depth::Full)
    }

    /// As much as is needed. What is not needed is not read, and costs little.
    pub fn decode_to(&self, depth: Depth<'_>) -> Decoded<'_> {
        decode::decode(self, depth)
    }

    fn value(&self, at: Option<usize>) -> Option<&str> {
        at.and_then(|at| self.headers().get(at)).map(|h| h.value.trim_matches([' ', '\t']))
    }

    fn opened(&self) -> &Opened<'m> {
        self.opened.get_or_init(|| {
            let Some(names) = self.declared() else {
                return self.by_attribute().or_else(|| self.recognised()).unwrap_or_else(|| self.packed(Vec::new()));
            };
            let codings = match Coding::list(names) {
                Ok(codings) => codings,
                Err(name) => return self.packed(vec![Finding::EncodingUnknown(name.into())]),
            };
            let (unpacked, finding) = unpack(&codings, &self.message.body, self.limit);
            let findings = finding.into_iter().collect();
            match unpacked {
                Some(body) => Opened { body: Cow::Owned(body), findings, kept: false },
                None => self.packed(findings),
            }
        })
    }

    /// The body as it was sent.
    fn packed(&self, findings: Vec<Finding>) -> Opened<'m> {
        Opened { body: Cow::Borrowed(&self.message.body), findings, kept: false }
    }

    /// A body of which an attribute says how it is packed. That of older versions of the specification says `base64`, and is
    /// left alone.
    fn by_attribute(&self) -> Option<Opened<'m>> {
        let codings = Coding::list(self.value(self.data_encoding)?).ok().filter(|codings| !codings.is_empty())?;
        let (body, finding) = unpack(&codings, &self.message.body, self.limit);
        let findings = finding.into_iter().collect();
        Some(match body {
            Some(body) => Opened { body: Cow::Owned(body), findings, kept: true },
            None => self.packed(findings),
        })
    }

    /// A body that is packed though no header says so. A file that is meant to be packed stays as it is.
    fn recognised(&self) -> Option<Opened<'m>> {
        let coding = Coding::recognise(&self.message.body)?;
        let is_type = |h: &&Header| {
            self.style.attribute(&h.name).is_some_and(|name| Core::of(name) == Some(Core::Datacontenttype))
        };
        let own = self.headers().iter().find(is_type).filter(|_| self.binary).map(|h| &*h.value);
        let named = own.or(self.content_type()).unwrap_or_default().to_ascii_lowercase();
        if Coding::ALL.iter().any(|coding| coding.is_named_in(&named)) {
            return None;
        }
        let (body, finding) = inflate(coding, &self.message.body, self.limit);
        if matches!(finding, Some(Finding::EncodingBroken(..))) {
            return None;
        }
        let mut findings = vec![Finding::EncodingUndeclared(coding.name())];
        findings.extend(finding);
        Some(Opened { body: Cow::Owned(body?), findings, kept: true })
    }
}

/// The attribute that says how data is packed. The specification had it before its release, for Base64.
pub(super) const DATA_ENCODING: &str = "datacontentencoding";
