//! Whether a series is too young, or over, for what is recommended or ranked.

use chrono::NaiveDate;

use crate::{
    Panel,
    panel::{Column, window::STOPPED_DAYS},
};

/// How far a series can be counted on at the end of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Returns on under half of the window's rows (so on under 60 where the window has 120 or more).
    pub young: bool,
    /// The date of its last price, where that lies more than 35 days before the window's end.
    pub stopped: Option<NaiveDate>,
}

impl Standing {
    /// The standing of a panel's column. What has no prices of its own, a group, stops with its last return.
    pub fn of(panel: &Panel, column: &Column) -> Self {
        let labels = panel.labels();
        let last_return = || column.span.as_ref().and_then(|span| labels.get(span.end.checked_sub(1)?)).copied();
        let last = column.series.dates().last().copied().or_else(last_return);
        // A source that is behind the clock stops nothing: of its own newest price a fund may be as old.
        let end = panel.window().end.min(panel.window().newest);
        Self::measured(column.observations, panel.rows(), last, end)
    }

    /// That of a series without prices: one value per label, `NaN` where missing.
    pub fn of_values(values: &[f64], labels: &[NaiveDate]) -> Self {
        let present = values.iter().filter(|r| r.is_finite()).count();
        let last = values.iter().rposition(|r| r.is_finite()).map(|row| labels[row]);
        labels.last().map_or_else(Self::default, |end| Self::measured(present, values.len(), last, *end))
    }

    fn measured(returns: usize, rows: usize, last: Option<NaiveDate>, end: NaiveDate) -> Self {
        let stopped = last.filter(|last| (end - *last).num_days() > STOPPED_DAYS);
        Self { young: 2 * returns < rows, stopped }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;
    use crate::test_study::{month_end, panel};

    const NAN: f64 = f64::NAN;

    #[test]
    fn young_is_under_half_of_the_rows() {
        let labels: Vec<NaiveDate> = (1..=4).map(month_end).collect();
        let young = |values: &[f64]| Standing::of_values(values, &labels[..values.len()]).young;
        assert!(young(&[NAN, NAN, NAN, 0.1]) && !young(&[NAN, NAN, 0.1, 0.1]));
        // Of 119 rows 59 are under half, and of 120 as well.
        let long: Vec<NaiveDate> = (1..=120).map(month_end).collect();
        let late = |rows: usize, late: usize| -> Vec<f64> {
            (0..rows).map(|row| if row < late { NAN } else { 0.01 }).collect()
        };
        assert!(Standing::of_values(&late(120, 61), &long).young && !Standing::of_values(&late(120, 60), &long).young);
        assert!(Standing::of_values(&late(119, 60), &long[..119]).young);
        assert_eq!(Standing::of_values(&[], &[]), Standing::default());
    }

    #[test]
    fn a_fund_has_stopped_thirty_six_days_before_the_end() {
        let end = month_end(4);
        let stopped = |days: u64| Standing::measured(3, 4, end.checked_sub_days(Days::new(days)), end).stopped;
        assert_eq!((stopped(35), stopped(36)), (None, end.checked_sub_days(Days::new(36))));
    }

    #[test]
    fn a_column_stops_with_its_prices() {
        let panel = panel(&[("A", &[0.1, 0.2, 0.3, 0.1]), ("B", &[0.1, 0.2, NAN, NAN])]);
        let standing = |at: usize| Standing::of(&panel, &panel.columns()[at]);
        assert_eq!(standing(0), Standing::default());
        assert_eq!(standing(1), Standing { young: false, stopped: Some(month_end(2)) });
    }
}
