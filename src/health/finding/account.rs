//! Rules about the account.

use std::time::Duration;

use crate::health::Level;
use crate::model::Rule;
use crate::model::series::until_full;
use crate::model::units::{bytes, count_exact, duration, percent, rate};

use super::entry::{A_WHILE, AT_ONCE, Check, Entry, Hit, Story};
use super::look::AccountLook;

/// The window over which growth and errors are measured.
const WINDOW: Duration = Duration::from_secs(60);
/// Errors a minute that are worth a look.
const ERRORS: f64 = 60.0;
/// One question in so many may fail: applications ask whether something exists.
const ERROR_SHARE: f64 = 0.2;

/// All of them.
pub(super) const RULES: &[Entry] = &[STORAGE, ASSETS, ERRORS_RISING];

const STORAGE: Entry = Entry {
    rule: Rule::AccountStorage,
    levels: &[Level::Warning, Level::Critical],
    finds: "The account has nearly used up its disk or memory. Says when, at the present growth.",
    patience: AT_ONCE,
    many: |_| "the account has nearly used up its storage".to_owned(),
    check: Check::Account(
        |look| worst(&storage(look), look, Rule::AccountStorage),
        |look, _| {
            let limits = storage(look);
            let Some(fullest) = fullest(&limits) else { return Story::default() };
            let sentence = format!(
                "{} of the account's {} is used{}. When it is full, nothing can be stored any more.",
                percent(fullest.ratio()),
                fullest.name,
                fullest
                    .left
                    .map(|left| format!(", all of it in {} at the present growth", duration(left)))
                    .unwrap_or_default()
            );
            let mut story = Story::new(format!("{} nearly full", fullest.name), sentence);
            for limit in &limits {
                story = story.with(limit.name, format!("{} of {}", bytes(limit.used), bytes(limit.max)));
            }
            story
                .with_some("full in", fullest.left.map(duration))
                .run("See which streams take most.", "nats stream report")
                .advise("Bound them, or have the account's limit raised.")
        },
    ),
};

const ASSETS: Entry = Entry {
    rule: Rule::AccountAssets,
    levels: &[Level::Warning, Level::Critical],
    finds: "The account has nearly as many streams or consumers as it may have.",
    patience: AT_ONCE,
    many: |_| "the account has nearly as many streams or consumers as it may have".to_owned(),
    check: Check::Account(
        |look| worst(&assets(look), look, Rule::AccountAssets),
        |look, _| {
            let limits = assets(look);
            let Some(fullest) = fullest(&limits) else { return Story::default() };
            let sentence = format!(
                "The account has {} {}, and may have {}; then no more can be made.",
                count_exact(fullest.used),
                fullest.name,
                count_exact(fullest.max)
            );
            let mut story = Story::new(format!("{} nearly full", fullest.name), sentence);
            for limit in &limits {
                story = story.with(limit.name, format!("{} of {}", count_exact(limit.used), count_exact(limit.max)));
            }
            story.run("See which are of no use any more.", "nats stream report").advise("Or have the limit raised.")
        },
    ),
};

const ERRORS_RISING: Entry = Entry {
    rule: Rule::AccountErrors,
    levels: &[Level::Notice, Level::Warning],
    finds: "The server answers more than 60 of the account's JetStream requests a minute with an error (or as many as are \
            set), and more than a fifth of all. A notice, unless a number is set.",
    patience: A_WHILE,
    many: |_| "the account's requests fail".to_owned(),
    check: Check::Account(
        |look| {
            let (errors, share) = errors(look)?;
            let bound = look.bound(Rule::AccountErrors);
            let level = if bound.is_set() {
                bound.at_least(errors)?
            } else if errors >= ERRORS && share >= ERROR_SHARE {
                Level::Notice
            } else {
                return None;
            };
            Some(Hit::of(level, errors as u64))
        },
        |look, hit| {
            let (errors, share) = errors(look).unwrap_or_default();
            let sentence = format!(
                "{} JetStream requests a minute are answered with an error, {} of all: something asks for what is not there, \
                 or may not be done.",
                count_exact(errors as u64),
                percent(share)
            );
            let bound = look.bound(Rule::AccountErrors).of(hit.level, Rule::AccountErrors);
            Story::new("errors", sentence)
                .with("errors in all", count_exact(look.account.api_errors))
                .with("requests in all", count_exact(look.account.api_total))
                .with("errors", format!("{}/s", rate(errors / 60.0)))
                .with_some("allowed a minute", bound.map(|(n, by)| format!("{n} ({by})")))
                .run("See who asks for what (as a user of the system account).", "nats events --js-advisory")
        },
    ),
};

/// Something of which there may be so much.
#[derive(Debug)]
struct Limit {
    name: &'static str,
    used: u64,
    max: u64,
    left: Option<Duration>,
}

impl Limit {
    fn ratio(&self) -> f64 {
        self.used as f64 / self.max.max(1) as f64
    }
}

