//! The audit: every call, and every reading of a whole result, leaves a row before its answer goes out.
//!
//! A call waits until its row is in the store, so that no answer is without one, whatever becomes of the process; rows of calls that
//! end at the same time are written together, so that they wait for one writing. Where the store is away, calls fail: what
//! nobody can account for is not answered. What was asked is there as a seal under the server's key (`factor_store::audit`).

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context as _, bail};
use chrono::Utc;
use factor_store::{
    Store, StoreError,
    audit::{AuditEntry, AuditKey},
};
use factor_types::UserId;
use moka::sync::Cache;
use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use super::App;
use crate::{
    answer::{Rendered, canonical, receipt::canonical_arguments},
    results::KeptResult,
    settings::{AuditMode, Settings},
    tool_error::{ErrorCode, ToolError},
};

/// The file of a key that was not given, in the data folder.
const KEY_FILE: &str = "audit.key";
/// What the chain of a server without a name is called.
const NAMELESS: &str = "server";
/// The operation of whoever reads the whole of an answer that was cut.
const RESULT_READ: &str = "read_result";
/// Rows that wait to be written, at most; as many calls as a server has at work, and more.
const WAITING: usize = 4_096;
/// Rows written together.
const AT_ONCE: usize = 256;
/// How long a user's name in the audit is known without asking: somebody who is deleted gets no rows under it after that.
const NAME_KNOWN: Duration = Duration::from_secs(60);
const MOST_NAMES: u64 = 10_000;

/// What a call was, for its row.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) user: UserId,
    pub(crate) tool: &'static str,
    /// The seal of its arguments.
    pub(crate) arguments: String,
}

/// What a call brought.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answered<'a> {
    /// What was computed for it, or looked up.
    Anew(&'a Rendered),
    /// What an earlier call had brought, whose row says what it rests on.
    Kept,
}

/// Writes the rows.
#[derive(Debug)]
pub struct Audit {
    store: Arc<dyn Store>,
    key: AuditKey,
    replica: String,
    names: Cache<UserId, String>,
    queue: OnceLock<mpsc::Sender<Waiting>>,
}

/// An entry, and who waits for it.
type Waiting = (AuditEntry, oneshot::Sender<Result<(), StoreError>>);

impl Audit {
    /// The audit that the settings ask for; a server that `is_shared` over Postgres has one unless they say otherwise.
    ///
    /// # Errors
    /// The key cannot be had.
    pub(super) fn of(settings: &Settings, store: &Arc<dyn Store>, is_shared: bool) -> anyhow::Result<Option<Self>> {
        let is_on = match settings.audit.mode {
            AuditMode::On => true,
            AuditMode::Off => false,
            AuditMode::Auto => is_shared && settings.store.database_url.is_some(),
        };
        if !is_on {
            return Ok(None);
        }
        let replica = settings.http.replica.clone().unwrap_or_else(|| NAMELESS.to_owned());
        let names = Cache::builder().max_capacity(MOST_NAMES).time_to_live(NAME_KNOWN).build();
        Ok(Some(Self { store: Arc::clone(store), key: key_of(settings)?, replica, names, queue: OnceLock::new() }))
    }

    /// The seal of a call's arguments, in canonical form.
    pub(crate) fn sealed(&self, tool: &str, arguments: &Map<String, Value>) -> String {
        seal_of_arguments(&self.key, tool, arguments)
    }

    /// Writes the row of a call, and comes back when it is written.
    ///
    /// # Errors
    /// It could not be: the call's answer is not to go out.
    pub(crate) async fn record(
        &self,
        called: &Called,
        outcome: Result<Answered<'_>, ErrorCode>,
    ) -> Result<(), ToolError> {
        self.written(called, outcome).await.map_err(|error| {
            tracing::error!(%error, "a call cannot be written into the audit");
            ToolError::new(
                ErrorCode::UpstreamUnavailable,
                "Calls cannot be written into the audit just now, and so none is answered",
                "Call again in a moment; what a call was to change may have been changed",
            )
        })
    }

    async fn written(&self, called: &Called, outcome: Result<Answered<'_>, ErrorCode>) -> Result<(), StoreError> {
        let who = match self.names.get(&called.user) {
            Some(name) => name,
            None => {
                let name = self.store.audit_name(called.user).await?;
                self.names.insert(called.user, name.clone());
                name
            }
        };
        let (word, data, answer) = match outcome {
            Ok(Answered::Anew(answer)) => ("ok", data_of(answer), state_of(answer).await),
            Ok(Answered::Kept) => ("ok", String::new(), String::new()),
            Err(code) => (code.as_str(), String::new(), String::new()),
        };
        let entry = AuditEntry {
            at: Utc::now(),
            who,
            operation: called.tool.to_owned(),
            outcome: word.to_owned(),
            arguments: called.arguments.clone(),
            data,
            answer,
        };
        let (done, written) = oneshot::channel();
        let gone = || StoreError::Unavailable("the audit has ended with the server".to_owned());
        self.queue().send((entry, done)).await.map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }

