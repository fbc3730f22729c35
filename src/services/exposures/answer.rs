//! The answer, typed: whole, in short, and what goes with the report.

use std::borrow::Cow;

use chrono::NaiveDate;
use factor_analytics::{
    exposure::{ExposureState, Exposures, Risk, RiskChange},
    sections::calendar_years::CalendarYear,
};
use factor_pictures::Picture;
use factor_types::Ticker;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Exposed, LensUsed, Traded, request::Section, sentences};
use crate::{
    answer::{Fields, Frame},
    app::App,
    arguments::Include,
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        portfolio::{
            answer::{PortfolioAnswer, SHORT, frame},
            lookthrough::{Classification, Classifications, heavier},
            summary::{Period, shortened},
        },
        portfolios::{valuation::cents, view::PriceUsed},
    },
};

/// Holdings and sums of weights of a summary.
const SHOWN: usize = 10;

/// What a portfolio is exposed to. Which fields there are depends on the shape asked for and on `include`.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ExposuresAnswer<'a> {
    /// The saved portfolio that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    portfolio_name: Option<&'a str>,
    /// What is held and what it stands for; in a summary the heaviest.
    #[serde(skip_serializing_if = "Option::is_none")]
    holdings: Option<Vec<&'a Classification>>,
    /// How the weights came about.
    #[serde(skip_serializing_if = "Option::is_none")]
    normalisation: Option<&'a str>,
    /// What all of them are worth, where they are given by shares or value.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_value: Option<f64>,
    /// The prices that turned shares into value; not in a summary.
    #[serde(skip_serializing_if = "<[PriceUsed]>::is_empty")]
    prices_used: &'a [PriceUsed],
    #[serde(flatten)]
    by_weight: Option<ByWeight>,
    /// Exposures to the factors; absent where they cannot be estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    regression: Option<&'a Exposures>,
    /// The lens, where that is what it is regressed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    lens: Option<&'a LensUsed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<Cow<'a, Risk>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<Weights>,
    /// What the trade changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    what_if: Option<Box<Trade<'a>>>,
    /// The portfolio's calendar years beside those of SPY; in a summary the best and the worst whole one.
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar_years: Option<Vec<&'a CalendarYear>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    insights: Option<Insights>,
    /// The newest price used.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Period>,
    /// How many holdings there are, the summary's among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    holding_count: Option<usize>,
}

/// The sums of weights by what holdings stand for, heaviest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ByWeight {
    by_industry: IndexMap<String, f64>,
    by_sector_group: IndexMap<String, f64>,
    by_asset_class: IndexMap<String, f64>,
}

/// What the weights come to, as shares of the portfolio.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Weights {
    /// Their sum.
    net: f64,
    /// The sum of their sizes.
    gross: f64,
    /// What earns the risk-free rate; below 0 what is borrowed.
    cash: f64,
    /// The share of the gross weight without any return.
    unexplained: f64,
}

/// The portfolio before and after a trade, on the same periods.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Trade<'a> {
    /// Periods on which both have a return.
    observations: usize,
    /// What gave or took what the changes do not balance.
    how: &'a str,
    before: TradeState<'a>,
    after: TradeState<'a>,
    /// Each figure of the risk after less before.
    change: RiskChange,
    /// The change of weight by ticker.
    changes: Option<&'a IndexMap<Ticker, f64>>,
    /// The weights after it; not in a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights_after: Option<&'a IndexMap<Ticker, f64>>,
}

/// One side of a trade.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TradeState<'a> {
    risk: &'a Risk,
    /// Exposures to the factors, null where they cannot be estimated; not in a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    regression: Option<Option<&'a Exposures>>,
    /// Why they cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_regression: Option<&'a str>,
    /// In a summary those after the trade alone: those before it are the portfolio's.
    #[serde(flatten)]
    by_weight: Option<ByWeight>,
}

/// What stands out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Insights {
    sentences: Vec<String>,
    /// What the answer cannot know.
    not_known: String,
}

impl PortfolioAnswer for Exposed {
    type Section = Section;

