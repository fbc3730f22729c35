//! The arguments of a request: its body or its query, the name in its path, and what the route itself gives.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header, request::Parts},
};
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

use super::{
    problem::Problem,
    route::{Route, Verb},
};
use crate::tool_error::{ErrorCode, Problem as ArgumentProblem, Refusal, ToolError};

/// Longer bodies are read off the async threads, in bytes.
const LONG: usize = 16 * 1024;

/// Names that paths have other uses for.
const RESERVED: [&str; 3] = ["health", ".", ".."];

/// The arguments that name what is kept.
const NAMES: [&str; 3] = ["group_name", "new_name", "portfolio_name"];

/// Reads the arguments of a request.
pub(super) async fn read(
    route: &Route,
    name: Option<String>,
    (parts, body): (&Parts, Body),
) -> Result<Map<String, Value>, Problem> {
    let mut arguments = match route.verb {
        Verb::Get => of_query(parts.uri.query().unwrap_or_default()),
        Verb::Post | Verb::Put | Verb::Delete => {
            // The guard has read it whole, and it is no longer than a body may be.
            let body = axum::body::to_bytes(body, usize::MAX).await;
            let body = body.map_err(|_| no_json("it broke off"))?;
            of_body(&parts.headers, body).await?
        }
    };
    let from_path = route.name_in_path().zip(name);
    let given = route.given.map(|(name, value)| (name, value.to_owned()));
    for (name, value) in from_path.into_iter().chain(given) {
        settle(&mut arguments, name, value)?;
    }
    refuse_reserved(&arguments)?;
    Ok(arguments)
}

/// The object in a body; a body of nothing has no arguments.
async fn of_body(headers: &HeaderMap, body: Bytes) -> Result<Map<String, Value>, Problem> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    if !is_json(headers) {
        return Err(Problem::no_json_content());
    }
    if body.len() <= LONG {
        return object(&body);
    }
    spawn_blocking(move || object(&body)).await.unwrap_or_else(|_| Err(Problem::of_error(&ToolError::internal())))
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    // RFC 8259 lets readers pass over a byte order mark.
    let text = body.strip_prefix(b"\xEF\xBB\xBF".as_slice()).unwrap_or(body);
    match serde_json::from_slice(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(no_json("it is no object")),
        Err(error) => Err(no_json(&error.to_string())),
    }
}

fn no_json(why: &str) -> Problem {
    let words = format!(
        "The body is no object in JSON ({why}): send one with the arguments, such as {{\"format\": \"json\"}}."
    );
    Problem::new(ErrorCode::InvalidArgument, words)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The parameters of a query, all as text: tools read numbers, lists and objects in text. One that comes again is a list.
fn of_query(query: &str) -> Map<String, Value> {
    let mut arguments = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = Value::String(value.into_owned());
        match arguments.get_mut(name.as_ref()) {
            None => {
                arguments.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    arguments
}

/// Puts in what the path or the route says. Who says it again must say the same.
fn settle(arguments: &mut Map<String, Value>, name: &str, value: String) -> Result<(), Problem> {
    let said = arguments.get(name).filter(|said| !said.is_null());
    let is_same =
        said.is_none_or(|said| said.as_str().is_some_and(|said| said.trim().eq_ignore_ascii_case(value.trim())));
    if !is_same {
        let refusal = Refusal::new(format!("must be `{value}` here, as the path says, or be left out"), "leave it out");
        let got = said.map(ToString::to_string).unwrap_or_default();
        return Err(Problem::of_error(&ToolError::invalid(vec![ArgumentProblem::new(name, got, refusal)])));
    }
    arguments.insert(name.to_owned(), Value::String(value));
    Ok(())
}

fn refuse_reserved(arguments: &Map<String, Value>) -> Result<(), Problem> {
    let of_name = |name: &str| Some((name.to_owned(), arguments.get(name)?.as_str()?.trim().to_owned()));
    let reserved =
        NAMES.iter().filter_map(|name| of_name(name)).filter(|(_, value)| RESERVED.contains(&value.as_str()));
    let problem = |(name, value): (String, String)| {
        let refusal =
            Refusal::new("is reserved: paths have another use for it", "take another name, or write it with a capital");
        ArgumentProblem::new(name, json!(value).to_string(), refusal)
    };
    let problems: Vec<ArgumentProblem> = reserved.map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(Problem::of_error(&ToolError::invalid(problems))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_text_and_what_comes_again_is_a_list() {
        let read = |query: &str| Value::Object(of_query(query));
        assert_eq!(read(""), json!({}));
        assert_eq!(read("a=1&b=x%20y+z&c="), json!({"a": "1", "b": "x y z", "c": ""}));
        assert_eq!(read("t=SPY&t=TLT&t=GLD"), json!({"t": ["SPY", "TLT", "GLD"]}));
        assert_eq!(read("a=%ff&%=&&="), json!({"a": "\u{fffd}", "%": "", "": ""}), "whatever it is");
    }

    #[test]
    fn a_body_is_an_object() {
        for body in ["", "x", "1", "[]", "null", "{\"a\":", "{\"a\":1}x", "\u{feff}[1]"] {
            assert!(object(body.as_bytes()).is_err(), "{body}");
        }
        assert!(object(b"\xff").is_err());
        assert!(object(&b"[".repeat(100_000)).is_err(), "depth is bounded");
        assert_eq!(object("\u{feff}{\"a\": 1}".as_bytes()).unwrap(), json!({"a": 1}).as_object().unwrap().clone());
    }

    #[test]
    fn what_the_path_says_may_be_said_again_and_nothing_else() {
        let settled = |said: Value| {
            let mut arguments = said.as_object().unwrap().clone();
            settle(&mut arguments, "analysis_type", "returns".to_owned()).map(|()| Value::Object(arguments)).ok()
        };
        let all = Some(json!({"analysis_type": "returns"}));
        for same in [json!({}), json!({"analysis_type": null}), json!({"analysis_type": " Returns"})] {
            assert_eq!(settled(same), all);
        }
        assert_eq!(settled(json!({"analysis_type": "performance"})), None);
        assert_eq!(settled(json!({"analysis_type": ["returns"]})), None);
    }

    #[test]
    fn names_that_paths_need_are_nobodys() {
        let refused = |name: &str| refuse_reserved(json!({"new_name": name}).as_object().unwrap()).is_err();
        assert!(refused("health") && refused(" . ") && refused(".."));
        assert!(!refused("Health") && !refused("health care") && !refused("..."));
    }
}
