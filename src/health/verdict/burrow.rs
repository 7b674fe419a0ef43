//! Burrow's rules of evaluation, as it documents them, restated for samples of a consumer: an offset is where the
//! consumer stands, its lag what is pending.
//!
//! Burrow's words: OK; WARN is BEHIND here; STALL and STOP are STALLED and STOPPED, told apart by whether somebody
//! reads; REWIND is REWOUND.

use super::cases::Case;
use super::*;

/// The verdict after these offsets and lags, one a slot; something is acked where the offset moves.
fn evaluate(samples: &[(u64, u64)], reads: bool, allowed: u64) -> State {
    let mut case = Case::new();
    case.allowed = allowed;
    for &(offset, lag) in samples {
        case.poll(|k| {
            let moved = offset.abs_diff(k.c.delivered.stream_seq);
            k.c.delivered.consumer_seq += if k.slots == 1 { 0 } else { moved };
            (k.c.delivered.stream_seq, k.c.ack_floor.stream_seq, k.c.pending) = (offset, offset, lag);
            if moved > 0 {
                k.c.ack_floor.last_active = Some(k.now());
            }
            k.c.waiting = u64::from(reads);
            k.s.state.last_seq = offset + lag;
        });
    }
    case.verdict().state
}

/// Ten samples: the offset goes up by `step` each time, the lags are given.
fn window(step: u64, lags: [u64; 10]) -> Vec<(u64, u64)> {
    lags.iter().zip(0..).map(|(&lag, n)| (1_000 + step * n, lag)).collect()
}

#[test]
fn a_lag_of_zero_anywhere_in_the_window_is_ok() {
    let cases = [
        window(10, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]),
        window(10, [100, 200, 300, 0, 400, 500, 600, 700, 800, 900]),
        window(0, [500, 500, 500, 500, 0, 500, 500, 500, 500, 500]),
        window(10, [900, 800, 700, 600, 500, 400, 300, 200, 100, 0]),
        window(0, [0; 10]),
    ];
    for samples in cases {
        assert_eq!(evaluate(&samples, false, 0), State::Ok, "{samples:?}");
    }
}

#[test]
fn offsets_that_stand_with_a_lag_are_stalled_or_stopped() {
    for lags in [
        [100; 10],
        [100, 110, 120, 130, 140, 150, 160, 170, 180, 190],
        [100, 100, 100, 100, 101, 101, 101, 101, 101, 102],
    ] {
        let samples = window(0, lags);
        assert_eq!(evaluate(&samples, true, 0), State::Stalled, "{lags:?}");
        assert_eq!(evaluate(&samples, false, 0), State::Stopped, "{lags:?}");
    }
}

#[test]
fn offsets_that_move_with_a_lag_that_never_falls_are_a_warning() {
    for lags in [
        [100, 110, 120, 130, 140, 150, 160, 170, 180, 190],
        [100, 100, 100, 100, 100, 100, 100, 100, 100, 101],
        [100; 10],
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 50_000],
    ] {
        assert_eq!(evaluate(&window(10, lags), true, 0), State::Behind, "{lags:?}");
    }
}

#[test]
fn a_lag_that_falls_is_ok() {
    for lags in [
        [900, 800, 700, 600, 500, 400, 300, 200, 150, 100],
        // Burrow takes any one fall for recovery. Here it must not rise as a whole.
        [500, 520, 540, 300, 320, 340, 360, 380, 400, 420],
        [500, 480, 460, 440, 420, 400, 390, 380, 370, 400],
    ] {
        assert_eq!(evaluate(&window(10, lags), true, 0), State::Ok, "{lags:?}");
    }
}

#[test]
fn one_dip_is_no_recovery_here() {
    let lags = [100, 110, 120, 130, 125, 150, 160, 170, 180, 190];
    assert_eq!(evaluate(&window(10, lags), true, 0), State::Behind);
}

#[test]
fn offsets_that_go_back_are_a_rewind_unless_they_come_back() {
    let mut samples = window(10, [100; 10]);
    samples[9] = (500, 690);
    assert_eq!(evaluate(&samples, true, 0), State::Rewound);
    samples[4] = (900, 240);
    samples[9] = (1_090, 100);
    assert_eq!(evaluate(&samples, true, 0), State::Ok, "commits that came out of order");
    let still = [
        (1_000, 5),
        (1_000, 5),
        (990, 15),
        (990, 15),
        (990, 15),
        (990, 15),
        (990, 15),
        (990, 15),
        (990, 15),
        (990, 15),
    ];
    assert_eq!(evaluate(&still, false, 0), State::Rewound, "also where nothing else happens");
}

#[test]
fn commits_that_have_ceased_are_stopped_however_the_lag_moves() {
    // The last commits are older than the window; what is stored goes on.
    let mut samples = window(10, [100; 10]);
    samples.extend((1..=10).map(|n| (1_090, 100 + 10 * n)));
    assert_eq!(evaluate(&samples[..12], false, 0), State::Behind, "some are still in the window");
    assert_eq!(evaluate(&samples, false, 0), State::Stopped);
    assert_eq!(evaluate(&samples, true, 0), State::Stalled);
}

#[test]
fn what_was_committed_to_the_end_is_ok_however_long_ago() {
    let samples: Vec<(u64, u64)> = vec![(1_000, 0); 30];
    assert_eq!(evaluate(&samples, false, 0), State::Ok);
}

#[test]
fn an_allowed_lag_is_as_good_as_none() {
    let rising = window(0, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(evaluate(&rising, false, 10), State::Ok);
    assert_eq!(evaluate(&rising, false, 0), State::Stopped);
    assert_eq!(evaluate(&window(10, [50; 10]), true, 49), State::Behind);
}

#[test]
fn a_window_that_is_not_full_is_not_judged() {
    // Burrow calls it OK, which cannot be told from being well.
    assert_eq!(evaluate(&window(0, [100; 10])[..9], false, 0), State::Unknown);
    assert_eq!(evaluate(&window(10, [100; 10])[..1], true, 0), State::Unknown);
}
