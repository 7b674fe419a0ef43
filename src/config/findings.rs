//! What the configuration says of findings: thresholds of single rules, and what is not told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::rule::{Rule, Unit};
use crate::model::thresholds::{Allowed, Silence, Target, Threshold};
use crate::query::nearest;

use super::file::duration;

/// A threshold of one rule. Thresholds in the metadata of a stream or consumer (`io.nats.monitor.*`) come first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdEntry {
    /// The rule's name, such as `consumer-pending`.
    pub rule: String,
    /// Streams, such as `orders-*`; all when left out.
    pub stream: Option<String>,
    /// Consumers, such as `test-*`; all when left out.
    pub consumer: Option<String>,
    /// From here on it is a warning.
    pub warning: Option<Bound>,
    /// From here on it is critical.
    pub critical: Option<Bound>,
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Bound {
    /// A number, or a ratio from 0 to 1.
    Number(f64),
    /// A duration such as `5m`.
    Span(String),
}

/// So many outstanding are as good as none: who acks many at once always has some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowedEntry {
    /// Streams, such as `orders-*`; all when left out.
    pub stream: Option<String>,
    /// Consumers, such as `bulk-*`; all when left out.
    pub consumer: Option<String>,
    /// Messages that are not delivered or not acked.
    pub outstanding: u64,
}

impl AllowedEntry {
    /// What it means.
    pub fn read(&self) -> Allowed {
        let target = Target { stream: self.stream.clone(), consumer: self.consumer.clone() };
        Allowed { target, outstanding: self.outstanding }
    }
}

/// Something that is not told: it is counted, and shown where it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SilenceEntry {
    /// The rule's name, such as `stream-no-limits`; all rules when left out.
    pub rule: Option<String>,
    /// Streams, such as `scratch-*`; all when left out.
    pub stream: Option<String>,
    /// Consumers, such as `test-*`; streams and consumers when left out.
    pub consumer: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

impl ThresholdEntry {
    /// What it means, or what is wrong with it.
    pub fn read(&self) -> Result<Threshold, String> {
        let rule = rule(&self.rule)?;
        let Some(unit) = rule.unit() else {
            let with = Rule::ALL.iter().filter(|r| r.unit().is_some()).map(|r| r.name()).collect::<Vec<_>>().join(", ");
            return Err(format!("{rule} has no threshold; these have: {with}"));
        };
        let bound = |of: &Option<Bound>| of.as_ref().map(|of| of.read(unit)).transpose();
        let read = || -> Result<Threshold, String> {
            Ok(Threshold {
                rule,
                target: Target { stream: self.stream.clone(), consumer: self.consumer.clone() },
                warning: bound(&self.warning)?,
                critical: bound(&self.critical)?,
            })
        };
        match read() {
            Ok(Threshold { warning: None, critical: None, .. }) => {
                Err(format!("{rule}: it should have a warning or a critical value"))
            }
            other => other.map_err(|reason| format!("{rule}: {reason}")),
        }
    }
}

impl Bound {
    fn read(&self, unit: Unit) -> Result<f64, String> {
        match (self, unit) {
            (Self::Number(n), Unit::Count) if *n >= 0.0 => Ok(*n),
            (Self::Number(n), Unit::Ratio) if (0.0..=1.0).contains(n) => Ok(*n),
            (Self::Span(text), Unit::Span) => duration(text).map(|d| d.as_secs_f64()),
            (_, Unit::Count) => Err("the value should be a number".into()),
            (_, Unit::Ratio) => Err("the value should be a ratio from 0 to 1".into()),
            (_, Unit::Span) => Err("the value should be a duration such as \"5m\"".into()),
        }
    }
}

impl SilenceEntry {
    /// What it means, or what is wrong with it.
    pub fn read(&self) -> Result<Silence, String> {
        if self.rule.is_none() && self.stream.is_none() && self.consumer.is_none() {
            return Err("it should name a rule, a stream or a consumer; as it is it would silence everything".into());
        }
        Ok(Silence {
            rule: self.rule.as_deref().map(rule).transpose()?,
            target: Target { stream: self.stream.clone(), consumer: self.consumer.clone() },
            reason: self.reason.clone(),
        })
    }
}

/// The rule of this name, or the sentence that names the nearest.
pub fn rule(name: &str) -> Result<Rule, String> {
    Rule::from_name(name).ok_or_else(|| {
        let near = nearest(name, Rule::names()).map(|n| format!("; did you mean {n:?}?")).unwrap_or_default();
        format!("no rule is called {name:?}{near}")
    })
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn thresholds_and_silences_are_read() {
        let config = Config::parse(
            r#"
            [[threshold]]
            rule = "consumer-pending"
            stream = "orders-*"
            warning = 1000
            critical = 10_000
            [[threshold]]
            rule = "consumer-last-ack"
            critical = "5m"
            [[silence]]
            rule = "stream-no-limits"
            stream = "shop"
            reason = "kept for ever"
            [[silence]]
            consumer = "test-*"
            [[allowed]]
            consumer = "bulk-*"
            outstanding = 50
            "#,
        )
        .unwrap();
        let thresholds = config.thresholds().unwrap();
        assert_eq!((thresholds.rules[0].warning, thresholds.rules[0].critical), (Some(1000.0), Some(10_000.0)));
        assert_eq!((thresholds.rules[1].warning, thresholds.rules[1].critical), (None, Some(300.0)));
        assert_eq!(thresholds.silences[0].rule, Some(Rule::StreamNoLimits));
        assert_eq!(thresholds.silences[0].reason.as_deref(), Some("kept for ever"));
        assert_eq!((thresholds.silences[1].rule, thresholds.silences.len()), (None, 2));
        assert_eq!((thresholds.allowed("orders", "bulk-1"), thresholds.allowed("orders", "c")), (50, 0));
        assert_eq!(Config::parse(&toml::to_string(&config).unwrap()).unwrap(), config);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, parts) in [
            ("[[silence]]\nrule = \"stream-no-limit\"", &["silence", "did you mean \"stream-no-limits\""][..]),
            ("[[silence]]\nreason = \"so\"", &["would silence everything"]),
            ("[[silence]]\nstreams = \"a\"", &["streams"]),
            ("[[allowed]]\nstream = \"a\"", &["outstanding"]),
            ("[[allowed]]\noutstanding = -1", &["outstanding"]),
            ("[[threshold]]\nrule = \"consumer-pendin\"\ncritical = 1", &["threshold", "consumer-pending"]),
            ("[[threshold]]\nrule = \"stream-no-limits\"\ncritical = 1", &["has no threshold", "consumer-pending"]),
            ("[[threshold]]\nrule = \"consumer-pending\"", &["a warning or a critical value"]),
            ("[[threshold]]\nrule = \"consumer-pending\"\ncritical = \"5m\"", &["a number"]),
            ("[[threshold]]\nrule = \"consumer-last-ack\"\ncritical = 5", &["a duration"]),
            ("[[threshold]]\nrule = \"consumer-last-ack\"\ncritical = \"soon\"", &["duration"]),
            ("[[threshold]]\nrule = \"stream-nearly-full\"\nwarning = 80", &["ratio"]),
        ] {
            let error = Config::parse(text).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }
}
