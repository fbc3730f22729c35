//! Quotas: how many answers a day has, by tier and operation.
//!
//! A call takes a place before it is worked on. Its answer is counted before it goes out; a call that fails, for whatever reason,
//! gives its place back. A place whose process was killed comes back after twice the deadline of calls. So what was answered never
//! exceeds the quota, however many processes there are and whatever becomes of them. An analysis that its caller had within the life
//! of the caches, of the same arguments, prices and things kept, costs nothing. The user of a server that is run for oneself has no
//! quota.
//!
//! A disk that is full or cannot be written to takes nobody's reading away: what is answered meanwhile is counted here, on top of
//! what was counted last.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, TimeDelta, Utc};
use factor_store::{Place, PlaceOutcome, QuotaAsk, QuotaLimits, Store, StoreError, UserTier};
use factor_types::{ClosedSet, UserId};
use moka::sync::Cache;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::call_log;
use crate::{
    metrics::METRICS,
    settings::QuotaSettings,
    tool_error::{ErrorCode, ToolError},
};

/// Answers that are remembered, for repeats.
const MOST_REPEATS: u64 = 20_000;
/// Callers whose answers are counted here while the disk cannot be written to.
const MOST_UNKEPT: usize = 10_000;

factor_types::closed_set! {
    /// What is counted together.
    pub enum Operation: "an operation" {
        /// Analyses of correlations.
        Correlations = "correlations",
        /// Analyses of performance.
        Performance = "performance",
        /// Analyses of windowed returns.
        Returns = "returns",
        /// Recommendations.
        Recommendations = "recommendations",
        /// Exposures of portfolios.
        Exposures = "exposures",
        /// Comparisons.
        Comparisons = "comparisons",
        /// Factor models.
        Models = "models",
        /// Stress tests.
        StressTests = "stress_tests",
        /// Groups made, changed, deleted.
        GroupWrites = "group_writes",
        /// Lists of groups.
        GroupLists = "group_lists",
        /// One group read or checked.
        GroupReads = "group_reads",
        /// Portfolios saved and deleted.
        PortfolioWrites = "portfolio_writes",
        /// Portfolios listed and read.
        PortfolioReads = "portfolio_reads",
        /// Everything else: lists of factors, the server's state.
        Lookups = "lookups",
    }
}

impl Operation {
    /// That of a call. What a tool is called that is not known here is counted with everything else.
    pub fn of(tool: &str, arguments: &Map<String, Value>) -> Self {
        match tool {
            "get_factor_analysis" => match call_log::kind(tool, arguments) {
                Some("performance") => Self::Performance,
                Some("returns") => Self::Returns,
                // What is no kind at all is refused, and costs nothing.
                _ => Self::Correlations,
            },
            "get_factor_recommendations" => Self::Recommendations,
            "get_portfolio_exposures" => Self::Exposures,
            "compare_factors" => Self::Comparisons,
            "analyze_factor_model" => Self::Models,
            "stress_test" => Self::StressTests,
            "create_factor_group" | "update_factor_group" | "delete_factor_group" => Self::GroupWrites,
            "list_factor_groups" => Self::GroupLists,
            "get_factor_group" | "validate_factor_group" => Self::GroupReads,
            "save_portfolio" | "delete_portfolio" => Self::PortfolioWrites,
            "list_portfolios" | "get_portfolio" | "validate_portfolio" => Self::PortfolioReads,
            _ => Self::Lookups,
        }
    }

    /// For people: `correlations`, `group writes`.
    fn in_words(self) -> String {
        self.as_str().replace('_', " ")
    }

    /// Whether an answer may be kept, so that a repeat costs next to nothing.
    fn is_kept(self) -> bool {
        matches!(
            self,
            Self::Correlations
                | Self::Performance
                | Self::Returns
                | Self::Recommendations
                | Self::Exposures
                | Self::Comparisons
                | Self::Models
                | Self::StressTests
        )
    }

