//! Single flight: equal work under way at the same time is done once.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};

/// A result that is under way, for any number of callers.
pub type InFlight<V> = Shared<BoxFuture<'static, V>>;

type Flying<K, V, T> = HashMap<K, (WeakShared<BoxFuture<'static, V>>, T)>;

/// Work in flight, by key. A caller who asks for a key that is in flight waits for the same result; one that is
/// cancelled takes nothing from the others, and when all are gone the work is dropped. A finished result is not kept
/// here.
///
/// `T` goes with the work and is given to all its callers: its progress, for instance.
pub struct SingleFlight<K, V, T = ()> {
    flying: Mutex<Flying<K, V, T>>,
}

impl<K, V, T> Default for SingleFlight<K, V, T> {
    fn default() -> Self {
        Self { flying: Mutex::default() }
    }
}

impl<K, V, T> fmt::Debug for SingleFlight<K, V, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}

impl<K: Hash + Eq, V: Clone, T: Clone> SingleFlight<K, V, T> {
    /// The work under `key`: what is in flight, else what `start` makes, with the value that goes with it.
    pub fn join(&self, key: K, start: impl FnOnce() -> (BoxFuture<'static, V>, T)) -> (InFlight<V>, T) {
        // The lock is never held while foreign code runs, so a poisoned one holds nothing half done.
        let mut flying = self.flying.lock().unwrap_or_else(PoisonError::into_inner);
        let in_the_air = |weak: &WeakShared<_>| weak.upgrade().filter(|flight: &InFlight<V>| flight.peek().is_none());
        if let Some((weak, with)) = flying.get(&key)
            && let Some(flight) = in_the_air(weak)
        {
            return (flight, with.clone());
        }
        // Finished and abandoned work is swept out here: no task of its own is needed for it.
        flying.retain(|_, (weak, _)| in_the_air(weak).is_some());
        let (work, with) = start();
        let flight = work.shared();
        if let Some(weak) = flight.downgrade() {
            flying.insert(key, (weak, with.clone()));
        }
        (flight, with)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use super::*;

    fn work(count: &Arc<AtomicUsize>) -> (BoxFuture<'static, usize>, ()) {
        let count = Arc::clone(count);
        let work = async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            count.fetch_add(1, Ordering::SeqCst) + 1
        };
        (work.boxed(), ())
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_callers_are_one_piece_of_work() {
        let (flights, count) = (SingleFlight::default(), Arc::new(AtomicUsize::new(0)));
        let callers = (0..1000).map(|_| flights.join("a", || work(&count)).0);
        assert!(futures::future::join_all(callers).await.into_iter().all(|result| result == 1));
        // Finished work is not handed out again.
        assert_eq!(flights.join("a", || work(&count)).0.await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_caller_may_be_cancelled() {
        let (flights, count) = (SingleFlight::default(), Arc::new(AtomicUsize::new(0)));
        let first = tokio::spawn(flights.join("a", || work(&count)).0);
        tokio::time::sleep(Duration::from_millis(10)).await;
        let second = flights.join("a", || work(&count)).0;
        first.abort();
        assert_eq!(second.await, 1);
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn work_without_a_caller_is_dropped() {
        let (flights, count) = (SingleFlight::default(), Arc::new(AtomicUsize::new(0)));
        let only = tokio::spawn(flights.join("a", || work(&count)).0);
        tokio::time::sleep(Duration::from_millis(10)).await;
        only.abort();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(count.load(Ordering::SeqCst), 0);
        assert_eq!(flights.join("a", || work(&count)).0.await, 1);
    }
}
