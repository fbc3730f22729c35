//! Sessions of the older protocol, limited in number and each its user's: rmcp keeps any number of them and knows no users.

use std::{
    collections::HashMap,
    sync::{Mutex as SyncMutex, PoisonError},
    time::Duration,
};

use axum::http::request::Parts;
use factor_types::UserId;
use futures::Stream;
use rmcp::{
    model::{ClientJsonRpcMessage, GetExtensions, ServerJsonRpcMessage},
    transport::streamable_http_server::session::{
        RestoreOutcome, ServerSseMessage, SessionId, SessionManager,
        local::{LocalSessionManager, LocalSessionManagerError, SessionConfig},
    },
};
use tokio::sync::Mutex;

/// The sessions of one server.
#[derive(Debug)]
pub(super) struct Sessions {
    kept: LocalSessionManager,
    most: usize,
    /// Held from counting to adding, so that the limit holds exactly.
    adding: Mutex<()>,
    /// Who opened each session.
    owners: SyncMutex<HashMap<SessionId, UserId>>,
}

/// Why a session cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionsError {
    /// There are as many as there may be.
    #[error("there are too many sessions")]
    Full,
    /// The manager's own reasons.
    #[error(transparent)]
    Manager(#[from] LocalSessionManagerError),
}

impl Sessions {
    pub(super) fn new(most: usize, idle: Duration) -> Self {
        let mut kept = LocalSessionManager::default();
        let mut config = SessionConfig::default();
        config.keep_alive = Some(idle);
        kept.session_config = config;
        Self { kept, most, adding: Mutex::default(), owners: SyncMutex::default() }
    }

    pub(super) async fn is_full(&self) -> bool {
        self.kept.sessions.read().await.len() >= self.most
    }

    /// True for a session that somebody else opened.
    pub(super) fn belongs_to_another(&self, id: &str, user: UserId) -> bool {
        self.owners(|owners| owners.get(id).is_some_and(|owner| *owner != user))
    }

    fn owners<T>(&self, look: impl FnOnce(&mut HashMap<SessionId, UserId>) -> T) -> T {
        // Nothing panics while it is held, and if it did, the map would still be whole.
        look(&mut self.owners.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Who sent the request that this message came in.
fn sender(message: &ClientJsonRpcMessage) -> Option<UserId> {
    let ClientJsonRpcMessage::Request(request) = message else { return None };
    request.request.extensions().get::<Parts>()?.extensions.get().copied()
}

impl SessionManager for Sessions {
    type Error = SessionsError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionsError> {
        let _adding = self.adding.lock().await;
        if self.is_full().await {
            return Err(SessionsError::Full);
        }
        Ok(self.kept.create_session().await?)
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionsError> {
        // Nobody knows the id before this has answered.
        if let Some(user) = sender(&message) {
            self.owners(|owners| owners.insert(id.clone(), user));
        }
        Ok(self.kept.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionsError> {
        Ok(self.kept.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionsError> {
        self.owners(|owners| owners.remove(id));
        Ok(self.kept.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        Ok(self.kept.create_stream(id, message).await?)
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionsError> {
        Ok(self.kept.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        Ok(self.kept.create_standalone_stream(id).await?)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        Ok(self.kept.resume(id, last_event_id).await?)
    }

    async fn restore_session(&self, _id: SessionId) -> Result<RestoreOutcome<Self::Transport>, SessionsError> {
        // Nothing is stored outside the process to restore a session from.
        Ok(RestoreOutcome::NotSupported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sessions_are_limited_and_free_their_place() {
        let sessions = Sessions::new(2, Duration::from_secs(60));
        let (first, _transport) = sessions.create_session().await.unwrap();
        let (_second, _transport) = sessions.create_session().await.unwrap();
        assert!(matches!(sessions.create_session().await, Err(SessionsError::Full)));
        sessions.close_session(&first).await.unwrap();
        assert!(sessions.create_session().await.is_ok());
    }

    #[tokio::test]
    async fn a_session_is_its_users_until_it_is_closed() {
        let sessions = Sessions::new(1, Duration::from_secs(60));
        let (ada, bob) = (UserId::new(2), UserId::new(3));
        let (id, _transport) = sessions.create_session().await.unwrap();
        assert!(!sessions.belongs_to_another(&id, bob), "nobody has opened it yet");
        sessions.owners(|owners| owners.insert(id.clone(), ada));
        assert!(sessions.belongs_to_another(&id, bob) && !sessions.belongs_to_another(&id, ada));
        assert!(!sessions.belongs_to_another("no such session", bob));
        sessions.close_session(&id).await.unwrap();
        assert!(sessions.owners(|owners| owners.is_empty()), "what is closed is forgotten");
    }

    #[test]
    fn a_message_is_sent_by_the_user_of_its_request() {
        let message = |json: &str| -> ClientJsonRpcMessage { serde_json::from_str(json).unwrap() };
        let mut ping = message(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
        assert_eq!(sender(&ping), None);
        let (mut parts, ()) = axum::http::Request::new(()).into_parts();
        parts.extensions.insert(UserId::new(5));
        let ClientJsonRpcMessage::Request(request) = &mut ping else { panic!("{ping:?}") };
        request.request.extensions_mut().insert(parts);
        assert_eq!(sender(&ping), Some(UserId::new(5)));
        assert_eq!(sender(&message(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)), None);
    }
}
