//! What currency prices are in, and how they become dollars.
//!
//! A ticker's currency is said by the sign of its numbers (`€101.20`), by its header (`SAP (EUR)`) or by a column `currency`,
//! which has one code for each ticker. A series called `CUR:EUR` (also `CUR:EURUSD`, `EURUSD=X`) holds the dollars for one
//! euro by date. Where there is one, prices in euros are taken times its newest rate that is no older than [`OLDEST`] days;
//! rows without such a rate are left out. Pence and cents are hundredths. Without rates prices stay as they are, and their
//! currency goes along with them. Where only a ticker's suffix says that its exchange is abroad (`SAP.DE`), its prices are not
//! converted, which would be a guess, and not taken for dollars either. Rates that are so much of a currency for a dollar are
//! none.

mod plausible;
mod suffixes;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDate;
use factor_types::{PriceSeries, Ticker};

pub(super) use self::suffixes::of_suffix;
use super::{
    merge::Merged,
    notes::{Remark, RemarkKind, excerpt},
};
use crate::{Converted, Dividend};

/// What everything is counted in.
pub(super) const DOLLAR: &str = "USD";

/// Days that a rate counts for after its own: a long weekend with holidays on both of its sides.
const OLDEST: i64 = 5;

/// Currencies that a header's brackets may name; others there are tickers.
const IN_HEADERS: [&str; 29] = [
    "USD", "EUR", "GBP", "GBX", "JPY", "CHF", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "HKD", "SGD", "CNY", "INR",
    "KRW", "BRL", "MXN", "ZAR", "ZAC", "PLN", "CZK", "HUF", "TRY", "ILS", "ILA", "THB", "TWD",
];

/// Currencies quoted in hundredths, and what they are hundredths of.
const HUNDREDTHS: [(&str, &str); 3] = [("GBX", "GBP"), ("ZAC", "ZAR"), ("ILA", "ILS")];

/// The code that a text says: three letters, or pence. The case of `GBp` counts.
pub(super) fn code(text: &str) -> Option<String> {
    match text {
        "GBp" | "GBX" | "gbx" => return Some("GBX".to_owned()),
        "ZAc" => return Some("ZAC".to_owned()),
        _ => {}
    }
    let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| text.to_ascii_uppercase())
}

/// The code of a currency's sign, or the sign where it stands for several.
pub(super) fn of_sign(sign: char) -> String {
    match sign {
        '€' => "EUR".to_owned(),
        '£' => "GBP".to_owned(),
        '₹' => "INR".to_owned(),
        '₩' => "KRW".to_owned(),
        other => other.to_string(),
    }
}

/// The text before the brackets of a header such as `SAP (EUR)`, `Price (USD)` or `VOD [GBp]`, and the currency in them.
pub(super) fn in_brackets(text: &str) -> Option<(&str, String)> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let inside = text.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    let (before, currency) = inside.or_else(|| text.strip_suffix(']')?.rsplit_once('['))?;
    let currency = code(currency.trim()).filter(|code| IN_HEADERS.contains(&code.as_str()))?;
    Some((before.trim(), currency)).filter(|(before, _)| !before.is_empty())
}

/// The ticker and the currency of a header such as `SAP (EUR)` or `VOD [GBp]`.
pub(super) fn in_header(text: &str) -> Option<(Ticker, String)> {
    let (ticker, currency) = in_brackets(text)?;
    Some((ticker.parse().ok()?, currency))
}

/// The series of rates that a header or a ticker column names in another way: `CUR:EURUSD`, `EURUSD=X`.
pub(super) fn rates_of(text: &str) -> Option<Ticker> {
    let text = text.trim().to_ascii_uppercase();
    let pair = text.strip_prefix("CUR:").or_else(|| text.strip_suffix("=X"))?;
    format!("CUR:{}", code(pair.strip_suffix("USD")?)?).parse().ok()
}

/// What each ticker of a file is said to be in, and on which line.
#[derive(Debug, Default)]
pub(super) struct Stated(HashMap<usize, (String, u64)>);

