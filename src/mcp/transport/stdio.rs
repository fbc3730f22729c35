//! One client over standard input and output. Output carries the protocol and nothing else.

mod lines;

use rmcp::{
    service::{ServerInitializeError, serve_server_with_ct},
    transport::stdio_pipes,
};
use tokio_util::sync::CancellationToken;

use self::lines::Lines;
use super::stop_signal;
use crate::mcp::{raw_content::RawContent, server::Server};

/// Serves until the client closes its end or the process is asked to stop.
///
/// # Errors
/// When signals cannot be listened to, the client's first message is no way to begin, or the transport breaks.
pub async fn serve(server: Server) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    let signal = stop_signal()?;
    tokio::spawn(async move {
        signal.await;
        tracing::info!("asked to stop");
        asked.cancel();
    });
    let (reader, writer) = stdio_pipes();
    let serving = serve_server_with_ct(server, Lines::new(reader, RawContent::writer(writer)), stop.clone());
    let running = match serving.await {
        Ok(running) => running,
        // Going away before saying anything is how a client probes whether the program is there.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => return Ok(()),
        // The message itself is not shown: it may hold anything of the caller's.
        Err(ServerInitializeError::ExpectedInitializeRequest(_)) => {
            anyhow::bail!(
                "the client's first message is neither initialize nor a request that names its protocol version: begin with initialize"
            )
        }
        Err(error) => return Err(error.into()),
    };
    let why = running.waiting().await?;
    tracing::info!(?why, "stopped");
    Ok(())
}
