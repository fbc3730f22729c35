//! Who hears that a resource has changed: a client that subscribed to its address, over either protocol.
//!
//! The older protocol subscribes a session address by address (`resources/subscribe`); the newer one opens a stream of notifications
//! (`subscriptions/listen`). Both look at their user's state every two seconds ([`App::kept_state`]), so that a change counts whoever made
//! it, and nobody hears of another user's: the state that is looked at is the user's own. Nobody looks for a session that subscribes to
//! nothing.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use factor_types::UserId;
use rmcp::{
    ErrorData, Peer, RoleServer,
    model::{ResourceUpdatedNotificationParam, SubscriptionFilter},
    service::SubscriptionContext,
};

use super::resources::Changing;
use crate::app::{App, KeptState};

/// How often a session looks whether anything has changed.
const LOOK: Duration = Duration::from_secs(2);
/// Addresses that one session or stream subscribes to.
const MOST: usize = 100;
/// A stream that was accepted so long ago and has not begun to look never will.
const BEGINS_WITHIN: TimeDelta = TimeDelta::seconds(60);
/// Streams of notifications that one connection opens at a time.
const MOST_STREAMS: usize = 16;

/// What one client has subscribed to.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    session: Mutex<Session>,
    streams: AtomicUsize,
    /// When streams were accepted that have not begun to look yet, the earliest first.
    accepted: Mutex<Vec<DateTime<Utc>>>,
}

#[derive(Debug, Default)]
struct Session {
    /// By the address as the client wrote it.
    subscribed: BTreeMap<String, Changing>,
    /// Whether something looks for it.
    is_looking: bool,
}

/// A stream that counts as long as it is open.
struct Open<'a>(&'a AtomicUsize);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Subscriptions {
    /// Subscribes a session of the older protocol to an address.
    ///
    /// # Errors
    /// There is nothing at the address, or there are too many already.
    pub(super) async fn add(
        self: &Arc<Self>,
        app: &Arc<App>,
        user: UserId,
        uri: String,
        peer: Peer<RoleServer>,
    ) -> Result<(), ErrorData> {
        let changing = Changing::at(&uri)?;
        let begins = {
            let mut session = self.session();
            let count = session.subscribed.len();
            match session.subscribed.entry(uri) {
                Entry::Vacant(_) if count >= MOST => {
                    let rule = format!(
                        "{MOST} addresses are the most that a session subscribes to: resources/unsubscribe from one"
                    );
                    return Err(ErrorData::invalid_request(rule, None));
                }
                Entry::Vacant(place) => drop(place.insert(changing)),
                Entry::Occupied(_) => {}
            }
            !std::mem::replace(&mut session.is_looking, true)
        };
        if begins {
            // Before the answer goes out, so that what changes after it is heard. A store that is away now is compared with later.
            let before = app.kept_state(user).await.ok();
            tokio::spawn(look(Arc::clone(app), user, Arc::clone(self), peer, before));
        }
        Ok(())
    }

    /// Ends a subscription; one that is none has ended.
    pub(super) fn remove(&self, uri: &str) {
        self.session().subscribed.remove(uri);
    }

    /// Of what a stream of the newer protocol asks for, what changes here. Its client is told so before [`Self::listen`] begins, and what
    /// changes from now on counts for it.
    pub(super) fn accept(&self, asked: &SubscriptionFilter) -> SubscriptionFilter {
        let (mut waiting, now) = (locked(&self.accepted), Utc::now());
        waiting.retain(|at| now - *at < BEGINS_WITHIN);
        waiting.push(now);
        accepted(asked)
    }

    /// The moment from which on changes count for a stream that begins to look. Which of those accepted it is, is not known: the earliest
    /// moment misses nothing for any of them, and at worst tells once what one of them knew.
    fn counts_from(&self) -> Option<DateTime<Utc>> {
        let mut waiting = locked(&self.accepted);
        let earliest = waiting.first().copied();
        waiting.pop();
        earliest
    }

