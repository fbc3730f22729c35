//! What was found in price files, by kind: what the reading remarked, what the gate refused, what it doubts.

use std::collections::HashMap;

use chrono::NaiveDate;
use factor_analytics::findings::{FindingKind, OddKind};
use factor_prices::{
    PriceError,
    files::{Remark, RemarkKind},
};
use factor_types::{Maturity, PriceKind, PriceSeries, Ticker};
use serde::Serialize;

use crate::{
    analysis::FilesExamined,
    services::analysis::quality::came_in::{self, Doubt, Entry},
};

/// Places that a finding lists; of the others it says how many.
const PLACES: usize = 10;

/// What an analysis refuses of bars, which says so only where it is asked for it.
const FINER_THAN_BARS: &str = "; figures of a shorter frequency are refused, and months of weekly bars unless their dates \
                               reach the months' ends";

/// What a finding means for what is computed from the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is likely to be wrong.
    Information,
    /// Something may be wrong.
    Doubtful,
    /// Something is not used.
    Refused,
}

/// All findings of one kind.
#[derive(Debug, Serialize)]
pub struct Found {
    /// The kind in one word.
    pub kind: &'static str,
    /// What it means.
    pub level: Level,
    /// How many there are.
    pub count: usize,
    /// What is wrong and what to do.
    pub says: String,
    /// The first of them.
    pub places: Vec<Place>,
    /// The same in one sentence that names a few.
    #[serde(skip)]
    pub sentence: String,
}

/// One finding.
#[derive(Debug, Serialize)]
pub struct Place {
    /// What was found, with its figures.
    pub text: String,
    /// The ticker or maturity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// The file that the price is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

/// Everything that was found, what changes most first.
pub(super) fn found(examined: &FilesExamined) -> Vec<Found> {
    let doubts = came_in::of_examined(&examined.examined);
    let information = came_in::information(&examined.examined).into_iter().chain(missing(examined));
    let mut all: Vec<Found> = refused(examined);
    all.extend(remarks(&examined.held.remarks));
    all.extend(doubts.iter().map(Found::of_doubt));
    all.extend(without_prices(examined));
    all.extend(information.map(|doubt| Found::of_doubt(&doubt)));
    all.extend(price_only(examined));
    all.sort_by_key(|found| std::cmp::Reverse(found.level));
    all
}

impl Found {
    /// That nothing could be read.
    pub(super) fn unreadable(error: &PriceError) -> Self {
        let says = of_remarks(RemarkKind::BrokenFile).0;
        Self::of_texts(RemarkKind::BrokenFile.as_str(), Level::Refused, says, vec![error.to_string()])
    }

    fn of_doubt(doubt: &Doubt) -> Self {
        let level = match doubt {
            Doubt::Refused(_) | Doubt::YieldUnit(_) | Doubt::OddYields(OddKind::UnitChange, _) => Level::Refused,
            Doubt::Moves(FindingKind::Jump, _) => Level::Information,
            Doubt::ExDates(_) | Doubt::NoMaturity(_) => Level::Information,
            Doubt::Moves(..)
            | Doubt::OddYields(..)
            | Doubt::Copies(_)
            | Doubt::Frozen(_)
            | Doubt::Repeated(_)
            | Doubt::Shifted(_)
            | Doubt::EarlyEnds(_)
            | Doubt::Unverified(_)
            | Doubt::Later(_)
            | Doubt::Bars(_)
            | Doubt::Told(_) => Level::Doubtful,
        };
        let entries = doubt.entries();
        let further = if matches!(doubt, Doubt::Bars(_)) { FINER_THAN_BARS } else { "" };
        Self {
            kind: doubt.kind(),
            level,
            count: entries.len(),
            says: format!("{}{further}", doubt.said_of(&format!("{}, listed below", entries.len()))),
            sentence: doubt.to_string(),
            places: entries.into_iter().take(PLACES).map(Place::of).collect(),
        }
    }

    fn of_texts(kind: &'static str, level: Level, says: &str, texts: Vec<String>) -> Self {
        let first = texts.first().map(String::as_str).unwrap_or_default();
        Self {
            kind,
            level,
            count: texts.len(),
            says: says.to_owned(),
            sentence: format!("{says}: {first}"),
            places: texts.into_iter().take(PLACES).map(Place::text).collect(),
        }
    }

    /// The prices whose lines are to be found.
    pub(super) fn wanted(&self) -> impl Iterator<Item = (Ticker, NaiveDate)> {
        self.places.iter().filter_map(Place::price)
    }

    /// Takes the lines of [`Self::wanted`], in its order, and names the files.
    pub(super) fn place(&mut self, examined: &FilesExamined, lines: &mut impl Iterator<Item = Option<u64>>) {
        let prices = &examined.held.prices;
        for place in &mut self.places {
            let Some((ticker, _)) = place.price() else { continue };
            let at = prices.binary_search_by(|(series, _)| series.ticker().cmp(&ticker));
            place.file = at.ok().map(|at| prices[at].1.clone());
            place.line = lines.next().flatten();
        }
    }
}

impl Place {
    fn of(Entry { subject, date, text }: Entry) -> Self {
        Self { of: Some(subject), date, ..Self::text(text) }
    }