    fn writes(self) -> bool {
        matches!(self, Self::GroupWrites | Self::PortfolioWrites)
    }
}

impl QuotaSettings {
    /// How many answers of an operation a day has.
    pub fn of(&self, operation: Operation) -> QuotaLimits {
        match operation {
            Operation::Correlations => self.correlations,
            Operation::Performance => self.performance,
            Operation::Returns => self.returns,
            Operation::Recommendations => self.recommendations,
            Operation::Exposures => self.exposures,
            Operation::Comparisons => self.comparisons,
            Operation::Models => self.models,
            Operation::StressTests => self.stress_tests,
            Operation::GroupWrites => self.group_writes,
            Operation::GroupLists => self.group_lists,
            Operation::GroupReads => self.group_reads,
            Operation::PortfolioWrites => self.portfolio_writes,
            Operation::PortfolioReads => self.portfolio_reads,
            Operation::Lookups => self.lookups,
        }
    }
}

/// Goes with a request of a caller without a key, on a server that others can reach: where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FromAddress(pub IpAddr);

/// Whose quota a call takes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payer {
    /// Nobody's: it is the local user's.
    Nobody,
    /// A user's, by key or token.
    User(UserId),
    /// That of callers without a key at an address.
    Address(IpAddr),
}

impl Payer {
    /// Who pays for a call of this user's; the address is that of a caller without a key on a server that others can reach.
    pub fn of(user: UserId, address: Option<IpAddr>) -> Self {
        match address {
            _ if user != UserId::LOCAL => Self::User(user),
            Some(address) => Self::Address(network(address)),
            None => Self::Nobody,
        }
    }

    fn user(self) -> UserId {
        match self {
            Self::User(user) => user,
            Self::Nobody | Self::Address(_) => UserId::LOCAL,
        }
    }

    fn caller(self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Nobody | Self::User(_) => String::new(),
        }
    }
}

/// An address as it is counted: whoever has one of IPv6 has all that begin with the same 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address => address,
    }
}

/// What a caller has used of a day's quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Used {
    /// Of what.
    pub operation: Operation,
    /// How many were answered.
    pub answered: u64,
    /// How many are at work.
    pub at_work: u64,
    /// How many a day has; `null` for no limit.
    pub limit: Option<u32>,
}

/// The quotas of a server.
pub struct Quotas {
    store: Arc<dyn Store>,
    limits: QuotaSettings,
    /// From when on a place is free again, should nobody say what became of its call.
    lapse: TimeDelta,
    clock: fn() -> DateTime<Utc>,
    /// What was answered within the life of the caches.
    repeats: Cache<Repeat, ()>,
    /// Goes up with everything that a user writes: what an analysis means may hang on it.
    writes: Cache<UserId, u64>,
    unkept: Mutex<HashMap<Unkept, u64>>,
}

/// A question, as far as it is the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Repeat {
    payer: Payer,
    /// SHA-256 of operation, arguments and what else an answer hangs on.
    question: [u8; 32],
    writes: u64,
}

/// Answers that no store has counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Unkept {
    payer: Payer,
    operation: Operation,
    day: NaiveDate,
}

impl fmt::Debug for Quotas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Quotas").field("lapse", &self.lapse).finish_non_exhaustive()
    }
}

/// What a call costs. Dropped before it is counted, it gives its place back.
#[must_use = "an answer is counted by it"]
pub struct Cost {
    quotas: Arc<Quotas>,
    payer: Payer,
    operation: Operation,
    repeat: Option<Repeat>,
    taken: Taken,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Taken {
    /// It costs nothing.
    Nothing,
    /// A place in the store.
    Place(Place),
    /// A place here, for the store cannot be written to.
    Here(Unkept),
}

impl fmt::Debug for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cost").field("operation", &self.operation).field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl Quotas {
    /// Those that the settings name, for calls that end within a deadline and caches that keep for so long.
    pub fn new(store: Arc<dyn Store>, limits: QuotaSettings, deadline: Duration, kept: Duration) -> Arc<Self> {
        Arc::new(Self::with_clock(store, limits, (deadline, kept), Utc::now))
    }

