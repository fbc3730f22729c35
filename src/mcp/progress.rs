//! Progress notifications to a client over MCP.

use futures::future::{BoxFuture, FutureExt};
use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::Peer,
};

use crate::progress::ProgressListener;

/// A client that sent a progress token with its call.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) peer: Peer<RoleServer>,
    pub(super) token: ProgressToken,
}

impl ProgressListener for Client {
    fn report(&self, done: f64, total: f64, message: String) -> BoxFuture<'_, ()> {
        let mut notification = ProgressNotificationParam::new(self.token.clone(), done).with_message(message);
        notification.total = Some(total);
        async move {
            if let Err(error) = self.peer.notify_progress(notification).await {
                tracing::debug!(%error, "progress not delivered");
            }
        }
        .boxed()
    }
}
