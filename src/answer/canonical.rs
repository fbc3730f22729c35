//! An answer without what passes: what is the same whenever the same is asked of the same data.

use indexmap::IndexMap;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{
    Version,
    fields::{Fields, Part},
};

/// Fields that change though the figures do not: times, caches, the day of the analysis, and the receipt, which is of the rest.
const PASSING: [&str; 6] = ["performance", "cache", "lifecycle", "analysis_date", "stale_days", "receipt"];

/// Room that what passes has in every answer that is cut, in characters: an answer that took longer or came from a cache is cut where any
/// other to the same question is.
const ROOM: usize = 1_500;

/// Characters that an answer has to spare for what passes, beyond what that takes in this one; none where nothing of it passes.
pub(super) fn spare(answer: &Fields) -> usize {
    let passing = |fields: &Fields| -> usize {
        PASSING.iter().filter(|name| **name != "receipt").filter_map(|name| fields.get(name)).map(Part::chars).sum()
    };
    let within = match answer.get("analysis_metadata") {
        Some(Part::Fields(metadata)) => passing(metadata),
        _ => 0,
    };
    match passing(answer) + within {
        0 => 0,
        taken => ROOM.saturating_sub(taken),
    }
}

/// The fields of an object as they are written.
type Written<'a> = IndexMap<String, &'a RawValue>;

/// The state of an answer's figures, by its fields as they are written.
pub(crate) fn of_fields<'a, V: AsRef<str>>(fields: impl IntoIterator<Item = (&'a str, V)>) -> Version {
    let mut digest = Sha256::new();
    let mut take = |name: &str, value: &str| {
        // Neither has a zero byte in it.
        for part in [name, "\0", value, "\0"] {
            digest.update(part);
        }
    };
    for (name, value) in fields.into_iter().filter(|(name, _)| !PASSING.contains(name)) {
        let value = value.as_ref();
        match name {
            // A link is another one each time.
            "analysis_metadata" | "truncated" => {
                let inner: Written<'_> = serde_json::from_str(value).unwrap_or_default();
                let kept = inner
                    .iter()
                    .filter(|(name, _)| !PASSING.contains(&name.as_str()) && *name != "how_to_get_the_rest");
                kept.for_each(|(name, value)| take(name, value.get()));
            }
            _ => take(name, value),
        }
    }
    Version::from(digest)
}

/// The same of a whole answer; of what is no object, which no answer is, that of nothing.
pub(crate) fn of_text(text: &str) -> Version {
    let fields: Written<'_> = serde_json::from_str(text).unwrap_or_default();
    of_fields(fields.iter().map(|(name, value)| (name.as_str(), value.get())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_state_of_figures_is_theirs_and_not_the_days() {
        let of = |answer: Value| of_text(&answer.to_string());
        let answer = |ms: u64, day: u64, r: f64, link: &str| {
            json!({
                "status": "success", "r": r, "performance": {"total_ms": ms},
                "analysis_metadata": {"analysis_date": day, "stale_days": day, "cache": ms, "lifecycle": ms, "receipt": ms, "benchmark": "SPY"},
                "truncated": {"section": "x", "how_to_get_the_rest": link},
            })
        };
        assert_eq!(of(answer(1, 2, 0.5, "a")), of(answer(3, 4, 0.5, "b")));
        assert_ne!(of(answer(1, 2, 0.5, "a")), of(answer(1, 2, 0.6, "a")));
        assert_ne!(of(json!({"a": "x", "b": ""})), of(json!({"a": "", "b": "x"})));
        assert_eq!(of(json!({})).as_str().len(), 32);
    }
}
