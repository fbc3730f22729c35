//! The arguments of `get_factor_analysis`: from what was written to what it means. The only validation.

mod names;
mod plans;
mod rolling;
mod sections;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};

use factor_analytics::{
    correlation::Method,
    lens::LensFactor,
    regime::Regime,
    report::{CorrelationPlan, PerformancePlan, ReturnsPlan, RollingPlan, SortBy, Weighting},
    sections::windows::{CALENDAR_FORMS, ReturnWindow},
};
use factor_types::{Category, Frequency, Maturity, Ticker};
use serde_json::{Map, Value, json};

use self::names::{ADVANCED, BELONGS, TOP};
use super::{
    choices::MatrixFormat,
    preset::Preset,
    profile_fields::ProfileFields,
    sections::{Section, SectionSet},
};
use crate::{
    analysis::{AnalysisKind, AnalysisRequest, Plan},
    answer::shortened,
    app::Basis,
    arguments::{Args, Choices, Include},
    services::common_args::{CommonArgs, CommonReader, Format, MIN_COVERAGE, Named, Question, Role, settle_categories},
    tool_error::{ErrorCode, Mend, Problem, Refusal, ToolError},
};

/// The settled call: what to compute and how to show it.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(super) common: CommonArgs,
    pub(super) request: AnalysisRequest,
    /// What figures are relative to: it may be a group or a portfolio, where that of `request`, by whose prices periods are
    /// dated, is a fund.
    pub(super) benchmark: Ticker,
    pub(super) sections: SectionSet,
    /// Sections asked for by name, in the caller's order.
    pub(super) include: Option<Vec<Section>>,
    pub(super) invalid_sections: Vec<String>,
    pub(super) invalid_windows: Vec<String>,
    /// The categories that overlays of a summary keep to: those that the call asks for and names nothing else beside.
    pub(super) overlays_of: Option<BTreeSet<Category>>,
    /// What is shown of profiles.
    pub(super) fields: ProfileFields,
    pub(super) triangle: bool,
    pub(super) lists: ListSizes,
    pub(super) preset: Option<Preset>,
    /// True where another question rests on it: its caller asked for what it names, not for the universe.
    pub(super) rests: bool,
}

/// Months before a row that a factor of the lens rests on.
const MONTHS_OF_LENS: u32 = 120;

/// Months before its window that a stress test looks back on: with the window's ten years to before the episodes by name, and
/// what the lens rests on in them.
const MONTHS_OF_STRESS: u32 = 240;

/// Lengths of lists and tables in summaries and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListSizes {
    /// Of rankings and tables.
    pub(super) top: usize,
    /// Of the pairs of one matrix.
    pub(super) per_matrix: usize,
    /// Of the factor tables of a report.
    pub(super) factors: usize,
    /// True when the call named a length.
    pub(super) asked: bool,
}

impl ListSizes {
    /// The lengths where the call names none: short ones where there are many lists.
    const fn of(format: Format, many: bool) -> Self {
        let report = matches!(format, Format::Report);
        let top = if many && !report { 5 } else { 10 };
        Self { top, per_matrix: if report { 15 } else { 5 }, factors: 15, asked: false }
    }
}

impl Query {
    /// The analysis of performance that a question on a portfolio rests on: every factor of the universe, no composites,
    /// and the prices of `holdings` as well. Which asset classes are candidates is the question's own matter.
    pub(super) fn for_portfolio(mut common: CommonArgs, holdings: &[Ticker]) -> Self {
        common.named.add(Role::Holding, holdings.iter().cloned());
        let profiled = common.categories.clone().unwrap_or_else(|| BTreeSet::from(Category::ALL));
        Self::resting(common, holdings, Some(profiled))
    }

    /// The analysis that a comparison rests on: no table of its own, since it has one over the dates that all have, and prices
    /// of `months` before the window.
    pub(super) fn for_comparison(common: CommonArgs, months: u32) -> Self {
        let query = Self::resting(common, &[], None);
        let lead_months = query.request.lead_months + months;
        Self { request: AnalysisRequest { lead_months, ..query.request }, ..query }
    }

