//! Rules about the account.

use std::time::Duration;

use crate::health::Level;
use crate::model::series::until_full;
use crate::model::units::{bytes, count_exact, duration, percent, rate, soon};
use crate::model::{AccountSample, Rule};

use super::entry::{A_WHILE, AT_ONCE, Check, Entry, Hit, Story};
use super::look::AccountLook;

/// The window over which growth and errors are measured.
const WINDOW: Duration = Duration::from_secs(60);
/// Errors a minute that are worth a look.
const ERRORS: f64 = 60.0;
/// Where less than this is used, that all is reserved is told instead.
const RESERVED: f64 = 0.8;
/// One question in so many may fail: applications ask whether something exists.
const ERROR_SHARE: f64 = 0.2;

/// All of them.
pub(super) const RULES: &[Entry] = &[STORAGE, ASSETS, ERRORS_RISING];

const STORAGE: Entry = Entry {
    rule: Rule::AccountStorage,
    levels: &[Level::Warning, Level::Critical],
    finds: "The account, or one of its tiers, has nearly used up its disk or memory; says when, at the present growth. Or all \
            of it is reserved by the sizes of streams: a warning.",
    patience: AT_ONCE,
    many: |_| "the account has nearly used up its storage".to_owned(),
    check: Check::Account(
        |look| worst(&storage(look), look, Rule::AccountStorage),
        |look, _| {
            let limits = storage(look);
            let Some(fullest) = fullest(&limits) else { return Story::default() };
            let sentence = if fullest.reserved {
                format!(
                    "{} of the {} is reserved by streams with a size, used or not: a stream that reserves more than what is \
                     left is refused (error 10047).",
                    percent(fullest.ratio()),
                    fullest.name,
                )
            } else {
                format!(
                    "{} of the {} is used{}. When it is full, nothing can be stored any more.",
                    percent(fullest.ratio()),
                    fullest.name,
                    fullest
                        .left
                        .map(|left| format!(", all of it in {} at the present growth", soon(left)))
                        .unwrap_or_default()
                )
            };
            let words = if fullest.reserved { "all reserved".into() } else { format!("{} nearly full", fullest.name) };
            let mut story = Story::new(words, sentence);
            for limit in &limits {
                story = story.with(limit.what, format!("{} of {}", bytes(limit.used), bytes(limit.max)));
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
    finds: "The account, or one of its tiers, has nearly as many streams as it may have, or one of its streams nearly as many \
            consumers as the account allows each.",
    patience: AT_ONCE,
    many: |_| "the account has nearly as many streams or consumers as it may have".to_owned(),
    check: Check::Account(
        |look| worst(&assets(look), look, Rule::AccountAssets),
        |look, _| {
            let limits = assets(look);
            let Some(fullest) = fullest(&limits) else { return Story::default() };
            let (used, max) = (count_exact(fullest.used), count_exact(fullest.max));
            let sentence =
                format!("There are {used} {}, and there may be {max}; then no more can be made.", fullest.name);
            let mut story = Story::new("nearly too many", sentence);
            for limit in &limits {
                let numbers = format!("{} of {} {}", count_exact(limit.used), count_exact(limit.max), limit.name);
                story = story.with(limit.what, numbers);
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
    what: &'static str,
    name: String,
    used: u64,
    max: u64,
    left: Option<Duration>,
    /// It is not used but reserved: what is stored already is not in danger.
    reserved: bool,
}

impl Limit {
    fn ratio(&self) -> f64 {
        self.used as f64 / self.max.max(1) as f64
    }
}

fn storage(look: &AccountLook<'_>) -> Vec<Limit> {
    let mut all = Vec::new();
    for (tier, quota) in look.account.quotas() {
        let tiered = tier.map(|tier| format!(" in tier {tier}")).unwrap_or_default();
        // How fast a tier grows is not known, only how fast all of them do.
        let rate = |of: fn(&AccountSample) -> u64| tier.is_none().then(|| look.series.rate(WINDOW, of)).flatten();
        let disk = (quota.storage, quota.reserved_storage, quota.max_storage, rate(|s| s.storage));
        let memory = (quota.memory, quota.reserved_memory, quota.max_memory, rate(|s| s.memory));
        for (what, held, (used, reserved, max, grows)) in
            [("disk", "disk reserved", disk), ("memory", "memory reserved", memory)]
        {
            // A limit of 0 is none of it, which cannot become full.
            let Some(max) = max.filter(|max| *max > 0) else { continue };
            let name = format!("account's {what}{tiered}");
            all.push(Limit {
                what,
                name: name.clone(),
                used,
                max,
                left: until_full(used, max, grows),
                reserved: false,
            });
            if reserved > 0 {
                all.push(Limit { what: held, name, used: reserved, max, left: None, reserved: true });
            }
        }
    }
    all
}

fn assets(look: &AccountLook<'_>) -> Vec<Limit> {
    let limit = |what, name, used, max| Limit { what, name, used, max, left: None, reserved: false };
    let streams = look.account.quotas().filter_map(|(tier, quota)| {
        let name = tier.map_or("streams".into(), |tier| format!("streams in tier {tier}"));
        Some(limit("streams", name, quota.streams, quota.max_streams?))
    });
    // The server applies the account's limit of consumers to each stream.
    let crowded = look.streams.iter().filter_map(|(name, entry)| {
        let info = entry.info.as_deref()?;
        let max = look.account.quota_of(info.config.replicas)?.max_consumers?;
        Some(limit("consumers", format!("consumers of stream {name}"), info.state.consumers, max))
    });
    streams.chain(crowded.max_by(|a, b| a.ratio().total_cmp(&b.ratio()))).collect()
}

/// The one that is told: what is used is worse than what is only reserved.
fn fullest(limits: &[Limit]) -> Option<&Limit> {
    let used = limits.iter().filter(|limit| !limit.reserved).max_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let reserved = limits.iter().filter(|limit| limit.reserved).max_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    match (used, reserved) {
        (Some(used), Some(reserved)) if used.ratio() < RESERVED && reserved.ratio() >= 1.0 => Some(reserved),
        (used, _) => used,
    }
}

fn worst(limits: &[Limit], look: &AccountLook<'_>, rule: Rule) -> Option<Hit> {
    let fullest = fullest(limits)?;
    let ratio = fullest.ratio();
    let bound = look.bound(rule);
    let critical = bound.critical.map_or(look.thresholds.limit_critical, |(n, _)| n);
    let warning = bound.warning.map_or(look.thresholds.limit_warning, |(n, _)| n);
    let level = if ratio >= critical && !fullest.reserved {
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
    use crate::model::{Account, Catalog, Quota, Stream, Thresholds, Timestamp, Update};

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
        whole(Quota { storage: used, max_storage: max, ..Default::default() })
    }

    fn whole(whole: Quota) -> Account {
        Account { whole, ..Default::default() }
    }

    #[test]
    fn storage_that_is_nearly_used_up() {
        let disk = Quota { storage: 1, max_storage: Some(100), ..Default::default() };
        let defaults = Thresholds::default();
        for (account, wanted) in [
            (storage(10, None), None),
            (storage(79, Some(100)), None),
            (storage(80, Some(100)), Some(Level::Warning)),
            (storage(95, Some(100)), Some(Level::Critical)),
            (whole(Quota { memory: 90, max_memory: Some(100), ..disk.clone() }), Some(Level::Warning)),
            (whole(Quota { max_memory: Some(0), ..disk.clone() }), None),
            (whole(Quota { reserved_storage: 99, ..disk.clone() }), None),
            (whole(Quota { reserved_storage: 100, ..disk.clone() }), Some(Level::Warning)),
            (whole(Quota { reserved_storage: 100, storage: 96, ..disk.clone() }), Some(Level::Critical)),
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
        let of = |streams, max_streams, consumers, max_consumers| {
            whole(Quota { streams, consumers, max_streams, max_consumers, ..Default::default() })
        };
        let defaults = Thresholds::default();
        assert_eq!(judge(&[of(500, None, 9_000, None)], &defaults), []);
        assert_eq!(judge(&[of(5, Some(10), 10, Some(100))], &defaults), []);
        assert_eq!(judge(&[of(8, Some(10), 10, Some(100))], &defaults), [(Rule::AccountAssets, Level::Warning)]);
        assert_eq!(judge(&[of(1, Some(10), 100, Some(100))], &defaults), [], "no stream has that many");
    }

    #[test]
    fn consumers_are_limited_a_stream() {
        let mut catalog = Catalog::default();
        let quota = |max| Quota { max_consumers: Some(max), ..Default::default() };
        let tiers = [("R1".to_owned(), quota(10)), ("R3".to_owned(), quota(100))].into();
        let account = Account { tiers, ..Default::default() };
        catalog.apply(Update::Account(account, Timestamp::from_secs(1)));
        let mut put = |name: &str, replicas, consumers| {
            let mut stream = Stream { name: name.into(), ..Default::default() };
            (stream.config.replicas, stream.state.consumers) = (replicas, consumers);
            catalog.apply(Update::Stream(stream.into()));
            let thresholds = Thresholds::default();
            let look = AccountLook::new(&catalog, &thresholds).unwrap();
            book::account(&look).map(|(_, hit)| hit.level).collect::<Vec<_>>()
        };
        assert_eq!(put("copied", 3, 50), []);
        assert_eq!(put("a", 1, 7), []);
        assert_eq!(put("b", 1, 7), [], "each has its own");
        assert_eq!(put("b", 1, 10), [Level::Critical]);
    }

    #[test]
    fn one_tier_is_full_beside_one_that_is_empty() {
        let quota = |storage| Quota { storage, max_storage: Some(100), ..Default::default() };
        let tiers = [("R1".to_owned(), quota(92)), ("R3".to_owned(), quota(0))].into();
        let account = Account { whole: Quota { storage: 92, ..Default::default() }, tiers, ..Default::default() };
        assert_eq!(judge(&[account], &Thresholds::default()), [(Rule::AccountStorage, Level::Warning)]);
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
