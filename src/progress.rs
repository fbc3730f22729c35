//! How far a call is, for the one who waits for it: a client over MCP, or a terminal.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    io::{self, IsTerminal},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use indicatif::{ProgressBar, ProgressStyle};

/// A client hears at most this often ...
const CLIENT_EVERY: Duration = Duration::from_secs(1);
/// ... and after this many silent turns even if nothing has moved.
const SILENT_TURNS: u32 = 4;
const BAR_EVERY: Duration = Duration::from_millis(100);

/// A client that hears how far a call is. One that has gone is no reason to fail.
pub trait ProgressListener: fmt::Debug + Send + Sync {
    /// `done` of `total` steps, and the same in words. `done` grows from report to report and may lie between two steps.
    fn report(&self, done: f64, total: f64, message: String) -> BoxFuture<'_, ()>;
}

/// Progress of one call, for the one who asked for it; otherwise nothing is sent.
#[derive(Debug, Clone, Default)]
pub enum Progress {
    /// Nobody listens.
    #[default]
    Silent,
    /// A client that asked for it.
    Client(Arc<Heard>),
    /// A bar on a terminal; gone when the work is done.
    Bar(ProgressBar),
}

/// A client and what it has heard. A call has several phases, each with steps of its own, and the client hears one count
/// that only grows.
#[derive(Debug)]
pub struct Heard {
    listener: Arc<dyn ProgressListener>,
    so_far: Mutex<SoFar>,
}

#[derive(Debug, Default)]
struct SoFar {
    /// The steps of the phases that are over.
    before: usize,
    /// What was reported last.
    last: f64,
}

impl Heard {
    async fn report(&self, done: f64, total: usize, message: String) {
        let (done, total) = {
            let mut so_far = self.so_far();
            // A step further than before, however little: that it grows is the sign of life.
            let done = (so_far.before as f64 + done).max(so_far.last + 1e-3);
            so_far.last = done;
            (done, ((so_far.before + total) as f64).max(done))
        };
        self.listener.report(done, total, message).await;
    }

    fn so_far(&self) -> std::sync::MutexGuard<'_, SoFar> {
        // Numbers alone: nothing is half done under this lock.
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far fetching is. Work counts here, and the one that follows it looks.
#[derive(Debug, Default)]
pub struct Fetching {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Fetching {
    /// So many more things are to be fetched.
    pub fn expect(&self, more: usize) {
        self.total.fetch_add(more, Ordering::Relaxed);
    }

    /// One of them is there, or given up.
    pub fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn look(&self) -> (usize, usize) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

impl Progress {
    /// Progress for a client.
    pub fn client(listener: Arc<dyn ProgressListener>) -> Self {
        Self::Client(Arc::new(Heard { listener, so_far: Mutex::default() }))
    }

    /// A bar on standard error, if that is a terminal.
    pub fn bar() -> Self {
        if !io::stderr().is_terminal() {
            return Self::Silent;
        }
        let bar = ProgressBar::no_length();
        // The template is constant: it is well formed or the bar stays plain.
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    /// Does the work and reports how far it is until then.
    pub async fn follow<T>(&self, what: &str, fetching: &Fetching, work: impl Future<Output = T>) -> T {
        let reporting = async {
            match self {
                Self::Silent => std::future::pending::<Infallible>().await,
                Self::Client(client) => report(client, what, fetching).await,
                Self::Bar(bar) => draw(bar, what, fetching).await,
            }
        };
        let done = tokio::select! {
            // Work that is done ends the waiting even where a report is due at the same moment.
            biased;
            done = work => done,
            never = reporting => match never {},
        };
        match self {
            Self::Silent => {}
            Self::Client(client) => client.so_far().before += fetching.look().1,
            Self::Bar(bar) => bar.finish_and_clear(),
        }
        done
    }
}

/// Progress must grow from message to message. While nothing arrives it creeps towards the next whole step and never reaches
/// it. A client that has gone is no reason to fail.
async fn report(client: &Heard, what: &str, fetching: &Fetching) -> Infallible {
    let (mut reported, mut silent, mut creeps) = (None, 0, 0u32);
    loop {
        tokio::time::sleep(CLIENT_EVERY).await;
        let (done, total) = fetching.look();
        silent += 1;
        if reported == Some(done) && silent < SILENT_TURNS {
            continue;
        }
        creeps = if reported == Some(done) { creeps + 1 } else { 0 };
        (reported, silent) = (Some(done), 0);
        let progress = done as f64 + 1.0 - 1.0 / (1.0 + 0.1 * f64::from(creeps));
        let message = format!("{what}: {done} of {total}");
        client.report(progress, total, message).await;
    }
}

async fn draw(bar: &ProgressBar, what: &str, fetching: &Fetching) -> Infallible {
    // It may have been a bar of the phase before.
    bar.reset();
    bar.set_message(what.to_owned());
    loop {
        tokio::time::sleep(BAR_EVERY).await;
        let (done, total) = fetching.look();
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Long enough that the bar is drawn.
    const WORK: Duration = Duration::from_millis(400);

    /// What a client heard: how far, of how much, and the words.
    #[derive(Debug, Default)]
    struct Ear(Mutex<Vec<(f64, f64, String)>>);

    impl ProgressListener for Ear {
        fn report(&self, done: f64, total: f64, message: String) -> BoxFuture<'_, ()> {
            self.0.lock().unwrap().push((done, total, message));
            Box::pin(std::future::ready(()))
        }
    }

    #[tokio::test]
    async fn a_client_hears_one_growing_count_through_all_phases_and_no_long_silence() {
        let ear = Arc::new(Ear::default());
        let progress = Progress::client(ear.clone());
        for (what, steps, millis) in
            [("fetching prices", 20, 1_200), ("fetching dividends", 10, 5_200), ("computing", 1, 100)]
        {
            let fetching = Fetching::default();
            fetching.expect(steps);
            let work = async {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                (0..steps).for_each(|_| fetching.step());
                tokio::time::sleep(Duration::from_millis(1_500)).await;
            };
            progress.follow(what, &fetching, work).await;
        }
        let heard = ear.0.lock().unwrap();
        assert!(heard.is_sorted_by(|a, b| a.0 < b.0), "{heard:?}");
        assert!(heard.iter().all(|(done, total, _)| done <= total), "{heard:?}");
        for (what, least) in [("fetching prices: ", 2), ("fetching dividends: ", 3), ("computing: ", 1)] {
            assert!(heard.iter().filter(|(.., words)| words.starts_with(what)).count() >= least, "{what}: {heard:?}");
        }
    }

    #[tokio::test]
    async fn work_ends_whoever_listens() {
        let fetching = Fetching::default();
        fetching.expect(2);
        let work = async {
            tokio::time::sleep(WORK).await;
            fetching.step();
            7
        };
        assert_eq!(Progress::Silent.follow("prices", &fetching, work).await, 7);
        let bar = ProgressBar::hidden();
        let work = tokio::time::sleep(WORK);
        Progress::Bar(bar.clone()).follow("prices", &fetching, work).await;
        assert_eq!(bar.length(), Some(2));
        assert!(bar.is_finished());
    }
}
