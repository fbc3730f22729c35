//! What has to be known before an answer's figures are used, put into words last.

use std::fmt::{self, Display};

use chrono::NaiveDate;
use factor_analytics::{
    inference::TestCounts,
    panel::{LeftOut, WhyLeftOut},
    regime::Regime,
    sections::windows::{CALENDAR_FORMS, ReturnWindow},
};
use factor_types::{Frequency, Ticker};

use super::{came_in::Doubt, rates::RateWarning};
use crate::{
    analysis::failure_runs::STALE_AFTER,
    answer::{markdown::percent, shortened},
    services::holdings_warning,
};

/// Tickers that a list names before it counts the others.
const NAMED: usize = 12;

/// The longest name of a window that is none, in characters.
const LONGEST_WINDOW: usize = 16;

/// Periods without a price inside a history.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gap {
    /// Whose.
    pub ticker: Ticker,
    /// Returns that are missing.
    pub periods: usize,
    /// The largest move over them.
    pub largest_move: f64,
}

impl Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ticker, periods, largest_move } = self;
        write!(f, "{ticker} ({periods} returns, {} over the gap)", percent(Some(*largest_move)))
    }
}

/// What a ticker without prices was wanted as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PricedAs {
    /// What figures are relative to.
    Benchmark,
    /// A column of an overlay.
    Overlay,
    /// A holding.
    Holding,
}

/// A warning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Warning {
    /// More tickers were named and not analysed than an answer's first lines hold.
    ManyNotAnalysed { missing: usize, named: usize },
    /// Windows that were asked for and are not answered, by the names they were given.
    InvalidWindows { named: Vec<String>, frequency: Frequency },
    /// What is doubtful in prices and yields as they came in.
    CameIn(Doubt),
    /// Prices that leave dividends out.
    ClosesOnly(Vec<Ticker>),
    /// Of so many trading days of the window so many have no price of anything.
    DaysMissing { missing: usize, days: usize },
    /// Series with periods missing inside their history.
    Gaps(Vec<Gap>),
    /// A macro group without a composite, or without correlations.
    NoMacroGroup { group: String, why: String },
    /// Factors of a call's own universe whose class only their profile says, and those of which nothing says it.
    AssetClasses { by_profile: Vec<Ticker>, unknown: Vec<Ticker> },
    /// Factors that have failed day after day.
    LongWithoutPrices(Vec<Ticker>),
    /// The prices are made up.
    Simulated,
    /// The month or week that the end names is not in; the newest that is ends on this trading day.
    LeftOut { left_out: LeftOut, end: NaiveDate, newest: Option<NaiveDate> },
    /// The source has no newer prices.
    Stale { newest: NaiveDate, days: i64 },
    /// A ticker that is priced next to the universe has no prices.
    NotPriced { ticker: Ticker, why: String, as_what: PricedAs },
    /// What figures are relative to has few returns, so many of so many, or stopped.
    FewOfBenchmark { ticker: Ticker, rows: usize, of: usize, stopped: Option<NaiveDate> },
    /// Groups and those of their members that do not fill the window, in words; `lost` where one stopped or has no prices.
    MembersShort { groups: Vec<String>, lost: bool },
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
    /// Which of the caller's groups are too many.
    SurplusGroups(String),
    /// What is to be known of a portfolio.
    Portfolio(holdings_warning::Warning),
    /// The same of a saved one that is a factor.
    PortfolioFactor { factor: Ticker, warning: holdings_warning::Warning },
}

impl Warning {
    /// True where rows are lacking that figures should rest on.
    pub(super) fn is_of_lacking_rows(&self) -> bool {
        match self {
            Self::DaysMissing { .. } => true,
            Self::Rates(rates) => rates.is_of_lacking_rows(),
            _ => false,
        }
    }

    /// True where a group goes on without members that stopped or have no prices.
    pub(super) fn is_of_lost_members(&self) -> bool {
        matches!(self, Self::MembersShort { lost: true, .. })
    }
}

