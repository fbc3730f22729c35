//! What a caller should know of an answer on a portfolio, as values that are put into words in one place.

use std::fmt;

use chrono::NaiveDate;
use factor_types::Ticker;

use crate::answer::markdown::{in_words, stretches};

/// Tickers named in one warning.
const NAMED: usize = 8;

/// A warning of an answer on a portfolio.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Warning {
    /// Holdings without any return, and their share of what is held besides cash; 0 of what is only bought.
    WithoutReturns { tickers: Vec<Ticker>, why: Reason, share: f64 },
    /// The portfolio loses all that it is worth, or more, within a period.
    WipedOut { period: NaiveDate, loss: f64 },
    /// Cash earns nothing, and leverage costs nothing, for want of any risk-free rate. Below zero it is borrowed.
    NothingOnCash { cash: f64 },
    /// Periods that the portfolio lacks for want of a rate for its cash, or for what it borrows.
    WithoutRate { cash: f64, rows: usize, lost: usize, runs: Vec<(NaiveDate, NaiveDate)> },
    /// Holdings that are no factor and have no profile.
    WithoutProfile { tickers: Vec<Ticker>, why: Reason },
    /// Holdings whose profile does not say what they stand for.
    Unplaced { tickers: Vec<Ticker>, what: Unplaced },
    /// What is to be known of the prices that made weights of shares.
    OfPrices(String),
    /// Holdings for want of which the portfolio has fewer periods.
    LostRows { tickers: Vec<Ticker>, rows: usize, rows_without: usize },
    /// Parts of the answer that the time left no room for.
    OutOfTime(Vec<String>),
    /// Shares count as the factor.
    LookedThrough { factor: String },
    /// Recommendations whose dividend yield is not known, though a least one is asked for.
    YieldsUnknown { count: usize, least: f64 },
    /// Recommendations of which a fact is not known that a screen asks for.
    FactsUnknown { what: &'static str, count: usize, screen: &'static str, bound: f64 },
    /// Funds that promise a multiple of an index's return, or its opposite, for a day.
    ResetDaily(Vec<Ticker>),
    /// Factors asked for by name that leave the others with fewer periods.
    YoungFactors { factors: Vec<String>, with: usize, without: usize },
    /// The lens has too short a history here, and macro composites stand in its place.
    NoLens,
    /// A factor that is not in the regression.
    NotRegressed { factor: String, why: String },
    /// Dates of which the window has only a part.
    PeriodCut { name: String, from: NaiveDate, to: NaiveDate },
    /// Periods with few rows, each with their number.
    SmallPeriods { periods: Vec<(String, usize)>, under: usize, finer: bool },
    /// Periods picked for their turbulence.
    PickedPeriods(Vec<String>),
    /// What is to be known of a model's factors, or of series that it does not fit.
    OfFactors(String),
    /// Scenarios of which the whole is not known, out of so many.
    NotTestable { scenarios: Vec<String>, of: usize },
    /// Holdings that had no prices in some scenarios, and are stood in for.
    StoodInFor { tickers: Vec<String>, scenarios: Vec<String> },
    /// Scenarios before which there was nothing that ratios of hedges could rest on.
    RatiosAfterTheEvent(Vec<String>),
    /// The dates that all have, where they are not the whole window; `None` where there are none.
    SharedDates { dates: Option<(NaiveDate, NaiveDate)>, periods: usize, of: usize },
}

