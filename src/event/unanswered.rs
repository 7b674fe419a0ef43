//! Events that a filter has no answer for: it is an error for them, which the standard takes for "no". They are counted
//! and the first is told, so that a filter that is wrong for all of them does not look like one that nothing matches.

use std::sync::Arc;

use crate::model::Message;
use crate::model::sanitise::clean_line;
use crate::model::units::count_exact;

/// How many, and the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unanswered {
    count: u64,
    first: Option<First>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct First {
    stream: Arc<str>,
    seq: u64,
    why: String,
}

impl Unanswered {
    /// Notes an event of this message; why is only asked for the first.
    pub(super) fn note(&mut self, message: &Message, why: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.is_none() {
            let (stream, why) = (Arc::clone(&message.stream), clean_line(&why()).into_owned());
            self.first = Some(First { stream, seq: message.seq, why });
        }
    }

    /// How many.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// A sentence without its full stop; harmless. `None` when there were none.
    pub fn sentence(&self) -> Option<String> {
        let First { stream, seq, why } = self.first.as_ref()?;
        let stream = clean_line(stream);
        Some(match self.count {
            1 => format!("1 event could not be judged: #{seq} of {stream}: {why}"),
            count => format!("{} events could not be judged, the first: #{seq} of {stream}: {why}", count_exact(count)),
        })
    }

    /// The same for a line of status.
    pub fn short(&self) -> Option<String> {
        let First { seq, why, .. } = self.first.as_ref()?;
        Some(format!("{} could not be judged, first #{seq}: {why}", count_exact(self.count)))
    }
}
