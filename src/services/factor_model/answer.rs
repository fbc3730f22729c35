//! The answer, typed: whole, in short, and what goes with the report.

use chrono::NaiveDate;
use factor_analytics::{
    lens::LensPair,
    models::{Attribution, Estimator, ModelFit, Style},
};
use factor_pictures::Picture;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Modelled,
    figures::Rolling,
    french::FileUsed,
    request::Section,
    rows::ModelRows,
    sentences,
    short::{Room, ShortAttribution, ShortFit, ShortRolling, ShortStyle},
};
use crate::{
    answer::{Fields, Frame, Version},
    app::App,
    arguments::Include,
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        portfolio::{
            answer::{PortfolioAnswer, SHORT, frame},
            summary::Period,
        },
    },
};

/// Rows of a list of a summary at most.
const SHOWN: usize = 20;

/// What series have of the factors of a model. Which fields there are depends on the shape asked for and on `include`.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ModelAnswer<'a> {
    /// What stands out.
    #[serde(skip_serializing_if = "Option::is_none")]
    insights: Option<Insights>,
    /// The model, its factors and where they are from.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ModelUsed<'a>>,
    /// A row for each series; in a summary of several a short one.
    #[serde(skip_serializing_if = "Option::is_none")]
    fits: Option<Vec<FitRow<'a>>>,
    /// How many there are, where a summary shows fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    fit_count: Option<usize>,
    /// What could not be fitted, and why.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    not_fitted: IndexMap<&'a str, &'a str>,
    /// By series: betas over moving windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    rolling: Option<IndexMap<&'a str, RollingRow<'a>>>,
    /// By series: where its return came from, over all and by calendar year. Each horizon is linked for itself: years do not sum to
    /// the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<IndexMap<&'a str, AttributionRow<'a>>>,
    /// By series: the mix of indices that follows it most closely.
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<IndexMap<&'a str, StyleRow<'a>>>,
    /// The newest price used.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Period>,
}

/// What stands out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Insights {
    sentences: Vec<String>,
    /// What the answer cannot know.
    not_known: String,
}

/// The model and where its factors are from.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ModelUsed<'a> {
    name: &'static str,
    factors: &'a [String],
    estimator: Estimator,
    /// Where the risk-free rate is from.
    risk_free: &'a str,
    /// The markets of published factors.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'static str>,
    /// The files of published factors, each with its vintage.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    files: &'a [FileUsed],
    /// Factors that are not in the model here, and why.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    left_out: IndexMap<&'a str, &'a str>,
    /// The two factors of the lens that correlate most on these rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    most_correlated: Option<LensPair>,
}

/// A series, whole or in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum FitRow<'a> {
    /// Whole.
    Whole(Box<WholeFit<'a>>),
    /// Alpha and betas.
    Short(Box<ShortFit<'a>>),
}

/// A series, whole.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WholeFit<'a> {
    ticker: &'a str,
    label: &'a str,
    /// Label of the first row used.
    from: NaiveDate,
    /// Label of the last.
    to: NaiveDate,
    #[serde(flatten)]
    fit: &'a ModelFit,
    /// The p-value of alpha, adjusted for the number of series of its category (Benjamini and Hochberg).
    #[serde(skip_serializing_if = "Option::is_none")]
    alpha_p_adjusted: Option<f64>,
}

