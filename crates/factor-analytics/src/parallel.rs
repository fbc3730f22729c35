//! Threads inside a kernel.
//!
//! A kernel cuts its work into pieces in a way that depends on the sizes alone, never on the number of threads, and every
//! piece is computed by one thread alone. So threads change when a piece is computed, and nothing in it: the results
//! are the same bit for bit. A stop ends work early and leaves no result, so it changes nothing in one either.

use std::{
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::Thread,
    time::Duration,
};

use crate::observer::{Progress, Silent, Stopped};

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
    /// [`Threads::Auto`] uses no more: a server answers other callers at the same time.
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
    let run = |scratch: &mut S, item: T, _: &mut Checkpoint<'_, '_>| {
        work(scratch, item);
        Ok(())
    };
    // Never stops: nothing is said to `Silent`, and the work itself does not fail.
    let _all = observed(threads, (0, items), scratch, run, &mut Progress::new(&mut Silent, ""));
}

/// Where a piece of work asks whether to go on. The calling thread asks the observer; the others see what it answered.
pub(crate) struct Checkpoint<'a, 'b> {
    stopped: &'a AtomicBool,
    progress: Option<&'a mut Progress<'b>>,
}

impl Checkpoint<'_, '_> {
    /// Asks whether to go on. Once the answer is no, it stays no for all threads.
    pub(crate) fn check(&mut self) -> Result<(), Stopped> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(Stopped);
        }
        let answer = self.progress.as_ref().map_or(Ok(()), |progress| progress.check());
        self.stopped.fetch_or(answer.is_err(), Ordering::Relaxed);
        answer
    }

    /// Says that so many of `count` items are done.
    fn advance(&mut self, done: usize, count: usize) -> Result<(), Stopped> {
        let answer = self.progress.as_mut().map_or(Ok(()), |progress| progress.advance(done, count));
        self.stopped.fetch_or(answer.is_err(), Ordering::Relaxed);
        answer
    }
}

/// How often the calling thread asks the observer while it waits for others.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// A thread that helps, until it leaves, by a panic too.
struct Leaving<'a> {
    helping: &'a AtomicUsize,
    calling: &'a Thread,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.helping.fetch_sub(1, Ordering::Release);
        self.calling.unpark();
    }
}

/// As [`for_each`], over so many items. The calling thread says, each time it is done with one, how many are done in all;
/// once the observer says stop no further item begins, and work that asks its checkpoint ends early.
///
/// # Errors
/// [`Stopped`] when the observer said stop before all was done.
pub(crate) fn observed<T, S>(
    threads: usize,
    (count, items): (usize, impl Iterator<Item = T> + Send),
    scratch: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, T, &mut Checkpoint<'_, '_>) -> Result<(), Stopped> + Sync,
    progress: &mut Progress<'_>,
) -> Result<(), Stopped> {
    let (queue, done, stopped) = (Mutex::new(items), AtomicUsize::new(0), AtomicBool::new(false));
    let (calling, helping) = (std::thread::current(), AtomicUsize::new(0));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = |mut checkpoint: Checkpoint<'_, '_>| -> Result<(), Stopped> {
        let mut scratch = scratch();
        while let Some(item) = next() {
            if stopped.load(Ordering::Relaxed) {
                return Err(Stopped);
            }
            work(&mut scratch, item, &mut checkpoint)?;
            checkpoint.advance(done.fetch_add(1, Ordering::Relaxed) + 1, count)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        // One less: the calling thread works too.
        for _ in 1..threads {
            let help = || {
                let _leaving = Leaving { helping: &helping, calling: &calling };
                // The calling thread finds the same stop and returns it.
                let _ended = run(Checkpoint { stopped: &stopped, progress: None });
            };
            helping.fetch_add(1, Ordering::Release);
            // A machine that gives no further thread leaves the work to those there are.
            if std::thread::Builder::new().spawn_scoped(scope, help).is_err() {
                helping.fetch_sub(1, Ordering::Release);
                break;
            }
        }
        run(Checkpoint { stopped: &stopped, progress: Some(&mut *progress) })?;
        // The others' last items may be long: the observer is asked on.
        let mut checkpoint = Checkpoint { stopped: &stopped, progress: Some(&mut *progress) };
        while helping.load(Ordering::Acquire) > 0 {
            checkpoint.check()?;
            std::thread::park_timeout(ASK_EVERY);
        }
        Ok(())
    })?;
    if stopped.load(Ordering::Relaxed) { Err(Stopped) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::tests::StopAt;

    #[test]
    fn every_item_is_done_once_by_any_number_of_threads() {
        for threads in [1, 2, 5] {
            let mut cells = vec![0_u32; 100];
            for_each(threads, cells.iter_mut().enumerate(), || (), |(), (at, cell)| *cell += at as u32);
            assert!(cells.iter().enumerate().all(|(at, cell)| *cell == at as u32));
        }
    }

    #[test]
    fn no_item_begins_after_the_stop() {
        for threads in [1, 2, 5] {
            let begun = AtomicUsize::new(0);
            let mut observer = StopAt::question(3);
            let work = |(): &mut (), _: usize, _: &mut Checkpoint<'_, '_>| {
                begun.fetch_add(1, Ordering::Relaxed);
                Ok(())
            };
            let mut progress = Progress::new(&mut observer, "items");
            let found = observed(threads, (1_000_000, 0..1_000_000), || (), work, &mut progress);
            assert_eq!(found, Err(Stopped));
            // The calling thread is asked after each of its own items, and stopped after the third.
            assert!(threads > 1 || begun.load(Ordering::Relaxed) == 3);
            assert_eq!(observer.asked.get(), 3);
        }
    }

    #[test]
    fn work_ends_at_its_checkpoint() {
        let blocks = AtomicUsize::new(0);
        let work = |(): &mut (), _: usize, checkpoint: &mut Checkpoint<'_, '_>| {
            for _ in 0..10 {
                checkpoint.check()?;
                blocks.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let mut observer = StopAt::question(15);
        let found = observed(1, (5, 0..5), || (), work, &mut Progress::new(&mut observer, "items"));
        // Ten questions and one after the first item; the fourth of the second item is the fifteenth.
        assert_eq!((found, blocks.load(Ordering::Relaxed)), (Err(Stopped), 13));
    }

    #[test]
    fn small_work_is_done_by_one() {
        assert_eq!(Threads::Auto.for_work(1e6), 1);
        assert!((1..=Threads::MAX).contains(&Threads::Auto.for_work(1e12)));
        assert_eq!(Threads::Exactly(NonZeroUsize::new(3).unwrap()).for_work(1.0), 3);
    }
}
