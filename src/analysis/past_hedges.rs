//! What hedges rest on besides a panel itself, worked out once for it and kept as long as it is: the same series on daily rows, and
//! what hedges on them took away in past quarters.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use factor_analytics::{Study, hedge::scorecard::Strategy, study::ExclusionReason};
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

/// One value under one key: that of the call before, since calls with one panel nearly always ask for the same.
#[derive(Debug)]
struct Latest<K, V>(Mutex<Option<(K, V)>>);

/// What a daily study is made of besides its panel's columns: its factors, and those that are refused.
type DailyKey = (Vec<Arc<Factor>>, Vec<Ticker>);

/// Those of the universe that was asked for last. Some 2 MB for a hundred funds.
#[derive(Debug, Default)]
pub struct PastHedges {
    daily: Latest<DailyKey, Option<Arc<Study>>>,
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
}

impl PastHedges {
    /// A study of this panel on daily rows ([`Study::daily`]); `None` where there are no daily prices.
    pub(crate) fn daily(&self, study: &Study) -> Option<Arc<Study>> {
        let refused = study.excluded.iter().filter(|one| ExclusionReason::is_refusal(one.reason));
        let key = (study.listed().to_vec(), refused.map(|one| one.ticker.clone()).collect());
        let size = |daily: &Arc<Study>| daily.panel().rows() * daily.panel().columns().len();
        let is_kept = |daily: &Option<Arc<Study>>| daily.as_ref().is_none_or(|daily| size(daily) <= MOST_KEPT);
        let made = || Ok::<_, std::convert::Infallible>(study.daily().map(Arc::new));
        self.daily.get(key, made, is_kept).unwrap_or_else(|never| match never {})
    }

    /// The results for these funds, worked out where they are not known.
    ///
    /// # Errors
    /// That of working them out; nothing is kept then.
    pub(crate) fn of<E>(
        &self,
        funds: Vec<Ticker>,
        work_out: impl FnOnce() -> Result<HashMap<Ticker, PastResults>, E>,
    ) -> Result<ByFund, E> {
        self.results.get(funds, || work_out().map(Arc::new), |_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_the_same_funds_is_not_worked_out_again() {
        let past = PastHedges::default();
        let funds = |names: &[&str]| -> Vec<Ticker> { names.iter().map(|name| name.parse().unwrap()).collect() };
        let results = |value: f64| PastResults { hedged: vec![value], bought: vec![-value] };
        let some = |value: f64| Ok::<_, ()>(HashMap::from([("SPY".parse().unwrap(), results(value))]));
        let first = past.of(funds(&["SPY", "TLT"]), || some(0.5)).unwrap();
        let again = past.of::<()>(funds(&["SPY", "TLT"]), || panic!("known")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(past.of(funds(&["SPY"]), || Err("stopped")), Err("stopped"));
        assert!(
            Arc::ptr_eq(&first, &past.of(funds(&["SPY", "TLT"]), || Err(())).unwrap()),
            "what failed replaces nothing"
        );
        let other = past.of(funds(&["SPY"]), || some(0.7)).unwrap();
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
