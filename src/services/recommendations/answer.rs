//! The answer, typed: whole, in short, and what goes with the report.

use chrono::NaiveDate;
use factor_analytics::{
    exposure::Exposures,
    hedge::{Recommendation, SortBy, scorecard::ScorecardReport},
};
use factor_pictures::Picture;
use factor_types::Ticker;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    HeldFactor, Recommended,
    hedge_rows::{HedgeRow, ReduceRow},
    insights::Insights,
    request::Section,
    rows::{BasketRow, RecommendationRow, in_letters},
    scenario::ScenarioSection,
};
use crate::{
    answer::{Fields, Frame},
    app::App,
    arguments::Include,
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        portfolio::{
            answer::{PortfolioAnswer, SHORT},
            factor::ResolvedFactor,
            summary::{Period, shortened},
        },
    },
};

/// Recommendations of a summary with their main figures; the others have their correlation alone.
const RECOMMENDATIONS: usize = 2;
/// Weights of a summary; and a factor with more members says how many it has.
const EXPOSURES: usize = 10;

/// What offsets a factor. Which fields there are depends on the shape asked for, on `include`, and on whether there is a
/// portfolio.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct RecommendationsAnswer<'a> {
    /// What the name asked for stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    overexposed_factor: Option<ResolvedFactor<'a>>,
    /// Up to three funds, bought or sold short, that together take most of its variance away; null where none can be found.
    #[serde(skip_serializing_if = "Option::is_none")]
    best_hedge: Option<Option<HedgeRow<'a>>>,
    /// How much of it would have to be sold for the same variance.
    #[serde(skip_serializing_if = "Option::is_none")]
    reduce: Option<Option<ReduceRow<'a>>>,
    /// How such hedges did in past quarters, beside other ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    scorecard: Option<&'a ScorecardReport>,
    /// The scenario that the list is ranked by.
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<ScenarioSection<'a>>,
    /// The portfolio, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    portfolio: Option<PortfolioFacts<'a>>,
    /// Its weights by industry, of funds by category, heaviest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_portfolio_exposures: Option<IndexMap<String, f64>>,
    /// Its exposures to macro composites; null where they cannot be estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    regression_exposures: Option<Option<&'a Exposures>>,
    /// The offsets, in the order asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    recommendations: Option<Vec<RecommendationRow<'a>>>,
    /// The best two or three together.
    #[serde(skip_serializing_if = "Option::is_none")]
    basket: Option<BasketRow<'a>>,
    /// Candidates whose correlation was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates_scanned: Option<usize>,
    /// Of those, how many are at or under the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates_meeting_threshold: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    insights: Option<Insights<'a>>,
    /// The newest price used.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Period>,
    /// The further recommendations of a summary, in their order, with their correlation to the factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    further: Option<IndexMap<&'a str, Option<f64>>>,
}

/// A portfolio in this answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PortfolioFacts<'a> {
    /// The saved portfolio that it is.
    portfolio_name: Option<&'a str>,
    /// How its weights came about.
    normalisation: &'a str,
    /// Its weight in the factor, as a share.
    weight_of_overexposed: f64,
    /// The share of it in holdings without any return.
    unexplained_weight: f64,
}

/// What the recommendations were asked for with.
#[derive(Debug, Serialize, JsonSchema)]
struct Settings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<&'a [Ticker]>,
    /// Null where the call does not say: a hedge may sell short, and the list is of what is bought.
    allow_short: Option<bool>,
    sort_by: SortBy,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<&'a str>,
    target_allocation_reduction: f64,
    correlation_threshold: f64,
    max_recommendations: usize,
    prefer_income: bool,
    min_dividend_yield: Option<f64>,
    max_expense_ratio: Option<f64>,
    min_average_daily_value: Option<f64>,
}

impl PortfolioAnswer for Recommended {
    type Section = Section;

