//! Dividend yields: trailing twelve months' dividends / latest close.
//!
//! The latest close is that of the source on or before the panel's `as_of`, and the dividends are those of the twelve
//! months before. Where the source has no closes beside adjusted prices, the adjusted price stands in: it equals the close
//! only at the newest end of its history; before that it is lower by what was paid since. So from it a yield is given only
//! where it is of the present ([`CURRENT_DAYS`]), and not for a window that ended in the past.

use chrono::{Months, NaiveDate};
use factor_types::{AssetClass, Factor, PriceKind, PriceSeries, Ticker};
use indexmap::IndexMap;

use crate::{Fundamentals, Study};

/// A price is of the present when it is at most this many days old. A window without an `end_date` ends with the last
/// whole month, whose last price may be 34 days old on the day before the next month counts as whole.
pub const CURRENT_DAYS: i64 = 35;

/// A yield above this is not believed, by asset class: a special dividend, a split, a payment in another currency.
const MOST_OF_EQUITY: f64 = 0.25;
const MOST_OF_BONDS: f64 = 0.15;

/// Members with at least this share of a composite's weight must have a yield.
const LEAST_WEIGHT: f64 = 0.5;

const UNKNOWN_INCOME: &str = "the source lists no dividends of this fund of commodities or coins, and whether it pays any is not \
                              known: funds.csv may tell, pays_income yes or no";

const TOO_FEW_MEMBERS: &str = "members with less than half of the weight have a dividend yield";

/// What is known of a factor's dividend yield before anyone is asked for its dividends.
#[derive(Debug, Clone, PartialEq)]
pub enum YieldBasis {
    /// It is 0: the fund is known to pay nothing out.
    NonPaying,
    /// It is undefined, and why.
    Undefined(String),
    /// Its dividends decide, over this latest close.
    Dividends {
        /// The last close at or before the panel's `as_of`.
        close: f64,
    },
}

impl YieldBasis {
    /// Judges one factor. `close` is the newest one of the source on or before `as_of`, the newest price date that the panel
    /// uses, where it has closes beside adjusted prices; `today` is the clock's day.
    pub fn of(
        factor: &Factor,
        series: &PriceSeries,
        close: Option<(NaiveDate, f64)>,
        as_of: NaiveDate,
        today: NaiveDate,
    ) -> Self {
        if factor.ticker.is_composed() {
            let what = if factor.ticker.is_group() { "group" } else { "portfolio" };
            return Self::Undefined(format!("a {what} has no dividends of its own; ask for its members"));
        }
        if factor.facts.pays_income == Some(false) {
            return Self::NonPaying;
        }
        let rows = series.dates().partition_point(|date| *date <= as_of);
        let last = rows.checked_sub(1).map(|last| (series.dates()[last], series.prices()[last]));
        // A close is what it was, whenever that is; a price adjusted for dividends is so only for now.
        if let Some((date, close)) = close.or(last.filter(|_| series.kind() == PriceKind::Close)) {
            if !is_present(date, as_of) {
                return Self::Undefined(format!("its last close is of {date}, long before {as_of}"));
            }
            return Self::Dividends { close };
        }
        if !is_present(as_of, today) {
            return Self::Undefined(of_the_past(as_of));
        }
        match last {
            None => Self::Undefined(format!("no price on or before {as_of}")),
            Some((date, _)) if !is_present(date, today) => {
                Self::Undefined(format!("dividend yields are of today; its last price is of {date}"))
            }
            Some((_, close)) => Self::Dividends { close },
        }
    }
}

/// The sum of the dividends with an ex-date in (as_of - 12 months, as_of], from (ex-date, amount per share) in any order.
pub fn trailing_twelve_months(paid: impl IntoIterator<Item = (NaiveDate, f64)>, as_of: NaiveDate) -> f64 {
    let after = year_before(as_of);
    paid.into_iter().filter(|(date, _)| *date > after && *date <= as_of).map(|(_, amount)| amount).sum()
}

