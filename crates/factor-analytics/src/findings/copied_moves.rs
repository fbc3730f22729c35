//! Series that move as another does, day for day: a scaled copy, or a fund that is another's from a day on.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{Datelike, NaiveDate};
use factor_types::{PriceSeries, Ticker};

use super::{
    copies::{Copies, Stretch},
    daily,
    moves::log_move,
};

/// Moves in a run that are no accident, and how far apart two logs of the same lie by rounding.
const FEWEST: usize = 60;
const SAME: f64 = 1e-9;

/// Every tenth day of the calendar is looked at first: of 60 rows in a run five fall on one, and a holiday may take some.
const EVERY: i32 = 10;
const MET: usize = 3;

/// Pairs that are compared day for day, and stretches that are named.
const MOST_COMPARED: usize = 200;
const MOST: usize = 50;

/// The stretches on which one daily series has the moves of another: 60 that are not zero or more, all the same to 1e-9. Of
/// those that are copies `whole` the first alone is looked at.
pub(super) fn stretches(series: &[Arc<PriceSeries>], whole: &[Copies]) -> Vec<Copies> {
    let again: BTreeSet<&Ticker> = whole.iter().flat_map(|copies| copies.tickers.iter().skip(1)).collect();
    let daily: Vec<&PriceSeries> = daily(series).filter(|one| !again.contains(one.ticker())).collect();
    let found = pairs(&daily).into_iter().flat_map(|(a, b)| runs(daily[a], daily[b]));
    found.take(MOST).collect()
}

/// The pairs that meet often on the days that are looked at first.
fn pairs(daily: &[&PriceSeries]) -> Vec<(usize, usize)> {
    let (mut last, mut met) = (HashMap::<(NaiveDate, i64), usize>::new(), BTreeMap::<(usize, usize), usize>::new());
    for (at, one) in daily.iter().enumerate() {
        let looked_at = (1..one.len()).filter(|row| one.dates()[*row].num_days_from_ce() % EVERY == 0);
        for row in looked_at {
            let step = log_move(one.prices()[row - 1], one.prices()[row]);
            #[expect(clippy::cast_possible_truncation, reason = "a log move is less than 2,000, and this under 2^42")]
            let rounded = (step / SAME).round() as i64;
            if rounded == 0 {
                continue;
            }
            if let Some(other) = last.insert((one.dates()[row], rounded), at) {
                *met.entry((other, at)).or_default() += 1;
            }
        }
    }
    let often = met.into_iter().filter(|(_, times)| *times >= MET);
    often.map(|(pair, _)| pair).take(MOST_COMPARED).collect()
}

/// The runs of equal moves between days that both have.
fn runs(a: &PriceSeries, b: &PriceSeries) -> Vec<Copies> {
    let mut common = Vec::new();
    let mut other = 0;
    for (date, price) in a.dates().iter().zip(a.prices()) {
        while b.dates().get(other).is_some_and(|day| day < date) {
            other += 1;
        }
        if b.dates().get(other) == Some(date) {
            common.push((*date, *price, b.prices()[other]));
        }
    }
    let (mut found, mut first, mut moving) = (Vec::new(), 0, 0);
    for row in 1..=common.len() {
        let steps = common.get(row).map(|(_, own, other)| {
            let (_, own_before, other_before) = common[row - 1];
            (log_move(own_before, *own), log_move(other_before, *other))
        });
        if let Some((own, _)) = steps.filter(|(own, other)| (own - other).abs() < SAME) {
            moving += usize::from(own.abs() >= SAME);
            continue;
        }
        if moving >= FEWEST {
            found.push(Copies {
                tickers: vec![a.ticker().clone(), b.ticker().clone()],
                rows: row - first,
                stretch: Some(Stretch { from: common[first].0, to: common[row - 1].0 }),
            });
        }
        (first, moving) = (row, 0);
    }
    found
}

#[cfg(test)]
mod tests {
    use factor_types::{PriceKind, exchange::trading_days};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days() -> impl Iterator<Item = NaiveDate> {
        trading_days(day("2024-01-02"), day("2025-12-31")).take(300)
    }

    fn fund(name: &str, price: impl Fn(usize) -> f64) -> Arc<PriceSeries> {
        let rows = days().enumerate().map(|(row, date)| (date, price(row)));
        Arc::new(PriceSeries::new(name.parse().unwrap(), PriceKind::Close, rows))
    }

    /// Prices that seldom repeat a move, and others.
    fn own(row: usize) -> f64 {
        100.0 + ((row * row * 31 + row * 7) % 997) as f64 / 100.0
    }

    fn other(row: usize) -> f64 {
        50.0 + ((row * row * 17 + row * 3) % 883) as f64 / 100.0
    }

    fn found(of: impl Fn(usize) -> f64) -> Vec<(String, usize, NaiveDate, NaiveDate)> {
        let found = stretches(&[fund("A", own), fund("B", other), fund("C", of)], &[]);
        let row = |one: &Copies| {
            let stretch = one.stretch.unwrap();
            (one.tickers.iter().map(Ticker::as_str).collect::<Vec<_>>().join("="), one.rows, stretch.from, stretch.to)
        };
        found.iter().map(row).collect()
    }

    #[test]
    fn a_scaled_copy_and_one_from_a_day_on_are_found() {
        let days: Vec<NaiveDate> = days().collect();
        assert_eq!(found(|row| own(row) * 0.1), [("A=C".to_owned(), 300, days[0], days[299])]);
        let level = other(199) / own(199);
        let from_a_day = |row: usize| if row < 200 { other(row) } else { own(row) * level };
        let expected = [("A=C".to_owned(), 101, days[199], days[299]), ("B=C".to_owned(), 200, days[0], days[199])];
        assert_eq!(found(from_a_day), expected);
    }

    #[test]
    fn sixty_moves_are_one_and_fifty_nine_or_rounded_ones_none() {
        // The price of row 100 is the first of the run, its moves those of rows 101 on.
        let run = |moves: usize| {
            move |row: usize| if (100..=100 + moves).contains(&row) { own(row) * 0.3 } else { 70.0 + (row % 7) as f64 }
        };
        assert_eq!(found(run(60)).len(), 1);
        assert_eq!(found(run(59)), []);
        assert_eq!(found(|row| (own(row) * 10.0).round() / 100.0), [], "to a cent");
        assert_eq!(found(|_| 1.0), []);
    }

    #[test]
    fn of_whole_copies_the_first_is_compared() {
        let all = [fund("A", own), fund("B", own), fund("C", |row| own(row) * 2.0)];
        let whole = Copies { tickers: vec!["A".parse().unwrap(), "B".parse().unwrap()], rows: 300, stretch: None };
        let found = stretches(&all, &[whole]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].tickers.iter().map(Ticker::as_str).collect::<Vec<_>>(), ["A", "C"]);
    }
}
