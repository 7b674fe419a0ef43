//! Where a finding is.

use std::cmp::Ordering;
use std::fmt;

/// Where a finding is. The order is that of lists: the account, then by stream, a stream before its consumers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The account.
    Account,
    /// A stream, by its whole name; raw.
    Stream(String),
    /// A consumer: its stream and its name; raw.
    Consumer(String, String),
}

/// A place by names that are somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At<'a> {
    /// The account.
    Account,
    /// A stream.
    Stream(&'a str),
    /// A consumer: its stream and its name.
    Consumer(&'a str, &'a str),
}

impl<'a> At<'a> {
    /// The place of these names.
    pub const fn of(stream: Option<&'a str>, consumer: Option<&'a str>) -> Self {
        match (stream, consumer) {
            (None, _) => Self::Account,
            (Some(stream), None) => Self::Stream(stream),
            (Some(stream), Some(consumer)) => Self::Consumer(stream, consumer),
        }
    }

    /// The stream, where it is about one or a consumer of it.
    pub const fn stream(self) -> Option<&'a str> {
        match self {
            Self::Account => None,
            Self::Stream(stream) | Self::Consumer(stream, _) => Some(stream),
        }
    }

    /// The consumer, where it is about one.
    pub const fn consumer(self) -> Option<&'a str> {
        match self {
            Self::Consumer(_, name) => Some(name),
            Self::Account | Self::Stream(_) => None,
        }
    }

    /// The same by names of its own.
    pub fn place(self) -> Place {
        match self {
            Self::Account => Place::Account,
            Self::Stream(stream) => Place::Stream(stream.to_owned()),
            Self::Consumer(stream, name) => Place::Consumer(stream.to_owned(), name.to_owned()),
        }
    }
}

impl Place {
    /// The same by these names.
    pub fn at(&self) -> At<'_> {
        match self {
            Self::Account => At::Account,
            Self::Stream(stream) => At::Stream(stream),
            Self::Consumer(stream, name) => At::Consumer(stream, name),
        }
    }

    /// The stream, where it is about one or a consumer of it.
    pub fn stream(&self) -> Option<&str> {
        self.at().stream()
    }

    /// The consumer, where it is about one.
    pub fn consumer(&self) -> Option<&str> {
        self.at().consumer()
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        // No stream comes before any stream, and no consumer before any consumer.
        let (a, b) = (self.at(), other.at());
        (a.stream(), a.consumer()).cmp(&(b.stream(), b.consumer()))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("the account"),
            Self::Stream(stream) => f.write_str(stream),
            Self::Consumer(stream, name) => write!(f, "{stream} › {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_stands_before_its_consumers() {
        let mut places = [
            At::of(Some("b"), None).place(),
            At::of(Some("a"), Some("x")).place(),
            At::of(Some("a"), None).place(),
            At::of(None, None).place(),
        ];
        places.sort();
        let said: Vec<String> = places.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["the account", "a", "a › x", "b"]);
    }
}
