//! What the server refused on a connection, and when that is tried again. It logs each attempt, so what was never
//! allowed rests for a minute; what was answered before and is refused now is tried again soon, one subject at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::pauses::Pauses;

/// A subject that was refused is not tried again for this long.
const REST: Duration = Duration::from_secs(60);
/// The first pause before one of those is tried that were allowed before.
const FIRST: Duration = Duration::from_secs(2);
/// The longest such pause.
const LONGEST: Duration = Duration::from_secs(4);
/// After so many tries (a quarter of an hour) nobody is about to mend it.
const HOPEFUL: u32 = 250;
/// The pause after that.
const HOPELESS: Duration = Duration::from_secs(30);
/// Refusals that are remembered; beyond it all are tried again.
const REMEMBERED: usize = 10_000;
/// Subjects that are remembered as answered.
const ANSWERED: usize = 1_000;

/// What the user may not do on this connection.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// The inbox that may not be subscribed. The client subscribes it once for all requests, so the server
    /// refuses it once; every later request would wait for an answer that cannot come.
    pub(super) inbox: Option<String>,
    subjects: BTreeMap<String, Refusal>,
    answered: BTreeSet<String>,
    /// When the next one may be tried, and the pauses after that.
    next: Option<(Instant, Pauses)>,
    tries: u32,
    /// Who was tried last, and whether others have been waiting since.
    last: Option<(String, bool)>,
}

#[derive(Clone, Copy, Debug)]
struct Refusal {
    at: Instant,
    /// It was answered before.
    revoked: bool,
}

impl Refusals {
    /// The server refused this subject.
    pub(super) fn refuse(&mut self, subject: &str, now: Instant) {
        if self.subjects.len() >= REMEMBERED {
            self.subjects.clear();
        }
        let before = self.subjects.get(subject).is_some_and(|refusal| refusal.revoked);
        let revoked = before || self.answered.remove(subject);
        self.subjects.insert(subject.to_owned(), Refusal { at: now, revoked });
        if revoked && self.next.is_none() {
            let mut pauses = Pauses::new(FIRST, LONGEST);
            self.next = Some((now + pauses.take(), pauses));
        }
    }

    /// The server answered on this subject; whether it had refused it, so that others may be allowed again too.
    pub(super) fn answer(&mut self, subject: &str) -> bool {
        if self.subjects.contains_key(subject) {
            self.forget();
            return true;
        }
        if self.answered.len() < ANSWERED && !self.answered.contains(subject) {
            self.answered.insert(subject.to_owned());
        }
        false
    }

    /// Whether this subject was refused and is not to be tried now.
    pub(super) fn is_refused(&mut self, subject: &str, now: Instant) -> bool {
        let Some(refusal) = self.subjects.get(subject) else { return false };
        if now.saturating_duration_since(refusal.at) >= REST {
            return false;
        }
        if !refusal.revoked {
            return true;
        }
        if self.is_next(subject, now) {
            return false;
        }
        if let Some((last, others)) = &mut self.last {
            *others |= last != subject;
        }
        true
    }

    /// Everything may be tried.
    pub(super) fn forget(&mut self) {
        self.answered.extend(std::mem::take(&mut self.subjects).into_iter().filter(|(_, r)| r.revoked).map(|(s, _)| s));
        (self.next, self.tries, self.last) = (None, 0, None);
    }

    fn is_next(&mut self, subject: &str, now: Instant) -> bool {
        let Some((at, mut pauses)) = self.next else { return false };
        if now < at {
            return false;
        }
        if let Some((last, others)) = &mut self.last
            && last == subject
            && std::mem::take(others)
        {
            // One that is asked for more often than the others leaves them a turn.
            return false;
        }
        self.tries += 1;
        let pause = if self.tries > HOPEFUL { HOPELESS } else { pauses.take() };
        self.next = Some((now + pause, pauses));
        self.last = Some((subject.to_owned(), false));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "$JS.API.STREAM.LIST";
    const INFO: &str = "$JS.API.INFO";

    /// The seconds, of the first 120, at which something goes out, when each subject is asked for every second.
    fn tries(refusals: &mut Refusals, from: Instant, subjects: &[&str]) -> Vec<(u64, String)> {
        let mut tried = Vec::new();
        for second in 1..120 {
            let now = from + Duration::from_secs(second);
            for subject in subjects {
                if !refusals.is_refused(subject, now) {
                    refusals.refuse(subject, now);
                    tried.push((second, (*subject).to_owned()));
                }
            }
        }
        tried
    }

    #[test]
    fn what_was_never_allowed_rests_for_a_minute() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        refusals.refuse(LIST, now);
        assert!(refusals.is_refused(LIST, now) && !refusals.is_refused(INFO, now));
        assert_eq!(tries(&mut refusals, now, &[LIST]), [(60, LIST.to_owned())]);
    }

    #[test]
    fn what_was_taken_away_is_tried_again_soon_and_one_at_a_time() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        for subject in [LIST, INFO] {
            assert!(!refusals.answer(subject));
            refusals.refuse(subject, now);
        }
        let tried = tries(&mut refusals, now, &[LIST, INFO]);
        assert_eq!(tried[0].0, 2);
        assert!(tried.windows(2).all(|w| (2..=5).contains(&(w[1].0 - w[0].0))), "{tried:?}");
        let (first, second): (Vec<_>, Vec<_>) = tried.iter().partition(|(_, subject)| subject == LIST);
        assert!(first.len().abs_diff(second.len()) <= 1, "{tried:?}");
        // Also a hundred of them make one line in the server's log every four seconds.
        assert!(tried.len() <= 40, "{tried:?}");
        assert!(refusals.answer(INFO), "it is allowed again");
        assert!(!refusals.is_refused(LIST, now), "so the other one may be too");
        assert!(!refusals.answer(INFO));
    }

    #[test]
    fn what_was_never_allowed_takes_no_turn_of_what_was() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        refusals.answer(LIST);
        refusals.refuse(LIST, now);
        refusals.refuse(INFO, now);
        let tried = tries(&mut refusals, now, &[LIST, INFO]);
        let lists: Vec<u64> = tried.iter().filter(|(_, subject)| subject == LIST).map(|(second, _)| *second).collect();
        assert!(lists.windows(2).all(|w| w[1] - w[0] <= 4) && lists.len() > 25, "{lists:?}");
    }

    #[test]
    fn what_nobody_mends_is_tried_less_often() {
        let (mut refusals, mut now) = (Refusals::default(), Instant::now());
        refusals.answer(LIST);
        refusals.refuse(LIST, now);
        let mut tried = 0;
        for _ in 0..3600 {
            now += Duration::from_secs(1);
            if !refusals.is_refused(LIST, now) {
                refusals.refuse(LIST, now);
                tried += 1;
            }
        }
        assert!((250..400).contains(&tried), "{tried}");
    }
}
