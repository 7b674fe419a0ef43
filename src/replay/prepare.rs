//! What is done with a message: it becomes a copy, or is left out for a reason. The engine prepares copies, and the plan only
//! weighs what they would be.

use bytes::Bytes;

use super::mark::{BLOCK, Look, Marker, Outgoing, Remarks, line_len};
use super::sink::Parcel;
use super::template::Template;
use crate::event::{
    Content, Core, Decoded, Depth, Envelope, Event, Extent, Finding, Mode, Severity, Unanswered, matching,
};
use crate::model::replay::{COUNT_LIMIT, Destination, HttpMode, Plan, Selection, Skipped};
use crate::model::{Header, Message};
use crate::query::Filter;

/// Why a message is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// See [`Skipped::filtered`].
    Filtered,
    /// See [`Skipped::marked`].
    Marked,
    /// See [`Skipped::over_limit`].
    OverLimit,
    /// See [`Skipped::undecodable`].
    Undecodable,
    /// See [`Skipped::too_large`].
    TooLarge,
    /// See [`Skipped::no_event`].
    NoEvent,
    /// See [`Skipped::batches`].
    Batch,
    /// See [`Skipped::no_subject`].
    NoSubject,
}

impl Skip {
    /// Counts it.
    pub const fn count(self, skipped: &mut Skipped) {
        match self {
            Self::Filtered => skipped.filtered += 1,
            Self::Marked => skipped.marked += 1,
            Self::OverLimit => skipped.over_limit += 1,
            Self::Undecodable => skipped.undecodable += 1,
            Self::TooLarge => skipped.too_large += 1,
            Self::NoEvent => skipped.no_event += 1,
            Self::Batch => skipped.batches += 1,
            Self::NoSubject => skipped.no_subject += 1,
        }
    }
}

/// In which form copies leave.
#[derive(Clone, Debug)]
enum Form {
    Published(Template),
    Line,
    Http(HttpMode),
}

/// Makes parcels of messages for one plan.
#[derive(Clone, Debug)]
pub struct Preparer {
    id: String,
    marker: Marker,
    form: Form,
    /// All of them must let a message through.
    filters: Vec<Filter>,
    include_marked: bool,
    max_size: Option<u64>,
}

impl Preparer {
    /// For this plan; the error says what of it makes no sense.
    pub fn new(plan: &Plan) -> Result<Self, String> {
        let form = match (&plan.destination, plan.destination.template()) {
            (_, Some(template)) => Form::Published(Template::parse(template)?),
            (Destination::Http(_), None) => Form::Http(plan.http_mode),
            (_, None) => Form::Line,
        };
        let expression = plan.filter.as_deref().map(Filter::expression);
        let words = plan.words.as_deref().map(Filter::words);
        let filters = expression.into_iter().chain(words).collect::<Result<_, _>>().map_err(|m| m.to_string())?;
        let of_file = matches!(plan.selection, Selection::File { .. });
        Ok(Self {
            id: plan.id.clone(),
            marker: Marker::new(&plan.id).of_file(of_file),
            form,
            filters,
            include_marked: plan.include_marked,
            max_size: plan.capture.as_ref().and_then(|c| c.max_size),
        })
    }

    /// The copy of a message, or why there is none. Events that a filter has no answer for are noted.
    pub fn prepare(&self, position: u64, message: &Message, unanswered: &mut Unanswered) -> Result<Parcel, Skip> {
        let let_through = self.let_through(message, unanswered)?;
        let envelope = Envelope::new(message);
        let (look, decoded) = self.look(&envelope)?;
        let mut rest = Vec::new();
        let copy = match &self.form {
            Form::Published(template) => {
                let subject = template.fill(&message.subject, &self.id).ok_or(Skip::NoSubject)?;
                self.marker.copy(message, look, subject)
            }
            Form::Line | Form::Http(_) => {
                let events = single(&decoded, let_through.as_deref())?;
                let copies = events.into_iter().map(|event| self.single(event, &envelope, look));
                rest = copies.collect::<Result<_, _>>()?;
                rest.remove(0)
            }
        };
        self.fits(copy.wire_size())?;
        Ok(Parcel { position, time: message.time, copy, rest, again: look.count.is_some() })
    }

