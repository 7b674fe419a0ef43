//! All rules: which there are, and what hits.

use crate::health::Level;
use crate::model::Rule;

use super::entry::{Check, Entry, Hit};
use super::look::{AccountLook, ConsumerLook, StreamLook};
use super::{account, consumer, gone, stream};

/// The entry of a rule.
pub fn entry(rule: Rule) -> &'static Entry {
    let all = match rule.subject() {
        crate::model::rule::Subject::Account => account::RULES,
        crate::model::rule::Subject::Stream => stream::RULES,
        crate::model::rule::Subject::Consumer => consumer::RULES,
    };
    // Each has one, by test.
    all.iter().chain(gone::RULES).find(|entry| entry.rule == rule).unwrap_or(&all[0])
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
    let one_off = look.verdict.is_some_and(|verdict| verdict.one_off);
    consumer::RULES.iter().filter_map(move |entry| match &entry.check {
        Check::Consumer(check, _) => {
            let hit = check(look)?;
            // What its owner has set is meant. All else of a reader that comes and goes is only worth knowing.
            let level = if one_off && entry.rule.unit().is_none() { hit.level.min(Level::Notice) } else { hit.level };
            Some((entry.rule, Hit { level, ..hit }))
        }
        _ => None,
    })
}