/// Moving windows, whole or in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum RollingRow<'a> {
    /// Whole.
    Whole(&'a Rolling),
    /// Without the windows one by one.
    Short(ShortRolling<'a>),
}

/// An attribution, whole or its newest years.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum AttributionRow<'a> {
    /// Whole.
    Whole(&'a Attribution),
    /// The whole period and the newest years.
    Short(ShortAttribution<'a>),
}

/// A style, whole or without its windows, or why there is none.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum StyleRow<'a> {
    /// Whole.
    Whole(&'a Style),
    /// Without moving windows.
    Short(ShortStyle<'a>),
    /// Why there is none.
    Missing {
        /// In a sentence.
        reason: &'a str,
    },
}

impl PortfolioAnswer for Modelled {
    type Section = Section;

    const SUMMARY: usize = 6_000;
    const ROOM: usize = 0;
    const MORE: &'static [&'static str] = &Section::NAMES;

    fn context(&self) -> &AnalysisContext {
        &self.context
    }

    fn quality(&self) -> &DataQuality {
        &self.quality
    }

    fn include(&self) -> &Include<Section> {
        &self.request.include
    }

    fn frame(&self) -> Frame {
        frame(&self.request.include, self.not_computed(), self.context.common().notes.clone())
    }

    fn fields_of(section: Section) -> &'static [&'static str] {
        match section {
            Section::Model => &["model"],
            Section::Fits => &["fits", "not_fitted"],
            Section::Rolling => &["rolling"],
            Section::Attribution => &["attribution"],
            Section::Style => &["style"],
            Section::Insights => &["insights"],
            Section::DataQuality => &["data_quality"],
            Section::Metadata => &["analysis_metadata"],
            Section::FormattedReport => &["formatted_report"],
        }
    }

    fn whole(&self) -> Fields {
        let wanted = |section| self.request.include.wants(section);
        let rows = || self.fitted.iter();
        let rolling = rows().filter_map(|one| Some((one.ticker.as_str(), RollingRow::Whole(one.rolling.as_ref()?))));
        let years =
            rows().filter_map(|one| Some((one.ticker.as_str(), AttributionRow::Whole(one.attribution.as_ref()?))));
        let style = rows().filter_map(|one| {
            let row = match one.style.as_ref()? {
                Ok(style) => StyleRow::Whole(style),
                Err(reason) => StyleRow::Missing { reason },
            };
            Some((one.ticker.as_str(), row))
        });
        let answer = ModelAnswer {
            insights: wanted(Section::Insights).then(|| Insights::of(self)),
            model: wanted(Section::Model).then(|| ModelUsed::of(self)),
            fits: wanted(Section::Fits).then(|| rows().map(WholeFit::of).collect()),
            not_fitted: self.not_fitted.iter().map(|(name, why)| (name.as_str(), why.as_str())).collect(),
            rolling: filled(rolling.collect()).filter(|_| wanted(Section::Rolling)),
            attribution: filled(years.collect()).filter(|_| wanted(Section::Attribution)),
            style: filled(style.collect()).filter(|_| wanted(Section::Style)),
            ..ModelAnswer::default()
        };
        let fields = Fields::of_object(&answer, self.context.rounding());
        let fields = fields.opening("insights", answer.insights.as_ref()).opening("model", answer.model.as_ref());
        let fields =
            fields.opening("rolling", answer.rolling.as_ref()).opening("attribution", answer.attribution.as_ref());
        fields.opening("style", answer.style.as_ref())
    }

    fn metadata(&self, app: &App) -> Fields {
        let mut metadata = self.context.metadata(app);
        metadata.put("model", &sentences::conventions(&self.request));
        metadata
    }

    fn facts(&self) -> Option<Version> {
        let ModelRows { files, factors, risk_free, .. } = &self.rows;
        (!files.is_empty()).then(|| Version::of(&(files, factors, risk_free)))
    }

    fn entries(&self) -> usize {
        SHOWN
    }

    fn summary(&self, shown: usize) -> Fields {
        let alone = self.fitted.len() == 1;
        let room = Room::of(shown);
        let rows = || self.fitted.iter().take(shown);
        let fits =
            |one| if alone && room.whole_fit { WholeFit::of(one) } else { FitRow::Short(Box::new(ShortFit::of(one))) };
        let rolling = rows().filter_map(|one| {
            Some((one.ticker.as_str(), RollingRow::Short(ShortRolling::of(one.rolling.as_ref()?, alone && room.ends))))
        });
        let years = rows().filter(|_| alone && room.attribution).filter_map(|one| {
            let short = ShortAttribution::of(one.attribution.as_ref()?, room.years);
            Some((one.ticker.as_str(), AttributionRow::Short(short)))
        });
        let style = rows().filter_map(|one| {
            let row = match one.style.as_ref()? {
                Ok(style) => StyleRow::Short(ShortStyle::of(style)),
                Err(reason) => StyleRow::Missing { reason },
            };
            Some((one.ticker.as_str(), row))
        });
        let answer = ModelAnswer {
            insights: Some(Insights::of(self)),
            model: Some(ModelUsed::of(self)),
            fits: Some(rows().map(fits).collect()),
            fit_count: (self.fitted.len() > shown).then_some(self.fitted.len()),
            not_fitted: IndexMap::new(),
            rolling: filled(rolling.collect()),
            attribution: filled(years.collect()),
            style: filled(style.collect()),
            as_of: Some(self.context.analysis.study.panel().as_of()),
            period: Some(Period::of(&self.context)),
        };
        let fields = Fields::of_object(&answer, SHORT);
        fields.opening("insights", answer.insights.as_ref())
    }

    fn with_report(&self) -> Fields {
        let as_of = Some(self.context.analysis.study.panel().as_of());
        Fields::of_object(&ModelAnswer { as_of, ..ModelAnswer::default() }, SHORT)
    }

    fn picture(&self) -> Result<Picture, String> {
        self.model_picture()
    }

    fn report(&self) -> String {
        self.text()
    }
}

/// Nothing of nothing.
fn filled<T>(rows: IndexMap<&str, T>) -> Option<IndexMap<&str, T>> {
    (!rows.is_empty()).then_some(rows)
}

impl Modelled {
    /// Sections that are not there, with what to do.
    fn not_computed(&self) -> IndexMap<&'static str, String> {
        let mut reasons = IndexMap::new();
        let named = |section| self.request.include.names(section);
        if named(Section::Rolling) && self.fitted.iter().all(|one| one.rolling.is_none()) {
            let window = self.request.rolling.unwrap_or_default();
            reasons.insert(
                "rolling",
                format!("no window of {window} periods is whole: give a smaller rolling, or an earlier start_date"),
            );
        }
        reasons
    }
}

impl Insights {
    fn of(all: &Modelled) -> Self {
        Self { sentences: sentences::insights(all), not_known: sentences::not_known(all) }
    }
}

impl<'a> ModelUsed<'a> {
    fn of(all: &'a Modelled) -> Self {
        let rows = &all.rows;
        Self {
            name: all.request.model.as_str(),
            factors: &rows.names,
            estimator: all.request.estimator,
            risk_free: &rows.rate_source,
            region: rows.rate_of_file.then(|| all.request.region.as_str()),
            files: &rows.files,
            left_out: rows.left_out.iter().map(|(name, why)| (name.as_str(), why.as_str())).collect(),
            most_correlated: rows.most_correlated,
        }
    }
}

impl<'a> WholeFit<'a> {
    fn of(one: &'a super::Fitted) -> FitRow<'a> {
        FitRow::Whole(Box::new(Self {
            ticker: one.ticker.as_str(),
            label: &one.label,
            from: one.span.0,
            to: one.span.1,
            fit: &one.fit,
            alpha_p_adjusted: one.alpha_p_adjusted,
        }))
    }
}