    /// Serves a stream of the newer protocol until its client ends it.
    ///
    /// # Errors
    /// The connection has too many.
    pub(super) async fn listen(&self, app: &App, user: UserId, stream: SubscriptionContext) -> Result<(), ErrorData> {
        let (open, counts_from) = (Open(&self.streams), self.counts_from());
        if self.streams.fetch_add(1, Ordering::Relaxed) >= MOST_STREAMS {
            let rule = format!("{MOST_STREAMS} streams of notifications are the most that a connection has: end one");
            return Err(ErrorData::invalid_request(rule, None));
        }
        let accepted = stream.accepted().resource_subscriptions.iter().flatten();
        let subscribed: BTreeMap<String, Changing> =
            accepted.filter_map(|uri| Some((uri.clone(), Changing::at(uri).ok()?))).collect();
        let hears_of_list = stream.accepted().resources_list_changed == Some(true);
        let looking = async {
            // The client was told before this look, and may have changed something since.
            let first = app.kept_state(user).await.ok();
            let mut before = first.map(|state| counts_from.map_or(state.clone(), |from| Arc::new(state.before(from))));
            loop {
                tokio::time::sleep(LOOK).await;
                let Ok(now) = app.kept_state(user).await else { continue };
                if let Some(before) = before.replace(Arc::clone(&now)) {
                    for uri in changed(&subscribed, &before, &now) {
                        stream.sink().notify_resource_updated(uri).await?;
                    }
                    if hears_of_list && is_another_list(&before, &now) {
                        stream.sink().notify_resource_list_changed().await?;
                    }
                }
            }
        };
        let ended: Result<(), rmcp::service::SubscriptionSendError> = tokio::select! {
            ended = looking => ended,
            () = stream.cancelled() => Ok(()),
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a stream of notifications ends");
        }
        drop(open);
        Ok(())
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        locked(&self.session)
    }
}

/// Nothing panics while one of them is held.
fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Of what a stream asks for, what changes here: addresses of resources, the list of them.
fn accepted(asked: &SubscriptionFilter) -> SubscriptionFilter {
    let known = asked.resource_subscriptions.iter().flatten().filter(|uri| Changing::at(uri).is_ok());
    let filter = SubscriptionFilter::builder().resource_subscriptions(known.take(MOST).cloned());
    match asked.resources_list_changed {
        Some(true) => filter.resources_list_changed().build(),
        _ => filter.build(),
    }
}

/// Looks for a session of the older protocol as long as it subscribes to anything.
async fn look(
    app: Arc<App>,
    user: UserId,
    subscriptions: Arc<Subscriptions>,
    peer: Peer<RoleServer>,
    mut before: Option<Arc<KeptState>>,
) {
    loop {
        tokio::time::sleep(LOOK).await;
        let subscribed = {
            let mut session = subscriptions.session();
            session.is_looking = !session.subscribed.is_empty() && !peer.is_transport_closed();
            if !session.is_looking {
                return;
            }
            session.subscribed.clone()
        };
        // A store that is away says nothing of anything: the next look may.
        let Ok(now) = app.kept_state(user).await else { continue };
        let Some(before) = before.replace(Arc::clone(&now)) else { continue };
        for uri in changed(&subscribed, &before, &now) {
            let told = peer.notify_resource_updated(ResourceUpdatedNotificationParam::new(uri)).await;
            tell(told.err());
        }
        if is_another_list(&before, &now) {
            tell(peer.notify_resource_list_changed().await.err());
        }
    }
}

/// A client that is gone is noticed at the next look.
fn tell(error: Option<rmcp::ServiceError>) {
    if let Some(error) = error {
        tracing::debug!(%error, "a client could not be told of a change");
    }
}

/// The addresses whose resource is another than before.
fn changed<'a>(
    subscribed: &'a BTreeMap<String, Changing>,
    before: &'a KeptState,
    now: &'a KeptState,
) -> impl Iterator<Item = &'a str> {
    let is_another = |what: &Changing| match what {
        Changing::Never => false,
        Changing::Universe => before.universe != now.universe,
        Changing::Group(key) => before.groups.get(key) != now.groups.get(key),
        Changing::Portfolio(key) => before.portfolios.get(key) != now.portfolios.get(key),
    };
    subscribed.iter().filter(move |(_, what)| is_another(what)).map(|(uri, _)| uri.as_str())
}

