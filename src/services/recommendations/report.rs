//! The report for people.

use factor_analytics::hedge::{
    Recommendation, SortBy,
    scorecard::{Grades, StrategyGrade, SwapGrades, Taken},
};

use super::{
    Recommended,
    insights::{not_known, sentences},
    rows::{of_basket, rationale},
};
use crate::{
    answer::markdown::{self, decimal, percent},
    services::portfolio::{answer::add_caveats, summary::heading},
};

/// What an offset does.
const EFFECTS: [&str; 12] = [
    "#",
    "factor",
    "ETF",
    "correlation",
    "passes",
    "periods",
    "hedge ratio",
    "offset in sample",
    "out of sample",
    "move",
    "volatility before",
    "after",
];

/// What else is known of it.
const FACTS: [&str; 11] = [
    "#",
    "factor",
    "ETF",
    "down-market correlation",
    "lowest of 36",
    "highest of 36",
    "significant",
    "Sharpe ratio",
    "max drawdown",
    "yield",
    "score",
];

/// How each way did.
const GRADES: [&str; 9] =
    ["way", "quarters", "mean", "median", "10th percentile", "worst", "helped", "turnover", "return a year"];

/// How each way did, one row each.
fn add_grades(text: &mut String, title: &str, grades: Option<&Grades>) {
    let Some(grades) = grades else { return };
    let row = |grade: &StrategyGrade| {
        vec![
            grade.strategy.as_str().replace('_', " "),
            grade.quarters.to_string(),
            percent(Some(grade.taken.mean)),
            percent(Some(grade.taken.median)),
            percent(Some(grade.taken.percentile_10)),
            percent(Some(grade.taken.worst)),
            percent(grade.taken.helped),
            percent(grade.turnover),
            percent(grade.return_per_year),
        ]
    };
    let rows: Vec<Vec<String>> = grades.strategies.iter().map(row).collect();
    markdown::titled_table(text, title, &GRADES, 1, &rows);
    let coverage = &grades.coverage;
    let said = format!(
        "Share of the variance of daily returns that each took away in the quarter after it was chosen, quarter ends {} to {}. \
         The next quarter lay within the interval of the past in {} of the cases, within what was to be expected in {}.",
        grades.first,
        grades.last,
        percent(coverage.estimate),
        percent(coverage.next_quarter)
    );
    text.push_str(&format!("\n{said}\n"));
}

/// How moves of weight within a portfolio did.
const SWAPS: [&str; 6] = ["move", "mean", "median", "10th percentile", "worst", "helped"];

/// How swaps did, apart from hedges: they change the portfolio and not the factor.
fn add_swaps(text: &mut String, of: &str, swaps: Option<&SwapGrades>) {
    let Some(swaps) = swaps else { return };
    let row = |name: &str, taken: &Taken| {
        let shares = [Some(taken.mean), Some(taken.median), Some(taken.percentile_10), Some(taken.worst), taken.helped];
        [name.to_owned()].into_iter().chain(shares.map(percent)).collect::<Vec<String>>()
    };
    let rows =
        [row("into the fund of least variance", &swaps.into_fund), row("the same weight into cash", &swaps.into_cash)];
    markdown::titled_table(text, &format!("How moves out of {of} within the portfolio did"), &SWAPS, 1, &rows);
    text.push_str(&format!(
        "\nShare of the variance of the portfolio's daily returns, at today's weights, that each took away in the quarter after it was \
         chosen: {} quarters from {} to {}, in {} of which no move lowered it.\n",
        swaps.quarters, swaps.first, swaps.last, swaps.no_trade
    ));
}

