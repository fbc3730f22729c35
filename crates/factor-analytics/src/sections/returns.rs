//! Windowed returns: the last month, quarter, year, and rankings within each window.

use std::collections::BTreeSet;

use factor_types::{Category, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::windows::{Over, WindowSpan};
use crate::{
    Panel,
    composite::Composite,
    observer::{Progress, Stopped},
    stats,
    study::Study,
};

/// Days of a year, on average.
const DAYS_A_YEAR: f64 = 365.25;

/// The share of a user group's weight that has to have a price, as on rows of the panel.
const OF_A_GROUP: f64 = 0.5;

/// One factor's return over one window.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WindowReturn {
    /// prod(1 + r) - 1; over dates the last price over the first, less 1.
    pub total_return: f64,
    /// (1 + total_return)^(P / periods) - 1, over dates with their share of a year of 365.25 days; from three months on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annualized_return: Option<f64>,
    /// sd(r), divisor n - 1, times sqrt(P), over dates of daily returns; from three months on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volatility: Option<f64>,
    /// True where less than a year was annualised; GIPS does not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub annualized_short: bool,
}

/// The windows of one factor or group.
pub type WindowReturns = IndexMap<String, Option<WindowReturn>>;

/// One factor's entry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FactorReturns {
    /// What it stands for.
    pub label: String,
    /// Its category.
    pub category: Category,
    /// Per window; null where a row is missing.
    pub windows: WindowReturns,
}

/// One industry group's entry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GroupReturns {
    /// Its members' tickers.
    pub members: Vec<Ticker>,
    /// Per window; null where a row is missing.
    pub windows: WindowReturns,
}

/// One line of a ranking.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RankedFactor {
    /// 1 is best.
    pub rank: usize,
    /// The ETF.
    pub ticker: Ticker,
    /// What it stands for.
    pub label: String,
    /// Its category.
    pub category: Category,
    /// prod(1 + r) - 1.
    pub total_return: f64,
}

/// The best or worst of a category.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Extreme {
    /// The ETF.
    pub ticker: Ticker,
    /// prod(1 + r) - 1.
    pub total_return: f64,
}

/// A category's summary over one window.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CategoryReturns {
    /// Mean of the members' total returns; null without any.
    pub avg_return: Option<f64>,
    /// The highest.
    pub best: Option<Extreme>,
    /// The lowest.
    pub worst: Option<Extreme>,
    /// Members with a return over the window.
    pub count: usize,
}

/// What a series of returns is made of.
#[derive(Debug, Clone, Copy)]
struct Series<'a> {
    panel: &'a Panel,
    /// One return per row.
    values: &'a [f64],
    /// Columns and weights that it stands for on days between rows.
    held: &'a [(usize, f64)],
    /// The share of them that has to be there (0 to 1).
    least: f64,
}

impl Series<'_> {
    /// The return over each window, and the reason where there is none.
    ///
    /// A series that misses any row of a window has no return for it: never a shorter window passed off as a longer one.
    fn returns(self, spans: &IndexMap<String, WindowSpan>) -> (WindowReturns, Vec<(String, String)>) {
        let mut reasons = Vec::new();
        let returns = spans
            .iter()
            .map(|(name, span)| {
                let outcome = self.over(span);
                if let Err(reason) = &outcome {
                    reasons.push((name.clone(), reason.clone()));
                }
                (name.clone(), outcome.ok())
            })
            .collect();
        (returns, reasons)
    }

    fn over(self, span: &WindowSpan) -> Result<WindowReturn, String> {
        if let Some(reason) = &span.reason {
            return Err(reason.clone());
        }
        let found = |total_return: f64, years: f64, volatility: Option<f64>| WindowReturn {
            total_return,
            annualized_return: span
                .annualised
                .then(|| (1.0 + total_return).powf(1.0 / years) - 1.0)
                .filter(|r| r.is_finite()),
            volatility: volatility.filter(|_| span.annualised),
            annualized_short: span.annualised && span.short,
        };
        let per_year = self.panel.periods_per_year();
        match &span.over {
            Over::Days(from, to) => {
                let held = self.panel.held(self.held, (*from, *to), self.least)?;
                let years = (*to - *from).num_days() as f64 / DAYS_A_YEAR;
                let deviation = held.daily_deviation.map(|sd| sd * self.panel.days_per_year().sqrt());
                Ok(found(held.total_return, years, deviation))
            }
            Over::Rows(rows) => {
                let values = &self.values[rows.clone()];
                self.whole(values, rows.start)?;
                let deviation = stats::standard_deviation(values).map(|sd| sd * per_year.sqrt());
                Ok(found(stats::compound(values), rows.len() as f64 / per_year, deviation))
            }
        }
    }

    /// Refuses rows of which any is missing, `from` being the first one's number in the panel.
    fn whole(self, rows: &[f64], from: usize) -> Result<(), String> {
        let missing: Vec<usize> = (0..rows.len()).filter(|row| !rows[*row].is_finite()).collect();
        let (Some(first), Some(last)) = (missing.first(), missing.last()) else { return Ok(()) };
        let labels = self.panel.labels();
        let run = last - first + 1 == missing.len();
        Err(match (run, *first == 0, *last + 1 == rows.len()) {
            _ if missing.len() == rows.len() => "no return in the window".to_owned(),
            (true, true, _) => format!("its first return is of {}, after the window's start", labels[from + last + 1]),
            (true, _, true) => format!("it stopped: no return after {}", labels[from + first - 1]),
            _ => format!(
                "{} of {} returns are missing, the first of {}",
                missing.len(),
                rows.len(),
                labels[from + first]
            ),
        })
    }
}

