//! What rules compare with.

/// What rules compare with. Ratios are 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// A stream this full is a warning.
    pub limit_warning: f64,
    /// A stream this full that refuses new messages is critical.
    pub limit_critical: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { limit_warning: 0.8, limit_critical: 0.95 }
    }
}