impl Recommended {
    /// The report for people.
    pub(super) fn text(&self) -> String {
        let report = &self.report;
        let label = self.factor.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
        let mut text =
            format!("# Offsets of {}{label}\n\n{}\n", self.factor.name, heading(&self.context, &self.quality));
        add_caveats(&mut text, not_known(self), &self.quality);
        markdown::list(&mut text, "In short", &sentences(self));
        if let Some(scorecard) = self.hedged.graded(&self.request) {
            add_grades(&mut text, &format!("How hedges of {} did", self.factor.name), scorecard.of_factor.as_ref());
            add_grades(&mut text, "How hedges of all funds did", scorecard.over_universe.as_ref());
            add_swaps(&mut text, &self.factor.name, scorecard.swaps.as_ref());
        }
        self.add_rows(&mut text);
        let why: Vec<String> = report
            .recommendations
            .iter()
            .take(5)
            .map(|one| format!("{}: {}", self.called(one), rationale(one, &self.factor.name)))
            .collect();
        markdown::list(&mut text, "Why", &why);
        if let Some(basket) = &report.basket {
            markdown::list(&mut text, "Together", &[of_basket(basket, &self.factor.name)]);
        }
        if let Some(portfolio) = &self.portfolio {
            let rows = markdown::weights(&portfolio.classifications.by(|one| &one.industry), 15);
            markdown::titled_table(
                &mut text,
                "What the portfolio holds",
                &["industry or category", "weight"],
                1,
                &rows,
            );
        }
        if !report.recommendations.is_empty() {
            markdown::list(&mut text, "How to read it", &self.legend());
        }
        text
    }

    /// What an offset does, and what else is known of it.
    fn add_rows(&self, text: &mut String) {
        let yes = |so: bool| if so { "yes" } else { "no" }.to_owned();
        let (mut does, mut known) = (Vec::new(), Vec::new());
        for one in &self.report.recommendations {
            let ticker = one.etf_ticker.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            let young = if one.young { " (young)" } else { "" };
            let named = [one.rank.to_string(), format!("{}{young}", one.factor), ticker];
            let (relation, worth) = (&one.figures.relation, &one.figures.hedge_effectiveness);
            let swap = one.swap.as_ref();
            let volatility = swap.and_then(|swap| swap.portfolio_volatility);
            let effects = [
                decimal(relation.correlation_to_overexposed, 2),
                yes(one.meets_threshold),
                relation.n.to_string(),
                decimal(one.figures.hedge_ratio, 2),
                percent(worth.in_sample),
                percent(worth.out_of_sample),
                percent(swap.and_then(|swap| swap.suggested_additional_allocation)),
                percent(volatility.map(|change| change.before)),
                percent(volatility.map(|change| change.after)),
            ];
            does.push(named.iter().cloned().chain(effects).collect());
            let facts = [
                decimal(relation.down_market_correlation, 2),
                decimal(relation.rolling_36.min, 2),
                decimal(relation.rolling_36.max, 2),
                yes(one.significant),
                decimal(one.sharpe_ratio, 2),
                percent(one.max_drawdown),
                percent(one.dividend_yield),
                decimal(Some(one.score), 2),
            ];
            known.push(named.into_iter().chain(facts).collect());
        }
        markdown::titled_table(text, "Recommendations", &EFFECTS, 3, &does);
        markdown::titled_table(text, "What else is known of them", &FACTS, 3, &known);
    }

    /// Its name with what its ETF is.
    fn called(&self, one: &Recommendation) -> String {
        let factor = one.etf_ticker.as_ref().and_then(|ticker| self.context.common().universe().get(ticker));
        match factor {
            Some(factor) => {
                let what = factor.description.as_ref().map(|what| format!(": {what}")).unwrap_or_default();
                format!("{} ({}{what})", one.factor, factor.ticker)
            }
            None => one.factor.clone(),
        }
    }

