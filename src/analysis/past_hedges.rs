//! What hedges took away in past quarters: worked out once for a panel, and kept as long as it is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use factor_types::Ticker;

/// The results of each fund of a universe, in order.
pub(crate) type ByFund = Arc<HashMap<Ticker, Vec<f64>>>;

/// Those of the universe that was asked for last; calls with one panel nearly always have one universe. Some 100 kB.
#[derive(Debug, Default)]
pub struct PastHedges(Mutex<Option<(Vec<Ticker>, ByFund)>>);

impl PastHedges {
    /// The results for these funds, worked out where they are not known. Two calls at once may both work them out: nobody waits for
    /// another's work, which may be stopped.
    ///
    /// # Errors
    /// That of working them out; nothing is kept then.
    pub(crate) fn of<E>(
        &self,
        funds: Vec<Ticker>,
        work_out: impl FnOnce() -> Result<HashMap<Ticker, Vec<f64>>, E>,
    ) -> Result<ByFund, E> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, results)) = known.filter(|(of, _)| *of == funds) {
            return Ok(results);
        }
        let results = Arc::new(work_out()?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((funds, Arc::clone(&results)));
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_the_same_funds_is_not_worked_out_again() {
        let past = PastHedges::default();
        let funds = |names: &[&str]| -> Vec<Ticker> { names.iter().map(|name| name.parse().unwrap()).collect() };
        let some = |value: f64| Ok::<_, ()>(HashMap::from([("SPY".parse().unwrap(), vec![value])]));
        let first = past.of(funds(&["SPY", "TLT"]), || some(0.5)).unwrap();
        let again = past.of::<()>(funds(&["SPY", "TLT"]), || panic!("known")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        assert_eq!(past.of(funds(&["SPY"]), || Err("stopped")), Err("stopped"));
        assert!(
            Arc::ptr_eq(&first, &past.of(funds(&["SPY", "TLT"]), || Err(())).unwrap()),
            "what failed replaces nothing"
        );
        let other = past.of(funds(&["SPY"]), || some(0.7)).unwrap();
        assert_eq!(other.values().next(), Some(&vec![0.7]));
    }
}
