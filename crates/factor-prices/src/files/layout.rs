//! Which column of a table is what, judged by the header and the file's name alone.

use std::collections::{HashMap, HashSet};

use factor_types::{PriceKind, Ticker};

use super::{
    content::ColumnKind,
    file_name::ticker_of_file,
    header::Header,
    names::{Field, Name},
    notes::{Notes, excerpt},
};

/// A table's layout: where the date is and what the other columns hold.
#[derive(Debug)]
pub(super) struct Layout {
    /// The date's column.
    pub(super) date: usize,
    /// Further columns of dates, which have to agree with it.
    pub(super) other_dates: Vec<usize>,
    /// The other columns.
    pub(super) shape: TableShape,
    /// Columns left aside because their header says nothing known.
    pub(super) ignored: Notes,
    /// Where the tickers are from.
    pub(super) tickers: TickersFrom,
    /// Columns of a long table that part the rows of a ticker: by field, or by exchange.
    pub(super) parted: Vec<(usize, PartedBy)>,
    /// The column that says what the prices of each row are in.
    pub(super) currency: Option<usize>,
}

/// What names the tickers of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TickersFrom {
    /// Its header.
    Header,
    /// The lines before the header.
    Title,
    /// The file's name.
    FileName,
    /// A column.
    Column(usize),
}

/// What parts the rows of a ticker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartedBy {
    /// Open, close or volume.
    Field,
    /// Where they are from.
    Exchange,
}

/// What the columns other than the date hold.
#[derive(Debug)]
pub(super) enum TableShape {
    /// A series in each column. A ticker's adjusted prices stand directly before its closes, and these before what
    /// it pays.
    Fixed(Vec<(usize, ColumnKind)>),
    /// One line per date and ticker.
    Long {
        /// The column of the ticker.
        ticker: usize,
        /// What there is of each ticker.
        columns: OfTicker,
    },
}

/// The columns of one ticker.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct OfTicker {
    /// The price adjusted for splits and dividends.
    pub(super) adjusted: Option<usize>,
    /// The raw close.
    pub(super) close: Option<usize>,
    /// The dividend per share, on its ex-date.
    pub(super) dividend: Option<usize>,
    /// The SEC yield of a day.
    pub(super) sec_yield: Option<usize>,
}

impl OfTicker {
    /// The columns and what they hold.
    pub(super) fn of(self, ticker: &Ticker) -> impl Iterator<Item = (usize, ColumnKind)> {
        let price = |kind| move |at| (at, ColumnKind::Price(ticker.clone(), kind));
        let adjusted = self.adjusted.map(price(PriceKind::Adjusted));
        let close = self.close.map(price(PriceKind::Close));
        let dividend = self.dividend.map(|at| (at, ColumnKind::Dividend(ticker.clone())));
        let sec_yield = self.sec_yield.map(|at| (at, ColumnKind::SecYield(ticker.clone())));
        adjusted.into_iter().chain(close).chain(dividend).chain(sec_yield)
    }

    /// The columns in the order of [`Self::of`].
    pub(super) fn columns(self) -> [Option<usize>; 4] {
        [self.adjusted, self.close, self.dividend, self.sec_yield]
    }

    fn has_price(self) -> bool {
        self.adjusted.is_some() || self.close.is_some()
    }
}

impl Layout {
    /// Judges a table by its header and the name of its file without the extensions.
    ///
    /// # Errors
    /// The rule that the header breaks and the way out, without the file's name.
    pub(super) fn of(header: &Header, stem: &str) -> Result<Self, String> {
        let columns = Columns::of(header);
        let (date, other_dates) = columns.dates()?;
        let own = columns.of_ticker(None)?;
        let mut ignored = Notes::default();
        let mut tickers = TickersFrom::Header;
        let shape = if let Some(ticker) = columns.tickers(own)? {
            tickers = TickersFrom::Column(ticker);
            TableShape::Long { ticker, columns: columns.long(own)? }
        } else {
            let mut fixed = match columns.own_prices(own)? {
                Some(own) => {
                    tickers = if header.ticker.is_some() { TickersFrom::Title } else { TickersFrom::FileName };
                    let ticker = header.ticker.clone().map_or_else(|| ticker_of_file(stem), Ok)?;
                    own.of(&ticker).collect()
                }
                None => columns.prices_by_ticker(&mut ignored)?,
            };
            fixed.extend(columns.yields(&mut ignored));
            if fixed.is_empty() {
                return Err(columns.useless());
            }
            TableShape::Fixed(fixed)
        };
        let currency = columns.at(|name| *name == Name::Currency);
        let parted = if matches!(shape, TableShape::Long { .. }) { columns.parted() } else { Vec::new() };
        Ok(Self { date, other_dates, shape, ignored, tickers, parted, currency })
    }