    const ROOM: usize = 0;
    const MORE: &'static [&'static str] = &[
        "holdings",
        "by_industry",
        "regression",
        "what_if",
        "calendar_years",
        "data_quality",
        "metadata",
        "formatted_report",
    ];

    fn context(&self) -> &AnalysisContext {
        &self.context
    }

    fn quality(&self) -> &DataQuality {
        &self.quality
    }

    fn lacks_prices(&self) -> bool {
        !self.held.warnings.is_empty()
    }

    fn include(&self) -> &Include<Section> {
        &self.request.include
    }

    fn frame(&self) -> Frame {
        let notes = self.context.common().notes.iter().chain(&self.held.notes).cloned().collect();
        frame(&self.request.include, self.not_computed(), notes)
    }

    fn fields_of(section: Section) -> &'static [&'static str] {
        match section {
            Section::Holdings => {
                &["holdings", "normalisation", "total_value", "prices_used", "portfolio_name", "weights"]
            }
            Section::ByIndustry => &["by_industry"],
            Section::BySectorGroup => &["by_sector_group"],
            Section::ByAssetClass => &["by_asset_class"],
            Section::Regression => &["regression", "lens"],
            Section::Risk => &["risk"],
            Section::WhatIf => &["what_if"],
            Section::CalendarYears => &["calendar_years"],
            Section::Insights => &["insights"],
            Section::DataQuality => &["data_quality"],
            Section::Metadata => &["analysis_metadata"],
            Section::FormattedReport => &["formatted_report"],
        }
    }

    fn whole(&self) -> Fields {
        let include = &self.request.include;
        let trade = self.what_if.as_ref().filter(|_| include.wants(Section::WhatIf));
        let answer = ExposuresAnswer {
            holdings: include.wants(Section::Holdings).then(|| self.classifications.each.iter().collect()),
            prices_used: &self.held.prices,
            by_weight: Some(ByWeight::of(&self.classifications)),
            what_if: trade.map(|traded| Box::new(self.trade(traded))),
            calendar_years: include.wants(Section::CalendarYears).then(|| self.years.iter().collect()),
            insights: include.wants(Section::Insights).then(|| Insights::of(self)),
            ..self.figures()
        };
        Fields::of_object(&answer, self.context.rounding()).opening("insights", answer.insights.as_ref())
    }

    fn metadata(&self, app: &App) -> Fields {
        let mut metadata = self.context.metadata(app);
        metadata.put("benchmark", "SPY");
        metadata.put("risk_free_source", &self.risk_free_source);
        metadata
    }

    fn entries(&self) -> usize {
        SHOWN
    }

    fn summary(&self, shown: usize) -> Fields {
        let mut holdings: Vec<&Classification> = self.classifications.each.iter().collect();
        let count = holdings.len();
        holdings.sort_by(|a, b| heavier(a, b));
        holdings.truncate(shown);
        let trade = self.what_if.as_ref().map(|traded| self.trade(traded).shortened(shown));
        let answer = ExposuresAnswer {
            holdings: Some(holdings),
            by_weight: Some(ByWeight::of(&self.classifications).shortened(shown)),
            risk: Some(Cow::Owned(largest_shares(&self.state.risk, shown))),
            what_if: trade.map(Box::new),
            calendar_years: self.best_and_worst_year().map(|(best, worst)| vec![best, worst]),
            insights: Some(Insights::of(self)),
            as_of: Some(self.context.analysis.study.panel().as_of()),
            period: Some(Period::of(&self.context)),
            holding_count: Some(count),
            ..self.figures()
        };
        Fields::of_object(&answer, SHORT).opening("insights", answer.insights.as_ref())
    }

    fn with_report(&self) -> Fields {
        let as_of = Some(self.context.analysis.study.panel().as_of());
        Fields::of_object(&ExposuresAnswer { as_of, ..ExposuresAnswer::default() }, SHORT)
    }

    fn picture(&self) -> Result<Picture, String> {
        self.exposures_picture()
    }

    fn report(&self) -> String {
        self.text()
    }
}

