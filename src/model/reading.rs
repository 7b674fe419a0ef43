//! A value that was asked for: not yet, known since, or failed; unknown is never zero.

use super::{Problem, Timestamp};

/// The last good value with its time, and the last failure if it is newer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading<T> {
    value: Option<(T, Timestamp)>,
    problem: Option<(Problem, Timestamp)>,
}

impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self { value: None, problem: None }
    }
}

impl<T> Reading<T> {
    /// A good answer: clears the failure.
    pub fn set(&mut self, value: T, taken: Timestamp) {
        self.value = Some((value, taken));
        self.problem = None;
    }

    /// A failed question: the last good value stays.
    pub fn fail(&mut self, problem: Problem, at: Timestamp) {
        self.problem = Some((problem, at));
    }

    /// The last good value, however old.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref().map(|(v, _)| v)
    }

    /// The last good value, to be changed in place.
    pub fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut().map(|(v, _)| v)
    }

    /// When the last good value was taken.
    pub fn taken(&self) -> Option<Timestamp> {
        self.value.as_ref().map(|(_, t)| *t)
    }

    /// The failure, if the last question failed.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref().map(|(p, _)| p)
    }

    /// Nothing was answered yet, neither well nor badly.
    pub fn is_unasked(&self) -> bool {
        self.value.is_none() && self.problem.is_none()
    }
}
