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
    overlap::{self, Overlap, joined},
};
use crate::Dividend;

/// The contents of all files.
pub(super) struct Merged {
    pub(super) prices: BTreeMap<Ticker, Arc<PriceSeries>>,
    /// The file of each ticker's prices.
    pub(super) files_of: HashMap<Ticker, String>,
    pub(super) dividends: HashMap<Ticker, Arc<[Dividend]>>,
    pub(super) closes: HashMap<Ticker, Arc<PriceSeries>>,
    pub(super) sec_yields: HashMap<Ticker, Arc<[(NaiveDate, f64)]>>,
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
    /// The SEC yields beside them.
    sec_yields: HashMap<Ticker, Arc<[(NaiveDate, f64)]>>,
    /// What they are in.
    currencies: HashMap<Ticker, Arc<str>>,
    yields: HashMap<Maturity, (Arc<Content>, String, bool)>,
}

impl Merge {
    /// Adds a file's contents. `explicit`: the user named the file for its yields.
    pub(super) fn add(&mut self, name: &str, explicit: bool, content: &Arc<Content>, warnings: &mut Vec<Remark>) {
        warnings.extend(content.warnings.iter().cloned());
        let mut said = InTwoFiles::default();
        for series in &content.prices {
            let ticker = series.ticker();
            match self.prices.get(ticker).cloned() {
                None => {
                    self.prices.insert(ticker.clone(), (Arc::clone(series), name.to_owned()));
                    self.follow(ticker, content);
                }
                Some((kept, from)) => {
                    let both = self.both((&kept, &from), (series, name), content, &mut said);
                    self.prices.insert(ticker.clone(), both);
                }
            }
        }
        said.finish(warnings);
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

    /// The history of a ticker that two files have: both joined, or one of them.
    fn both(
        &mut self,
        (kept, from): (&Arc<PriceSeries>, &str),
        (series, name): (&Arc<PriceSeries>, &str),
        content: &Content,
        said: &mut InTwoFiles,
    ) -> (Arc<PriceSeries>, String) {
        let ticker = series.ticker();
        // Adjusted wins over close, else the longer history, else the file named first.
        let rank = |series: &PriceSeries| (series.kind() == PriceKind::Adjusted && !series.is_empty(), series.len());
        let is_better = rank(series) > rank(kept);
        let (used, other, file) = if is_better { (series, kept, name) } else { (kept, series, from) };
        let is_comparable =
            kept.kind() == series.kind() && self.currencies.get(ticker) == content.currencies.get(ticker);
        let overlap = if is_comparable { Overlap::of(kept, series) } else { Overlap::default() };
        if let Some(joined) = joined(used, other, &overlap).filter(|_| is_comparable) {
            unite(&mut self.dividends, ticker, &content.dividends, |one, other| of_both(one, other));
            unite(&mut self.sec_yields, ticker, &content.sec_yields, |one, other| Some(later(one, other)));
            unite(&mut self.closes, ticker, &content.closes, |one, other| {
                let (used, other) = if is_better { (other, one) } else { (one, other) };
                overlap::joined(used, other, &Overlap::of(used, other)).map(Arc::new)
            });
            said.joined(&joined, from, name, &overlap);
            return (Arc::new(joined), file.to_owned());
        }
        if is_better {
            self.follow(ticker, content);
        }
        match overlap.first {
            Some((date, one, of_other)) => {
                said.differ.add(|| {
                    let Overlap { common, differing, .. } = overlap;
                    format!(
                        "{ticker} is in {from} and in {name}, which differ on {differing} of {common} common dates, as on \
                         {date} with {one} and {of_other}: {file} is used; delete the wrong one"
                    )
                });
                (Arc::new(PriceSeries::clone(used).with_conflicting(overlap.conflicting())), file.to_owned())
            }
            None => {
                said.one_used.add(|| format!("{ticker} is in {from} and in {name}: {file} is used"));
                (Arc::clone(used), file.to_owned())
            }
        }
    }

    fn follow(&mut self, ticker: &Ticker, content: &Content) {
        follow(&mut self.dividends, ticker, &content.dividends);
        follow(&mut self.closes, ticker, &content.closes);
        follow(&mut self.sec_yields, ticker, &content.sec_yields);
        follow(&mut self.currencies, ticker, &content.currencies);
    }

    /// All of them by ticker, and the yields.
    pub(super) fn finish(self) -> Merged {
        let files_of = self.prices.iter().map(|(ticker, (_, file))| (ticker.clone(), file.clone())).collect();
        let prices = self.prices.into_iter().map(|(ticker, (series, _))| (ticker, series)).collect();
        let mut table = YieldTable::default();
        for (maturity, (content, ..)) in self.yields {
            table.insert(maturity, content.rows(maturity).iter().copied());
        }
        let Self { dividends, closes, sec_yields, currencies, .. } = self;
        Merged { prices, files_of, dividends, closes, sec_yields, currencies, yields: Arc::new(table) }
    }
}

/// Dividends and closes follow the prices: those of another file may end long before them, and would seem to be none.
fn follow<T: ?Sized>(kept: &mut HashMap<Ticker, Arc<T>>, ticker: &Ticker, own: &HashMap<Ticker, Arc<T>>) {
    match own.get(ticker) {
        Some(found) => drop(kept.insert(ticker.clone(), Arc::clone(found))),
        None => drop(kept.remove(ticker)),
    }
}

/// Makes one of what both files have of a ticker; what one of them has alone ends, or begins, before the prices do.
fn unite<T: ?Sized>(
    kept: &mut HashMap<Ticker, Arc<T>>,
    ticker: &Ticker,
    own: &HashMap<Ticker, Arc<T>>,
    both: impl Fn(&Arc<T>, &Arc<T>) -> Option<Arc<T>>,
) {
    let united = kept.get(ticker).zip(own.get(ticker)).and_then(|(one, other)| both(one, other));
    match united {
        Some(united) => drop(kept.insert(ticker.clone(), united)),
        None => drop(kept.remove(ticker)),
    }
}

/// The dividends of two files, those of a common date once.
fn of_both(one: &[Dividend], other: &[Dividend]) -> Option<Arc<[Dividend]>> {
    let mut all: Vec<Dividend> = one.iter().chain(other).cloned().collect();
    all.sort_by_key(|paid| paid.ex_date);
    all.dedup_by_key(|paid| paid.ex_date);
    Some(all.into())
}

/// The yields of two files, by date.
fn later(one: &[(NaiveDate, f64)], other: &[(NaiveDate, f64)]) -> Arc<[(NaiveDate, f64)]> {
    let mut all = [one, other].concat();
    all.sort_by_key(|(date, _)| *date);
    all.into()
}

/// What is to be said of the tickers that a file shares with those before it.
#[derive(Default)]
struct InTwoFiles {
    one_used: First,
    differ: First,
    joined: First,
    unproven: First,
}

/// The first of several remarks, and how many more there are.
#[derive(Default)]
struct First {
    text: Option<String>,
    more: usize,
}

impl First {
    fn add(&mut self, text: impl FnOnce() -> String) {
        match self.text {
            None => self.text = Some(text()),
            Some(_) => self.more += 1,
        }
    }
}

impl InTwoFiles {
    fn joined(&mut self, both: &PriceSeries, from: &str, name: &str, overlap: &Overlap) {
        let ticker = both.ticker();
        if overlap.common > 0 || both.kind() == PriceKind::Close {
            let common = overlap.common;
            self.joined
                .add(|| format!("{ticker} is in {from} and in {name}: joined, with {common} common dates alike"));
        } else {
            self.unproven.add(|| {
                format!(
                    "{ticker} is in {from} and in {name}: joined, without a common date that shows that both are adjusted to \
                     the same day; give one file of all of it"
                )
            });
        }
    }

    fn finish(self, into: &mut Vec<Remark>) {
        for (first, kind) in [
            (self.one_used, RemarkKind::InTwoFiles),
            (self.differ, RemarkKind::Conflict),
            (self.joined, RemarkKind::Joined),
            (self.unproven, RemarkKind::InTwoFiles),
        ] {
            let more = if first.more > 0 { format!(" (and {} more tickers)", first.more) } else { String::new() };
            into.extend(first.text.map(|text| Remark::new(kind, format!("{text}{more}"))));
        }
    }
}

impl Content {
    fn rows(&self, maturity: Maturity) -> &[(NaiveDate, f64)] {
        self.yields.iter().find(|(known, _)| *known == maturity).map_or(&[], |(_, rows)| rows)
    }
}
