//! Tickers that have one another's prices.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use factor_types::{PriceSeries, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

/// Fewest prices that are no accident.
const FEWEST: usize = 20;

/// Tickers with all the same prices on all the same days: a column that was copied, or one fund under two names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Copies {
    /// Those.
    pub tickers: Vec<Ticker>,
    /// How many prices.
    pub rows: usize,
    /// Where these are not all, but the same moves for a while: when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stretch: Option<Stretch>,
}

/// From one date to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Stretch {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
}

/// The sets of tickers whose prices are the same; a price that never changes makes no set.
pub(super) fn copies(series: &[Arc<PriceSeries>]) -> Vec<Copies> {
    let mut sets = Vec::<Vec<&PriceSeries>>::new();
    let mut known = HashMap::<(usize, u64), Vec<usize>>::new();
    for one in series {
        let moves = one.prices().windows(2).any(|pair| pair[0] != pair[1]);
        if one.len() < FEWEST || !moves {
            continue;
        }
        let alike = known.entry((one.len(), sum_of_bits(one))).or_default();
        let same = |at: &&usize| sets[**at][0].prices() == one.prices() && sets[**at][0].dates() == one.dates();
        match alike.iter().find(same).copied() {
            Some(at) => sets[at].push(one),
            None => {
                alike.push(sets.len());
                sets.push(vec![one]);
            }
        }
    }
    let copied = sets.into_iter().filter(|set| set.len() > 1);
    copied
        .map(|set| Copies {
            rows: set[0].len(),
            tickers: set.iter().map(|one| one.ticker().clone()).collect(),
            stretch: None,
        })
        .collect()
}

/// The same for the same prices.
fn sum_of_bits(series: &PriceSeries) -> u64 {
    series.prices().iter().fold(0, |sum: u64, price| sum.rotate_left(5).wrapping_add(price.to_bits()))
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    fn fund(name: &str, first: &str, price: impl Fn(usize) -> f64) -> Arc<PriceSeries> {
        let rows = first.parse::<NaiveDate>().unwrap().iter_days().take(25).enumerate();
        let rows: Vec<_> = rows.map(|(at, date)| (date, price(at))).collect();
        Arc::new(PriceSeries::new(name.parse().unwrap(), PriceKind::Close, rows))
    }

    #[test]
    fn the_same_prices_under_two_names_are_a_copy() {
        let rising = |at: usize| 100.0 + at as f64;
        let series = [
            fund("A", "2024-01-01", rising),
            fund("B", "2024-01-01", |at| rising(at) * 2.0),
            fund("C", "2024-01-01", rising),
            fund("LATER", "2024-01-02", rising),
            fund("NEARLY", "2024-01-01", |at| rising(at) + if at == 24 { 0.01 } else { 0.0 }),
            fund("CASH", "2024-01-01", |_| 1.0),
            fund("MONEY", "2024-01-01", |_| 1.0),
        ];
        let found = copies(&series);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].tickers.iter().map(Ticker::as_str).collect::<Vec<_>>(), ["A", "C"]);
        assert_eq!(found[0].rows, 25);
    }
}
