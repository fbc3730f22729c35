//! The answer, typed: whole, in short, and what goes with the report.

use std::borrow::Cow;

use chrono::NaiveDate;
use factor_analytics::{
    compare::{
        Beta, CalendarYear, ConditionReport, CorrelationEstimate, Difference, DifferenceMethod, Ewma, PairReport,
        Period as ComparedPeriod, PeriodCorrelation, PeriodsReport, RollingReport, SideBySide, SideFigures,
    },
    sections::performance::DrawdownTimes,
};
use factor_pictures::Picture;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Comparison, request::Section, sentences};
use crate::{
    answer::{Fields, Frame},
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

/// Entries of a list of a summary at most.
const SHOWN: usize = 15;
/// With more pairs than this a summary has a line for each.
const PAIRS_IN_FULL: usize = 3;
/// Changes of sign that a summary dates, the newest.
const SIGN_CHANGES: usize = 3;

/// How some factors compare. Which fields there are depends on the shape asked for and on `include`.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ComparisonAnswer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    insights: Option<Insights>,
    /// Each pair over the whole window; in a summary of many a line each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pairs: Option<Vec<PairRow<'a>>>,
    /// How many pairs there are, where a summary shows fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pair_count: Option<usize>,
    /// Each pair in each period, and the differences between periods.
    #[serde(skip_serializing_if = "Option::is_none")]
    periods: Option<PeriodsSection<'a>>,
    /// What happened in the periods in which the condition holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Cow<'a, ConditionReport>>,
    /// The performance of each over the dates that all have.
    #[serde(skip_serializing_if = "Option::is_none")]
    side_by_side: Option<Side<'a>>,
    /// The same year by year; in a summary the total returns of the newest years.
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar_years: Option<Vec<Year<'a>>>,
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

/// A pair, whole or in a line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum PairRow<'a> {
    /// Whole.
    Whole(&'a PairReport),
    /// With the newest changes of sign alone.
    Short(Box<ShortPair<'a>>),
    /// In a line.
    Line(PairLine<'a>),
}

/// A pair of a summary.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortPair<'a> {
    a: &'a str,
    b: &'a str,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    #[serde(flatten)]
    pearson: CorrelationEstimate,
    spearman: CorrelationEstimate,
    ewma: Ewma,
    beta_a_on_b: Beta,
    beta_b_on_a: Beta,
    rolling: IndexMap<usize, ShortRolling>,
    when_a_fell: CorrelationEstimate,
}

/// Moving windows of a summary.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortRolling {
    #[serde(flatten)]
    all: RollingReport,
    /// How many changes of sign there are, where not all have their dates here.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_change_count: Option<usize>,
}

/// A pair in a line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PairLine<'a> {
    a: &'a str,
    b: &'a str,
    #[serde(flatten)]
    pearson: CorrelationEstimate,
    spearman: Option<f64>,
}

/// The periods of a comparison.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PeriodsSection<'a> {
    /// Which rows each has.
    named: Vec<NamedPeriod<'a>>,
    correlations: &'a [PeriodCorrelation],
    /// How many there are, where a summary shows fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_count: Option<usize>,
    differences: &'a [Difference],
    /// How many there are, where a summary shows fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference_count: Option<usize>,
}

/// A period and its rows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NamedPeriod<'a> {
    name: &'a str,
    /// Label of its first row.
    from: NaiveDate,
    /// Label of its last row.
    to: NaiveDate,
    /// Its rows.
    periods: usize,
    /// From where on a row of a regime is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    /// True of dates of which the window has only a part.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cut: bool,
}

/// The performance of each, whole or in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Side<'a> {
    /// Whole.
    Whole(&'a SideBySide),
    /// Without daily falls.
    Short(ShortSide<'a>),
}

/// The performance of each in a summary.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortSide<'a> {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    periods: usize,
    series: IndexMap<&'a str, ShortFigures>,
}

/// The performance of one in a summary.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortFigures {
    n: usize,
    total_return: Option<f64>,
    annual_return: Option<f64>,
    volatility: Option<f64>,
    sharpe_ratio: Option<f64>,
    /// In place of it where there is no risk-free rate at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to_risk: Option<f64>,
    max_drawdown: Option<f64>,
    #[serde(flatten)]
    drawdown: DrawdownTimes,
}

/// A year, whole or in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Year<'a> {
    /// Whole.
    Whole(&'a CalendarYear),
    /// Total returns.
    Short(ShortYear<'a>),
}

/// A year of a summary.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortYear<'a> {
    year: i32,
    /// Its periods.
    n: usize,
    /// True where the window has a part of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    total_return: IndexMap<&'a str, Option<f64>>,
}

