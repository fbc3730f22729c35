//! What answers rest on besides a panel itself, worked out once for it and kept as long as it is: all prices that its series hold
//! on daily rows and on months, the lens on them, and what hedges took away in past quarters.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use factor_analytics::{
    Study,
    hedge::scorecard::Strategy,
    lens::{LensBasis, WholeLens},
    stress::Months,
    study::ExclusionReason,
};
use factor_types::{Factor, Ticker};

/// The most returns of a daily study that is kept, 8 MB of them.
const MOST_KEPT: usize = 1_000_000;

/// What the hedges of one factor took away, quarter by quarter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PastResults {
    /// By the best hedge.
    pub(crate) hedged: Vec<f64>,
    /// By the least correlated fund, bought.
    pub(crate) bought: Vec<f64>,
}

impl PastResults {
    /// Those of one who may sell short, or may only buy.
    pub(crate) fn of(&self, strategy: Strategy) -> &[f64] {
        if strategy == Strategy::LeastCorrelatedBought { &self.bought } else { &self.hedged }
    }
}

/// The results of each fund of a universe.
pub(crate) type ByFund = Arc<HashMap<Ticker, PastResults>>;

/// The lenses asked for last, whatever panel they were for: most panels have the same funds of it.
#[derive(Debug, Default)]
pub(super) struct Lenses(Mutex<VecDeque<(LensBasis, Option<Arc<WholeLens>>)>>);

impl Lenses {
    /// The lens of a study, worked out where that of its basis is not known. Nobody waits for another's work.
    fn of(&self, study: &Study) -> Option<Arc<WholeLens>> {
        let basis = study.lens_basis()?;
        let known = |all: &VecDeque<(LensBasis, Option<Arc<WholeLens>>)>| {
            all.iter().find(|(of, _)| *of == basis).map(|(_, lens)| lens.clone())
        };
        if let Some(lens) = known(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return lens;
        }
        let lens = basis.lens().map(Arc::new);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known(&all).is_none() {
            all.truncate(MOST_LENSES - 1);
            all.push_front((basis, lens.clone()));
        }
        lens
    }
}

/// One value under one key: that of the call before, since calls with one panel nearly always ask for the same.
#[derive(Debug)]
struct Latest<K, V>(Mutex<Option<(K, V)>>);

/// The most lenses that are kept: by month, by week and by day, of two dates or sources. Each is under 2 MB.
const MOST_LENSES: usize = 6;

/// What a study over all prices is made of besides its panel's columns: its factors, and those that are refused.
type StudyKey = (Vec<Arc<Factor>>, Vec<Ticker>);

/// Those of the universe that was asked for last. Some 2 MB for a hundred funds.
#[derive(Debug, Default)]
pub struct AllPrices {
    daily: Latest<StudyKey, Option<Arc<Study>>>,
    months: Latest<StudyKey, Arc<Months>>,
    lenses: Arc<Lenses>,
    results: Latest<Vec<Ticker>, ByFund>,
}

impl<K, V> Default for Latest<K, V> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K: PartialEq, V: Clone> Latest<K, V> {
    /// The value of a key, worked out where it is not known. Two calls at once may both work it out: nobody waits for another's
    /// work, which may be stopped.
    fn get<E>(&self, key: K, work_out: impl FnOnce() -> Result<V, E>, is_kept: impl FnOnce(&V) -> bool) -> Result<V, E>
    where
        K: Clone,
    {
        let Self(latest) = self;
        let known = latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, value)) = known.filter(|(of, _)| *of == key) {
            return Ok(value);
        }
        let value = work_out()?;
        if is_kept(&value) {
            *latest.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, value.clone()));
        }
        Ok(value)
    }

    /// The same of what cannot fail.
    fn sure(&self, key: K, work_out: impl FnOnce() -> V, is_kept: impl FnOnce(&V) -> bool) -> V
    where
        K: Clone,
    {
        self.get(key, || Ok::<_, Infallible>(work_out()), is_kept).unwrap_or_else(|never| match never {})
    }
}

impl AllPrices {
    /// Nothing is worked out yet; `lenses` are those of all panels.
    pub(super) fn new(lenses: Arc<Lenses>) -> Self {
        Self { lenses, ..Self::default() }
    }

    /// A study of this panel on daily rows ([`Study::daily`]); `None` where there are no daily prices.
    pub(crate) fn daily(&self, study: &Study) -> Option<Arc<Study>> {
        let size = |daily: &Arc<Study>| daily.panel().rows() * daily.panel().columns().len();
        let is_kept = |daily: &Option<Arc<Study>>| daily.as_ref().is_none_or(|daily| size(daily) <= MOST_KEPT);
        self.daily.sure(key_of(study), || study.daily().map(Arc::new), is_kept)
    }

    /// What stands in for holdings of this panel: its months ([`Study::monthly`]), or its own rows where there are none.
    pub(crate) fn months(&self, study: &Study) -> Arc<Months> {
        let made = || {
            let monthly = study.monthly();
            let study = monthly.as_ref().unwrap_or(study);
            Arc::new(Months::new(study.shared_panel(), study.risk_free().per_period))
        };
        self.months.sure(key_of(study), made, |_| true)
    }

    /// The lens on this panel's frequency ([`Study::lens_basis`]); `None` where it has no price of any of its funds.
    pub(crate) fn lens(&self, study: &Study) -> Option<Arc<WholeLens>> {
        self.lenses.of(study)
    }

    /// The results for these funds, worked out where they are not known.
    ///
    /// # Errors
    /// That of working them out; nothing is kept then.
    pub(crate) fn past_results<E>(
        &self,
        funds: Vec<Ticker>,
        work_out: impl FnOnce() -> Result<HashMap<Ticker, PastResults>, E>,
    ) -> Result<ByFund, E> {
        self.results.get(funds, || work_out().map(Arc::new), |_| true)
    }
}

fn key_of(study: &Study) -> StudyKey {
    let refused = study.excluded.iter().filter(|one| ExclusionReason::is_refusal(one.reason));
    (study.listed().to_vec(), refused.map(|one| one.ticker.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_the_same_funds_is_not_worked_out_again() {
        let all_prices = AllPrices::default();
        let funds = |names: &[&str]| -> Vec<Ticker> { names.iter().map(|name| name.parse().unwrap()).collect() };
        let results = |value: f64| PastResults { hedged: vec![value], bought: vec![-value] };
        let some = |value: f64| Ok::<_, ()>(HashMap::from([("SPY".parse().unwrap(), results(value))]));
        let first = all_prices.past_results(funds(&["SPY", "TLT"]), || some(0.5)).unwrap();
        let again = all_prices.past_results::<()>(funds(&["SPY", "TLT"]), || panic!("known")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(all_prices.past_results(funds(&["SPY"]), || Err("stopped")), Err("stopped"));
        assert!(
            Arc::ptr_eq(&first, &all_prices.past_results(funds(&["SPY", "TLT"]), || Err(())).unwrap()),
            "what failed replaces nothing"
        );
        let other = all_prices.past_results(funds(&["SPY"]), || some(0.7)).unwrap();
        let of_spy = other.values().next().unwrap();
        assert_eq!(
            (of_spy.of(Strategy::BestHedge), of_spy.of(Strategy::LeastCorrelatedBought)),
            (&[0.7][..], &[-0.7][..])
        );
    }

    #[test]
    fn what_is_too_large_is_worked_out_each_time() {
        let latest = Latest::default();
        let kept = |value: u32| latest.get("key", || Ok::<_, ()>(value), |value| *value < 10).unwrap();
        assert_eq!((kept(11), kept(3), kept(4)), (11, 3, 3));
    }
}
