//! Which factors of a universe are analysed on a panel, and what is needed beside them.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use factor_types::{AssetClass, Calendar, Category, Factor, Frequency, Maturity, Ticker, YieldTable};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Panel,
    composite::{Composite, Member, covers},
    regime::{MIN_ROWS, Regime, RegimeError, Slice},
};

/// A yield counts for a period's end when it is at most this many calendar days older.
pub const STALE_YIELD_DAYS: i64 = 5;

/// Fewest rows any floor can mean.
pub const MIN_FLOOR: usize = 12;

/// A risk-free source must cover this share of the rows.
const RISK_FREE_COVERAGE: f64 = 0.9;

/// Why a factor is not analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExclusionReason {
    /// The source has no price of it in the window.
    NoData,
    /// The source could not be read or reached.
    FetchFailed,
    /// Fewer returns than the floor.
    ThinHistory,
    /// The symbol is not one the source can have.
    BadTicker,
    /// The source's prices do not allow the frequency.
    Unsupported,
}

/// A factor that is not analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Exclusion {
    /// The ETF.
    pub ticker: Ticker,
    /// What it stands for.
    pub label: String,
    /// Why, in one word.
    pub reason: ExclusionReason,
    /// Why, in a sentence with the figures.
    pub detail: String,
}

/// A factor that is analysed, and its column.
#[derive(Debug, Clone)]
pub struct StudiedFactor {
    /// The factor.
    pub factor: Arc<Factor>,
    /// Its panel column.
    pub column: usize,
}

/// How much history one factor has in the panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct History {
    /// Label of the first return.
    pub first: Option<NaiveDate>,
    /// Label of the last return.
    pub last: Option<NaiveDate>,
    /// Returns present.
    pub observations: usize,
    /// Missing rows between the first and the last.
    pub gaps: usize,
    /// True where the factor starts after the panel's first row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial_history: bool,
}

impl History {
    /// The history of a series with one value per label, `NaN` where missing.
    pub fn of(values: &[f64], labels: &[NaiveDate]) -> Self {
        let present = |row: &usize| values[*row].is_finite();
        let rows = 0..values.len();
        let (first, last) = (rows.clone().find(present), rows.clone().rev().find(present));
        let observations = rows.filter(present).count();
        let span = first.zip(last).map_or(0, |(first, last)| last - first + 1);
        Self {
            first: first.map(|row| labels[row]),
            last: last.map(|row| labels[row]),
            observations,
            gaps: span - observations,
            partial_history: first.is_some_and(|first| first > 0),
        }
    }
}

/// Where the risk-free rate of an analysis came from.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskFree {
    /// `UST3M`, `BIL`, `SGOV`, or `0`.
    pub source: String,
    /// The rate per period, one per row, `NaN` where unknown.
    pub per_period: Vec<f64>,
}

/// A panel with the decision which of a universe's factors are analysed on it.
#[derive(Debug, Clone)]
pub struct Study {
    panel: Arc<Panel>,
    yields: Arc<YieldTable>,
    /// Every analysed factor of the universe, in its order.
    pub factors: Vec<StudiedFactor>,
    /// Every factor of the universe that is not analysed.
    pub excluded: Vec<Exclusion>,
    /// The universe's size per asset class and per group, analysed or not: what coverage is measured against.
    listed: Vec<Arc<Factor>>,
    /// The fewest common rows a figure may rest on.
    pub min_observations: usize,
    /// The rows that pairs are to be correlated on; all where there is none.
    slice: Option<Slice>,
    /// The rows to which this study's panel was cut down already, in [`Study::sliced`].
    kept: Option<Arc<[bool]>>,
}

/// The floor on observations when none is given: 24 months, 52 weeks or 60 days (`monthly_default` replaces the 24), but
/// not more than the window has rows, and never under [`MIN_FLOOR`].
pub fn default_floor(frequency: Frequency, rows: usize, monthly_default: usize) -> usize {
    let usual = match frequency {
        Frequency::Monthly => monthly_default,
        Frequency::Weekly => 52,
        Frequency::Daily => 60,
    };
    usual.min(rows).max(MIN_FLOOR)
}

impl Study {
    /// Decides which of `universe` is analysed on `panel`: those with at least `min_observations` returns. `lost` are
    /// the factors that never came to a column, with their reasons.
    pub fn new(
        panel: Arc<Panel>,
        yields: Arc<YieldTable>,
        universe: &[Arc<Factor>],
        lost: &[Exclusion],
        min_observations: usize,
    ) -> Self {
        let mut factors = Vec::new();
        let mut excluded = Vec::new();
        for factor in universe {
            if let Some(exclusion) = lost.iter().find(|exclusion| exclusion.ticker == factor.ticker) {
                excluded.push(exclusion.clone());
                continue;
            }
            match verdict(&panel, factor, min_observations) {
                Ok(column) => factors.push(StudiedFactor { factor: Arc::clone(factor), column }),
                Err((reason, detail)) => excluded.push(Exclusion {
                    ticker: factor.ticker.clone(),
                    label: factor.label.clone(),
                    reason,
                    detail,
                }),
            }
        }
        let listed = universe.to_vec();
        Self { panel, yields, factors, excluded, listed, min_observations, slice: None, kept: None }
    }

