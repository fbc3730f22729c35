//! SIGHUP: look at the mappings again.

/// The hangups of the process. Until they are listened to, one ends it: a server listens before anything that takes time.
#[derive(Debug)]
pub struct Hangups {
    #[cfg(unix)]
    signals: std::io::Result<tokio::signal::unix::Signal>,
}

impl Hangups {
    /// Listens from now on.
    pub fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()),
        }
    }

    /// The next one; `None` where none will come.
    pub(super) async fn next(&mut self) -> Option<()> {
        #[cfg(unix)]
        match &mut self.signals {
            Ok(signals) => signals.recv().await,
            Err(error) => {
                tracing::warn!(%error, "SIGHUP is not heard");
                None
            }
        }
        #[cfg(not(unix))]
        None
    }
}
