//! A call put right: its arguments with what each problem says would be right.

use serde_json::{Map, Value};

use super::values;
use crate::tool_error::{Mend, Problem};

/// The arguments with every problem mended; `None` where one of them does not say how, or is of nothing that the call has.
pub(crate) fn mended(arguments: &Map<String, Value>, problems: &[Problem]) -> Option<Map<String, Value>> {
    if problems.is_empty() {
        return None;
    }
    let mut call = arguments.clone();
    for problem in problems {
        match problem.mend()? {
            Mend::Value(value) => *at(&mut call, problem.field())? = value.clone(),
            Mend::Both(value, (second, of_second)) => {
                *at(&mut call, problem.field())? = value.clone();
                call.insert((*second).to_owned(), of_second.clone());
            }
            Mend::Beside(name, value) => {
                call.insert((*name).to_owned(), value.clone());
            }
            Mend::Name(name) => rename(parent(&mut call, problem.field())?, Some(name))?,
            Mend::Nothing => rename(parent(&mut call, problem.field())?, None)?,
            Mend::Elsewhere => {}
        }
    }
    let is_missing = |problem: &&Problem| problem.mend() == Some(&Mend::Elsewhere);
    for problem in problems.iter().filter(is_missing) {
        at(&mut call, problem.field())?;
    }
    (call != *arguments).then_some(call)
}

/// The value at a path as problems write it: `tickers[1]`, `advanced.min_observations`, `weights.SPY`. A name may have dots of
/// its own, and a list may be written as a text.
fn at<'a>(fields: &'a mut Map<String, Value>, path: &str) -> Option<&'a mut Value> {
    if fields.contains_key(path) {
        return fields.get_mut(path);
    }
    let end = path.find(['.', '['])?;
    inside(fields.get_mut(&path[..end])?, &path[end..])
}

fn inside<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    if path.is_empty() {
        return Some(value);
    }
    if let Some(path) = path.strip_prefix('.') {
        *value = values::unwrapped(value).into_owned();
        return at(value.as_object_mut()?, path);
    }
    let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
    if !value.is_array() {
        *value = Value::Array(values::items(value).ok()?.into_owned());
    }
    inside(value.get_mut(index.parse::<usize>().ok()?)?, rest)
}

/// The object that has the last name of a path, and that name.
fn parent<'a, 'b>(call: &'a mut Map<String, Value>, path: &'b str) -> Option<(&'a mut Map<String, Value>, &'b str)> {
    if call.contains_key(path) {
        return Some((call, path));
    }
    let (within, name) = path.rsplit_once('.')?;
    let object = at(call, within)?;
    *object = values::unwrapped(object).into_owned();
    Some((object.as_object_mut()?, name))
}

/// Gives a field another name in its place, or takes it out.
fn rename((fields, name): (&mut Map<String, Value>, &str), to: Option<&String>) -> Option<()> {
    if !fields.contains_key(name) || to.is_some_and(|to| fields.contains_key(to)) {
        return None;
    }
    let of = std::mem::take(fields).into_iter();
    *fields = of
        .filter_map(|(known, value)| match to {
            _ if known != name => Some((known, value)),
            Some(to) => Some((to.clone(), value)),
            None => None,
        })
        .collect();
    Some(())
}

#[cfg(test)]
mod tests {
    use factor_types::Frequency;
    use serde_json::json;

    use super::*;
    use crate::tool_error::Refusal;

    fn of(call: &Value, problems: &[(&str, Mend)]) -> Value {
        let problem = |(field, mend): &(&str, Mend)| {
            Problem::new(field, "x", Refusal::must("be right").mended_by(Some(mend.clone())))
        };
        let problems: Vec<Problem> = problems.iter().map(problem).collect();
        mended(call.as_object().unwrap(), &problems).map_or(Value::Null, Value::Object)
    }

    #[test]
    fn each_problem_is_mended_in_its_place() {
        let call =
            json!({"top": 500, "tickers": "SPY, TTL", "advanced": {"precison": 3, "x": 1}, "weights": {"BRK.B": 60}});
        let mends = [
            ("top", Mend::Value(json!(100))),
            ("tickers[1]", Mend::Value(json!("TLT"))),
            ("advanced.precison", Mend::Name("precision".to_owned())),
            ("advanced.x", Mend::Nothing),
            ("weights.BRK.B", Mend::Value(json!(0.6))),
        ];
        let right =
            json!({"top": 100, "tickers": ["SPY", "TLT"], "advanced": {"precision": 3}, "weights": {"BRK.B": 0.6}});
        assert_eq!(of(&call, &mends), right);
        let written = json!({"holdings": "[{\"ticker\": \"SPY\", \"weight\": 60}]"});
        let share = [("holdings[0].weight", Mend::Value(json!(0.6)))];
        assert_eq!(of(&written, &share), json!({"holdings": [{"ticker": "SPY", "weight": 0.6}]}));
        let dates = json!({"start_date": "2024-01-01", "end_date": "2020-01-01"});
        let swapped = [("start_date", Mend::Both(json!("2020-01-01"), ("end_date", json!("2024-01-01"))))];
        assert_eq!(of(&dates, &swapped), json!({"start_date": "2020-01-01", "end_date": "2024-01-01"}));
        let few = json!({"tickers": ["IBIT", "SPY"]});
        let daily = |returns| Mend::daily(Frequency::Monthly, returns, 24);
        assert_eq!(
            of(&few, &[("tickers", daily(11).unwrap())]),
            json!({"tickers": ["IBIT", "SPY"], "frequency": "daily"})
        );
        assert_eq!((daily(1), Mend::daily(Frequency::Daily, 11, 24)), (None, None), "days would be too few as well");
    }

    #[test]
    fn what_is_missing_may_stand_there_misspelt() {
        let call = json!({"holdings": [{"ticker": "SPY", "weigth": 0.6}], "overexposed_facter": "XLK"});
        let misspelt = [
            ("overexposed_factor", Mend::Elsewhere),
            ("holdings[0].weight", Mend::Elsewhere),
            ("holdings[0].weigth", Mend::Name("weight".to_owned())),
            ("overexposed_facter", Mend::Name("overexposed_factor".to_owned())),
        ];
        let right = json!({"holdings": [{"ticker": "SPY", "weight": 0.6}], "overexposed_factor": "XLK"});
        assert_eq!(of(&call, &misspelt), right);
        assert_eq!(of(&call, &misspelt[..3]), Value::Null, "still missing");
    }

    #[test]
    fn no_call_is_made_where_a_problem_is_open() {
        let call = json!({"a": 1, "b": 2, "list": [1]});
        let right = || ("a", Mend::Value(json!(2)));
        for open in [
            ("c", Mend::Value(json!(1))),
            ("a", Mend::Name("b".to_owned())),
            ("list[7]", Mend::Value(json!(1))),
            ("list[x", Mend::Value(json!(1))),
            ("a.b.c", Mend::Nothing),
        ] {
            assert_eq!(of(&call, &[right(), open.clone()]), Value::Null, "{open:?}");
        }
        assert_eq!(of(&call, &[]), Value::Null);
        assert_eq!(of(&call, &[("a", Mend::Value(json!(1)))]), Value::Null, "the same call again is no way out");
        let without = Problem::new("b", "2", Refusal::must("be right"));
        assert_eq!(mended(call.as_object().unwrap(), &[without]), None);
    }
}
