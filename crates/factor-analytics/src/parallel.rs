//! Threads inside a kernel.
//!
//! A kernel cuts its work into pieces in a way that depends on the sizes alone, never on the number of threads, and every
//! piece is computed by one thread alone. So threads change when a piece is computed, and nothing in it: the results
//! are the same bit for bit.

use std::{
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use crate::Observer;

/// How many threads a kernel may use. Results do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// As many as the machine has, at most [`Threads::MAX`], and one alone where the work is too small to share.
    Auto,
    /// Exactly so many, however small the work is.
    Exactly(NonZeroUsize),
}

impl Threads {
    /// The calling thread alone.
    pub const ONE: Self = Self::Exactly(NonZeroUsize::MIN);
    /// [`Threads::Auto`] uses no more: a server answers other callers beside this one.
    pub const MAX: usize = 4;

    /// How many to use for work of so many floating-point operations.
    pub(crate) fn for_work(self, operations: f64) -> usize {
        match self {
            Self::Exactly(count) => count.get(),
            // Waking a thread costs some 50 microseconds: a core does a few million operations in that time.
            Self::Auto if operations < 1e8 => 1,
            Self::Auto => std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(Self::MAX),
        }
    }
}

/// Gives each item to one of some threads, the calling one among them. Items are taken in their order; each thread has
/// scratch space of its own.
pub(crate) fn for_each<T, S>(
    threads: usize,
    items: impl Iterator<Item = T> + Send,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) + Sync,
) {
    observed(threads, items, scratch, work, |_| true);
}

/// As [`for_each`], and tells the calling thread, each time it is done with an item, how many are done in all. Once that
/// says `false` no further item begins. Returns whether all were done.
pub(crate) fn observed<T, S>(
    threads: usize,
    items: impl Iterator<Item = T> + Send,
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T) + Sync,
    mut go_on: impl FnMut(usize) -> bool,
) -> bool {
    let (queue, done, stopped) = (Mutex::new(items), AtomicUsize::new(0), AtomicBool::new(false));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = |go_on: &mut dyn FnMut(usize) -> bool| {
        let mut scratch = scratch();
        while let Some(item) = (!stopped.load(Ordering::Relaxed)).then(&next).flatten() {
            work(&mut scratch, item);
            if !go_on(done.fetch_add(1, Ordering::Relaxed) + 1) {
                stopped.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // A machine that gives no further thread leaves the work to those there are.
            if std::thread::Builder::new().spawn_scoped(scope, || run(&mut |_| true)).is_err() {
                break;
            }
        }
        run(&mut go_on);
    });
    !stopped.load(Ordering::Relaxed)
}

/// Tells an observer which share of `items` is done, and asks it whether to go on.
pub(crate) fn reporting<'a>(
    observer: &'a mut dyn Observer,
    section: &'a str,
    items: usize,
) -> impl FnMut(usize) -> bool + 'a {
    move |done| {
        observer.progress(section, done as f64 / items.max(1) as f64);
        !observer.stop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_done_once_by_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let mut cells = vec![0_u32; 100];
            for_each(threads, cells.iter_mut().enumerate(), || (), |(), (at, cell)| *cell += at as u32);
            assert!(cells.iter().enumerate().all(|(at, cell)| *cell == at as u32));
        }
    }

    #[test]
    fn work_stops_when_the_caller_says_so() {
        let mut cells = vec![0; 10];
        let all = observed(1, cells.iter_mut(), || (), |(), cell| *cell = 1, |done| done < 3);
        assert!(!all && cells.iter().sum::<i32>() == 3);
        assert!(observed(2, cells.iter_mut(), || (), |(), cell| *cell = 2, |_| true));
        assert_eq!(cells, [2; 10]);
    }

    #[test]
    fn small_work_is_done_by_one() {
        assert_eq!(Threads::Auto.for_work(1e6), 1);
        assert!((1..=Threads::MAX).contains(&Threads::Auto.for_work(1e12)));
        assert_eq!(Threads::Exactly(NonZeroUsize::new(3).unwrap()).for_work(1.0), 3);
    }
}
