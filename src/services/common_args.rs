//! The arguments that mean the same in every analysis, read in one place: dates, frequency, universe, categories, and how
//! the answer looks.
//!
//! A portfolio's questions read them with [`CommonArgs::read`]. The analysis has arguments of its own among them, and its
//! dates follow from its windows; so that mistakes come in the order of its arguments it takes the three steps of
//! [`CommonReader`] one by one.

mod named;
mod reader;
mod tickers;

#[cfg(test)]
pub(crate) mod tests;

use std::{collections::BTreeSet, fmt, sync::Arc};

use chrono::NaiveDate;
use factor_analytics::report::Granularity;
use factor_types::{Category, ClosedSet, Factor, FactorUniverse, Frequency, Ticker, closed_set, names_and};

use self::tickers::{Found, Picked};
pub(crate) use self::{
    named::{Named, Role},
    reader::{CommonReader, longest_of, settle_categories},
};
use crate::{
    analysis::{AnalysisKind, AnalysisRequest, AssetClassFilter, DateRule, MIN_WINDOW_DAYS, Plan, UserGroups},
    app::UniverseSnapshot,
    arguments::{Args, Choices},
    charts::Chart,
};

/// What `categories` takes: every category, and `rate` for yield changes.
pub(crate) const CATEGORIES: Choices = {
    const NAMES: [&str; 10] = names_and(&Category::NAMES, &["rate"]);
    Choices { names: &NAMES, aliases: <Category as ClosedSet>::ALIASES }
};

/// What a factor of a call's own universe can be.
pub(crate) const FACTOR_CATEGORIES: Choices = {
    const NAMES: [&str; 8] = Category::names_without(Category::User);
    Choices { names: &NAMES, aliases: <Category as ClosedSet>::ALIASES }
};

/// The least share of a composite's members that must have data.
pub(crate) const MIN_COVERAGE: f64 = 0.6;

/// Significant digits of `full` where the call names none.
pub(crate) const USUAL_PRECISION: usize = 6;

closed_set! {
    /// How an answer looks.
    #[derive(Default)]
    pub(crate) enum Format: "a format" {
        /// The most important figures.
        #[default]
        Summary = "summary",
        /// Everything.
        Full = "full",
        /// Text for people.
        Report = "report",
    }
}

closed_set! {
    /// What industries are summed up by.
    #[derive(Default)]
    pub(crate) enum IndustryGranularity: "a granularity" {
        #[default]
        Group = "group",
        Industry = "industry",
        Subindustry = "subindustry",
    }
}

/// The question that the arguments belong to: the rules that they break speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// An analysis of this kind.
    Analysis(AnalysisKind),
    /// One on a portfolio, which rests on an analysis of performance that its caller did not ask for.
    Portfolio,
}

impl Question {
    /// The analysis that answers it.
    pub(crate) fn kind(self) -> AnalysisKind {
        match self {
            Self::Analysis(kind) => kind,
            Self::Portfolio => AnalysisKind::Performance,
        }
    }

    /// What a rule says of who has it: ` for performance`.
    fn of_whom(self) -> String {
        match self {
            Self::Analysis(kind) => format!(" for {kind}"),
            Self::Portfolio => String::new(),
        }
    }

    /// That start and end are too close together, and what to do.
    pub(crate) fn short_window(self, start: NaiveDate, end: NaiveDate, days: i64) -> (String, &'static str) {
        let who: &dyn fmt::Display = match &self {
            Self::Analysis(kind) => kind,
            Self::Portfolio => &"the analysis",
        };
        let rule =
            format!("{who} needs at least {MIN_WINDOW_DAYS} days between start and end; {start} to {end} are {days}");
        (rule, self.shorter_window())
    }

    fn shorter_window(self) -> &'static str {
        match self {
            Self::Analysis(_) => "for a shorter look-back use analysis_type returns with windows",
            Self::Portfolio => "give an earlier start_date",
        }
    }
}

