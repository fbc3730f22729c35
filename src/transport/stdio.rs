//! One client over standard input and output. Output carries the protocol and nothing else.

use rmcp::{
    service::{ServerInitializeError, serve_server_with_ct},
    transport::stdio_pipes,
};
use tokio_util::sync::CancellationToken;

use super::stop_signal;
use crate::server::Server;

/// Serves until the client closes its end or the process is asked to stop.
///
/// # Errors
/// When the client's first message is no way to begin, or the transport breaks.
pub async fn serve(server: Server) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        match stop_signal().await {
            Ok(()) => tracing::info!("asked to stop"),
            Err(error) => tracing::error!(%error, "cannot listen for signals"),
        }
        asked.cancel();
    });
    let serving = serve_server_with_ct(server, stdio_pipes(), stop.clone());
    let running = match serving.await {
        Ok(running) => running,
        // Going away before saying anything is how a client probes whether the program is there.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let why = running.waiting().await?;
    tracing::info!(?why, "stopped");
    Ok(())
}
