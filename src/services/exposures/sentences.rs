//! What the figures say in words. Their numbers are the fields' numbers, to four decimals.

use factor_analytics::{
    exposure::{Exposures, Risk},
    sections::calendar_years::CalendarYear,
};

use super::Exposed;
use crate::answer::markdown::{in_words, in_words_or_dash};

/// A variance inflation above this leaves a beta hardly its own.
const HIGH_VIF: f64 = 10.0;

/// What stands out.
pub(super) fn insights(all: &Exposed) -> Vec<String> {
    let mut said = Vec::new();
    let by_industry = all.classifications.by(|one| &one.industry);
    if let Some((name, weight)) = by_industry.first() {
        said.push(format!("The largest weight by industry or category is {name} with {}.", in_words(*weight)));
    }
    said.extend(most_of_the_risk(all));
    match &all.state.regression {
        Some(fit) => said.extend(of_regression(all, fit)),
        None => said.extend(all.state.no_regression.iter().map(|why| format!("No regression: {why}."))),
    }
    if let Some(what_if) = all.what_if.as_ref().map(|traded| &traded.figures) {
        said.push(format!(
            "The trade takes {}, over the same {} periods.",
            changes(&what_if.before.risk, &what_if.after.risk),
            what_if.observations
        ));
    }
    said.extend(of_years(all));
    if all.returns.unexplained_weight > 0.0 {
        said.push(format!(
            "{} of what is held besides cash has no returns: it is spread over the others in regression and risk.",
            in_words(all.returns.unexplained_weight)
        ));
    }
    said
}

/// The best and the worst whole calendar year.
fn of_years(all: &Exposed) -> Option<String> {
    let (best, worst) = all.best_and_worst_year()?;
    let said = |one: &CalendarYear| {
        let benchmark = one.benchmark_return.map(|r| format!(" (SPY {})", in_words(r))).unwrap_or_default();
        format!("{} with {}{benchmark}", one.year, in_words_or_dash(one.total_return))
    };
    Some(format!("The best whole calendar year was {}, the worst {}.", said(best), said(worst)))
}

/// What a trade does to each figure.
fn changes(before: &Risk, after: &Risk) -> String {
    let figures = [
        ("annual return", before.annual_return, after.annual_return),
        ("Sharpe ratio", before.sharpe_ratio, after.sharpe_ratio),
        ("volatility", before.volatility, after.volatility),
        ("max drawdown", before.max_drawdown, after.max_drawdown),
        ("beta", before.beta, after.beta),
    ];
    let said = figures.map(|(name, before, after)| {
        format!("{name} from {} to {}", in_words_or_dash(before), in_words_or_dash(after))
    });
    said.join(", ")
}

/// The holding with the largest part of the variance.
fn most_of_the_risk(all: &Exposed) -> Option<String> {
    let shares = all.state.risk.risk_contribution.as_ref()?;
    let known = shares.iter().filter_map(|(ticker, share)| Some((ticker, (*share)?)));
    let (ticker, share) = known.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let weight = all.held.weights.get(ticker.as_str())?;
    let (share, weight) = (in_words(share), in_words(*weight));
    Some(format!("The largest part of the variance is that of {ticker}: {share}, at a weight of {weight}."))
}

fn of_regression(all: &Exposed, fit: &Exposures) -> Vec<String> {
    let mut said = Vec::new();
    let most = fit.factors.iter().max_by(|a, b| a.1.variance_share.total_cmp(&b.1.variance_share));
    if let Some((name, exposure)) = most {
        let t = exposure.t.map(|t| format!(" (t {})", in_words(t))).unwrap_or_default();
        said.push(format!(
            "{name} explains most: {} of the variance, with beta {}{t}; {} is explained by no factor.",
            in_words(exposure.variance_share),
            in_words(exposure.beta),
            in_words(fit.residual_share)
        ));
    }
    let alike: Vec<&str> =
        fit.factors.iter().filter(|(_, one)| one.vif > HIGH_VIF).map(|(name, _)| name.as_str()).collect();
    if !alike.is_empty() {
        said.push(format!(
            "{} move so much with the other factors (vif above {HIGH_VIF}) that their betas are hardly their own; ask for fewer factors.",
            alike.join(", ")
        ));
    }
    let own = all.returns.values.iter().filter(|r| r.is_finite()).count();
    if 4 * fit.observations < 3 * own {
        said.push(format!(
            "The regression rests on {} of the portfolio's {own} periods, those on which every factor has a return; leave out \
             young factors with `factors`.",
            fit.observations
        ));
    }
    said
}

