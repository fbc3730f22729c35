//! Whole results, kept for a while for those whose answer was cut.
//!
//! Key: the user and a random id, so that only those who were given it can ask for it. Life: 30 minutes. Size: bounded by bytes,
//! the least used leave first. A result that is gone is computed again by calling the tool again.
//!
//! Servers that share a Postgres keep results there as well, before the answer with their link goes out: whichever of them is asked
//! has them. What is longer than 16 MiB stays with the server that made it.

use std::{fmt, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use factor_store::{KeptBody, Store};
use factor_types::UserId;
use moka::sync::Cache;
use uuid::Uuid;

use crate::{
    analysis::off_thread,
    cache_figures::{CacheCounts, CacheFigures},
    charts::{Drawn, DrawnContent},
};

/// What the URI of a result starts with.
pub const URI_PREFIX: &str = "factor://result/";

const LIFE: Duration = Duration::from_secs(30 * 60);
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// The longest result that servers share, in bytes.
const MOST_SHARED: usize = 16 * 1024 * 1024;
/// What they share of one user, in bytes.
const MOST_SHARED_OF_USER: u64 = 64 * 1024 * 1024;

/// What a result is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// The JSON of a whole answer.
    Json,
    /// A picture as SVG.
    Svg,
    /// A picture as PNG.
    Png,
}

impl Media {
    const ALL: [Self; 3] = [Self::Json, Self::Svg, Self::Png];

    /// Its MIME type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }
}

/// A result as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptResult {
    /// A text: the JSON of an answer, or SVG.
    Text(Arc<str>, Media),
    /// The bytes of a PNG.
    Png(Arc<[u8]>),
}

impl KeptResult {
    /// What it is written in.
    pub fn media(&self) -> Media {
        match self {
            Self::Text(_, media) => *media,
            Self::Png(_) => Media::Png,
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text, _) => text.as_bytes(),
            Self::Png(png) => png,
        }
    }

    /// One that another server has kept; `None` for what none of this version writes.
    fn of(body: KeptBody) -> Option<Self> {
        match Media::ALL.into_iter().find(|media| media.mime() == body.media)? {
            Media::Png => Some(Self::Png(body.bytes)),
            media => Some(Self::Text(std::str::from_utf8(&body.bytes).ok()?.into(), media)),
        }
    }
}

/// The JSON of an answer that is written when somebody asks for it, by what it is written from.
#[derive(Clone)]
pub struct Later {
    /// What it holds in memory meanwhile, in bytes.
    pub bytes: u64,
    /// Writes it.
    pub write: Arc<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// A result in the store.
#[derive(Debug, Clone)]
enum Entry {
    Written(KeptResult),
    Later(Later),
}

impl Entry {
    /// The result; it may be written only now, which is no work for an async thread.
    fn written(self) -> KeptResult {
        match self {
            Self::Written(kept) => kept,
            Self::Later(later) => KeptResult::Text((later.write)().into(), Media::Json),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Written(kept) => kept.bytes().len() as u64,
            Self::Later(later) => later.bytes,
        }
    }
}

/// The results kept.
#[derive(Debug, Clone)]
pub struct ResultStore {
    kept: Cache<(UserId, Uuid), Entry>,
    counts: Arc<CacheCounts>,
    /// Where servers share them.
    shared: Option<Arc<dyn Store>>,
}

/// Where a whole result is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultLink {
    /// `factor://result/<id>`.
    pub uri: String,
    /// What it is: `All correlations`.
    pub title: String,
    /// The same with how long it is kept.
    pub description: String,
    /// Its size, where it is written already.
    pub bytes: Option<u64>,
    /// What it is written in.
    pub media: Media,
}

