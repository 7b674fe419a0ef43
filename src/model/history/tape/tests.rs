//! What goes onto a tape comes off it.

use proptest::prelude::*;

use super::*;

fn all<const N: usize>(tape: &Tape<N>) -> Vec<Run<N>> {
    tape.between(i64::MIN, i64::MAX)
}

#[test]
fn equal_samples_are_one_run_and_cost_nothing() {
    let mut tape = Tape::<2>::default();
    for t in 0..1_000 {
        tape.push(Run::one(t * 10, 3, [7, 8]), 10);
    }
    assert_eq!(all(&tape), [Run { from: 0, to: 9_990, count: 1_000, late: 3, values: [7, 8] }]);
    assert!(tape.held() <= STEP, "{}", tape.held());
    // What lies further apart is not taken to have been so all the time.
    tape.push(Run::one(10_001, 3, [7, 8]), 10);
    assert_eq!(all(&tape).len(), 2);
}

#[test]
fn a_run_is_cut_where_it_was_looked_at() {
    let run = Run { from: 100, to: 200, count: 11, late: 0, values: [1] };
    assert_eq!(run.until(99), None);
    assert_eq!(run.until(100).map(|r| (r.to, r.count)), Some((100, 1)));
    assert_eq!(run.until(155).map(|r| (r.to, r.count)), Some((150, 6)));
    assert_eq!(run.until(500), Some(run));
    assert_eq!(run.times().take(3).collect::<Vec<_>>(), [200, 190, 180]);
}

#[test]
fn blocks_that_are_too_old_are_given_back() {
    let mut tape = Tape::<1>::default();
    let mut closed = 0;
    for t in 0..200_i64 {
        closed += usize::from(tape.push(Run::one(t, 0, [t as u64]), 0));
    }
    assert_eq!(closed, 3);
    assert_eq!(tape.drop_before(63), None, "the first block ends at 63");
    assert_eq!(tape.drop_before(64).map(|runs| runs.len()), Some(64));
    assert_eq!((tape.begin(), tape.last()), (Some(64), Some(199)));
    let mut seen = vec![];
    assert!(tape.back_from(130, |run| {
        seen.push(run.from);
        seen.len() == 4
    }));
    assert_eq!(seen, [130, 129, 128, 127]);
}

#[test]
fn varints_have_their_least_length() {
    for (n, length) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u64::MAX, 10)] {
        let mut out = vec![];
        put(&mut out, n);
        assert_eq!((out.len(), take(&mut &out[..])), (length, Some(n)));
    }
    assert_eq!(take(&mut &[0x80][..]), None);
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(
        samples in prop::collection::vec((1_i64..100_000_000, any::<u32>(), prop::array::uniform3(
            prop_oneof![Just(0), 0_u64..4, any::<u64>()])), 1..300),
    ) {
        let mut tape = Tape::<3>::default();
        let (mut at, mut plain) = (0, Vec::new());
        for (step, late, values) in samples {
            at += step;
            tape.push(Run::one(at, late, values), 50_000_000);
            plain.push((at, values));
        }
        // Each sample lies in a run of its values; the ends of runs are exact.
        let runs = all(&tape);
        prop_assert_eq!(runs.iter().map(|r| r.count as usize).sum::<usize>(), plain.len());
        let mut next = plain.iter();
        for run in &runs {
            let of: Vec<_> = next.by_ref().take(run.count as usize).collect();
            prop_assert!(of.iter().all(|(_, v)| *v == run.values));
            prop_assert_eq!(of.first().map(|s| s.0), Some(run.from));
            prop_assert_eq!(of.last().map(|s| s.0), Some(run.to));
        }
        // And once more by way of a file, before newer ones.
        let blocks = tape.blocks();
        let mut back = Tape::<3>::default();
        prop_assert!(back.prepend(blocks.clone()));
        prop_assert_eq!(all(&back), runs.clone());
        let mut newer = Tape::<3>::default();
        newer.push(Run::one(at + 1, 0, [9, 9, 9]), 0);
        prop_assert!(newer.prepend(blocks));
        prop_assert_eq!(all(&newer).len(), runs.len() + 1);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), runs in any::<u16>(), first in any::<i64>()) {
        let block = Block { first, last: 5, runs, bytes: bytes.into() };
        let _ = block.is_sound::<16>();
        prop_assert!(block.decode::<16>().len() <= usize::from(runs));
    }
}
