use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::observer::tests::{stops, unobserved};

const NAN: f64 = f64::NAN;

fn clusters_of(matrix: &CorrelationMatrix) -> Clusters {
    unobserved(|progress| Clusters::of(matrix, progress))
}

fn matrix(entries: &[Vec<f64>]) -> CorrelationMatrix {
    let size = entries.len();
    CorrelationMatrix {
        names: (0..size).map(|i| format!("T{i}")).collect(),
        values: Array2::from_shape_fn((size, size), |(i, j)| entries[i][j]),
        rows: Array2::from_shape_fn((size, size), |(i, j)| 100 * i.min(j) + i.max(j)),
        undefined_pairs: 0,
        estimate: Estimate::Pairwise,
    }
}

#[test]
fn two_pairs_by_hand() {
    // T0 and T2 at sqrt(0.5 x 0.1) = 0.22, T1 and T3 at sqrt(0.5 x 0.2) = 0.32; all else at sqrt(0.5 x 0.9) = 0.67.
    let near = matrix(&[
        vec![1.0, 0.1, 0.9, 0.1],
        vec![0.1, 1.0, 0.1, 0.8],
        vec![0.9, 0.1, 1.0, 0.1],
        vec![0.1, 0.8, 0.1, 1.0],
    ]);
    let clusters = clusters_of(&near);
    assert_eq!(clusters.order, [0, 2, 1, 3]);
    assert_eq!(clusters.blocks, [vec![0, 2], vec![1, 3]]);
    let arranged = clusters.reorder(&near);
    assert_eq!(arranged.names, ["T0", "T2", "T1", "T3"]);
    assert_eq!((arranged.get(0, 1), arranged.get(2, 3)), (Some(0.9), Some(0.8)));
    assert_eq!((arranged.rows[(0, 1)], arranged.rows[(1, 2)]), (near.rows[(0, 2)], near.rows[(2, 1)]));
}

#[test]
fn the_cut_is_a_correlation_of_one_half_and_null_one_of_zero() {
    // sqrt(0.5 (1 - 0.5)) = 0.5: joined; a hair less correlated: not.
    let pair = |r: f64| clusters_of(&matrix(&[vec![1.0, r], vec![r, 1.0]])).blocks.len();
    assert_eq!((pair(0.5), pair(0.499), pair(NAN), pair(-1.0), pair(1.0)), (1, 2, 2, 2, 1));
    // T1 with T2 is undefined, as far as 0 is; -0.2 is farther: T0 joins the undefined one first.
    let holed = matrix(&[vec![1.0, NAN, -0.2], vec![NAN, 1.0, -0.2], vec![-0.2, -0.2, 1.0]]);
    assert_eq!(clusters_of(&holed).order, [2, 0, 1]);
}

#[test]
fn no_and_one_column_are_themselves() {
    assert_eq!(clusters_of(&matrix(&[])), Clusters::default());
    let one = Clusters { order: vec![0], blocks: vec![vec![0]] };
    assert_eq!(clusters_of(&matrix(&[vec![1.0]])), one);
    assert_eq!(clusters_of(&matrix(&[vec![NAN]])), one);
}

/// `fixtures/published/linkage.json`: matrices full of equal distances and undefined pairs, as scipy orders and cuts them.
#[test]
fn ties_are_broken_as_scipy_breaks_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/published/linkage.json");
    let published: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = published["cases"].as_array().unwrap();
    for (at, case) in cases.iter().enumerate() {
        let triangle: Vec<Vec<Option<f64>>> = serde_json::from_value(case["triangle"].clone()).unwrap();
        let size = triangle.len();
        let entry = |i: usize, j: usize| triangle[i.max(j)][i.min(j)].unwrap_or(NAN);
        let entries: Vec<Vec<f64>> = (0..size).map(|i| (0..size).map(|j| entry(i, j)).collect()).collect();
        let clusters = clusters_of(&matrix(&entries));
        let order: Vec<usize> = serde_json::from_value(case["leaves"].clone()).unwrap();
        let blocks: Vec<Vec<usize>> = serde_json::from_value(case["blocks"].clone()).unwrap();
        assert_eq!((clusters.order, clusters.blocks), (order, blocks), "case {at}");
    }
    assert!(cases.len() >= 40);
}

fn correlations() -> impl Strategy<Value = Vec<Vec<f64>>> {
    (1_usize..9).prop_flat_map(|size| {
        prop::collection::vec(prop_oneof![6 => -1.0..1.0f64, 1 => Just(NAN)], size * size).prop_map(move |cells| {
            let at = |i: usize, j: usize| if i == j { 1.0 } else { cells[i.max(j) * size + i.min(j)] };
            (0..size).map(|i| (0..size).map(|j| at(i, j)).collect()).collect()
        })
    })
}

#[test]
fn clustering_stops_at_any_link() {
    let entry = |i: usize, j: usize| if i == j { 1.0 } else { ((7 * i.min(j) + 3 * i.max(j)) % 19) as f64 / 20.0 };
    let entries: Vec<Vec<f64>> = (0..60).map(|i| (0..60).map(|j| entry(i, j)).collect()).collect();
    let asked = stops(|progress| Clusters::of(&matrix(&entries), progress));
    assert!(asked >= 59, "{asked}");
}

proptest! {
    #[test]
    fn every_column_stands_once_and_blocks_are_the_order_cut(entries in correlations()) {
        let clusters = clusters_of(&matrix(&entries));
        let mut sorted = clusters.order.clone();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..entries.len()).collect::<Vec<_>>());
        prop_assert_eq!(clusters.blocks.concat(), clusters.order.clone());
        // A column's nearest neighbour, nearer than the cut, shares its block whenever the nearness is mutual.
        let nearest = |i: usize| (0..entries.len()).filter(|j| *j != i)
            .min_by(|a, b| distance(Some(entries[i][*a]).filter(|r| r.is_finite()))
                .total_cmp(&distance(Some(entries[i][*b]).filter(|r| r.is_finite()))));
        let block = |i: usize| clusters.blocks.iter().position(|block| block.contains(&i));
        for (i, row) in entries.iter().enumerate() {
            if let Some(j) = nearest(i) && nearest(j) == Some(i) && row[j] > 0.5 {
                prop_assert_eq!(block(i), block(j));
            }
        }
    }

    /// Names move with their columns: what is known of a pair stays with that pair.
    #[test]
    fn arranging_changes_places_only(entries in correlations()) {
        let before = matrix(&entries);
        let clusters = clusters_of(&before);
        let after = clusters.reorder(&before);
        let place = |name: &String| before.names.iter().position(|known| known == name).unwrap();
        for (i, a) in after.names.iter().enumerate() {
            for (j, b) in after.names.iter().enumerate() {
                prop_assert_eq!(after.get(i, j), before.get(place(a), place(b)));
                prop_assert_eq!(after.rows[(i, j)], before.rows[(place(a), place(b))]);
            }
        }
    }
}