    /// The analysis that a factor model rests on: no table of its own, and the prices of what its factors are made of, from
    /// `months` before the window on.
    pub(super) fn for_model(common: CommonArgs, also_priced: &[Ticker], months: u32) -> Self {
        let query = Self::resting(common, also_priced, None);
        let lead_months = query.request.lead_months + months;
        Self { request: AnalysisRequest { lead_months, ..query.request }, ..query }
    }

    /// The analysis of performance that a portfolio's regression on the lens rests on.
    pub(super) fn for_lens(common: CommonArgs, holdings: &[Ticker]) -> Self {
        Self::for_portfolio(common, holdings).with_lens(MONTHS_OF_LENS)
    }

    /// The analysis that a stress test rests on: no table of its own, the prices of `holdings` and of the lens as well, and of
    /// the thirty years before the window, for episodes and for what the lens rests on before them.
    pub(super) fn for_stress(mut common: CommonArgs, holdings: &[Ticker]) -> Self {
        common.named.add(Role::Holding, holdings.iter().cloned());
        Self::resting(common, holdings, None).with_lens(MONTHS_OF_STRESS)
    }

    /// The analysis that a portfolio's question rests on, with what a stress test looks back on.
    pub(super) fn for_scenario(common: CommonArgs, holdings: &[Ticker]) -> Self {
        Self::for_portfolio(common, holdings).with_lens(MONTHS_OF_STRESS)
    }

    /// The same with the prices of the lens, silently, and those of so many months before the window.
    fn with_lens(mut self, months: u32) -> Self {
        self.request.lead_months += months;
        self.request.rate_sources.extend(LensFactor::tickers());
        self
    }

    /// An analysis of performance that its caller did not ask for, with a table of the factors in `profiled`.
    fn resting(common: CommonArgs, also_priced: &[Ticker], profiled: Option<BTreeSet<Category>>) -> Self {
        let plan = PerformancePlan {
            per_factor: profiled,
            macro_composites: None,
            category_composites: false,
            granularity: common.granularity,
            weights: Weighting::Equal,
            max_per_composite: None,
            benchmark: Ticker::spy(),
            sort_by: SortBy::default(),
            min_coverage: MIN_COVERAGE,
        };
        let request = AnalysisRequest {
            asset_classes: Default::default(),
            ..common.request(Ticker::spy(), also_priced.to_vec(), Plan::Performance(plan))
        };
        Self {
            request,
            sections: SectionSet::settle(AnalysisKind::Performance, &indexmap::IndexMap::new(), None),
            include: None,
            invalid_sections: Vec::new(),
            invalid_windows: Vec::new(),
            overlays_of: None,
            benchmark: Ticker::spy(),
            fields: ProfileFields::default(),
            triangle: false,
            lists: ListSizes::of(common.format, false),
            preset: None,
            rests: true,
            common,
        }
    }
}

/// Reads the arguments of a call, all mistakes at once.
///
/// # Errors
/// Every argument that breaks its rule.
pub(crate) fn read(arguments: Map<String, Value>, basis: Basis) -> Result<Query, ToolError> {
    let mut args = Args::new(arguments);
    settle_categories(&mut args);
    let advanced = args.object_or_top_level("advanced", &ADVANCED);
    let kind = args.choice("analysis_type", Choices::of::<AnalysisKind>());
    let kind = kind.unwrap_or_else(|| AnalysisKind::meant(|name| args.has(name)));
    let query = Reader { args: &args, advanced: &advanced, kind }.query(basis);
    if args.has("advanced") {
        advanced.only(&ADVANCED);
    }
    let known: Vec<&str> = TOP.into_iter().chain(ADVANCED).chain(["factor_categories"]).collect();
    args.finish(&known)?;
    if let Plan::Returns(plan) = &query.request.plan
        && plan.windows.is_empty()
    {
        return Err(no_valid_windows(&query));
    }
    Ok(query)
}

