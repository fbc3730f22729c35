//! Small monthly studies for tests, from returns written by hand.

use std::sync::Arc;

use chrono::{Months, NaiveDate};
use factor_types::{
    Calendar, Category, Factor, Frequency, Maturity, PriceKind, PriceSeries, SourceTier, Ticker, YieldTable,
};

use crate::{Panel, Study, panel::Window};

/// One fund: what it is, and its returns, `NaN` for a month without a price.
pub(crate) struct Fund<'a> {
    pub(crate) factor: Factor,
    pub(crate) returns: &'a [f64],
}

impl<'a> Fund<'a> {
    pub(crate) fn new(ticker: &str, category: Category, returns: &'a [f64]) -> Self {
        Self {
            factor: Factor::new(ticker.parse().unwrap(), format!("{ticker} fund"), category, SourceTier::Request),
            returns,
        }
    }
}

pub(crate) fn ticker(name: &str) -> Ticker {
    name.parse().unwrap()
}

/// December 2009 and the months after it.
pub(crate) fn month_end(months: usize) -> NaiveDate {
    let first: NaiveDate = "2009-12-31".parse().unwrap();
    first.checked_add_months(Months::new(u32::try_from(months).unwrap())).unwrap().month_end()
}

/// The monthly panel of daily prices written by hand, of whole months after the first of two dates up to the second.
pub(crate) fn priced(of: &[(&str, &[(&str, f64)])], (start, end): (&str, &str)) -> Panel {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let series = |(name, rows): &(&str, &[(&str, f64)])| {
        let rows = rows.iter().map(|(date, price)| (day(date), *price));
        Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows))
    };
    let window = Window::whole(Frequency::Monthly, day(start), day(end));
    Panel::build(window, &of.iter().map(series).collect::<Vec<_>>()).unwrap()
}

/// The panel of some series, its first return January 2010's. A missing return leaves out its month's price, and with it
/// the next return, unless the price before is missing as well: leading `NaN`s are a late start.
pub(crate) fn panel(series: &[(&str, &[f64])]) -> Panel {
    let months = series.iter().map(|(_, returns)| returns.len()).max().unwrap();
    let priced = |(name, returns): &(&str, &[f64])| {
        let late = returns.iter().take_while(|r| r.is_nan()).count();
        let mut price = 100.0;
        let rows = returns.iter().enumerate().skip(late).filter_map(|(at, r)| {
            price *= 1.0 + if r.is_finite() { *r } else { 0.0 };
            r.is_finite().then(|| (month_end(at + 1), price))
        });
        let rows: Vec<(NaiveDate, f64)> = std::iter::once((month_end(late), 100.0)).chain(rows).collect();
        Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows))
    };
    let end = month_end(months);
    let window = Window::whole(Frequency::Monthly, month_end(0), end);
    Panel::build(window, &series.iter().map(priced).collect::<Vec<_>>()).unwrap()
}

/// Yields at the month ends from December 2009 on.
pub(crate) fn yields(maturity: Maturity, percent: &[f64]) -> YieldTable {
    let mut table = YieldTable::default();
    table.insert(maturity, percent.iter().enumerate().map(|(at, y)| (month_end(at), *y)));
    table
}

/// A study with a floor of three months.
pub(crate) fn study(funds: &[Fund<'_>], yields: YieldTable) -> Study {
    let series: Vec<(&str, &[f64])> = funds.iter().map(|fund| (fund.factor.ticker.as_str(), fund.returns)).collect();
    let universe: Vec<Arc<Factor>> = funds.iter().map(|fund| Arc::new(fund.factor.clone())).collect();
    Study::new(Arc::new(panel(&series)), Arc::new(yields), &universe, &[], 3)
}

#[track_caller]
pub(crate) fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-12, "{found} is not {expected}");
}

/// A repeatable stream in [-0.5, 0.5) that no generator's next version changes.
pub(crate) fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    }
}
