//! Columns of yields beside each other: those that changed places, and one far from its neighbours.

use chrono::NaiveDate;
use factor_types::{Maturity, YieldTable};

use super::{OddKind, OddYields, Row, STRETCH};
use crate::findings::{moves::median, peers::line};

/// Rows by which the order of columns is judged, and what an exchange of two has to gain.
const ORDERED: usize = 250;
const GAIN: f64 = 0.05;

/// How far apart neighbours may lie, in percentage points, and those with a maturity between them.
const NEIGHBOURS_APART: f64 = 3.0;
const OTHERS_APART: f64 = 5.0;

/// Columns that changed places, or one far from its neighbours: that where no exchange brings all of them near, since one with
/// another sign than the others' would seem to be better off anywhere else.
pub(super) fn beside_others(table: &YieldTable) -> Option<OddYields> {
    let (apart_from, exchange) = (apart(table), swapped(table));
    let brings_near = |exchange: &OddYields| {
        let Some(with) = exchange.with else { return false };
        let mut exchanged = table.clone();
        exchanged.insert(exchange.maturity, table.get(with).to_vec());
        exchanged.insert(with, table.get(exchange.maturity).to_vec());
        apart(&exchanged).is_none()
    };
    match apart_from {
        Some(found) => exchange.filter(brings_near).or(Some(found)),
        None => exchange,
    }
}

/// The two columns whose exchange makes neighbours more alike, by the most.
fn swapped(table: &YieldTable) -> Option<OddYields> {
    let maturities: Vec<Maturity> = table.maturities().collect();
    if maturities.len() < 3 {
        return None;
    }
    let alike = correlations(table, &maturities)?;
    let order: Vec<usize> = (0..maturities.len()).collect();
    let of = |order: &[usize]| order.windows(2).map(|pair| alike[pair[0]][pair[1]]).sum::<f64>();
    let as_they_are = of(&order);
    let pairs = order.iter().flat_map(|a| order[a + 1..].iter().map(move |b| (*a, *b)));
    let gains = pairs.filter_map(|(a, b)| {
        let mut exchanged = order.clone();
        exchanged.swap(a, b);
        // Read backwards a row of neighbours is the same: long yields are more alike than short ones.
        let (short, long) = (exchanged.first_chunk::<2>()?, exchanged.last_chunk::<2>()?);
        let forwards = alike[short[0]][short[1]] <= alike[long[0]][long[1]];
        forwards.then(|| (of(&exchanged) - as_they_are, a, b))
    });
    let (_, a, b) = gains.filter(|(gain, ..)| *gain > GAIN).max_by(|one, other| one.0.total_cmp(&other.0))?;
    let rows = table.get(maturities[a]);
    let (first, last) = (rows.first()?, rows.last()?);
    Some(OddYields {
        kind: OddKind::Swapped,
        maturity: maturities[a],
        since: first.0,
        until: last.0,
        before: first.1,
        value: last.1,
        with: Some(maturities[b]),
    })
}

/// The pair of neighbours that lies furthest apart, if too far, by its worst stretch.
fn apart(table: &YieldTable) -> Option<OddYields> {
    let maturities: Vec<Maturity> = table.maturities().collect();
    let pairs = maturities.windows(2).filter_map(|pair| {
        let (a, b) = (pair[0], pair[1]);
        let limit = if Maturity::ALL.windows(2).any(|next| next == pair) { NEIGHBOURS_APART } else { OTHERS_APART };
        let worst = stretches_apart(table, a, b).max_by(|one, other| one.0.total_cmp(&other.0))?;
        (worst.0 > limit).then_some((worst, a, b))
    });
    let ((_, rows), a, b) = pairs.max_by(|one, other| one.0.0.total_cmp(&other.0.0))?;
    // Of the two the one that has no company.
    let company = |of: Maturity| {
        let others = maturities.iter().filter(|other| ![a, b].contains(other));
        let far =
            others.filter_map(|other| stretches_apart(table, of, *other).map(|found| found.0).max_by(f64::total_cmp));
        far.min_by(f64::total_cmp).unwrap_or(0.0)
    };
    let (odd, with) = if company(b) > company(a) { (b, a) } else { (a, b) };
    let middle =
        |of: usize| median(&mut rows.iter().map(|row| if of == 0 { row.1 } else { row.2 }).collect::<Vec<_>>());
    let (value, before) = if odd == a { (middle(0), middle(1)) } else { (middle(1), middle(0)) };
    let (first, last) = (rows.first()?, rows.last()?);
    Some(OddYields {
        kind: OddKind::Apart,
        maturity: odd,
        since: first.0,
        until: last.0,
        before,
        value,
        with: Some(with),
    })
}

/// How far two columns lie apart by the median of each twenty of their common rows, with the rows.
fn stretches_apart(
    table: &YieldTable,
    a: Maturity,
    b: Maturity,
) -> impl Iterator<Item = (f64, Vec<(NaiveDate, f64, f64)>)> {
    let other = table.get(b);
    let on = |date: NaiveDate| other.binary_search_by_key(&date, |row| row.0).ok().map(|at| other[at].1);
    let common: Vec<(NaiveDate, f64, f64)> =
        table.get(a).iter().filter_map(|(date, value)| Some((*date, *value, on(*date)?))).collect();
    let stretches: Vec<Vec<(NaiveDate, f64, f64)>> = common.chunks_exact(STRETCH).map(<[_]>::to_vec).collect();
    stretches.into_iter().map(|rows| {
        let mut distances: Vec<f64> = rows.iter().map(|row| row.1 - row.2).collect();
        (median(&mut distances).abs(), rows)
    })
}

/// The correlations of daily changes, of the days that all have; `None` of too few.
fn correlations(table: &YieldTable, maturities: &[Maturity]) -> Option<Vec<Vec<f64>>> {
    let columns: Vec<&[Row]> = maturities.iter().map(|maturity| table.get(*maturity)).collect();
    let on = |rows: &[Row], date| rows.binary_search_by_key(&date, |row| row.0).ok().map(|at| rows[at].1);
    let common = columns[0].iter().filter_map(|(date, _)| columns.iter().map(|rows| on(rows, *date)).collect());
    let common: Vec<Vec<f64>> = common.collect();
    if common.len() <= ORDERED {
        return None;
    }
    let changes = |column: usize| common.windows(2).map(|pair| pair[1][column] - pair[0][column]).collect::<Vec<_>>();
    let changes: Vec<Vec<f64>> = (0..columns.len()).map(changes).collect();
    let pair = |a: &[f64], b: &[f64]| line(a, b).map(|(correlation, _)| correlation);
    changes.iter().map(|a| changes.iter().map(|b| pair(a, b)).collect()).collect()
}
