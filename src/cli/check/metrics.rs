//! The text form of metrics that Prometheus and the node exporter's textfile collector read (version 0.0.4).

use std::fmt::Write as _;

/// Metrics, one below the other. All are gauges.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    text: String,
}

impl Metrics {
    /// A gauge with its series: labels and value each. One without series is left out.
    pub(super) fn gauge<'a, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = ([(&'a str, &'a str); N], f64)>,
    ) {
        let mut series = series.into_iter().peekable();
        if series.peek().is_none() {
            return;
        }
        let _ = writeln!(self.text, "# HELP {name} {}", escaped(help, false));
        let _ = writeln!(self.text, "# TYPE {name} gauge");
        for (labels, value) in series {
            self.text.push_str(name);
            for (i, (label, text)) in labels.iter().enumerate() {
                let _ = write!(self.text, "{}{label}=\"{}\"", if i == 0 { '{' } else { ',' }, escaped(text, true));
            }
            if N > 0 {
                self.text.push('}');
            }
            let _ = writeln!(self.text, " {}", number(value));
        }
    }

    /// A gauge without labels.
    pub(super) fn plain(&mut self, name: &str, help: &str, value: f64) {
        self.gauge(name, help, [([("", ""); 0], value)]);
    }

    /// The text.
    pub(super) fn text(self) -> String {
        self.text
    }
}

/// A help text or the value of a label: backslashes and line breaks are escaped, and in a label quotes too. Other
/// characters that act on a terminal are replaced, since these files are looked at as well.
fn escaped(text: &str, label: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if label => out.push_str("\\\""),
            c if crate::event::is_harmless(c) => out.push(c),
            _ => out.push('\u{fffd}'),
        }
    }
    out
}

/// A number as Go reads it.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".into() } else { "-Inf".into() }
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_have_help_type_and_escaped_labels() {
        let mut metrics = Metrics::default();
        metrics.plain("up", "It is up.\nOr not \\ so.", 1.0);
        metrics.gauge(
            "n",
            "How many.",
            [([("a", "x\"y\\z\n\u{1b}[31m"), ("b", "é")], 2.5), ([("a", ""), ("b", "")], 1e300)],
        );
        metrics.gauge("none", "Nothing.", Vec::<([(&str, &str); 1], f64)>::new());
        let text = metrics.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..5],
            [
                "# HELP up It is up.\\nOr not \\\\ so.",
                "# TYPE up gauge",
                "up 1",
                "# HELP n How many.",
                "# TYPE n gauge"
            ]
        );
        assert_eq!(lines[5], "n{a=\"x\\\"y\\\\z\\n\u{fffd}[31m\",b=\"é\"} 2.5");
        assert!(lines[6].starts_with("n{a=\"\",b=\"\"} 1") && lines.len() == 7, "{text}");
        assert_eq!([number(f64::NAN), number(f64::INFINITY), number(-0.5)], ["NaN", "+Inf", "-0.5"]);
    }
}
