//! What a caller hears of a computation, and how it stops one.

/// Hears sections begin and end, and may say stop.
///
/// The crate has no clock: a caller that wants timings takes the time at these calls.
pub trait Observer {
    /// A section begins.
    fn begin(&mut self, _section: &str) {}

    /// The section that began last has ended, computed or stopped.
    fn end(&mut self, _section: &str) {}

    /// A long computation within a section has come so far, as a share from 0 to 1 that never falls.
    fn progress(&mut self, _section: &str, _share: f64) {}

    /// True when no further section should begin and the one that runs should end: the time budget is used up, or nobody
    /// waits for the answer. Asked many times a second, so it must be cheap.
    fn stop(&self) -> bool {
        false
    }
}

/// Hears nothing and never stops.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

/// A computation ended early because its observer said stop; there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not computed for want of time: call again, what was fetched is kept")]
pub struct Stopped;

/// What a running section, or a part of it, says to the observer: how far it is. Every kernel takes one and asks, between
/// two blocks of its work, whether to go on.
pub struct Progress<'a> {
    observer: &'a mut dyn Observer,
    section: &'a str,
    /// Where this part begins and ends within the section, as shares of the whole.
    from: f64,
    to: f64,
}

impl<'a> Progress<'a> {
    /// The whole of a section.
    pub fn new(observer: &'a mut dyn Observer, section: &'a str) -> Self {
        Self { observer, section, from: 0.0, to: 1.0 }
    }

    /// One of some equal parts of this work; `at` counts from 0.
    pub fn part(&mut self, at: usize, parts: usize) -> Progress<'_> {
        let length = (self.to - self.from) / parts.max(1) as f64;
        let from = self.from + length * at as f64;
        Progress { observer: &mut *self.observer, section: self.section, from, to: from + length }
    }

    /// Does something with each of some items, and says after each how far it is.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop, with what was done given up.
    pub(crate) fn each<T, R>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut work: impl FnMut(T) -> R,
    ) -> Result<Vec<R>, Stopped> {
        let count = items.len();
        let mut found = Vec::with_capacity(count);
        for item in items {
            found.push(work(item));
            self.advance(found.len(), count)?;
        }
        Ok(found)
    }

    /// Says that so many of `items` are done.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop.
    pub fn advance(&mut self, done: usize, items: usize) -> Result<(), Stopped> {
        let share = done as f64 / items.max(1) as f64;
        self.observer.progress(self.section, self.from + (self.to - self.from) * share);
        self.check()
    }

    /// Asks whether to go on, within an item.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.observer.stop() { Err(Stopped) } else { Ok(()) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;

    /// Counts the questions it is asked, and says stop from one of them on.
    #[derive(Debug, Default)]
    pub(crate) struct StopAt {
        /// The first question answered with stop; none when `None`.
        pub(crate) question: Option<usize>,
        /// Questions asked.
        pub(crate) asked: Cell<usize>,
        /// Every share heard.
        pub(crate) shares: Vec<f64>,
    }

    impl StopAt {
        pub(crate) fn question(question: usize) -> Self {
            Self { question: Some(question), ..Self::default() }
        }
    }

    impl Observer for StopAt {
        fn progress(&mut self, _section: &str, share: f64) {
            self.shares.push(share);
        }

        fn stop(&self) -> bool {
            self.asked.set(self.asked.get() + 1);
            self.question.is_some_and(|question| self.asked.get() >= question)
        }
    }

    /// What a kernel gives when nobody stops it.
    pub(crate) fn unobserved<T>(kernel: impl FnOnce(&mut Progress<'_>) -> Result<T, Stopped>) -> T {
        kernel(&mut Progress::new(&mut Silent, "")).unwrap()
    }

    /// Runs a kernel to its end, and stopped in the middle: it says how far it is, never less than before, and asks nothing
    /// more after the stop. Gives how often it asks in all.
    pub(crate) fn stops<T>(kernel: impl Fn(&mut Progress<'_>) -> Result<T, Stopped>) -> usize {
        let mut whole = StopAt::default();
        assert!(kernel(&mut Progress::new(&mut whole, "kernel")).is_ok());
        assert!(whole.shares.is_sorted() && whole.shares.iter().all(|share| (0.0..=1.0).contains(share)));
        let asked = whole.asked.get();
        for question in [1, asked / 2, asked].into_iter().filter(|question| *question > 0) {
            let mut stopping = StopAt::question(question);
            let stopped = kernel(&mut Progress::new(&mut stopping, "kernel")).err();
            assert_eq!((stopped, stopping.asked.get()), (Some(Stopped), question), "of {asked} questions");
        }
        asked
    }

    #[test]
    fn parts_share_the_whole_between_them() {
        let mut observer = StopAt::default();
        let mut whole = Progress::new(&mut observer, "section");
        for at in 0..2 {
            let mut half = whole.part(at, 2);
            assert_eq!(half.advance(1, 4), Ok(()));
            assert_eq!(half.part(1, 2).advance(1, 1), Ok(()));
        }
        assert_eq!(observer.shares, [0.125, 0.5, 0.625, 1.0]);
    }

    #[test]
    fn stop_is_an_error_at_the_next_question() {
        let mut observer = StopAt::question(2);
        let mut progress = Progress::new(&mut observer, "section");
        assert_eq!((progress.check(), progress.advance(1, 2), progress.check()), (Ok(()), Err(Stopped), Err(Stopped)));
        assert_eq!(observer.asked.get(), 3);
    }
}