impl PortfolioAnswer for Comparison {
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
        let mut notes = self.context.common().notes.clone();
        notes.extend(self.notes());
        frame(&self.request.include, self.not_computed(), notes)
    }

    fn fields_of(section: Section) -> &'static [&'static str] {
        match section {
            Section::Pairs => &["pairs"],
            Section::Periods => &["periods"],
            Section::Condition => &["condition"],
            Section::SideBySide => &["side_by_side"],
            Section::CalendarYears => &["calendar_years"],
            Section::Insights => &["insights"],
            Section::DataQuality => &["data_quality"],
            Section::Metadata => &["analysis_metadata"],
            Section::FormattedReport => &["formatted_report"],
        }
    }

    fn whole(&self) -> Fields {
        let report = &self.report;
        let answer = ComparisonAnswer {
            insights: self.request.include.wants(Section::Insights).then(|| Insights::of(self)),
            pairs: report.pairs.as_ref().map(|pairs| pairs.iter().map(PairRow::Whole).collect()),
            periods: report.periods.as_ref().map(|periods| PeriodsSection::of(periods, usize::MAX)),
            condition: report.condition.as_ref().map(Cow::Borrowed),
            side_by_side: report.side_by_side.as_ref().map(Side::Whole),
            calendar_years: report.calendar_years.as_ref().map(|years| years.iter().map(Year::Whole).collect()),
            ..ComparisonAnswer::default()
        };
        let fields = Fields::of_object(&answer, self.context.rounding());
        fields.opening("insights", answer.insights.as_ref()).opening("periods", answer.periods.as_ref())
    }

    fn metadata(&self, app: &App) -> Fields {
        let mut metadata = self.context.metadata(app);
        metadata.put("comparison", &sentences::conventions(self.context.common().frequency));
        metadata
    }

    fn entries(&self) -> usize {
        SHOWN
    }

    fn summary(&self, shown: usize) -> Fields {
        let report = &self.report;
        let pairs = report.pairs.as_deref().unwrap_or_default();
        let answer = ComparisonAnswer {
            insights: Some(Insights::of(self)),
            pairs: report.pairs.as_ref().map(|pairs| PairRow::of_summary(pairs, shown)),
            pair_count: (pairs.len() > shown).then_some(pairs.len()),
            periods: report.periods.as_ref().map(|periods| PeriodsSection::of(periods, shown)),
            condition: report.condition.as_ref().map(|condition| Cow::Owned(shortened(condition, shown))),
            side_by_side: report.side_by_side.as_ref().map(|side| Side::Short(ShortSide::of(side))),
            calendar_years: report.calendar_years.as_ref().map(|years| ShortYear::newest(years, shown)),
            as_of: Some(self.context.analysis.study.panel().as_of()),
            period: Some(Period::of(&self.context)),
        };
        let fields = Fields::of_object(&answer, SHORT);
        fields.opening("insights", answer.insights.as_ref()).opening("periods", answer.periods.as_ref())
    }

    fn with_report(&self) -> Fields {
        let as_of = Some(self.context.analysis.study.panel().as_of());
        Fields::of_object(&ComparisonAnswer { as_of, ..ComparisonAnswer::default() }, SHORT)
    }

    fn picture(&self) -> Result<Picture, String> {
        self.rolling_picture()
    }

    fn report(&self) -> String {
        self.text()
    }
}

impl Comparison {
    /// Sections that are not there, with what to do.
    fn not_computed(&self) -> IndexMap<&'static str, String> {
        let mut reasons = IndexMap::new();
        let include = &self.request.include;
        if self.request.periods.is_empty() && include.names(Section::Periods) {
            reasons.insert("periods", "give periods: [\"2015\", \"2022\"]".to_owned());
        }
        if let Some(why) = self.no_condition.as_ref().filter(|_| self.request.wants(Section::Condition)) {
            reasons.insert("condition", why.clone());
        } else if self.request.condition.is_none() && include.names(Section::Condition) {
            reasons.insert("condition", "give condition: {\"ticker\": \"SPY\", \"below\": -0.05}".to_owned());
        }
        reasons
    }

    /// What was done differently than asked.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let periods = self.report.periods.iter().flat_map(|report| &report.periods);
        let whole = periods.clone().any(ComparedPeriod::is_whole);
        if whole && periods.count() > 1 {
            notes.push(
                "all holds the other periods: no difference is taken with it; name other for the rest".to_owned(),
            );
        }
        let common = self.context.common();
        let usual = common.dates.default_start;
        let (start, end) = (self.context.analysis.window().start, self.context.analysis.window().end);
        if common.dates.start.is_none() && usual.reaches_further_back(end) {
            notes.push(format!(
                "the window begins on {start}, so that the periods lie in it; start_date says otherwise"
            ));
        }
        notes
    }
}

