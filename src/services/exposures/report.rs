//! The report for people.

use factor_analytics::{
    exposure::{Exposures, Risk},
    sections::calendar_years::CalendarYear,
};
use indexmap::IndexMap;

use super::{Exposed, sentences};
use crate::{
    answer::markdown::{self, decimal, percent},
    services::portfolio::{
        answer::add_caveats,
        lookthrough::{Classification, heavier},
        summary::heading,
    },
};

/// Rows of a table of weights.
const ROWS: usize = 15;

impl Exposed {
    /// The report for people.
    pub(super) fn text(&self) -> String {
        let name = self.held.name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        let mut text = format!("# Exposures{name}\n\n{}\n", heading(&self.context, &self.quality));
        add_caveats(&mut text, sentences::not_known(self), &self.quality);
        markdown::list(&mut text, "In short", &sentences::insights(self));
        self.add_holdings(&mut text);
        self.add_weights(&mut text, "By industry or category", "industry or category", |one| &one.industry);
        self.add_weights(&mut text, "By sector group", "sector group", |one| &one.sector_group);
        self.add_weights(&mut text, "By asset class", "asset class", |one| &one.asset_class);
        if let Some(fit) = &self.state.regression {
            self.add_regression(&mut text, fit);
        }
        self.add_risk(&mut text);
        self.add_years(&mut text);
        markdown::list(&mut text, "How to read it", &self.legend());
        text
    }

    fn add_holdings(&self, text: &mut String) {
        let mut heaviest: Vec<&Classification> = self.classifications.each.iter().collect();
        heaviest.sort_by(|a, b| heavier(a, b));
        let risk = self.state.risk.risk_contribution.as_ref();
        let row = |one: &&Classification| {
            let stands_for = one.factor.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            let share = risk.and_then(|shares| shares.get(one.ticker.as_str()).copied().flatten());
            vec![one.ticker.to_string(), one.industry.clone(), stands_for, percent(Some(one.weight)), percent(share)]
        };
        let rows: Vec<Vec<String>> = heaviest.iter().take(ROWS).map(row).collect();
        let head = ["ticker", "industry or category", "stands for", "weight", "share of variance"];
        markdown::titled_table(text, "Holdings", &head, 3, &rows);
        if heaviest.len() > ROWS {
            *text += &format!("\n{} of {} holdings, the heaviest.\n", ROWS, heaviest.len());
        }
    }

    /// Weights by a word of the holdings, with those after the trade.
    fn add_weights(&self, text: &mut String, title: &str, of: &str, word: impl Fn(&Classification) -> &str) {
        let now = self.classifications.by(&word);
        let Some(traded) = &self.what_if else {
            return markdown::titled_table(text, title, &[of, "weight"], 1, &markdown::weights(&now, ROWS));
        };
        let after = traded.classifications.by(&word);
        let added = after.keys().filter(|name| !now.contains_key(*name));
        let names: Vec<&String> = now.keys().chain(added).collect();
        let weight = |sums: &IndexMap<String, f64>, names: &[&String]| {
            percent(Some(names.iter().filter_map(|name| sums.get(*name)).sum()))
        };
        let row = |called: String, names: &[&String]| vec![called, weight(&now, names), weight(&after, names)];
        let (shown, rest) = names.split_at(names.len().min(ROWS));
        let mut rows: Vec<Vec<String>> = shown.iter().map(|name| row((*name).clone(), &[name])).collect();
        if !rest.is_empty() {
            rows.push(row(format!("{} others", rest.len()), rest));
        }
        markdown::titled_table(text, title, &[of, "weight", "after the trade"], 1, &rows);
    }