    /// Every column that is read: the date's first, those of a table that is not long in their order, the currency's
    /// and further dates last.
    pub(super) fn columns(&self) -> Vec<usize> {
        let mut columns = vec![self.date];
        match &self.shape {
            TableShape::Fixed(fixed) => columns.extend(fixed.iter().map(|(at, _)| *at)),
            TableShape::Long { ticker, columns: of_ticker } => {
                columns.push(*ticker);
                columns.extend(of_ticker.columns().into_iter().flatten());
            }
        }
        columns.extend(self.currency);
        columns.extend(&self.other_dates);
        columns.extend(self.parted.iter().map(|(at, _)| *at));
        columns
    }
}

/// The columns of a header by what they are.
struct Columns<'a> {
    header: &'a Header,
    /// The fields of each ticker, and under no name those of the file's own.
    fields: HashMap<&'a str, Vec<(usize, Field)>>,
}

impl<'a> Columns<'a> {
    fn of(header: &'a Header) -> Self {
        let mut fields: HashMap<_, Vec<_>> = HashMap::new();
        for (at, name) in header.names.iter().enumerate() {
            if let Name::Field(field, ticker) = name {
                fields.entry(ticker.as_ref().map_or("", Ticker::as_str)).or_default().push((at, *field));
            }
        }
        Self { header, fields }
    }

    fn fields_of(&self, ticker: Option<&Ticker>) -> &[(usize, Field)] {
        self.fields.get(ticker.map_or("", Ticker::as_str)).map(Vec::as_slice).unwrap_or_default()
    }

    fn named(&self) -> impl Iterator<Item = (usize, &'a Name)> {
        self.header.names.iter().enumerate()
    }

    fn at(&self, is: impl Fn(&Name) -> bool) -> Option<usize> {
        self.header.names.iter().position(is)
    }

    fn text(&self, at: usize) -> String {
        excerpt(self.header.texts.get(at).map_or("", |text| text.trim_start_matches('\u{feff}').trim()))
    }

    /// The date's column, and others that have to agree with it: one that is called `Date` and no more needs none.
    fn dates(&self) -> Result<(usize, Vec<usize>), String> {
        let plain = |at: usize| super::names::plain(&self.text(at));
        let mut all: Vec<usize> = self.named().filter(|(_, name)| **name == Name::Date).map(|(at, _)| at).collect();
        let exact: Vec<usize> = all.iter().copied().filter(|at| super::names::is_word_for_date(&plain(*at))).collect();
        if !exact.is_empty() {
            all = exact;
        }
        if let Some((first, others)) = all.split_first() {
            return match others.iter().find(|at| plain(**at) == plain(*first)) {
                None => Ok((*first, others.to_vec())),
                Some(other) => Err(format!(
                    "columns {} and {} are both called `{}`: give each date column and its prices a file of their own",
                    first + 1,
                    other + 1,
                    self.text(*first)
                )),
            };
        }
        // pandas and R write an unnamed index as a first column without a header.
        let unnamed = (self.header.names.first() == Some(&Name::Nothing)).then_some(0);
        let found = unnamed.or_else(|| self.at(|name| *name == Name::PerhapsDate));
        let found = found.ok_or_else(|| format!("no date column among {}: name one `date`", self.listed()))?;
        Ok((found, Vec::new()))
    }

    /// The column that names the tickers of rows.
    fn tickers(&self, own: OfTicker) -> Result<Option<usize>, String> {
        if let Some(tickers) = self.at(|name| *name == Name::Tickers) {
            return Ok(Some(tickers));
        }
        let has_price = self.or_value(own).has_price();
        let mut perhaps = self.named().filter(|(_, name)| has_price && **name == Name::PerhapsTickers);
        match (perhaps.next(), perhaps.next()) {
            (Some((first, _)), Some((second, _))) => {
                let both = self.both(first, second);
                Err(format!("{both} could both name the tickers: call the one that does `ticker`"))
            }
            (first, _) => Ok(first.map(|(at, _)| at)),
        }
    }

    /// Columns that say which of several rows of a ticker a row is.
    fn parted(&self) -> Vec<(usize, PartedBy)> {
        let of = |at: usize| match super::names::plain(&self.text(at)).as_str() {
            "field" | "fields" | "fieldname" | "attribute" | "metric" | "measure" | "item" | "pricetype" => {
                Some((at, PartedBy::Field))
            }
            "exchange" | "exchangecode" | "exch" | "venue" | "mic" => Some((at, PartedBy::Exchange)),
            _ => None,
        };
        (0..self.header.texts.len()).filter_map(of).collect()
    }

    /// The columns of a ticker, or of the file's own.
    fn of_ticker(&self, ticker: Option<&Ticker>) -> Result<OfTicker, String> {
        let one = |field: Field| {
            let mut all = self.fields_of(ticker).iter().filter(|(_, f)| *f == field).map(|(at, _)| *at);
            match (all.next(), all.next()) {
                (Some(first), Some(second)) => Err(self.ambiguous(first, second)),
                (first, _) => Ok(first),
            }
        };
        Ok(OfTicker {
            adjusted: one(Field::Adjusted)?,
            close: one(Field::Close)?,
            dividend: one(Field::Dividend)?,
            sec_yield: one(Field::SecYield)?,
        })
    }