    /// The same study for correlations on the rows of a regime. Which factors are analysed, their histories and their
    /// coverage stay those of the whole window.
    ///
    /// # Errors
    /// [`RegimeError`] when the window has no such slice.
    pub fn in_regime(self, regime: Regime) -> Result<Self, RegimeError> {
        let slice = regime.slice(&self)?;
        Ok(Self { slice: Some(slice), ..self })
    }

    /// The rows that pairs are correlated on; `None` for all.
    pub fn slice(&self) -> Option<&Slice> {
        self.slice.as_ref()
    }

    /// The study whose panel and yield changes are missing on every row outside the slice, and in which a pair needs
    /// [`MIN_ROWS`]; `None` without a slice. Composites have the same values on the rows of the slice: a member
    /// still starts where its history does.
    pub fn sliced(&self) -> Option<Self> {
        let slice = self.slice.as_ref()?;
        let panel = Arc::new(self.panel.masked(&slice.keep));
        Some(Self { panel, min_observations: MIN_ROWS, kept: Some(Arc::clone(&slice.keep)), ..self.clone() })
    }

    /// The fewest common rows a pair needs: [`MIN_ROWS`] within a slice, else `min_observations`.
    pub fn pair_floor(&self) -> usize {
        self.slice.as_ref().map_or(self.min_observations, |_| MIN_ROWS)
    }

    /// The panel.
    pub fn panel(&self) -> &Panel {
        &self.panel
    }

    /// The analysed factors of some categories, in the universe's order.
    pub fn in_categories(&self, categories: &BTreeSet<Category>) -> Vec<&StudiedFactor> {
        self.factors.iter().filter(|studied| categories.contains(&studied.factor.category)).collect()
    }

    /// The universe's factors of some categories, analysed or not.
    pub fn count_listed(&self, categories: &BTreeSet<Category>) -> usize {
        self.listed.iter().filter(|factor| categories.contains(&factor.category)).count()
    }

    /// A column's history in the panel.
    pub fn history(&self, column: usize) -> History {
        History::of(self.panel.column(column), self.panel.labels())
    }

    /// The change of a yield over each period, in percentage points: dy_t = y_t - y_(t-1).
    ///
    /// A month's or week's yield is the last one in it, at most [`STALE_YIELD_DAYS`] before its end; a day's is that
    /// day's. `NaN` where either end is missing, and outside the rows to which the study was cut down.
    pub fn yield_changes(&self, maturity: Maturity) -> Vec<f64> {
        let at = |label: NaiveDate| {
            let reach = if self.panel.frequency() == Frequency::Daily { 0 } else { STALE_YIELD_DAYS };
            let (date, value) = self.yields.last_on_or_before(maturity, label, reach)?;
            let within = self.panel.frequency() != Frequency::Weekly || date.friday() == label;
            within.then_some(value)
        };
        let is_kept = |row: usize| self.kept.as_ref().is_none_or(|kept| kept[row]);
        (0..self.panel.rows())
            .map(|row| match (at(self.panel.label_before(row)), at(self.panel.labels()[row])) {
                (Some(before), Some(now)) if is_kept(row) => now - before,
                _ => f64::NAN,
            })
            .collect()
    }

    /// The risk-free rate per period: the first of the three-month Treasury yield, the cash proxies BIL and SGOV, and
    /// zero that covers 90% of the rows.
    ///
    /// From the yield: y / 100 / P with the last y on or before the end of the period before, at most
    /// [`STALE_YIELD_DAYS`] older. From a cash proxy: its return over the period.
    pub fn risk_free(&self) -> RiskFree {
        let rows = self.panel.rows();
        let per_year = self.panel.frequency().periods_per_year();
        let from_yield = (0..rows).map(|row| {
            self.yields
                .last_on_or_before(Maturity::Ust3M, self.panel.label_before(row), STALE_YIELD_DAYS)
                .map_or(f64::NAN, |(_, percent)| percent / 100.0 / per_year)
        });
        let mut candidates = vec![(Maturity::Ust3M.as_str(), from_yield.collect::<Vec<_>>())];
        for proxy in ["BIL", "SGOV"] {
            let column = proxy.parse().ok().and_then(|ticker: Ticker| self.panel.position(&ticker));
            candidates.extend(column.map(|column| (proxy, self.panel.column(column).to_vec())));
        }
        candidates.push(("0", vec![0.0; rows]));
        let covered = |values: &[f64]| values.iter().filter(|value| value.is_finite()).count();
        candidates
            .into_iter()
            .find(|(_, values)| covers(covered(values), rows, RISK_FREE_COVERAGE))
            .map(|(source, per_period)| RiskFree { source: source.to_owned(), per_period })
            .unwrap_or_else(|| RiskFree { source: "0".to_owned(), per_period: vec![0.0; rows] })
    }