/// What a profile leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Unplaced {
    /// A fund, and its profile does not say what it holds.
    Fund,
    /// A share of no industry.
    NoIndustry,
    /// A share of an industry that is no factor.
    NoFactor,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WithoutReturns { tickers, why, share } => {
                write!(f, "{} unexplained weight", Named(tickers))?;
                if *share > 0.0 {
                    let it = if tickers.len() == 1 { "it" } else { "them" };
                    let share = in_words(*share);
                    write!(
                        f,
                        ", {share} of what is held besides cash: every figure is of the rest, scaled up to stand for {it}"
                    )?;
                }
                write!(f, ": {}", why.said_of(tickers.len()))
            }
            Self::WipedOut { period, loss } => write!(
                f,
                "the portfolio is wiped out in the period to {period}: it loses {} of what it is worth; its return is -100%, and what \
                 goes on after that (volatility, Sharpe ratio, beta) is of nothing that can be held",
                in_words(-loss)
            ),
            Self::NothingOnCash { cash } if *cash < 0.0 => write!(
                f,
                "what is borrowed ({} of the portfolio) costs 0 here, for want of any risk-free rate: give the server yields \
                 (FACTOR_YIELD_FILE) or prices of BIL",
                in_words(-cash)
            ),
            Self::NothingOnCash { cash } => write!(
                f,
                "cash ({} of the portfolio) earns 0 here, for want of any risk-free rate: give the server yields \
                 (FACTOR_YIELD_FILE) or prices of BIL",
                in_words(*cash)
            ),
            Self::WithoutRate { cash, rows, lost, runs } => {
                let what = if *cash < 0.0 { "what it borrows" } else { "its cash" };
                write!(
                    f,
                    "the portfolio has {rows} periods: on {lost} more ({}) all holdings have a return, and there is no risk-free \
                     rate for {what} ({}); give the server yields of them (FACTOR_YIELD_FILE) or prices of BIL",
                    stretches(runs),
                    in_words(cash.abs())
                )
            }
            Self::WithoutProfile { tickers, why } => {
                let why = why.said_of(tickers.len());
                write!(f, "{} in no industry or category, for want of a profile ({why})", Named(tickers))
            }
            Self::Unplaced { tickers, what } => {
                let what = match what {
                    Unplaced::Fund => "under other funds: the profile of a fund does not say what it holds",
                    Unplaced::NoIndustry => "in no industry: the profile names none",
                    Unplaced::NoFactor => "of an industry that no factor stands for",
                };
                write!(f, "{} {what}", Named(tickers))
            }
            Self::OfPrices(words) | Self::OfFactors(words) => f.write_str(words),
            Self::LostRows { tickers, rows, rows_without } => {
                let names = a_few(tickers.iter().map(Ticker::as_str));
                let it = if tickers.len() == 1 { "it" } else { "them" };
                write!(
                    f,
                    "the portfolio has {rows} periods, those on which {names} and all others have a return; without {it} \
                     {rows_without}"
                )
            }
            Self::YoungFactors { factors, with, without } => {
                let names = a_few(factors.iter().map(String::as_str));
                let it = if factors.len() == 1 { "it" } else { "them" };
                write!(f, "{names}: few returns; the regression rests on {with} periods, without {it} on {without}")
            }
            Self::OutOfTime(parts) => write!(f, "not computed for want of time: {}", parts.join(", ")),
            Self::LookedThrough { factor } => write!(
                f,
                "shares count as {factor} by their industry; a swap is worked out on the ETF's returns, not on theirs"
            ),
            Self::YieldsUnknown { count, least } => write!(
                f,
                "the dividend yield of {count} recommended is not known; they are not held to min_dividend_yield {least}"
            ),
            Self::FactsUnknown { what, count, screen, bound } => write!(
                f,
                "the {what} of {count} recommended is not known; they are not held to {screen} {bound} (funds.csv in \
                 FACTOR_PROXIES_DIR tells it)"
            ),
            Self::ResetDaily(tickers) => write!(
                f,
                "{}: inverse or leveraged, reset daily: over weeks the return is no multiple of the index's, and a ratio does not \
                 hold without trading",
                a_few(tickers.iter().map(Ticker::as_str))
            ),
            Self::NoLens => f.write_str(
                "the lens needs prices of VTI and IEF from 36 months before most of the window on; the regression is on macro \
                 composites, which move together",
            ),
            Self::NotRegressed { factor, why } => write!(f, "{factor} is not in the regression: {why}"),
            Self::PeriodCut { name, from, to } => {
                write!(f, "the window has only a part of the period {name}: from {from} to {to}")
            }
            Self::SmallPeriods { periods, under, finer } => {
                let each: Vec<String> = periods.iter().map(|(name, rows)| format!("{name} ({rows})")).collect();
                let names = a_few(each.iter().map(String::as_str));
                let more = if *finer { "; frequency weekly or daily has more" } else { "" };
                write!(f, "under {under} returns in {names}: read the intervals, not the correlations alone{more}")
            }
            Self::PickedPeriods(names) => write!(
                f,
                "{}: picking turbulent periods raises correlations by itself; a higher one is no proof that the relation changed",
                names.join(", ")
            ),
            Self::NotTestable { scenarios, of } => write!(
                f,
                "{} of {of} scenarios not testable: something held had neither prices then nor a stand-in: {}",
                scenarios.len(),
                a_few(scenarios.iter().map(String::as_str))
            ),
            Self::StoodInFor { tickers, scenarios } => write!(
                f,
                "{}: no prices in {}; stood in for by betas to the lens, an estimate with an interval",
                a_few(tickers.iter().map(String::as_str)),
                a_few(scenarios.iter().map(String::as_str))
            ),
            Self::RatiosAfterTheEvent(scenarios) => write!(
                f,
                "hedges of {} have ratios from after the event: no year of days lies before it",
                a_few(scenarios.iter().map(String::as_str))
            ),
            Self::SharedDates { dates: Some((from, to)), periods, of } => {
                write!(f, "side_by_side covers {from} to {to}, the {periods} of {of} periods that all have")
            }
            Self::SharedDates { dates: None, .. } => {
                f.write_str("there are no dates that all have, so that side_by_side is empty")
            }
        }
    }
}

