//! Correlations within periods, and between periods their differences.

use factor_types::Frequency;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    pair::{CorrelationEstimate, Missing},
    periods::Period,
    resampled::{MIN_BLOCKS, MIN_MONTHS, Sample, bootstrap_interval, permutation_p},
};
use crate::{
    Study,
    inference::{difference_interval, difference_p},
    observer::{Progress, Stopped},
    regime::MIN_ROWS,
};

/// The correlations of every pair in every period, and how they differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeriodsReport {
    /// The periods, in the caller's order.
    pub periods: Vec<Period>,
    /// Per pair and period; the periods of a pair stand together.
    pub correlations: Vec<PeriodCorrelation>,
    /// Per pair and two periods, none of them the whole window.
    pub differences: Vec<Difference>,
}

/// The correlation of a pair in one period.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct PeriodCorrelation {
    /// One side.
    pub a: String,
    /// The other side.
    pub b: String,
    /// The period.
    pub period: String,
    /// Pearson's correlation over its rows; null under 12 common ones.
    #[serde(flatten)]
    pub estimate: CorrelationEstimate,
    /// Why it is null.
    #[serde(skip)]
    pub(super) missing: Option<String>,
}

/// How the correlation of a pair in one period differs from that in another.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Difference {
    /// One side.
    pub a: String,
    /// The other side.
    pub b: String,
    /// One period.
    pub first: String,
    /// The other.
    pub second: String,
    /// Common periods in the first.
    pub n_first: usize,
    /// Common periods in the second.
    pub n_second: usize,
    /// The correlation in the first.
    pub correlation_first: Option<f64>,
    /// The correlation in the second.
    pub correlation_second: Option<f64>,
    /// The first less the second.
    pub difference: Option<f64>,
    /// Its 95% interval.
    pub interval: Option<[f64; 2]>,
    /// Two-sided p-value of no difference.
    pub p: Option<f64>,
    /// How both were found.
    pub method: DifferenceMethod,
    /// Each null figure and why.
    #[serde(skip)]
    pub(super) missing: Vec<Missing>,
}

/// How interval and p-value of a difference were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceMethod {
    /// By formulas for independent rows ([`difference_interval`], [`difference_p`]): months.
    FisherZ,
    /// By drawing again: calendar months put into the periods at random for p, circular blocks for the interval.
    Resampled,
}

impl DifferenceMethod {
    /// The method for returns of this frequency.
    pub fn of(frequency: Frequency) -> Self {
        match frequency {
            Frequency::Monthly => Self::FisherZ,
            Frequency::Weekly | Frequency::Daily => Self::Resampled,
        }
    }
}

/// Rows of a block: a month of days, four weeks.
fn block_length(frequency: Frequency) -> usize {
    match frequency {
        Frequency::Daily => 21,
        Frequency::Weekly | Frequency::Monthly => 4,
    }
}

/// A side of a pair: its name and its column.
pub(super) type Side<'a> = (&'a str, usize);

impl PeriodsReport {
    /// Every pair of some series in every period.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop; it is asked between differences.
    pub(super) fn of(
        study: &Study,
        pairs: &[(Side<'_>, Side<'_>)],
        periods: Vec<Period>,
        progress: &mut Progress<'_>,
    ) -> Result<Self, Stopped> {
        let panel = study.panel();
        let mut report = Self { periods, ..Self::default() };
        for (at, ((a, at_a), (b, at_b))) in pairs.iter().enumerate() {
            progress.advance(at, pairs.len())?;
            let columns = (panel.column(*at_a), panel.column(*at_b));
            let samples: Vec<Sample> =
                report.periods.iter().map(|period| Sample::of(panel.labels(), columns, &period.keep)).collect();
            let found: Vec<PeriodCorrelation> = (report.periods.iter().zip(&samples))
                .map(|(period, sample)| {
                    let estimate = CorrelationEstimate::of(&sample.x, &sample.y, MIN_ROWS);
                    let missing = estimate.why_missing(MIN_ROWS);
                    PeriodCorrelation {
                        a: (*a).to_owned(),
                        b: (*b).to_owned(),
                        period: period.name.clone(),
                        estimate,
                        missing,
                    }
                })
                .collect();
            let own: Vec<usize> = (0..found.len()).filter(|at| !report.periods[*at].is_whole()).collect();
            for (place, first) in own.iter().enumerate() {
                for second in &own[place + 1..] {
                    progress.check()?;
                    let both = ((&found[*first], &samples[*first]), (&found[*second], &samples[*second]));
                    report.differences.push(Difference::of(both, panel.frequency()));
                }
            }
            report.correlations.extend(found);
        }
        Ok(report)
    }
}

impl Difference {
    fn of(
        ((first, of_first), (second, of_second)): ((&PeriodCorrelation, &Sample), (&PeriodCorrelation, &Sample)),
        frequency: Frequency,
    ) -> Self {
        let (one, two) = (first.estimate, second.estimate);
        let both = one.correlation.zip(two.correlation);
        let method = DifferenceMethod::of(frequency);
        let (interval, p) = match (method, both) {
            (_, None) => (None, None),
            (DifferenceMethod::FisherZ, Some((r1, r2))) => {
                let sure = one.interval.zip(two.interval);
                let ends = |[low, high]: [f64; 2]| (low, high);
                let interval = sure.map(|(one, two)| difference_interval((r1, ends(one)), (r2, ends(two))));
                (interval, difference_p((r1, one.n), (r2, two.n)))
            }
            (DifferenceMethod::Resampled, Some(_)) => {
                (bootstrap_interval(of_first, of_second, block_length(frequency)), permutation_p(of_first, of_second))
            }
        };
        let mut difference = Self {
            a: first.a.clone(),
            b: first.b.clone(),
            first: first.period.clone(),
            second: second.period.clone(),
            n_first: one.n,
            n_second: two.n,
            correlation_first: one.correlation,
            correlation_second: two.correlation,
            difference: both.map(|(r1, r2)| r1 - r2),
            interval: interval.map(|(low, high)| [low, high]),
            p,
            method,
            missing: Vec::new(),
        };
        difference.missing = difference.missing(frequency);
        difference
    }

    fn missing(&self, frequency: Frequency) -> Vec<Missing> {
        let mut all: Vec<Missing> = Vec::new();
        let mut add = |field: &str, why: String| all.push((field.to_owned(), why));
        if self.difference.is_none() {
            add("difference", "one of both correlations is missing".to_owned());
            return all;
        }
        if self.interval.is_none() {
            let rows = MIN_BLOCKS * block_length(frequency);
            add("interval", format!("{rows} common periods are needed in each, on which both vary"));
        }
        if self.p.is_none() {
            add(
                "p",
                match self.method {
                    DifferenceMethod::FisherZ => "both correlations are the same 1 or -1".to_owned(),
                    DifferenceMethod::Resampled => format!("{MIN_MONTHS} calendar months are needed in each"),
                },
            );
        }
        all
    }
}
