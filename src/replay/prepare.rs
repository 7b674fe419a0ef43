//! What is done with a message: it becomes a copy, or is left out for a reason. The plan and the engine ask the same.

use bytes::Bytes;

use super::mark::{Look, Marker, Outgoing, Remarks};
use super::sink::Parcel;
use super::template::Template;
use crate::event::{Content, Core, Decoded, Envelope, Event, Extent, Finding, Mode, Severity, Unanswered, matching};
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
        let let_through = (!self.filters.is_empty()).then(|| matching(&self.filters, message, unanswered));
        if let_through.as_ref().is_some_and(Vec::is_empty) {
            return Err(Skip::Filtered);
        }
        if message.undecodable.is_some() {
            return Err(Skip::Undecodable);
        }
        let look = Look::at(message);
        match look.count {
            Some(_) if !self.include_marked => return Err(Skip::Marked),
            Some(count) if count >= COUNT_LIMIT => return Err(Skip::OverLimit),
            _ => {}
        }
        let mut rest = Vec::new();
        let copy = match &self.form {
            Form::Published(template) => {
                let subject = template.fill(&message.subject, &self.id).ok_or(Skip::NoSubject)?;
                self.marker.copy(message, look, subject)
            }
            Form::Line | Form::Http(_) => {
                let envelope = Envelope::new(message);
                let decoded = envelope.decode();
                let events = single(&decoded, let_through.as_deref())?;
                let copies = events.into_iter().map(|event| self.single(event, &envelope, look));
                rest = copies.collect::<Result<_, _>>()?;
                rest.remove(0)
            }
        };
        if self.max_size.is_some_and(|max| copy.wire_size() as u64 > max) {
            return Err(Skip::TooLarge);
        }
        Ok(Parcel { position, time: message.time, copy, rest, again: look.count.is_some() })
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
        let line = event.to_json_line();
        let body = self.marker.line(line.as_bytes(), message, look).ok_or(Skip::NoEvent)?;
        Ok(outgoing(Vec::new(), body, Remarks { lost: event.lost_in_json(), ..Remarks::default() }))
    }

    /// As a request. Without what every event has to have an endpoint can only refuse it.
    fn request(
        &self,
        event: &Event<'_>,
        envelope: &Envelope<'_>,
        look: Look,
        mode: HttpMode,
    ) -> Result<Outgoing, Skip> {
        let message = envelope.message();
        let has = |core| event.text(core).is_some_and(|text| !text.is_empty());
        if ![Core::Specversion, Core::Id, Core::Source, Core::Type].into_iter().all(has) {
            return Err(Skip::NoEvent);
        }
        let mut remarks = Remarks::default();
        let carried = envelope.carried(event);
        let binary = if mode == HttpMode::Binary { Some(event.to_http()) } else { None };
        if let Some(Ok(request)) = binary {
            let mut headers = request.headers;
            (remarks.encoded, remarks.lost) = (request.encoded > 0, event.more);
            self.marker.mark_http(&mut headers, message, look);
            headers.extend(carried);
            return Ok(outgoing(headers, Bytes::from(request.body), remarks));
        }
        remarks.misfit = binary.and_then(Result::err);
        if look.mode == Some(Mode::Structured) && envelope.format().is_some() {
            return Ok(self.as_sent(envelope, look, carried, remarks));
        }
        remarks.lost = event.lost_in_json();
        let body = self.marker.structured(event.to_json_line().as_bytes(), message, look).ok_or(Skip::NoEvent)?;
        let mut headers = vec![Header { name: "Content-Type".into(), value: STRUCTURED.into() }];
        headers.extend(carried.into_iter().filter(|h| !h.name.eq_ignore_ascii_case("content-encoding")));
        Ok(outgoing(headers, body, remarks))
    }

    /// As a request in structured mode with the bytes that were sent, in another format than JSON. Marks stand beside them.
    fn as_sent(&self, envelope: &Envelope<'_>, look: Look, carried: Vec<Header>, remarks: Remarks) -> Outgoing {
        let message = envelope.message();
        let of_body = |h: &&Header| ["content-type", "content-encoding"].iter().any(|n| h.name.eq_ignore_ascii_case(n));
        let mut headers: Vec<Header> = envelope.headers().iter().filter(of_body).cloned().collect();
        headers.extend(self.marker.beside_body(message, look));
        headers.extend(carried);
        outgoing(headers, message.body.clone(), remarks)
    }
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
