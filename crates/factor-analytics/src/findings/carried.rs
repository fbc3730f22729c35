//! Prices that move on every other day, every week or month, and are carried on between: appraisals, or a feed read too seldom.

use std::ops::Range;

use factor_types::PriceSeries;

use super::{
    frozen::Frozen,
    moves::{blocks, log_move, median},
};

/// The least share of rows without a move, and the least number of spans between moves, by which a block of 250 rows is judged.
const STILL: f64 = 0.45;
const FEWEST: usize = 10;

/// How large the other moves usually are at least: a fund of bills may move by a cent every other day.
const LIVELY: f64 = 0.005;

/// How much the spans between moves differ, as standard deviation over mean. Of a fund that is traded by chance it is the root
/// of the share of rows without a move: 0.68 of BTAL at its thinnest, 0.9 of KBWP.
const EVEN: f64 = 0.35;

/// The stretches on which a daily series moves at even spans alone.
pub(super) fn stretches(series: &PriceSeries) -> Vec<Frozen> {
    let mut found = Vec::<(Range<usize>, usize)>::new();
    for block in blocks(series.len()) {
        let Some(every) = spans(series, block.clone()) else { continue };
        match found.last_mut().filter(|(last, known)| last.end >= block.start && *known == every) {
            Some((last, _)) => last.end = block.end,
            None => found.push((block, every)),
        }
    }
    let carried = |(rows, every): (Range<usize>, usize)| Frozen {
        ticker: series.ticker().clone(),
        from: series.dates()[rows.start - 1],
        to: series.dates()[rows.end - 1],
        rows: rows.clone().filter(|row| series.prices()[*row] == series.prices()[row - 1]).count(),
        price: series.prices()[rows.start - 1],
        every: Some(every),
    };
    found.into_iter().map(carried).collect()
}

/// How many rows lie between the moves of a block, where that is even.
fn spans(series: &PriceSeries, block: Range<usize>) -> Option<usize> {
    let prices = series.prices();
    let moving: Vec<usize> = block.clone().filter(|row| prices[*row] != prices[row - 1]).collect();
    let spans: Vec<f64> = moving.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
    if spans.len() < FEWEST || moving.len() as f64 > (1.0 - STILL) * block.len() as f64 {
        return None;
    }
    let mean = spans.iter().sum::<f64>() / spans.len() as f64;
    let variance = spans.iter().map(|span| (span - mean).powi(2)).sum::<f64>() / spans.len() as f64;
    let mut sizes: Vec<f64> = moving.iter().map(|row| log_move(prices[row - 1], prices[*row]).abs()).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the mean of at most 250 rows")]
    (variance.sqrt() < EVEN * mean && median(&mut sizes) > LIVELY).then_some(mean.round() as usize)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use factor_types::{PriceKind, exchange::trading_days};

    use super::*;

    /// 600 rows of a fund that moves by a share up and down on the rows that `moves` names.
    fn fund(share: f64, moves: impl Fn(usize) -> bool) -> PriceSeries {
        let (from, to): (NaiveDate, NaiveDate) = ("2020-01-01".parse().unwrap(), "2025-12-31".parse().unwrap());
        let mut times = 0;
        let rows = trading_days(from, to).take(600).enumerate().map(|(row, date)| {
            times += u32::from(moves(row));
            (date, 100.0 * (1.0 + share).powi([0, 1, 2, 1][(times % 4) as usize]))
        });
        PriceSeries::new("FUND".parse().unwrap(), PriceKind::Close, rows.collect::<Vec<_>>())
    }

    fn found(share: f64, moves: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
        stretches(&fund(share, moves)).iter().map(|one| (one.every.unwrap(), one.rows)).collect()
    }

    #[test]
    fn even_spans_are_found_and_named() {
        // Of the moves of 599 rows every second, fifth and twentieth is one.
        assert_eq!(found(0.01, |row| row % 2 == 0), [(2, 300)]);
        assert_eq!(found(0.01, |row| row % 5 == 0), [(5, 480)]);
        assert_eq!(found(0.01, |row| row % 20 == 0), [(20, 570)]);
        let days: Vec<NaiveDate> = fund(0.01, |_| true).dates().to_vec();
        let one = &stretches(&fund(0.01, |row| row <= 250 || row % 2 == 0))[0];
        assert_eq!((one.from, one.to), (days[250], days[599]));
    }

    #[test]
    fn chance_calm_and_few_days_without_a_move_are_none() {
        assert!(found(0.004, |row| row % 2 == 0).is_empty(), "under half a percent");
        assert!(found(0.01, |row| row % 3 != 0).is_empty(), "a third without a move");
        // By chance, on a fifth and on half of the rows.
        let chance = |row: usize| (row as u64).wrapping_mul(6_364_136_223_846_793_005).rotate_left(20) % 1_000;
        assert!(found(0.01, |row| chance(row) < 200).is_empty());
        assert!(found(0.01, |row| chance(row) < 500).is_empty());
        assert!(found(0.01, |row| row % 30 == 0).is_empty(), "eight spans in 250 rows");
    }
}
