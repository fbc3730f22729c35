//! All that is kept of a user.

use chrono::Utc;
use factor_store::Store;
use factor_types::{GroupWeighting, UserId};
use serde_json::{Value, json};

use super::{object, of_issuer, time};

/// All that is kept of a user, but for what was written down of their calls, which `audit export` has; `None` where there is no
/// such user.
pub(super) async fn of(store: &dyn Store, id: UserId) -> anyhow::Result<Option<Value>> {
    let users = store.users().await?;
    let Some(user) = users.rows.iter().find(|user| user.id == id) else { return Ok(None) };
    let mut kept = object(user);
    let identities = store.identities().await?.rows;
    kept["identities"] = identities.iter().filter(|identity| identity.user == id).map(of_issuer).collect();
    let groups = store.groups(id).await?;
    kept["groups"] = groups
        .rows
        .iter()
        .map(|saved| {
            let group = &saved.group.what;
            let weights = match &group.weighting {
                GroupWeighting::Custom(weights) => json!(weights),
                _ => Value::Null,
            };
            json!({
                "name": group.name, "description": group.description, "tickers": group.tickers,
                "weighting_method": group.weighting.as_str(), "weights": weights,
                "created_at": time(saved.group.created_at), "updated_at": time(saved.group.updated_at),
            })
        })
        .collect();
    let portfolios = store.portfolios(id).await?;
    kept["portfolios"] = portfolios
        .rows
        .iter()
        .map(|saved| {
            json!({
                "name": saved.what.name, "holdings": saved.what.holdings,
                "created_at": time(saved.created_at), "updated_at": time(saved.updated_at),
            })
        })
        .collect();
    kept["damaged"] = json!([groups.damaged, portfolios.damaged].concat());
    let now = Utc::now();
    let used = store.usage(id, now.date_naive(), now).await?;
    kept["used_today"] =
        used.iter().map(|used| json!({"operation": used.operation, "answered": used.answered})).collect();
    let names = store.audit_names().await?;
    kept["name_in_audit"] = json!(names.into_iter().find(|(user, _)| *user == id).map(|(_, name)| name));
    Ok(Some(kept))
}
