//! Work that takes the processor's time, away from the threads that answer.

use super::AnalysisError;

/// Runs what takes the processor's time off the async threads. A panic in it goes on in the caller, where all are caught.
///
/// # Errors
/// [`AnalysisError::Cancelled`] when the runtime stops before it is done.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AnalysisError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => AnalysisError::Cancelled,
    })
}