/// The common arguments of a call, read.
#[derive(Debug, Clone)]
pub(crate) struct CommonArgs {
    pub(crate) question: Question,
    pub(crate) dates: DateRule,
    pub(crate) frequency: Frequency,
    /// The categories picked; `None` for all.
    pub(crate) categories: Option<BTreeSet<Category>>,
    /// True when yields are among them: in correlations the matrix of their changes, in returns their levels.
    pub(crate) rate_matrix: bool,
    pub(crate) asset_classes: AssetClassFilter,
    pub(crate) granularity: Granularity,
    /// The call's own universe; `None` for the one of the snapshot.
    pub(crate) own_universe: Option<FactorUniverse>,
    /// Those that the call picks with `tickers`, in its order: its universe has no others.
    pub(crate) picked: Option<Vec<Ticker>>,
    /// The tickers that the call names one by one.
    pub(crate) named: Named,
    /// The caller's groups that take part.
    pub(crate) groups: UserGroups,
    pub(crate) min_observations: Option<usize>,
    pub(crate) format: Format,
    /// The longest answer in characters; `None` for no limit.
    pub(crate) max_chars: Option<usize>,
    /// Significant digits of `full`.
    pub(crate) precision: usize,
    /// The picture that goes with the answer, where one is asked for.
    pub(crate) chart: Option<Chart>,
    /// What was read differently than written.
    pub(crate) notes: Vec<String>,
    /// The universe that the call is read against.
    pub(crate) snapshot: Arc<UniverseSnapshot>,
}

impl CommonArgs {
    /// The universe of the call: its own, or the one in force.
    pub(crate) fn universe(&self) -> &FactorUniverse {
        self.own_universe.as_ref().unwrap_or(&self.snapshot.loaded.universe)
    }

    /// What `tickers` picks and `categories` let through, in the call's order.
    pub(crate) fn picked(&self) -> Option<Vec<Ticker>> {
        let category_of = |ticker: &Ticker| {
            let of_groups =
                || self.groups.factors().find(|factor| factor.ticker == *ticker).map(|group| group.category);
            self.universe().get(ticker).map(|factor| factor.category).or_else(of_groups)
        };
        let lets_through = |ticker: &&Ticker| {
            let picked = self.categories.as_ref();
            picked.is_none_or(|picked| category_of(ticker).is_some_and(|category| picked.contains(&category)))
        };
        Some(self.picked.as_ref()?.iter().filter(lets_through).cloned().collect())
    }

    /// Takes one more factor into the universe that the call picks with `tickers`, by any of the names that are read there, from
    /// the argument `name` of `args`: one that the question needs and that is not among those picked. `groups` are all of the
    /// caller's.
    pub(crate) fn take_along(&mut self, args: &Args, name: &str, groups: &UserGroups) -> Option<Ticker> {
        let found = tickers::one(args, name, &[&self.snapshot.loaded.universe], groups, &mut self.notes)?;
        let ticker = found.ticker().clone();
        let own = self.own_universe.as_ref()?;
        match found {
            Found::Factor(factor) if own.get(&ticker).is_none() => {
                let all = own.factors().iter().cloned().chain([*factor]);
                self.own_universe = Some(FactorUniverse::new(all).with_facts(&self.snapshot.loaded.facts));
            }
            found => {
                self.take_composed(found);
            }
        }
        self.named.add(Role::Factor, [ticker.clone()]);
        Some(ticker)
    }

    /// The benchmark that the call names in `benchmark_ticker`, by any of the names that `tickers` reads, else SPY. `groups` are
    /// all of the caller's.
    pub(crate) fn benchmark(&mut self, args: &Args, groups: &UserGroups) -> Ticker {
        let mut notes = Vec::new();
        let found = tickers::one(args, "benchmark_ticker", &self.universes(), groups, &mut notes);
        self.notes.append(&mut notes);
        let Some(found) = found else { return Ticker::spy() };
        let ticker = found.ticker().clone();
        self.named.add(Role::Benchmark, [ticker.clone()]);
        self.take_aside(found);
        ticker
    }

