//! What offsets the factor that there is most of: a hedge, a sale, and what could be bought.

use super::or_why;
use crate::{
    answer::markdown::{decimal, ends, percent},
    services::client_report::{
        answers::{BestHedge, Candidate, Estimate, Recommendations, Reduce, Way},
        asked::Part,
        html::{Html, Table},
    },
};

/// Candidates of the table.
const MOST: usize = 8;

pub(super) fn write(page: &mut Html, part: &Part<Recommendations>) {
    let Some(answered) = or_why(page, part) else { return };
    let (of, said) = (&answered.figures, &answered.said);
    let factor = &of.overexposed_factor;
    page.paragraph(&format!(
        "What offsets {} ({}), of which most is held unless another was asked for.",
        factor.resolved, factor.label
    ));
    if said.insights.nothing_offsets == Some(true) {
        page.paragraph(&format!(
            "Nothing that can be bought offsets {}: what is listed dilutes it. Holding less of it lowers the risk as surely.",
            factor.resolved
        ));
    }
    if let Some(picture) = answered.svg() {
        page.picture(picture);
    }
    if let Some(best) = &of.best_hedge {
        best_hedge(page, best, &factor.resolved);
    }
    if let Some(reduce) = &of.reduce {
        ways(page, reduce, &factor.resolved);
    }
    candidates(page, &of.recommendations, &factor.resolved);
    let missing: Vec<String> =
        said.not_computed.iter().map(|(name, why)| format!("No {}: {why}.", name.replace('_', " "))).collect();
    page.list(&missing);
    page.paragraph(
        "Costs of borrowing, margin, trading and taxes are in none of this, and short sales may not be allowed. Correlations of the past \
         need not go on; holding less is the one way that needs none of them to last.",
    );
}

fn of_level(estimate: Option<Estimate>, end: impl Fn(Option<f64>) -> String) -> String {
    estimate.map_or_else(|| "-".to_owned(), |of| ends(Some([of.low, of.high]), end))
}

fn best_hedge(page: &mut Html, best: &BestHedge, factor: &str) {
    let level = best.members.iter().find_map(|member| member.estimate).map_or(0.9, |of| of.level);
    let rows = best.members.iter().map(|member| {
        vec![
            member.etf_ticker.clone(),
            member.factor.clone(),
            member.direction.clone(),
            decimal(Some(member.ratio), 2),
            of_level(member.estimate, |end| decimal(end, 2)),
        ]
    });
    let interval = format!("{level_in_percent}% interval", level_in_percent = decimal(Some(100.0 * level), 0));
    let head = ["fund", "what it is", "direction", "ratio", &interval];
    page.table(
        &format!("The best hedge, per unit of {factor}"),
        &Table { head: &head, words: 3, rows: rows.collect() },
    );
    page.paragraph(&format!(
        "Over the {} days from {} to {} it took {} of {factor}'s variance away ({interval} {}, of the past).",
        best.rows,
        best.first,
        best.last,
        percent(best.effectiveness.in_sample),
        of_level(best.effectiveness.estimate, percent),
    ));
    if let Some(next) = &best.next_quarter {
        page.paragraph(&format!(
            "Of the next quarter {} is to be expected, and {} to {} in {}% of cases, by how such hedges did in {} past quarters.",
            percent(Some(next.median)),
            percent(Some(next.low)),
            percent(Some(next.high)),
            decimal(Some(100.0 * next.level), 0),
            next.quarters,
        ));
    }
}

/// Left alone, hedged, or some of it sold.
fn ways(page: &mut Html, reduce: &Reduce, factor: &str) {
    let ways = [("left as it is", &reduce.unchanged), ("hedged", &reduce.hedged), ("some of it sold", &reduce.reduced)];
    let row = |name: &str, of: &Way| {
        let figures = [of.annual_return, of.volatility, of.gross, of.net, of.return_given_up].map(percent);
        std::iter::once(name.to_owned()).chain(figures).collect()
    };
    let rows = ways.into_iter().filter_map(|(name, of)| Some(row(name, of.as_ref()?))).collect();
    let head = ["", "return a year", "volatility a year", "gross weight", "net weight", "return given up"];
    page.table(&format!("Three ways with one unit of {factor}"), &Table { head: &head, words: 1, rows });
    page.paragraph(&format!(
        "Selling {} of {factor} leaves the same variance as the hedge did; selling {} what is to be expected of it.",
        percent(reduce.share),
        percent(reduce.share_expected),
    ));
}

fn candidates(page: &mut Html, all: &[Candidate], factor: &str) {
    let correlation = |of: &Candidate| {
        let interval = ends(of.correlation_interval, |end| decimal(end, 2));
        format!("{} ({interval})", decimal(of.correlation_to_overexposed, 2))
    };
    let row = |of: &Candidate| {
        vec![
            of.etf_ticker.clone(),
            of.factor.clone(),
            of.direction.clone().unwrap_or_else(|| "-".to_owned()),
            correlation(of),
            of.n.to_string(),
            percent(of.hedge_effectiveness.in_sample),
            percent(of.hedge_effectiveness.out_of_sample),
            percent(of.suggested_additional_allocation),
            percent(of.portfolio_volatility.as_ref().and_then(|of| of.before)),
            percent(of.portfolio_volatility.as_ref().and_then(|of| of.after)),
            percent(of.volatility_into_cash),
        ]
    };
    let head = [
        "fund",
        "what it is",
        "offsets when",
        "correlation (95% interval)",
        "n",
        "variance taken away",
        "out of sample",
        "moved into it",
        "volatility before",
        "after",
        "moved into cash",
    ];
    let rows: Vec<Vec<String>> = all.iter().take(MOST).map(row).collect();
    let is_any = !rows.is_empty();
    page.table(&format!("Moving some of {factor} into one other fund"), &Table { head: &head, words: 3, rows });
    if is_any {
        page.paragraph(
            "Variance taken away: at the best ratio, in the periods that it was estimated on; out of sample: in later ones, and below 0 it \
             made matters worse. Volatility is the portfolio's; the last column is what the same move into cash comes to.",
        );
    }
}
