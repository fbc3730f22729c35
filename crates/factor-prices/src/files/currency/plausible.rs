//! Whether rates are dollars for one of a currency, or the other way round.

use factor_types::PriceSeries;

/// The least and the most dollars that one of a currency was worth from 1999 to 2025, in round numbers (Federal Reserve H.10, and
/// the ECB's reference rates by that of the dollar for those it does not have). Those that were worth about a dollar are not here:
/// their rates look alike either way.
const DOLLARS_FOR_ONE: [(&str, f64, f64); 19] = [
    ("JPY", 0.006, 0.0135),
    ("SEK", 0.089, 0.17),
    ("NOK", 0.085, 0.20),
    ("DKK", 0.11, 0.215),
    ("HKD", 0.127, 0.129),
    ("CNY", 0.12, 0.166),
    ("INR", 0.011, 0.0256),
    ("KRW", 0.00063, 0.0011),
    ("BRL", 0.16, 0.66),
    ("MXN", 0.039, 0.11),
    ("ZAR", 0.051, 0.18),
    ("PLN", 0.195, 0.5),
    ("CZK", 0.024, 0.07),
    ("HUF", 0.0022, 0.0068),
    ("THB", 0.021, 0.035),
    ("TWD", 0.028, 0.036),
    ("ILS", 0.19, 0.33),
    ("IDR", 0.00006, 0.00015),
    ("CLP", 0.001, 0.0022),
];
/// Rates of other years may lie so many times outside of these.
const LEEWAY: f64 = 2.5;

/// True where the rates of a currency look like so much of it for a dollar.
pub(in crate::files) fn are_turned_round(currency: &str, rates: &PriceSeries) -> bool {
    let Some((_, least, most)) = DOLLARS_FOR_ONE.iter().find(|(known, ..)| *known == currency) else { return false };
    let mut sorted = rates.prices().to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let fits = |rate: f64| rate > least / LEEWAY && rate < most * LEEWAY;
    sorted.get(sorted.len() / 2).is_some_and(|median| !fits(*median) && fits(1.0 / median))
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    #[test]
    fn yen_for_a_dollar_are_no_dollars_for_a_yen() {
        let of = |currency: &str, rate: f64| {
            let day = "2024-01-02".parse().unwrap();
            are_turned_round(
                currency,
                &PriceSeries::new("CUR:XXX".parse().unwrap(), PriceKind::Adjusted, [(day, rate)]),
            )
        };
        for (currency, rate) in [("JPY", 151.2), ("SEK", 10.4), ("KRW", 1390.0), ("BRL", 5.1), ("HKD", 7.8)] {
            assert!(of(currency, rate) && !of(currency, 1.0 / rate), "{currency}");
        }
        // Either may be meant, and what is neither is no business of this.
        assert!(!of("EUR", 0.92) && !of("GBP", 0.78) && !of("JPY", 1.0) && !of("XYZ", 150.0));
    }
}
