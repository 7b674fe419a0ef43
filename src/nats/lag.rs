//! The messages that a consumer stands at, by one small question for each.

use futures_util::{StreamExt, stream};

use crate::model::consumer::AckPolicy;
use crate::model::lag::{Lag, Stored};
use crate::model::{Consumer, Problem};

use super::{Api, api::SIDE_BY_SIDE};

impl Api {
    /// Looks at the first message behind the ack floor that this consumer gets, and where `delivered` is set also at
    /// the one that was delivered last. Of several filters each is asked for, and the earliest message is the one.
    pub async fn lag(&self, of: &Consumer, delivered: bool) -> Result<Lag, Problem> {
        let floor = match of.config.ack_policy {
            AckPolicy::None => of.delivered.stream_seq,
            _ => of.ack_floor.stream_seq,
        };
        let oldest = self.first_of(of, floor.saturating_add(1)).await?;
        let delivered = if delivered && of.delivered.stream_seq > 0 {
            self.first_of(of, of.delivered.stream_seq).await?
        } else {
            None
        };
        Ok(Lag { oldest, delivered, taken: self.now() })
    }

    /// The first message from this sequence on that this consumer gets.
    async fn first_of(&self, of: &Consumer, seq: u64) -> Result<Option<Stored>, Problem> {
        let mut filters = of.config.filter_subjects.clone();
        if filters.is_empty() {
            filters.push(">".into());
        }
        let mut answers = stream::iter(filters)
            .map(|filter| async move { self.next_message(&of.stream, seq, &filter).await })
            .buffer_unordered(SIDE_BY_SIDE);
        let mut first: Option<Stored> = None;
        while let Some(answer) = answers.next().await {
            if let Some(message) = answer?
                && first.is_none_or(|m| message.seq < m.seq)
            {
                first = Some(Stored { seq: message.seq, time: message.time });
            }
        }
        Ok(first)
    }
}
