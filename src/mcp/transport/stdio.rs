//! One client over standard input and output. Output carries the protocol and nothing else.

mod lines;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use rmcp::{
    service::{ServerInitializeError, serve_server_with_ct},
    transport::stdio_pipes,
};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

use self::lines::Lines;
use super::stop_signal;
use crate::{
    app::App,
    mcp::{raw_content::RawContent, server::Server},
};

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
    let reader = UntilTheEnd { reader, app: Arc::clone(server.app()) };
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

/// Standard input, whose end tells the vendors' clients to ask for nothing more. Calls under way still end, with what is there:
/// a client that writes its calls and closes its end gets its answers.
struct UntilTheEnd<R> {
    reader: R,
    app: Arc<App>,
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilTheEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let (before, room) = (into.filled().len(), into.remaining());
        let read = Pin::new(&mut self.reader).poll_read(context, into);
        if matches!(read, Poll::Ready(Ok(()))) && room > 0 && into.filled().len() == before {
            self.app.sources.close();
        }
        read
    }
}
