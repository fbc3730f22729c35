//! The answer, typed: whole, in short, and what goes with the report.

mod hedges;

use chrono::NaiveDate;
use factor_analytics::stress::{EpisodeReturn, ReverseStress, ShockResponse, WorstDay};
use factor_pictures::Picture;
use factor_types::Ticker;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use self::hedges::Hedges;
use super::{HoldingResponse, ReplayedEpisode, Reversed, Shocked, Stressed, request::Section, sentences};
use crate::{
    answer::{Fields, Frame},
    app::App,
    arguments::Include,
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        portfolio::{
            answer::{PortfolioAnswer, SHORT, frame},
            factor::ResolvedFactor,
            summary::Period,
        },
    },
};

/// Entries of a list of a summary at most.
const SHOWN: usize = 10;
/// Holdings that a summary has of a shock or a loss.
const HOLDINGS: usize = 5;

/// What happens in a crash. Which fields there are depends on what is asked, on the shape and on `include`.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct StressAnswer<'a> {
    /// The saved portfolio that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    portfolio_name: Option<&'a str>,
    /// The factor, group or composite that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<ResolvedFactor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    insights: Option<Insights>,
    /// The episodes, that with the largest loss first in a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    scenarios: Option<Vec<ScenarioRow<'a>>>,
    /// The returns of the others, where a summary shows fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_scenarios: Option<IndexMap<&'a str, Option<f64>>>,
    /// In a summary the scenarios of which the whole is not known, by reason; whole they are among `scenarios`.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_testable: Option<Vec<NotTestable<'a>>>,
    /// What is to be expected when the variables named move.
    #[serde(skip_serializing_if = "Option::is_none")]
    shock: Option<ShockSection<'a>>,
    /// The most plausible way to the loss named.
    #[serde(skip_serializing_if = "Option::is_none")]
    reverse: Option<ReverseSection<'a>>,
    /// What is held on the first day, as shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<&'a IndexMap<Ticker, f64>>,
    /// How holdings became weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    normalisation: Option<&'a str>,
    /// The newest price used.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    /// The window that shocks and losses rest on.
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

/// An episode, whole or in short.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ScenarioRow<'a> {
    /// Whole.
    Whole(Box<WholeScenario<'a>>),
    /// Without the holdings that did little.
    Short(Box<ShortScenario<'a>>),
}

/// An episode and what offset it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WholeScenario<'a> {
    #[serde(flatten)]
    episode: &'a EpisodeReturn,
    #[serde(flatten)]
    hedges: Hedges<'a>,
}

/// An episode of a summary.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortScenario<'a> {
    scenario: &'a str,
    from: NaiveDate,
    to: NaiveDate,
    total_return: Option<f64>,
    /// Half of the 90% interval by what stand-ins leave unexplained.
    #[serde(skip_serializing_if = "Option::is_none")]
    half_width: Option<f64>,
    max_drawdown: Option<f64>,
    worst_day: Option<WorstDay>,
    /// Trading days after the end until the start's worth was regained; null while it is not.
    recovery_days: Option<usize>,
    /// The holding that lost most, and its contribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_most: Option<LostMost<'a>>,
    /// Holdings without prices then, stood in for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stood_in_for: Vec<&'a str>,
    #[serde(flatten)]
    hedges: Hedges<'a>,
}

/// A holding and its contribution.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LostMost<'a> {
    holding: &'a str,
    contribution: f64,
}

/// Scenarios that are not testable for one reason.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct NotTestable<'a> {
    scenarios: Vec<&'a str>,
    /// The share of the gross weight that could be tested, and what it contributed, by scenario.
    covered: IndexMap<&'a str, Covered>,
    why: String,
}

/// The part of a portfolio that could be tested.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Covered {
    weight: f64,
    contribution: f64,
}

/// A shock.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShockSection<'a> {
    /// Over so many periods.
    horizon: usize,
    #[serde(flatten)]
    response: &'a ShockResponse,
    /// Each holding, what loses most first.
    holdings: &'a [HoldingResponse],
    /// How many there are, where a summary shows fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    holding_count: Option<usize>,
    #[serde(flatten)]
    hedges: Hedges<'a>,
}

/// The most plausible way to a loss.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReverseSection<'a> {
    /// Over so many periods.
    horizon: usize,
    #[serde(flatten)]
    found: std::borrow::Cow<'a, ReverseStress>,
    /// How many holdings there are, where a summary shows fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    holding_count: Option<usize>,
    #[serde(flatten)]
    hedges: Hedges<'a>,
}

impl PortfolioAnswer for Stressed {
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

    fn lacks_prices(&self) -> bool {
        !self.subject.warnings.is_empty()
    }

    fn include(&self) -> &Include<Section> {
        &self.request.include
    }

