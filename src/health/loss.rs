//! How long until the stream's limits take a message away that was not acked.

use std::time::Duration;

use crate::model::lag::Stored;
use crate::model::{Discard, StreamEntry, Timestamp};

/// Longer than this is not soon, and beyond what rates can tell.
const LONGEST: f64 = 3.0e9;

/// When a message is dropped, and by which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// From now on.
    pub after: Duration,
    /// `max_age`, `max_msgs` or `max_bytes`.
    pub by: &'static str,
}

/// When this message is dropped, by the limit that comes first: at its age, or when so many messages or bytes have come
/// at the present rate. `None` where no limit takes it, or where the rate is not known yet.
///
/// A limit of messages of one subject is left out: how many of that subject come is not known.
pub fn time_to_loss(stream: &StreamEntry, message: &Stored, now: Timestamp) -> Option<Loss> {
    let info = stream.info.as_deref()?;
    let (state, limits) = (&info.state, &info.config.limits);
    let by_age = limits.max_age.map(|max| Loss { after: message.time.plus(max).since(now), by: "max_age" });
    // A full stream that refuses what is new keeps what it has.
    let rate = stream.rate_in().filter(|rate| *rate > 0.0 && info.config.discard == Discard::Old);
    let by = |max: Option<u64>, held: u64, by| {
        let (max, rate) = (max?, rate?);
        let each = held as f64 / state.messages.max(1) as f64;
        // What goes before it, and itself; some of the sequences may be deleted already.
        let share = (message.seq + 1).saturating_sub(state.first_seq) as f64 / state.spread().max(1) as f64;
        let room = max.saturating_sub(held) as f64 + held as f64 * share.min(1.0);
        let seconds = room / (rate * each);
        (seconds < LONGEST).then(|| Loss { after: Duration::from_secs_f64(seconds), by })
    };
    let by_count = by(limits.max_msgs, state.messages, "max_msgs");
    let by_bytes = by(limits.max_bytes, state.bytes, "max_bytes");
    [by_age, by_count, by_bytes].into_iter().flatten().min_by_key(|loss| loss.after)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Catalog, Stream, Update};

    /// A stream of 100 messages of 10 bytes, from 901 to 1000, to which 10 a second come; message 950 is a minute old.
    fn loss(change: impl Fn(&mut Stream)) -> Option<(u64, &'static str)> {
        let mut catalog = Catalog::default();
        for second in [90, 100] {
            let at = Timestamp::from_secs(second);
            let mut s = Stream { name: "s".into(), taken: at, ..Default::default() };
            (s.state.messages, s.state.bytes, s.state.first_seq) = (100, 1_000, 901);
            s.state.last_seq = 1_000 - 10 * (100 - second as u64);
            change(&mut s);
            catalog.apply(Update::Stream(Arc::new(s)));
        }
        let message = Stored { seq: 950, time: Timestamp::from_secs(40) };
        time_to_loss(&catalog.streams["s"], &message, Timestamp::from_secs(100)).map(|l| (l.after.as_secs(), l.by))
    }

    #[test]
    fn the_limit_that_comes_first_is_named() {
        assert_eq!(loss(|_| {}), None);
        assert_eq!(loss(|s| s.config.limits.max_age = Some(Duration::from_secs(90))), Some((30, "max_age")));
        // It is full: 50 messages go before it and with it, in 5 seconds.
        assert_eq!(loss(|s| s.config.limits.max_msgs = Some(100)), Some((5, "max_msgs")));
        assert_eq!(loss(|s| s.config.limits.max_msgs = Some(200)), Some((15, "max_msgs")));
        assert_eq!(loss(|s| s.config.limits.max_bytes = Some(2_000)), Some((15, "max_bytes")));
        let all = |s: &mut Stream| {
            s.config.limits.max_age = Some(Duration::from_secs(70));
            (s.config.limits.max_msgs, s.config.limits.max_bytes) = (Some(200), Some(3_000));
        };
        assert_eq!(loss(all), Some((10, "max_age")));
    }

    #[test]
    fn who_refuses_what_is_new_drops_nothing() {
        assert_eq!(loss(|s| (s.config.limits.max_msgs, s.config.discard) = (Some(100), Discard::New)), None);
        assert_eq!(loss(|s| (s.config.limits.max_msgs, s.state.last_seq) = (Some(100), 1_000)), None, "nothing comes");
        assert_eq!(loss(|s| s.config.limits.max_age = Some(Duration::from_secs(10))), Some((0, "max_age")), "overdue");
    }
}