    fn with_clock(
        store: Arc<dyn Store>,
        limits: QuotaSettings,
        (deadline, kept): (Duration, Duration),
        clock: fn() -> DateTime<Utc>,
    ) -> Self {
        let lapse = TimeDelta::from_std(deadline.saturating_mul(2)).unwrap_or(TimeDelta::hours(2));
        let repeats = Cache::builder().max_capacity(MOST_REPEATS).time_to_live(kept).build();
        // Longer than any answer is remembered: a count that is forgotten begins anew.
        let writes = Cache::builder().max_capacity(MOST_REPEATS).time_to_live(kept.saturating_mul(2)).build();
        Self { store, limits, lapse, clock, repeats, writes, unkept: Mutex::default() }
    }

    /// Takes a place for a call; `hangs_on` is what its answer hangs on apart from its arguments, of a call that may be a repeat.
    ///
    /// # Errors
    /// When none is left that day, or the store cannot say.
    pub async fn take(
        self: &Arc<Self>,
        payer: Payer,
        tool: &str,
        arguments: &Map<String, Value>,
        hangs_on: Option<impl fmt::Debug>,
    ) -> Result<Cost, ToolError> {
        let operation = Operation::of(tool, arguments);
        let cost = |repeat, taken| Cost { quotas: Arc::clone(self), payer, operation, repeat, taken };
        if payer == Payer::Nobody {
            return Ok(cost(None, Taken::Nothing));
        }
        let most = self.limits.of(operation);
        // Nothing is written for what nobody is kept to.
        if most.are_none() {
            return Ok(cost(None, Taken::Nothing));
        }
        let hangs_on = hangs_on.filter(|_| operation.is_kept());
        let repeat = hangs_on.map(|hangs_on| self.repeat(payer, operation, arguments, hangs_on));
        if repeat.as_ref().is_some_and(|repeat| self.repeats.contains_key(repeat)) {
            return Ok(cost(None, Taken::Nothing));
        }
        let now = (self.clock)();
        let ask = QuotaAsk {
            user: payer.user(),
            caller: payer.caller(),
            operation: operation.as_str(),
            most,
            now,
            lapses_at: now + self.lapse,
        };
        match self.store.take_place(&ask).await {
            Ok(PlaceOutcome::Taken(place)) => Ok(cost(repeat, Taken::Place(place))),
            Ok(PlaceOutcome::Exhausted { tier, most, answered, at_work }) => {
                METRICS.quota_refused(operation);
                Err(exhausted(operation, tier, most, (answered, at_work), now))
            }
            Err(StoreError::Full(_) | StoreError::ReadOnly(_) | StoreError::NotConfigured) => {
                let taken = self.take_here(payer, operation, now).await?;
                Ok(cost(repeat, Taken::Here(taken)))
            }
            Err(error) => Err(uncounted(&error)),
        }
    }

    /// What a caller has used of today's quotas; none where they have none, or the store does not say.
    pub async fn used(&self, payer: Payer) -> Vec<Used> {
        if payer == Payer::Nobody {
            return Vec::new();
        }
        let now = (self.clock)();
        let usage = self.store.usage(payer.user(), now.date_naive(), now).await.unwrap_or_default();
        let tier = self.tier_of(payer).await.unwrap_or(UserTier::Public);
        let of_caller = usage.into_iter().filter(|used| used.caller == payer.caller());
        of_caller
            .filter_map(|used| {
                let operation = Operation::read(&used.operation).ok()?;
                let limit = self.limits.of(operation).of(tier);
                Some(Used { operation, answered: used.answered, at_work: used.at_work, limit })
            })
            .collect()
    }

    /// A payer's tier: who has no key has none kept.
    async fn tier_of(&self, payer: Payer) -> Result<UserTier, StoreError> {
        match payer {
            Payer::User(user) => self.store.tier(user).await,
            Payer::Nobody | Payer::Address(_) => Ok(UserTier::Public),
        }
    }

