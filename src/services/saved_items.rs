//! What the questions about stored things share: names, times, numbers, long answers.

use chrono::{DateTime, SecondsFormat, Utc};
use factor_store::{RowKind, StoreError};
use factor_types::{GroupName, UserId};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{
    answer::{Fields, MAX_CHARS, Rendered, Rounding, fitting_listed},
    app::App,
    arguments::{Args, Mend, nearest},
    services::Call,
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// Names shown when one is not found.
const NAMED: usize = 3;

/// A name of a group or portfolio in an argument; `USER:My_Tech` is read too.
pub(crate) fn name(args: &Args, field: &str) -> Option<GroupName> {
    let text = args.string(field)?;
    let name = GroupName::read(&text).ok();
    if name.is_none() {
        args.must(field, "be 1 to 100 letters, digits, spaces or _ - & . with at least one letter or digit");
    }
    name
}

/// Nothing is kept under this name: the nearest names, or how to make one.
pub(crate) fn not_found(what: &str, field: &str, name: &GroupName, known: &[String], make: &str) -> ToolError {
    // Names are compared as the store compares them: case and underscores make no difference.
    let key = |name: &str| name.to_lowercase().replace(' ', "_");
    let mut left: Vec<(String, &str)> = known.iter().map(|name| (key(name), name.as_str())).collect();
    let mut near = Vec::new();
    while near.len() < NAMED
        && let Some(found) = nearest(&name.key(), left.iter().map(|(key, _)| key.as_str()))
        && let Some(at) = left.iter().position(|(key, _)| key == found)
    {
        near.push(left.remove(at).1);
    }
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let hint = match (near.as_slice(), known.len()) {
        ([], 0) => format!("there are none yet; {make} makes one"),
        ([], count) => {
            let first: Vec<&str> = left.iter().take(NAMED).map(|(_, name)| *name).collect();
            let more = if count > first.len() { format!(" and {} more", count - first.len()) } else { String::new() };
            format!("there are {}{more}", quoted(&first))
        }
        (near, _) => format!("did you mean {}?", quoted(near)),
    };
    let refusal = Refusal::new(format!("must be the name of a saved {what}"), &hint);
    // Of two that are near either may be meant.
    let refusal = refusal.mended_by(match near.as_slice() {
        [near] => Some(Mend::Value(json!(near))),
        _ => None,
    });
    ToolError::new(ErrorCode::NotFound, format!("There is no {what} called `{name}`"), hint).with_problem(Problem::new(
        field,
        json!(name.as_str()).to_string(),
        refusal,
    ))
}

/// A time as RFC 3339 in UTC.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// For a field of an answer: as [`time`].
pub(crate) fn to_the_second<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time(*at))
}

/// For a field of an answer: six significant digits, never `-0`; `null` when it is missing or not finite.
#[expect(clippy::ref_option, reason = "serde hands over a field by reference")]
pub(crate) fn six_digits<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.filter(|value| value.is_finite()).map(significant).serialize(serializer)
}

/// The nearest number with six significant digits.
pub(crate) fn significant(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value) + 0.0
}

/// That something was changed since it was read.
pub(crate) fn changed_meanwhile(what: &str, name: &GroupName) -> ToolError {
    let what = format!("The {what} `{name}` is not in the state that the call takes it for");
    ToolError::new(ErrorCode::Conflict, what, "Nothing was changed: read it again, and then decide anew")
}

/// Something kept that is not what was written, and so is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct DamagedItem {
    /// Its name, as far as it can be read.
    name: String,
    /// What happened, and what helps.
    detail: String,
}

impl DamagedItem {
    /// Those of these names.
    pub(crate) fn all(kind: RowKind, names: Vec<String>) -> Vec<Self> {
        let item = |name: String| {
            let detail = StoreError::DamagedRow { kind, name: name.clone() }.to_string();
            Self { name, detail }
        };
        names.into_iter().map(item).collect()
    }
}

/// What is said of something damaged that was deleted.
pub(crate) const DAMAGED_GONE: &str = "It was damaged, so what it was is not known; it is gone now.";

/// The status of an answer that is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Success {
    /// It worked.
    Success,
}

/// Answers a call whose only argument is a name.
///
/// # Errors
/// Every mistake of the arguments, and what `run` answers.
pub(super) async fn of_name<T: Serialize, F: Future<Output = Result<T, ToolError>>>(
    app: &App,
    call: &Call,
    name: fn(&Args) -> Result<GroupName, ToolError>,
    run: impl FnOnce(GroupName) -> F,
    cuttable: &[&str],
) -> Result<Rendered, ToolError> {
    let answer = run(name(&Args::new(call.arguments.clone()))?).await?;
    Ok(rendered(app, call.user, &answer, cuttable))
}

/// An answer as it leaves, cut when it is too long: of the lists and objects named, in this order, as much is left out as
/// is needed, and then of all others. The whole is then kept under a link.
pub(super) fn rendered(app: &App, user: UserId, answer: &impl Serialize, cuttable: &[&str]) -> Rendered {
    let whole = Rendered::json(answer);
    if whole.structured.fits(MAX_CHARS) {
        return whole;
    }
    // A cut is rare: only then is the answer taken apart into fields.
    let Ok(Value::Object(fields)) = serde_json::to_value(answer) else { return whole };
    fitting_listed(Fields::of(&fields, Rounding::None), MAX_CHARS, cuttable, (&app.results, user))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(asked: &str, known: &[&str]) -> String {
        let known: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
        let error = not_found("factor group", "group_name", &asked.parse().unwrap(), &known, "create_factor_group");
        assert_eq!(error.code, ErrorCode::NotFound);
        error.problems[0].hint().unwrap().to_owned()
    }

    #[test]
    fn a_name_not_found_lists_the_nearest() {
        let known = ["My Tech", "My Tech 2", "Bonds", "My Teck", "mytech"];
        let near = hint("My Tach", &known);
        assert!(near.starts_with("did you mean `") && near.contains("`My Tech`") && !near.contains("Bonds"), "{near}");
        assert_eq!(near.matches('`').count(), 6, "{near}");
        assert!(hint("my_pear", &["My Pair"]).contains("`My Pair`"));
        assert_eq!(hint("zzz", &known), "there are `My Tech`, `My Tech 2`, `Bonds` and 2 more");
        assert_eq!(hint("zzz", &[]), "there are none yet; create_factor_group makes one");
    }

    #[derive(Serialize)]
    struct Figure(#[serde(serialize_with = "six_digits")] Option<f64>);

    #[test]
    fn six_digits_and_no_minus_zero() {
        let written = |value| serde_json::to_string(&Figure(value)).unwrap();
        assert_eq!(written(Some(0.123_456_78)), "0.123457");
        assert_eq!(written(Some(-0.0)), "0.0");
        assert_eq!(written(Some(f64::NAN)), "null");
        assert_eq!(written(None), "null");
    }
}