impl ResultStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::bounded(MOST_BYTES)
    }

    fn bounded(bytes: u64) -> Self {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, kept: &Entry| u32::try_from(kept.bytes()).unwrap_or(u32::MAX))
            .time_to_live(LIFE)
            .build();
        Self { kept, counts: Arc::default(), shared: None }
    }

    /// One that shares its results with the other servers of a store, where several may have it.
    #[must_use]
    pub fn sharing(self, store: &Arc<dyn Store>) -> Self {
        Self { shared: (store.name() == "postgres").then(|| Arc::clone(store)), ..self }
    }

    /// Has the other servers have what an answer links to. Where that fails the links hold here alone, which is said in the log.
    pub async fn share(&self, user: UserId, links: &[ResultLink]) {
        let Some(store) = &self.shared else { return };
        for link in links {
            let Some(id) = id_of(&link.uri) else { continue };
            // What is written later is written now, unless it is sure to be too long: another server cannot.
            let entry = self.kept.get(&(user, id)).filter(|entry| entry.bytes() <= 4 * MOST_SHARED as u64);
            let kept = match entry {
                Some(entry) => off_thread(move || entry.written()).await.ok(),
                None => None,
            };
            let Some(kept) = kept.filter(|kept| kept.bytes().len() <= MOST_SHARED) else {
                tracing::warn!(
                    bytes = link.bytes,
                    "a result is too long for the other servers, and is kept here alone"
                );
                continue;
            };
            let body = KeptBody { media: kept.media().mime().to_owned(), bytes: kept.bytes().into() };
            let expires = Utc::now() + TimeDelta::from_std(LIFE).unwrap_or_default();
            let named = id.simple().to_string();
            if let Err(error) = store.keep_result(user, (&named, &body), expires, MOST_SHARED_OF_USER).await {
                tracing::warn!(%error, "a result is kept here alone");
            }
        }
    }

    /// The user's result with this URI, while it is kept by any of the servers.
    pub async fn find(&self, user: UserId, uri: &str) -> Option<KeptResult> {
        let (own, named) = (self.clone(), uri.to_owned());
        if let Some(found) = off_thread(move || own.get(user, &named)).await.ok().flatten() {
            return Some(found);
        }
        let (store, id) = (self.shared.as_ref()?, id_of(uri)?);
        match store.kept_result(user, &id.simple().to_string()).await {
            Ok(found) => KeptResult::of(found?),
            Err(error) => {
                tracing::warn!(%error, "a result of another server cannot be read");
                None
            }
        }
    }

    /// Takes away what has expired of what servers share.
    pub async fn sweep(&self) {
        let Some(store) = &self.shared else { return };
        if let Err(error) = store.delete_expired_results().await {
            tracing::warn!(%error, "expired results cannot be taken away");
        }
    }

    /// Keeps a result of a user's and gives its URI, `factor://result/<id>`.
    pub fn put(&self, user: UserId, json: String) -> String {
        self.insert(user, Entry::Written(KeptResult::Text(json.into(), Media::Json)))
    }

    fn insert(&self, user: UserId, kept: Entry) -> String {
        let id = Uuid::new_v4();
        self.kept.insert((user, id), kept);
        format!("{URI_PREFIX}{}", id.simple())
    }

    /// Keeps a result and gives the link for an answer; `what` is its title: `All correlations`.
    pub fn put_link(&self, user: UserId, what: &str, json: String) -> ResultLink {
        let size = json.len() as u64;
        let uri = self.put(user, json);
        Self::link(uri, what, Some(size))
    }

    /// As [`Self::put_link`], of a result that is written when it is asked for; `None` where what it holds meanwhile is more
    /// than the store has room for.
    pub fn put_later(&self, user: UserId, what: &str, later: Later) -> Option<ResultLink> {
        let fits = self.kept.policy().max_capacity().is_none_or(|most| later.bytes <= most);
        fits.then(|| Self::link(self.insert(user, Entry::Later(later)), what, None))
    }

    fn link(uri: String, what: &str, bytes: Option<u64>) -> ResultLink {
        let description = format!("{what}, whole, as JSON. Kept {} minutes.", LIFE.as_secs() / 60);
        ResultLink { uri, title: what.to_owned(), description, bytes, media: Media::Json }
    }

    /// Keeps a picture and gives the link for its answer.
    pub fn put_picture(&self, user: UserId, picture: &Drawn) -> ResultLink {
        let kept = match &picture.content {
            DrawnContent::Svg(svg) => KeptResult::Text(Arc::clone(svg), Media::Svg),
            DrawnContent::Png(png) => KeptResult::Png(Arc::clone(png)),
        };
        let (bytes, media) = (Some(kept.bytes().len() as u64), kept.media());
        let uri = self.insert(user, Entry::Written(kept));
        let description = format!("{} Kept {} minutes.", picture.alt, LIFE.as_secs() / 60);
        ResultLink { uri, title: format!("Picture: {}", picture.title), description, bytes, media }
    }

    /// The user's result with this URI, while it is kept here. It may have to be written: no work for an async thread.
    pub fn get(&self, user: UserId, uri: &str) -> Option<KeptResult> {
        let found = self.kept.get(&(user, id_of(uri)?));
        self.counts.count(found.is_some());
        Some(found?.written())
    }

    /// What the store holds and how it did.
    pub fn figures(&self) -> CacheFigures {
        // The figures lag behind the inserts until the cache has tidied up.
        self.kept.run_pending_tasks();
        self.counts.figures((self.kept.entry_count(), self.kept.weighted_size()), &self.kept.policy())
    }
}

