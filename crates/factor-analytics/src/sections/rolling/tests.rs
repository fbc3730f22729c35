use proptest::prelude::*;

use super::*;
use crate::observer::tests::unobserved;

const NAN: f64 = f64::NAN;

/// +1 and -1 in turn.
fn swing(rows: usize) -> Vec<f64> {
    (0..rows).map(|row: usize| if row.is_multiple_of(2) { 1.0 } else { -1.0 }).collect()
}

#[test]
fn the_least_stable_pair_is_first_and_an_undefined_one_last() {
    let x = swing(40);
    // Turns round in the middle; as x; as x, but for its last rows only.
    let turned: Vec<f64> = x.iter().enumerate().map(|(row, v)| if row < 20 { *v } else { -v }).collect();
    let late: Vec<f64> = x.iter().enumerate().map(|(row, v)| if row < 30 { NAN } else { *v }).collect();
    let columns = [("X", &x), ("LATE", &late), ("TURNED", &turned)].map(|(name, values)| NamedSeries { name, values });
    let table = unobserved(|progress| table(&columns, &[6, 50], progress));
    assert_eq!(table.names, ["X", "LATE", "TURNED"]);
    let pairs = |window: usize| table.windows[&window].pairs.iter().map(|pair| (pair.a, pair.b)).collect::<Vec<_>>();
    assert_eq!(pairs(6), [(0, 2), (0, 1), (1, 2)]);
    let first = &table.windows[&6].pairs[0].summary;
    assert_eq!((first.windows, first.latest, first.min, first.max), (35, Some(-1.0), Some(-1.0), Some(1.0)));
    // Five windows, all of them 1: too few for a spread.
    let second = &table.windows[&6].pairs[1].summary;
    assert_eq!((second.windows, second.mean, second.sd, second.stability), (5, Some(1.0), None, None));
    // No window of 50 is whole: every pair is there, in order, without a value.
    assert_eq!(pairs(50), [(0, 1), (0, 2), (1, 2)]);
    assert!(table.windows[&50].pairs.iter().all(|pair| pair.summary == RollingSummary::default()));
    assert_eq!(table.longest_window().map(|(window, pairs)| (window, pairs.pairs.len())), Some((6, 3)));
    // Windows of six: two pairs have the twelve windows that a stability takes.
    assert_eq!((table.windows[&6].all, table.windows[&6].with_stability, table.windows[&50].with_stability), (3, 1, 0));
    assert_eq!((table.windows[&6].median_stability, table.held()), (first.stability, None));
}

#[test]
fn fewer_than_two_columns_have_no_pairs() {
    let x = swing(20);
    for columns in [&[][..], &[NamedSeries { name: "X", values: &x }][..]] {
        let table = unobserved(|progress| table(columns, &[12], progress));
        assert_eq!(
            (table.names.len(), table.windows[&12].pairs.len(), table.longest_window()),
            (columns.len(), 0, None)
        );
    }
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![30 => -0.3..0.3f64, 1 => Just(NAN)], 60)
}

proptest! {
    #[test]
    fn every_pair_stands_once_and_says_what_its_series_says(a in values(), b in values(), c in values(), window in 6usize..20) {
        let all = [&a, &b, &c];
        let columns = [("A", &a), ("B", &b), ("C", &c)].map(|(name, values)| NamedSeries { name, values });
        let table = unobserved(|progress| table(&columns, &[window], progress));
        let pairs = &table.windows[&window].pairs;
        let mut seen: Vec<(u32, u32)> = pairs.iter().map(|pair| (pair.a, pair.b)).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, vec![(0, 1), (0, 2), (1, 2)]);
        let sds: Vec<Option<f64>> = pairs.iter().map(|pair| pair.summary.sd).collect();
        prop_assert!(sds.is_sorted_by(|x, y| x.unwrap_or(-1.0) >= y.unwrap_or(-1.0)), "{:?}", sds);
        for pair in pairs {
            let alone = rolling::summary_of(&rolling::series(all[pair.a as usize], all[pair.b as usize], window));
            let near = |x: Option<f64>, y: Option<f64>| match (x, y) {
                (Some(x), Some(y)) => (x - y).abs() < 1e-11,
                (x, y) => x == y,
            };
            prop_assert_eq!((pair.summary.windows, pair.summary.latest_row), (alone.windows, alone.latest_row));
            for (x, y) in [(pair.summary.latest, alone.latest), (pair.summary.mean, alone.mean), (pair.summary.min, alone.min),
                           (pair.summary.max, alone.max), (pair.summary.sd, alone.sd), (pair.summary.stability, alone.stability)] {
                prop_assert!(near(x, y), "{:?} {:?}", x, y);
            }
        }
    }
}
