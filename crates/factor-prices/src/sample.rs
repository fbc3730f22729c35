//! Simulated prices and yields: no market's, but with the signs and rough sizes of one.
//!
//! # Model
//!
//! Daily steps from 2010-12-31 over Monday to Friday without New Year's Day, Good Friday, 4 July and 25 December, shown on
//! the exchange's trading days ([`factor_types::exchange`]).
//! `e` are independent standard normal draws, each from a ChaCha8 stream seeded by its name; `dt` = 1/252 year.
//!
//! - Market: `m = mu dt + sigma sqrt(dt) e`. Two regimes, calm (`mu` 16.5%, `sigma` 10% a year) and turbulent (2%,
//!   20%), entered with probability 0.6% and left with 2.5% a day; `sigma` is multiplied by `exp(h)`,
//!   `h' = 0.97 h + 0.05 e`. Four stated crashes (from 2011-07-25, 2018-10-03, 2020-02-20 and 2022-01-04) and three
//!   recoveries have a drift and volatility of their own.
//! - Common factors `f_k`: 24 (banks, energy, oil, gold, size, growth, ...), independent of the market and of each
//!   other, normal with a fixed annual volatility times `s = sqrt(sigma / 14%)`, so that all are livelier together.
//! - Yields, in percent: Nelson and Siegel's curve with decay 4 years in level `l`, short rate `c` and hump `b`, each
//!   drawn to a stated path (the hump to 0), with daily shocks of 5.1, 1.0 and 8.0 basis points. The level's shock has
//!   correlation 0.12 with the market's, the hump's 0.5 with the level's. None below 0.02%; given with two decimals.
//! - Credit: a high-yield spread `x` in percent, drawn to 4% at 2 a year, widening by 0.11 points when the market
//!   falls by 1% (more when it is wide already), never below 2%.
//! - A fund of shares, a commodity or a coin: `r = drift dt + beta m + sum(b_k f_k) + rate dy10 + own s sqrt(dt) e`.
//! - A bond or bill fund: carry at the yields its key-rate durations `D_i` weigh, on calendar days, plus
//!   `-sum(D_i dy_i) + C dy10^2 / 2` with `C = sum(D_i)^2`, plus for credit its share `w` of the spread's carry and
//!   `-D_s w dx`, plus `drift dt` and its own shock.
//!
//! Prices start at 100 on a fund's first day, include dividends, and have six decimals. They depend on the date alone,
//! not on the clock or on what else is asked: a longer sample begins with the shorter one. The parameters are invented,
//! guided by the rough sizes known from markets. Funds start in the month that their real namesake did, if later; PEJ
//! stops on 2023-06-15 to show what a stopped fund looks like.
//!
//! Not modelled: earnings, news, fees, fat tails beyond changing volatility, momentum or reversal in returns, splits,
//! taxes, intraday moves, prices without dividends. When funds pay, and how much, is in `sample/fundamentals.rs`.

mod calendar;
mod draws;
mod factors;
mod fundamentals;
mod path;
mod table;

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate};
use factor_types::{DateRange, Maturity, PriceKind, PriceSeries, Ticker, YieldTable, exchange::is_trading_day};
use tokio::sync::OnceCell;

use self::{
    draws::Draws,
    path::{Day, YEAR},
    table::{Fund, funds},
};
use crate::{History, PriceError, PriceProvider, SourceFault, SourceInfo, YieldProvider};

/// The fund that stops, and its last day.
const STOPPED: (&str, (i32, u32, u32)) = ("PEJ", (2023, 6, 15));
/// The price of every fund on its first day.
const BASE: f64 = 100.0;

/// The `sample` source.
#[derive(Debug, Clone)]
pub struct SamplePrices {
    last: NaiveDate,
    made: Arc<OnceCell<Arc<Sample>>>,
}

#[derive(Debug)]
struct Sample {
    prices: HashMap<Ticker, Arc<PriceSeries>>,
    yields: Arc<YieldTable>,
}

impl SamplePrices {
    /// The sample up to the last trading day before `today`. Nothing is simulated until something is asked.
    pub fn new(today: NaiveDate) -> Self {
        Self { last: today.pred_opt().unwrap_or(today), made: Arc::default() }
    }

    /// The tickers present, in order.
    pub fn tickers(&self) -> Vec<Ticker> {
        let mut tickers: Vec<Ticker> = funds().filter_map(|fund| fund.ticker.parse().ok()).collect();
        tickers.sort();
        tickers
    }

    async fn series(&self, ticker: &Ticker) -> Result<Arc<PriceSeries>, PriceError> {
        self.made().await?.prices.get(ticker).cloned().ok_or_else(|| {
            let near = crate::nearest(ticker, funds().map(|fund| fund.ticker));
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            PriceError::NoData(format!(
                "{ticker} is not among the {} tickers of the simulated sample{near}",
                funds().count()
            ))
        })
    }

