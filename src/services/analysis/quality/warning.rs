//! What has to be known before an answer's figures are used, put into words last.

use std::fmt::{self, Display};

use chrono::NaiveDate;
use factor_analytics::{
    inference::TestCounts,
    panel::{LeftOut, WhyLeftOut},
    regime::Regime,
};
use factor_types::Ticker;
use serde::{Serialize, Serializer};

use super::rates::RateWarning;

use crate::{analysis::failure_runs::STALE_AFTER, services::holdings_warning};

/// Tickers that a list names before it counts the others.
const NAMED: usize = 12;

/// A warning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Warning {
    /// Factors that have failed day after day.
    LongWithoutPrices(Vec<Ticker>),
    /// The prices are made up.
    Simulated,
    /// The month or week that the end names is not in; the newest that is has this label.
    LeftOut { left_out: LeftOut, end: NaiveDate, newest: Option<NaiveDate> },
    /// The source has no newer prices.
    Stale { newest: NaiveDate, days: i64 },
    /// A ticker that is priced next to the universe (a benchmark, a holding) has no prices.
    NotPriced { ticker: Ticker, why: String },
    /// What is wrong with yields and the risk-free rate.
    Rates(RateWarning),
    /// Composites are weighted by what is known only now.
    LookAhead { as_of: Option<NaiveDate>, without_cap: Vec<Ticker> },
    /// So many monthly returns in all.
    FewMonths(usize),
    /// Pairs with a p-value on fewer rows than `under`.
    FewRows { pairs: usize, few: usize, under: usize, fewest: usize },
    /// So many p-values at once that some are small by chance.
    ManyTests { tests: TestCounts, matrices: usize },
    /// Columns that complete periods cannot have.
    ShortHistories { matrix: String, floor: usize, dropped: Vec<String> },
    /// Exponential weights count fewer periods than a correlation needs.
    TooQuickDecay { half_life: f64, heaviest: f64, floor: usize },
    /// A regime of few periods.
    SmallRegime { regime: Regime, rows: usize },
    /// Pairs that have few of a regime's periods.
    FewRowsInRegime { regime: Regime, few: usize, all: usize, under: usize },
    /// Factors, in the order of their tickers, that start after the window.
    LateStarters(Vec<String>),
    /// Factors that end before the window, with their last return.
    Stopped(Vec<(Ticker, NaiveDate)>),
    /// The first return, long after the window's start.
    PricesBeginLate(NaiveDate),
    /// Sections that the time budget left no room for.
    OutOfTime(Vec<String>),
    /// What the price source says of its prices.
    Source(String),
    /// What is wrong with the universe's files.
    Universe(String),
    /// Why the caller's groups are left out.
    Groups(String),
    /// What is to be known of a portfolio.
    Portfolio(holdings_warning::Warning),
}