/// A return that is null, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingReturn {
    /// Whose.
    pub ticker: Ticker,
    /// Over which window.
    pub window: String,
    /// Why.
    pub reason: String,
}

/// The entries of analysed factors by ticker, and what is missing in them.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn factors(
    study: &Study,
    categories: &BTreeSet<Category>,
    spans: &IndexMap<String, WindowSpan>,
    progress: &mut Progress<'_>,
) -> Result<(IndexMap<Ticker, FactorReturns>, Vec<MissingReturn>), Stopped> {
    let panel = study.panel();
    let mut missing = Vec::new();
    let studied = study.in_categories(categories);
    let count = studied.len();
    let entries = studied
        .into_iter()
        .enumerate()
        .map(|(at, studied)| {
            progress.advance(at, count)?;
            let ticker = studied.factor.ticker.clone();
            let held = [(studied.column, 1.0)];
            let values = panel.column(studied.column);
            let (windows, reasons) = Series { panel, values, held: &held, least: OF_A_GROUP }.returns(spans);
            missing.extend(reasons.into_iter().map(|(window, reason)| MissingReturn {
                ticker: ticker.clone(),
                window,
                reason,
            }));
            let (label, category) = (studied.factor.label.clone(), studied.factor.category);
            Ok((ticker, FactorReturns { label, category, windows }))
        })
        .collect::<Result<_, Stopped>>()?;
    Ok((entries, missing))
}

/// The entries of composites by name; over dates `least` (a share of 0 to 1) of the members has to have prices.
pub fn groups(
    study: &Study,
    composites: &[Composite],
    least: f64,
    spans: &IndexMap<String, WindowSpan>,
) -> IndexMap<String, GroupReturns> {
    let panel = study.panel();
    composites
        .iter()
        .map(|composite| {
            let held: Vec<(usize, f64)> = composite.columns(panel);
            let (windows, _) = Series { panel, values: &composite.values, held: &held, least }.returns(spans);
            (composite.name.clone(), GroupReturns { members: composite.members.clone(), windows })
        })
        .collect()
}

/// Per window the factors that have a return, best first, ties by ticker.
pub fn rankings(
    factors: &IndexMap<Ticker, FactorReturns>,
    spans: &IndexMap<String, WindowSpan>,
) -> IndexMap<String, Vec<RankedFactor>> {
    let ranking = |window: &String| {
        let mut ranked: Vec<RankedFactor> = factors
            .iter()
            .filter_map(|(ticker, entry)| {
                let total_return = entry.windows.get(window)?.as_ref()?.total_return;
                let (ticker, label) = (ticker.clone(), entry.label.clone());
                Some(RankedFactor { rank: 0, ticker, label, category: entry.category, total_return })
            })
            .collect();
        ranked.sort_by(|a, b| b.total_return.total_cmp(&a.total_return).then_with(|| a.ticker.cmp(&b.ticker)));
        ranked.iter_mut().enumerate().for_each(|(at, line)| line.rank = at + 1);
        ranked
    };
    spans.keys().map(|window| (window.clone(), ranking(window))).collect()
}

