//! Which factors of a universe are analysed on a panel, and what they are analysed with.

mod daily;
mod exclusion;
mod history;
mod standing;

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use factor_types::{AssetClass, Category, Factor, Frequency, Maturity, YieldTable};

use self::exclusion::verdict;
pub use self::{
    exclusion::{Exclusion, ExclusionReason},
    history::History,
    standing::Standing,
};
use crate::{
    Panel,
    composite::{Composite, Member, covers},
    regime::{MIN_ROWS, Regime, RegimeError, Slice},
    yields::{self, RiskFree},
};

/// Fewest rows any floor can mean.
pub const MIN_FLOOR: usize = MIN_ROWS;

/// A factor that is analysed, and its column.
#[derive(Debug, Clone)]
pub struct StudiedFactor {
    /// The factor.
    pub factor: Arc<Factor>,
    /// Its panel column.
    pub column: usize,
    /// Whether it is too young, or over.
    pub standing: Standing,
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
                Ok(column) => {
                    let standing = Standing::of(&panel, &panel.columns()[column]);
                    factors.push(StudiedFactor { factor: Arc::clone(factor), column, standing });
                }
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
        let slice = regime.slice(&self.panel, &self.yields)?;
        Ok(Self { slice: Some(slice), ..self })
    }

    /// The rows of this study's panel that a regime picks, however few ([`Regime::rows`]).
    ///
    /// # Errors
    /// [`RegimeError::NoData`] when what defines it is missing in the whole window.
    pub fn rows_of(&self, regime: Regime) -> Result<Slice, RegimeError> {
        regime.rows(&self.panel, &self.yields)
    }

    /// Every factor of the universe, analysed or not.
    pub fn listed(&self) -> &[Arc<Factor>] {
        &self.listed
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
        // Masked and not cut: rows stay where they are, so windows and ages keep their meaning.
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

    /// The same for whoever keeps it.
    pub fn shared_panel(&self) -> Arc<Panel> {
        Arc::clone(&self.panel)
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
        let Standing { young, stopped } = Standing::of(&self.panel, &self.panel.columns()[column]);
        History { young, stopped, ..History::of(self.panel.column(column), self.panel.labels()) }
    }

    /// The change of a yield over each period ([`yields::changes`]), `NaN` outside the rows to which the study was cut down
    /// as well.
    pub fn yield_changes(&self, maturity: Maturity) -> Vec<f64> {
        let mut changes = yields::changes(&self.panel, &self.yields, maturity);
        if let Some(kept) = &self.kept {
            changes.iter_mut().zip(kept.iter()).filter(|(_, kept)| !**kept).for_each(|(change, _)| *change = f64::NAN);
        }
        changes
    }

    /// A maturity's yield on a date, or the last one of at most so many days before it, with its own date.
    pub fn yield_on(&self, maturity: Maturity, date: NaiveDate, days: i64) -> Option<(NaiveDate, f64)> {
        self.yields.last_on_or_before(maturity, date, days)
    }

    /// The date of a maturity's newest yield within the window ([`yields::as_of`]).
    pub fn yields_as_of(&self, maturity: Maturity) -> Option<NaiveDate> {
        yields::as_of(&self.panel, &self.yields, maturity)
    }

    /// Those of some maturities whose yields end more than a period before the window ([`yields::end_early`]), with the
    /// date of the newest.
    pub fn yields_that_end_early(&self, maturities: &[Maturity]) -> Vec<(Maturity, NaiveDate)> {
        let ends = maturities.iter().filter_map(|maturity| Some((*maturity, self.yields_as_of(*maturity)?)));
        ends.filter(|(_, last)| yields::end_early(&self.panel, *last)).collect()
    }

    /// The risk-free rate per period ([`RiskFree::of`]).
    pub fn risk_free(&self) -> RiskFree {
        RiskFree::of(&self.panel, &self.yields)
    }

    /// The analysed members of a macro group, and how many ETFs the universe lists for it. User groups are no members.
    pub fn macro_members(&self, group: AssetClass) -> (Vec<&StudiedFactor>, usize) {
        self.members(|factor| factor.asset_class == Some(group) && factor.category != Category::User)
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

#[cfg(test)]
mod tests {
    use factor_types::{SourceTier, Ticker};

    use super::*;
    use crate::test_study::{Fund, month_end, study, ticker, yields};

    const NAN: f64 = f64::NAN;

    #[test]
    fn a_floor_is_what_is_usual_within_what_there_is() {
        assert_eq!(default_floor(Frequency::Monthly, 120, 24), 24);
        assert_eq!(default_floor(Frequency::Weekly, 30, 24), 30);
        assert_eq!(default_floor(Frequency::Daily, 5, 24), MIN_FLOOR);
    }

    #[test]
    fn what_is_not_analysed_is_listed_and_counts_in_the_coverage() {
        let funds = [
            Fund::new("A", Category::Style, &[0.1, 0.2, 0.3, 0.1]),
            Fund::new("B", Category::Style, &[NAN, NAN, 0.3, 0.1]),
            Fund::new("C", Category::Market, &[0.1, 0.2, 0.3, 0.2]),
        ];
        let study = study(&funds, YieldTable::default());
        let styles = BTreeSet::from([Category::Style]);
        let names = |factors: Vec<&StudiedFactor>| -> Vec<Ticker> {
            factors.iter().map(|studied| studied.factor.ticker.clone()).collect()
        };
        assert_eq!((names(study.in_categories(&styles)), study.count_listed(&styles)), (vec![ticker("A")], 2));
        assert_eq!((study.excluded[0].ticker.as_str(), study.excluded[0].reason), ("B", ExclusionReason::ThinHistory));
        let (members, listed) = study.members(|factor| factor.category == Category::Style);
        assert_eq!(study.composite("style", &members, listed, 0.6).unwrap_err(), 50.0);
        assert_eq!(study.composite("style", &members, listed, 0.5).unwrap().values.len(), 4);
        assert_eq!(study.coverage_pct(&members), 100.0);
        assert_eq!(study.history(1).first, Some(month_end(3)));
    }

    #[test]
    fn a_factor_that_never_came_to_a_column_keeps_its_reason() {
        let panel = crate::test_study::panel(&[("A", &[0.1, 0.2, 0.3])]);
        let universe = [Arc::new(Factor::new(ticker("X"), "x", Category::Style, SourceTier::Request))];
        let lost = Exclusion {
            ticker: ticker("X"),
            label: "x".to_owned(),
            reason: ExclusionReason::FetchFailed,
            detail: "the source did not answer".to_owned(),
        };
        let study = Study::new(Arc::new(panel), Arc::default(), &universe, std::slice::from_ref(&lost), 1);
        assert_eq!((study.factors.len(), &study.excluded), (0, &vec![lost]));
    }

    #[test]
    fn a_sliced_study_has_yield_changes_on_the_rows_of_the_slice_alone() {
        let returns: Vec<f64> = (0..24).map(|at| f64::from(at % 5) / 100.0).collect();
        let percent: Vec<f64> = (0..25).map(|at| 4.0 + f64::from(at % 3) / 10.0).collect();
        let whole = study(&[Fund::new("A", Category::Style, &returns)], yields(Maturity::Ust10Y, &percent));
        assert!(whole.sliced().is_none() && whole.pair_floor() == 3);
        let within = whole.in_regime("2011".parse().unwrap()).unwrap();
        let sliced = within.sliced().unwrap();
        let known = |study: &Study| study.yield_changes(Maturity::Ust10Y).iter().filter(|y| y.is_finite()).count();
        assert_eq!((known(&within), known(&sliced), sliced.pair_floor()), (24, 12, MIN_ROWS));
    }
}