    const ROOM: usize = 200;
    const MORE: &'static [&'static str] = &Section::NAMES;

    fn context(&self) -> &AnalysisContext {
        &self.context
    }

    fn quality(&self) -> &DataQuality {
        &self.quality
    }

    fn lacks_prices(&self) -> bool {
        self.sizes.is_short || self.portfolio.as_ref().is_some_and(|of| !of.held.warnings.is_empty())
    }

    fn include(&self) -> &Include<Section> {
        &self.request.include
    }

    fn frame(&self) -> Frame {
        self.frame.clone()
    }

    fn fields_of(section: Section) -> &'static [&'static str] {
        match section {
            Section::BestHedge => &["best_hedge", "reduce"],
            Section::Scorecard => &["scorecard"],
            Section::Scenario => &["scenario"],
            Section::Recommendations => {
                &["overexposed_factor", "recommendations", "candidates_scanned", "candidates_meeting_threshold"]
            }
            Section::Basket => &["basket"],
            Section::Exposures => &["portfolio", "current_portfolio_exposures", "regression_exposures"],
            Section::Insights => &["insights"],
            Section::DataQuality => &["data_quality"],
            Section::Metadata => &["analysis_metadata"],
            Section::FormattedReport => &["formatted_report"],
        }
    }

    fn whole(&self) -> Fields {
        let (of, include) = (&self.factor.name, &self.request.include);
        let rows = || self.report.recommendations.iter().map(|one| RecommendationRow::whole(one, of)).collect();
        let basket = self.report.basket.as_ref().filter(|_| include.wants(Section::Basket));
        let figures = self.figures(usize::MAX);
        let wants_hedge = include.wants(Section::BestHedge);
        let answer = RecommendationsAnswer {
            best_hedge: wants_hedge
                .then(|| self.hedged.best.as_ref().ok().map(|best| HedgeRow::whole(best, &self.sizes))),
            reduce: wants_hedge.then(|| {
                let reduce = self.hedged.reduce.as_ref();
                reduce.map(|reduce| ReduceRow::whole(reduce, self.sold(reduce)))
            }),
            regression_exposures: self.portfolio.as_ref().map(|of| of.exposures.as_ref().ok()),
            insights: include.wants(Section::Insights).then(|| Insights::of(self)),
            recommendations: include.wants(Section::Recommendations).then(rows),
            basket: basket.map(|basket| BasketRow::whole(basket, of)),
            ..figures
        };
        Fields::of_object(&answer, self.context.rounding()).opening("insights", answer.insights.as_ref())
    }

    fn metadata(&self, app: &App) -> Fields {
        let mut metadata = self.context.metadata(app);
        metadata.put("selection_in_sample", &true);
        metadata.put(
            "settings",
            &Settings {
                candidates: self.request.candidates.as_deref(),
                allow_short: self.request.allow_short,
                sort_by: self.request.sort_by,
                scenario: self.request.scenario.as_ref().map(|one| one.name.as_str()),
                target_allocation_reduction: self.request.target_allocation_reduction,
                correlation_threshold: self.request.correlation_threshold,
                max_recommendations: self.request.max_recommendations,
                prefer_income: self.request.prefer_income,
                min_dividend_yield: self.request.min_dividend_yield,
                max_expense_ratio: self.request.screens.max_expense_ratio,
                min_average_daily_value: self.request.screens.min_average_daily_value,
            },
        );
        metadata
    }

    fn entries(&self) -> usize {
        RECOMMENDATIONS.min(self.report.recommendations.len())
    }

    fn summary(&self, shown: usize) -> Fields {
        let (first, rest) = self.report.recommendations.split_at(shown.min(self.report.recommendations.len()));
        let figures = self.figures(EXPOSURES);
        let answer = RecommendationsAnswer {
            insights: Some(Insights::short(self)),
            best_hedge: Some(self.hedged.best.as_ref().ok().map(|best| HedgeRow::short(best, &self.sizes))),
            reduce: Some(
                self.hedged
                    .reduce
                    .as_ref()
                    .map(|reduce| ReduceRow::short(reduce, self.sizes.in_dollars(self.sold(reduce)))),
            ),
            recommendations: Some(first.iter().map(RecommendationRow::short).collect()),
            basket: self.report.basket.as_ref().map(BasketRow::short),
            as_of: Some(self.context.analysis.study.panel().as_of()),
            period: Some(Period::of(&self.context)),
            further: (!rest.is_empty()).then(|| rest.iter().map(in_short).collect()),
            ..figures
        };
        Fields::of_object(&answer, SHORT).opening("insights", answer.insights.as_ref())
    }

    fn with_report(&self) -> Fields {
        let answer = RecommendationsAnswer {
            overexposed_factor: Some(self.factor.shown(usize::MAX)),
            as_of: Some(self.context.analysis.study.panel().as_of()),
            ..RecommendationsAnswer::default()
        };
        Fields::of_object(&answer, SHORT)
    }

    fn picture(&self) -> Result<Picture, String> {
        self.hedges_picture()
    }

    fn report(&self) -> String {
        self.text()
    }
}

impl Recommended {
    /// What a whole answer and a summary have alike: of long lists the first `most`.
    fn figures(&self, most: usize) -> RecommendationsAnswer<'_> {
        let portfolio = self.portfolio.as_ref();
        let by_industry = |of: &HeldFactor| shortened(of.classifications.by(|one| &one.industry), most);
        RecommendationsAnswer {
            overexposed_factor: Some(self.factor.shown(most)),
            portfolio: portfolio.map(PortfolioFacts::of),
            current_portfolio_exposures: portfolio.map(by_industry),
            scorecard: self.hedged.graded(&self.request),
            scenario: ScenarioSection::of(self),
            candidates_scanned: Some(self.report.candidates_scanned),
            candidates_meeting_threshold: Some(self.report.candidates_meeting_threshold),
            ..RecommendationsAnswer::default()
        }
    }
}

/// A recommendation by its name, and its correlation.
fn in_short(one: &Recommendation) -> (&str, Option<f64>) {
    (in_letters(one.etf_ticker.as_ref(), &one.factor), one.figures.relation.correlation_to_overexposed)
}