/// Per category and window the mean, the best and the worst.
pub fn by_category(
    rankings: &IndexMap<String, Vec<RankedFactor>>,
    factors: &IndexMap<Ticker, FactorReturns>,
) -> IndexMap<Category, IndexMap<String, CategoryReturns>> {
    let present: BTreeSet<Category> = factors.values().map(|entry| entry.category).collect();
    let summary = |category: Category, ranked: &[RankedFactor]| {
        let members: Vec<&RankedFactor> = ranked.iter().filter(|line| line.category == category).collect();
        let extreme = |line: &&RankedFactor| Extreme { ticker: line.ticker.clone(), total_return: line.total_return };
        // Among equal worst the first ticker, as among equal best.
        let lowest = members.last().map(|last| last.total_return);
        CategoryReturns {
            avg_return: stats::mean(&members.iter().map(|line| line.total_return).collect::<Vec<_>>()),
            best: members.first().map(extreme),
            worst: members.iter().find(|line| Some(line.total_return) == lowest).map(extreme),
            count: members.len(),
        }
    };
    present
        .into_iter()
        .map(|category| {
            let windows = rankings.iter().map(|(window, ranked)| (window.clone(), summary(category, ranked))).collect();
            (category, windows)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use factor_types::YieldTable;

    use super::*;
    use crate::{
        observer::tests::unobserved,
        sections::windows::{ReturnWindow, spans},
        test_study::{Fund, near, study},
    };

    const NAN: f64 = f64::NAN;

    #[test]
    fn a_window_with_a_missing_row_has_no_return_and_says_why() {
        let funds = [
            Fund::new("A", Category::Style, &[0.1, 0.1, 0.1, 0.1, 0.1, 0.2]),
            Fund::new("NEW", Category::Style, &[NAN, 0.1, 0.1, 0.1, 0.1, 0.2]),
            Fund::new("OLD", Category::Style, &[0.1, 0.1, 0.1, 0.1, 0.1, NAN]),
        ];
        let study = study(&funds, YieldTable::default());
        let windows = spans(study.panel(), &[1, 6, 12].map(ReturnWindow::Months), &"A".parse().unwrap());
        let categories = BTreeSet::from([Category::Style]);
        let (found, missing) = unobserved(|progress| factors(&study, &categories, &windows, progress));
        let of = |name: &str, window: &str| {
            found
                .iter()
                .find(|(ticker, _)| ticker.as_str() == name)
                .and_then(|(_, entry)| entry.windows[window].clone())
        };
        near(of("A", "1m").unwrap().total_return, 0.2);
        near(of("A", "6m").unwrap().total_return, 1.1_f64.powi(5) * 1.2 - 1.0);
        near(of("NEW", "1m").unwrap().total_return, 0.2);
        assert!(of("NEW", "6m").is_none() && of("A", "1y").is_none() && of("OLD", "1m").is_none());
        let reason = |name: &str, window: &str| {
            let of = missing.iter().find(|one| one.ticker.as_str() == name && one.window == window);
            of.map(|one| one.reason.clone()).unwrap()
        };
        assert_eq!(reason("A", "1y"), "the prices cover 6 whole months, the window needs 12");
        assert_eq!(reason("NEW", "6m"), "its first return is of 2010-02-28, after the window's start");
        assert_eq!(reason("OLD", "1m"), "no return in the window");
    }

    fn entry(category: Category, total_return: Option<f64>) -> FactorReturns {
        let found = total_return.map(|total_return| WindowReturn {
            total_return,
            annualized_return: None,
            volatility: None,
            annualized_short: false,
        });
        FactorReturns { label: String::new(), category, windows: [("1m".to_owned(), found)].into_iter().collect() }
    }

    #[test]
    fn rankings_are_best_first_and_ties_by_ticker() {
        let factors: IndexMap<Ticker, FactorReturns> = [
            ("C", entry(Category::Style, Some(0.1))),
            ("A", entry(Category::Style, Some(0.1))),
            ("D", entry(Category::Market, Some(0.3))),
            ("B", entry(Category::Style, None)),
        ]
        .into_iter()
        .map(|(name, entry)| (name.parse().unwrap(), entry))
        .collect();
        let study = study(&[Fund::new("A", Category::Style, &[0.1, 0.1, 0.1])], YieldTable::default());
        let rankings = rankings(&factors, &spans(study.panel(), &[ReturnWindow::Months(1)], &"A".parse().unwrap()));
        let order: Vec<(usize, &str)> = rankings["1m"].iter().map(|one| (one.rank, one.ticker.as_str())).collect();
        assert_eq!(order, [(1, "D"), (2, "A"), (3, "C")]);
        let found = by_category(&rankings, &factors);
        let style = &found[&Category::Style]["1m"];
        near(style.avg_return.unwrap(), 0.1);
        let name = |extreme: &Option<Extreme>| extreme.as_ref().unwrap().ticker.to_string();
        // Among equals the first ticker is both the best and the worst.
        assert_eq!((style.count, name(&style.best), name(&style.worst)), (2, "A".to_owned(), "A".to_owned()));
    }
}
