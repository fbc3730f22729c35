//! What the figures say in words. Their numbers are the fields' numbers, to four decimals.

use factor_analytics::{
    compare::{ConditionReport, CorrelationEstimate, Difference, PairReport},
    inference::SIGNIFICANCE_LEVEL,
};
use factor_types::Frequency;
use indexmap::IndexMap;

use super::{Comparison, answer::method_in_words};
use crate::answer::markdown::in_words;

/// Pairs, differences and series that have a sentence.
const SENTENCES: usize = 4;
/// With so many tests or more it is said how many pass by chance.
const MANY_TESTS: usize = 6;
/// A smaller p-value is written as less than this.
const SMALLEST_P: f64 = 1e-4;

/// What stands out: the differences first, which were asked for by name.
pub(super) fn insights(all: &Comparison) -> Vec<String> {
    let unit = all.context.common().frequency.periods();
    let report = &all.report;
    let differences = report.periods.iter().flat_map(|periods| &periods.differences);
    let mut said: Vec<String> = differences.clone().take(SENTENCES).map(|one| of_difference(one, unit)).collect();
    let pairs = report.pairs.iter().flatten();
    said.extend(pairs.clone().take(SENTENCES).map(|pair| of_pair(pair, unit)));
    said.extend(by_chance("differences", differences.map(|one| one.p)));
    said.extend(by_chance("pairs", pairs.map(|pair| pair.pearson.p)));
    said.extend(report.condition.iter().flat_map(|condition| of_condition(condition, unit)));
    said
}

/// `SPY and TLT: correlation ...`, and whether it is more than chance makes.
fn of_pair(pair: &PairReport, unit: &str) -> String {
    let PairReport { a, b, pearson, .. } = pair;
    let Some(sure) = estimate(pearson, unit) else {
        return format!("{a} and {b}: no correlation, over {} common {unit}.", pearson.n);
    };
    let to = pair.from.zip(pair.to).map(|(from, to)| format!(", {from} to {to}")).unwrap_or_default();
    let verdict = match pearson.p {
        Some(p) if p < SIGNIFICANCE_LEVEL => "it differs from 0 significantly (5%)",
        Some(_) => "it does not differ from 0 significantly (5%)",
        None => "too few for a test",
    };
    format!("{a} and {b}: correlation {sure}{to}: {verdict}.")
}

/// `-0.0457 (95% interval -0.2231 to 0.1346, p 0.62, 120 months)`.
fn estimate(of: &CorrelationEstimate, unit: &str) -> Option<String> {
    let sure = match (of.interval, of.p) {
        (Some([low, high]), Some(p)) => {
            format!("95% interval {} to {}, p {}, ", in_words(low), in_words(high), p_in_words(p))
        }
        _ => String::new(),
    };
    Some(format!("{} ({sure}{} {unit})", in_words(of.correlation?), of.n))
}

fn of_difference(one: &Difference, unit: &str) -> String {
    let Difference { a, b, first, second, .. } = one;
    let (Some(r1), Some(r2), Some(difference)) = (one.correlation_first, one.correlation_second, one.difference) else {
        return format!(
            "{a} and {b}: no difference between {first} ({} common {unit}) and {second} ({}).",
            one.n_first, one.n_second
        );
    };
    let interval = one.interval.map(|[low, high]| format!("95% interval {} to {}", in_words(low), in_words(high)));
    let p = one.p.map(|p| format!("p {}", p_in_words(p)));
    let sure: Vec<String> = interval.into_iter().chain(p).chain([method_in_words(one.method).to_owned()]).collect();
    let without_zero = one.interval.is_some_and(|[low, high]| low > 0.0 || high < 0.0);
    // Interval and test are found by two methods, which need not agree on few rows.
    let verdict = match one.p {
        Some(p) if p < SIGNIFICANCE_LEVEL && (without_zero || one.interval.is_none()) => {
            "a significant difference (5%)"
        }
        Some(p) if p < SIGNIFICANCE_LEVEL => "a significant difference by the test (5%), though 0 is in the interval",
        Some(_) if without_zero => "no significant difference by the test (5%), though 0 is not in the interval",
        Some(_) => "no significant difference (5%)",
        None => "too little for a test",
    };
    format!(
        "{a} and {b}: correlation {} in {first} ({} {unit}) and {} in {second} ({} {unit}); the difference is {} ({}): {verdict}.",
        in_words(r1),
        one.n_first,
        in_words(r2),
        one.n_second,
        in_words(difference),
        sure.join(", ")
    )
}

