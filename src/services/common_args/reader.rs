//! Reading the common arguments, step by step.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use factor_analytics::{panel::DefaultStart, report::Granularity};
use factor_types::{AssetClass, Category, FactorUniverse, Frequency};

use super::{
    CATEGORIES, CommonArgs, Format, IndustryGranularity, LEAST_CHARS, MAX_CHARS, Named, Question, Role, universe,
};
use crate::{
    analysis::{AnalysisKind, AssetClassFilter, DateRule, MIN_WINDOW_DAYS, UserGroups},
    app::UniverseSnapshot,
    arguments::{Args, Choices},
};

/// Where dates begin that are not given.
const TEN_YEARS: DefaultStart = DefaultStart::MonthEndBefore(120);

/// Reads the common arguments step by step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommonReader<'a> {
    pub(crate) args: &'a Args,
    /// The fields of `advanced`.
    pub(crate) advanced: &'a Args,
    pub(crate) question: Question,
}

impl CommonReader<'_> {
    /// The first step: what is looked at and how the answer looks. The rest has its defaults.
    pub(crate) fn scope(self, snapshot: &Arc<UniverseSnapshot>, groups: UserGroups) -> CommonArgs {
        let format = self.args.choice("format", Choices::of::<Format>()).unwrap_or_default();
        let frequency = self.args.choice("frequency", Choices::of::<Frequency>()).unwrap_or_default();
        let (own_universe, groups) = universe::read(self.args, self.advanced, groups);
        let granularity = self.granularity(own_universe.as_ref().unwrap_or(&snapshot.loaded.universe));
        let mut notes = Vec::new();
        let (categories, rate_matrix) = self.categories(&mut notes);
        let mut named = Named::default();
        if let Some(own) = &own_universe {
            named.add(Role::Factor, own.factors().iter().map(|factor| factor.ticker.clone()));
            named.add(Role::Factor, groups.factors().map(|factor| factor.ticker.clone()));
        }
        CommonArgs {
            question: self.question,
            dates: DateRule { start: None, end: None, default_start: TEN_YEARS },
            frequency,
            categories,
            rate_matrix,
            asset_classes: AssetClassFilter::default(),
            granularity,
            own_universe,
            named,
            groups,
            min_observations: None,
            format,
            max_chars: Some(MAX_CHARS),
            precision: 6,
            notes,
            snapshot: Arc::clone(snapshot),
        }
    }

    /// The second step: dates, ten years by default.
    pub(crate) fn dates(self) -> DateRule {
        let end = self.args.date("end_date");
        let start = self.args.date("start_date");
        if let (Some(start), Some(end)) = (start, end) {
            self.check_order(start, end);
        }
        DateRule { start, end, default_start: TEN_YEARS }
    }

    /// The second step where windows look back from the last date.
    pub(crate) fn dates_back(self, months: u32) -> DateRule {
        DateRule { start: None, end: self.args.date("end_date"), default_start: DefaultStart::MonthsBefore(months) }
    }

    /// The floor on observations.
    pub(crate) fn min_observations(self) -> Option<usize> {
        self.advanced.count("min_observations", 12..=120)
    }

    /// The last step: length, asset classes, precision.
    pub(crate) fn limits(self, common: &mut CommonArgs) {
        common.max_chars = self.max_chars();
        common.asset_classes = self.asset_classes();
        common.precision = self.advanced.count("precision", 2..=17).unwrap_or(common.precision);
    }

    fn granularity(self, universe: &FactorUniverse) -> Granularity {
        let named = self.args.choice("industry_granularity", Choices::of::<IndustryGranularity>());
        match named.unwrap_or_default() {
            IndustryGranularity::Group => Granularity::Group,
            IndustryGranularity::Industry => Granularity::Industry,
            IndustryGranularity::Subindustry => {
                if universe.factors().iter().all(|factor| factor.subindustry.is_none()) {
                    self.args.refuse(
                        "industry_granularity",
                        "is unsupported here: no industry of this universe has a subindustry",
                        "write group or industry",
                    );
                }
                Granularity::Subindustry
            }
        }
    }

    /// The categories picked, `None` for none named, and whether the matrix of yield changes is among them.
    fn categories(self, notes: &mut Vec<String>) -> (Option<BTreeSet<Category>>, bool) {
        let names = self.args.choices::<String>("categories", CATEGORIES).unwrap_or_default();
        let kind = self.question.kind();
        let rate = names.iter().any(|name| name == "rate");
        if rate && kind != AnalysisKind::Correlations {
            notes.push(format!("category rate is ignored for {kind} mode; it belongs to correlations"));
        }
        let picked: BTreeSet<Category> = names.iter().filter_map(|name| name.parse().ok()).collect();
        ((!picked.is_empty()).then_some(picked), rate && kind == AnalysisKind::Correlations)
    }

    fn asset_classes(self) -> AssetClassFilter {
        let Some(filter) = self.args.object("asset_class_filters") else { return AssetClassFilter::default() };
        filter.only(&["include", "exclude"]);
        let classes = Choices::of::<AssetClass>();
        AssetClassFilter {
            include: filter.choices("include", classes).unwrap_or_default(),
            exclude: filter.choices("exclude", classes).unwrap_or_default(),
        }
    }

    fn check_order(self, start: NaiveDate, end: NaiveDate) {
        let days = (end - start).num_days();
        if days <= 0 {
            self.args.must("start_date", format_args!("be before end_date, which is {end}"));
        } else if days < MIN_WINDOW_DAYS {
            let whom = self.question.of_whom();
            self.args.refuse(
                "start_date",
                format!("must be at least {MIN_WINDOW_DAYS} days before end_date {end}{whom}; it is {days}"),
                self.question.shorter_window(),
            );
        }
    }

    fn max_chars(self) -> Option<usize> {
        let limit = self.args.count("max_chars", 0..=usize::MAX).unwrap_or(MAX_CHARS);
        if (1..LEAST_CHARS).contains(&limit) {
            self.args.must("max_chars", format_args!("be 0 for no limit, or at least {LEAST_CHARS}"));
        }
        (limit > 0).then_some(limit)
    }
}
