//! Regimes, the order of matrices and rolling correlations, out of their arguments.

use factor_analytics::{
    regime::Regime,
    report::{Granularity, RollingPlan},
};
use factor_types::{Category, FactorUniverse, Maturity, Ticker};

use super::Reader;
use crate::{
    analysis::UserGroups,
    arguments::{Choices, nearest},
    services::analysis::{
        choices::MatrixOrder,
        sections::{Section, SectionSet},
    },
};

/// Window lengths in periods when none are named.
const WINDOWS: [usize; 3] = [12, 24, 36];

/// Most pairs of which whole series are given.
const MOST_PAIRS: usize = 5;

impl Reader<'_> {
    /// The rows to look at; `None` for all.
    pub(super) fn regime(&self) -> Option<Regime> {
        let read = |text: String| match text.to_ascii_lowercase().as_str() {
            "all" => None,
            name => name
                .parse()
                .map_err(|hint| self.args.refuse("regime", "is neither a regime nor a span of dates", hint))
                .ok(),
        };
        self.args.string("regime").and_then(read)
    }

    /// True when matrices stand in the order of their clusters.
    pub(super) fn clustered(&self) -> bool {
        self.advanced.choice("order", Choices::of::<MatrixOrder>()) == Some(MatrixOrder::Cluster)
    }

    /// Windows and pairs of rolling correlations; the matrices are the caller's to add. Read whether wanted or not, so
    /// that a mistake in them is reported.
    pub(super) fn rolling(
        &self,
        (universe, groups): (&FactorUniverse, &UserGroups),
        benchmark: &Ticker,
        granularity: Granularity,
        sections: &SectionSet,
        notes: &mut Vec<String>,
    ) -> Option<RollingPlan> {
        let mut windows: Vec<usize> = Vec::new();
        for window in self.advanced.integers("rolling_windows", 6..=120).unwrap_or_default() {
            windows.extend(usize::try_from(window));
        }
        windows.sort_unstable();
        windows.dedup();
        let pairs = self.pairs((universe, groups), benchmark, granularity);
        for name in ["rolling_windows", "rolling_pairs"] {
            if self.advanced.has(name) && !sections.could(Section::Rolling) {
                notes.push(format!("{name} is ignored; set include_rolling_summaries: true"));
            }
        }
        let windows = if windows.is_empty() { WINDOWS.to_vec() } else { windows };
        sections.has(Section::Rolling).then(|| RollingPlan { matrices: Vec::new(), windows, pairs })
    }

    fn pairs(
        &self,
        (universe, groups): (&FactorUniverse, &UserGroups),
        benchmark: &Ticker,
        granularity: Granularity,
    ) -> Vec<(String, String)> {
        let factors = universe.factors();
        let benchmarks = self.advanced.strings("market_benchmarks").unwrap_or_default();
        let industries = factors.iter().filter(|factor| factor.category == Category::Industry);
        let mut known: Vec<String> = factors.iter().map(|factor| factor.ticker.to_string()).collect();
        known.extend(
            std::iter::once(benchmark.to_string()).chain(benchmarks.iter().map(|name| name.to_ascii_uppercase())),
        );
        known.extend(groups.factors().map(|group| group.ticker.to_string()));
        known.extend(Maturity::ALL.iter().map(ToString::to_string));
        known.extend(industries.filter_map(|factor| granularity.group_of(factor)).map(str::to_owned));
        let find = |name: &str| {
            let name = name.trim();
            known.iter().find(|known| known.eq_ignore_ascii_case(name)).cloned().ok_or_else(|| {
                let near = nearest(name, known.iter().map(String::as_str));
                let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                format!("`{name}` is no factor, industry group, benchmark or maturity of this call{near}")
            })
        };
        let pair = |text: &str| {
            let (a, b) = text.split_once('/').ok_or_else(|| "write two names as XLF/TLT".to_owned())?;
            let (a, b) = (find(a)?, find(b)?);
            if a == b { Err("the two names are the same".to_owned()) } else { Ok((a, b)) }
        };
        let mut pairs = self.advanced.list_of("rolling_pairs", pair).unwrap_or_default();
        let mut seen = std::collections::HashSet::new();
        pairs.retain(|pair| seen.insert(pair.clone()));
        if pairs.len() > MOST_PAIRS {
            self.advanced.must("rolling_pairs", format_args!("name at most {MOST_PAIRS} pairs"));
        }
        pairs
    }
}
