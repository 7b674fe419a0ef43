//! The rules of findings by name, and what their thresholds are counted in. What each checks is in `health::finding`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a threshold of a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A share of a limit, 0 to 1.
    Ratio,
    /// Seconds; written as a duration.
    Span,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The account.
    Account,
    /// A stream.
    Stream,
    /// A consumer.
    Consumer,
}

/// Declares the rules with their names, so that the list and the names cannot drift apart.
macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $subject:ident $(, $unit:ident)?;)*) => {
        /// A rule. The order is that of the screen among findings that are equally bad.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $variant,)*
        }

        impl Rule {
            /// All.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name: a promise to configurations and scripts.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is about.
            pub const fn subject(self) -> Subject {
                match self { $(Self::$variant => Subject::$subject,)* }
            }

            /// What its threshold is; `None` where it has none that could be set.
            pub const fn unit(self) -> Option<Unit> {
                match self { $(Self::$variant => rules!(@unit $($unit)?),)* }
            }
        }
    };
    (@unit $unit:ident) => { Some(Unit::$unit) };
    (@unit) => { None };
}

rules! {
    /// A consumer that nobody reads.
    ConsumerStopped = "consumer-stopped", Consumer;
    /// A consumer whose reader acks nothing.
    ConsumerStalled = "consumer-stalled", Consumer;
    /// A consumer that delivers nothing before something is acked.
    ConsumerBlocked = "consumer-blocked", Consumer;
    /// A consumer of which nothing was ever acked.
    ConsumerNeverAcked = "consumer-never-acked", Consumer;
    /// A consumer that waits for what its stream has not stored.
    ConsumerAhead = "consumer-ahead", Consumer;
    /// A consumer whose unread messages were dropped.
    ConsumerLost = "consumer-lost", Consumer;
    /// A consumer whose unread messages will soon be dropped.
    ConsumerLossNear = "consumer-loss-near", Consumer, Span;
    /// A consumer that falls behind.
    ConsumerBehind = "consumer-behind", Consumer;
    /// A consumer that nobody asks for more.
    ConsumerNoReader = "consumer-no-reader", Consumer;
    /// A consumer that gave up on messages.
    ConsumerDead = "consumer-dead", Consumer;
    /// A consumer whose ack floor one message holds.
    ConsumerHol = "consumer-hol", Consumer;
    /// A durable consumer that was there and is gone.
    ConsumerGone = "consumer-gone", Consumer;
    /// A consumer whose filter nothing can match.
    ConsumerFilter = "consumer-filter", Consumer;
    /// A consumer without a leader.
    ConsumerNoLeader = "consumer-no-leader", Consumer;
    /// A consumer whose servers do not answer.
    ConsumerMissing = "consumer-missing", Consumer;
    /// A consumer that is offline.
    ConsumerOffline = "consumer-offline", Consumer;
    /// A consumer that went back.
    ConsumerRewound = "consumer-rewound", Consumer;
    /// A consumer that was deleted and made again.
    ConsumerRecreated = "consumer-recreated", Consumer;
    /// A consumer that is paused.
    ConsumerPaused = "consumer-paused", Consumer;
    /// More not acked than allowed.
    ConsumerAckPending = "consumer-ack-pending", Consumer, Count;
    /// More not delivered than allowed.
    ConsumerPending = "consumer-pending", Consumer, Count;
    /// More redelivered than allowed.
    ConsumerRedelivered = "consumer-redelivered", Consumer, Count;
    /// More open pull requests than allowed.
    ConsumerWaiting = "consumer-waiting", Consumer, Count;
    /// Nothing delivered for longer than allowed.
    ConsumerLastDelivery = "consumer-last-delivery", Consumer, Span;
    /// Nothing acked for longer than allowed.
    ConsumerLastAck = "consumer-last-ack", Consumer, Span;
    /// Not every priority group has its client.
    ConsumerPinned = "consumer-pinned", Consumer;
    /// Thresholds in a consumer's metadata that cannot be read.
    ConsumerMetadata = "consumer-metadata", Consumer;
    /// A stream that was there and is gone.
    StreamGone = "stream-gone", Stream;
    /// A stream that was deleted and made again.
    StreamRecreated = "stream-recreated", Stream;
    /// A work queue with messages that no consumer takes.
    StreamUntaken = "stream-untaken", Stream;
    /// A stream whose servers do not answer.
    StreamMissing = "stream-missing", Stream;
    /// A stream that is offline.
    StreamOffline = "stream-offline", Stream;
    /// A stream without a leader.
    StreamNoLeader = "stream-no-leader", Stream;
    /// A stream that is nearly full.
    StreamNearlyFull = "stream-nearly-full", Stream, Ratio;
    /// A stream with interest retention and no consumers.
    StreamNoInterest = "stream-no-interest", Stream;
    /// A work queue without consumers.
    StreamNoWorkers = "stream-no-workers", Stream;
    /// A stream that nothing reads any more.
    StreamNoConsumers = "stream-no-consumers", Stream;
    /// A stream that grows while a consumer stands still.
    StreamGrowsUnread = "stream-grows-unread", Stream;
    /// A mirror or source that fails.
    StreamUpstreamFails = "stream-upstream-fails", Stream;
    /// A mirror or source that hears nothing.
    StreamUpstreamSilent = "stream-upstream-silent", Stream, Span;
    /// A mirror or source that is behind.
    StreamUpstreamBehind = "stream-upstream-behind", Stream, Count;
    /// A replica that is offline.
    StreamReplicaOffline = "stream-replica-offline", Stream;
    /// A replica that is behind.
    StreamReplicaBehind = "stream-replica-behind", Stream, Count;
    /// A replica that was not heard of.
    StreamReplicaSilent = "stream-replica-silent", Stream, Span;
    /// Not as many servers as expected.
    StreamPeers = "stream-peers", Stream;
    /// Not as many sources as expected.
    StreamSources = "stream-sources", Stream;
    /// Fewer messages than expected.
    StreamFewMessages = "stream-few-messages", Stream, Count;
    /// Not as many subjects as expected.
    StreamSubjects = "stream-subjects", Stream, Count;
    /// Very many ephemeral consumers that nobody reads.
    StreamEphemerals = "stream-ephemerals", Stream, Count;
    /// A stream without any limit.
    StreamNoLimits = "stream-no-limits", Stream;
    /// A stream without a limit of age.
    StreamNoAgeLimit = "stream-no-age-limit", Stream;
    /// A stream in memory.
    StreamMemory = "stream-memory", Stream;
    /// A stream in a cluster with one copy.
    StreamSingleReplica = "stream-single-replica", Stream;
    /// A stream that remembers message ids for longer than it keeps messages.
    StreamDedupeWindow = "stream-dedupe-window", Stream;
    /// Thresholds in a stream's metadata that cannot be read.
    StreamMetadata = "stream-metadata", Stream;
    /// Disk or memory of the account is nearly used up.
    AccountStorage = "account-storage", Account, Ratio;
    /// The account may have hardly any more streams or consumers.
    AccountAssets = "account-assets", Account, Ratio;
    /// The account's requests fail.
    AccountErrors = "account-errors", Account, Count;
}

impl Rule {
    /// The rule of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.name() == name)
    }

    /// The names of all rules.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|rule| rule.name())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("no rule is called {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_say_what_they_are_about() {
        let names: BTreeSet<&str> = Rule::names().collect();
        assert_eq!(names.len(), Rule::ALL.len());
        for &rule in Rule::ALL {
            let before = match rule.subject() {
                Subject::Account => "account-",
                Subject::Stream => "stream-",
                Subject::Consumer => "consumer-",
            };
            assert!(rule.name().starts_with(before), "{rule}");
            assert_eq!(Rule::from_name(rule.name()), Some(rule));
        }
        assert_eq!(Rule::from_name("consumer"), None);
    }
}
