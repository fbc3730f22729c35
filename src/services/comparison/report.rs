//! The report for people.

use factor_analytics::compare::{ConditionReport, PairReport, PeriodsReport, SideBySide};

use super::{Comparison, sentences};
use crate::{
    answer::markdown::{self, decimal, percent},
    services::portfolio::{answer::add_caveats, summary::heading},
};

/// Rows of a table.
const ROWS: usize = 30;

impl Comparison {
    /// The report for people.
    pub(super) fn text(&self) -> String {
        let names = self.names.join(", ");
        let mut text = format!("# {names} compared\n\n{}\n", heading(&self.context, &self.quality));
        add_caveats(&mut text, sentences::not_known(self), &self.quality);
        markdown::list(&mut text, "In short", &sentences::insights(self));
        let report = &self.report;
        if let Some(pairs) = &report.pairs {
            add_pairs(&mut text, pairs);
        }
        if let Some(periods) = &report.periods {
            add_periods(&mut text, periods);
        }
        if let Some(condition) = &report.condition {
            add_condition(&mut text, condition);
        }
        if let Some(side) = &report.side_by_side {
            add_side_by_side(&mut text, side);
        }
        self.add_years(&mut text);
        markdown::list(&mut text, "How to read it", &legend());
        text
    }

    fn add_years(&self, text: &mut String) {
        let Some(years) = &self.report.calendar_years else { return };
        let head: Vec<&str> = ["year", "periods"].into_iter().chain(self.names.iter().map(String::as_str)).collect();
        let row = |year: &factor_analytics::compare::CalendarYear| -> Vec<String> {
            let part = if year.partial { " (part)" } else { "" };
            let each = year.series.values().map(|one| percent(one.total_return));
            [format!("{}{part}", year.year), year.periods.to_string()].into_iter().chain(each).collect()
        };
        let newest = years.len().saturating_sub(ROWS);
        let rows: Vec<Vec<String>> = years[newest..].iter().map(row).collect();
        markdown::titled_table(text, "Total return by calendar year", &head, 1, &rows);
    }
}

fn add_pairs(text: &mut String, pairs: &[PairReport]) {
    let figures = |pair: &PairReport| -> Vec<String> {
        vec![
            pair.a.clone(),
            pair.b.clone(),
            pair.pearson.n.to_string(),
            decimal(pair.pearson.correlation, 2),
            ends(pair.pearson.interval),
            pair.pearson.p.map_or_else(|| "-".to_owned(), sentences::p_in_words),
            decimal(pair.spearman.correlation, 2),
            decimal(pair.ewma.correlation, 2),
            decimal(Some(pair.ewma.n_eff), 1),
            decimal(pair.beta_a_on_b.beta, 2),
            decimal(pair.beta_b_on_a.beta, 2),
            decimal(pair.when_a_fell.correlation, 2),
            pair.when_a_fell.n.to_string(),
        ]
    };
    const HEAD: [&str; 13] = [
        "a",
        "b",
        "periods",
        "correlation",
        "95% interval",
        "p",
        "Spearman",
        "EWMA",
        "effective periods",
        "beta of a on b",
        "beta of b on a",
        "when a fell",
        "periods then",
    ];
    markdown::titled_table(text, "Pairs", &HEAD, 2, &pairs.iter().map(figures).collect::<Vec<_>>());
    let date = |date: Option<chrono::NaiveDate>| date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    let rolling = pairs.iter().flat_map(|pair| pair.rolling.iter().map(move |(window, one)| (pair, window, one)));
    let rows: Vec<Vec<String>> = rolling
        .take(ROWS)
        .map(|(pair, window, one)| {
            let changes = one.sign_changes.len();
            let newest = one.sign_changes.last().map(|last| format!(", last {last}")).unwrap_or_default();
            vec![
                pair.a.clone(),
                pair.b.clone(),
                window.to_string(),
                one.windows.to_string(),
                decimal(one.latest, 2),
                date(one.latest_date),
                decimal(one.mean, 2),
                decimal(one.lowest, 2),
                date(one.lowest_date),
                decimal(one.highest, 2),
                date(one.highest_date),
                percent(one.share_below_zero),
                format!("{changes}{newest}"),
            ]
        })
        .collect();
    const ROLLING: [&str; 13] = [
        "a",
        "b",
        "length",
        "windows",
        "latest",
        "at",
        "mean",
        "lowest",
        "in",
        "highest",
        "on",
        "below 0",
        "changes of sign",
    ];
    markdown::titled_table(text, "Over moving windows", &ROLLING, 2, &rows);
}