fn no_valid_windows(query: &Query) -> ToolError {
    let windows = ReturnWindow::names(query.request.frequency);
    let names = windows.join(", ");
    let frequency = query.request.frequency;
    let rule = format!("must name at least one window of {frequency} returns: {names}");
    let got = shortened(&format!("{:?}", query.invalid_windows), 80);
    let what = format!("No valid windows specified: `windows` (got {got}) {rule}");
    // A window that another frequency has was meant: its name is no slip.
    let of_days = ReturnWindow::names(Frequency::Daily);
    let meant = query.invalid_windows.iter().find(|name| of_days.contains(&name.as_str()));
    let doubt = query.invalid_windows.iter().find_map(|name| Some((name, ReturnWindow::doubt(name)?)));
    // Dates were meant, and what is wrong with them is known.
    let dates = || query.invalid_windows.iter().find(|name| name.contains('/'));
    let of_dates = || dates().and_then(|name| Some((name, ReturnWindow::named(name).err()?)));
    let way_out = match (meant, doubt.or_else(of_dates)) {
        (Some(name), _) => format!("Ask for {name} with frequency \"daily\""),
        (None, Some((name, doubt))) => format!("`{name}` {doubt}"),
        (None, None) => format!("Write windows: [\"{}\"], or {CALENDAR_FORMS}", windows[0]),
    };
    let daily = |_| Mend::Beside("frequency", json!(Frequency::Daily));
    let refusal = Refusal::must(rule.trim_start_matches("must ")).mended_by(meant.map(daily));
    ToolError::new(ErrorCode::InvalidArgument, what, way_out).with_problem(Problem::new("windows", got, refusal))
}

/// The most tickers of which a section named alone brings what belongs to it.
const FEW: usize = 10;

/// Sections named for a few tickers, with those that a reader expects in them: slopes with the correlations to yields, correlations
/// with their statistics. Of five blind readers three named `rate_sensitivity` for the slopes.
fn with_companions(mut named: Vec<Section>, tickers: usize) -> Vec<Section> {
    let companions = [(Section::Statistics, Section::Matrices), (Section::RateSensitivity, Section::Statistics)];
    for (section, companion) in companions.into_iter().filter(|_| (1..=FEW).contains(&tickers)) {
        if named.contains(&section) && !named.contains(&companion) {
            named.push(companion);
        }
    }
    named
}

/// The most windows of one call: ten years of months.
const MOST_WINDOWS: usize = 120;

struct Reader<'a> {
    args: &'a Args,
    advanced: &'a Args,
    kind: AnalysisKind,
}

