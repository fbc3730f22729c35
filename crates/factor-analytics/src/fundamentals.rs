//! What is known of funds apart from their prices: dividends and market capitalisations.
//!
//! Fundamentals are of today, while returns are of a window. So they come in along with the panel, each with the reason
//! where it is missing, and the rules of what may be made of them are in [`crate::sections::dividends`] and
//! [`crate::composite`]. Like plans they are keys of caches: equal and hashed by their fields, numbers by their bits.

use std::hash::Hash;

use chrono::NaiveDate;
use factor_types::Ticker;
use indexmap::IndexMap;

use crate::fields::eq_and_hash_by_fields;

/// What is known of funds apart from their prices. Empty where a report has no use for it.
#[derive(Debug, Clone, Default)]
pub struct Fundamentals {
    /// The day taken for today; `None` when nothing was asked.
    pub today: Option<NaiveDate>,
    /// The dividends per share of the twelve months up to the panel's `as_of`, summed
    /// ([`crate::sections::dividends::trailing_twelve_months`]), in the prices' currency; or why they are not known.
    pub dividends: IndexMap<Ticker, Result<f64, String>>,
    /// The newest close on or before the panel's `as_of`, and its date, of the tickers of which the source has one beside
    /// adjusted prices.
    pub closes: IndexMap<Ticker, (NaiveDate, f64)>,
    /// The newest SEC yield on or before the panel's `as_of`, decimal, of the tickers of which the source has a present one.
    pub sec_yields: IndexMap<Ticker, f64>,
    /// Market capitalisations, for plans that weight by them.
    pub caps: MarketCaps,
}

/// Market capitalisations as of now.
#[derive(Debug, Clone, Default)]
pub struct MarketCaps {
    /// US dollars, above zero, of the tickers that have one.
    pub dollars: IndexMap<Ticker, f64>,
    /// The date of the oldest of them.
    pub as_of: Option<NaiveDate>,
    /// Tickers that were asked for and have none.
    pub without: Vec<Ticker>,
    /// Why there is none at all, where the source said so.
    pub unavailable: Option<String>,
}

eq_and_hash_by_fields!(Fundamentals);
eq_and_hash_by_fields!(MarketCaps);

impl Fundamentals {
    fn fields(&self) -> impl Hash + Eq + '_ {
        let Self { today, dividends, closes, sec_yields, caps } = self;
        let bits = |found: &Result<f64, String>| found.clone().map(f64::to_bits);
        let dividends: Vec<_> = dividends.iter().map(|(ticker, found)| (ticker, bits(found))).collect();
        let closes: Vec<_> = closes.iter().map(|(ticker, (date, close))| (ticker, date, close.to_bits())).collect();
        let sec_yields: Vec<_> = sec_yields.iter().map(|(ticker, found)| (ticker, found.to_bits())).collect();
        (today, dividends, closes, sec_yields, caps)
    }
}

impl MarketCaps {
    fn fields(&self) -> impl Hash + Eq + '_ {
        let Self { dollars, as_of, without, unavailable } = self;
        let dollars: Vec<_> = dollars.iter().map(|(ticker, dollars)| (ticker, dollars.to_bits())).collect();
        (dollars, as_of, without, unavailable)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn whatever_could_change_a_figure_makes_another_key() {
        let spy = Ticker::spy;
        let paid = |found: Result<f64, &str>| Fundamentals {
            today: NaiveDate::from_ymd_opt(2024, 1, 2),
            dividends: [(spy(), found.map_err(str::to_owned))].into_iter().collect(),
            ..Fundamentals::default()
        };
        let capped = |dollars: f64| Fundamentals {
            caps: MarketCaps { dollars: [(spy(), dollars)].into_iter().collect(), ..MarketCaps::default() },
            ..Fundamentals::default()
        };
        let closed = |date: u32, close: f64| Fundamentals {
            closes: [(spy(), (NaiveDate::from_ymd_opt(2024, 1, date).unwrap(), close))].into_iter().collect(),
            ..Fundamentals::default()
        };
        let different = [
            Fundamentals::default(),
            Fundamentals { sec_yields: [(spy(), 0.01)].into_iter().collect(), ..Fundamentals::default() },
            Fundamentals { sec_yields: [(spy(), 0.02)].into_iter().collect(), ..Fundamentals::default() },
            closed(2, 1.0),
            closed(3, 1.0),
            closed(2, 2.0),
            Fundamentals { today: None, ..paid(Ok(1.0)) },
            paid(Ok(1.0)),
            // The next number there is.
            paid(Ok(1.0_f64.next_up())),
            paid(Ok(0.0)),
            paid(Ok(-0.0)),
            paid(Err("late")),
            capped(1e9),
            capped(2e9),
        ];
        let keys: HashSet<Fundamentals> = different.iter().cloned().collect();
        assert_eq!(keys.len(), different.len());
        assert!(different.iter().all(|one| keys.contains(one)));
        assert_eq!(paid(Ok(f64::NAN)), paid(Ok(f64::NAN)));
    }
}
