//! Work that takes the processor's time, away from the threads that answer.

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

#[cfg(test)]
mod tests {
    use std::{panic::AssertUnwindSafe, thread};

    use futures::FutureExt;

    use super::*;

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