    /// The analysed members of a macro group, and how many ETFs the universe lists for it. User groups are no members.
    pub fn macro_members(&self, group: AssetClass) -> (Vec<&StudiedFactor>, usize) {
        self.members(|factor| factor.asset_class == group && factor.category != Category::User)
    }

    /// The analysed members for which `belongs` holds, and how many ETFs the universe lists for it.
    pub fn members(&self, belongs: impl Fn(&Factor) -> bool) -> (Vec<&StudiedFactor>, usize) {
        let listed = self.listed.iter().filter(|factor| belongs(factor)).count();
        (self.factors.iter().filter(|studied| belongs(&studied.factor)).collect(), listed)
    }

    /// The names by which industries are grouped, in order of appearance, and the labels of industries without one.
    pub fn industry_groups(&self, name: impl Fn(&Factor) -> Option<&str>) -> (Vec<String>, Vec<String>) {
        let mut groups = Vec::<String>::new();
        let mut unlabeled = Vec::new();
        for factor in self.listed.iter().filter(|factor| factor.category == Category::Industry) {
            match name(factor) {
                Some(group) if !groups.iter().any(|known| known == group) => groups.push(group.to_owned()),
                Some(_) => {}
                None => unlabeled.push(factor.label.clone()),
            }
        }
        groups.sort();
        (groups, unlabeled)
    }

    /// The equal-weight composite of a group, or its coverage when too small a share of its listed ETFs is analysed.
    pub fn composite(
        &self,
        name: &str,
        members: &[&StudiedFactor],
        listed: usize,
        min_coverage: f64,
    ) -> Result<Composite, f64> {
        if members.is_empty() || !covers(members.len(), listed, min_coverage) {
            return Err(100.0 * members.len() as f64 / listed.max(1) as f64);
        }
        let members: Vec<Member> =
            members.iter().map(|studied| Member { column: studied.column, weight: 1.0 }).collect();
        Ok(Composite::build(name, &self.panel, &members, listed, min_coverage))
    }

    /// Returns present among some factors as a share of rows x factors, in percent.
    pub fn coverage_pct(&self, factors: &[&StudiedFactor]) -> f64 {
        let cells = self.panel.rows() * factors.len();
        let present: usize = factors.iter().map(|f| self.panel.columns()[f.column].observations).sum();
        if cells == 0 { 0.0 } else { 100.0 * present as f64 / cells as f64 }
    }
}

/// Composites by name, and the coverage of those that were left out.
#[derive(Debug, Clone, Default)]
pub struct Composites {
    /// Those with enough of their ETFs analysed.
    pub built: Vec<Composite>,
    /// 100 x analysed / listed ETFs of every group, built or not.
    pub coverage_pct: IndexMap<String, f64>,
}

impl Composites {
    /// Adds one group's outcome.
    pub fn push(&mut self, name: &str, outcome: Result<Composite, f64>) {
        match outcome {
            Ok(composite) => {
                self.coverage_pct.insert(name.to_owned(), composite.coverage_pct());
                self.built.push(composite);
            }
            Err(coverage) => {
                self.coverage_pct.insert(name.to_owned(), coverage);
            }
        }
    }
}

fn verdict(panel: &Panel, factor: &Factor, floor: usize) -> Result<usize, (ExclusionReason, String)> {
    let ticker = &factor.ticker;
    let column =
        panel.position(ticker).ok_or_else(|| (ExclusionReason::NoData, format!("no prices of {ticker} were found")))?;
    let known = &panel.columns()[column];
    if let Some(why) = &known.unsupported {
        return Err((ExclusionReason::Unsupported, why.clone()));
    }
    if known.observations >= floor.max(1) {
        return Ok(column);
    }
    let frequency = panel.frequency();
    if ticker.is_group() {
        let detail = format!(
            "{} {frequency} returns in the window, {} needed; a group's return needs half of its weight",
            known.observations,
            floor.max(1)
        );
        return Err((ExclusionReason::ThinHistory, detail));
    }
    let (first, last) = (known.series.dates().first(), known.series.dates().last());
    let (Some(first), Some(last)) = (first, last) else {
        return Err((ExclusionReason::NoData, format!("the source has no usable price of {ticker}")));
    };
    let reason = if known.has_price { ExclusionReason::ThinHistory } else { ExclusionReason::NoData };
    let needed = if floor <= 1 { "at least one".to_owned() } else { floor.to_string() };
    let detail = format!(
        "{} {frequency} returns in the window, {needed} needed; its prices run from {first} to {last}",
        known.observations
    );
    Err((reason, detail))
}