impl Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LongWithoutPrices(tickers) => {
                let named: Vec<&str> = tickers.iter().map(Ticker::as_str).collect();
                write!(f, "no prices on {STALE_AFTER} days or more, look for a replacement: {}", named.join(", "))
            }
            Self::Simulated => {
                f.write_str("prices are simulated, no market's; set FMP_API_KEY or FACTOR_PRICE_FILES for real ones")
            }
            Self::LeftOut { left_out, end, newest } => is_left_out(f, left_out, *end, *newest),
            Self::Stale { newest, days } => {
                write!(f, "stale: the source's newest price is of {newest}, {days} days ago")
            }
            Self::NotPriced { ticker, why } => write!(f, "figures relative to {ticker} are null: {why}"),
            Self::Rates(warning) => warning.fmt(f),
            Self::LookAhead { as_of, without_cap } => look_ahead(f, *as_of, without_cap),
            Self::FewMonths(rows) => {
                write!(f, "small sample: {rows} months; correlations and ratios are unsure")
            }
            Self::FewRows { pairs, few, under, fewest } => write!(
                f,
                "{few} of {pairs} pairs rest on fewer than {under} periods (the fewest: {fewest}); their intervals are wide and their p-values say little"
            ),
            Self::ManyTests { tests, matrices } => many_tests(f, tests, *matrices),
            Self::ShortHistories { matrix, floor, dropped } => write!(
                f,
                "{matrix}: ledoit_wolf takes complete periods only; left out for their short history, so that {floor} are complete: {}",
                dropped.join(", ")
            ),
            Self::TooQuickDecay { half_life, heaviest, floor } => write!(
                f,
                "with half_life {half_life} at most {heaviest:.1} periods count (n_eff), under min_observations {floor}: every correlation is null; raise half_life or lower min_observations"
            ),
            Self::SmallRegime { regime, rows } => {
                write!(f, "small sample: regime {regime} has {rows} periods; its correlations are unsure")
            }
            Self::FewRowsInRegime { regime, few, all, under } => write!(
                f,
                "small sample: within regime {regime} {few} of {all} pairs rest on fewer than {under} periods"
            ),
            Self::LateStarters(tickers) => late_starters(f, tickers),
            Self::Stopped(ended) => {
                let named: Vec<String> = ended.iter().map(|(ticker, last)| format!("{ticker} ({last})")).collect();
                write!(f, "stopped before the window's end, last return in brackets: {}", named.join(", "))
            }
            Self::PricesBeginLate(first) => {
                write!(f, "prices begin after start_date: the first return is of {first}")
            }
            Self::OutOfTime(sections) => write!(f, "not computed for want of time: {}", sections.join(", ")),
            Self::Source(said) => f.write_str(said),
            Self::Universe(problem) => write!(f, "factor universe: {problem}"),
            Self::Groups(why) => write!(f, "your factor groups are left out: {why}"),
            Self::Portfolio(warning) => warning.fmt(f),
        }
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn is_left_out(
    f: &mut fmt::Formatter<'_>,
    left_out: &LeftOut,
    end: NaiveDate,
    newest: Option<NaiveDate>,
) -> fmt::Result {
    let LeftOut { period, last_day, why } = left_out;
    let named = if period.is_week() {
        format!("the week to {}", period.label)
    } else {
        period.label.format("%B %Y").to_string()
    };
    write!(f, "{named} is left out: its last trading day is {last_day}, ")?;
    match why {
        WhyLeftOut::EndsBeforeIt => write!(f, "after end_date {end}")?,
        WhyLeftOut::NotWhole { newest } => write!(f, "and the source's newest price is of {newest}")?,
    }
    match newest {
        Some(label) => write!(f, "; the newest period here is that of {label}, frequency daily goes on"),
        None => Ok(()),
    }
}

fn look_ahead(f: &mut fmt::Formatter<'_>, as_of: Option<NaiveDate>, without_cap: &[Ticker]) -> fmt::Result {
    f.write_str("look-ahead: composites weight their whole history by market caps")?;
    if let Some(date) = as_of {
        write!(f, " of {date}")?;
    }
    if without_cap.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = without_cap.iter().map(Ticker::as_str).collect();
    write!(f, "; without a cap: {}", named.join(", "))
}

fn many_tests(f: &mut fmt::Formatter<'_>, tests: &TestCounts, matrices: usize) -> fmt::Result {
    write!(f, "{} pairs ", tests.pairs)?;
    match matrices {
        1 => f.write_str("in one matrix")?,
        count => write!(f, "in {count} matrices")?,
    }
    write!(
        f,
        " were tested at once: were all unrelated, about {:.0} would have p under 0.05 by chance; {} have, and {} after adjusting for the number of pairs of each matrix (p_adjusted)",
        tests.expected_by_chance(),
        tests.significant,
        tests.after_adjustment
    )
}

fn late_starters(f: &mut fmt::Formatter<'_>, tickers: &[String]) -> fmt::Result {
    let named = &tickers[..tickers.len().min(NAMED)];
    write!(f, "partial history, starting after the window: {}", named.join(", "))?;
    match tickers.len() - named.len() {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}