/// Twelve months before: the same day, or the month's last where it has no such day.
pub fn year_before(as_of: NaiveDate) -> NaiveDate {
    as_of.checked_sub_months(Months::new(12)).unwrap_or(NaiveDate::MIN)
}

/// The dividend yield, decimal: `trailing` dividends / latest `close`. A negative one is 0.
///
/// # Errors
/// Above 25% (shares) or 15% (bonds and bills) it is undefined; the reason has the value.
pub fn dividend_yield(class: Option<AssetClass>, trailing: f64, close: f64) -> Result<f64, String> {
    // A correction by the source can make a sum negative.
    let found = (trailing / close).max(0.0);
    let (most, of) = match class {
        Some(AssetClass::Bond | AssetClass::Cash) => (MOST_OF_BONDS, "bonds and cash"),
        _ => (MOST_OF_EQUITY, "equity"),
    };
    if found > most {
        return Err(format!("{found:.4} is not believed: above {most} for {of}"));
    }
    Ok(found)
}

/// The dividend yields of every analysed factor: the value, or why there is none.
pub fn yields(study: &Study, fundamentals: &Fundamentals) -> IndexMap<Ticker, Result<f64, String>> {
    let panel = study.panel();
    let of = |factor: &Factor, series: &PriceSeries| {
        let today = fundamentals.today.ok_or("dividends were not asked for")?;
        let close = fundamentals.closes.get(&factor.ticker).copied();
        match YieldBasis::of(factor, series, close, panel.as_of(), today) {
            YieldBasis::NonPaying => Ok(0.0),
            YieldBasis::Undefined(reason) => Err(reason),
            YieldBasis::Dividends { close } => {
                let trailing =
                    fundamentals.dividends.get(&factor.ticker).ok_or("dividends were not asked for")?.clone()?;
                // Gold pays nothing, but a fund of futures earns on its cash: that none is listed may be for want of a list.
                let of_things = matches!(factor.asset_class, Some(AssetClass::Commodity | AssetClass::Crypto));
                if trailing == 0.0 && of_things && factor.facts.pays_income.is_none() {
                    return Err(UNKNOWN_INCOME.to_owned());
                }
                dividend_yield(factor.asset_class, trailing, close)
            }
        }
    };
    let each = study.factors.iter().map(|studied| {
        let factor = &studied.factor;
        (factor.ticker.clone(), of(factor, &panel.columns()[studied.column].series))
    });
    each.collect()
}

/// The dividend yield of a composite: the mean of its members' known yields by weight.
///
/// # Errors
/// Undefined unless members with at least half of the weight have a yield. Where all lack it for one reason, that one.
pub fn composite_yield(members: &[(f64, &Result<f64, String>)]) -> Result<f64, String> {
    let known = || members.iter().filter_map(|(weight, found)| Some((weight, found.as_ref().ok()?)));
    let all: f64 = members.iter().map(|(weight, _)| weight).sum();
    let weight: f64 = known().map(|(weight, _)| weight).sum();
    // A yield of a small part passed off as that of the whole would mislead.
    if weight > 0.0 && weight >= LEAST_WEIGHT * all {
        return Ok(known().map(|(weight, found)| weight * found).sum::<f64>() / weight);
    }
    let mut reasons = members.iter().map(|(_, found)| found.as_ref().err());
    match reasons.next().flatten() {
        Some(first) if reasons.all(|reason| reason == Some(first)) => Err(first.clone()),
        _ => Err(TOO_FEW_MEMBERS.to_owned()),
    }
}

/// True for what is of the present on a day.
pub fn is_present(date: NaiveDate, today: NaiveDate) -> bool {
    (today - date).num_days() <= CURRENT_DAYS
}

fn of_the_past(as_of: NaiveDate) -> String {
    format!("without closes beside adjusted prices a dividend yield is of today; this window ends on {as_of}")
}

#[cfg(test)]
mod tests;