    fn ambiguous(&self, first: usize, second: usize) -> String {
        format!(
            "{} could both be meant: leave one of them out, or call the one that is adjusted for dividends `Adj Close`",
            self.both(first, second)
        )
    }

    /// Two columns, by their numbers and headers.
    fn both(&self, first: usize, second: usize) -> String {
        format!("columns {} `{}` and {} `{}`", first + 1, self.text(first), second + 1, self.text(second))
    }

    /// `value`, where no other column is a price.
    fn or_value(&self, own: OfTicker) -> OfTicker {
        let value = if own.has_price() { None } else { self.at(|name| *name == Name::Value) };
        OfTicker { close: own.close.or(value), ..own }
    }

    fn long(&self, own: OfTicker) -> Result<OfTicker, String> {
        let own = self.or_value(own);
        if own.has_price() {
            return Ok(own);
        }
        Err(format!("a ticker column but no price column among {}: name one `adj_close` or `close`", self.listed()))
    }

    /// The prices that the file's name must give a ticker to, if that is what the file holds.
    fn own_prices(&self, own: OfTicker) -> Result<Option<OfTicker>, String> {
        let named = self.named().find(|(_, name)| matches!(name, Name::Prices(_)));
        let of_tickers = self.named().find(|(_, name)| matches!(name, Name::Field(field, Some(_)) if field.is_price()));
        let price = own.adjusted.or(own.close);
        let Some(price) = price else {
            return Ok(
                Some(self.or_value(own)).filter(|own| own.has_price() && named.is_none() && of_tickers.is_none())
            );
        };
        // An export may have columns of its own making, which look like tickers.
        let is_export = self.fields_of(None).iter().filter(|(_, field)| *field == Field::Other).count() >= 3;
        match of_tickers.or(named.filter(|_| !is_export)) {
            None => Ok(Some(own)),
            Some((other, _)) => Err(format!(
                "column {} `{}` names no ticker, beside column {} `{}`, which does: name it after its ticker, or leave one \
                 of them out",
                price + 1,
                self.text(price),
                other + 1,
                self.text(other)
            )),
        }
    }

    /// The prices of tickers that the header names.
    fn prices_by_ticker(&self, ignored: &mut Notes) -> Result<Vec<(usize, ColumnKind)>, String> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for (at, name) in self.named() {
            match name {
                Name::Prices(ticker) if seen.insert(ticker) => {
                    let price = self.fields_of(Some(ticker)).iter().find(|(_, field)| field.is_price());
                    if let Some((other, _)) = price {
                        return Err(self.ambiguous(at, *other));
                    }
                    found.push((at, ColumnKind::Price(ticker.clone(), PriceKind::Adjusted)));
                }
                Name::Prices(_) => ignored.add(|| self.again(at)),
                Name::Field(_, Some(ticker)) if seen.insert(ticker) => {
                    let columns = self.of_ticker(Some(ticker))?;
                    if columns.has_price() {
                        found.extend(columns.of(ticker));
                    }
                }
                Name::Field(_, Some(_)) => {}
                Name::Field(_, None) => ignored.add(|| {
                    format!(
                        "column {} `{}` has a word of price exports for a header and is left aside (a ticker of that name \
                         needs a file named after it, or a `ticker` column)",
                        at + 1,
                        self.text(at)
                    )
                }),
                Name::Unknown | Name::Value | Name::PerhapsTickers => {
                    ignored.add(|| format!("column {} `{}` is no ticker and is left aside", at + 1, self.text(at)));
                }
                Name::Date
                | Name::PerhapsDate
                | Name::Tickers
                | Name::Currency
                | Name::Yield(_)
                | Name::Nothing => {}
            }
        }
        Ok(found)
    }

    fn yields(&self, ignored: &mut Notes) -> Vec<(usize, ColumnKind)> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for (at, name) in self.named() {
            match name {
                Name::Yield(maturity) if seen.insert(*maturity) => found.push((at, ColumnKind::Yield(*maturity))),
                Name::Yield(_) => ignored.add(|| self.again(at)),
                _ => {}
            }
        }
        found
    }

    fn again(&self, at: usize) -> String {
        format!("column {} `{}` comes twice; the first is used", at + 1, self.text(at))
    }

    fn useless(&self) -> String {
        format!(
            "no usable column among {}: give one column per ticker, or `ticker` and `adj_close` columns",
            self.listed()
        )
    }

    fn listed(&self) -> String {
        let all = self.header.texts.len();
        let names: Vec<String> = (0..all.min(8)).map(|at| format!("`{}`", self.text(at))).collect();
        let more = if all > 8 { ", ..." } else { "" };
        format!("{}{more}", names.join(", "))
    }
}

#[cfg(test)]
mod tests;