fn add_periods(text: &mut String, report: &PeriodsReport) {
    let named = report.periods.iter().map(|period| {
        vec![period.name.clone(), period.from.to_string(), period.to.to_string(), period.count.to_string()]
    });
    markdown::titled_table(text, "Periods", &["period", "from", "to", "periods"], 3, &named.collect::<Vec<_>>());
    let rows = report.correlations.iter().take(ROWS).map(|one| {
        vec![
            one.a.clone(),
            one.b.clone(),
            one.period.clone(),
            one.estimate.n.to_string(),
            decimal(one.estimate.correlation, 2),
            ends(one.estimate.interval),
            one.estimate.p.map_or_else(|| "-".to_owned(), sentences::p_in_words),
        ]
    });
    let head = ["a", "b", "period", "periods", "correlation", "95% interval", "p"];
    markdown::titled_table(text, "Correlations by period", &head, 3, &rows.collect::<Vec<_>>());
    let rows = report.differences.iter().take(ROWS).map(|one| {
        vec![
            one.a.clone(),
            one.b.clone(),
            format!("{} less {}", one.first, one.second),
            decimal(one.correlation_first, 2),
            decimal(one.correlation_second, 2),
            decimal(one.difference, 2),
            ends(one.interval),
            one.p.map_or_else(|| "-".to_owned(), sentences::p_in_words),
        ]
    });
    let head = ["a", "b", "periods", "first", "second", "difference", "95% interval", "p"];
    markdown::titled_table(text, "Differences between periods", &head, 3, &rows.collect::<Vec<_>>());
}

fn add_condition(text: &mut String, report: &ConditionReport) {
    let side = match (report.below, report.above) {
        (Some(bound), _) => format!("below {}", percent(Some(bound))),
        (_, bound) => format!("above {}", percent(bound)),
    };
    let rows = report.series.iter().map(|one| {
        vec![
            one.ticker.clone(),
            one.n.to_string(),
            percent(one.mean),
            one.mean_interval.map_or_else(
                || "-".to_owned(),
                |[low, high]| format!("{} to {}", percent(Some(low)), percent(Some(high))),
            ),
            percent(one.hit_rate),
        ]
    });
    let title = format!("When {} was {side}", report.ticker);
    let head = ["ticker", "periods", "mean return", "95% interval", "rose in"];
    markdown::titled_table(text, &title, &head, 1, &rows.collect::<Vec<_>>());
    let rows = report.pairs.iter().take(ROWS).map(|one| {
        let estimate = &one.estimate;
        vec![
            one.a.clone(),
            one.b.clone(),
            estimate.n.to_string(),
            decimal(estimate.correlation, 2),
            ends(estimate.interval),
        ]
    });
    let head = ["a", "b", "periods", "correlation", "95% interval"];
    markdown::titled_table(text, &format!("{title}: pairs"), &head, 2, &rows.collect::<Vec<_>>());
}

fn add_side_by_side(text: &mut String, side: &SideBySide) {
    let rows = side.series.iter().map(|(name, one)| {
        let date = |date: Option<chrono::NaiveDate>| date.map_or_else(|| "-".to_owned(), |date| date.to_string());
        vec![
            name.clone(),
            one.n.to_string(),
            percent(one.total_return),
            percent(one.annual_return),
            percent(one.volatility),
            decimal(one.sharpe_ratio.or(one.return_to_risk), 2),
            percent(one.max_drawdown),
            date(one.drawdown.drawdown_peak),
            date(one.drawdown.drawdown_trough),
            date(one.drawdown.drawdown_recovery),
        ]
    });
    let without_rate = side.series.values().any(|one| one.return_to_risk.is_some());
    let ratio = if without_rate { "return to risk" } else { "Sharpe ratio" };
    let head =
        ["ticker", "periods", "total return", "a year", "volatility", ratio, "max drawdown", "from", "to", "regained"];
    let title = match side.from.zip(side.to) {
        Some((from, to)) => format!("Side by side, {from} to {to}"),
        None => "Side by side".to_owned(),
    };
    markdown::titled_table(text, &title, &head, 1, &rows.collect::<Vec<_>>());
}

/// The ends of an interval of correlations.
fn ends(interval: Option<[f64; 2]>) -> String {
    markdown::ends(interval, |end| decimal(end, 2))
}

fn legend() -> Vec<String> {
    vec![
        "correlation: 1 moves along, 0 has nothing to do with it, -1 moves against it; the 95% interval is where it may well lie; p: how \
         often chance alone makes one as far from 0. Spearman: of ranks; EWMA: newer periods count more."
            .to_owned(),
        "beta of a on b: what a gains over cash when b gains 1 over cash; when a fell: the correlation in the periods in which a lost."
            .to_owned(),
        "moving windows: the correlation of so many periods in a row; dates are those of a window's last period.".to_owned(),
        "difference: the first correlation less the second; an interval without 0 says that they differ.".to_owned(),
        "max drawdown: the deepest fall from a high, at period ends; Sharpe ratio: return above cash per unit of risk.".to_owned(),
        "Sentences have shares as decimals, like the fields: 0.1 is 10%.".to_owned(),
    ]
}
