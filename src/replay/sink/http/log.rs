//! `accepted.log` of a replay to an endpoint: what is sent is written down before, and what was answered after it. A
//! line is a word and a position, `accepted 7`; of a message with several events also which of them, `accepted 7/2`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::config::{read, state};
use crate::model::replay::Delivery;
use crate::replay::sink::Fate;

/// A word, a position, and one of its events: no line is longer, in bytes.
const LONGEST: u64 = 64;

/// What the log of an earlier session says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Positions in growing order, with what is known of them.
    pub(super) fates: Vec<(u64, Fate)>,
    /// The message that some events of were sent.
    pub(super) begun: Option<Begun>,
}

/// How far a message with several events is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Begun {
    /// Its position.
    pub(super) position: u64,
    /// So many of its events are done with.
    pub(super) events: usize,
    /// Whether one of them may or may not have arrived.
    pub(super) uncertain: bool,
}

/// An event: the position of its message, and which of its events it is, from 1. `None` is the only one, or all.
pub(super) type Which = (u64, Option<usize>);

/// The log, to be written to.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    delivery: Delivery,
}

impl Log {
    /// Opens it, and reads what it says. What a session before has left undone there is put in order: nobody who reads it
    /// later could tell it from what this one writes behind it.
    pub(super) fn open(path: &Path, delivery: Delivery) -> io::Result<(Self, Found)> {
        let file = state::private().read(true).create(true).append(true).open(path)?;
        // A last line that is cut off was never finished, and nothing may be written into it.
        let whole = whole_lines(&file)?;
        if file.metadata()?.len() > whole {
            file.set_len(whole)?;
            file.sync_data()?;
        }
        let (found, given_up) = found(path, delivery)?;
        let mut log = Self { file, delivery };
        if let Some(event) = given_up {
            log.note("uncertain", event)?;
            log.file.sync_data()?;
        }
        Ok((log, found))
    }

    /// An event is about to be sent. What is not sent a second time must be known also after the end of the machine.
    pub(super) fn sending(&mut self, which: Which) -> io::Result<()> {
        self.note("sending", which)?;
        if self.delivery == Delivery::AtMostOnce { self.file.sync_data() } else { Ok(()) }
    }

    /// What became of an event that was sent: `accepted`, `refused` or `uncertain`.
    pub(super) fn note(&mut self, word: &str, (position, nth): Which) -> io::Result<()> {
        let nth = nth.map_or_else(String::new, |nth| format!("/{nth}"));
        self.file.write_all(format!("{word} {position}{nth}\n").as_bytes())
    }
}

