//! Counts what a replay would send.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Envelope, Misfit};
use crate::model::replay::{Amounts, Bar, Destination, Plan, SPACING_CAP, Selection, TypeCount};
use crate::model::{Header, Message, Timestamp};
use crate::replay::mark::{Remarks, is_control};
use crate::replay::prepare::{Load, Skip, Weight};

/// Bars of the histogram.
const BARS: usize = 24;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// Seconds that are counted apart while it is not known how long the range is.
const FINE: usize = 4_096;
/// Types that are listed, and that are told apart while counting.
const TYPES: usize = 20;
/// See [`TYPES`].
const MOST_TYPES: usize = 10_000;
/// Subjects that are told apart.
const MOST_SUBJECTS: usize = 10_000;

/// Headers that the server acts on and no copy has, and what that means for the copies.
pub(super) const ACTING: [(&str, &str); 4] = [
    ("Nats-Rollup", "it would delete messages"),
    ("Nats-TTL", "the copies do not expire with it"),
    ("Nats-Schedule", "the copies are stored at once and start no schedule"),
    ("Nats-Incr", "the copies count nothing"),
];

/// A running count.
#[derive(Debug)]
pub(super) struct Tally {
    amounts: Amounts,
    /// Whether a header of a message stays with its copy, as a header or as an attribute.
    copied: fn(&Envelope<'_>, &Header) -> bool,
    /// Everything that was read, whatever became of it.
    read: u64,
    before: Option<Timestamp>,
    /// When each was stored, in steps of `step` nanoseconds.
    times: BTreeMap<i64, u64>,
    step: i64,
    types: BTreeMap<Option<String>, u64>,
    other_types: u64,
    stripped: BTreeMap<String, u64>,
    /// The subjects of copies, and how many each will have.
    pub(super) subjects: BTreeMap<String, u64>,
    /// There are more than could be told apart.
    pub(super) more_subjects: bool,
    /// Messages that bear each of [`ACTING`].
    pub(super) acting: [u64; ACTING.len()],
    whole: bool,
}

impl Tally {
    pub(super) fn new(plan: &Plan) -> Self {
        let whole = matches!(&plan.selection, Selection::Range { subjects, .. } if subjects.is_empty());
        let copied: fn(&Envelope<'_>, &Header) -> bool = match &plan.destination {
            Destination::Http(_) => |envelope, header| is_known(envelope, header) || envelope.is_carried(header),
            Destination::File(_) | Destination::Stdout => is_known,
            _ => |_, header| !is_control(&header.name),
        };
        Self { copied, whole, ..Self::default() }
    }

    /// Messages that were counted.
    pub(super) const fn read(&self) -> u64 {
        self.read
    }

    /// Counts a message and what would become of it.
    pub(super) fn take(&mut self, message: &Message, weighed: Result<Weight, Skip>) {
        self.read += 1;
        let weight = match weighed {
            Ok(weight) => weight,
            Err(skip) => return skip.count(&mut self.amounts.skipped),
        };
        let a = &mut self.amounts;
        a.planned += 1;
        a.bytes += message.size() as u64;
        a.largest = a.largest.max(weight.first.wire_size as u64);
        a.first.get_or_insert((message.seq, message.time));
        a.last = Some((message.seq, message.time));
        a.recorded += self.before.map_or(Duration::ZERO, |before| message.time.since(before).min(SPACING_CAP));
        self.before = Some(message.time);
        a.same_subject += u64::from(weight.subject == *message.subject);
        a.replayed_before += u64::from(weight.again);
        if !weight.rest.is_empty() {
            a.batches += 1;
            a.batch_events += 1 + weight.rest.len() as u64;
        }
        for Load { remarks: Remarks { misfit, encoded, lost }, .. } in weight.all() {
            match misfit {
                Some(Misfit::Name) => a.unfit.names += 1,
                Some(Misfit::Value) => a.unfit.values += 1,
                Some(Misfit::ContentType) => a.unfit.types += 1,
                Some(Misfit::Data) => a.unfit.data += 1,
                None => {}
            }
            a.encoded += u64::from(*encoded);
            a.attributes_lost += *lost as u64;
        }
        self.count_time(message.time);
        self.count_type(weight.ty);
        let (copied, envelope) = (self.copied, Envelope::new(message));
        for header in message.headers.iter().filter(|header| !copied(&envelope, header)) {
            let name = header.name.to_ascii_lowercase();
            for ((acting, _), count) in ACTING.iter().zip(&mut self.acting) {
                *count += u64::from(acting.eq_ignore_ascii_case(&name));
            }
            if let Some(count) = self.stripped.get_mut(&*header.name) {
                *count += 1;
            } else if self.stripped.len() < 100 {
                self.stripped.insert(header.name.to_string(), 1);
            }
        }
        if let Some(count) = self.subjects.get_mut(&weight.subject) {
            *count += 1;
        } else if self.subjects.len() >= MOST_SUBJECTS {
            self.more_subjects = true;
        } else if !weight.subject.is_empty() {
            self.subjects.insert(weight.subject, 1);
        }
    }

