//! How the contents of several files become one.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use factor_types::{Maturity, PriceKind, PriceSeries, Ticker, YieldTable};

use super::{
    content::Content,
    notes::{Remark, RemarkKind},
};
use crate::Dividend;

/// The contents of all files.
pub(super) struct Merged {
    pub(super) prices: BTreeMap<Ticker, Arc<PriceSeries>>,
    /// The file of each ticker's prices.
    pub(super) files_of: HashMap<Ticker, String>,
    pub(super) dividends: HashMap<Ticker, Arc<[Dividend]>>,
    pub(super) closes: HashMap<Ticker, Arc<PriceSeries>>,
    pub(super) currencies: HashMap<Ticker, Arc<str>>,
    pub(super) yields: Arc<YieldTable>,
}

/// Contents on their way to becoming one.
#[derive(Default)]
pub(super) struct Merge {
    /// A ticker's series and the file it is from.
    prices: HashMap<Ticker, (Arc<PriceSeries>, String)>,
    /// The dividends that came with those prices.
    dividends: HashMap<Ticker, Arc<[Dividend]>>,
    /// The closes beside them.
    closes: HashMap<Ticker, Arc<PriceSeries>>,
    /// What they are in.
    currencies: HashMap<Ticker, Arc<str>>,
    yields: HashMap<Maturity, (Arc<Content>, String, bool)>,
}

impl Merge {
    /// Adds a file's contents. `explicit`: the user named the file for its yields.
    pub(super) fn add(&mut self, name: &str, explicit: bool, content: &Arc<Content>, warnings: &mut Vec<Remark>) {
        warnings.extend(content.warnings.iter().cloned());
        let mut twice = Vec::new();
        for series in &content.prices {
            match self.prices.get_mut(series.ticker()) {
                None => {
                    self.prices.insert(series.ticker().clone(), (Arc::clone(series), name.to_owned()));
                    follow(&mut self.dividends, series.ticker(), &content.dividends);
                    follow(&mut self.closes, series.ticker(), &content.closes);
                    follow(&mut self.currencies, series.ticker(), &content.currencies);
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
                        follow(&mut self.dividends, series.ticker(), &content.dividends);
                        follow(&mut self.closes, series.ticker(), &content.closes);
                        follow(&mut self.currencies, series.ticker(), &content.currencies);
                    }
                    twice.push((series.ticker().clone(), other, from.clone()));
                }
            }
        }
        if let Some((ticker, other, used)) = twice.first() {
            let more = twice.len() - 1;
            let more = if more > 0 { format!(" (and {more} more tickers)") } else { String::new() };
            let text = format!("{ticker} is in {other} and in {name}: {used} is used{more}");
            warnings.push(Remark::new(RemarkKind::InTwoFiles, text));
        }
        for (maturity, rows) in &content.yields {
            let better = self.yields.get(maturity).is_none_or(|(kept, from, was_explicit)| {
                let length = kept.rows(*maturity).len();
                let better = (explicit, rows.len()) > (*was_explicit, length);
                let used = if better { name } else { from.as_str() };
                let text = format!("{maturity} is in {from} and in {name}: {used} is used");
                warnings.push(Remark::new(RemarkKind::InTwoFiles, text));
                better
            });
            if better {
                self.yields.insert(*maturity, (Arc::clone(content), name.to_owned(), explicit));
            }
        }
    }

    /// All of them by ticker, and the yields.
    pub(super) fn finish(self) -> Merged {
        let files_of = self.prices.iter().map(|(ticker, (_, file))| (ticker.clone(), file.clone())).collect();
        let prices = self.prices.into_iter().map(|(ticker, (series, _))| (ticker, series)).collect();
        let mut table = YieldTable::default();
        for (maturity, (content, ..)) in self.yields {
            table.insert(maturity, content.rows(maturity).iter().copied());
        }
        let Self { dividends, closes, currencies, .. } = self;
        Merged { prices, files_of, dividends, closes, currencies, yields: Arc::new(table) }
    }
}

/// Dividends and closes follow the prices: those of another file may end long before them, and would seem to be none.
fn follow<T: ?Sized>(kept: &mut HashMap<Ticker, Arc<T>>, ticker: &Ticker, own: &HashMap<Ticker, Arc<T>>) {
    match own.get(ticker) {
        Some(found) => drop(kept.insert(ticker.clone(), Arc::clone(found))),
        None => drop(kept.remove(ticker)),
    }
}

impl Content {
    fn rows(&self, maturity: Maturity) -> &[(NaiveDate, f64)] {
        self.yields.iter().find(|(known, _)| *known == maturity).map_or(&[], |(_, rows)| rows)
    }
}
