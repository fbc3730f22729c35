//! Answers of vendors, of any bytes.

use std::sync::Arc;

use chrono::NaiveDate;
use factor_types::{DateRange, Maturity};

use super::{
    VendorDates, fmp, fred,
    rows::{PriceRows, YieldRows},
    treasury, yahoo,
};
use crate::{
    fuzzing::sound_message,
    upstream::{ResponseError, UpstreamResponse},
};

/// A body: its first byte says whose answer it is and to which question.
pub fn vendor_body(bytes: &[u8]) {
    let Some((which, body)) = bytes.split_first() else { return };
    let reply = UpstreamResponse::of(&String::from_utf8_lossy(body));
    if let Err(ResponseError::Unusable(why)) = read(*which, &reply) {
        sound_message(&why);
    }
}

fn read(which: u8, reply: &UpstreamResponse) -> Result<(), ResponseError> {
    let (today, first) = (day(2024, 12, 31), day(2000, 1, 1));
    let dates = VendorDates { today: Arc::new(move || today), closed_through: Arc::new(move || today) };
    let range = DateRange::new(first, today).unwrap_or_else(|_| DateRange::day(today));
    match which % 9 {
        endpoint @ 0..6 => fmp::fuzzing::body(endpoint, reply, range, &dates)?,
        6 => {
            let Some(chart) = yahoo::result(reply, "SPY")? else { return Ok(()) };
            sound_prices(&yahoo::prices(&chart, &dates)?.rows, &dates);
            let paid = yahoo::dividends(&chart, range, &dates)?;
            assert!(paid.is_sorted_by(|a, b| a.ex_date <= b.ex_date), "dates of dividends do not rise");
            assert!(paid.iter().all(|one| one.amount.is_finite() && one.amount >= 0.0), "a dividend");
        }
        7 => sound_yields(treasury::read(reply, 2024, &dates)?),
        _ => sound_yields(fred::read(reply, Maturity::Ust10Y, &dates)?),
    }
    Ok(())
}

/// Prices of a vendor that are used are positive numbers of days that there were; NaN stands for a bad one.
pub(super) fn sound_prices(prices: &PriceRows, dates: &VendorDates) {
    assert!(prices.rows.iter().all(|(date, _)| *date <= dates.today()), "a price of the future");
    assert!(prices.rows.iter().all(|(_, price)| price.is_nan() || (price.is_finite() && *price > 0.0)), "a price");
}

/// Yields are percentages, one a day.
pub(super) fn sound_yields(rows: YieldRows) {
    let table = YieldRows::table([rows]);
    for maturity in Maturity::ALL {
        let column = table.get(maturity);
        assert!(column.is_sorted_by(|a, b| a.0 < b.0), "dates of {maturity:?} do not rise");
        assert!(column.iter().all(|(_, percent)| percent.is_finite()), "a yield of {maturity:?}");
    }
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}
