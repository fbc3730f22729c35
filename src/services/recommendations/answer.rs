//! The answer, typed: whole, in short, and what goes with the report.

use std::borrow::Cow;

use chrono::NaiveDate;
use factor_analytics::{
    exposure::Exposures,
    hedge::{CandidateExclusion, HedgeReport},
};
use factor_types::Ticker;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    HeldFactor, Recommended, notes,
    request::Section,
    rows::{BasketRow, Further, Names, RecommendationRow},
    sentences,
};
use crate::{
    answer::{Fields, Frame, Part, Rounding},
    app::App,
    arguments::Include,
    services::{
        analysis::quality::{DataQuality, Quality},
        common_args::CommonArgs,
        portfolio::{
            answer::{PortfolioAnswer, SHORT, frame},
            factor::ResolvedFactor,
            summary::{More, Period, shortened},
        },
    },
};

/// Recommendations of a summary with most of their fields; the others have a line each.
const RECOMMENDATIONS: usize = 5;
/// Weights of a summary; and a factor with more members says how many it has.
const EXPOSURES: usize = 10;

/// What offsets a factor. Which fields there are depends on the shape asked for, on `include`, and on whether there is a
/// portfolio.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct RecommendationsAnswer<'a> {
    /// What the name asked for stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    overexposed_factor: Option<ResolvedFactor<'a>>,
    /// The portfolio, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    portfolio: Option<PortfolioFacts<'a>>,
    /// Its weights by industry, of funds by category, heaviest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_portfolio_exposures: Option<IndexMap<String, f64>>,
    /// Its exposures to macro composites; null where they cannot be estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    regression_exposures: Option<Option<&'a Exposures>>,
    /// The offsets, best score first.
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
    /// The recommendations that a summary shows in a line each.
    #[serde(skip_serializing_if = "Option::is_none")]
    further: Option<Vec<Further<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_quality: Option<Quality<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<More>,
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

/// What stands out, and what was left out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Insights<'a> {
    sentences: Vec<String>,
    /// What the answer cannot know.
    not_known: String,
    nothing_offsets: bool,
    best_out_of_sample: Option<f64>,
    selection_in_sample: bool,
    /// Candidates that were not looked at, by why.
    left_out: IndexMap<CandidateExclusion, Names<'a>>,
    yields_unknown: Names<'a>,
}

/// What the recommendations were asked for with.
#[derive(Debug, Serialize, JsonSchema)]
struct Settings {
    target_allocation_reduction: f64,
    correlation_threshold: f64,
    max_recommendations: usize,
    prefer_income: bool,
    min_dividend_yield: Option<f64>,
}

impl RecommendationsAnswer<'_> {
    /// Its fields, each to be cut by its entries; of objects that hold lists by those of each list.
    fn fields(&self, rounding: Rounding) -> Fields {
        let mut fields = Fields::of_object(self, rounding);
        if let Some(insights) = &self.insights {
            fields.put_parts("insights", insights);
        }
        if let Some(quality) = &self.data_quality {
            fields.put_parts("data_quality", quality);
        }
        if let Some(more) = &self.more {
            fields.put_whole("more", more);
        }
        fields
    }
}

impl PortfolioAnswer for Recommended {
    type Section = Section;

    const REPORT: Section = Section::FormattedReport;
    const ROOM: usize = 200;

    fn common(&self) -> &CommonArgs {
        self.context.common()
    }

    fn include(&self) -> &Include<Section> {
        &self.request.include
    }

    fn quality(&self) -> &DataQuality {
        &self.quality
    }

    fn frame(&self) -> Frame {
        frame(&self.request.include, self.not_computed(), notes::of(self))
    }

