//! How one pair goes together over a window.

use chrono::NaiveDate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    Study,
    correlation::{Coefficient, Method, weighted},
    inference::{Z_975, interval, p_value},
    regime::MIN_ROWS,
    regression::{MIN_ROWS_FOR_ERRORS, Regression},
    rolling,
    yields::RiskFree,
};

/// A figure that is null, and why.
pub(super) type Missing = (String, String);

/// A correlation and how sure it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct CorrelationEstimate {
    /// Common periods.
    pub n: usize,
    /// The correlation; null with too few common periods, or where a side does not vary on them.
    pub correlation: Option<f64>,
    /// Its 95% interval by Fisher's z.
    pub interval: Option<[f64; 2]>,
    /// Two-sided p-value of no correlation.
    pub p: Option<f64>,
}

/// How two series, a and b, go together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct PairReport {
    /// One side.
    pub a: String,
    /// The other side.
    pub b: String,
    /// Label of the first common period.
    pub from: Option<NaiveDate>,
    /// Label of the last.
    pub to: Option<NaiveDate>,
    /// Pearson's correlation.
    #[serde(flatten)]
    pub pearson: CorrelationEstimate,
    /// Spearman's rank correlation.
    pub spearman: CorrelationEstimate,
    /// Pearson's with weights that fade with age.
    pub ewma: Ewma,
    /// What a moves when b moves by 1.
    pub beta_a_on_b: Beta,
    /// What b moves when a moves by 1.
    pub beta_b_on_a: Beta,
    /// Over moving windows, by their length in periods.
    pub rolling: IndexMap<usize, RollingReport>,
    /// In the periods in which a fell.
    pub when_a_fell: CorrelationEstimate,
    /// Each null figure and why.
    #[serde(skip)]
    pub(super) missing: Vec<Missing>,
}

/// A correlation with weights that fade with age; it has no interval and no p-value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Ewma {
    /// The correlation; null where n_eff is too small.
    pub correlation: Option<f64>,
    /// Periods after which a weight is half as large.
    pub half_life: f64,
    /// The effective number of periods, (sum w)^2 / sum w^2.
    pub n_eff: f64,
}

/// A slope of returns over cash on returns over cash, by the rules of a profile's beta; all null under 12 periods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct Beta {
    /// Common periods with a risk-free rate, where there is one at all.
    pub n: usize,
    /// The slope.
    pub beta: Option<f64>,
    /// Its Newey-West standard error.
    pub se: Option<f64>,
    /// Its 95% interval, normal.
    pub interval: Option<[f64; 2]>,
}

/// The correlations of all windows of one length. A window needs every period on both sides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct RollingReport {
    /// Windows with a value.
    pub windows: usize,
    /// The value of the last of them.
    pub latest: Option<f64>,
    /// The period that it ends with.
    pub latest_date: Option<NaiveDate>,
    /// Mean over the windows.
    pub mean: Option<f64>,
    /// The lowest value.
    pub lowest: Option<f64>,
    /// The period that the first window with it ends with.
    pub lowest_date: Option<NaiveDate>,
    /// The highest value.
    pub highest: Option<f64>,
    /// The period that the first window with it ends with.
    pub highest_date: Option<NaiveDate>,
    /// Share of the windows with a value below 0.
    pub share_below_zero: Option<f64>,
    /// The periods that windows end with whose value has the other sign than the last one before them that was not 0.
    pub sign_changes: Vec<NaiveDate>,
}

impl CorrelationEstimate {
    /// The correlation of two columns over their common rows; null with fewer than `min_rows` of them.
    pub(super) fn of(x: &[f64], y: &[f64], min_rows: usize) -> Self {
        Self::by(Method::Pearson, Coefficient::Pearson, x, y, min_rows)
    }

    fn by(method: Method, of: Coefficient, x: &[f64], y: &[f64], min_rows: usize) -> Self {
        let pair = method.pair(x, y, min_rows);
        let (n, correlation) = (pair.n, pair.r);
        let sure = correlation.and_then(|r| Some((interval(r, n, of)?, p_value(r, n)?)));
        Self { n, correlation, interval: sure.map(|((low, high), _)| [low, high]), p: sure.map(|(_, p)| p) }
    }

    /// Why there is none.
    pub(super) fn why_missing(&self, min_rows: usize) -> Option<String> {
        self.correlation.is_none().then(|| too_few(self.n, min_rows))
    }
}

