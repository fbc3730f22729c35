//! The one word on how far an answer's data can be trusted.

use schemars::JsonSchema;
use serde::Serialize;

/// From the worst to the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Score {
    Poor,
    Fair,
    Good,
    Excellent,
}

/// A smaller share than this of what a call named, and its answer is not to what was asked.
const ENOUGH_OF_THE_NAMED: f64 = 0.8;

/// What a score is taken from.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Findings {
    /// Returns present, in percent of rows x factors.
    pub(super) coverage_pct: f64,
    /// Factors excluded.
    pub(super) excluded: usize,
    /// Tickers that the call named, and how many of them could not be analysed.
    pub(super) named: usize,
    pub(super) not_analysed: usize,
    /// Analysed factors that stopped before the window's end, lack periods inside their history or lost members; series that
    /// were refused.
    pub(super) broken: usize,
    /// What is doubtful in prices and yields.
    pub(super) doubts: Doubts,
}

/// How far what came in is doubtful.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Doubts {
    /// Nothing.
    #[default]
    None,
    /// Something that was looked at: a misprint outside the window, a month that ends early, yields in another unit.
    Some,
    /// A misprint within the window, of what is shown.
    InTheFigures,
}

impl Score {
    /// `excellent` from 90% with fewer than 2 excluded, `good` from 75% with fewer than 5, `fair` from 60%, else `poor`.
    /// At most `good` with factors that stopped, have holes or lost members, and with series refused as no prices, `fair` with doubtful prices or yields, `poor` with a misprint in
    /// the figures; `poor` where under 80% of the tickers named could be analysed.
    pub(super) fn of(found: Findings) -> Self {
        let of_coverage = match found.coverage_pct {
            90.0.. if found.excluded < 2 => Self::Excellent,
            75.0.. if found.excluded < 5 => Self::Good,
            60.0.. => Self::Fair,
            _ => Self::Poor,
        };
        let of_prices = match found.doubts {
            Doubts::None if found.broken == 0 => Self::Excellent,
            Doubts::None => Self::Good,
            Doubts::Some => Self::Fair,
            Doubts::InTheFigures => Self::Poor,
        };
        let analysed = found.named.saturating_sub(found.not_analysed);
        let enough = analysed as f64 >= ENOUGH_OF_THE_NAMED * found.named as f64 - 1e-9;
        let of_the_named = if enough { Self::Excellent } else { Self::Poor };
        of_coverage.min(of_prices).min(of_the_named)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Poor => "poor",
            Self::Fair => "fair",
            Self::Good => "good",
            Self::Excellent => "excellent",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_falls_with_coverage_and_with_each_bound_of_exclusions() {
        let scores =
            [(100.0, 0), (90.0, 1), (90.0, 2), (89.9, 0), (75.0, 4), (75.0, 5), (60.0, 50), (59.9, 0), (0.0, 0)];
        let expected = ["excellent", "excellent", "good", "good", "good", "fair", "fair", "poor", "poor"];
        let score = |(coverage_pct, excluded)| Score::of(Findings { coverage_pct, excluded, ..Findings::default() });
        assert_eq!(scores.map(|found| score(found).as_str()), expected);
    }

    #[test]
    fn findings_cap_the_score() {
        let whole = Findings { coverage_pct: 100.0, ..Findings::default() };
        assert_eq!(Score::of(Findings { broken: 1, ..whole }), Score::Good);
        assert_eq!(Score::of(Findings { broken: 1, doubts: Doubts::Some, ..whole }), Score::Fair);
        assert_eq!(Score::of(Findings { doubts: Doubts::Some, ..whole }), Score::Fair);
        assert_eq!(Score::of(Findings { doubts: Doubts::InTheFigures, ..whole }), Score::Poor);
        assert_eq!(
            Score::of(Findings { doubts: Doubts::Some, coverage_pct: 10.0, ..whole }),
            Score::Poor,
            "never raised"
        );
        // Four of five are 80%, seven of nine under it.
        assert_eq!(Score::of(Findings { named: 5, not_analysed: 1, ..whole }), Score::Excellent);
        assert_eq!(Score::of(Findings { named: 9, not_analysed: 2, ..whole }), Score::Poor);
        assert_eq!(Score::of(Findings { named: 1, not_analysed: 1, ..whole }), Score::Poor);
    }
}
