//! What a consumer says of a message that it delivers: in the reply subject, of which there are two forms.

use crate::model::Timestamp;
use crate::nats::wire::LAST_SEQUENCE;

/// Where a delivered message stands (ADR-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::nats) struct Delivered {
    /// Its sequence in the stream.
    pub(in crate::nats) seq: u64,
    /// Counts the deliveries of the consumer, from 1.
    pub(in crate::nats) nth: u64,
    /// When it was stored.
    pub(in crate::nats) time: Timestamp,
    /// Matching messages after it.
    pub(in crate::nats) pending: u64,
}

/// `$JS.ACK.<stream>.<consumer>.<times>.<seq>.<nth>.<time>.<pending>`, or with domain and account hash before
/// the stream and perhaps more after the end.
pub(in crate::nats) fn parse(reply: &str) -> Option<Delivered> {
    let rest = reply.strip_prefix("$JS.ACK.")?;
    let mut dots = [0; 9];
    let mut tokens = 1;
    // Once for every message of a long stream, so without any search that has to be set up.
    for (at, _) in rest.bytes().enumerate().filter(|(_, byte)| *byte == b'.') {
        if let Some(dot) = dots.get_mut(tokens - 1) {
            *dot = at;
        }
        tokens += 1;
    }
    let from = match tokens {
        7 => 3,
        9.. => 5,
        _ => return None,
    };
    let number = |i: usize| {
        let begin = dots.get(from + i - 1)? + 1;
        let end = if from + i + 1 == tokens { rest.len() } else { *dots.get(from + i)? };
        rest.get(begin..end)?.parse::<u64>().ok()
    };
    Some(Delivered {
        seq: number(0)?.min(LAST_SEQUENCE),
        nth: number(1)?.min(LAST_SEQUENCE),
        time: Timestamp(i64::try_from(number(2)?).ok()?),
        pending: number(3)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let wanted = Delivered { seq: 40, nth: 3, time: Timestamp(1_700_000_000_000_000_000), pending: 7 };
        assert_eq!(parse("$JS.ACK.S.c.1.40.3.1700000000000000000.7"), Some(wanted));
        assert_eq!(parse("$JS.ACK.hub.ACCHASH.S.c.1.40.3.1700000000000000000.7"), Some(wanted));
        assert_eq!(parse("$JS.ACK._.ACCHASH.S.c.1.40.3.1700000000000000000.7.token"), Some(wanted));
        for wrong in ["", "$JS.ACK.S.c.1.40", "_INBOX.x.1", "$JS.ACK.S.c.1.x.3.17.7"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
