//! The columns of a tail: which there are, which are shown, and how they give way on narrow screens.

use crate::app::columns::Spec;

/// A column of a tail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TailColumn {
    /// The glyph: whether it is a valid event.
    State,
    /// The stream, where several are read.
    Stream,
    /// The sequence in the stream.
    Seq,
    /// When the stream stored it.
    Time,
    /// The time since the last mark before it.
    Elapsed,
    /// When the event happened, by its own words.
    EventTime,
    /// The event's type; of a plain message why it is none.
    Type,
    /// The event's source.
    Source,
    /// The event's subject.
    Subject,
    /// The subject on NATS.
    NatsSubject,
    /// The event's id.
    Id,
    /// Bytes of subject, headers and body.
    Size,
}

const fn column(title: &'static str, width: u16, flex: u16, priority: u8, right: bool) -> Spec {
    Spec { title, width, flex, priority, right, large_first: false }
}

impl TailColumn {
    /// All, in the order of the screen.
    pub const ALL: &[Self] = &[
        Self::State,
        Self::Stream,
        Self::Seq,
        Self::Time,
        Self::Elapsed,
        Self::EventTime,
        Self::Type,
        Self::Source,
        Self::Subject,
        Self::NatsSubject,
        Self::Id,
        Self::Size,
    ];

    /// Those that can be chosen, by their names in the configuration.
    pub const NAMED: &[(&'static str, Self)] = &[
        ("seq", Self::Seq),
        ("stored", Self::Time),
        ("event-time", Self::EventTime),
        ("type", Self::Type),
        ("source", Self::Source),
        ("subject", Self::Subject),
        ("nats-subject", Self::NatsSubject),
        ("id", Self::Id),
        ("size", Self::Size),
    ];

    /// How it is laid out.
    pub const fn spec(self) -> Spec {
        match self {
            Self::State => column("", 1, 0, 0, false),
            Self::Stream => column("STREAM", 10, 1, 1, false),
            Self::Seq => column("SEQ", 8, 0, 5, true),
            Self::Time => column("STORED", 14, 0, 2, false),
            Self::Elapsed => column("SINCE MARK", 11, 0, 3, true),
            Self::EventTime => column("EVENT TIME", 14, 0, 8, false),
            Self::Type => column("TYPE", 22, 3, 0, false),
            Self::Source => column("SOURCE", 14, 2, 6, false),
            Self::Subject => column("SUBJECT", 12, 2, 4, false),
            Self::NatsSubject => column("NATS SUBJECT", 20, 2, 9, false),
            Self::Id => column("ID", 10, 1, 7, false),
            Self::Size => column("SIZE", 6, 0, 6, true),
        }
    }

    /// What it shows, for the menu.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::State => "whether it is a valid event",
            Self::Stream => "the stream",
            Self::Seq => "sequence in the stream",
            Self::Time => "when the stream stored it",
            Self::Elapsed => "time since the mark before it",
            Self::EventTime => "when the event says that it happened",
            Self::Type => "type of the event",
            Self::Source => "source of the event",
            Self::Subject => "subject of the event",
            Self::NatsSubject => "subject on NATS",
            Self::Id => "id of the event",
            Self::Size => "bytes of the message",
        }
    }
}

/// The columns that somebody chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailColumns(Vec<TailColumn>);

impl Default for TailColumns {
    fn default() -> Self {
        Self(TailColumn::NAMED.iter().map(|(_, column)| *column).collect())
    }
}

impl TailColumns {
    /// The columns of these names; what is none was refused when the configuration was read.
    pub fn named(names: &[String]) -> Self {
        let of = |name: &String| TailColumn::NAMED.iter().find(|(n, _)| n == name).map(|(_, column)| *column);
        Self(names.iter().filter_map(of).collect())
    }

    /// Whether it was chosen.
    pub fn has(&self, column: TailColumn) -> bool {
        self.0.contains(&column)
    }

    /// Chooses it or not.
    pub fn toggle(&mut self, column: TailColumn) {
        if self.has(column) {
            self.0.retain(|c| *c != column);
        } else {
            self.0.push(column);
        }
    }

    /// The columns to be laid out: those that were chosen, and those that stand or fall with what is read.
    pub fn shown(&self, several_streams: bool, marks: bool) -> Vec<TailColumn> {
        let wanted = |column: &TailColumn| match column {
            TailColumn::State => true,
            TailColumn::Stream => several_streams,
            TailColumn::Elapsed => marks,
            other => self.has(*other),
        };
        TailColumn::ALL.iter().copied().filter(wanted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_knows_the_same_columns() {
        let names: Vec<&str> = TailColumn::NAMED.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, crate::config::TAIL_COLUMNS);
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        assert_eq!(TailColumns::named(&names), TailColumns::default());
    }
}