impl Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidWindows { named, frequency } => invalid_windows(f, named, *frequency),
            Self::ManyNotAnalysed { missing, named } => write!(
                f,
                "{missing} of the {named} tickers named could not be analysed; not_analysed has the first, include data_quality all"
            ),
            Self::CameIn(doubt) => write!(f, "{doubt}{}", doubt.place()),
            Self::ClosesOnly(tickers) => write!(
                f,
                "closes only, so returns leave dividends out: {} (data_quality.price_only_tickers)",
                a_few(tickers, NAMED)
            ),
            Self::DaysMissing { missing, days } => write!(
                f,
                "{missing} of the window's {days} trading days have no price of anything: daily figures are annualised by the days \
                 there are and are off by that; frequency monthly is not"
            ),
            Self::Gaps(gaps) => write!(
                f,
                "prices missing inside the history: {}; total return and drawdown of a fund have the move over the gap, what \
                 rests on single periods (volatility, Sharpe ratio, beta, correlations, groups, portfolios) does not",
                a_few(gaps, NAMED)
            ),
            Self::NoMacroGroup { group, why } => write!(f, "no macro composite {group}: {why}"),
            Self::AssetClasses { by_profile, unknown } => asset_classes(f, by_profile, unknown),
            Self::LongWithoutPrices(tickers) => write!(
                f,
                "no prices on {STALE_AFTER} days or more, look for a replacement: {} (data_quality.stale_factor_candidates)",
                a_few(tickers, NAMED)
            ),
            Self::Simulated => {
                f.write_str("prices are simulated, no market's; set FMP_API_KEY or FACTOR_PRICE_FILES for real ones")
            }
            Self::LeftOut { left_out, end, newest } => is_left_out(f, left_out, *end, *newest),
            Self::Stale { newest, days } => {
                write!(f, "stale: the source's newest price is of {newest}, {days} days ago")
            }
            Self::NotPriced { ticker, why, as_what } => match as_what {
                PricedAs::Benchmark => write!(f, "figures relative to {ticker} are null: {why}"),
                PricedAs::Overlay => write!(f, "market_sensitivity has no column {ticker}: {why}"),
                PricedAs::Holding => write!(f, "{ticker} has no returns: {why}"),
            },
            Self::FewOfBenchmark { ticker, rows, of, stopped } => {
                let stopped =
                    stopped.map(|last| format!(" stopped, its last price is of {last}: it")).unwrap_or_default();
                write!(
                    f,
                    "benchmark {ticker}{stopped} has returns on {rows} of {of} periods, so figures relative to it rest on no more"
                )
            }
            Self::MembersShort { groups, .. } => write!(
                f,
                "group members that do not fill the window, their weight on the others where they have no return (a period needs half of a group's weight): {}",
                a_few(groups, 4)
            ),
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
                "{matrix}: ledoit_wolf takes complete periods only; left out for their short history, so that {floor} are complete: {} (analysis_metadata.matrices)",
                a_few(dropped, NAMED)
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
            Self::LateStarters(tickers) => write!(
                f,
                "partial history, of less than the window: {} (analysis_metadata.history)",
                a_few(tickers, NAMED)
            ),
            Self::Stopped(ended) => {
                let named = a_few(ended.iter().map(|(ticker, last)| format!("{ticker} ({last})")), NAMED);
                write!(
                    f,
                    "stopped before the window's end, last return in brackets: {named} (analysis_metadata.history)"
                )
            }
            Self::PricesBeginLate(first) => {
                write!(f, "prices begin after start_date: the first return is of {first}")
            }
            Self::OutOfTime(sections) => write!(f, "not computed for want of time: {}", sections.join(", ")),
            Self::Source(said) | Self::SurplusGroups(said) => f.write_str(said),
            Self::Universe(problem) => write!(f, "factor universe: {problem}"),
            Self::Groups(why) => write!(f, "your factor groups are left out: {why}"),
            Self::Portfolio(warning) => warning.fmt(f),
            Self::PortfolioFactor { factor, warning } => write!(f, "{factor}: {warning}"),
        }
    }
}

fn asset_classes(f: &mut fmt::Formatter<'_>, by_profile: &[Ticker], unknown: &[Ticker]) -> fmt::Result {
    if !by_profile.is_empty() {
        write!(f, "asset classes by profile: {} equity", a_few(by_profile, NAMED))?;
        f.write_str(if unknown.is_empty() { "" } else { "; " })?;
    }
    if unknown.is_empty() {
        return Ok(());
    }
    write!(
        f,
        "no asset class is known of {}: in no macro composite; give asset_class in factor_universe",
        a_few(unknown, NAMED)
    )
}

fn invalid_windows(f: &mut fmt::Formatter<'_>, named: &[String], frequency: Frequency) -> fmt::Result {
    let of_days = ReturnWindow::names(Frequency::Daily);
    let each = named.iter().take(NAMED).map(|name| match of_days.contains(&name.as_str()) {
        true => format!("{name} (ask for it with frequency daily)"),
        false => {
            let why = ReturnWindow::doubt(name).unwrap_or_else(|| "no window".to_owned());
            format!("{} ({why})", shortened(name, LONGEST_WINDOW))
        }
    });
    let each: Vec<String> = each.collect();
    write!(f, "windows not answered: {}", each.join(", "))?;
    let more = named.len() - each.len();
    if more > 0 {
        write!(f, " and {more} more")?;
    }
    let names = ReturnWindow::names(frequency).join(", ");
    write!(f, "; those of {frequency} returns are {names}, {CALENDAR_FORMS}")
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
        Some(day) => write!(f, "; the newest period here ends on {day}, frequency daily goes on"),
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
    write!(f, "; without a cap: {} (analysis_metadata.composite_weighting)", a_few(without_cap, NAMED))
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

/// The first of a list, and how many more there are.
pub(super) fn a_few<T: Display>(all: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>, most: usize) -> String {
    let all = all.into_iter();
    let more = all.len().saturating_sub(most);
    let first: Vec<String> = all.take(most).map(|one| one.to_string()).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", first.join(", "))
}
