//! An episode of the past, replayed: what is held with the weights of the first day.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    episode::Scenario,
    held::Ground,
    path::{Path, WorstDay},
    stand_in::{Months, StandIn},
};
use crate::{Panel, stats};

/// Something that is held.
#[derive(Debug, Clone, Copy)]
pub struct StressedHolding<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its weight on the first day, a share of the portfolio; below 0 for a short position.
    pub weight: f64,
    /// Its column on the panel of days; `None` for what there are no prices of.
    pub column: Option<usize>,
    /// Its returns on the rows of [`Months::panel`]; `None` where there are none.
    pub months: Option<&'a [f64]>,
}

/// What is replayed.
#[derive(Debug, Clone, Copy)]
pub struct Replay<'a> {
    /// Columns with daily prices, over all that are held.
    pub panel: &'a Panel,
    /// The risk-free rate of its rows, which cash earns and leverage costs.
    pub rates: &'a [f64],
    /// What stand-ins are made of.
    pub months: &'a Months,
    /// All but cash.
    pub holdings: &'a [StressedHolding<'a>],
    /// What is in cash; below 0 what is borrowed.
    pub cash: f64,
    /// What cash is called.
    pub cash_name: &'a str,
}

/// One episode of what is replayed.
pub struct InEpisode<'a> {
    replay: &'a Replay<'a>,
    scenario: &'a Scenario,
    ground: Ground<'a>,
}

/// What one holding did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HoldingReturn {
    /// Which one.
    pub holding: String,
    /// Its weight on the first day.
    pub weight: f64,
    /// Its return from the first close to the last; null where it is not testable.
    pub total_return: Option<f64>,
    /// Weight times return: the contributions sum to the whole.
    pub contribution: Option<f64>,
    /// The deepest fall below the running maximum inside, on daily closes.
    pub max_drawdown: Option<f64>,
    /// The day with the lowest return.
    pub worst_day: Option<WorstDay>,
    /// Trading days after the end until the close was again that of the start, 0 where it was so at the end; null while it is
    /// not.
    pub recovery_days: Option<usize>,
    /// How it was stood in for; absent where it had prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stand_in: Option<StandIn>,
    /// Why nothing can be said of it; absent where something can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_testable: Option<String>,
}

/// What the whole did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EpisodeReturn {
    /// Its name, or its dates.
    pub scenario: String,
    /// The close that it starts from.
    pub from: NaiveDate,
    /// The close that it ends with.
    pub to: NaiveDate,
    /// The sum of the contributions; null where something held is not testable.
    pub total_return: Option<f64>,
    /// Half of the 90% interval by what stand-ins leave unexplained, taken as independent; absent without stand-ins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
    /// The share of the gross weight that could be tested, by prices or by stand-ins.
    pub covered_weight: f64,
    /// The share of the gross weight that is stood in for.
    #[serde(skip_serializing_if = "is_zero")]
    pub stand_in_weight: f64,
    /// What the covered part contributed, where the whole is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covered_contribution: Option<f64>,
    /// The deepest fall of the whole below its running maximum inside, on daily closes.
    pub max_drawdown: Option<f64>,
    /// When that maximum was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawdown_peak: Option<NaiveDate>,
    /// When it was deepest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawdown_trough: Option<NaiveDate>,
    /// Its worst day.
    pub worst_day: Option<WorstDay>,
    /// Trading days after the end until it was worth again what it was at the start, 0 where it was so at the end; null while
    /// it is not.
    pub recovery_days: Option<usize>,
    /// To where prices reach without that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_recovered_by: Option<NaiveDate>,
    /// Each holding.
    pub holdings: Vec<HoldingReturn>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(share: &f64) -> bool {
    *share == 0.0
}

impl Replay<'_> {
    /// Replays one episode.
    pub fn of(&self, scenario: &Scenario) -> EpisodeReturn {
        self.in_episode(scenario).replayed()
    }

    /// What is asked more than once about one episode.
    pub fn in_episode<'a>(&'a self, scenario: &'a Scenario) -> InEpisode<'a> {
        let ground = Ground::new(self.panel, self.rates, (scenario.from, scenario.to));
        InEpisode { replay: self, scenario, ground }
    }

    fn path(&self, held: &StressedHolding<'_>, ground: &Ground<'_>) -> Result<(Path, Option<StandIn>), String> {
        let why = match held.column.map(|at| ground.of_column(at)) {
            Some(Ok(path)) => return Ok((path, None)),
            Some(Err(why)) => why,
            None => "there are no prices of it".to_owned(),
        };
        let Some(months) = held.months else { return Err(why) };
        let stand_in = self.months.stand_in(months, ground).map_err(|also| format!("{why}, and {also}"));
        stand_in.map(|(path, how)| (path, Some(how)))
    }
}

