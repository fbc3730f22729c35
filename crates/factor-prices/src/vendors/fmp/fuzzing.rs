//! Bodies of any bytes as FMP's.

use factor_types::{DateRange, Ticker};

use super::bodies;
use crate::{
    upstream::{ResponseError, UpstreamResponse},
    vendors::{
        VendorDates,
        fuzzing::{sound_prices, sound_yields},
    },
};

/// The body as the answer of an endpoint.
pub(in crate::vendors) fn body(
    endpoint: u8,
    reply: &UpstreamResponse,
    range: DateRange,
    dates: &VendorDates,
) -> Result<(), ResponseError> {
    match endpoint % 6 {
        0 => sound_prices(&bodies::prices(reply, "SPY", "adjClose", dates)?, dates),
        1 => sound_prices(&bodies::prices(reply, "SPY", "price", dates)?, dates),
        2 => {
            let paid = bodies::dividends(reply, range, dates)?;
            assert!(paid.is_sorted_by(|a, b| a.ex_date < b.ex_date), "dates of dividends do not rise");
            assert!(paid.iter().all(|one| one.amount.is_finite() && one.amount >= 0.0), "a dividend");
        }
        3 => {
            let caps = bodies::market_caps(reply, &[Ticker::spy()], dates)?;
            assert!(
                caps.iter().all(|cap| cap.dollars.is_finite() && cap.dollars > 0.0 && cap.as_of <= dates.today()),
                "{caps:?}"
            );
        }
        4 => drop(bodies::profile(reply)?),
        _ => sound_yields(bodies::yields(reply, dates)?),
    }
    Ok(())
}