    fn frame(&self) -> Frame {
        let notes = self.context.common().notes.iter().chain(&self.subject.notes).cloned().collect();
        frame(&self.request.include, self.not_computed(), notes)
    }

    fn fields_of(section: Section) -> &'static [&'static str] {
        match section {
            Section::Scenarios => &["scenarios"],
            Section::Shock => &["shock"],
            Section::Reverse => &["reverse"],
            Section::Insights => &["insights"],
            Section::DataQuality => &["data_quality"],
            Section::Metadata => &["analysis_metadata"],
            Section::FormattedReport => &["formatted_report"],
        }
    }

    fn whole(&self) -> Fields {
        let scenario = |one| ScenarioRow::Whole(Box::new(WholeScenario::of(one)));
        let scenarios: Vec<ScenarioRow<'_>> = self.episodes.iter().map(scenario).collect();
        let answer = StressAnswer {
            insights: self.request.include.wants(Section::Insights).then(|| Insights::of(self)),
            scenarios: (!scenarios.is_empty()).then_some(scenarios),
            shock: self.shock.as_ref().map(|shock| ShockSection::of(shock, self.request.horizon)),
            reverse: self.reverse.as_ref().map(|reverse| ReverseSection::of(reverse, self.request.horizon)),
            weights: Some(&self.subject.weights),
            normalisation: self.subject.normalisation.as_deref(),
            ..self.subject_of(usize::MAX)
        };
        Fields::of_object(&answer, self.context.rounding()).opening("insights", answer.insights.as_ref())
    }

    fn metadata(&self, app: &App) -> Fields {
        let mut metadata = self.context.metadata(app);
        metadata.put("risk_free_source", &self.risk_free_source);
        metadata.put("stress", &sentences::conventions());
        metadata
    }

    fn entries(&self) -> usize {
        SHOWN
    }

    fn summary(&self, shown: usize) -> Fields {
        let tested = self.worst_first();
        let is_alone = tested.len() == 1;
        let short = tested.iter().take(shown);
        let short = short.map(|one| ScenarioRow::Short(Box::new(ShortScenario::of(one, is_alone))));
        let scenarios: Vec<ScenarioRow<'_>> = short.collect();
        let others: IndexMap<&str, Option<f64>> =
            tested.iter().skip(shown).map(|one| (one.episode.scenario.as_str(), one.episode.total_return)).collect();
        let untested = NotTestable::of(&self.episodes);
        let holdings = shown.min(HOLDINGS);
        let answer = StressAnswer {
            insights: Some(Insights::short(self, shown)),
            scenarios: (!scenarios.is_empty()).then_some(scenarios),
            // Where not even one has room, `include` has them.
            other_scenarios: (!others.is_empty() && shown > 1).then_some(others),
            not_testable: (!untested.is_empty()).then_some(untested),
            shock: self.shock.as_ref().map(|shock| ShockSection::short(shock, self.request.horizon, holdings)),
            reverse: self.reverse.as_ref().map(|one| ReverseSection::short(one, self.request.horizon, holdings)),
            as_of: Some(self.context.analysis.study.panel().as_of()),
            period: Some(Period::of(&self.context)),
            ..self.subject_of(shown)
        };
        Fields::of_object(&answer, SHORT).opening("insights", answer.insights.as_ref())
    }

    fn with_report(&self) -> Fields {
        let as_of = Some(self.context.analysis.study.panel().as_of());
        Fields::of_object(&StressAnswer { as_of, ..StressAnswer::default() }, SHORT)
    }

    fn picture(&self) -> Result<Picture, String> {
        self.losses_picture()
    }

    fn report(&self) -> String {
        self.text()
    }
}

impl Stressed {
    /// What it is about.
    fn subject_of(&self, most: usize) -> StressAnswer<'_> {
        StressAnswer {
            portfolio_name: self.subject.portfolio_name.as_deref(),
            factor: self.subject.factor.as_ref().map(|factor| factor.shown(most)),
            ..StressAnswer::default()
        }
    }

    /// The episodes whose return is known, the largest loss first.
    pub(super) fn worst_first(&self) -> Vec<&ReplayedEpisode> {
        let mut tested: Vec<&ReplayedEpisode> =
            self.episodes.iter().filter(|one| one.episode.total_return.is_some()).collect();
        let size = |one: &ReplayedEpisode| one.episode.total_return.unwrap_or(0.0);
        tested.sort_by(|a, b| size(a).total_cmp(&size(b)));
        tested
    }

    /// Sections that are not there, with what to do.
    fn not_computed(&self) -> IndexMap<&'static str, String> {
        let mut reasons = IndexMap::new();
        let include = &self.request.include;
        let mut missing = |section: Section, is_there: bool, what: &str| {
            if include.names(section) && !is_there {
                reasons.insert(section.as_str(), what.to_owned());
            }
        };
        missing(Section::Scenarios, !self.episodes.is_empty(), "give scenarios: [\"covid\", \"2022\"]");
        missing(Section::Shock, self.shock.is_some(), "give shocks: {\"SPY\": -0.2, \"UST10Y\": 1.0}");
        missing(Section::Reverse, self.reverse.is_some(), "give reverse_loss: 0.2");
        reasons
    }
}

