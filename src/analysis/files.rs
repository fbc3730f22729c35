//! What files of the user's hold, examined as an analysis of them would be, without one.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use factor_analytics::{findings::Examined, panel::Clock};
use factor_prices::{FilePrices, PriceError, PriceProvider, SourceFault, files::Held};
use factor_types::{PriceSeries, Ticker};

use super::{fetch::examined, off_thread};

/// What files hold and what the gate finds in it.
#[derive(Debug, Default)]
pub struct FilesExamined {
    /// What they hold.
    pub held: Held,
    /// By whose prices the months end: SPY's, or the longest series'.
    pub benchmark: Option<Ticker>,
    /// What is doubtful in it.
    pub examined: Examined,
}

/// The examination of the configured files, kept until they change.
#[derive(Debug, Clone, Default)]
pub struct KeptExamination {
    kept: Arc<Mutex<Option<Kept>>>,
}

#[derive(Debug)]
struct Kept {
    /// The state of the files, and the day.
    of: (u64, NaiveDate),
    found: Arc<FilesExamined>,
}

impl FilesExamined {
    /// Examines what files hold, off the async threads.
    ///
    /// # Errors
    /// When nothing could be read.
    pub async fn of(files: &FilePrices, clock: Clock) -> Result<Self, PriceError> {
        let held = files.held().await?;
        off_thread(move || Self::examine(held, clock)).await.map_err(stopped)
    }

    fn examine(held: Held, clock: Clock) -> Self {
        let series: Vec<Arc<PriceSeries>> = held.prices.iter().map(|(series, _)| Arc::clone(series)).collect();
        let benchmark = benchmark(&series);
        let by = benchmark.clone().unwrap_or_else(Ticker::spy);
        let examined = examined(&series, &held.yields, &by, clock);
        Self { held, benchmark, examined }
    }
}

impl KeptExamination {
    /// What the configured files hold, examined once for each state of theirs and each day.
    ///
    /// # Errors
    /// When nothing could be read.
    pub async fn of(&self, files: &FilePrices, clock: Clock) -> Result<Arc<FilesExamined>, PriceError> {
        let now = (files.revision(), clock.today);
        if let Some(kept) = &*self.kept.lock().unwrap_or_else(PoisonError::into_inner)
            && kept.of == now
        {
            return Ok(Arc::clone(&kept.found));
        }
        let held = files.held().await?;
        let kept = Arc::clone(&self.kept);
        // Kept by the work itself, which goes on where nobody waits for it any longer.
        let work = move || {
            let found = Arc::new(FilesExamined::examine(held, clock));
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { of: now, found: Arc::clone(&found) });
            found
        };
        off_thread(work).await.map_err(stopped)
    }
}

fn stopped(_: super::AnalysisError) -> PriceError {
    PriceError::failed(SourceFault::Late, "the server stops")
}

/// The most usual benchmark, else the longest of the series that are prices.
fn benchmark(series: &[Arc<PriceSeries>]) -> Option<Ticker> {
    let sound = || series.iter().filter(|series| series.refused().is_none() && !series.is_empty());
    let spy = sound().find(|series| *series.ticker() == Ticker::spy());
    // Of equally long ones the first by name.
    let longest = || sound().rev().max_by_key(|series| series.len());
    spy.or_else(longest).map(|series| series.ticker().clone())
}