    /// The way to the writer, which begins with the first call.
    fn queue(&self) -> &mpsc::Sender<Waiting> {
        self.queue.get_or_init(|| {
            let (queue, waiting) = mpsc::channel(WAITING);
            tokio::spawn(write_all(waiting, Arc::clone(&self.store), self.key.clone(), self.replica.clone()));
            queue
        })
    }
}

impl App {
    /// The whole of an answer that was cut, where it is this user's and still kept. Its reading leaves a row too.
    ///
    /// # Errors
    /// It could not be written down.
    pub(crate) async fn whole_result(&self, user: UserId, uri: &str) -> Result<Option<KeptResult>, ToolError> {
        let found = self.results.find(user, uri).await;
        if let Some(audit) = &self.audit {
            let arguments = Map::from_iter([("uri".to_owned(), Value::from(uri))]);
            let called = Called { user, tool: RESULT_READ, arguments: audit.sealed(RESULT_READ, &arguments) };
            let outcome = found.as_ref().map(|_| Answered::Kept).ok_or(ErrorCode::NotFound);
            audit.record(&called, outcome).await?;
        }
        Ok(found)
    }
}

/// Writes what waits, as much of it together as there is.
async fn write_all(mut waiting: mpsc::Receiver<Waiting>, store: Arc<dyn Store>, key: AuditKey, replica: String) {
    let mut taken: Vec<Waiting> = Vec::new();
    while waiting.recv_many(&mut taken, AT_ONCE).await > 0 {
        let (entries, done): (Vec<AuditEntry>, Vec<_>) = taken.drain(..).unzip();
        let outcome = store.append_audit(&replica, &key, &entries).await;
        for done in done {
            // Whoever has gone needs no word.
            let _ = done.send(outcome.clone());
        }
    }
}

/// What the answer rests on: the universe, the panel, the yields and the fundamentals, by their digests.
fn data_of(answer: &Rendered) -> String {
    let of = answer.made_of.as_ref().map(|made_of| &made_of.of);
    of.map(|of| [&of.universe, &of.panel, &of.yields, &of.facts].map(String::as_str).join(" ")).unwrap_or_default()
}

/// The state of the answer without what passes.
async fn state_of(answer: &Rendered) -> String {
    /// Longer answers are read off the async threads, in bytes.
    const LONG: usize = 64 * 1024;
    let content = answer.structured.clone();
    let state = move || canonical::of_text(content.as_str()).as_str().to_owned();
    if answer.structured.as_str().len() > LONG {
        tokio::task::spawn_blocking(state).await.unwrap_or_default()
    } else {
        state()
    }
}

/// The seal of a tool's arguments in canonical form.
pub(crate) fn seal_of_arguments(key: &AuditKey, tool: &str, arguments: &Map<String, Value>) -> String {
    key.seal(&["arguments 1", tool, &canonical_arguments(arguments)])
}

/// The key that the settings name, or the one in the data folder, which is made where there is none.
///
/// # Errors
/// There is no key and no place for one, or the file holds none.
pub(crate) fn key_of(settings: &Settings) -> anyhow::Result<AuditKey> {
    if let Some(path) = &settings.audit.key_file {
        return read_key(path);
    }
    let Some(folder) = &settings.store.data_dir else {
        bail!(
            "the audit needs a key: name its file in FACTOR_AUDIT_KEY_FILE (64 hexadecimal digits), or set FACTOR_DATA_DIR"
        );
    };
    let path = folder.join(KEY_FILE);
    match make_key(folder, &path) {
        Ok(key) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read_key(&path),
        Err(error) => Err(error).with_context(|| format!("cannot write {}", path.display())),
    }
}

fn read_key(path: &Path) -> anyhow::Result<AuditKey> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the audit's key {}", path.display()))?;
    AuditKey::read(&text).with_context(|| {
        format!(
            "{} holds no key of the audit: write 64 hexadecimal digits, as `openssl rand -hex 32` does",
            path.display()
        )
    })
}

/// A new key in a file that only its owner reads; the file is there whole or not at all.
fn make_key(folder: &Path, path: &PathBuf) -> std::io::Result<AuditKey> {
    if path.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let key = AuditKey::generate().map_err(std::io::Error::other)?;
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{KEY_FILE}.{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(format!("{}\n", key.reveal()).as_bytes())?;
    file.sync_all()?;
    // Of several that begin at once one makes the key.
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    linked.map(|()| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new");
        let settings = |more: &[(&'static str, &str)]| {
            Settings::with(&[&[("FACTOR_DATA_DIR", data.to_str().unwrap())], more].concat()).unwrap()
        };
        let key = key_of(&settings(&[])).unwrap();
        assert_eq!(key_of(&settings(&[])).unwrap(), key);
        let path = data.join(KEY_FILE);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        let named = [("FACTOR_AUDIT_KEY_FILE", path.to_str().unwrap())];
        assert_eq!(key_of(&settings(&named)).unwrap(), key);
        fs::write(&path, "secret").unwrap();
        let refused = key_of(&settings(&[])).unwrap_err().to_string();
        assert!(refused.contains("64 hexadecimal digits") && !refused.contains("secret"), "{refused}");
    }
}