    /// Steps grow with the range, so that there are never many of them.
    fn count_time(&mut self, time: Timestamp) {
        *self.times.entry(time.0.div_euclid(self.step)).or_default() += 1;
        while self.times.len() > FINE {
            self.step *= 2;
            let mut coarse = BTreeMap::new();
            for (at, count) in std::mem::take(&mut self.times) {
                *coarse.entry(at.div_euclid(2)).or_default() += count;
            }
            self.times = coarse;
        }
    }

    fn count_type(&mut self, ty: Option<String>) {
        if let Some(count) = self.types.get_mut(&ty) {
            *count += 1;
        } else if self.types.len() < MOST_TYPES {
            self.types.insert(ty, 1);
        } else {
            self.other_types += 1;
        }
    }

    /// Puts the amounts into the plan.
    pub(super) fn finish(&mut self, plan: &mut Plan) {
        let mut amounts = std::mem::take(&mut self.amounts);
        if let (true, Selection::Range { first, last, .. }) = (self.whole, &plan.selection) {
            amounts.gaps = Some((last + 1).saturating_sub(*first).saturating_sub(self.read));
        }
        if let Selection::List(items) = &plan.selection {
            amounts.gaps = Some((items.len() as u64).saturating_sub(self.read));
        }
        amounts.histogram = self.bars();
        let mut types: Vec<TypeCount> =
            std::mem::take(&mut self.types).into_iter().map(|(ty, count)| TypeCount { ty, count }).collect();
        types.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.ty.cmp(&b.ty)));
        let rest: u64 = types.iter().skip(TYPES).map(|t| t.count).sum();
        amounts.other_types = self.other_types + rest;
        types.truncate(TYPES);
        amounts.types = types;
        amounts.stripped = std::mem::take(&mut self.stripped).into_iter().collect();
        amounts.subjects = self.subjects.len() as u64;
        plan.amounts = amounts;
    }

    fn bars(&self) -> Vec<Bar> {
        let (Some((first, _)), Some((last, _))) = (self.times.first_key_value(), self.times.last_key_value()) else {
            return Vec::new();
        };
        let steps = last - first + 1;
        let width = steps.div_euclid(BARS as i64) + i64::from(steps.rem_euclid(BARS as i64) > 0);
        // Bars are told apart by their seconds.
        let width = width.max(SECOND.div_euclid(self.step) + i64::from(SECOND.rem_euclid(self.step) > 0));
        let bars = steps.div_euclid(width) + i64::from(steps.rem_euclid(width) > 0);
        (0..bars)
            .map(|n| {
                let from = first + n * width;
                let count = self.times.range(from..from + width).map(|(_, count)| count).sum();
                Bar { from: Timestamp(from.saturating_mul(self.step)), count }
            })
            .collect()
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            amounts: Amounts::default(),
            copied: |_, _| true,
            read: 0,
            before: None,
            times: BTreeMap::new(),
            step: 1_000_000,
            types: BTreeMap::new(),
            other_types: 0,
            stripped: BTreeMap::new(),
            subjects: BTreeMap::new(),
            more_subjects: false,
            acting: [0; 4],
            whole: false,
        }
    }
}

/// Whether the event itself says what this header says.
fn is_known(envelope: &Envelope<'_>, header: &Header) -> bool {
    envelope.is_attribute(header)
        || ["content-type", "content-encoding"].iter().any(|name| header.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_cover_any_range_and_count_everything() {
        for times in [vec![5_i64], vec![0, 1], (0..100_000).map(|n| n * 7_000_000).collect(), vec![0, i64::MAX / 2]] {
            let mut tally = Tally::default();
            for ns in &times {
                tally.count_time(Timestamp(*ns));
            }
            let bars = tally.bars();
            assert_eq!(bars.iter().map(|b| b.count).sum::<u64>(), times.len() as u64);
            assert!((1..=BARS).contains(&bars.len()), "{}", bars.len());
            assert!(
                bars.windows(2).all(|pair| pair[0].from.0 + SECOND <= pair[1].from.0),
                "told apart by their seconds"
            );
        }
    }
}