impl Reader<'_> {
    fn query(&self, basis: Basis) -> Query {
        let (args, advanced) = (self.args, self.advanced);
        let mut notes = self.notes_on_foreign_arguments();
        let preset = self.mine("preset").then(|| args.choice("preset", &Preset::NAMES)).flatten();
        let months = basis.usual.window_months;
        let reader = CommonReader { args, advanced, question: Question::Analysis(self.kind), months };
        let groups = &basis.groups;
        let mut common = reader.scope(&basis.snapshot, groups);
        let benchmark = if self.mine("benchmark_ticker") { common.benchmark(args, groups) } else { Ticker::spy() };
        let of_overlay = if self.mine("market_benchmarks") {
            common.benchmarks(advanced, "market_benchmarks", groups)
        } else {
            None
        };
        notes.append(&mut common.notes);
        if !args.has("categories") {
            common.categories = preset.and_then(Preset::categories);
        }
        let (windows, invalid_windows) = self.windows(common.frequency);
        common.dates = match self.kind {
            AnalysisKind::Returns => reader.dates_back(&windows),
            AnalysisKind::Correlations | AnalysisKind::Performance => reader.dates(),
        };
        let Include { sections: include, invalid: invalid_sections } = Include::read(args);
        let include = include.map(|named| with_companions(named, common.picked.as_deref().unwrap_or_default().len()));
        let of_report = common.format == Format::Report
            || include.as_ref().is_some_and(|named| named.contains(&Section::FormattedReport));
        if self.advanced.has("max_factors") && !of_report {
            notes.push(
                "max_factors is ignored: it sizes the tables of a report (format report); top_n is for summaries"
                    .to_owned(),
            );
        }
        let method = self.method((preset, common.frequency), include.as_deref().unwrap_or_default(), &mut notes);
        let off = self.off(
            preset,
            common.granularity,
            (common.categories.as_ref(), common.rate_matrix),
            (method, include.as_deref().unwrap_or_default()),
        );
        let sections = SectionSet::settle(self.kind, &off, include.as_deref());
        let (plan, lists, also_priced) = match self.kind {
            AnalysisKind::Correlations => {
                self.plan_of_correlations(preset, &common, (&benchmark, of_overlay), (method, &sections), &mut notes)
            }
            AnalysisKind::Performance => {
                let lists = self.lists(common.format, false);
                let plan = self.performance(&common, &benchmark, &sections);
                (Plan::Performance(plan), lists, Vec::new())
            }
            AnalysisKind::Returns => {
                let lists = self.lists(common.format, windows.len() > 2);
                (Plan::Returns(self.returns(&common, (windows, &benchmark), &sections)), lists, Vec::new())
            }
        };
        if self.mine("min_observations") {
            common.min_observations = reader.min_observations();
        }
        let triangle = self.mine("matrix_format")
            && args.choice("matrix_format", Choices::of::<MatrixFormat>()) == Some(MatrixFormat::Triangle);
        reader.limits(&mut common);
        self.name_of_plan(&plan, &mut common.named);
        common.notes = notes;
        Query {
            // What is composed has no prices to date periods by.
            request: common.request(
                if benchmark.is_composed() { Ticker::spy() } else { benchmark.clone() },
                also_priced,
                plan,
            ),
            benchmark,
            sections,
            include,
            invalid_sections,
            invalid_windows,
            overlays_of: self.overlays_of(&common),
            fields: if self.mine("fields") { ProfileFields::read(args) } else { ProfileFields::default() },
            triangle,
            lists,
            preset,
            rests: false,
            common,
        }
    }

    /// The plan of correlations, the lengths of lists, and the tickers whose prices it needs as well.
    fn plan_of_correlations(
        &self,
        preset: Option<Preset>,
        common: &CommonArgs,
        (benchmark, of_overlay): (&Ticker, Option<Vec<Ticker>>),
        how: (Method, &SectionSet),
        notes: &mut Vec<String>,
    ) -> (Plan, ListSizes, Vec<Ticker>) {
        let regime = self.regime();
        let of = (common.universe(), &common.groups);
        let rolling = self.rolling(of, benchmark, common.granularity, how.1, notes);
        let lists = self.lists(common.format, true);
        let plan = self.correlations(preset, common, (benchmark, of_overlay), how);
        let benchmarks = plan.market_sensitivity.iter().flat_map(|(_, benchmarks)| benchmarks.clone());
        let also_priced = benchmarks.chain(regime.and_then(Regime::needs_price)).collect();
        let rolling = rolling
            .map(|rolling| RollingPlan { matrices: self.matrices(preset, common, &self.maturities()), ..rolling });
        let plan = CorrelationPlan { regime, rolling, clustered: self.clustered(), ..plan };
        (Plan::Correlations(plan), lists, also_priced)
    }

    /// The tickers that the plan has because the call names them.
    fn name_of_plan(&self, plan: &Plan, named: &mut Named) {
        match plan {
            Plan::Correlations(plan) => {
                let pairs = plan.rolling.iter().flat_map(|rolling| &rolling.pairs);
                // Industry groups and maturities are no tickers with prices of their own.
                let ticker = |name: &String| {
                    let read: Ticker = name.parse().ok()?;
                    (read.as_str() == name && name.parse::<Maturity>().is_err()).then_some(read)
                };
                named.add(Role::Benchmark, pairs.flat_map(|(a, b)| [a, b]).filter_map(ticker));
            }
            Plan::Performance(plan) => {
                if let Weighting::Custom(weights) = &plan.weights {
                    named.add(Role::Factor, weights.keys().cloned());
                }
            }
            Plan::Returns(_) => {}
        }
    }

    fn returns(
        &self,
        common: &CommonArgs,
        (windows, benchmark): (Vec<ReturnWindow>, &Ticker),
        sections: &SectionSet,
    ) -> ReturnsPlan {
        ReturnsPlan {
            // Yields alone ask for no fund.
            categories: match &common.categories {
                None if common.rate_matrix => BTreeSet::new(),
                picked => picked.clone().unwrap_or_else(|| BTreeSet::from(Category::ALL)),
            },
            windows,
            rankings: sections.has(Section::Rankings),
            by_category: sections.has(Section::ByCategory),
            industry_groups: sections.has(Section::IndustryGroups).then_some(common.granularity),
            yields: sections.has(Section::Yields),
            min_coverage: self.min_coverage(),
            benchmark: benchmark.clone(),
        }
    }

    /// The categories that the call asks for, unless it says of overlays what they are of.
    fn overlays_of(&self, common: &CommonArgs) -> Option<BTreeSet<Category>> {
        const OF_OVERLAYS: [&str; 5] = [
            "rate_sensitivity_categories",
            "market_sensitivity_categories",
            "include_rate_sensitivity",
            "include_market_sensitivity",
            "include_macro_composite",
        ];
        let named = self.args.has("categories") && !OF_OVERLAYS.iter().any(|name| self.advanced.has(name));
        common.categories.clone().filter(|_| named)
    }

    /// True when the argument means something in this analysis.
    fn mine(&self, name: &str) -> bool {
        BELONGS.iter().find(|(known, _)| *known == name).is_none_or(|(_, kinds)| kinds.contains(&self.kind))
    }

    fn notes_on_foreign_arguments(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.kind != AnalysisKind::Correlations && !self.args.has("analysis_type") {
            notes.push(format!("read as analysis_type {}, by the arguments given", self.kind));
        }
        if self.kind == AnalysisKind::Returns && self.args.has("start_date") {
            notes.push("start_date is ignored for returns mode; use windows to specify lookback periods".to_owned());
        }
        for (name, kinds) in BELONGS {
            if !kinds.contains(&self.kind) && (self.args.has(name) || self.advanced.has(name)) {
                let owners: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                notes.push(format!("{name} is ignored for {} mode; it belongs to {}", self.kind, owners.join(" and ")));
            }
        }
        notes
    }

    /// The windows of returns mode that this frequency can answer, and the names of the others.
    fn windows(&self, frequency: Frequency) -> (Vec<ReturnWindow>, Vec<String>) {
        if self.kind != AnalysisKind::Returns {
            return (Vec::new(), Vec::new());
        }
        let default = || ["1m", "3m", "6m", "1y"].map(str::to_owned).to_vec();
        let names = self.args.strings("windows").unwrap_or_else(default);
        let (mut windows, mut invalid) = (Vec::new(), Vec::new());
        for name in names {
            match ReturnWindow::named(&name) {
                Ok(parts) if parts.iter().all(|window| window.fits(frequency)) => windows.extend(parts),
                _ => invalid.push(name),
            }
        }
        let mut seen = HashSet::new();
        windows.retain(|window| seen.insert(*window));
        if windows.len() > MOST_WINDOWS {
            let what = format_args!(
                "name at most {MOST_WINDOWS} windows, ranges counted by their parts; it names {}",
                windows.len()
            );
            self.args.must("windows", what);
        }
        (windows, invalid)
    }

    fn lists(&self, format: Format, many: bool) -> ListSizes {
        let default = ListSizes::of(format, many);
        let asked = self.args.count("top_n", 1..=100);
        let top = asked.unwrap_or(default.top);
        let per_matrix =
            self.mine("top_n_per_matrix").then(|| self.advanced.count("top_n_per_matrix", 5..=100)).flatten();
        ListSizes {
            asked: asked.is_some() || per_matrix.is_some(),
            top,
            per_matrix: per_matrix.or(asked).unwrap_or(default.per_matrix),
            factors: self.advanced.count("max_factors", 5..=100).unwrap_or(default.factors),
        }
    }
}