    fn add_regression(&self, text: &mut String, fit: &Exposures) {
        let traded = self.what_if.as_ref().map(|traded| &traded.figures.after);
        let after =
            |name: &String| traded.map(|state| state.regression.as_ref()?.factors.get(name).map(|one| one.beta));
        let row = |(name, one): (&String, &factor_analytics::exposure::FactorExposure)| -> Vec<String> {
            let figures = [
                decimal(Some(one.beta), 2),
                decimal(one.t, 1),
                decimal(Some(one.vif), 1),
                percent(Some(one.variance_share)),
            ];
            let traded = after(name).map(|beta| decimal(beta, 2));
            std::iter::once(name.clone()).chain(figures).chain(traded).collect()
        };
        let mut rows: Vec<Vec<String>> = fit.factors.iter().map(row).collect();
        let dash = || "-".to_owned();
        let unexplained = ["unexplained".to_owned(), dash(), dash(), dash(), percent(Some(fit.residual_share))];
        rows.push(unexplained.into_iter().chain(traded.map(|_| dash())).collect());
        let head = ["factor", "beta", "t", "VIF", "share of variance", "beta after the trade"];
        markdown::titled_table(text, "Regression of excess returns", &head[..rows[0].len()], 1, &rows);
        let t = fit.alpha_t.map(|t| format!(" (t {})", decimal(Some(t), 1))).unwrap_or_default();
        *text += &format!(
            "\nAlpha {} a year{t}, R-squared {}, {} periods.\n",
            percent(fit.alpha),
            percent(Some(fit.r_squared)),
            fit.observations
        );
    }

    fn add_risk(&self, text: &mut String) {
        let own = [&self.state.risk];
        let figures = self.what_if.as_ref().map(|traded| &traded.figures);
        let traded = figures.into_iter().flat_map(|figures| [&figures.before.risk, &figures.after.risk]);
        let all: Vec<&Risk> = own.into_iter().chain(traded).collect();
        let row = |name: &str, figure: &dyn Fn(&Risk) -> String| -> Vec<String> {
            std::iter::once(name.to_owned()).chain(all.iter().map(|risk| figure(risk))).collect()
        };
        // Without any risk-free rate the ratio has another name.
        let ratio = match self.state.risk.return_to_risk {
            Some(_) => row("return to risk", &|risk| decimal(risk.return_to_risk, 2)),
            None => row("Sharpe ratio", &|risk| decimal(risk.sharpe_ratio, 2)),
        };
        let rows = [
            row("total return", &|risk| percent(risk.total_return)),
            row("annual return", &|risk| percent(risk.annual_return)),
            row("volatility, a year", &|risk| percent(risk.volatility)),
            ratio,
            row("beta to SPY", &|risk| decimal(risk.beta, 2)),
            row("max drawdown", &|risk| percent(risk.max_drawdown)),
            row("VaR 95%, a period", &|risk| percent(risk.var_95)),
            row("CVaR 95%, a period", &|risk| percent(risk.cvar_95)),
        ];
        let head = ["", "now", "before the trade", "after"];
        markdown::titled_table(text, "Risk", &head[..=all.len()], 1, &rows);
    }

    /// A row a year; of one that is not whole its dates.
    fn add_years(&self, text: &mut String) {
        let row = |one: &CalendarYear| {
            let dates = if one.partial { format!(" ({} to {})", one.from, one.to) } else { String::new() };
            let figures = [one.total_return, one.benchmark_return, one.difference].map(percent);
            std::iter::once(format!("{}{dates}", one.year)).chain(figures).collect()
        };
        let rows: Vec<Vec<String>> = self.years.iter().map(row).collect();
        markdown::titled_table(text, "Calendar years", &["year", "portfolio", "SPY", "difference"], 1, &rows);
    }