impl Exposed {
    /// Sections that are not there, with what to do.
    pub(super) fn not_computed(&self) -> IndexMap<&'static str, String> {
        let mut reasons = IndexMap::new();
        if let Some(why) = self.state.no_regression.as_ref().filter(|_| self.request.include.wants(Section::Regression))
        {
            reasons.insert("regression", why.clone());
        }
        if self.what_if.is_none() && self.request.include.names(Section::WhatIf) {
            reasons.insert("what_if", "give what_if: [{ticker, change}]".to_owned());
        }
        reasons
    }

    /// The best and the worst whole calendar year, where there are two.
    pub(super) fn best_and_worst_year(&self) -> Option<(&CalendarYear, &CalendarYear)> {
        let whole = || self.years.iter().filter(|one| !one.partial && one.total_return.is_some());
        let by_return = |a: &&CalendarYear, b: &&CalendarYear| a.total_return.partial_cmp(&b.total_return);
        let order = |a: &&CalendarYear, b: &&CalendarYear| by_return(a, b).unwrap_or(std::cmp::Ordering::Equal);
        let (best, worst) = (whole().max_by(order)?, whole().min_by(order)?);
        (best.year != worst.year).then_some((best, worst))
    }

    /// What a whole answer and a summary have alike.
    fn figures(&self) -> ExposuresAnswer<'_> {
        ExposuresAnswer {
            portfolio_name: self.held.name.as_deref(),
            normalisation: Some(&self.held.normalisation),
            total_value: self.held.worth.map(cents),
            regression: self.state.regression.as_ref(),
            lens: self.lens.as_ref().filter(|_| self.state.regression.is_some()),
            risk: Some(Cow::Borrowed(&self.state.risk)),
            weights: Some(Weights {
                net: self.returns.net_weight,
                gross: self.returns.gross_weight,
                cash: self.returns.cash_weight,
                unexplained: self.returns.unexplained_weight,
            }),
            ..ExposuresAnswer::default()
        }
    }

    fn trade<'a>(&'a self, traded: &'a Traded) -> Trade<'a> {
        Trade {
            observations: traded.figures.observations,
            how: &traded.how,
            change: RiskChange::between(&traded.figures.before.risk, &traded.figures.after.risk),
            before: TradeState::of(&traded.figures.before, &self.classifications),
            after: TradeState::of(&traded.figures.after, &traded.classifications),
            changes: self.request.what_if.as_ref(),
            weights_after: Some(&traded.weights),
        }
    }
}

/// The risk with the largest shares of variance, those of the other holdings summed.
fn largest_shares(risk: &Risk, most: usize) -> Risk {
    let shorten = |shares: &IndexMap<String, Option<f64>>| {
        let mut largest = shares.clone();
        let size = |share: &Option<f64>| share.map_or(-1.0, f64::abs);
        largest.sort_by(|a, x, b, y| size(y).total_cmp(&size(x)).then_with(|| a.cmp(b)));
        let rest = largest.split_off(most.min(largest.len()));
        if !rest.is_empty() {
            largest.insert(format!("{} others", rest.len()), Some(rest.values().flatten().sum()));
        }
        largest
    };
    Risk { risk_contribution: risk.risk_contribution.as_ref().map(shorten), ..risk.clone() }
}

impl Insights {
    fn of(all: &Exposed) -> Self {
        Self { sentences: sentences::insights(all), not_known: sentences::not_known(all) }
    }
}

impl ByWeight {
    fn of(classifications: &Classifications) -> Self {
        Self {
            by_industry: classifications.by(|one| &one.industry),
            by_sector_group: classifications.by(|one| &one.sector_group),
            by_asset_class: classifications.by(|one| &one.asset_class),
        }
    }

    fn shortened(self, most: usize) -> Self {
        Self {
            by_industry: shortened(self.by_industry, most),
            by_sector_group: shortened(self.by_sector_group, most),
            by_asset_class: shortened(self.by_asset_class, most),
        }
    }
}

impl Trade<'_> {
    fn shortened(self, most: usize) -> Self {
        let by_weight = self.after.by_weight.map(|sums| sums.shortened(most));
        let before = TradeState { regression: None, no_regression: None, by_weight: None, ..self.before };
        let after = TradeState { regression: None, no_regression: None, by_weight, ..self.after };
        Self { weights_after: None, before, after, ..self }
    }
}

impl<'a> TradeState<'a> {
    fn of(state: &'a ExposureState, classifications: &Classifications) -> Self {
        Self {
            risk: &state.risk,
            regression: Some(state.regression.as_ref()),
            no_regression: state.no_regression.as_deref(),
            by_weight: Some(ByWeight::of(classifications)),
        }
    }
}