fn storage(look: &AccountLook<'_>) -> Vec<Limit> {
    let account = look.account;
    let limit = |name, used, max: Option<u64>, grows| {
        // A limit of 0 is none of it, which cannot become full.
        max.filter(|max| *max > 0).map(|max| Limit { name, used, max, left: until_full(used, max, grows) })
    };
    [
        limit("disk", account.storage, account.max_storage, look.series.rate(WINDOW, |s| s.storage)),
        limit("memory", account.memory, account.max_memory, look.series.rate(WINDOW, |s| s.memory)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn assets(look: &AccountLook<'_>) -> Vec<Limit> {
    let account = look.account;
    let limit = |name, used, max: Option<u64>| max.map(|max| Limit { name, used, max, left: None });
    [
        limit("streams", account.streams, account.max_streams),
        limit("consumers", account.consumers, account.max_consumers),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn fullest(limits: &[Limit]) -> Option<&Limit> {
    limits.iter().max_by(|a, b| a.ratio().total_cmp(&b.ratio()))
}

fn worst(limits: &[Limit], look: &AccountLook<'_>, rule: Rule) -> Option<Hit> {
    let ratio = fullest(limits)?.ratio();
    let bound = look.bound(rule);
    let critical = bound.critical.map_or(look.thresholds.limit_critical, |(n, _)| n);
    let warning = bound.warning.map_or(look.thresholds.limit_warning, |(n, _)| n);
    let level = if ratio >= critical {
        Level::Critical
    } else if ratio >= warning {
        Level::Warning
    } else {
        return None;
    };
    Some(Hit::of(level, (ratio * 1_000.0) as u64))
}

/// Errors a minute, and their share of all requests; `None` before there are enough samples to say.
fn errors(look: &AccountLook<'_>) -> Option<(f64, f64)> {
    if look.series.len() < 3 {
        return None;
    }
    let errors = look.series.rate(WINDOW, |s| s.api_errors)?;
    let all = look.series.rate(WINDOW, |s| s.api_total)?;
    Some((errors * 60.0, if all > 0.0 { (errors / all).min(1.0) } else { 0.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::finding::book;
    use crate::model::thresholds::{Target, Threshold};
    use crate::model::{Account, Catalog, Thresholds, Timestamp, Update};

    /// The rules that hit after these accounts, ten seconds apart.
    fn judge(accounts: &[Account], thresholds: &Thresholds) -> Vec<(Rule, Level)> {
        let mut catalog = Catalog::default();
        for (i, account) in accounts.iter().enumerate() {
            catalog.apply(Update::Account(account.clone(), Timestamp::from_secs(10 * (i as i64 + 1))));
        }
        let look = AccountLook::new(&catalog, thresholds).unwrap();
        let hits: Vec<_> = book::account(&look).collect();
        for (rule, hit) in &hits {
            let Check::Account(_, story) = &book::entry(*rule).check else { panic!("{rule}") };
            let story = story(&look, *hit);
            assert!(story.sentence.ends_with('.') && !story.evidence.is_empty() && !story.advice.is_empty(), "{rule}");
        }
        hits.into_iter().map(|(rule, hit)| (rule, hit.level)).collect()
    }

    fn storage(used: u64, max: Option<u64>) -> Account {
        Account { storage: used, max_storage: max, ..Default::default() }
    }

    #[test]
    fn storage_that_is_nearly_used_up() {
        let defaults = Thresholds::default();
        for (account, wanted) in [
            (storage(10, None), None),
            (storage(79, Some(100)), None),
            (storage(80, Some(100)), Some(Level::Warning)),
            (storage(95, Some(100)), Some(Level::Critical)),
            (Account { memory: 90, max_memory: Some(100), ..storage(1, Some(100)) }, Some(Level::Warning)),
            (Account { max_memory: Some(0), ..storage(1, Some(100)) }, None),
        ] {
            let found = judge(std::slice::from_ref(&account), &defaults);
            assert_eq!(found, wanted.map(|level| (Rule::AccountStorage, level)).into_iter().collect::<Vec<_>>());
        }
        let lower = Thresholds {
            rules: vec![Threshold {
                rule: Rule::AccountStorage,
                target: Target::default(),
                warning: Some(0.1),
                critical: Some(0.5),
            }],
            ..Default::default()
        };
        assert_eq!(judge(&[storage(20, Some(100))], &lower), [(Rule::AccountStorage, Level::Warning)]);
    }

    #[test]
    fn streams_and_consumers_that_are_nearly_too_many() {
        let of = |streams, max_streams, consumers, max_consumers| Account {
            streams,
            consumers,
            max_streams,
            max_consumers,
            ..Default::default()
        };
        let defaults = Thresholds::default();
        assert_eq!(judge(&[of(500, None, 9_000, None)], &defaults), []);
        assert_eq!(judge(&[of(5, Some(10), 10, Some(100))], &defaults), []);
        assert_eq!(judge(&[of(8, Some(10), 10, Some(100))], &defaults), [(Rule::AccountAssets, Level::Warning)]);
        assert_eq!(judge(&[of(1, Some(10), 100, Some(100))], &defaults), [(Rule::AccountAssets, Level::Critical)]);
    }

    #[test]
    fn errors_that_become_more() {
        let of = |api_total, api_errors| Account { api_total, api_errors, ..Default::default() };
        let defaults = Thresholds::default();
        // Errors that are there already say nothing.
        assert_eq!(judge(&[of(9_000, 8_000), of(9_010, 8_000), of(9_020, 8_000)], &defaults), []);
        assert_eq!(judge(&[of(0, 0), of(100, 90)], &defaults), [], "too few samples");
        assert_eq!(judge(&[of(0, 0), of(100, 50), of(200, 100)], &defaults), [(Rule::AccountErrors, Level::Notice)]);
        assert_eq!(judge(&[of(0, 0), of(1_000, 50), of(2_000, 100)], &defaults), [], "a small share");
        assert_eq!(judge(&[of(0, 0), of(5, 5), of(10, 10)], &defaults), [], "only a few");
        // Another server of the cluster counts from its own start.
        assert_eq!(judge(&[of(900, 900), of(1_000, 1_000), of(5, 1)], &defaults), []);
    }
}