/// The id in a result's URI.
fn id_of(uri: &str) -> Option<Uuid> {
    uri.strip_prefix(URI_PREFIX)?.parse().ok()
}

impl Default for ResultStore {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_result_is_read_back_by_its_user_and_uri_only() {
        let (store, user) = (ResultStore::new(), UserId::new(2));
        let link = store.put_link(user, "All returns", "{\"a\":1}".to_owned());
        assert_eq!(store.get(user, &link.uri).unwrap().bytes(), b"{\"a\":1}");
        assert_eq!(store.get(UserId::LOCAL, &link.uri), None);
        assert_eq!(store.get(UserId::new(3), &link.uri), None);
        assert_eq!(link.bytes, Some(7));
        for wrong in ["factor://result/", "factor://result/1", "factor://universe", &link.uri[16..]] {
            assert_eq!(store.get(user, wrong), None, "{wrong}");
        }
        assert_eq!(store.figures().entries, 1);
    }

    #[test]
    fn what_is_left_to_later_is_written_for_its_reader_alone() {
        let (store, user) = (ResultStore::bounded(1_000), UserId::new(2));
        let written = Arc::new(AtomicUsize::new(0));
        let later = |bytes| {
            let written = Arc::clone(&written);
            let write = move || format!("[{}]", written.fetch_add(1, Ordering::Relaxed));
            Later { bytes, write: Arc::new(write) }
        };
        let link = store.put_later(user, "The whole answer", later(900)).unwrap();
        assert_eq!((written.load(Ordering::Relaxed), link.bytes), (0, None));
        assert_eq!(store.get(UserId::LOCAL, &link.uri), None);
        assert_eq!(store.get(user, &link.uri).unwrap().bytes(), b"[0]");
        // What it holds counts, and what holds more than there is room for is not promised.
        assert_eq!(store.figures().bytes, 900);
        assert!(store.put_later(user, "The whole answer", later(1_001)).is_none());
    }

    #[test]
    fn a_picture_is_kept_as_what_it_is() {
        let (store, user) = (ResultStore::new(), UserId::new(2));
        let drawn = |content| Drawn { title: "Risk".to_owned(), alt: "Risk. Highest: A.".to_owned(), content };
        let png = store.put_picture(user, &drawn(DrawnContent::Png(b"\x89PNG".as_slice().into())));
        let svg = store.put_picture(user, &drawn(DrawnContent::Svg("<svg/>".into())));
        assert_eq!((png.media.mime(), png.bytes), ("image/png", Some(4)));
        assert_eq!((svg.media.mime(), svg.bytes), ("image/svg+xml", Some(6)));
        assert_eq!(store.get(user, &png.uri), Some(KeptResult::Png(b"\x89PNG".as_slice().into())));
        assert_eq!(svg.description, "Risk. Highest: A. Kept 30 minutes.");
    }

    #[test]
    fn the_store_is_bounded_by_bytes() {
        let store = ResultStore::bounded(1_000);
        for _ in 0..50 {
            store.put(UserId::LOCAL, "x".repeat(100));
        }
        let figures = store.figures();
        assert!(figures.bytes <= 1_000, "{figures:?}");
    }
}
