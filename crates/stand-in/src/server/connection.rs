//! One connection, request after request.

use std::sync::Arc;

use tokio::{
    io::AsyncReadExt,
    net::{TcpStream, tcp::OwnedReadHalf},
    time::{Instant, sleep_until},
};

use super::{
    Shared,
    http::{After, Request},
    locked,
};

/// A client that sends more than this before it has its answer is watched no further.
const AHEAD_LIMIT: usize = 64 * 1024;

pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _open = shared.log.open();
    // Without it a head and a body in two writes wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let (mut reader, mut writer) = stream.into_split();
    let mut inbox = Vec::new();
    while let Some(request) = Request::read(&mut reader, &mut inbox).await {
        let flight = shared.log.fly();
        // The pause counts from the arrival: making the answer is no part of what is played.
        let arrived = Instant::now();
        let (reply, wait) = shared.answer(&request);
        let keep = request.keep_alive && !locked(&shared.options).close_each;
        let sending = async {
            sleep_until(arrived + wait).await;
            reply.send(&mut writer, keep, flight).await
        };
        let sent = tokio::select! {
            biased;
            sent = sending => sent.ok(),
            () = gone(&mut reader, &mut inbox) => None,
        };
        match sent {
            Some(After::Keep) => {}
            Some(After::Close) => return,
            // Dropping the writer would say good-bye first.
            Some(After::Abort) => return writer.forget(),
            None => return shared.log.abandon(),
        }
    }
}

/// Ends when the client has left; what it sends ahead is kept.
async fn gone(reader: &mut OwnedReadHalf, inbox: &mut Vec<u8>) {
    while reader.read_buf(inbox).await.unwrap_or(0) > 0 {
        if inbox.len() > AHEAD_LIMIT {
            std::future::pending::<()>().await;
        }
    }
}