fn which(text: &str) -> Option<Which> {
    match text.split_once('/') {
        Some((position, nth)) => Some((position.parse().ok()?, Some(nth.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
}

/// The length of a file up to the end of its last whole line.
fn whole_lines(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut part = [0; 4_096];
    while end > 0 {
        let begin = end.saturating_sub(part.len() as u64);
        let part = &mut part[..usize::try_from(end - begin).unwrap_or_default()];
        file.read_exact_at(part, begin)?;
        if let Some(at) = part.iter().rposition(|b| *b == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

/// Reads a line, of which no more is kept than one of ours can have. `false` at the end: a last line that is cut off was
/// never finished.
fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    from.by_ref().take(LONGEST).read_until(b'\n', line)?;
    if line.len() as u64 == LONGEST && !line.ends_with(b"\n") {
        line.clear();
        from.skip_until(b'\n')?;
        return Ok(true);
    }
    Ok(line.ends_with(b"\n"))
}

/// What the log says. One that was sent and has no answer is uncertain where it is not to be sent again: that one is
/// returned too.
fn found(path: &Path, delivery: Delivery) -> io::Result<(Found, Option<Which>)> {
    let mut lines = match read::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Found::default(), None)),
        Err(error) => return Err(error),
    };
    let (mut found, mut sending) = (Found::default(), None);
    let mut line = Vec::new();
    // Line by line: the log of a long replay is larger than what is kept of it.
    while next_line(&mut lines, &mut line)? {
        sending = None;
        let said = std::str::from_utf8(&line).unwrap_or_default().trim_end().split_once(' ');
        match said.and_then(|(word, text)| Some((word, which(text)?))) {
            Some(("sending", event)) => sending = Some(event),
            Some(("accepted", event)) => found.add(event, Fate::Stored(0)),
            Some(("uncertain", event)) => found.add(event, Fate::Uncertain),
            _ => {}
        }
    }
    let given_up = sending.filter(|_| delivery == Delivery::AtMostOnce);
    if let Some(event) = given_up {
        found.add(event, Fate::Uncertain);
    }
    found.fates.sort_unstable_by_key(|(position, _)| *position);
    found.fates.dedup_by_key(|(position, _)| *position);
    Ok((found, given_up))
}

impl Found {
    fn add(&mut self, (position, nth): Which, fate: Fate) {
        let Some(events) = nth else {
            self.begun = None;
            return self.fates.push((position, fate));
        };
        let before = self.begun.filter(|begun| begun.position == position).is_some_and(|begun| begun.uncertain);
        self.begun = Some(Begun { position, events, uncertain: before || fate == Fate::Uncertain });
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn said(text: &str, delivery: Delivery) -> Found {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("accepted.log");
        assert_eq!(found(&path, delivery).unwrap(), (Found::default(), None));
        fs::write(&path, text).unwrap();
        found(&path, delivery).unwrap().0
    }

    /// A session that was killed while it sent these; what it found.
    fn session(path: &Path, delivery: Delivery, sends: u64) -> Vec<(u64, Fate)> {
        let (mut log, found) = Log::open(path, delivery).unwrap();
        log.sending((sends, None)).unwrap();
        found.fates
    }

    #[test]
    fn what_one_session_gave_up_the_session_after_the_next_does_not_send_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("accepted.log");
        let uncertain = |upto: u64| (5..=upto).map(|n| (n, Fate::Uncertain)).collect::<Vec<_>>();
        for n in 5..9 {
            assert_eq!(session(&path, Delivery::AtMostOnce, n), uncertain(n - 1));
        }
        // Where it may be sent again it is.
        assert_eq!(session(&path, Delivery::AtLeastOnce, 9), uncertain(7));
    }

    #[test]
    fn nothing_is_written_into_a_line_that_was_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        for torn in ["accep", "accepted 5", "s", "\u{fffd}"] {
            let path = dir.path().join("accepted.log");
            fs::write(&path, format!("sending 4\naccepted 4\nsending 5\n{torn}")).unwrap();
            let known = vec![(4, Fate::Stored(0)), (5, Fate::Uncertain)];
            assert_eq!(session(&path, Delivery::AtMostOnce, 6), known, "{torn}");
            let all = [known, vec![(6, Fate::Uncertain)]].concat();
            assert_eq!(Log::open(&path, Delivery::AtMostOnce).unwrap().1.fates, all, "{torn}");
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(text, "sending 4\naccepted 4\nsending 5\nuncertain 5\nsending 6\nuncertain 6\n", "{torn}");
        }
    }

    #[test]
    fn the_log_says_what_was_accepted_and_what_is_uncertain() {
        let text = "sending 1\naccepted 1\nsending 2\nrefused 2\nsending 2\naccepted 2\nsending 5\naccep";
        let stored = vec![(1, Fate::Stored(0)), (2, Fate::Stored(0))];
        assert_eq!(said(text, Delivery::AtLeastOnce), Found { fates: stored.clone(), begun: None });
        let fates = [stored, vec![(5, Fate::Uncertain)]].concat();
        assert_eq!(said(text, Delivery::AtMostOnce), Found { fates, begun: None });
        let text = "sending 1\nuncertain 1\nsending 2\nuncertain 2\nsending 3\nrefused 3\n";
        let fates = vec![(1, Fate::Uncertain), (2, Fate::Uncertain)];
        assert_eq!(said(text, Delivery::AtMostOnce), Found { fates, begun: None }, "each of them, not the last alone");
    }

    #[test]
    fn what_is_no_line_of_ours_is_passed_over_and_not_kept() {
        let text =
            format!("accepted 1\naccepted {}\n\naccepted 7 \u{fffd}\naccepted 2\nsending 3\nx", "9".repeat(300_000));
        let fates = vec![(1, Fate::Stored(0)), (2, Fate::Stored(0)), (3, Fate::Uncertain)];
        assert_eq!(said(&text, Delivery::AtMostOnce).fates, fates);
        let mut line = Vec::new();
        assert!(next_line(&mut text.as_bytes().get(11..).unwrap(), &mut line).unwrap());
        assert!(line.is_empty() && line.capacity() < 1_000, "{}", line.capacity());
    }

    #[test]
    fn a_message_of_several_events_is_gone_on_with_in_its_middle() {
        let text = "sending 4/1\naccepted 4/1\nsending 4/2\naccepted 4/2\naccepted 4\nsending 6/1\naccepted 6/1\nsending 6/2\n";
        let fates = vec![(4, Fate::Stored(0))];
        let begun = |events, uncertain| Some(Begun { position: 6, events, uncertain });
        assert_eq!(said(text, Delivery::AtLeastOnce), Found { fates: fates.clone(), begun: begun(1, false) });
        assert_eq!(said(text, Delivery::AtMostOnce), Found { fates, begun: begun(2, true) });
    }
}