    async fn made(&self) -> Result<&Sample, PriceError> {
        let last = self.last;
        let make = || async move {
            let made = tokio::task::spawn_blocking(move || Arc::new(Sample::new(last))).await;
            made.map_err(|error| {
                PriceError::failed(SourceFault::Unusable, format!("simulating the sample failed: {error}"))
            })
        };
        self.made.get_or_try_init(make).await.map(Arc::as_ref)
    }
}

/// A fund's simulated dividend yield, decimal (0.013 is 1.3%); 0 for commodities and coins. `None` for a ticker that
/// the sample does not have. It is a constant of the sample, no fund's true yield.
pub fn dividend_yield(ticker: &Ticker) -> Option<f64> {
    find(ticker).map(|fund| fund.dividend / 100.0)
}

/// A fund's simulated assets in US dollars, for weights by capitalisation. `None` for a ticker that the sample does not
/// have. It is a constant of the sample, no fund's true size.
pub fn market_cap(ticker: &Ticker) -> Option<f64> {
    find(ticker).map(|fund| fund.cap * 1e9)
}

fn find(ticker: &Ticker) -> Option<&'static Fund> {
    funds().find(|fund| fund.ticker == ticker.as_str())
}

impl Sample {
    fn new(last: NaiveDate) -> Self {
        let path = path::simulate(last);
        let prices = funds()
            .filter_map(|fund| {
                let ticker: Ticker = fund.ticker.parse().ok()?;
                let series = PriceSeries::new(ticker.clone(), PriceKind::Adjusted, fund.prices(&path));
                Some((ticker, Arc::new(series)))
            })
            .collect();
        let mut yields = YieldTable::default();
        for (at, maturity) in Maturity::ALL.into_iter().enumerate() {
            let shown = path.iter().filter(|day| is_trading_day(day.date));
            yields.insert(maturity, shown.map(|day| (day.date, rounded(day.yields[at], 100.0))));
        }
        Self { prices, yields: Arc::new(yields) }
    }
}

impl Fund {
    fn prices(&self, path: &[Day]) -> Vec<(NaiveDate, f64)> {
        let mut own = Draws::new(self.ticker);
        let started = |day: &Day| day.date.year() as u32 * 100 + day.date.month() >= self.start;
        let (name, (year, month, day)) = STOPPED;
        let end = NaiveDate::from_ymd_opt(year, month, day).filter(|_| self.ticker == name).unwrap_or(NaiveDate::MAX);
        let alive = path.iter().skip_while(|day| !started(day)).take_while(|day| day.date <= end);
        let mut price = BASE;
        alive
            .enumerate()
            .map(|(at, day)| {
                if at > 0 {
                    // A fund does not lose more than half in a day: prices stay above zero.
                    price *= 1.0 + self.day_return(day, own.next()).max(-0.5);
                }
                (day.date, rounded(price, 1e6))
            })
            .filter(|(date, _)| is_trading_day(*date))
            .collect()
    }

    /// The fund's return on one day, decimal; `shock` is its own standard normal draw.
    fn day_return(&self, day: &Day, shock: f64) -> f64 {
        let [.., dy10, _] = day.changes;
        let mut r = self.drift / 100.0 / YEAR + self.beta * day.market + self.rate / 100.0 * dy10;
        r += self.own / 100.0 / YEAR.sqrt() * day.scale * shock;
        for (factor, loading) in self.loads {
            r += loading * day.factors[*factor as usize];
        }
        let duration: f64 = self.keys.iter().sum();
        if duration > 0.0 {
            let years = day.calendar_days / 365.0;
            let mut carry = 0.0;
            for ((key, change), y) in self.keys.iter().zip(day.changes).zip(day.yields) {
                // The carry is at the yield of the day before.
                carry += key / duration * (y - change) / 100.0 * years;
                r -= key * change / 100.0;
            }
            r += carry + 0.5 * (duration * dy10 / 100.0).powi(2);
            r += self.spread * (day.spread_before / 100.0 * years - self.spread_duration * day.spread_change / 100.0);
        }
        r
    }
}

/// Rounded to `1 / unit`: what is published, while the simulation goes on with the exact value.
fn rounded(value: f64, unit: f64) -> f64 {
    (value * unit).round() / unit
}

#[async_trait]
impl PriceProvider for SamplePrices {
    fn about(&self) -> SourceInfo {
        SourceInfo {
            name: "sample",
            description: "Simulated prices from a stated factor model with a fixed seed; no market's prices."
                .to_owned(),
            simulated: true,
            warnings: Vec::new(),
        }
    }

    async fn history(&self, ticker: &Ticker, _range: DateRange) -> Result<History, PriceError> {
        self.series(ticker).await.map(History::from)
    }
}

#[async_trait]
impl YieldProvider for SamplePrices {
    fn about_yields(&self) -> SourceInfo {
        SourceInfo {
            name: "sample",
            description: "Simulated Treasury yields.".to_owned(),
            simulated: true,
            warnings: Vec::new(),
        }
    }

    async fn yields(&self, _range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        Ok(Arc::clone(&self.made().await?.yields))
    }
}

#[cfg(test)]
mod tests;