    fn fields_of(section: Section) -> &'static [&'static str] {
        match section {
            Section::Recommendations => {
                &["overexposed_factor", "recommendations", "candidates_scanned", "candidates_meeting_threshold"]
            }
            Section::Basket => &["basket"],
            Section::Exposures => &["portfolio", "current_portfolio_exposures", "regression_exposures"],
            Section::Insights => &["insights"],
            Section::DataQuality => &["data_quality"],
            Section::Metadata => &["analysis_metadata"],
            Section::FormattedReport => &[],
        }
    }

    fn full(&self, app: &App) -> Fields {
        let answer = RecommendationsAnswer { data_quality: Some(Quality::Whole(&self.quality)), ..self.sections() };
        let mut body = answer.fields(self.context.rounding());
        body.put_part("performance", Part::Fields(self.context.timings()));
        body.put_part("analysis_metadata", Part::Fields(self.metadata(app)));
        body
    }

    fn entries(&self) -> usize {
        RECOMMENDATIONS.min(self.report.recommendations.len())
    }

    fn summary(&self, shown: usize) -> Fields {
        let of = &self.factor.name;
        let (first, rest) = self.report.recommendations.split_at(shown.min(self.report.recommendations.len()));
        let whole = self.sections();
        let mut insights = self.insights();
        insights.left_out.values_mut().for_each(Names::count);
        insights.yields_unknown.count();
        let answer = RecommendationsAnswer {
            overexposed_factor: Some(self.factor.shown(EXPOSURES)),
            current_portfolio_exposures: whole.current_portfolio_exposures.map(|sums| shortened(sums, EXPOSURES)),
            recommendations: Some(first.iter().map(|one| RecommendationRow::short(one, of)).collect()),
            basket: self.report.basket.as_ref().map(|basket| BasketRow::short(basket, of)),
            insights: Some(insights),
            as_of: Some(self.context.analysis.study.panel().as_of()),
            period: Some(Period::of(&self.context)),
            further: (!rest.is_empty()).then(|| rest.iter().map(Further::of).collect()),
            data_quality: Some(Quality::Short(self.quality.short())),
            more: Some(More { include: &Section::NAMES }),
            ..whole
        };
        answer.fields(SHORT)
    }

    fn with_report(&self) -> Fields {
        let answer = RecommendationsAnswer {
            overexposed_factor: Some(self.factor.shown(usize::MAX)),
            as_of: Some(self.context.analysis.study.panel().as_of()),
            data_quality: Some(Quality::Short(self.quality.short())),
            ..RecommendationsAnswer::default()
        };
        answer.fields(SHORT)
    }

    fn report(&self) -> String {
        self.text()
    }
}

