//! What holds for any numbers that a server could send.

use proptest::prelude::*;

use super::cases::Case;
use super::*;
use crate::model::{AckPolicy, Delivery, Retention};

/// One poll: what changes before it.
#[derive(Clone, Debug)]
struct Poll {
    numbers: [u64; 9],
    acked: Option<i64>,
    bits: u8,
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0_u64..5, 4 => 0_u64..2_000, 1 => Just(u64::MAX), 1 => any::<u64>()]
}

fn poll() -> impl Strategy<Value = Poll> {
    let acked = prop_oneof![Just(None), (0_i64..100).prop_map(Some), any::<i64>().prop_map(Some)];
    (prop::array::uniform9(number()), acked, any::<u8>()).prop_map(|(numbers, acked, bits)| Poll {
        numbers,
        acked,
        bits,
    })
}

fn after(polls: &[Poll], policy: u8, allowed: u64) -> Case {
    let mut case = Case::new();
    case.allowed = allowed;
    case.c.config.ack_policy = if policy & 1 == 0 { AckPolicy::Explicit } else { AckPolicy::None };
    if policy & 2 != 0 {
        case.c.config.delivery = Delivery::Push { subject: "x".into(), group: None };
    }
    if policy & 4 != 0 {
        case.s.config.retention = Retention::WorkQueue;
    }
    case.c.config.max_deliver = (policy & 8 != 0).then_some(5);
    for p in polls {
        case.poll(|k| {
            let [pending, unacked, again, waiting, dc, ds, fs, first, last] = p.numbers;
            (k.c.pending, k.c.ack_pending, k.c.redelivered, k.c.waiting) = (pending, unacked, again, waiting);
            (k.c.delivered.consumer_seq, k.c.delivered.stream_seq, k.c.ack_floor.stream_seq) = (dc, ds, fs);
            // The helper counts what lies between; the server's largest would not fit there.
            (k.s.state.first_seq, k.s.state.last_seq) = (first, last.min(u64::MAX - 1));
            k.c.ack_floor.last_active = p.acked.map(Timestamp);
            k.c.push_bound = p.bits & 1 != 0;
            k.c.paused = p.bits & 2 != 0 && p.bits & 4 != 0;
            if p.bits > 250 {
                k.c.created = Some(k.now());
            }
        });
    }
    case
}

proptest! {
    #[test]
    fn no_numbers_break_it_and_none_are_made_up(
        polls in prop::collection::vec(poll(), 1..25), policy in 0_u8..16, allowed in 0_u64..10,
    ) {
        let case = after(&polls, policy, allowed);
        let verdict = case.verdict();
        let sentence = case.sentence();
        prop_assert!(!sentence.is_empty() && !sentence.contains("NaN") && !sentence.contains("inf"), "{}", sentence);
        prop_assert!(verdict.slope.is_none_or(f64::is_finite));
        prop_assert!(verdict.eta().is_none_or(|eta| eta.is_finite() && eta >= 0.0));
        prop_assert!(verdict.since.is_none_or(|at| at <= case.now()));
        prop_assert_eq!(verdict.samples, case.entry().ring.samples().len());
        prop_assert!(verdict.samples <= SLOTS);
        prop_assert!(verdict.slope.is_some() || verdict.samples < 2 || verdict.delay.is_none());
        // The words of the cell begin with the state.
        prop_assert!(verdict.words().starts_with(verdict.state.word()));
    }

    #[test]
    fn the_first_rule_that_fits_is_the_one(
        polls in prop::collection::vec(poll(), 1..25), policy in 0_u8..16, allowed in 0_u64..10,
    ) {
        let case = after(&polls, policy, allowed);
        let (verdict, samples) = (case.verdict(), case.entry().ring.samples());
        let newest = samples.last().unwrap();
        if newest.paused {
            prop_assert_eq!(verdict.state, State::Paused);
        } else if let Why::Ahead { delivered, last } = verdict.why {
            prop_assert!(delivered > last && newest.edges.is_some_and(|edges| edges.last_seq == last));
            return Ok(());
        } else if newest.outstanding() <= allowed {
            prop_assert_eq!(verdict.state, State::Ok);
        }
        let zero = samples.iter().any(|s| s.outstanding() <= allowed);
        if zero {
            prop_assert!(matches!(verdict.state, State::Ok | State::Paused | State::Rewound), "{:?}", verdict);
        } else if samples.len() < SLOTS {
            prop_assert!(matches!(verdict.state, State::Unknown | State::Paused | State::Rewound), "{:?}", verdict);
        }
        if verdict.state == State::Stopped {
            prop_assert!(samples.iter().all(|s| !s.has_reader()));
        }
        if matches!(verdict.why, Why::NeverFell) {
            prop_assert!(samples.windows(2).all(|w| w[1].outstanding() >= w[0].outstanding()));
        }
        // Long silence comes before everything.
        prop_assert_eq!(case.later(Duration::from_secs(3_600)).state, State::Unknown);
    }

    #[test]
    fn nothing_outstanding_in_the_end_is_ok_whatever_was_before(
        polls in prop::collection::vec(poll(), 0..25), policy in 0_u8..16,
    ) {
        let mut case = after(&polls, policy, 0);
        case.poll(|k| {
            (k.c.pending, k.c.ack_pending, k.c.paused) = (0, 0, false);
            // It is not ahead of its stream.
            k.s.state.last_seq = u64::MAX - 1;
            k.c.delivered.stream_seq = k.c.delivered.stream_seq.min(k.s.state.last_seq);
        });
        prop_assert_eq!(case.verdict().state, State::Ok);
    }

    #[test]
    fn what_a_reader_took_is_never_called_lost(
        steps in prop::collection::vec((0_u64..50, 0_u64..50, 0_u64..20), 12..30), queue in any::<bool>(),
    ) {
        // Messages come, are delivered, acked and then dropped, however unevenly: only what was read is dropped.
        let mut case = Case::new();
        if queue {
            case.s.config.retention = Retention::WorkQueue;
        }
        for (stored, taken, held) in steps {
            case.poll(|k| {
                k.stored(stored);
                k.deliver(taken);
                k.ack(k.c.ack_pending.saturating_sub(held));
                k.s.state.first_seq = k.s.state.first_seq.max(k.c.ack_floor.stream_seq + 1);
            });
            prop_assert!(!case.verdict().flags.has("LOST"), "{}", case.told());
        }
    }

    #[test]
    fn what_nobody_reads_is_lost_as_it_is_dropped(
        steps in prop::collection::vec((0_u64..50, 0_u64..40), 1..10),
    ) {
        let mut case = Case::new();
        case.poll(|_| {});
        let mut lost = 0;
        for (stored, dropped) in steps {
            case.poll(|k| {
                let before = k.c.pending;
                k.drop_to((k.s.state.first_seq + dropped).min(k.s.state.last_seq + 1));
                lost += before - k.c.pending;
                k.stored(stored);
            });
        }
        let told = case.verdict().flags.iter().find_map(|f| if let Flag::Lost(lost) = f { Some(lost.messages) } else { None });
        prop_assert_eq!(told.unwrap_or(0), lost);
    }
}