    fn legend(&self) -> Vec<String> {
        let mut said = Vec::new();
        if self.state.regression.is_some() {
            said.push(
                "beta: what the portfolio gains when the factor gains 1 and the others stand still; t beyond 2 either way is more than \
                 chance; VIF: how much the other factors blur that beta, above 10 too much; share of variance: what of the \
                 portfolio's movement it explains, negative where it dampens."
                    .to_owned(),
            );
            said.push("excess returns: those above cash; alpha: what is left of them without the factors; R-squared: the share of their \
                 variance that the factors explain.".to_owned());
        }
        said.push(
            "max drawdown: the deepest fall from a high, at period ends; VaR 95%: one period in twenty was worse; CVaR 95%: the mean of \
             those."
                .to_owned(),
        );
        if self.what_if.is_some() {
            said.push("before and after the trade: over the periods that both portfolios have.".to_owned());
        }
        said.push("Sentences have shares as decimals, like the fields: 0.1 is 10%.".to_owned());
        said
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::exposed;
    use crate::services::{
        portfolio::{answer::PortfolioAnswer, lookthrough::Classification},
        recommendations::tests::cells,
    };

    /// Holdings of an industry each, `H1` with 1%, `H2` short of 2%, and so on.
    fn holdings(count: u32) -> Vec<Classification> {
        let one = |n: u32| Classification {
            ticker: format!("H{n}").parse().unwrap(),
            weight: f64::from(n) / if n.is_multiple_of(2) { -100.0 } else { 100.0 },
            industry: format!("industry {n}"),
            sector_group: "all".to_owned(),
            asset_class: "equity".to_owned(),
            factor: None,
            by_profile: false,
            members: Vec::new(),
        };
        (1..=count).map(one).collect()
    }

    #[tokio::test]
    async fn long_tables_show_the_heaviest_either_way_and_sum_up_the_others() {
        let mut all = exposed(json!({"holdings": {"SPY": 1}})).await;
        all.classifications.each = holdings(17);
        let text = all.text();
        let held = cells(&text, "Holdings");
        assert_eq!((held.len(), held[1].join(" ")), (16, "H17 industry 17 - 17.00%".to_owned()));
        assert_eq!(held[2].join(" "), "H16 industry 16 - -16.00%", "a short position is heavy as well");
        assert!(text.contains("\n15 of 17 holdings, the heaviest.\n"), "{text}");
        let by_industry = cells(&text, "By industry or category");
        assert_eq!(by_industry[1], ["industry 17", "17.00%"]);
        // The longest short positions come last: 14 and 16 per cent.
        assert_eq!(by_industry[16], ["2 others", "-30.00%"]);
        all.classifications.each.truncate(15);
        assert!(!all.text().contains("holdings, the heaviest"), "all are shown");

        let short = all.summary(3).json().value();
        assert_eq!((&short["holding_count"], &short["holdings"][0]["ticker"]), (&json!(15), &json!("H15")));
        assert_eq!(short["holdings"].as_array().unwrap().len(), 3);
        assert_eq!(short["by_industry"].as_object().unwrap().len(), 4, "three, and the others");
    }

    #[tokio::test]
    async fn a_trade_adds_columns_and_what_is_only_bought_a_row() {
        let asked = json!({"holdings": {"SPY": 0.75, "TLT": 0.25}, "what_if": {"TLT": -0.25, "VNQ": 0.125}});
        let mut all = exposed(asked).await;
        let text = all.text();
        let weights = [
            ["industry or category", "weight", "after the trade"],
            ["market", "75.00%", "75.00%"],
            ["fixed_income", "25.00%", "0.00%"],
            ["REIT - Diversified", "0.00%", "12.50%"],
            ["cash", "0.00%", "12.50%"],
        ];
        let mut found = cells(&text, "By industry or category");
        found[3..].sort();
        assert_eq!(found, weights.map(|row| row.map(str::to_owned).to_vec()));
        assert_eq!(cells(&text, "Risk")[0], ["", "now", "before the trade", "after"]);
        let regression = cells(&text, "Regression of excess returns");
        assert_eq!(regression[0].last().unwrap(), "beta after the trade");
        assert_eq!(regression.last().unwrap()[0], "unexplained");
        let trade = all.summary(10).json().value()["what_if"].clone();
        assert_eq!(trade["changes"], json!({"TLT": -0.25, "VNQ": 0.125}));
        assert_eq!((trade.get("weights_after"), &trade["after"]["by_asset_class"]["cash"]), (None, &json!(0.125)));
        let whole = json!(all.what_if.as_ref().unwrap().weights);
        assert_eq!(whole, json!({"SPY": 0.75, "VNQ": 0.125, "CUR:USD": 0.125}));

        all.what_if = None;
        all.state.regression = None;
        all.state.no_regression = Some("too short".to_owned());
        all.request.include.sections = None;
        assert_eq!(cells(&all.text(), "Risk")[0], ["", "now"]);
        assert!(!all.text().contains("## Regression"));
        assert_eq!(json!(all.not_computed()), json!({"regression": "too short"}), "no trade was asked about");
        all.request.include.sections = Some(vec![super::super::request::Section::WhatIf]);
        let said: Value = json!(all.not_computed());
        assert_eq!(said, json!({"what_if": "give what_if: [{ticker, change}]"}));
    }
}