impl Insights {
    fn of(all: &Comparison) -> Self {
        Self { sentences: sentences::insights(all), not_known: sentences::not_known(all) }
    }
}

impl<'a> PairRow<'a> {
    /// The first pairs, in full where they are few.
    fn of_summary(pairs: &'a [PairReport], shown: usize) -> Vec<Self> {
        let line = |pair: &'a PairReport| {
            let PairReport { a, b, pearson, spearman, .. } = pair;
            Self::Line(PairLine { a, b, pearson: *pearson, spearman: spearman.correlation })
        };
        if pairs.len() > PAIRS_IN_FULL || pairs.len() > shown {
            return pairs.iter().take(shown).map(line).collect();
        }
        pairs.iter().map(|pair| Self::Short(Box::new(ShortPair::of(pair)))).collect()
    }
}

impl<'a> ShortPair<'a> {
    fn of(pair: &'a PairReport) -> Self {
        let short = |(window, rolling): (&usize, &RollingReport)| {
            let mut all = rolling.clone();
            let changes = all.sign_changes.len();
            all.sign_changes.drain(..changes.saturating_sub(SIGN_CHANGES));
            (*window, ShortRolling { all, sign_change_count: (changes > SIGN_CHANGES).then_some(changes) })
        };
        Self {
            a: &pair.a,
            b: &pair.b,
            from: pair.from,
            to: pair.to,
            pearson: pair.pearson,
            spearman: pair.spearman,
            ewma: pair.ewma,
            beta_a_on_b: pair.beta_a_on_b,
            beta_b_on_a: pair.beta_b_on_a,
            rolling: pair.rolling.iter().map(short).collect(),
            when_a_fell: pair.when_a_fell,
        }
    }
}

impl<'a> PeriodsSection<'a> {
    /// With so many correlations and differences at most.
    fn of(report: &'a PeriodsReport, shown: usize) -> Self {
        let named = |period: &'a ComparedPeriod| NamedPeriod {
            name: &period.name,
            from: period.from,
            to: period.to,
            periods: period.count,
            threshold: period.threshold,
            cut: period.cut,
        };
        let (correlations, differences) = (report.correlations.as_slice(), report.differences.as_slice());
        let more = |all: usize| (all > shown).then_some(all);
        Self {
            named: report.periods.iter().map(named).collect(),
            correlations: &correlations[..correlations.len().min(shown)],
            correlation_count: more(correlations.len()),
            differences: &differences[..differences.len().min(shown)],
            difference_count: more(differences.len()),
        }
    }
}

/// The condition with so many pairs at most.
fn shortened(report: &ConditionReport, shown: usize) -> ConditionReport {
    let mut short = report.clone();
    short.pairs.truncate(shown);
    short
}

impl<'a> ShortSide<'a> {
    fn of(side: &'a SideBySide) -> Self {
        let figures = |(name, one): (&'a String, &SideFigures)| {
            let short = ShortFigures {
                n: one.n,
                total_return: one.total_return,
                annual_return: one.annual_return,
                volatility: one.volatility,
                sharpe_ratio: one.sharpe_ratio,
                return_to_risk: one.return_to_risk,
                max_drawdown: one.max_drawdown,
                drawdown: one.drawdown,
            };
            (name.as_str(), short)
        };
        Self { from: side.from, to: side.to, periods: side.periods, series: side.series.iter().map(figures).collect() }
    }
}

impl ShortYear<'_> {
    /// The newest years, in order.
    fn newest(years: &[CalendarYear], shown: usize) -> Vec<Year<'_>> {
        let short = |year| Year::Short(ShortYear::of(year));
        years[years.len().saturating_sub(shown)..].iter().map(short).collect()
    }

    fn of(year: &CalendarYear) -> ShortYear<'_> {
        let total_return = year.series.iter().map(|(name, one)| (name.as_str(), one.total_return)).collect();
        ShortYear { year: year.year, n: year.periods, partial: year.partial, total_return }
    }
}

/// How a difference was found, in words.
pub(super) fn method_in_words(method: DifferenceMethod) -> &'static str {
    match method {
        DifferenceMethod::FisherZ => "Zou's interval, normal p",
        DifferenceMethod::Resampled => "drawn again 1,000 times",
    }
}
