//! The health of one consumer: its verdict, and what stands in the way of one.

use crate::model::entry::Shelf;
use crate::model::{Availability, Cluster, ConsumerEntry};

use super::verdict::{Terms, Verdict, judge};
use super::{Health, Level};

/// What is the matter with a consumer, without its words: lists of very many are sorted by the level alone.
#[derive(Clone, Copy, Debug)]
pub enum Standing<'a> {
    /// The servers that keep it do not answer.
    Missing,
    /// It is offline, for this reason.
    Offline(&'a str),
    /// Nothing was read of it yet.
    Unread,
    /// Its group has no leader.
    NoLeader,
    /// What its numbers say.
    Judged(Verdict),
}

/// How well a consumer is, from its newest answer and its ring of samples.
pub fn consumer_health(entry: &ConsumerEntry, terms: &Terms) -> Health {
    Standing::of(entry, terms).health(entry, terms)
}

/// The level alone of [`consumer_health`].
pub fn consumer_level(entry: &ConsumerEntry, terms: &Terms) -> Level {
    Standing::of(entry, terms).level()
}

impl<'a> Standing<'a> {
    /// Of a consumer. Allocates nothing.
    pub fn of(entry: &'a ConsumerEntry, terms: &Terms) -> Self {
        match &entry.availability {
            Availability::Missing => return Self::Missing,
            Availability::Offline(reason) => return Self::Offline(reason),
            Availability::Present => {}
        }
        let Some(info) = &entry.info else { return Self::Unread };
        if Cluster::is_leaderless(info.cluster.as_ref()) {
            return Self::NoLeader;
        }
        judge(entry, terms).map_or(Self::Unread, Self::Judged)
    }

    /// How bad it is.
    pub fn level(&self) -> Level {
        match self {
            Self::Missing | Self::Offline(_) | Self::Unread => Level::Unknown,
            Self::NoLeader => Level::Critical,
            Self::Judged(verdict) => verdict.level(),
        }
    }

    /// The verdict, where there is one.
    pub const fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Judged(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// What lists are sorted by, the worst greatest: level, state, how much is outstanding.
    pub fn rank(&self, entry: &ConsumerEntry) -> (u8, u64) {
        let outstanding = entry.info.as_ref().map_or(0, |info| info.outstanding());
        self.verdict().map_or(((self.level() as u8) << 4, outstanding), Verdict::rank)
    }

    /// The level with its words and its sentence.
    pub fn health(&self, entry: &ConsumerEntry, terms: &Terms) -> Health {
        let (words, sentence) = match self {
            Self::Missing => ("no answer", "The servers that keep it do not answer.".into()),
            Self::Offline(reason) => ("offline", format!("It is offline: {reason}")),
            Self::Unread => ("not read yet", "Nothing was read of it yet.".into()),
            Self::NoLeader => ("no leader", "Its group has no leader: nothing is delivered.".into()),
            Self::Judged(verdict) => return verdict.health(entry, terms.now),
        };
        Health::new(self.level(), words, sentence)
    }
}

/// A consumer among others.
#[derive(Clone, Copy, Debug)]
pub struct Worst<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is known of it.
    pub entry: &'a ConsumerEntry,
    /// How it does.
    pub standing: Standing<'a>,
}

/// The consumer that does worst: by its level, then its state, then what is outstanding.
pub fn worst_consumer<'a>(shelf: &'a Shelf, terms: &Terms) -> Option<Worst<'a>> {
    let mut worst = None;
    let mut most = None;
    for (name, entry) in &shelf.entries {
        let standing = Standing::of(entry, terms);
        let rank = Some(standing.rank(entry));
        if rank > most {
            most = rank;
            worst = Some(Worst { name, entry, standing });
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Catalog, Cluster, Consumer, Timestamp, Update};

    #[test]
    fn what_does_not_answer_is_told_beside_the_verdict() {
        let at = Timestamp::from_secs(1);
        let mut catalog = Catalog::default();
        let cluster = Some(Cluster { name: Some("east".into()), ..Default::default() });
        let c = Consumer { stream: "s".into(), name: "c".into(), taken: at, cluster, ..Default::default() };
        catalog.apply(Update::Consumer(Arc::new(c)));
        let mut entry = catalog.consumer("s", "c").unwrap().clone();
        let terms = Terms::of(&catalog, at);
        let told = |entry: &ConsumerEntry| (consumer_level(entry, &terms), consumer_health(entry, &terms).words);
        assert_eq!(told(&entry), (Level::Critical, "no leader".into()));
        entry.availability = Availability::Offline("why".into());
        assert_eq!(told(&entry), (Level::Unknown, "offline".into()));
        (entry.availability, entry.info) = (Availability::Present, None);
        assert_eq!(told(&entry), (Level::Unknown, "not read yet".into()));
    }
}
