//! Which factors a portfolio is regressed on when none is named.

use chrono::NaiveDate;

use super::{DropReason, DroppedFactor, ExposureError, ExposureFactor, Exposures};
use crate::{composite::covers, observer::Progress, study::Standing};

/// The share of the window's rows that a default factor must have returns on.
const LEAST_SHARE: f64 = 0.6;

impl Exposures {
    /// [`Exposures::fit`] on factors that nobody named: of a young one, with returns on under 60% of the window's rows, and
    /// one that has stopped, the others keep their rows. Each is listed among the dropped.
    ///
    /// # Errors
    /// As [`Exposures::fit`].
    pub fn of_defaults(
        p: &[f64],
        risk_free: &[f64],
        factors: &[ExposureFactor<'_>],
        labels: &[NaiveDate],
        min_rows: usize,
        per_year: f64,
        progress: &Progress<'_>,
    ) -> Result<Self, ExposureError> {
        let (mut kept, mut left_out) = (Vec::new(), Vec::new());
        for factor in factors {
            match left_out_of(factor, labels) {
                Some(dropped) => left_out.push(dropped),
                None => kept.push(*factor),
            }
        }
        let first = |dropped: Vec<DroppedFactor>| left_out.iter().cloned().chain(dropped).collect();
        match Self::fit(p, risk_free, &kept, min_rows, per_year, progress) {
            Ok(found) => Ok(Self { dropped: first(found.dropped), ..found }),
            Err(ExposureError::NoFactors { dropped }) => Err(ExposureError::NoFactors { dropped: first(dropped) }),
            Err(error) => Err(error),
        }
    }
}

/// Whether returns are present on under 60% of the rows.
pub(super) fn is_young(returns: &[f64]) -> bool {
    !covers(present(returns), returns.len(), LEAST_SHARE)
}

fn present(returns: &[f64]) -> usize {
    returns.iter().filter(|r| r.is_finite()).count()
}

fn left_out_of(factor: &ExposureFactor<'_>, labels: &[NaiveDate]) -> Option<DroppedFactor> {
    if let Some(last) = Standing::of_values(factor.returns, labels).stopped {
        let way_out = if factor.is_excess { "an earlier end_date keeps it" } else { "name it in factors to keep it" };
        let detail = format!("its last return is of {last}, before the window's end; {way_out}");
        return Some(DroppedFactor::new(factor.name, DropReason::Stopped, detail));
    }
    is_young(factor.returns).then(|| {
        let (own, rows) = (present(factor.returns), factor.returns.len());
        let way_out = if factor.is_excess { "a later start_date keeps it" } else { "name it in factors to keep it" };
        let detail = format!("returns on {own} of the window's {rows} rows, under 60%; {way_out}");
        DroppedFactor::new(factor.name, DropReason::Young, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{observer::Silent, test_study::month_end};

    fn wave(step: usize, rows: usize, from: usize) -> Vec<f64> {
        (0..rows).map(|t| if t < from { f64::NAN } else { 0.01 * (((t * step) % 13) as f64 - 6.0) }).collect()
    }

    #[test]
    fn a_young_factor_takes_no_rows_from_the_others_unless_it_is_named() {
        let labels: Vec<NaiveDate> = (1..=120).map(month_end).collect();
        let (p, old, coins) = (wave(2, 120, 5), wave(5, 120, 0), wave(7, 120, 95));
        let mut ended = wave(3, 120, 0);
        ended[118..].fill(f64::NAN);
        fn factor<'a>(name: &'a str, returns: &'a [f64]) -> ExposureFactor<'a> {
            ExposureFactor::new(name, returns)
        }
        let factors = [factor("old", &old), factor("coins", &coins), factor("ended", &ended)];
        let rates = [0.001; 120];
        let found =
            Exposures::of_defaults(&p, &rates, &factors, &labels, 24, 12.0, &Progress::new(&mut Silent, "")).unwrap();
        assert_eq!((found.observations, found.factors.len(), &found.young_factors), (115, 1, &None));
        let why: Vec<_> = found.dropped.iter().map(|one| (one.factor.as_str(), one.reason)).collect();
        assert_eq!(why, [("coins", DropReason::Young), ("ended", DropReason::Stopped)]);
        assert!(found.dropped[0].detail.starts_with("returns on 25 of the window's 120 rows, under 60%"));
        // Named it stays, and both counts are there.
        let named = Exposures::fit(&p, &rates, &factors[..2], 24, 12.0, &Progress::new(&mut Silent, "")).unwrap();
        let young = named.young_factors.unwrap();
        assert_eq!(
            (named.observations, young.observations_without, young.factors),
            (25, 115, vec!["coins".to_owned()])
        );
        // Of 120 rows 72 are enough.
        for (late, kept) in [(48, true), (49, false)] {
            let late_one = wave(7, 120, late);
            let both = [factor("old", &old), factor("late", &late_one)];
            let found =
                Exposures::of_defaults(&p, &rates, &both, &labels, 24, 12.0, &Progress::new(&mut Silent, "")).unwrap();
            assert_eq!(found.factors.contains_key("late"), kept, "{late}");
        }
        let none =
            Exposures::of_defaults(&p, &rates, &factors[1..2], &labels, 24, 12.0, &Progress::new(&mut Silent, ""))
                .unwrap_err();
        assert!(none.to_string().contains("coins (returns on 25"), "{none}");
    }
}