    /// What [`Preparer::prepare`] would make, without making it, or why it would not.
    pub fn weigh(&self, message: &Message, unanswered: &mut Unanswered) -> Result<Weight, Skip> {
        let let_through = self.let_through(message, unanswered)?;
        let envelope = Envelope::new(message);
        let (look, decoded) = self.look(&envelope)?;
        let (mut subject, mut rest) = (String::new(), Vec::new());
        let first = match &self.form {
            Form::Published(template) => {
                subject = template.fill(&message.subject, &self.id).ok_or(Skip::NoSubject)?;
                Load { wire_size: self.marker.copy_len(message, look), remarks: Remarks::default() }
            }
            Form::Line | Form::Http(_) => {
                let events = single(&decoded, let_through.as_deref())?;
                let loads = events.into_iter().map(|event| self.load(event, &envelope, look));
                rest = loads.collect::<Result<_, _>>()?;
                rest.remove(0)
            }
        };
        self.fits(first.wire_size)?;
        let ty = decoded.events().first().and_then(|event| event.text(Core::Type)).map(str::to_owned);
        Ok(Weight { subject, ty, first, rest, again: look.count.is_some() })
    }

    /// The events that the filters let through; `None` where there are no filters.
    fn let_through(&self, message: &Message, unanswered: &mut Unanswered) -> Result<Option<Vec<usize>>, Skip> {
        if self.filters.is_empty() {
            return Ok(None);
        }
        let matching = matching(&self.filters, message, unanswered);
        if matching.is_empty() { Err(Skip::Filtered) } else { Ok(Some(matching)) }
    }

