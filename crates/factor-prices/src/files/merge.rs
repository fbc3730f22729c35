//! How the contents of several files become one.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use factor_types::{Maturity, PriceKind, PriceSeries, Ticker, YieldTable};

use super::content::Content;
use crate::Dividend;

/// Prices, dividends and yields of all files.
type Merged = (BTreeMap<Ticker, Arc<PriceSeries>>, HashMap<Ticker, Arc<[Dividend]>>, Arc<YieldTable>);

/// Contents on their way to becoming one.
#[derive(Default)]
pub(super) struct Merge {
    /// A ticker's series and the file it is from.
    prices: HashMap<Ticker, (Arc<PriceSeries>, String)>,
    /// The dividends that came with those prices.
    dividends: HashMap<Ticker, Arc<[Dividend]>>,
    yields: HashMap<Maturity, (Arc<Content>, String, bool)>,
}

impl Merge {
    /// Adds a file's contents. `explicit`: the user named the file for its yields.
    pub(super) fn add(&mut self, name: &str, explicit: bool, content: &Arc<Content>, warnings: &mut Vec<String>) {
        warnings.extend(content.warnings.iter().cloned());
        let mut twice = Vec::new();
        for series in &content.prices {
            match self.prices.get_mut(series.ticker()) {
                None => {
                    self.prices.insert(series.ticker().clone(), (Arc::clone(series), name.to_owned()));
                    take_dividends(&mut self.dividends, series.ticker(), content);
                }
                Some((kept, from)) => {
                    // Adjusted wins over close, else the longer history, else the file named first.
                    let rank = |series: &PriceSeries| {
                        (series.kind() == PriceKind::Adjusted && !series.is_empty(), series.len())
                    };
                    let other = from.clone();
                    if rank(series) > rank(kept) {
                        *kept = Arc::clone(series);
                        name.clone_into(from);
                        take_dividends(&mut self.dividends, series.ticker(), content);
                    }
                    twice.push((series.ticker().clone(), other, from.clone()));
                }
            }
        }
        if let Some((ticker, other, used)) = twice.first() {
            let more = twice.len() - 1;
            let more = if more > 0 { format!(" (and {more} more tickers)") } else { String::new() };
            warnings.push(format!("{ticker} is in {other} and in {name}: {used} is used{more}"));
        }
        for (maturity, rows) in &content.yields {
            let better = self.yields.get(maturity).is_none_or(|(kept, from, was_explicit)| {
                let length = kept.rows(*maturity).len();
                let better = (explicit, rows.len()) > (*was_explicit, length);
                let used = if better { name } else { from.as_str() };
                warnings.push(format!("{maturity} is in {from} and in {name}: {used} is used"));
                better
            });
            if better {
                self.yields.insert(*maturity, (Arc::clone(content), name.to_owned(), explicit));
            }
        }
    }

    /// The prices and dividends by ticker, and the yields.
    pub(super) fn finish(self) -> Merged {
        let prices = self.prices.into_iter().map(|(ticker, (series, _))| (ticker, series)).collect();
        let mut table = YieldTable::default();
        for (maturity, (content, ..)) in self.yields {
            table.insert(maturity, content.rows(maturity).iter().copied());
        }
        (prices, self.dividends, Arc::new(table))
    }
}

/// Dividends follow the prices: those of another file may end long before them, and would seem to be none.
fn take_dividends(kept: &mut HashMap<Ticker, Arc<[Dividend]>>, ticker: &Ticker, content: &Content) {
    match content.dividends.get(ticker) {
        Some(dividends) => drop(kept.insert(ticker.clone(), Arc::clone(dividends))),
        None => drop(kept.remove(ticker)),
    }
}

impl Content {
    fn rows(&self, maturity: Maturity) -> &[(NaiveDate, f64)] {
        self.yields.iter().find(|(known, _)| *known == maturity).map_or(&[], |(_, rows)| rows)
    }
}
