//! A line of blocks: the last values of a series in one row of cells.

/// Eight heights and nothing.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The last `columns` values as blocks, scaled to the largest of them; zero is the lowest block, so that
/// "nothing came in" differs from "nothing is known".
pub fn spark(values: &[f64], columns: usize) -> String {
    let shown = &values[values.len().saturating_sub(columns)..];
    let most = shown.iter().copied().fold(0.0_f64, f64::max);
    let mut out = " ".repeat(columns - shown.len());
    for value in shown {
        let level = if most > 0.0 { (value / most * 7.0).round() as usize + 1 } else { 1 };
        out.push(BLOCKS[level.min(8)]);
    }
    out
}

/// The block that fills this share (0 to 1) of a cell.
pub fn block(share: f64) -> char {
    BLOCKS[(share.clamp(0.0, 1.0) * 8.0).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_to_the_largest() {
        assert_eq!(spark(&[], 3), "   ");
        assert_eq!(spark(&[0.0, 0.0], 3), " ▁▁");
        assert_eq!(spark(&[9.0, 0.0, 5.0, 10.0], 3), "▁▅█");
    }
}