    /// Reads a message as far as its copies need it, once, and looks whether it may be copied.
    fn look<'e>(&self, envelope: &'e Envelope<'_>) -> Result<(Look, Decoded<'e>), Skip> {
        if envelope.message().undecodable.is_some() {
            return Err(Skip::Undecodable);
        }
        let depth = if matches!(self.form, Form::Published(_)) { Look::DEPTH } else { Depth::Data };
        let mut decoded = envelope.decode_to(depth);
        // Among very many attributes a mark may not be kept.
        let look = if decoded.events().iter().any(|event| event.more > 0) {
            Look::at(envelope.message())
        } else {
            Look::of(envelope, &decoded)
        };
        match look.count {
            Some(_) if !self.include_marked => return Err(Skip::Marked),
            Some(count) if count >= COUNT_LIMIT => return Err(Skip::OverLimit),
            _ => {}
        }
        // Whether all of a batch was read, its findings tell.
        if depth == Depth::Data && matches!(decoded.content, Content::Batch(..)) {
            decoded = envelope.decode();
        }
        Ok((look, decoded))
    }

    /// Whether a copy of so many bytes is taken.
    fn fits(&self, wire_size: usize) -> Result<(), Skip> {
        if self.max_size.is_some_and(|max| wire_size as u64 > max) { Err(Skip::TooLarge) } else { Ok(()) }
    }

    /// One event on its own.
    fn single(&self, event: &Event<'_>, envelope: &Envelope<'_>, look: Look) -> Result<Outgoing, Skip> {
        match self.form {
            Form::Http(mode) => self.request(event, envelope, look, mode),
            Form::Line | Form::Published(_) => self.line(event, envelope.message(), look),
        }
    }

    /// As a line of JSON.
    fn line(&self, event: &Event<'_>, message: &Message, look: Look) -> Result<Outgoing, Skip> {
        leaves_alone(event)?;
        let line = event.to_json_line();
        let body = self.marker.line(line.as_bytes(), message, look).ok_or(Skip::NoEvent)?;
        Ok(outgoing(Vec::new(), body, Remarks { lost: event.lost_in_json(), ..Remarks::default() }))
    }

    /// As a request.
    fn request(
        &self,
        event: &Event<'_>,
        envelope: &Envelope<'_>,
        look: Look,
        mode: HttpMode,
    ) -> Result<Outgoing, Skip> {
        let message = envelope.message();
        can_be_requested(event)?;
        let mut remarks = Remarks::default();
        let header = |(name, value): (&str, &str)| Header { name: name.into(), value: value.into() };
        let carried = envelope.carried(event);
        let binary = if mode == HttpMode::Binary { Some(event.to_http()) } else { None };
        if let Some(Ok(request)) = binary {
            let mut headers = request.headers;
            (remarks.encoded, remarks.lost) = (request.encoded > 0, event.more);
            self.marker.mark_http(&mut headers, message, look);
            headers.extend(carried.map(header));
            return Ok(outgoing(headers, Bytes::from(request.body), remarks));
        }
        remarks.misfit = binary.and_then(Result::err);
        if look.mode == Some(Mode::Structured) && envelope.format().is_some() {
            return Ok(self.as_sent(envelope, look, carried.map(header), remarks));
        }
        leaves_alone(event)?;
        remarks.lost = event.lost_in_json();
        let body = self.marker.structured(event.to_json_line().as_bytes(), message, look).ok_or(Skip::NoEvent)?;
        let mut headers = vec![header(("Content-Type", STRUCTURED))];
        headers.extend(carried.filter(|(name, _)| !name.eq_ignore_ascii_case("content-encoding")).map(header));
        Ok(outgoing(headers, body, remarks))
    }

    /// As a request in structured mode with the bytes that were sent, in another format than JSON. Marks stand beside them.
    fn as_sent(
        &self,
        envelope: &Envelope<'_>,
        look: Look,
        carried: impl Iterator<Item = Header>,
        remarks: Remarks,
    ) -> Outgoing {
        let message = envelope.message();
        let mut headers: Vec<Header> = of_body(envelope).cloned().collect();
        headers.extend(self.marker.beside_body(message, look));
        headers.extend(carried);
        outgoing(headers, message.body.clone(), remarks)
    }

    /// What [`Preparer::single`] would make.
    fn load(&self, event: &Event<'_>, envelope: &Envelope<'_>, look: Look) -> Result<Load, Skip> {
        let message = envelope.message();
        let Form::Http(mode) = self.form else {
            leaves_alone(event)?;
            let body = self.marker.line_len(event, message, look).ok_or(Skip::NoEvent)?;
            return Ok(load(0, body, Remarks { lost: event.lost_in_json(), ..Remarks::default() }));
        };
        can_be_requested(event)?;
        let mut remarks = Remarks::default();
        let carried = envelope.carried(event).map(|(name, value)| (name, line_len(name, value.len())));
        let lost = |name: &str| self.marker.is_lost_in_http(name, look);
        let binary = if mode == HttpMode::Binary { Some(event.weigh_http(lost)) } else { None };
        if let Some(Ok(request)) = binary {
            (remarks.encoded, remarks.lost) = (request.encoded > 0, event.more);
            let carried: usize = carried.map(|(_, len)| len).sum();
            return Ok(load(request.headers + self.marker.http_len(message, look) + carried, request.body, remarks));
        }
        remarks.misfit = binary.and_then(Result::err);
        if look.mode == Some(Mode::Structured) && envelope.format().is_some() {
            let of_body = of_body(envelope).map(|header| line_len(&header.name, header.value.len()));
            let headers = of_body.chain(carried.map(|(_, len)| len)).sum::<usize>();
            return Ok(load(headers + self.marker.beside_body_len(message, look), message.body.len(), remarks));
        }
        leaves_alone(event)?;
        remarks.lost = event.lost_in_json();
        let carried = carried.filter(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
        let headers = line_len("Content-Type", STRUCTURED.len()) + carried.map(|(_, len)| len).sum::<usize>();
        Ok(load(headers, self.marker.structured_len(event, message, look), remarks))
    }
}