impl Stated {
    /// Takes a cell of the currency column, for the ticker of a group. An empty one says nothing.
    ///
    /// # Errors
    /// When it is no currency, or another than the same ticker had before.
    pub(super) fn take(&mut self, group: usize, (unit, line): (&str, u64), cell: &str) -> Result<(), String> {
        let cell = cell.trim();
        if cell.is_empty() || self.of(group) == Some(cell) {
            return Ok(());
        }
        let Some(code) = code(cell) else {
            let cell = excerpt(cell);
            return Err(format!(
                "{unit} {line}: `{cell}` is no currency: write its code, such as EUR, or GBX for pence"
            ));
        };
        match self.0.get(&group) {
            Some((known, before)) if *known != code => Err(format!(
                "{unit} {before} has prices in {known}, and {unit} {line} prices in {code} of the same ticker: bring them to one \
                 currency, or give each its own ticker"
            )),
            Some(_) => Ok(()),
            None => {
                self.0.insert(group, (code, line));
                Ok(())
            }
        }
    }

    /// What a group's prices are said to be in.
    pub(super) fn of(&self, group: usize) -> Option<&str> {
        self.0.get(&group).map(|(code, _)| code.as_str())
    }
}

/// Turns prices, closes and dividends in other currencies into dollars where there are rates. What became of each ticker in
/// another currency, and a remark for each file.
pub(super) fn into_dollars(merged: &mut Merged, remarks: &mut Vec<Remark>) -> HashMap<Ticker, Converted> {
    let mut converted = HashMap::new();
    let mut said: BTreeMap<(String, String, bool), Vec<String>> = BTreeMap::new();
    let mut in_dollars = HashSet::new();
    for (ticker, currency) in std::mem::take(&mut merged.currencies) {
        if &*currency == DOLLAR {
            in_dollars.insert(ticker);
            continue;
        }
        let (whole, scale) = whole(&currency);
        let rates = format!("CUR:{whole}").parse().ok().and_then(|rates: Ticker| merged.prices.get(&rates).cloned());
        let file = merged.files_of.get(&ticker).cloned().unwrap_or_default();
        let turned_round = rates.as_ref().filter(|rates| plausible::are_turned_round(whole, rates));
        let turned_round = turned_round.and_then(|rates| rates.prices().last().copied());
        let rates = rates.filter(|_| turned_round.is_none());
        let series = merged.prices.get_mut(&ticker).filter(|series| series.refused().is_none());
        let sound = rates.filter(|rates| rates.refused().is_none()).zip(series);
        let is_converted = sound.is_some();
        let how = match sound {
            Some((rates, series)) => {
                let rates = Rates { series: &rates, scale };
                let (dollars, left_out) = rates.converted(series);
                *series = Arc::new(dollars);
                if let Some(closes) = merged.closes.get_mut(&ticker) {
                    *closes = Arc::new(rates.converted(closes).0);
                }
                if let Some(paid) = merged.dividends.get_mut(&ticker) {
                    *paid = rates.of_dividends(paid);
                }
                converted.insert(ticker.clone(), Converted { from: currency.to_string(), left_out });
                let newest = rates.series.dates().last().zip(rates.series.prices().last());
                let newest = newest.map(|(date, rate)| format!(" ({rate} on {date})")).unwrap_or_default();
                format!("are in {currency} and taken in dollars, at the rates of CUR:{whole}{newest}")
            }
            None => {
                let how = match turned_round {
                    Some(rate) => format!(
                        "are in {currency} and not converted: CUR:{whole} ({rate} at the end) looks like {whole} for one dollar; give the dollars for one {whole}"
                    ),
                    None => format!(
                        "are in {currency} and not converted: give the dollars for one {whole} in a column CUR:{whole}"
                    ),
                };
                merged.currencies.insert(ticker.clone(), currency);
                how
            }
        };
        said.entry((file, how, is_converted)).or_default().push(ticker.to_string());
    }
    let presumed: Vec<(Ticker, &str)> = merged
        .prices
        .keys()
        .filter(|ticker| !in_dollars.contains(*ticker) && !merged.currencies.contains_key(*ticker))
        .filter(|ticker| !converted.contains_key(*ticker))
        .filter_map(|ticker| Some((ticker.clone(), of_suffix(ticker)?)))
        .collect();
    for (ticker, currency) in presumed {
        let file = merged.files_of.get(&ticker).cloned().unwrap_or_default();
        let how = format!(
            "are in {currency} by their suffix, which nothing else says, and not converted: write the currency into the header, as \
             in `SAP.DE (EUR)`, or into a column `currency`; USD where they are dollars"
        );
        merged.currencies.insert(ticker.clone(), format!("{currency} by its suffix").into());
        said.entry((file, how, false)).or_default().push(ticker.to_string());
    }
    for ((file, how, is_converted), mut tickers) in said {
        tickers.sort_unstable();
        let more = tickers.len().saturating_sub(super::notes::SHOWN);
        tickers.truncate(super::notes::SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let text = format!("{file}: prices of {}{more} {how}", tickers.join(", "));
        let kind = if is_converted { RemarkKind::Converted } else { RemarkKind::Currency };
        remarks.push(Remark::new(kind, text));
    }
    converted
}

/// The currency that rates are of, and how much of it one of a currency is.
fn whole(currency: &str) -> (&str, f64) {
    HUNDREDTHS.iter().find(|(part, _)| *part == currency).map_or((currency, 1.0), |(_, whole)| (*whole, 0.01))
}

/// Dollars for one of a currency by date.
struct Rates<'a> {
    series: &'a PriceSeries,
    scale: f64,
}

