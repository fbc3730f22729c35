//! Work that takes the processor's time, away from the threads that answer.

use factor_analytics::Observer;
use tokio_util::sync::CancellationToken;

use super::{AnalysisError, turns};

/// Runs what takes the processor's time off the async threads, when it is its user's turn. A panic in it goes on in the caller, where all are caught.
///
/// # Errors
/// [`AnalysisError::Cancelled`] when the runtime stops before it is done.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AnalysisError> {
    let turn = turns::take().await;
    let work = move || {
        // Held by the work, which goes on where nobody waits for it any longer.
        let _turn = turn;
        work()
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => AnalysisError::Cancelled,
    })
}

/// [`off_thread`] for work that asks, as the kernels do, whether to go on: once the future is dropped it is told to stop.
///
/// # Errors
/// As [`off_thread`].
pub(crate) async fn while_wanted<T: Send + 'static>(
    work: impl FnOnce(&mut dyn Observer) -> T + Send + 'static,
) -> Result<T, AnalysisError> {
    let given_up = CancellationToken::new();
    let _wanted = given_up.clone().drop_guard();
    off_thread(move || work(&mut WhileWanted(given_up))).await
}

struct WhileWanted(CancellationToken);

impl Observer for WhileWanted {
    fn stop(&self) -> bool {
        self.0.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use std::{panic::AssertUnwindSafe, thread};

    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_longer_is_told_to_stop() {
        let (began, mut is_at_work) = tokio::sync::mpsc::unbounded_channel();
        let (ended, has_ended) = tokio::sync::oneshot::channel();
        let work = while_wanted(move |observer| {
            began.send(()).unwrap();
            while !observer.stop() {
                thread::yield_now();
            }
            ended.send(()).unwrap();
        });
        tokio::select! {
            _ = work => unreachable!("it stops for nobody who waits"),
            _ = is_at_work.recv() => {}
        }
        has_ended.await.unwrap();
    }

    #[tokio::test]
    async fn work_is_done_on_another_thread() {
        let here = thread::current().id();
        assert_ne!(off_thread(|| thread::current().id()).await.unwrap(), here);
    }

    #[tokio::test]
    async fn a_panic_in_the_work_goes_on_in_the_one_who_waits() {
        let work = off_thread(|| -> u8 { panic!("broken") });
        let caught = AssertUnwindSafe(work).catch_unwind().await.unwrap_err();
        assert_eq!(caught.downcast_ref::<&str>(), Some(&"broken"));
    }
}
