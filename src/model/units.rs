//! Numbers as people read them: counts, bytes, durations, rates. Fixed widths, no locale.

use std::time::Duration;

/// A count in at most five characters: `0`, `999`, `1.2k`, `45k`, `1.2M`, `3.4G`.
pub fn count(n: u64) -> String {
    scaled(n as f64, 1000.0, &["", "k", "M", "G", "T", "P", "E"])
}

/// A count with thousands separated by commas: `1,234,567`. For detail screens.
pub fn count_exact(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 message`, `1,234 messages`.
pub fn messages(n: u64) -> String {
    if n == 1 { "1 message".into() } else { format!("{} messages", count_exact(n)) }
}

/// `1 message was`, `1,234 messages were`.
pub fn messages_were(n: u64) -> String {
    format!("{} {}", messages(n), if n == 1 { "was" } else { "were" })
}

/// Bytes in binary units in at most six characters: `512B`, `1.2Ki`, `45Mi`, `3.4Gi`.
pub fn bytes(n: u64) -> String {
    if n < 1000 {
        return format!("{n}B");
    }
    scaled(n as f64, 1024.0, &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])
}

/// A rate per second in at most five characters: `0`, `0.2`, `12`, `1.2k`. `—` when unknown is the caller's.
pub fn rate(per_second: f64) -> String {
    if !per_second.is_finite() {
        return "?".into();
    }
    let size = per_second.abs();
    if size == 0.0 {
        "0".into()
    } else if size < 0.1 {
        "<0.1".into()
    } else if size < 9.95 {
        format!("{per_second:.1}")
    } else if size < 999.5 {
        format!("{per_second:.0}")
    } else {
        let sign = if per_second < 0.0 { "-" } else { "" };
        format!("{sign}{}", scaled(size, 1000.0, &["", "k", "M", "G", "T", "P", "E"]))
    }
}

/// A duration in its two largest units at most: `0s`, `850ms`, `42s`, `3m20s`, `5h02m`, `6d11h`, `3y40d`.
pub fn duration(d: Duration) -> String {
    let secs = d.as_secs();
    if secs == 0 {
        let ms = d.subsec_millis();
        return if ms == 0 { "0s".into() } else { format!("{ms}ms") };
    }
    let (minutes, hours, days) = (secs / 60, secs / 3600, secs / 86_400);
    if secs < 60 {
        format!("{secs}s")
    } else if minutes < 60 {
        pair(minutes, "m", secs % 60, "s")
    } else if hours < 48 {
        pair(hours, "h", minutes % 60, "m")
    } else if days < 365 {
        pair(days, "d", hours % 24, "h")
    } else {
        format!("{}y{}d", days / 365, days % 365)
    }
}

/// How long ago: `42s ago`, `just now`. In whole seconds.
pub fn ago(d: Duration) -> String {
    match d.as_secs() {
        0 => "just now".into(),
        secs => format!("{} ago", duration(Duration::from_secs(secs))),
    }
}

/// In how long something that comes is there: `42s`, `less than 1s`. What comes in no time at all would read as what is
/// there already.
pub fn soon(d: Duration) -> String {
    if d.as_secs() == 0 { "less than 1s".into() } else { duration(d) }
}

/// A duration in its largest unit alone, at most four characters: `42s`, `3m`, `5h`, `6d`, `3y`.
pub fn duration_short(d: Duration) -> String {
    let secs = d.as_secs();
    match secs {
        0 => "0s".into(),
        1..60 => format!("{secs}s"),
        60..3600 => format!("{}m", secs / 60),
        3600..172_800 => format!("{}h", secs / 3600),
        172_800..31_536_000 => format!("{}d", secs / 86_400),
        _ => format!("{}y", secs / 31_536_000),
    }
}

/// A ratio as a percentage: `0%`, `<1%`, `42%`, `99%`, `100%`; `99%` is never rounded up to `100%`.
pub fn percent(ratio: f64) -> String {
    if !ratio.is_finite() {
        return "?".into();
    }
    let p = ratio * 100.0;
    if p <= 0.0 {
        "0%".into()
    } else if p < 1.0 {
        "<1%".into()
    } else {
        format!("{}%", p.floor())
    }
}

fn pair(big: u64, big_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 { format!("{big}{big_unit}") } else { format!("{big}{big_unit}{small:02}{small_unit}") }
}

fn scaled(n: f64, base: f64, units: &[&str]) -> String {
    let mut value = n;
    let mut unit = 0;
    // 999.5 would print as 1000, so it already moves to the next unit.
    while value >= 999.5 && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    if unit == 0 {
        format!("{value:.0}")
    } else if value < 9.95 {
        format!("{value:.1}{}", units[unit])
    } else {
        format!("{value:.0}{}", units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_in_0s_or_0s_ago() {
        let ms = Duration::from_millis;
        assert_eq!([ago(ms(0)), ago(ms(999)), ago(ms(61_400))], ["just now", "just now", "1m01s ago"]);
        assert_eq!([soon(ms(0)), soon(ms(400)), soon(ms(5_000))], ["less than 1s", "less than 1s", "5s"]);
    }

    #[test]
    fn counts() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.0k"),
            (1234, "1.2k"),
            (99_950, "100k"),
            (999_499, "999k"),
            (999_500, "1.0M"),
            (u64::MAX, "18E"),
        ] {
            assert_eq!(count(n), text, "{n}");
        }
        assert_eq!(count_exact(0), "0");
        assert_eq!(count_exact(1_234_567), "1,234,567");
        assert_eq!(count_exact(123), "123");
    }

    #[test]
    fn byte_sizes() {
        for (n, text) in [(0, "0B"), (999, "999B"), (1024, "1.0Ki"), (1 << 30, "1.0Gi"), (1023 * 1024, "1.0Mi")] {
            assert_eq!(bytes(n), text, "{n}");
        }
    }

    #[test]
    fn durations() {
        for (ms, text) in [
            (0, "0s"),
            (850, "850ms"),
            (42_000, "42s"),
            (200_000, "3m20s"),
            (180_000, "3m"),
            (18_120_000, "5h02m"),
            (559_000_000, "6d11h"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), text, "{ms}");
        }
    }

    #[test]
    fn rates_and_percentages() {
        assert_eq!(rate(0.0), "0");
        assert_eq!(rate(0.01), "<0.1");
        assert_eq!(rate(12.4), "12");
        assert_eq!(rate(1234.0), "1.2k");
        assert_eq!(percent(0.999), "99%");
        assert_eq!(percent(0.001), "<1%");
        assert_eq!(percent(f64::NAN), "?");
    }
}