impl Recommended {
    /// Sections that are not there, with what to do.
    pub(super) fn not_computed(&self) -> IndexMap<&'static str, String> {
        let mut reasons = IndexMap::new();
        if self.portfolio.is_none() && self.request.include.wants(Section::Exposures) {
            reasons.insert("exposures", "give holdings or portfolio_name".to_owned());
        }
        if let Some(why) = self.report.no_basket.as_ref().filter(|_| self.request.include.wants(Section::Basket)) {
            reasons.insert("basket", why.clone());
        }
        reasons
    }

    /// The sections that hold figures, whole.
    fn sections(&self) -> RecommendationsAnswer<'_> {
        let HedgeReport { recommendations, basket, candidates_scanned, candidates_meeting_threshold, .. } =
            &self.report;
        let of = &self.factor.name;
        let portfolio = self.portfolio.as_ref();
        RecommendationsAnswer {
            overexposed_factor: Some(self.factor.shown(usize::MAX)),
            portfolio: portfolio.map(PortfolioFacts::of),
            current_portfolio_exposures: portfolio.map(|of| of.classifications.by(|one| &one.industry)),
            regression_exposures: portfolio.map(|of| of.exposures.as_ref().ok()),
            recommendations: Some(recommendations.iter().map(|one| RecommendationRow::whole(one, of)).collect()),
            basket: basket.as_ref().map(|basket| BasketRow::whole(basket, of)),
            candidates_scanned: Some(*candidates_scanned),
            candidates_meeting_threshold: Some(*candidates_meeting_threshold),
            insights: Some(self.insights()),
            ..RecommendationsAnswer::default()
        }
    }

    fn insights(&self) -> Insights<'_> {
        let report = &self.report;
        let mut left_out = IndexMap::<CandidateExclusion, Vec<Cow<'_, str>>>::new();
        for one in &report.left_out {
            let name = one.ticker.as_ref().map_or(one.factor.as_str(), Ticker::as_str);
            left_out.entry(one.reason).or_default().push(name.into());
        }
        Insights {
            sentences: sentences::insights(self),
            not_known: sentences::not_known(self),
            nothing_offsets: report.nothing_offsets,
            best_out_of_sample: report.best_out_of_sample,
            selection_in_sample: report.selection_in_sample,
            left_out: left_out.into_iter().map(|(why, names)| (why, Names::Listed(names))).collect(),
            yields_unknown: Names::Listed(report.yields_unknown.iter().map(Cow::from).collect()),
        }
    }

    fn metadata(&self, app: &App) -> Fields {
        let mut metadata = self.context.metadata(app);
        metadata.put("selection_in_sample", &true);
        metadata.put(
            "settings",
            &Settings {
                target_allocation_reduction: self.request.target_allocation_reduction,
                correlation_threshold: self.request.correlation_threshold,
                max_recommendations: self.request.max_recommendations,
                prefer_income: self.request.prefer_income,
                min_dividend_yield: self.request.min_dividend_yield,
            },
        );
        metadata
    }
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
    use factor_analytics::hedge::ExcludedCandidate;
    use serde_json::{Value, json};

    use super::{
        super::tests::{ranked, recommended, sample_app},
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
        let whole = json!(all.sections());
        let left_out = json!({"part_of_overexposed": ["VNQ", "USER:Homes"], "cash": ["BIL"]});
        assert_eq!(whole["insights"]["left_out"], left_out);
        assert_eq!(whole["insights"]["yields_unknown"], json!(["gold", "oil"]));
        assert_eq!((whole["recommendations"].as_array().unwrap().len(), whole.get("further")), (7, None));
        assert_eq!(all.entries(), 5);
        let short = all.summary(2).json().value();
        assert_eq!(short["insights"]["left_out"], json!({"part_of_overexposed": 2, "cash": 1}));
        assert_eq!(short["insights"]["yields_unknown"], 2);
        let ranks =
            |name: &str| short[name].as_array().unwrap().iter().map(|one| one["rank"].clone()).collect::<Vec<_>>();
        assert_eq!(
            (ranks("recommendations"), ranks("further")),
            (vec![json!(1), json!(2)], (3..=7).map(Value::from).collect())
        );
        // As many as there are, or more: nothing is left for a line each.
        for shown in [7, 8] {
            let every = all.summary(shown).json().value();
            assert!(every.get("further").is_none() && every["recommendations"].as_array().unwrap().len() == 7);
        }
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_where_it_was_wanted() {
        let mut all = seven(json!({"overexposed_factor": "VNQ"})).await;
        let said = all.not_computed();
        assert_eq!(said["exposures"], "give holdings or portfolio_name");
        assert_eq!(said["basket"], "too few rows");
        all.request.include.sections = Some(vec![Section::Insights]);
        assert!(all.not_computed().is_empty(), "neither was asked for");
    }

    #[tokio::test]
    async fn every_section_has_its_fields_in_the_full_answer_and_none_has_anothers() {
        let mut all = recommended(json!({"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.3, "SPY": 0.7}})).await;
        let (_folder, app) = sample_app();
        let names: Vec<String> = all.full(&app).names().map(str::to_owned).collect();
        let mut of_sections: Vec<&str> = Section::ALL.into_iter().flat_map(Recommended::fields_of).copied().collect();
        // None was found, and that is said elsewhere.
        assert!(all.report.basket.is_none() && all.not_computed().contains_key("basket"));
        of_sections.retain(|name| *name != "basket");
        of_sections.sort_unstable();
        let mut known: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != "performance").collect();
        known.sort_unstable();
        assert_eq!(of_sections, known, "timings alone are of no section");
        let exposures = json!(all.sections())["regression_exposures"].clone();
        assert!(exposures.is_object(), "{exposures}");
        all.portfolio.as_mut().unwrap().exposures = Err("too short".to_owned());
        let whole = json!(all.sections());
        assert_eq!(whole.get("regression_exposures"), Some(&Value::Null), "wanted, and not to be had");
        all.portfolio = None;
        assert_eq!(json!(all.sections()).get("regression_exposures"), None, "nothing to regress");
    }
}
