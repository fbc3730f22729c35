//! How far a call is, for the one who waits for it: a client over MCP, or a terminal.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    io::{self, IsTerminal},
    sync::{
        Arc,
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
    Client(Arc<dyn ProgressListener>),
    /// A bar on a terminal; gone when the work is done.
    Bar(ProgressBar),
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
                Self::Client(listener) => report(&**listener, what, fetching).await,
                Self::Bar(bar) => draw(bar, what, fetching).await,
            }
        };
        let done = tokio::select! {
            // Work that is done ends the waiting even where a report is due at the same moment.
            biased;
            done = work => done,
            never = reporting => match never {},
        };
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
        done
    }
}

/// Progress must grow from message to message. While nothing arrives it creeps towards the next whole step and never reaches
/// it. A client that has gone is no reason to fail.
async fn report(listener: &dyn ProgressListener, what: &str, fetching: &Fetching) -> Infallible {
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
        listener.report(progress, total as f64, message).await;
    }
}

async fn draw(bar: &ProgressBar, what: &str, fetching: &Fetching) -> Infallible {
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