impl<'a> PortfolioFacts<'a> {
    fn of(portfolio: &'a HeldFactor) -> Self {
        Self {
            portfolio_name: portfolio.held.name.as_deref(),
            normalisation: &portfolio.held.normalisation,
            weight_of_overexposed: portfolio.weight,
            unexplained_weight: portfolio.returns.unexplained_weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use factor_analytics::hedge::{CandidateExclusion, ExcludedCandidate, HedgeReport};
    use serde_json::{Value, json};

    use super::{
        super::{
            notes::not_computed,
            tests::{ranked, recommended},
        },
        *,
    };

    /// Seven recommendations, three candidates left out, two without a yield.
    async fn seven(arguments: Value) -> Recommended {
        let mut all = recommended(arguments).await;
        let one = |factor: &str, ticker: Option<&str>, reason| ExcludedCandidate {
            factor: factor.to_owned(),
            ticker: ticker.map(|ticker| ticker.parse().unwrap()),
            reason,
            detail: String::new(),
        };
        all.report = HedgeReport {
            recommendations: ranked(7),
            no_basket: Some("too few rows".to_owned()),
            candidates_scanned: 9,
            left_out: vec![
                one("REIT", Some("VNQ"), CandidateExclusion::PartOfOverexposed),
                one("cash", Some("BIL"), CandidateExclusion::Cash),
                one("USER:Homes", None, CandidateExclusion::PartOfOverexposed),
            ],
            yields_unknown: vec!["gold".to_owned(), "oil".to_owned()],
            ..HedgeReport::default()
        };
        all
    }

    #[tokio::test]
    async fn a_summary_counts_what_the_whole_answer_lists() {
        let all = seven(json!({"overexposed_factor": "VNQ"})).await;
        let whole = all.whole().json().value();
        let left_out = json!({"part_of_overexposed": ["VNQ", "USER:Homes"], "cash": ["BIL"]});
        assert_eq!(whole["insights"]["left_out"], left_out);
        assert_eq!(whole["insights"]["yields_unknown"], json!(["gold", "oil"]));
        assert_eq!((whole["recommendations"].as_array().unwrap().len(), whole.get("further")), (7, None));
        assert_eq!(all.entries(), 2);
        let short = all.summary(2).json().value();
        assert_eq!(short["insights"]["left_out"], json!({"part_of_overexposed": 2, "cash": 1}));
        let ranks: Vec<&Value> = short["recommendations"].as_array().unwrap().iter().map(|one| &one["rank"]).collect();
        assert_eq!((ranks, short["further"].as_object().unwrap().len()), (vec![&json!(1), &json!(2)], 5));
        // As many as there are, or more: nothing is left for a line each.
        for shown in [7, 8] {
            let every = all.summary(shown).json().value();
            assert!(every.get("further").is_none() && every["recommendations"].as_array().unwrap().len() == 7);
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_where_it_was_wanted() {
        let mut all = seven(json!({"overexposed_factor": "VNQ"})).await;
        let said =
            |all: &Recommended| not_computed(&all.request, all.portfolio.as_ref(), (&all.report, &all.hedged, None));
        assert_eq!(said(&all).len(), 2);
        assert_eq!(said(&all)["exposures"], "give holdings or portfolio_name");
        assert_eq!(said(&all)["basket"], "too few rows");
        all.request.include.sections = Some(vec![Section::Insights]);
        assert!(said(&all).is_empty(), "neither was asked for");
    }

    #[tokio::test]
    async fn every_section_has_its_fields_in_the_whole_answer_and_none_has_anothers() {
        let mut all = recommended(
            json!({"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.3, "SPY": 0.7}, "scenario": "tariffs"}),
        )
        .await;
        // None was found, and that is said elsewhere.
        assert!(all.report.basket.is_none() && all.frame.not_computed.contains_key("basket"));
        let whole = all.whole();
        let mut known: Vec<&str> = whole.names().chain(["analysis_metadata", "basket", "data_quality"]).collect();
        // Of past quarters there is something only where it is named.
        known.extend(["formatted_report", "scorecard"]);
        let mut of_sections: Vec<&str> = Section::ALL.into_iter().flat_map(Recommended::fields_of).copied().collect();
        of_sections.sort_unstable();
        known.sort_unstable();
        assert_eq!(of_sections, known);
        let regression = |all: &Recommended| all.whole().json().value().get("regression_exposures").cloned();
        assert!(regression(&all).unwrap().is_object());
        all.portfolio.as_mut().unwrap().exposures = Err("too short".to_owned());
        assert_eq!(regression(&all), Some(Value::Null), "wanted, and not to be had");
        all.portfolio = None;
        assert_eq!(regression(&all), None, "nothing to regress");
    }

    #[tokio::test]
    async fn what_is_not_asked_for_by_name_is_not_written() {
        let mut all = seven(json!({"overexposed_factor": "VNQ"})).await;
        all.request.include.sections = Some(vec![Section::Exposures]);
        let whole = all.whole();
        assert!(["recommendations", "insights", "basket"].into_iter().all(|name| whole.get(name).is_none()));
    }
}