/// How many of many tests pass, and how many would by chance.
fn by_chance(what: &str, p: impl Iterator<Item = Option<f64>>) -> Option<String> {
    let p: Vec<f64> = p.flatten().collect();
    let passed = p.iter().filter(|p| **p < SIGNIFICANCE_LEVEL).count();
    (p.len() >= MANY_TESTS).then(|| {
        format!(
            "{passed} of {} {what} are significant at 5%; by chance alone {} would be.",
            p.len(),
            in_words(SIGNIFICANCE_LEVEL * p.len() as f64)
        )
    })
}

/// What each did in the periods of a condition.
fn of_condition(report: &ConditionReport, unit: &str) -> Vec<String> {
    let side = match (report.below, report.above) {
        (Some(bound), _) => format!("below {}", in_words(bound)),
        (_, Some(bound)) => format!("above {}", in_words(bound)),
        (None, None) => String::new(),
    };
    let when = format!("In the {} of {} {unit} with {} {side}", report.periods, report.of, report.ticker);
    if report.periods == 0 {
        return vec![format!("{when} there is nothing to measure.")];
    }
    let each = report.series.iter().filter(|one| one.ticker != report.ticker).take(SENTENCES);
    let said = each.filter_map(|one| {
        let interval = one
            .mean_interval
            .map(|[low, high]| format!(" (95% interval {} to {})", in_words(low), in_words(high)))
            .unwrap_or_default();
        let rose = (one.hit_rate? * one.n as f64).round();
        Some(format!(
            "{when} {} made {} on average{interval} and rose in {rose} of {}.",
            one.ticker,
            in_words(one.mean?),
            one.n
        ))
    });
    said.collect()
}

/// A p-value with two digits that count.
pub(super) fn p_in_words(p: f64) -> String {
    if p < SMALLEST_P {
        return format!("under {SMALLEST_P}");
    }
    in_words(p)
}

/// What the answer cannot know.
pub(super) fn not_known(all: &Comparison) -> String {
    let independent = match all.context.common().frequency {
        Frequency::Monthly => "",
        Frequency::Weekly | Frequency::Daily => {
            " Intervals and p-values of single correlations take the returns as independent, which those of weeks and days are not quite."
        }
    };
    format!("Not known here: whether what held in these periods goes on.{independent}")
}

/// By which rules the figures were found.
pub(super) fn conventions(frequency: Frequency) -> IndexMap<&'static str, &'static str> {
    let difference = match frequency {
        Frequency::Monthly => {
            "first less second; interval of Zou (2007) from the two Fisher-z intervals; p normal, two-sided, of the difference of the Fisher-z"
        }
        Frequency::Weekly | Frequency::Daily => {
            "first less second; p = (1 + draws that differ by as much) / 1001, 1,000 draws that put whole calendar months (of the labels) into the periods; interval: 2.5% and 97.5% quantiles of 1,000 draws of circular blocks of 21 days or 4 weeks in each period; ChaCha8, seeded by SHA-256 of the method, the dates and the values of the pair alone"
        }
    };
    IndexMap::from([
        (
            "correlation",
            "Pearson on the common periods of the pair; 95% interval by Fisher's z, p two-sided (t, n - 2)",
        ),
        ("difference", difference),
        ("ewma", "weights 2^(-age / half_life), age in periods from the window's end; n_eff = (sum w)^2 / sum w^2"),
        ("beta", "of returns over cash on common periods; Newey-West error, normal 95% interval"),
        (
            "rolling",
            "every window of so many periods in a row; dates are the last period of a window; sign_changes: the first window with the other sign",
        ),
        ("when_a_fell", "periods in which a's return was below 0; picking by one side lowers a correlation by itself"),
        ("periods", "rows whose label lies in the dates; a regime's thresholds are of the window"),
        ("condition", "mean per period with Student's t interval, hit rate with Wilson's"),
        ("side_by_side", "over the periods from the first to the last that all have"),
        (
            "calendar_years",
            "a period is of the year of its last trading day; null where a period of the year is missing",
        ),
    ])
}
