//! Sessions of the older protocol, limited in number and each its user's: rmcp keeps any number of them and knows no users. Where this
//! process has a name among several (`FACTOR_REPLICA`), ids begin with it, `a.6f1c…`, so that a balancer can tell whose they are.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Mutex as SyncMutex, PoisonError},
    time::Duration,
};

use factor_types::UserId;
use futures::Stream;
use rmcp::{
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::streamable_http_server::session::{
        RestoreOutcome, ServerSseMessage, SessionId, SessionManager,
        local::{LocalSessionManager, LocalSessionManagerError, SessionConfig},
    },
};
use tokio::sync::Mutex;

use super::shares::Caller;

/// The sessions of one server.
#[derive(Debug)]
pub(super) struct Sessions {
    kept: LocalSessionManager,
    /// What ids begin with: nothing, or the name of this process and a dot.
    prefix: String,
    most: usize,
    most_each: usize,
    /// Held from counting to adding, so that the limit holds exactly.
    adding: Mutex<()>,
    /// Who opened each session.
    owners: SyncMutex<HashMap<SessionId, Owner>>,
}

/// Whose a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: UserId,
    pub(super) caller: Caller,
}

tokio::task_local! {
    /// Who sends the request that is at work in this task: rmcp says nothing of it to its session manager.
    static SENDER: Owner;
}

/// Why a session cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionsError {
    /// There are as many as there may be.
    #[error("there are too many sessions")]
    Full,
    /// Its caller has as many as one may have.
    #[error("the caller has too many sessions")]
    Share,
    /// The manager's own reasons.
    #[error(transparent)]
    Manager(#[from] LocalSessionManagerError),
}

impl Sessions {
    pub(super) fn new(most: usize, most_each: usize, idle: Duration) -> Self {
        let mut kept = LocalSessionManager::default();
        let mut config = SessionConfig::default();
        config.keep_alive = Some(idle);
        kept.session_config = config;
        Self { kept, prefix: String::new(), most, most_each, adding: Mutex::default(), owners: SyncMutex::default() }
    }

    /// The same of a process of this name.
    #[must_use]
    pub(super) fn named(self, replica: Option<&str>) -> Self {
        Self { prefix: replica.map(|name| format!("{name}.")).unwrap_or_default(), ..self }
    }

    /// The id under which rmcp keeps a session; that of another process's is none of its.
    fn here(&self, id: &str) -> SessionId {
        id.strip_prefix(&self.prefix).unwrap_or_default().into()
    }

    /// Does a request's work as its sender's: a session that it opens is theirs.
    pub(super) async fn sent_by<T>(sender: Owner, work: impl Future<Output = T>) -> T {
        SENDER.scope(sender, work).await
    }

    /// Why a caller can have no further session.
    pub(super) async fn refuse(&self, caller: Caller) -> Option<SessionsError> {
        let kept = self.kept.sessions.read().await;
        if kept.len() >= self.most {
            return Some(SessionsError::Full);
        }
        let theirs = self.owners(|owners| {
            // Those that have ended by themselves are forgotten here.
            owners.retain(|id, _| kept.contains_key(&self.here(id)));
            owners.values().filter(|owner| owner.caller == caller).count()
        });
        (theirs >= self.most_each).then_some(SessionsError::Share)
    }

    /// True for a session that somebody else opened.
    pub(super) fn belongs_to_another(&self, id: &str, user: UserId) -> bool {
        self.owners(|owners| owners.get(id).is_some_and(|owner| owner.user != user))
    }