    fn repeat(
        &self,
        payer: Payer,
        operation: Operation,
        arguments: &Map<String, Value>,
        hangs_on: impl fmt::Debug,
    ) -> Repeat {
        let mut question = Sha256::new();
        question.update(format!("{operation}\n{hangs_on:?}\n"));
        question.update(serde_json::to_vec(arguments).unwrap_or_default());
        let writes = self.writes.get(&payer.user()).unwrap_or_default();
        Repeat { payer, question: question.finalize().into(), writes }
    }

    /// A place that is counted here alone, on top of what the store says was answered.
    async fn take_here(&self, payer: Payer, operation: Operation, now: DateTime<Utc>) -> Result<Unkept, ToolError> {
        let day = now.date_naive();
        let kept = match self.store.usage(payer.user(), day, now).await {
            Ok(usage) => usage
                .iter()
                .filter(|used| used.operation == operation.as_str() && used.caller == payer.caller())
                .map(|used| used.answered + used.at_work)
                .sum(),
            Err(StoreError::NotConfigured) => 0,
            Err(error) => return Err(uncounted(&error)),
        };
        let tier = self.tier_of(payer).await.map_err(|error| uncounted(&error))?;
        let place = Unkept { payer, operation, day };
        let mut unkept = self.unkept();
        unkept.retain(|other, _| other.day == day);
        let here = unkept.get(&place).copied().unwrap_or_default();
        if let Some(most) = self.limits.of(operation).of(tier)
            && kept + here >= u64::from(most)
        {
            METRICS.quota_refused(operation);
            return Err(exhausted(operation, tier, most, (kept + here, 0), now));
        }
        if here == 0 && unkept.len() >= MOST_UNKEPT {
            return Err(ToolError::new(
                ErrorCode::RateLimited,
                "The server cannot count any more callers just now",
                "Call again when its disk can be written to",
            ));
        }
        unkept.insert(place.clone(), here + 1);
        Ok(place)
    }

    fn unkept(&self) -> MutexGuard<'_, HashMap<Unkept, u64>> {
        self.unkept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gives_back_here(&self, place: &Unkept) {
        let mut unkept = self.unkept();
        if let Some(count) = unkept.get_mut(place) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                unkept.remove(place);
            }
        }
    }
}

impl Cost {
    /// What is counted.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Counts the answer, which goes out then.
    ///
    /// # Errors
    /// When its place has lapsed, or the store does not take it: the answer must not go out.
    pub async fn count(mut self) -> Result<(), ToolError> {
        // From here on its place is used or lapses by itself: that it was counted may not have been heard.
        match std::mem::replace(&mut self.taken, Taken::Nothing) {
            Taken::Nothing | Taken::Here(_) => {}
            Taken::Place(place) => match self.quotas.store.use_place(&place).await {
                Ok(true) => {}
                // The disk is full since: what is read goes on. Its place lapses.
                Err(StoreError::Full(_) | StoreError::ReadOnly(_)) => {}
                Ok(false) => {
                    return Err(ToolError::new(
                        ErrorCode::Timeout,
                        "The call took longer than its place in the quota is kept",
                        "Call again: nothing was counted",
                    ));
                }
                Err(error) => return Err(uncounted(&error)),
            },
        }
        if let Some(repeat) = self.repeat.take() {
            self.quotas.repeats.insert(repeat, ());
        }
        if self.operation.writes() {
            let user = self.payer.user();
            let writes = self.quotas.writes.get(&user).unwrap_or_default();
            self.quotas.writes.insert(user, writes + 1);
        }
        Ok(())
    }
}