impl Rates<'_> {
    /// The newest rate of a day.
    fn on(&self, date: NaiveDate) -> Option<f64> {
        let at = self.series.dates().partition_point(|known| *known <= date).checked_sub(1)?;
        let age = (date - *self.series.dates().get(at)?).num_days();
        self.series.prices().get(at).filter(|_| age <= OLDEST).map(|rate| rate * self.scale)
    }

    /// A series in dollars, and the rows that have no rate.
    fn converted(&self, series: &PriceSeries) -> (PriceSeries, usize) {
        let rows = series.dates().iter().zip(series.prices());
        let rows: Vec<(NaiveDate, f64)> =
            rows.filter_map(|(date, price)| Some((*date, price * self.on(*date)?))).collect();
        let left_out = series.len() - rows.len();
        let dollars = PriceSeries::new(series.ticker().clone(), series.kind(), rows);
        (dollars.with_bad_prices(series.bad_prices()), left_out)
    }

    fn of_dividends(&self, paid: &[Dividend]) -> Arc<[Dividend]> {
        let dollars = |paid: &Dividend| Some(Dividend { amount: paid.amount * self.on(paid.ex_date)?, ..*paid });
        paid.iter().filter_map(dollars).collect()
    }
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    fn series(ticker: &str, rows: &[(&str, f64)]) -> PriceSeries {
        let rows = rows.iter().map(|(date, price)| (date.parse().unwrap(), *price));
        PriceSeries::new(ticker.parse().unwrap(), PriceKind::Adjusted, rows)
    }

    #[test]
    fn headers_and_cells_name_currencies() {
        let named = |text: &str| in_header(text).map(|(ticker, code)| format!("{ticker} {code}"));
        for (header, expected) in [("SAP (EUR)", "SAP EUR"), ("VOD [GBp]", "VOD GBX"), ("VOD (GBP)", "VOD GBP")] {
            assert_eq!(named(header).as_deref(), Some(expected));
        }
        for header in ["SPDR S&P 500 ETF Trust (SPY)", "SAP", "(EUR)", "SAP (XYZ)", "SAP EUR"] {
            assert_eq!(named(header), None, "{header}");
        }
        let rates = |text| rates_of(text).map(|ticker| ticker.to_string());
        assert_eq!(rates("cur:eurusd").as_deref(), Some("CUR:EUR"));
        assert_eq!(rates("GBPUSD=X").as_deref(), Some("CUR:GBP"));
        // Euros for a dollar are no dollars for a euro.
        assert_eq!((rates("CUR:USDEUR"), rates("EUR=X"), rates("CUR:EUR")), (None, None, None));
    }

    #[test]
    fn a_row_counts_at_the_newest_rate_of_at_most_five_days() {
        let rates = series("CUR:GBP", &[("2024-01-02", 1.25), ("2024-01-10", 1.28)]);
        let pence =
            series("VOD", &[("2024-01-01", 80.0), ("2024-01-02", 80.0), ("2024-01-07", 81.0), ("2024-01-08", 82.0)]);
        let (dollars, left_out) = Rates { series: &rates, scale: whole("GBX").1 }.converted(&pence);
        // 80 pence are 0.8 pounds, at 1.25 dollars; the rate of 2 January holds up to the 7th.
        assert_eq!((dollars.dates().len(), left_out), (2, 2));
        let expected = [1.0, 1.0125];
        assert!(dollars.prices().iter().zip(expected).all(|(price, expected)| (price - expected).abs() < 1e-12));
    }
}
