//! The same for the moves of many series at once: on a lively day one move is compared with thousands of series, and the next
//! with the same ones.
//!
//! A series that has all the days around a move is brought to mean zero and length one once for all moves of that day: the
//! products of two are their correlation but for rounding. Those that can be among the three best by it are compared as any
//! other pair is, so that what is found is the same to the bit.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{ASKED, FEWEST, Moves, Peer, RELATED, best, clipped, peer, rows_around};
use crate::{
    observer::{Progress, Stopped},
    parallel::{Checkpoint, Threads, observed},
};

/// More than rounding takes from a product of two series.
const ROUNDING: f64 = 1e-9;

/// A move: its series and its row.
pub(in crate::findings) type Place = (usize, usize);

/// [`super::of`] of each of some moves, in their order.
///
/// # Errors
/// [`Stopped`] when the observer says stop, which is asked after each day.
pub(in crate::findings) fn of_many(
    all: &[Moves<'_>],
    places: &[Place],
    threads: Threads,
    progress: &mut Progress<'_>,
) -> Result<Vec<Vec<Peer>>, Stopped> {
    let mut days = BTreeMap::<NaiveDate, Vec<(usize, Place)>>::new();
    for (at, (series, row)) in places.iter().enumerate() {
        days.entry(all[*series].dates[*row]).or_default().push((at, (*series, *row)));
    }
    // Each day writes to its own places.
    let mut found: Vec<Vec<(usize, Vec<Peer>)>> = vec![Vec::new(); days.len()];
    let work = 1_000.0 * (days.len() * all.len()) as f64;
    let items = (days.len(), days.values().zip(&mut found));
    let one = |(): &mut (), (day, found): (&Vec<(usize, Place)>, &mut Vec<_>), _: &mut Checkpoint<'_, '_>| {
        *found = of_day(all, day);
        Ok(())
    };
    observed(threads.for_work(work), items, || (), one, progress)?;
    let mut peers = vec![Vec::new(); places.len()];
    for (at, of) in found.into_iter().flatten() {
        peers[at] = of;
    }
    Ok(peers)
}

/// Those of the moves of one day.
fn of_day(all: &[Moves<'_>], day: &[(usize, Place)]) -> Vec<(usize, Vec<Peer>)> {
    let mut found = Vec::with_capacity(day.len());
    let mut around: Option<Around<'_>> = None;
    for (at, (series, row)) in day {
        let rows = rows_around(&all[*series], *row);
        let dates = &all[*series].dates[rows[0] - 1..=rows[rows.len() - 1]];
        // Most series have the same days: another calendar costs another look at all.
        let here = match around.take() {
            Some(around) if around.dates == dates => around,
            _ => Around::of(all, dates, &rows, (*series, *row)),
        };
        found.push((*at, here.peers(all, (*series, *row), &rows)));
        around = Some(here);
    }
    found
}

/// All series on the days around one.
struct Around<'a> {
    dates: &'a [NaiveDate],
    series: Vec<Beside>,
}

/// How a series stands beside the days.
enum Beside {
    /// It has each of them: its moves, of mean zero and length one.
    Whole(Vec<f64>),
    /// It has some.
    Partly,
    /// It has each of them, and does not move; or it has too few.
    Never,
}

impl<'a> Around<'a> {
    /// `rows` are those of the series whose days these are, `own`, and `row` the one between.
    fn of(all: &[Moves<'_>], dates: &'a [NaiveDate], rows: &[usize], (own, row): Place) -> Self {
        let until_end = all[own].dates.len() - (rows[0] - 1);
        let beside = |other: &Moves<'_>| {
            let here = |first: &usize| other.dates.get(*first..*first + dates.len()) == Some(dates);
            // Most series end on the same day, and lack none on the way there.
            let likely = other.dates.len().checked_sub(until_end).filter(here);
            let first = likely.unwrap_or_else(|| other.dates.partition_point(|date| *date < dates[0]));
            if likely.is_some() || here(&first) {
                let others = rows.iter().filter(|at| **at != row).map(|at| other.at(first + 1 + at - rows[0]));
                return unit(&clipped(&others.collect::<Vec<_>>())).map_or(Beside::Never, Beside::Whole);
            }
            let end = other.dates.partition_point(|date| *date <= dates[dates.len() - 1]);
            if end - first <= FEWEST { Beside::Never } else { Beside::Partly }
        };
        Self { dates, series: all.iter().map(beside).collect() }
    }

    fn peers(&self, all: &[Moves<'_>], (own, row): Place, rows: &[usize]) -> Vec<Peer> {
        let exactly = |series: usize| peer(&all[own], row, rows, (series, &all[series]));
        let Beside::Whole(unit) = &self.series[own] else {
            return super::of(all, own, row);
        };
        if rows.len() <= FEWEST {
            return Vec::new();
        }
        let mut near: Vec<(f64, usize)> = Vec::new();
        let mut found: Vec<Peer> = Vec::new();
        for (series, beside) in self.series.iter().enumerate().filter(|(series, _)| *series != own) {
            match beside {
                Beside::Whole(other) => near.push((product(unit, other).abs(), series)),
                Beside::Partly => found.extend(exactly(series)),
                Beside::Never => {}
            }
        }
        near.retain(|(size, _)| *size >= RELATED - ROUNDING);
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let least = near.get(ASKED - 1).map_or(0.0, |(size, _)| size - ROUNDING);
        found.extend(near.iter().take_while(|(size, _)| *size >= least).filter_map(|(_, series)| exactly(*series)));
        found.sort_by_key(|peer| peer.series);
        best(found)
    }
}

/// Of mean zero and length one; `None` of what does not vary.
fn unit(moves: &[f64]) -> Option<Vec<f64>> {
    let mean = moves.iter().sum::<f64>() / moves.len() as f64;
    let length = moves.iter().map(|step| (step - mean).powi(2)).sum::<f64>().sqrt();
    (length > 0.0).then(|| moves.iter().map(|step| (step - mean) / length).collect())
}

/// The sum of products of two series of one length, eight sums at a time.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let (eights, rest) = a.as_chunks::<8>();
    let (others, other_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in eights.iter().zip(others) {
        for at in 0..8 {
            sums[at] += a[at] * b[at];
        }
    }
    sums.iter().sum::<f64>() + rest.iter().zip(other_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use factor_types::{PriceKind, PriceSeries, exchange::trading_days};

    use super::*;
    use crate::{observer::Silent, test_study::noise};

    /// Funds that move with a market more or less, some of which begin late, end early, lack days or stand still.
    fn funds() -> Vec<Arc<PriceSeries>> {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let days: Vec<NaiveDate> = trading_days(day("2022-01-03"), day("2024-06-28")).take(400).collect();
        let mut next = noise(5);
        let market: Vec<f64> = days.iter().map(|_| 0.02 * next()).collect();
        let mut fund = |at: usize| {
            let (first, last) = if at % 3 == 1 { (17 * at % 300, 400) } else { (0, 400 - 11 * (at % 4)) };
            let mut level = 4.0;
            let rows = (first..last).filter(|row| at % 5 != 2 || row % 29 != 3).map(|row| {
                let shock = if (row + 7 * at).is_multiple_of(97) { 0.2 } else { 0.0 };
                level += 0.3 * at as f64 / 8.0 * market[row] + 0.01 * next() + shock;
                let price = if at == 11 { 50.0 } else { f64::exp(level) };
                (days[row], price)
            });
            let rows: Vec<_> = rows.collect();
            Arc::new(PriceSeries::new(format!("F{at}").parse().unwrap(), PriceKind::Close, rows))
        };
        (0..24).map(&mut fund).collect()
    }

    #[test]
    fn at_once_or_one_by_one_the_same_is_found() {
        let funds = funds();
        let all: Vec<Moves<'_>> = funds.iter().map(|one| Moves::of(one)).collect();
        let places = all.iter().enumerate().flat_map(|(at, one)| (1..one.rows()).step_by(3).map(move |row| (at, row)));
        let places: Vec<Place> = places.collect();
        let found =
            of_many(&all, &places, Threads::Exactly(2.try_into().unwrap()), &mut Progress::new(&mut Silent, ""))
                .unwrap();
        let mut some = 0;
        for ((at, row), peers) in places.iter().zip(&found) {
            assert_eq!(*peers, super::super::of(&all, *at, *row), "series {at}, row {row}");
            some += usize::from(peers.len() == ASKED);
        }
        assert!(some > 300, "{some} of {}", places.len());
    }
}