/// Whether the list of resources is another: it names what is saved.
fn is_another_list(before: &KeptState, now: &KeptState) -> bool {
    !before.groups.keys().eq(now.groups.keys()) || !before.portfolios.keys().eq(now.portfolios.keys())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::app::KeptItem;

    fn state(groups: &[(&str, i64)], universe: &str) -> KeptState {
        let item = |(name, at): &(&str, i64)| {
            ((*name).to_owned(), KeptItem { name: (*name).to_owned(), updated_at: DateTime::from_timestamp(*at, 0) })
        };
        KeptState { groups: groups.iter().map(item).collect(), universe: universe.to_owned(), ..KeptState::default() }
    }

    #[test]
    fn what_changed_is_told_and_nothing_else() {
        let all =
            ["factor://universe", "factor://glossary", "factor://group/a", "factor://group/b", "factor://portfolio/a"];
        let subscribed: BTreeMap<String, Changing> =
            all.iter().map(|uri| ((*uri).to_owned(), Changing::at(uri).unwrap())).collect();
        let told = |before: &KeptState, now: &KeptState| {
            changed(&subscribed, before, now).map(str::to_owned).collect::<Vec<_>>()
        };
        let before = state(&[("a", 1)], "u");
        assert_eq!(told(&before, &before), [""; 0]);
        assert_eq!(told(&before, &state(&[("a", 2)], "u")), ["factor://group/a"]);
        assert_eq!(told(&before, &state(&[("a", 1), ("b", 1)], "v")), ["factor://group/b", "factor://universe"]);
        assert_eq!(told(&before, &state(&[], "u")), ["factor://group/a"], "one that is gone");
        let lists = |now: &KeptState| is_another_list(&before, now);
        assert!(!lists(&state(&[("a", 9)], "v")) && lists(&state(&[], "u")) && lists(&state(&[("b", 1)], "u")));
    }

    #[test]
    fn what_was_written_since_a_stream_was_accepted_is_not_in_its_first_look() {
        let first_look = state(&[("a", 10), ("b", 20)], "u").before(DateTime::from_timestamp(20, 0).unwrap());
        assert_eq!(first_look, state(&[("a", 10)], "u"));
        assert!(is_another_list(&first_look, &state(&[("a", 10), ("b", 20)], "u")));
    }

    #[test]
    fn of_streams_accepted_at_once_none_counts_from_later_than_it_was_accepted() {
        let (subscriptions, asked) = (Subscriptions::default(), SubscriptionFilter::builder().build());
        assert_eq!(subscriptions.counts_from(), None);
        let accepted = [(); 3].map(|()| {
            subscriptions.accept(&asked);
            *locked(&subscriptions.accepted).last().unwrap()
        });
        for _ in 0..3 {
            assert_eq!(subscriptions.counts_from(), Some(accepted[0]));
        }
        assert_eq!(subscriptions.counts_from(), None);
    }

    #[test]
    fn a_stream_is_told_what_of_its_wishes_changes_here() {
        let asked = SubscriptionFilter::builder()
            .resource_subscriptions(["factor://universe", "factor://nothing", "factor://portfolio/My%20Core"])
            .resources_list_changed()
            .tools_list_changed()
            .build();
        let accepted = accepted(&asked);
        assert_eq!(
            accepted.resource_subscriptions.as_deref(),
            Some(&["factor://universe".to_owned(), "factor://portfolio/My%20Core".to_owned()][..])
        );
        assert_eq!((accepted.resources_list_changed, accepted.tools_list_changed), (Some(true), None));
        let many: Vec<String> = (0..500).map(|n| format!("factor://group/g{n}")).collect();
        let accepted = super::accepted(&SubscriptionFilter::builder().resource_subscriptions(many).build());
        assert_eq!(accepted.resource_subscriptions.map(|all| all.len()), Some(MOST));
    }
}
