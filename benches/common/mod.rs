//! What the benches share: when they run in full, medians, and the table that they print.
//!
//! Machines differ and are busy with other things, so figures stand beside a ceiling that was measured in the
//! same run, and the ratio of the two is what may be compared. Nothing is asserted.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a bench ends with.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Whether this is `cargo bench`. `cargo test --all-targets` runs the benches too: then small and once, to
/// see that they still work.
pub(crate) fn in_full() -> bool {
    std::env::args().any(|a| a == "--bench")
}

/// The value below which this share of the samples lies; 0.5 is the median.
pub(crate) fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * (sorted.len().saturating_sub(1)) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Lines of figures, in columns.
pub(crate) struct Figures {
    rows: Vec<Vec<String>>,
}

impl Figures {
    /// A table with these headings; the first column is text.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|&h| h.to_owned()).collect()] }
    }

    /// One line.
    pub(crate) fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.to_vec());
    }

    /// Prints it under a title.
    pub(crate) fn print(&self, title: &str) -> Outcome {
        let width = |column: usize| {
            self.rows.iter().filter_map(|r| r.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let mut out = format!("\n{title}\n");
        for row in &self.rows {
            for (i, cell) in row.iter().enumerate() {
                let wide = width(i);
                let _ = if i == 0 { write!(out, "  {cell:<wide$}") } else { write!(out, "  {cell:>wide$}") };
            }
            out.push('\n');
        }
        io::stdout().lock().write_all(out.as_bytes())?;
        Ok(())
    }
}
