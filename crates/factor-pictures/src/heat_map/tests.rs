use super::*;
use crate::{Picture, Theme};

fn square(values: &[Option<f64>], counts: &[Option<u32>], intervals: &[Option<[f64; 2]>]) -> HeatMap {
    let names: Vec<String> = ["SPY", "TLT", "GLD"].map(str::to_owned).to_vec();
    HeatMap {
        measure: "correlation".to_owned(),
        rows: names.clone(),
        columns: names,
        values: values.to_vec(),
        counts: counts.to_vec(),
        intervals: intervals.to_vec(),
        ..HeatMap::default()
    }
}

#[test]
fn the_finding_is_read_off_the_cells() {
    let values = [Some(1.0), Some(-0.31), Some(0.08), Some(-0.31), Some(1.0), None, Some(0.08), None, Some(1.0)];
    let counts = [Some(120); 9];
    let over = Some([-0.1, 0.26]);
    let below = Some([-0.46, -0.14]);
    let intervals = [None, below, over, below, None, None, over, None, None];
    let map = square(&values, &counts, &intervals);
    assert_eq!(
        map.finding(),
        "Highest: SPY and GLD 0.08 (n 120, 95% interval −0.10 to 0.26); lowest: SPY and TLT −0.31 (n 120, 95% interval \
         −0.46 to −0.14). 1 of 2 pairs cannot be told from 0 or rest on under 24 periods (hatched). 1 pair has no value."
    );
}

#[test]
fn few_periods_make_a_cell_unsure_whatever_its_interval() {
    let map = square(&[Some(0.9); 9], &[Some(23); 9], &[Some([0.8, 0.95]); 9]);
    assert!(map.cell(0, 1).is_unsure());
    let map = square(&[Some(0.9); 9], &[Some(24); 9], &[Some([0.8, 0.95]); 9]);
    assert!(!map.cell(0, 1).is_unsure());
    assert!(!square(&[None; 9], &[Some(3); 9], &[]).cell(0, 1).is_unsure());
}

#[test]
fn cells_that_are_missing_or_no_number_have_no_value() {
    let map = square(&[Some(f64::NAN); 2], &[], &[]);
    assert_eq!(map.finding(), "No pair has a value.");
    let svg = Picture::HeatMap(map).svg(Theme::Light);
    assert!(!svg.contains("NaN"), "{svg}");
}

#[test]
fn every_cell_says_its_figures_on_hover_and_a_still_picture_is_smaller() {
    let map = square(&[Some(0.5); 9], &[Some(60); 9], &[Some([0.3, 0.7]); 9]);
    let svg = Picture::HeatMap(map.clone()).svg(Theme::Light);
    assert_eq!(svg.matches("(n 60, 95% interval 0.30 to 0.70)</title>").count(), 6);
    let still = map.drawn(Look { theme: Theme::Light, hovers: false });
    assert_eq!(still.matches("<title>").count(), 1);
}

#[test]
fn blocks_that_do_not_fit_are_left_out() {
    let mut map = square(&[Some(0.5); 9], &[], &[]);
    let outlined =
        |map: &HeatMap| map.drawn(Look { theme: Theme::Light, hovers: false }).matches("fill=\"none\"").count();
    let without = outlined(&map);
    map.blocks = vec![Block { first: 0, count: 2 }, Block { first: 2, count: 1 }, Block { first: 2, count: 5 }];
    assert_eq!(outlined(&map), without + 1);
}
