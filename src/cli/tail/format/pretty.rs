//! For people: what is wrong, the attributes, the data and the headers, in the order of the console's panel.

use std::io::{self, Write};

use crate::event::{Body, Decoded, Envelope, Event, Extent, Finding, Mode, Severity, clean_line};
use crate::model::units::{bytes, count_exact};

use super::chosen;

/// Lines that are printed of one body.
const LINES: usize = 200;

/// Bytes that are printed of one body: JSON of megabytes may be a single line.
const MOST: usize = 64 << 10;

/// Bytes that are printed of an attribute or a header.
const MOST_OF_VALUE: usize = 4 << 10;

/// Findings that are printed of one event.
const MOST_FINDINGS: usize = 100;

/// Writes these events of a message, `most` of them; how many that were.
pub(super) fn write(
    out: &mut Vec<u8>,
    envelope: &Envelope<'_>,
    decoded: &Decoded<'_>,
    which: Option<&[usize]>,
    most: u64,
) -> io::Result<u64> {
    let message = envelope.message();
    let mode = decoded.mode().map_or("plain message", Mode::name);
    let format = decoded.format.map(|format| format!(" in {}", format.name())).unwrap_or_default();
    let (stream, subject) = (clean_line(&message.stream), clean_line(&message.subject));
    let size = bytes(message.size() as u64);
    writeln!(out, "{stream} #{}  {}  {subject}  {mode}{format}, {size}", message.seq, message.time)?;
    if let Some(why) = decoded.plain() {
        writeln!(out, "  {why}")?;
    }
    findings(out, &decoded.findings)?;
    let all = count_exact(decoded.events().len() as u64);
    let batch = decoded.mode() == Some(Mode::Batch);
    if batch && decoded.events().is_empty() {
        writeln!(out, "  there is no event in it")?;
    }
    let bare = decoded.events().iter().all(|event| event.extent == Extent::Nothing);
    let mut printed = 0;
    for (number, event) in chosen(decoded, which) {
        if printed >= most {
            break;
        }
        printed += 1;
        if let Some(event) = event {
            if batch {
                writeln!(out, "  event {} of {all}", count_exact(number as u64 + 1))?;
            }
            let all: Vec<Finding> = event.findings.iter().cloned().chain(event.doubled_key()).collect();
            findings(out, &all)?;
            attributes(out, event)?;
        }
        data(
            out,
            match event {
                Some(event) if batch || !bare => Body::of(event),
                _ => Body::of_plain(envelope),
            },
        )?;
    }
    let binary = decoded.mode() == Some(Mode::Binary);
    for header in envelope.headers() {
        // Attributes stand above.
        if !(binary && envelope.is_attribute(header)) {
            writeln!(out, "  {}: {}", short(&header.name), short(&header.value))?;
        }
    }
    writeln!(out)?;
    Ok(printed)
}

/// The errors first.
fn findings(out: &mut Vec<u8>, findings: &[Finding]) -> io::Result<()> {
    let mut told: Vec<&Finding> = findings.iter().collect();
    told.sort_by_key(|finding| finding.severity() != Severity::Error);
    for finding in told.iter().take(MOST_FINDINGS) {
        writeln!(out, "  ! {finding}")?;
    }
    match told.len().saturating_sub(MOST_FINDINGS) {
        0 => Ok(()),
        more => writeln!(out, "  … {more} more"),
    }
}

fn attributes(out: &mut Vec<u8>, event: &Event<'_>) -> io::Result<()> {
    let names: Vec<String> = event.in_order().iter().map(|attribute| short(&attribute.name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(28);
    for (attribute, name) in event.in_order().iter().zip(names) {
        writeln!(out, "  {name:<width$}  {}", short(&attribute.value.to_text()))?;
    }
    Ok(())
}

fn data(out: &mut Vec<u8>, body: Body<'_>) -> io::Result<()> {
    if let Some(note) = body.note() {
        writeln!(out, "    ({note})")?;
    }
    let size = body.shown().len();
    let mut body = body.up_to(MOST);
    let cut = size > MOST;
    // The row that says how much was cut is not ours: fewer rows may be printed than there are.
    let rows = body.total().saturating_sub(usize::from(cut));
    for line in body.lines(0..rows.min(LINES)) {
        let text: String = line.iter().map(|span| span.text.as_str()).collect();
        writeln!(out, "    {text}")?;
    }
    if cut {
        let end = body.offset(LINES).unwrap_or(MOST);
        writeln!(out, "    … {} more bytes; -o raw prints all", count_exact(size.saturating_sub(end) as u64))?;
    } else if rows > LINES {
        writeln!(out, "    … {} more lines; -o raw prints all", rows - LINES)?;
    }
    Ok(())
}

/// The beginning of a name or a value, harmless.
fn short(text: &str) -> String {
    let mut end = text.len().min(MOST_OF_VALUE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (start, rest) = text.split_at(end);
    if rest.is_empty() {
        return clean_line(start).into_owned();
    }
    format!("{} … {} more bytes", clean_line(start), count_exact(rest.len() as u64))
}
