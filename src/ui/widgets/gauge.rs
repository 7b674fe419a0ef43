//! A bar that shows how much of a limit is used.

/// A bar of this many columns, filled to this ratio (0 to 1).
pub fn gauge(ratio: f64, columns: usize) -> String {
    let full = ratio.clamp(0.0, 1.0) * columns as f64;
    let whole = full.floor() as usize;
    let mut out = "█".repeat(whole);
    if whole < columns {
        // Eighths from the left.
        out.push(['·', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][((full - whole as f64) * 8.0) as usize % 8]);
        out.push_str(&"·".repeat(columns - whole - 1));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_by_eighths() {
        assert_eq!(gauge(0.0, 4), "····");
        assert_eq!(gauge(0.5, 4), "██··");
        assert_eq!(gauge(0.625, 4), "██▌·");
        assert_eq!(gauge(2.0, 4), "████");
    }
}