/// What the answer cannot know.
pub(super) fn not_known(all: &Exposed) -> String {
    let panel = all.context.analysis.study.panel();
    let last = panel.labels().last().copied().unwrap_or(panel.base());
    format!(
        "Not known here: what was really held from {} to {last}: today's weights are taken for the whole time; and whether the \
         betas of that time go on.",
        panel.base()
    )
}

#[cfg(test)]
mod tests {
    use factor_analytics::exposure::{ExposureState, FactorExposure, WhatIf};
    use indexmap::IndexMap;
    use serde_json::json;

    use super::{
        super::{Traded, tests::exposed},
        *,
    };

    fn fit(factors: &[(&str, f64, f64)], observations: usize) -> Exposures {
        let one = |(name, share, vif): &(&str, f64, f64)| {
            ((*name).to_owned(), FactorExposure { beta: 0.5, t: None, vif: *vif, variance_share: *share })
        };
        Exposures {
            alpha: Some(0.0),
            alpha_t: None,
            r_squared: 0.75,
            observations,
            factors: factors.iter().map(one).collect(),
            residual_share: 0.25,
            dropped: Vec::new(),
            young_factors: None,
            undefined: Vec::new(),
        }
    }

    #[tokio::test]
    async fn what_stands_out_is_the_heaviest_and_what_explains_most() {
        let mut all = exposed(json!({"holdings": {"SPY": 0.625, "TLT": 0.375}})).await;
        all.returns.values = vec![0.01; 40];
        let factors = [("equity", 0.25, 10.0), ("bonds", 0.5, 10.1), ("gold", -0.6, 12.0)];
        all.state.regression = Some(fit(&factors, 30));
        assert!(
            insights(&all)[1].starts_with("The largest part of the variance is that of SPY: "),
            "{:?}",
            insights(&all)
        );
        all.state.risk.risk_contribution = None;
        let year = |year, total_return, partial| CalendarYear {
            year,
            from: chrono::NaiveDate::default(),
            to: chrono::NaiveDate::default(),
            periods: 12,
            partial,
            total_return,
            benchmark_return: Some(0.125),
            difference: None,
        };
        // 2021 is better and not whole, 2020 has a hole.
        all.years =
            [(2018, Some(-0.05), false), (2019, Some(0.25), false), (2020, None, false), (2021, Some(0.5), true)]
                .map(|(one, r, partial)| year(one, r, partial))
                .to_vec();
        let said =
            "The best whole calendar year was 2019 with 0.25 (SPY 0.125), the worst 2018 with -0.05 (SPY 0.125).";
        assert_eq!(insights(&all).last().unwrap(), said);
        all.years.truncate(1);
        assert_eq!(
            insights(&all),
            [
                "The largest weight by industry or category is market with 0.625.",
                "bonds explains most: 0.5 of the variance, with beta 0.5; 0.25 is explained by no factor.",
                "bonds, gold move so much with the other factors (vif above 10) that their betas are hardly their own; ask \
                 for fewer factors.",
            ],
            "30 of 40 periods are enough"
        );
        all.state.regression = Some(fit(&factors[..1], 29));
        assert!(insights(&all)[2].starts_with("The regression rests on 29 of the portfolio's 40 periods"));
        all.state.regression = None;
        all.state.no_regression = Some("too few periods".to_owned());
        all.returns.unexplained_weight = 0.25;
        let risk = |volatility| ExposureState {
            risk: Risk { volatility, ..Risk::default() },
            regression: None,
            no_regression: None,
        };
        all.what_if = Some(Traded {
            figures: WhatIf { observations: 30, before: risk(Some(0.15)), after: risk(None) },
            how: String::new(),
            weights: IndexMap::new(),
            classifications: all.classifications.clone(),
        });
        assert_eq!(
            insights(&all)[1..],
            [
                "No regression: too few periods.",
                "The trade takes annual return from - to -, Sharpe ratio from - to -, volatility from 0.15 to -, max drawdown \
                 from - to -, beta from - to -, over the same 30 periods.",
                "0.25 of what is held besides cash has no returns: it is spread over the others in regression and risk.",
            ]
        );
    }
}