impl Insights {
    fn of(all: &Stressed) -> Self {
        Self { sentences: sentences::insights(all), not_known: sentences::not_known(all) }
    }

    /// The first of them, two at least: where much has to be warned of there is room for no more.
    fn short(all: &Stressed, shown: usize) -> Self {
        let mut insights = Self::of(all);
        insights.sentences.truncate(shown.max(1) + 1);
        insights
    }
}

impl<'a> WholeScenario<'a> {
    fn of(one: &'a ReplayedEpisode) -> Self {
        Self { episode: &one.episode, hedges: Hedges::of(&one.offsets) }
    }
}

impl<'a> ShortScenario<'a> {
    fn of(one: &'a ReplayedEpisode, is_alone: bool) -> Self {
        let episode = &one.episode;
        let known = episode.holdings.iter().filter_map(|held| Some((held, held.contribution?)));
        let worst = known.min_by(|(_, a), (_, b)| a.total_cmp(b)).filter(|(_, contribution)| *contribution < 0.0);
        let several = episode.holdings.len() > 1;
        let stood_in = episode.holdings.iter().filter(|held| held.stand_in.is_some());
        Self {
            scenario: &episode.scenario,
            from: episode.from,
            to: episode.to,
            total_return: episode.total_return,
            half_width: episode.half_width,
            max_drawdown: episode.max_drawdown,
            worst_day: episode.worst_day,
            recovery_days: episode.recovery_days,
            lost_most: worst
                .filter(|_| several)
                .map(|(held, contribution)| LostMost { holding: &held.holding, contribution }),
            stood_in_for: stood_in.map(|held| held.holding.as_str()).collect(),
            hedges: Hedges::short(&one.offsets, is_alone),
        }
    }
}

impl<'a> NotTestable<'a> {
    /// The scenarios of which the whole is not known, those with one reason together.
    fn of(episodes: &'a [ReplayedEpisode]) -> Vec<Self> {
        let mut all = Vec::<Self>::new();
        for ReplayedEpisode { episode, .. } in episodes.iter().filter(|one| one.episode.total_return.is_none()) {
            let why = in_words(episode);
            let covered = episode.covered_contribution;
            let covered = covered.map(|contribution| Covered { weight: episode.covered_weight, contribution });
            let name = episode.scenario.as_str();
            match all.iter_mut().find(|one| one.why == why) {
                Some(one) => {
                    one.scenarios.push(name);
                    one.covered.extend(covered.map(|covered| (name, covered)));
                }
                None => {
                    let covered = covered.map(|covered| (name, covered)).into_iter().collect();
                    all.push(Self { scenarios: vec![name], covered, why });
                }
            }
        }
        all
    }
}

/// Holdings that are not testable in an episode, a few of them by name.
fn in_words(episode: &EpisodeReturn) -> String {
    const NAMED: usize = 3;
    let each: Vec<String> = episode.not_testable().take(NAMED).map(|(name, why)| format!("{name}: {why}")).collect();
    let more = episode.not_testable().count().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", each.join("; "))
}

impl<'a> ShockSection<'a> {
    fn of(shock: &'a Shocked, horizon: usize) -> Self {
        Self {
            horizon,
            response: &shock.response,
            holdings: &shock.holdings,
            holding_count: None,
            hedges: Hedges::of(&shock.offsets),
        }
    }

    fn short(shock: &'a Shocked, horizon: usize, most: usize) -> Self {
        let count = shock.holdings.len();
        Self {
            holdings: &shock.holdings[..count.min(most)],
            holding_count: (count > most).then_some(count),
            hedges: Hedges::short(&shock.offsets, true),
            ..Self::of(shock, horizon)
        }
    }
}

impl<'a> ReverseSection<'a> {
    fn of(reverse: &'a Reversed, horizon: usize) -> Self {
        Self {
            horizon,
            found: std::borrow::Cow::Borrowed(&reverse.found),
            holding_count: None,
            hedges: Hedges::of(&reverse.offsets),
        }
    }

    fn short(reverse: &'a Reversed, horizon: usize, most: usize) -> Self {
        let mut found = reverse.found.clone();
        let count = found.moves.len();
        found.moves.truncate(most);
        Self {
            horizon,
            found: std::borrow::Cow::Owned(found),
            holding_count: (count > most).then_some(count),
            hedges: Hedges::short(&reverse.offsets, true),
        }
    }
}