impl Drop for Cost {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.taken, Taken::Nothing) {
            Taken::Nothing => {}
            Taken::Here(place) => self.quotas.gives_back_here(&place),
            Taken::Place(place) => {
                // Nobody waits for it. Without a runtime, or should it fail, the place lapses by itself.
                let store = Arc::clone(&self.quotas.store);
                if let Ok(here) = tokio::runtime::Handle::try_current() {
                    here.spawn(async move {
                        if let Err(error) = store.give_place_back(&place).await {
                            tracing::debug!(%error, "a place in a quota was not given back: it lapses");
                        }
                    });
                }
            }
        }
    }
}

/// The refusal of a call whose day is used up.
fn exhausted(
    operation: Operation,
    tier: UserTier,
    most: u32,
    (answered, at_work): (u64, u64),
    now: DateTime<Utc>,
) -> ToolError {
    let next = now.date_naive().checked_add_days(Days::new(1)).and_then(|day| day.and_hms_opt(0, 0, 0));
    let midnight = next.map_or(now, |next| next.and_utc());
    let left = u64::try_from((midnight - now).num_seconds()).unwrap_or_default();
    let at = midnight.to_rfc3339_opts(SecondsFormat::Secs, true);
    let working = if at_work == 0 { String::new() } else { format!(", {at_work} of them still at work") };
    let what = format!("All {most} of today's {} are used ({tier} tier{working})", operation.in_words());
    let repeats = if operation.is_kept() { "; to ask again for one of the last answers costs nothing" } else { "" };
    let way_out = format!("The next day begins in {}, at {at}{repeats}", in_words(left));
    // One that is at work may fail, and gives its place back then.
    let retry_after = if answered < u64::from(most) { left.min(30) } else { left } + 1;
    ToolError { retry_after: Some(retry_after), ..ToolError::new(ErrorCode::RateLimited, what, way_out) }
}