impl Warning {
    /// True of what every figure rests on: it stands before all that is said of prices.
    pub(crate) fn is_of_every_figure(&self) -> bool {
        matches!(
            self,
            Self::WithoutReturns { .. }
                | Self::WipedOut { .. }
                | Self::NothingOnCash { .. }
                | Self::WithoutRate { .. }
                | Self::LostRows { .. }
        )
    }
}

/// Why something is not known of a ticker, said of `it`: tickers with one reason share a warning.
///
/// Sources put the ticker into their reasons, which are free text, so it is taken out here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reason(String);

impl Reason {
    /// What a source says of a ticker.
    pub(crate) fn of(ticker: &Ticker, words: &str) -> Self {
        Self(words.replace(ticker.as_str(), "it"))
    }

    /// The reason, said of so many.
    fn said_of(&self, count: usize) -> String {
        let Self(why) = self;
        if count == 1 {
            return why.clone();
        }
        let why = why.strip_suffix(" it").map_or_else(|| why.clone(), |start| format!("{start} them"));
        why.strip_prefix("it is ").map(|rest| format!("they are {rest}")).unwrap_or(why)
    }
}

/// A few of many tickers, with the verb that fits.
struct Named<'a>(&'a [Ticker]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(tickers) = self;
        f.write_str(&a_few(tickers.iter().map(Ticker::as_str)))?;
        f.write_str(if tickers.len() == 1 { " is" } else { " are" })
    }
}

/// The first of some names, and how many more there are.
pub(crate) fn a_few<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names[..names.len().min(NAMED)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickers(names: &[&str]) -> Vec<Ticker> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_reason_is_said_of_as_many_as_share_it() {
        let said = |why: &str, names: &[&str]| {
            let tickers = tickers(names);
            let why = Reason::of(&tickers[0], why);
            Warning::WithoutReturns { tickers, why, share: 0.0 }.to_string()
        };
        assert_eq!(said("AAA is not known", &["AAA"]), "AAA is unexplained weight: it is not known");
        assert_eq!(said("AAA is not known", &["AAA", "BBB"]), "AAA, BBB are unexplained weight: they are not known");
        assert_eq!(said("no price of AAA", &["AAA", "BBB"]), "AAA, BBB are unexplained weight: no price of them");
    }

    #[test]
    fn what_every_figure_rests_on_is_said_with_its_share() {
        let tickers = tickers(&["ZZZZ"]);
        let why = Reason::of(&tickers[0], "no price of ZZZZ");
        let unknown = Warning::WithoutReturns { tickers, why, share: 0.2 };
        assert_eq!(
            unknown.to_string(),
            "ZZZZ is unexplained weight, 0.2 of what is held besides cash: every figure is of the rest, scaled up to stand \
             for it: no price of it"
        );
        let day = |text: &str| text.parse().unwrap();
        let runs = vec![(day("2024-01-31"), day("2024-12-31"))];
        let wiped_out = Warning::WipedOut { period: "2020-03-31".parse().unwrap(), loss: -1.666 };
        assert!(wiped_out.is_of_every_figure());
        let said = wiped_out.to_string();
        assert!(said.starts_with("the portfolio is wiped out in the period to 2020-03-31: it loses 1"), "{said}");
        let lost = Warning::WithoutRate { cash: 0.4, rows: 108, lost: 12, runs };
        assert!(lost.to_string().starts_with(
            "the portfolio has 108 periods: on 12 more (2024-01-31 to 2024-12-31) all holdings have a return, and there is no \
             risk-free rate for its cash (0.4); "
        ));
        let costs = |cash: f64| Warning::NothingOnCash { cash }.to_string();
        assert!(costs(0.4).starts_with("cash (0.4 of the portfolio) earns 0 here"), "{}", costs(0.4));
        assert!(costs(-0.5).starts_with("what is borrowed (0.5 of the portfolio) costs 0 here"), "{}", costs(-0.5));
        assert!([unknown, lost].iter().all(Warning::is_of_every_figure));
    }

    #[test]
    fn what_is_lost_is_said_with_both_counts() {
        let lost = |names: &[&str]| Warning::LostRows { tickers: tickers(names), rows: 25, rows_without: 116 };
        assert_eq!(
            lost(&["IBIT"]).to_string(),
            "the portfolio has 25 periods, those on which IBIT and all others have a return; without it 116"
        );
        assert!(
            lost(&["IBIT", "ETHA"]).to_string().ends_with("IBIT, ETHA and all others have a return; without them 116")
        );
        let young = Warning::YoungFactors { factors: vec!["IBIT".to_owned()], with: 25, without: 115 };
        assert_eq!(young.to_string(), "IBIT: few returns; the regression rests on 25 periods, without it on 115");
    }

    #[test]
    fn many_tickers_are_counted() {
        let tickers = tickers(&["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]);
        let said = Warning::Unplaced { tickers, what: Unplaced::NoIndustry }.to_string();
        assert_eq!(said, "A, B, C, D, E, F, G, H and 2 more are in no industry: the profile names none");
    }
}