    fn legend(&self) -> Vec<String> {
        let of = &self.factor.name;
        let (threshold, most) =
            (self.request.correlation_threshold, percent(Some(self.request.target_allocation_reduction)));
        let mut said = vec![
            format!(
                "correlation: 1 moves with {of}, 0 has nothing to do with it, -1 moves against it; passes: at or under {threshold}; \
                 down-market: in periods in which {of} fell; lowest and highest of 36: over any 36 periods in a row; significant: \
                 differs from 0 by more than chance, all candidates scanned counted."
            ),
            format!(
                "hedge ratio: how much of the ETF next to one unit of {of} leaves the least movement; below 0 the ETF would have to be \
                 sold short, and bought it is no offset."
            ),
            format!(
                "offset: the share of {of}'s variance that goes away at the hedge ratio; out of sample: on the last third of the \
                 periods, at the ratio of those before; below 0 it made things worse."
            ),
        ];
        if self.portfolio.as_ref().is_some_and(|portfolio| portfolio.weight > 0.0) {
            said.push(format!(
                "move: how much of the portfolio to move out of {of} into the ETF, at most {most}; volatility: the portfolio's, a year, \
                 over the periods that both have."
            ));
        }
        said.push(match self.request.sort_by {
            SortBy::Effectiveness if self.request.allow_short == Some(true) => {
                "#: by what each takes away out of sample, bought or sold short.".to_owned()
            }
            SortBy::Effectiveness if self.portfolio.as_ref().is_some_and(|portfolio| portfolio.weight > 0.0) => {
                "#: by what the move leaves of the portfolio's variance.".to_owned()
            }
            SortBy::Effectiveness => "#: by what each takes away out of sample when it is bought.".to_owned(),
            SortBy::Correlation => "#: by the correlation, lowest first.".to_owned(),
            SortBy::Score => "#: by the score.".to_owned(),
        });
        said.push(
            "score: the correlation above all, then ranks among the candidates: Sharpe ratio (return above cash per unit of \
             risk), max drawdown (deepest fall) and dividend yield."
                .to_owned(),
        );
        said.push("Sentences have shares as decimals, like the fields: 0.1 is 10%.".to_owned());
        said
    }
}

#[cfg(test)]
mod tests {
    use factor_analytics::hedge::{HedgeReport, Swap, VolatilityChange};
    use serde_json::json;

    use super::{
        super::tests::{cells, ranked, recommended},
        *,
    };

    #[tokio::test]
    async fn offsets_are_rows_of_two_tables_without_empty_columns() {
        let mut all = recommended(json!({"overexposed_factor": "VNQ"})).await;
        let mut listed = ranked(6);
        listed[0].swap = Some(Swap {
            suggested_additional_allocation: Some(0.1),
            portfolio_volatility: Some(VolatilityChange { before: 0.15, after: 0.12 }),
            ..Swap::default()
        });
        listed[0].etf_ticker = Some("GLD".parse().unwrap());
        listed[1].meets_threshold = false;
        listed[1].significant = true;
        all.report = HedgeReport { recommendations: listed, ..HedgeReport::default() };
        let text = all.text();
        let does = cells(&text, "Recommendations");
        assert_eq!(does[0], EFFECTS);
        let first =
            ["1", "factor 1", "GLD", "-0.25", "yes", "60", "0.50", "6.25%", "-1.00%", "10.00%", "15.00%", "12.00%"];
        assert_eq!(does[1], first);
        assert_eq!(does[2], ["2", "factor 2", "-", "-0.25", "no", "60", "0.50", "6.25%", "-1.00%", "-", "-", "-"]);
        let known = cells(&text, "What else is known of them");
        assert_eq!(known[0], ["#", "factor", "ETF", "significant", "score"]);
        assert_eq!(
            (does.len(), known[2].as_slice()),
            (7, &["2", "factor 2", "-", "yes", "0.10"].map(str::to_owned)[..])
        );
        let why = text.split("\n## Why\n\n").nth(1).unwrap().lines().take_while(|line| line.starts_with("- "));
        let why: Vec<&str> = why.collect();
        assert_eq!(why.len(), 5, "the first five are explained");
        assert!(why[0].starts_with("- factor 1 (GLD"), "{}", why[0]);
        assert!(why[1].starts_with("- factor 2: Correlation -0.25 with VNQ"), "{}", why[1]);
        assert!(!text.contains("What the portfolio holds") && !text.contains("- move: how much"), "{text}");
    }

    #[tokio::test]
    async fn without_an_offset_there_is_nothing_to_explain() {
        let mut all = recommended(json!({"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.25, "SPY": 0.75}})).await;
        assert!(
            all.text().contains("- move: how much of the portfolio to move out of VNQ into the ETF, at most 10.00%;")
        );
        all.report = HedgeReport::default();
        let text = all.text();
        assert!(text.starts_with("# Offsets of VNQ (Real estate (whole sector))\n"), "{text}");
        for title in ["Recommendations", "What else is known of them", "Why", "Together", "How to read it"] {
            assert!(!text.contains(&format!("## {title}\n")), "{title}: {text}");
        }
        let held = cells(&text, "What the portfolio holds");
        assert_eq!(
            held[1..],
            [["market", "75.00%"], ["REIT - Diversified", "25.00%"]].map(|row| row.map(str::to_owned).to_vec())
        );
    }
}