    fn owners<T>(&self, look: impl FnOnce(&mut HashMap<SessionId, Owner>) -> T) -> T {
        // Nothing panics while it is held, and if it did, the map would still be whole.
        look(&mut self.owners.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SessionManager for Sessions {
    type Error = SessionsError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionsError> {
        let _adding = self.adding.lock().await;
        // Nothing comes here but by the guard, who says for whom.
        let sender = SENDER.try_with(|sender| *sender).map_err(|_| SessionsError::Full)?;
        if let Some(refused) = self.refuse(sender.caller).await {
            return Err(refused);
        }
        let (id, transport) = self.kept.create_session().await?;
        let id: SessionId = format!("{}{id}", self.prefix).into();
        self.owners(|owners| owners.insert(id.clone(), sender));
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionsError> {
        Ok(self.kept.initialize_session(&self.here(id), message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionsError> {
        Ok(self.kept.has_session(&self.here(id)).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionsError> {
        self.owners(|owners| owners.remove(id));
        Ok(self.kept.close_session(&self.here(id)).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        let id = self.here(id);
        let stream = self.kept.create_stream(&id, message).await?;
        Ok(apart(stream))
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionsError> {
        Ok(self.kept.accept_message(&self.here(id), message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        let id = self.here(id);
        let stream = self.kept.create_standalone_stream(&id).await?;
        Ok(apart(stream))
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        let id = self.here(id);
        let stream = self.kept.resume(&id, last_event_id).await?;
        Ok(apart(stream))
    }

    async fn restore_session(&self, _id: SessionId) -> Result<RestoreOutcome<Self::Transport>, SessionsError> {
        // Nothing is stored outside the process to restore a session from.
        Ok(RestoreOutcome::NotSupported)
    }
}

/// A stream that nothing of its making is borrowed by.
fn apart(
    stream: impl Stream<Item = ServerSseMessage> + Send + Sync + 'static,
) -> Pin<Box<dyn Stream<Item = ServerSseMessage> + Send + Sync>> {
    Box::pin(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Owner {
        Owner { user: UserId::new(2), caller: Caller::User(UserId::new(2)) }
    }

    fn somebody(n: u8) -> Owner {
        Owner { user: UserId::LOCAL, caller: Caller::Address([10, 0, 0, n].into()) }
    }

    async fn opened(sessions: &Sessions, owner: Owner) -> Result<SessionId, SessionsError> {
        Ok(Sessions::sent_by(owner, sessions.create_session()).await?.0)
    }

    #[tokio::test]
    async fn sessions_are_limited_and_free_their_place() {
        let sessions = Sessions::new(2, 2, Duration::from_secs(60));
        let first = opened(&sessions, somebody(1)).await.unwrap();
        opened(&sessions, somebody(2)).await.unwrap();
        assert!(matches!(opened(&sessions, somebody(3)).await, Err(SessionsError::Full)));
        sessions.close_session(&first).await.unwrap();
        assert!(opened(&sessions, somebody(3)).await.is_ok());
        assert!(sessions.create_session().await.is_err(), "a session that nobody asks for");
    }

    #[tokio::test]
    async fn ids_of_a_process_with_a_name_begin_with_it() {
        let sessions = Sessions::new(9, 9, Duration::from_secs(60)).named(Some("b"));
        let id = opened(&sessions, ada()).await.unwrap();
        let raw = id.strip_prefix("b.").unwrap();
        assert!(sessions.has_session(&id).await.unwrap());
        for other in [raw.to_owned(), format!("a.{raw}"), "b.".to_owned(), String::new()] {
            assert!(!sessions.has_session(&other.into()).await.unwrap());
        }
        assert!(sessions.refuse(ada().caller).await.is_none());
        assert_eq!(sessions.owners(|owners| owners.len()), 1, "it is still there");
        sessions.close_session(&id).await.unwrap();
        assert!(!sessions.has_session(&id).await.unwrap());
    }

    #[tokio::test]
    async fn a_caller_has_a_share_of_them() {
        let sessions = Sessions::new(10, 2, Duration::from_secs(60));
        let first = opened(&sessions, somebody(1)).await.unwrap();
        opened(&sessions, somebody(1)).await.unwrap();
        assert!(matches!(opened(&sessions, somebody(1)).await, Err(SessionsError::Share)));
        assert!(opened(&sessions, somebody(2)).await.is_ok());
        // One that has ended by itself is no longer theirs.
        sessions.kept.close_session(&first).await.unwrap();
        assert!(opened(&sessions, somebody(1)).await.is_ok());
    }

    #[tokio::test]
    async fn a_session_is_its_users_until_it_is_closed() {
        let sessions = Sessions::new(1, 1, Duration::from_secs(60));
        let bob = UserId::new(3);
        let id = opened(&sessions, ada()).await.unwrap();
        assert!(sessions.belongs_to_another(&id, bob) && !sessions.belongs_to_another(&id, ada().user));
        assert!(!sessions.belongs_to_another("no such session", bob));
        sessions.close_session(&id).await.unwrap();
        assert!(sessions.owners(|owners| owners.is_empty()), "what is closed is forgotten");
    }
}