impl InEpisode<'_> {
    /// Which episode.
    pub fn scenario(&self) -> &Scenario {
        self.scenario
    }

    /// What is held, replayed.
    pub fn replayed(&self) -> EpisodeReturn {
        let Self { replay, scenario, ground } = self;
        let mut paths: Vec<(f64, Path)> = Vec::new();
        let mut holdings: Vec<HoldingReturn> = Vec::new();
        for held in replay.holdings.iter().filter(|held| held.weight != 0.0) {
            let found = replay.path(held, ground);
            holdings.push(HoldingReturn::of((held.name, held.weight), found.as_ref(), scenario.to));
            if let Ok((path, _)) = found {
                paths.push((held.weight, path));
            }
        }
        if replay.cash != 0.0 {
            let days = paths.first().map_or_else(|| vec![scenario.from, scenario.to], |(_, path)| path.dates.clone());
            let found = ground.of_cash(&days).map(|path| (path, None));
            holdings.push(HoldingReturn::of((replay.cash_name, replay.cash), found.as_ref(), scenario.to));
            paths.extend(found.ok().map(|(path, _)| (replay.cash, path)));
        }
        EpisodeReturn::of(scenario, holdings, &paths)
    }

    /// The return of a column, where it had prices.
    pub fn return_of(&self, column: usize) -> Option<f64> {
        self.ground.return_of(column)
    }

    /// What cash earned.
    pub fn cash_return(&self) -> Option<f64> {
        self.ground.earned(self.scenario.to)
    }
}

impl HoldingReturn {
    fn of((name, weight): (&str, f64), found: Result<&(Path, Option<StandIn>), &String>, end: NaiveDate) -> Self {
        let none = Self {
            holding: name.to_owned(),
            weight,
            total_return: None,
            contribution: None,
            max_drawdown: None,
            worst_day: None,
            recovery_days: None,
            stand_in: None,
            not_testable: None,
        };
        match found {
            Ok((path, stand_in)) => {
                let total_return = path.return_until(end);
                Self {
                    total_return,
                    contribution: total_return.map(|r| weight * r),
                    max_drawdown: Some(path.drawdown(end).depth),
                    worst_day: path.worst_day(end),
                    recovery_days: path.recovery_days(end),
                    stand_in: stand_in.clone(),
                    ..none
                }
            }
            Err(why) => Self { not_testable: Some(why.clone()), ..none },
        }
    }
}

impl EpisodeReturn {
    fn of(scenario: &Scenario, holdings: Vec<HoldingReturn>, paths: &[(f64, Path)]) -> Self {
        let end = scenario.to;
        let share = |chosen: &dyn Fn(&HoldingReturn) -> bool| {
            let weight = |of: &dyn Fn(&HoldingReturn) -> bool| {
                stats::sum(holdings.iter().filter(|one| of(one)).map(|one| one.weight.abs()))
            };
            let whole = weight(&|_| true);
            if whole > 0.0 { weight(chosen) / whole } else { 0.0 }
        };
        let is_covered = |one: &HoldingReturn| one.contribution.is_some();
        let covered = holdings.iter().all(is_covered) && !holdings.is_empty();
        let contribution = stats::sum(holdings.iter().filter_map(|one| one.contribution));
        let parts: Vec<(f64, &Path)> = paths.iter().map(|(weight, path)| (*weight, path)).collect();
        let path = if covered { Path::weighted(&parts) } else { Path::default() };
        let path = Some(path).filter(|path| path.dates.len() > 1);
        let fall = path.as_ref().map(|path| path.drawdown(end));
        let recovery_days = path.as_ref().and_then(|path| path.recovery_days(end));
        let unexplained = holdings.iter().filter_map(|one| Some(one.weight * one.stand_in.as_ref()?.half_width?));
        let unexplained = stats::sum(unexplained.map(|half| half * half)).sqrt();
        let stand_in_weight = share(&|one| one.stand_in.is_some());
        Self {
            scenario: scenario.name.clone(),
            from: scenario.from,
            to: scenario.to,
            total_return: covered.then_some(contribution),
            half_width: (covered && stand_in_weight > 0.0).then_some(unexplained),
            covered_weight: if covered { 1.0 } else { share(&is_covered) },
            stand_in_weight,
            covered_contribution: (!covered && holdings.iter().any(is_covered)).then_some(contribution),
            max_drawdown: fall.map(|fall| fall.depth),
            drawdown_peak: fall.and_then(|fall| fall.peak),
            drawdown_trough: fall.and_then(|fall| fall.trough),
            worst_day: path.as_ref().and_then(|path| path.worst_day(end)),
            recovery_days,
            not_recovered_by: path
                .as_ref()
                .filter(|_| recovery_days.is_none())
                .and_then(|path| path.dates.last())
                .copied(),
            holdings,
        }
    }

    /// Why nothing is known of the whole: the holdings that are not testable, each with its reason.
    pub fn not_testable(&self) -> impl Iterator<Item = (&str, &str)> {
        self.holdings.iter().filter_map(|one| Some((one.holding.as_str(), one.not_testable.as_deref()?)))
    }
}
