//! All rules: which there are, and what hits.

use crate::model::Rule;

use super::entry::{Check, Entry, Hit};
use super::look::{AccountLook, ConsumerLook, StreamLook};
use super::{account, consumer, stream};

/// The entry of a rule.
pub fn entry(rule: Rule) -> &'static Entry {
    let all = match rule.subject() {
        crate::model::rule::Subject::Account => account::RULES,
        crate::model::rule::Subject::Stream => stream::RULES,
        crate::model::rule::Subject::Consumer => consumer::RULES,
    };
    // Each has one, by test.
    all.iter().find(|entry| entry.rule == rule).unwrap_or(&all[0])
}

/// The entries of all rules, in the order of the rules.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    Rule::ALL.iter().map(|rule| entry(*rule))
}

/// What hits of the account.
pub(super) fn account<'a>(look: &'a AccountLook<'a>) -> impl Iterator<Item = (Rule, Hit)> + 'a {
    account::RULES.iter().filter_map(|entry| match &entry.check {
        Check::Account(check, _) => Some((entry.rule, check(look)?)),
        _ => None,
    })
}

/// What hits of a stream.
pub(super) fn stream<'a>(look: &'a StreamLook<'a>) -> impl Iterator<Item = (Rule, Hit)> + 'a {
    stream::RULES.iter().filter_map(|entry| match &entry.check {
        Check::Stream(check, _) => Some((entry.rule, check(look)?)),
        _ => None,
    })
}

/// What hits of a consumer.
pub(super) fn consumer<'a>(look: &'a ConsumerLook<'a>) -> impl Iterator<Item = (Rule, Hit)> + 'a {
    consumer::RULES.iter().filter_map(|entry| match &entry.check {
        Check::Consumer(check, _) => Some((entry.rule, check(look)?)),
        _ => None,
    })
}