impl PairReport {
    /// The figures of two columns of a study's panel, whose names come from the caller. Correlations need as many rows as the
    /// study's pairs do; those of the periods in which a fell 12.
    pub(super) fn of(
        study: &Study,
        (a, at_a): (&str, usize),
        (b, at_b): (&str, usize),
        rates: Option<&[f64]>,
        windows: &[usize],
    ) -> Self {
        let panel = study.panel();
        let (x, y, floor) = (panel.column(at_a), panel.column(at_b), study.pair_floor());
        let half_life = Method::default_half_life(panel.frequency());
        let (pair, n_eff) = weighted(x, y, half_life, floor);
        let fell: Vec<f64> = x.iter().map(|r| if *r < 0.0 { *r } else { f64::NAN }).collect();
        let labels = panel.labels();
        let common = || {
            let both = x.iter().zip(y).zip(labels).filter(|((a, b), _)| a.is_finite() && b.is_finite());
            both.map(|(_, label)| *label)
        };
        let of_window = |window: &usize| (*window, RollingReport::of(&rolling::series(x, y, *window), labels));
        let mut report = Self {
            a: a.to_owned(),
            b: b.to_owned(),
            from: common().next(),
            to: common().next_back(),
            pearson: CorrelationEstimate::of(x, y, floor),
            spearman: CorrelationEstimate::by(Method::Spearman, Coefficient::Spearman, x, y, floor),
            ewma: Ewma { correlation: pair.r, half_life, n_eff },
            beta_a_on_b: Beta::of(x, y, rates),
            beta_b_on_a: Beta::of(y, x, rates),
            rolling: windows.iter().map(of_window).collect(),
            when_a_fell: CorrelationEstimate::of(&fell, y, MIN_ROWS),
            missing: Vec::new(),
        };
        report.missing = report.missing(floor);
        report
    }

    fn missing(&self, floor: usize) -> Vec<Missing> {
        let mut all: Vec<Missing> = Vec::new();
        let mut add = |field: String, why: Option<String>| all.extend(why.map(|why| (field, why)));
        add("correlation".to_owned(), self.pearson.why_missing(floor));
        add("spearman".to_owned(), self.spearman.why_missing(floor));
        let of_ewma = self
            .ewma
            .correlation
            .is_none()
            .then(|| format!("n_eff is {:.1}, {floor} needed, or a side does not vary", self.ewma.n_eff));
        add("ewma".to_owned(), of_ewma);
        for (field, beta) in [("beta_a_on_b", &self.beta_a_on_b), ("beta_b_on_a", &self.beta_b_on_a)] {
            add(field.to_owned(), beta.beta.is_none().then(|| too_few(beta.n, MIN_ROWS_FOR_ERRORS)));
        }
        for (window, rolling) in &self.rolling {
            let why = (rolling.windows == 0).then(|| format!("no {window} common periods in a row on which both vary"));
            add(format!("rolling.{window}"), why);
        }
        add("when_a_fell".to_owned(), self.when_a_fell.why_missing(MIN_ROWS));
        all
    }
}

impl Beta {
    /// The slope of y on x, both over cash where `rates` has a rate for each row.
    fn of(y: &[f64], x: &[f64], rates: Option<&[f64]>) -> Self {
        let rate = |row: usize| rates.map_or(0.0, |rates| rates[row]);
        let rows = x.iter().zip(y).enumerate().map(|(row, (x, y))| (x - rate(row), y - rate(row)));
        let (x, y): (Vec<f64>, Vec<f64>) = rows.filter(|(x, y)| x.is_finite() && y.is_finite()).unzip();
        let fit = Regression::fit(&x, &y).filter(|fit| fit.n >= MIN_ROWS_FOR_ERRORS);
        let Some(fit) = fit else { return Self { n: x.len(), ..Self::default() } };
        let interval = fit.slope_error.map(|se| [fit.slope - Z_975 * se, fit.slope + Z_975 * se]);
        Self { n: fit.n, beta: Some(fit.slope), se: fit.slope_error, interval }
    }
}