/// A time in hours and minutes, rounded up.
fn in_words(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A call that cannot be counted is not worked on.
fn uncounted(error: &StoreError) -> ToolError {
    tracing::warn!(%error, "a call cannot be counted");
    ToolError::new(
        ErrorCode::UpstreamUnavailable,
        "Calls cannot be counted just now, and so none is answered",
        "Nothing was changed: call again in a moment",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use factor_store::NewUser;
    use serde_json::json;

    use super::*;
    use crate::settings::Settings;

    const MINUTE: Duration = Duration::from_secs(60);

    struct Shop {
        quotas: Arc<Quotas>,
        store: Arc<dyn Store>,
        ada: Payer,
        _folder: tempfile::TempDir,
    }

    async fn shop(limits: &str, clock: fn() -> DateTime<Utc>) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let store = factor_store::open(None, Some(folder.path())).unwrap();
        let (ada, _) = store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
        let quotas = Arc::new(Quotas::with_clock(Arc::clone(&store), limited(limits), (MINUTE, MINUTE), clock));
        Shop { quotas, store, ada: Payer::User(ada.id), _folder: folder }
    }

    /// The same for lists of groups and for correlations.
    fn limited(limits: &str) -> QuotaSettings {
        let settings = [("FACTOR_GROUPS_LIST_RATE_LIMIT", limits), ("FACTOR_CORRELATIONS_RATE_LIMIT", limits)];
        Settings::with(&settings).unwrap().quotas
    }

    impl Shop {
        async fn lists(&self, payer: Payer) -> Result<Cost, ToolError> {
            self.quotas.take(payer, "list_factor_groups", &Map::new(), Some(())).await
        }

        async fn analyses(&self, arguments: Value) -> Result<Cost, ToolError> {
            let Value::Object(arguments) = arguments else { panic!("no object") };
            self.quotas.take(self.ada, "get_factor_analysis", &arguments, Some(())).await
        }

        /// What Ada has answered and at work of lists.
        async fn used(&self, day: &str) -> (u64, u64) {
            let usage = self.store.usage(self.ada.user(), day.parse().unwrap(), (self.quotas.clock)()).await.unwrap();
            usage
                .iter()
                .find(|used| used.operation == "group_lists")
                .map_or((0, 0), |used| (used.answered, used.at_work))
        }
    }

    fn noon() -> DateTime<Utc> {
        "2026-06-15T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn every_call_is_of_an_operation() {
        let of = |tool: &str, arguments: Value| Operation::of(tool, arguments.as_object().unwrap());
        assert_eq!(of("get_factor_analysis", json!({})), Operation::Correlations);
        assert_eq!(of("get_factor_analysis", json!({"analysis_type": " Performance"})), Operation::Performance);
        assert_eq!(of("get_factor_analysis", json!({"fields": ["sharpe_ratio"]})), Operation::Performance);
        assert_eq!(of("get_factor_analysis", json!({"windows": ["1y"]})), Operation::Returns);
        let of_both = json!({"windows": ["1y"], "include_statistics": true});
        assert_eq!(of("get_factor_analysis", of_both), Operation::Correlations);
        assert_eq!(of("get_factor_analysis", json!({"analysis_type": "returns"})), Operation::Returns);
        for (tool, operation) in [
            ("get_factor_recommendations", Operation::Recommendations),
            ("delete_factor_group", Operation::GroupWrites),
            ("validate_factor_group", Operation::GroupReads),
            ("list_factors", Operation::Lookups),
            ("anything", Operation::Lookups),
        ] {
            assert_eq!(of(tool, json!({})), operation, "{tool}");
        }
        let limits = Settings::defaults().unwrap().quotas;
        let of_day = |operation| limits.of(operation).registered;
        assert_eq!([Operation::Recommendations, Operation::GroupWrites].map(of_day), [Some(60), Some(40)]);
    }

    #[tokio::test]
    async fn an_answer_is_counted_and_a_failure_gives_its_place_back() {
        let shop = shop("1 per day;2 per day;3 per day", noon).await;
        let day = "2026-06-15";
        let first = shop.lists(shop.ada).await.unwrap();
        let second = shop.lists(shop.ada).await.unwrap();
        assert_eq!(shop.used(day).await, (0, 2));
        let refused = shop.lists(shop.ada).await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (ErrorCode::RateLimited, Some(31)));
        let words = "All 2 of today's group lists are used (registered tier, 2 of them still at work). The next day begins in \
                     12 h, at 2026-06-16T00:00:00Z.";
        assert_eq!(refused.message, words);
        first.count().await.unwrap();
        drop(second);
        while shop.used(day).await != (1, 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shop.lists(shop.ada).await.unwrap().count().await.unwrap();
        let refused = shop.lists(shop.ada).await.unwrap_err();
        assert_eq!(refused.retry_after, Some(12 * 60 * 60 + 1), "{refused}");
        // Another tier has another quota at once.
        shop.store.set_tier(shop.ada.user(), UserTier::Paid).await.unwrap();
        let third = shop.lists(shop.ada).await.unwrap();
        assert_eq!(shop.used(day).await, (2, 1));
        drop(third);
    }

    #[tokio::test]
    async fn a_day_ends_at_midnight_of_utc() {
        static NOW: AtomicI64 = AtomicI64::new(0);
        fn now() -> DateTime<Utc> {
            DateTime::from_timestamp_millis(NOW.load(Ordering::SeqCst)).unwrap()
        }
        let at = |text: &str| {
            NOW.store(text.parse::<DateTime<Utc>>().unwrap().timestamp_millis(), Ordering::SeqCst);
        };
        at("2026-06-15T23:59:59.999Z");
        let shop = shop("1 per day;1 per day;1 per day", now).await;
        let before = shop.lists(shop.ada).await.unwrap();
        let refused = shop.lists(shop.ada).await.unwrap_err();
        assert_eq!(refused.retry_after, Some(1), "{refused}");
        at("2026-06-16T00:00:00Z");
        let after = shop.lists(shop.ada).await.unwrap();
        assert_eq!(shop.lists(shop.ada).await.unwrap_err().code, ErrorCode::RateLimited);
        // An answer is of the day on which it was asked for.
        before.count().await.unwrap();
        after.count().await.unwrap();
        assert_eq!((shop.used("2026-06-15").await, shop.used("2026-06-16").await), ((1, 0), (1, 0)));
        // A place whose process was killed is free again after twice the deadline.
        at("2026-06-17T00:00:00Z");
        std::mem::forget(shop.lists(shop.ada).await.unwrap());
        at("2026-06-17T00:01:59.999Z");
        assert!(shop.lists(shop.ada).await.is_err());
        at("2026-06-17T00:02:00Z");
        shop.lists(shop.ada).await.unwrap().count().await.unwrap();
    }

    #[tokio::test]
    async fn who_comes_after_its_place_has_lapsed_gets_no_answer_out() {
        static NOW: AtomicI64 = AtomicI64::new(1_781_000_000_000);
        fn now() -> DateTime<Utc> {
            DateTime::from_timestamp_millis(NOW.load(Ordering::SeqCst)).unwrap()
        }
        let shop = shop("1 per day;1 per day;1 per day", now).await;
        let late = shop.lists(shop.ada).await.unwrap();
        NOW.fetch_add(120_000, Ordering::SeqCst);
        let other = shop.lists(shop.ada).await.unwrap();
        assert_eq!(late.count().await.unwrap_err().code, ErrorCode::Timeout);
        other.count().await.unwrap();
    }

    #[tokio::test]
    async fn a_repeat_costs_nothing_until_something_is_written() {
        let shop = shop("1 per day;1 per day;1 per day", noon).await;
        let (one, other) = (json!({"top_n": 1}), json!({"top_n": 2}));
        let first = shop.analyses(one.clone()).await.unwrap();
        assert_eq!(shop.analyses(one.clone()).await.unwrap_err().code, ErrorCode::RateLimited, "not answered yet");
        first.count().await.unwrap();
        assert_eq!(shop.analyses(one.clone()).await.unwrap().taken, Taken::Nothing);
        assert_eq!(shop.analyses(other).await.unwrap_err().code, ErrorCode::RateLimited);
        let write = shop.quotas.take(shop.ada, "create_factor_group", &Map::new(), Some(())).await.unwrap();
        write.count().await.unwrap();
        assert_eq!(shop.analyses(one).await.unwrap_err().code, ErrorCode::RateLimited);
    }

    #[tokio::test]
    async fn who_has_no_key_is_counted_by_address_and_the_local_user_not_at_all() {
        let shop = shop("1 per day;9 per day;9 per day", noon).await;
        let from = |address: &str| Payer::of(UserId::LOCAL, Some(address.parse().unwrap()));
        shop.lists(from("2001:db8::1")).await.unwrap().count().await.unwrap();
        assert!(shop.lists(from("2001:db8::2")).await.is_err(), "of the same network");
        shop.lists(from("2001:db8:0:1::1")).await.unwrap().count().await.unwrap();
        shop.lists(from("192.0.2.1")).await.unwrap().count().await.unwrap();
        assert!(shop.lists(from("::ffff:192.0.2.1")).await.is_err());
        for _ in 0..20 {
            let local = shop.lists(Payer::of(UserId::LOCAL, None)).await.unwrap();
            assert_eq!(local.taken, Taken::Nothing);
        }
    }

    #[tokio::test]
    async fn where_nothing_is_kept_what_was_answered_is_counted_here() {
        let store = factor_store::open(None, None).unwrap();
        let quotas =
            Arc::new(Quotas::with_clock(store, limited("2 per day;0 per day;0 per day"), (MINUTE, MINUTE), noon));
        let stranger = Payer::Address([192, 0, 2, 1].into());
        let lists = async || quotas.take(stranger, "list_factor_groups", &Map::new(), Some(())).await;
        let (first, second) = (lists().await.unwrap(), lists().await.unwrap());
        assert_eq!(lists().await.unwrap_err().code, ErrorCode::RateLimited);
        drop(second);
        first.count().await.unwrap();
        lists().await.unwrap().count().await.unwrap();
        assert_eq!(lists().await.unwrap_err().code, ErrorCode::RateLimited);
    }
}
