//! The report for people.

use serde_json::Value;

use super::{Recommended, sentences};
use crate::tools::positions::{shown::heading, words};

impl Recommended {
    /// The report for people.
    pub(super) fn text(&self) -> String {
        let report = &self.found.report;
        let label = self.factor.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
        let mut text = format!("# Offsets of {}{label}\n\n{}\n", self.factor.name, heading(&self.ground));
        words::list(&mut text, "In short", &sentences::insights(self));
        let cell = words::cell;
        let rows: Vec<Vec<String>> = report
            .recommendations
            .iter()
            .map(|one| {
                let (relation, worth) = (&one.figures.relation, &one.figures.hedge_effectiveness);
                let swap = one.swap.as_ref();
                vec![
                    one.rank.to_string(),
                    one.factor.clone(),
                    one.etf_ticker.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
                    cell(relation.correlation_to_overexposed),
                    cell(one.figures.hedge_ratio),
                    cell(worth.in_sample),
                    cell(worth.out_of_sample),
                    cell(swap.and_then(|swap| swap.suggested_additional_allocation)),
                    cell(swap.and_then(|swap| swap.portfolio_volatility).map(|change| change.after)),
                    cell(one.dividend_yield),
                    cell(Some(one.score)),
                    if one.meets_threshold { "yes" } else { "no" }.to_owned(),
                ]
            })
            .collect();
        let head = [
            "#",
            "factor",
            "ETF",
            "correlation",
            "hedge ratio",
            "in sample",
            "out of sample",
            "move",
            "volatility after",
            "yield",
            "score",
            "meets threshold",
        ];
        words::table(&mut text, "Recommendations", &head, &rows);
        let why: Vec<String> = report
            .recommendations
            .iter()
            .take(5)
            .map(|one| format!("{}: {}", one.factor, sentences::rationale(one, &self.factor.name)))
            .collect();
        words::list(&mut text, "Why", &why);
        if let Some(basket) = &report.basket {
            words::list(&mut text, "Together", &[sentences::of_basket(basket, &self.factor.name)]);
        }
        if let Some((_, standings, _)) = &self.portfolio {
            let rows: Vec<Vec<String>> = standings
                .by(|one| &one.industry)
                .into_iter()
                .take(15)
                .map(|(name, weight)| vec![name, words::decimal(weight)])
                .collect();
            words::table(&mut text, "What the portfolio holds", &["industry or category", "weight"], &rows);
        }
        let mut quality = self.ground.short_quality();
        self.mend_warnings(&mut quality);
        let mut mind = vec![sentences::not_known(self)];
        mind.extend(quality["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        words::list(&mut text, "Mind", &mind);
        text
    }
}
