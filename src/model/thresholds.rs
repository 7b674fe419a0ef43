//! What rules compare with, and what is not to be told.

use super::glob::fits;
use super::rule::Rule;

/// What rules compare with, and what is not to be told. Ratios are 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// A stream this full is a warning.
    pub limit_warning: f64,
    /// A stream this full that refuses new messages is critical.
    pub limit_critical: f64,
    /// Thresholds of single rules; for each the first that fits counts.
    pub rules: Vec<Threshold>,
    /// What is not told.
    pub silences: Vec<Silence>,
    /// How much may be outstanding; for each consumer the first that fits counts.
    pub allowed: Vec<Allowed>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { limit_warning: 0.8, limit_critical: 0.95, rules: Vec::new(), silences: Vec::new(), allowed: Vec::new() }
    }
}

/// Which streams and consumers something is said of; `None` is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// A pattern of streams.
    pub stream: Option<String>,
    /// A pattern of consumers. Where there is one, streams and the account are not meant.
    pub consumer: Option<String>,
}

impl Target {
    /// Whether this stream (or this consumer of it, or the account) is meant.
    pub fn fits(&self, stream: Option<&str>, consumer: Option<&str>) -> bool {
        let one = |pattern: &Option<String>, name: Option<&str>| {
            pattern.as_ref().is_none_or(|pattern| name.is_some_and(|name| fits(pattern, name)))
        };
        one(&self.stream, stream) && one(&self.consumer, consumer)
    }
}

/// The threshold of one rule, in the rule's unit (seconds for spans).
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The rule.
    pub rule: Rule,
    /// Where it holds.
    pub target: Target,
    /// From here on it is a warning.
    pub warning: Option<f64>,
    /// From here on it is critical.
    pub critical: Option<f64>,
}

/// So much is as good as nothing outstanding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Of these consumers.
    pub target: Target,
    /// Messages.
    pub outstanding: u64,
}

/// Something that is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Only this rule; `None` is all.
    pub rule: Option<Rule>,
    /// Where.
    pub target: Target,
    /// Why, in the words of whoever decided it.
    pub reason: Option<String>,
}

impl Thresholds {
    /// The silence that this falls under, if any.
    pub fn silence(&self, rule: Rule, stream: Option<&str>, consumer: Option<&str>) -> Option<&Silence> {
        self.silences
            .iter()
            .find(|silence| silence.rule.is_none_or(|of| of == rule) && silence.target.fits(stream, consumer))
    }

    /// How many messages of a consumer may be outstanding; 0 where nothing is configured.
    pub fn allowed(&self, stream: &str, consumer: &str) -> u64 {
        let of = self.allowed.iter().find(|of| of.target.fits(Some(stream), Some(consumer)));
        of.map_or(0, |of| of.outstanding)
    }

    /// What is configured for a rule here.
    pub fn of(&self, rule: Rule, stream: Option<&str>, consumer: Option<&str>) -> Option<&Threshold> {
        self.rules.iter().find(|t| t.rule == rule && t.target.fits(stream, consumer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(stream: Option<&str>, consumer: Option<&str>) -> Target {
        Target { stream: stream.map(str::to_owned), consumer: consumer.map(str::to_owned) }
    }

    #[test]
    fn targets_mean_what_their_patterns_say() {
        let all = target(None, None);
        assert!(all.fits(None, None) && all.fits(Some("s"), None) && all.fits(Some("s"), Some("c")));
        let orders = target(Some("orders*"), None);
        assert!(orders.fits(Some("orders-eu"), Some("c")) && orders.fits(Some("orders"), None));
        assert!(!orders.fits(Some("mail"), None) && !orders.fits(None, None));
        let tests = target(None, Some("test-*"));
        assert!(tests.fits(Some("s"), Some("test-1")));
        assert!(!tests.fits(Some("s"), None) && !tests.fits(Some("s"), Some("c")));
    }

    #[test]
    fn silences_are_of_one_rule_or_of_all() {
        let thresholds = Thresholds {
            silences: vec![
                Silence { rule: Some(Rule::StreamNoLimits), target: target(Some("shop"), None), reason: None },
                Silence { rule: None, target: target(Some("scratch*"), None), reason: Some("tests".into()) },
            ],
            ..Default::default()
        };
        assert!(thresholds.silence(Rule::StreamNoLimits, Some("shop"), None).is_some());
        assert!(thresholds.silence(Rule::StreamMemory, Some("shop"), None).is_none());
        assert!(thresholds.silence(Rule::ConsumerStalled, Some("scratch-1"), Some("c")).is_some());
        assert!(thresholds.silence(Rule::AccountErrors, None, None).is_none());
    }

    #[test]
    fn what_is_allowed_is_of_the_first_that_fits() {
        let of = |consumer, outstanding| Allowed { target: target(Some("orders*"), consumer), outstanding };
        let thresholds = Thresholds { allowed: vec![of(Some("bulk"), 50), of(None, 5)], ..Default::default() };
        let allowed = |stream, consumer| thresholds.allowed(stream, consumer);
        assert_eq!((allowed("orders", "bulk"), allowed("orders", "c"), allowed("mail", "bulk")), (50, 5, 0));
    }

    #[test]
    fn the_first_threshold_that_fits_counts() {
        let of = |stream, critical| Threshold {
            rule: Rule::ConsumerPending,
            target: target(stream, None),
            warning: None,
            critical: Some(critical),
        };
        let thresholds = Thresholds { rules: vec![of(Some("orders"), 10.0), of(None, 99.0)], ..Default::default() };
        let critical = |stream| thresholds.of(Rule::ConsumerPending, Some(stream), Some("c")).and_then(|t| t.critical);
        assert_eq!((critical("orders"), critical("mail")), (Some(10.0), Some(99.0)));
        assert!(thresholds.of(Rule::ConsumerWaiting, Some("orders"), None).is_none());
    }
}
