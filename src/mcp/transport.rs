//! How clients reach the server.

pub(crate) mod message;
pub(crate) mod sse;
pub mod stdio;

pub(super) use self::message::{Arguments, LONG};

/// Resolves when the process is asked to stop: SIGINT, or SIGTERM where there is such a thing. The signals are listened
/// to from this call on, not from the first poll on, so that one that comes early is not lost.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}