    fn text(text: String) -> Self {
        Self { text, of: None, date: None, file: None, line: None }
    }

    fn price(&self) -> Option<(Ticker, NaiveDate)> {
        Some((self.of.as_deref()?.parse().ok()?, self.date?))
    }
}

/// The series that are none of prices, by why.
fn refused(examined: &FilesExamined) -> Vec<Found> {
    let mut by_word: Vec<(&'static str, Vec<(Ticker, String)>)> = Vec::new();
    for (series, _) in &examined.held.prices {
        let Some(refused) = series.refused() else { continue };
        let one = (series.ticker().clone(), refused.to_string());
        match by_word.iter_mut().find(|(word, _)| *word == refused.word()) {
            Some((_, tickers)) => tickers.push(one),
            None => by_word.push((refused.word(), vec![one])),
        }
    }
    let found = |(kind, tickers): (&'static str, Vec<(Ticker, String)>)| {
        let places = tickers
            .iter()
            .map(|(ticker, why)| Place { of: Some(ticker.to_string()), ..Place::text(format!("{ticker}: {why}")) });
        let places = places.take(PLACES).collect();
        Found { kind, places, ..Found::of_doubt(&Doubt::Refused(tickers)) }
    };
    by_word.into_iter().map(found).collect()
}

/// What the reading remarked, by kind.
fn remarks(remarks: &[Remark]) -> Vec<Found> {
    let mut order = Vec::new();
    let mut by_kind: HashMap<RemarkKind, Vec<&Remark>> = HashMap::new();
    for remark in remarks {
        let of_kind = by_kind.entry(remark.kind).or_default();
        if of_kind.is_empty() {
            order.push(remark.kind);
        }
        of_kind.push(remark);
    }
    let found = |kind: RemarkKind| {
        let (says, level) = of_remarks(kind);
        let of_kind = by_kind.remove(&kind).unwrap_or_default();
        let more: usize = of_kind.iter().map(|remark| remark.more).sum();
        let told = of_kind.into_iter().filter(|remark| remark.more == 0);
        let texts: Vec<String> = told.map(|remark| remark.text.clone()).collect();
        Found { count: texts.len() + more, ..Found::of_texts(kind.as_str(), level, says, texts) }
    };
    order.into_iter().map(found).collect()
}

/// What remarks of a kind come to.
fn of_remarks(kind: RemarkKind) -> (&'static str, Level) {
    match kind {
        RemarkKind::BrokenFile => ("files that cannot be used", Level::Refused),
        RemarkKind::BadLine => ("lines that are skipped", Level::Doubtful),
        RemarkKind::NoRow => ("lines and columns that are none of prices, and cost none", Level::Information),
        RemarkKind::LeftAside => ("texts that hold no prices and are left aside", Level::Information),
        RemarkKind::BadCell => ("cells that are no price", Level::Doubtful),
        RemarkKind::BadDividend => ("dividends that are no amount", Level::Doubtful),
        RemarkKind::IgnoredColumn => ("columns that are left aside", Level::Doubtful),
        RemarkKind::Order => ("dates out of order or twice", Level::Information),
        RemarkKind::Conflict => ("two prices for one date", Level::Doubtful),
        RemarkKind::LaterDates => ("lines dated after today", Level::Doubtful),
        RemarkKind::Currency => ("prices in another currency than US dollars", Level::Doubtful),
        RemarkKind::Converted => ("prices in another currency, taken in US dollars", Level::Information),
        RemarkKind::InTwoFiles => ("the same in two files, of which one is used", Level::Doubtful),
        RemarkKind::Joined => ("histories that two files have in parts, joined", Level::Information),
    }
}

/// Maturities that a source of yields does not have.
fn missing(examined: &FilesExamined) -> Option<Doubt> {
    let yields = &examined.held.yields;
    let missing: Vec<Maturity> =
        Maturity::ALL.into_iter().filter(|maturity| yields.get(*maturity).is_empty()).collect();
    (!yields.is_empty() && !missing.is_empty()).then_some(Doubt::NoMaturity(missing))
}

/// Tickers whose columns hold nothing.
fn without_prices(examined: &FilesExamined) -> Option<Found> {
    let says = "tickers without a single price: fill their columns or leave them out";
    named(examined, |series| series.is_empty() && series.refused().is_none(), ("no_prices", Level::Doubtful, says))
}

/// Tickers whose prices leave dividends out.
fn price_only(examined: &FilesExamined) -> Option<Found> {
    let says = "closes, whose returns leave dividends out: a column called `Adj Close` is taken for adjusted prices";
    named(examined, |series| series.kind() == PriceKind::Close, ("price_only", Level::Information, says))
}

fn named(
    examined: &FilesExamined,
    is: impl Fn(&PriceSeries) -> bool,
    (kind, level, says): (&'static str, Level, &str),
) -> Option<Found> {
    let tickers = examined.held.prices.iter().filter(|(series, _)| is(series));
    let texts: Vec<String> = tickers.map(|(series, _)| series.ticker().to_string()).collect();
    (!texts.is_empty()).then(|| Found::of_texts(kind, level, says, texts))
}