    /// The benchmarks that a list of such names has, each once; `None` where it is empty or absent.
    pub(crate) fn benchmarks(&mut self, args: &Args, field: &'static str, groups: &UserGroups) -> Option<Vec<Ticker>> {
        args.strings(field).filter(|names| !names.is_empty())?;
        let mut notes = Vec::new();
        let picked = Picked::read((args, field), &self.universes(), groups, &mut notes)?;
        self.notes.append(&mut notes);
        let Picked { groups, portfolios, order, .. } = picked;
        self.named.add(Role::Benchmark, order.iter().cloned());
        Picked::composed(groups, portfolios).for_each(|found| self.take_aside(found));
        Some(order)
    }

    /// A group or a portfolio that is no factor of the call stands beside them.
    fn take_aside(&mut self, found: Found) {
        let ticker = found.ticker().clone();
        if self.take_composed(found) {
            self.groups.aside.push(ticker);
        }
    }

    /// Takes a group or a portfolio among those of the call; false if it is one of them, or a fund.
    fn take_composed(&mut self, found: Found) -> bool {
        let of_call = |ticker: &Ticker| self.groups.factors().any(|known| known.ticker == *ticker);
        if of_call(found.ticker()) || self.groups.aside.contains(found.ticker()) {
            return false;
        }
        match found {
            Found::Group(group) => self.groups.groups.push(group),
            Found::Portfolio(portfolio) => {
                self.notes.extend(portfolio.notes.iter().cloned());
                self.groups.portfolios.push(portfolio);
            }
            Found::Factor(_) => return false,
        }
        true
    }

    /// Reads the names of the argument `field` of `args` as those of `tickers` are read, each once in the call's order, and takes those that
    /// are not of the call's universe into it; these come second.
    pub(crate) fn take_all_along(
        &mut self,
        args: &Args,
        field: &'static str,
        groups: &UserGroups,
    ) -> Option<(Vec<Ticker>, Vec<Ticker>)> {
        let mut notes = Vec::new();
        let Picked { factors, groups, portfolios, order } =
            Picked::read((args, field), &self.universes(), groups, &mut notes)?;
        self.notes.extend(notes);
        let is_known = |factor: &Factor| self.universe().get(&factor.ticker).is_some();
        let new: Vec<Factor> = factors.into_iter().filter(|factor| !is_known(factor)).collect();
        let outside = new.iter().map(|factor| factor.ticker.clone()).collect();
        if !new.is_empty() {
            let all = self.universe().factors().iter().cloned().chain(new);
            self.own_universe = Some(FactorUniverse::new(all).with_facts(&self.snapshot.loaded.facts));
        }
        for found in Picked::composed(groups, portfolios) {
            self.take_composed(found);
        }
        self.named.add(Role::Factor, order.iter().cloned());
        Some((order, outside))
    }

    /// Where holdings are looked up: the universe of the call, then the one in force.
    pub(crate) fn universes(&self) -> [&FactorUniverse; 2] {
        [self.universe(), &self.snapshot.loaded.universe]
    }

    /// The analysis that these arguments and a plan describe.
    pub(crate) fn request(&self, benchmark: Ticker, also_priced: Vec<Ticker>, plan: Plan) -> AnalysisRequest {
        AnalysisRequest {
            kind: self.question.kind(),
            dates: self.dates,
            frequency: self.frequency,
            categories: self.categories.clone(),
            asset_classes: self.asset_classes.clone(),
            universe: self.own_universe.clone(),
            groups: self.groups.clone(),
            benchmark,
            also_priced,
            rate_sources: match self.question.kind() {
                AnalysisKind::Performance => Ticker::cash_proxies().into(),
                _ if self.groups.hold_cash() => Ticker::cash_proxies().into(),
                AnalysisKind::Correlations | AnalysisKind::Returns => Vec::new(),
            },
            lead_months: plan.lead_months(),
            min_observations: self.min_observations,
            plan,
        }
    }
}