impl RollingReport {
    /// Of a series with a value per row, where there is one.
    pub(super) fn of(series: &[Option<f64>], labels: &[NaiveDate]) -> Self {
        let known: Vec<(NaiveDate, f64)> =
            series.iter().zip(labels).filter_map(|(r, label)| Some((*label, (*r)?))).collect();
        let summary = rolling::summary_of(series);
        let first_at = |value: Option<f64>| {
            let value = value?;
            known.iter().find(|(_, r)| *r == value).map(|(label, _)| *label)
        };
        let below = known.iter().filter(|(_, r)| *r < 0.0).count();
        Self {
            windows: summary.windows,
            latest: summary.latest,
            latest_date: known.last().map(|(label, _)| *label),
            mean: summary.mean,
            lowest: summary.min,
            lowest_date: first_at(summary.min),
            highest: summary.max,
            highest_date: first_at(summary.max),
            share_below_zero: (!known.is_empty()).then(|| below as f64 / known.len() as f64),
            sign_changes: sign_changes(&known),
        }
    }
}

/// The dates of values whose sign is another than that of the last value before them that is not 0.
fn sign_changes(known: &[(NaiveDate, f64)]) -> Vec<NaiveDate> {
    let signed = || known.iter().filter(|(_, r)| *r != 0.0);
    let changes = signed().zip(signed().skip(1)).filter(|((_, before), (_, now))| (*before < 0.0) != (*now < 0.0));
    changes.map(|(_, (date, _))| *date).collect()
}

/// The risk-free rate of a slope between two funds: missing where either is the rate itself. `None` where there is none at
/// all.
pub(super) fn rates_of(risk_free: &RiskFree, funds: [&factor_types::Ticker; 2]) -> Option<Vec<f64>> {
    let [a, b] = funds.map(|fund| risk_free.over(fund));
    // NaN on one side makes the sum NaN; equal rates stay as they are.
    let both = |(a, b): (&f64, &f64)| if b.is_nan() { f64::NAN } else { *a };
    Some(a?.iter().zip(b?.iter()).map(both).collect())
}

/// Why a figure over common rows is null.
pub(super) fn too_few(n: usize, min_rows: usize) -> String {
    if n < min_rows {
        format!("{n} common periods, {min_rows} needed")
    } else {
        "a side does not vary on the common periods".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::month_end;

    #[test]
    fn a_sign_changes_where_the_other_one_begins() {
        // -, 0, -, +, (none), 0, +, -, +: changes at the fourth, the eighth and the ninth; 0 has no sign.
        let values = [Some(-0.2), Some(0.0), Some(-0.1), Some(0.3), None, Some(0.0), Some(0.1), Some(-0.2), Some(0.3)];
        let labels: Vec<NaiveDate> = (1..=9).map(month_end).collect();
        let found = RollingReport::of(&values, &labels);
        assert_eq!(found.sign_changes, [month_end(4), month_end(8), month_end(9)]);
        assert_eq!((found.windows, found.latest, found.latest_date), (8, Some(0.3), Some(month_end(9))));
        // The first of two equals.
        assert_eq!((found.lowest, found.lowest_date), (Some(-0.2), Some(month_end(1))));
        assert_eq!((found.highest, found.highest_date), (Some(0.3), Some(month_end(4))));
        // Three of eight below 0; the sum is 0.2.
        assert_eq!(found.share_below_zero, Some(0.375));
        assert!((found.mean.unwrap() - 0.025).abs() < 1e-15);
        assert_eq!(RollingReport::of(&[None, None], &labels[..2]), RollingReport::default());
    }

    #[test]
    fn a_beta_is_over_cash_and_each_way_its_own() {
        // y = 2 x over cash of 1% a row, exactly; and x is half of y.
        let x: Vec<f64> = (0..14).map(|at| f64::from(at * at % 7) / 100.0).collect();
        let y: Vec<f64> = x.iter().map(|x| 2.0 * (x - 0.01) + 0.01).collect();
        let found = Beta::of(&y, &x, Some(&[0.01; 14]));
        assert!((found.beta.unwrap() - 2.0).abs() < 1e-12 && found.n == 14, "{found:?}");
        assert!((Beta::of(&x, &y, Some(&[0.01; 14])).beta.unwrap() - 0.5).abs() < 1e-12);
        let few = Beta::of(&y[..11], &x[..11], None);
        assert_eq!((few.n, few.beta, few.interval), (11, None, None));
        assert_eq!(too_few(11, 12), "11 common periods, 12 needed");
    }
}