/// What a plan is to know of a message whose copies would leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The subject of its copy; empty where copies go to none.
    pub subject: String,
    /// The type of its first event.
    pub ty: Option<String>,
    /// Its copy.
    pub first: Load,
    /// See [`Parcel::rest`].
    pub rest: Vec<Load>,
    /// See [`Parcel::again`].
    pub again: bool,
}

impl Weight {
    /// All that would leave.
    pub fn all(&self) -> impl Iterator<Item = &Load> {
        std::iter::once(&self.first).chain(&self.rest)
    }
}

/// What a plan is to know of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// See [`Outgoing::wire_size`].
    pub wire_size: usize,
    /// See [`Outgoing::remarks`].
    pub remarks: Remarks,
}

/// A copy with headers and a body of so many bytes.
const fn load(headers: usize, body: usize, remarks: Remarks) -> Load {
    Load { wire_size: headers + BLOCK + body, remarks }
}

/// The headers that say what the body of a message is.
fn of_body<'e>(envelope: &'e Envelope<'_>) -> impl Iterator<Item = &'e Header> {
    let says = |h: &&Header| ["content-type", "content-encoding"].iter().any(|name| h.name.eq_ignore_ascii_case(name));
    envelope.headers().iter().filter(says)
}

/// Data that still is packed would leave without the header that says so.
const fn leaves_alone(event: &Event<'_>) -> Result<(), Skip> {
    if event.packed { Err(Skip::NoEvent) } else { Ok(()) }
}

/// Without what every event has to have an endpoint can only refuse it.
fn can_be_requested(event: &Event<'_>) -> Result<(), Skip> {
    let has = |core: Core| event.text(core).is_some_and(|text| !text.is_empty());
    if Core::REQUIRED.into_iter().all(has) { Ok(()) } else { Err(Skip::NoEvent) }
}

/// The `Content-Type` of a request in structured mode, where the event is written anew.
const STRUCTURED: &str = "application/cloudevents+json; charset=utf-8";

/// A copy that goes to no subject.
const fn outgoing(headers: Vec<Header>, body: Bytes, remarks: Remarks) -> Outgoing {
    Outgoing { subject: String::new(), headers, id: None, body, remarks }
}

/// The event of a message that is one and was read to its end: a part of one is not sent as if it were all.
fn whole<'d, 'a>(decoded: &'d Decoded<'a>) -> Result<&'d Event<'a>, Skip> {
    match &decoded.content {
        Content::Event(_, event) if event.extent == Extent::Whole => Ok(event),
        Content::Batch(..) => Err(Skip::Batch),
        _ => Err(Skip::NoEvent),
    }
}

/// The events of a message that can leave one by one: the one that it is, or those of a batch that a filter lets through, by
/// their numbers. A batch that was not read to its end is not sent as if it were all.
fn single<'d, 'a>(decoded: &'d Decoded<'a>, let_through: Option<&[usize]>) -> Result<Vec<&'d Event<'a>>, Skip> {
    let Content::Batch(_, events) = &decoded.content else { return Ok(vec![whole(decoded)?]) };
    let cut = |finding: &Finding| finding.severity() == Severity::Error || matches!(finding, Finding::BatchLong(_));
    if events.iter().any(|event| event.extent != Extent::Whole) || decoded.findings.iter().any(cut) {
        return Err(Skip::Batch);
    }
    let wanted = |number: &usize| let_through.is_none_or(|numbers| numbers.contains(number));
    let events: Vec<_> = events.iter().enumerate().filter(|(n, _)| wanted(n)).map(|(_, event)| event).collect();
    if events.is_empty() { Err(Skip::NoEvent) } else { Ok(events) }
}

#[cfg(test)]
mod tests;
