//! What is on screen, so that the poller asks for that often and for the rest slowly.

use super::lag::LagWish;

/// What the poller should keep fresh. Set by the app, read by the poller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Streams whose rows are visible now (at most a screen full), each polled often.
    pub streams: Vec<String>,
    /// Streams whose whole consumer list is polled often.
    pub consumers_of: Vec<String>,
    /// The Consumers screen is open: sweep the consumers of all streams as often as is polite.
    pub all_consumers: bool,
    /// The consumer that is open: stream and name.
    pub consumer: Option<(String, String)>,
    /// The stream whose per-subject counts are shown, with the subject filter (`>` for all).
    pub subjects: Option<(String, String)>,
    /// The stream whose whole configuration and cluster state is shown.
    pub detail: Option<String>,
    /// The consumers whose lag time is shown (at most a screen full). Only those are asked for that have something
    /// outstanding, and less often than the rest.
    pub lags: Vec<LagWish>,
}

impl Scope {
    /// Whether the two differ in nothing but whose lag time is wanted.
    pub fn is_same_but_for_lags(&self, other: &Self) -> bool {
        let of = |s: &Self| Self { lags: Vec::new(), ..s.clone() };
        of(self) == of(other)
    }
}
