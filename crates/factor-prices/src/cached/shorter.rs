//! A whole history that comes back shorter than the one that is kept: a smaller plan, or a symbol that is another fund's now.
//!
//! It takes the place of the kept one where the two agree on the days they share, and the earlier rows are kept. To agree is
//! to differ by one factor: every dividend and split after a day multiplies the adjusted prices before it alike, so what the
//! oldest shared days were multiplied with is what the days before them would have been.

use std::collections::HashMap;

use chrono::NaiveDate;
use factor_types::PriceSeries;

use super::history::{LEAST_SHARE, START_SLACK, with_bad_prices};
use crate::{PriceError, SourceFault};

/// Of the shared days the oldest are compared: later ones may have been restated among themselves.
const COMPARED: usize = 60;
/// Fewer shared days prove nothing.
const FEWEST: usize = 20;
/// Ratios of prices with four decimals may differ so much for one factor.
const ROUNDING: f64 = 2e-5;

/// The kept rows that the new history lacks at its start, joined to it, and what is to be said of it; `None` where the new
/// one is no shorter.
///
/// # Errors
/// When the new one lacks rows, or is shorter and disagrees with the kept one.
pub(super) fn mended(kept: &PriceSeries, new: &PriceSeries) -> Result<Option<(PriceSeries, String)>, PriceError> {
    ends_no_earlier(kept, new)?;
    let (Some(first), Some(new_first)) = (kept.dates().first(), new.dates().first()) else { return Ok(None) };
    let old: HashMap<NaiveDate, f64> = kept.dates().iter().copied().zip(kept.prices().iter().copied()).collect();
    let shared = kept.len() - kept.dates().partition_point(|date| date < new_first);
    let rows = new.dates().iter().zip(new.prices());
    let ratios: Vec<f64> = rows.filter_map(|(date, price)| Some(price / old.get(date)?)).collect();
    if (new.len() as f64) < LEAST_SHARE * shared as f64 {
        return Err(fewer(new));
    }
    if (*new_first - *first).num_days() <= START_SLACK {
        return Ok(None);
    }
    let Some(factor) = one_factor(&ratios, shared) else { return Err(disagrees(new, *new_first)) };
    let earlier = kept.dates().iter().zip(kept.prices()).take_while(|(date, _)| *date < new_first);
    let earlier = earlier.map(|(date, price)| (*date, price * factor));
    let all = earlier.chain(new.dates().iter().copied().zip(new.prices().iter().copied()));
    let series = with_bad_prices(new, all.collect::<Vec<_>>(), new.bad_prices());
    Ok(Some((series, format!("the source's prices now begin on {new_first}; the earlier ones are those kept"))))
}

/// Refuses a history that ends before the kept one.
pub(super) fn ends_no_earlier(kept: &PriceSeries, new: &PriceSeries) -> Result<(), PriceError> {
    if new.dates().last() < kept.dates().last() { Err(fewer(new)) } else { Ok(()) }
}

/// The factor between two histories on their oldest shared days, if it is one.
fn one_factor(ratios: &[f64], shared: usize) -> Option<f64> {
    let compared = ratios.get(..ratios.len().min(COMPARED))?;
    if compared.len() < FEWEST || (ratios.len() as f64) < LEAST_SHARE * shared as f64 {
        return None;
    }
    let mut sorted = compared.to_vec();
    sorted.sort_by(f64::total_cmp);
    let factor = *sorted.get(sorted.len() / 2)?;
    compared.iter().all(|ratio| (ratio / factor - 1.0).abs() <= ROUNDING).then_some(factor)
}

fn fewer(new: &PriceSeries) -> PriceError {
    let why = format!("the source now has fewer prices of {} than before", new.ticker());
    PriceError::failed(SourceFault::Unusable, why)
}

fn disagrees(new: &PriceSeries, first: NaiveDate) -> PriceError {
    let ticker = new.ticker();
    let why = format!(
        "the source's prices of {ticker} now begin on {first} and are not those of before: if the symbol is another fund's \
         now, `factor-mcp cache clear --ticker {ticker}` drops the old ones"
    );
    PriceError::failed(SourceFault::Unusable, why)
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, Days};
    use factor_types::PriceKind;

    use super::*;

    /// Prices of so many days from a day on, each its own, times a factor.
    fn series(first: u64, count: u64, factor: f64) -> PriceSeries {
        let price = |at: u64| 50.0 + (at * 37 % 11) as f64;
        let rows = (first..first + count).map(|at| (NaiveDate::default() + Days::new(at), factor * price(at)));
        PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows)
    }

    #[test]
    fn a_smaller_plan_keeps_the_earlier_rows_as_a_dividend_since_has_restated_them() {
        let kept = series(0, 300, 1.0);
        for factor in [1.0, 0.99] {
            let (mended, note) = mended(&kept, &series(100, 201, factor)).unwrap().unwrap();
            let whole = series(0, 301, factor);
            assert_eq!(mended.dates(), whole.dates());
            assert!(mended.prices().iter().zip(whole.prices()).all(|(a, b)| (a / b - 1.0).abs() < 1e-12));
            assert_eq!(note, "the source's prices now begin on 1970-04-11; the earlier ones are those kept");
        }
    }

    #[test]
    fn another_funds_prices_are_named_with_the_way_out() {
        let kept = series(0, 300, 1.0);
        let other = series(101, 200, 1.0);
        let moved = other.dates().iter().map(|date| *date - Days::new(1)).zip(other.prices().iter().copied());
        let moved = PriceSeries::new(
            "SPY".parse().unwrap(),
            PriceKind::Adjusted,
            moved.chain([(NaiveDate::default() + Days::new(300), 1.0)]),
        );
        let error = mended(&kept, &moved).unwrap_err().to_string();
        assert!(
            error.contains("begin on 1970-04-11") && error.contains("`factor-mcp cache clear --ticker SPY`"),
            "{error}"
        );
        // A few days agree by chance.
        assert!(mended(&kept, &series(290, 11, 1.0)).is_err());
    }

    #[test]
    fn one_that_is_no_shorter_stands_for_itself_and_one_with_holes_does_not() {
        let kept = series(0, 300, 1.0);
        assert_eq!(mended(&kept, &series(0, 301, 0.5)).unwrap(), None);
        assert_eq!(mended(&kept, &series(9, 292, 0.5)).unwrap(), None, "holidays");
        assert!(mended(&kept, &series(0, 299, 1.0)).is_err(), "the last day is gone");
        let holes = series(0, 300, 1.0);
        let rows = holes
            .dates()
            .iter()
            .copied()
            .zip(holes.prices().iter().copied())
            .filter(|(date, _)| *date == *holes.dates().last().unwrap() || date.day() < 24);
        let holes = PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows);
        assert!(mended(&kept, &holes).unwrap_err().to_string().contains("fewer prices of SPY than before"));
        assert_eq!(mended(&series(0, 0, 1.0), &kept).unwrap(), None, "there was nothing to lose");
    }
}
