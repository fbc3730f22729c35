//! `If-Match` and `If-None-Match`.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    problem::Problem,
    route::{Answers, Route, Verb},
};
use crate::{services::Precondition, tool_error::ErrorCode};

/// Tags of one request that are looked at.
const MOST: usize = 100;

/// The tags of a condition: `*`, or those named.
enum Tags {
    Any,
    /// Without their quotes, and whether each is strong.
    These(Vec<(String, bool)>),
}

impl Tags {
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut all = Vec::new();
        for value in headers.get_all(name) {
            // What is no text is nobody's tag.
            let text = value.to_str().unwrap_or_default();
            if text.trim() == "*" {
                return Some(Self::Any);
            }
            // Ours have no commas in them; some clients leave the quotes out.
            let tags = text.split(',').map(str::trim).map(|tag| match tag.strip_prefix("W/") {
                Some(weak) => (weak.trim_matches('"').to_owned(), false),
                None => (tag.trim_matches('"').to_owned(), true),
            });
            all.extend(tags.take(MOST));
        }
        (!all.is_empty()).then_some(Self::These(all))
    }
}

/// What a request asks of the state of what it writes; `None` where it asks nothing.
pub(super) fn read(route: &Route, headers: &HeaderMap) -> Result<Option<Precondition>, Problem> {
    let writes = route.verb == Verb::Put && route.answers == Answers::Kept;
    let matching = Tags::of(headers, &header::IF_MATCH);
    if !writes {
        // Not heeding it could delete what its sender wants to keep.
        let is_heeded = matching.is_none() || route.verb == Verb::Get;
        return if is_heeded { Ok(None) } else { Err(misplaced()) };
    }
    let new = matches!(Tags::of(headers, &header::IF_NONE_MATCH), Some(Tags::Any));
    Ok(match matching {
        Some(Tags::Any) => Some(Precondition::Present),
        // Only a strong tag may guard a write.
        Some(Tags::These(tags)) => {
            let strong = tags.into_iter().filter(|(_, strong)| *strong);
            Some(Precondition::Versions(strong.map(|(tag, _)| tag).collect()))
        }
        None if new => Some(Precondition::New),
        None => None,
    })
}

fn misplaced() -> Problem {
    let words = "If-Match is heeded where a group or a portfolio is put, and nowhere else: leave it out.";
    Problem::new(ErrorCode::InvalidArgument, words.to_owned())
}

/// True where the request says that it has what this tag stands for.
pub(super) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let tag = tag.to_str().unwrap_or_default().trim_matches('"');
    match Tags::of(headers, &header::IF_NONE_MATCH) {
        Some(Tags::Any) => true,
        Some(Tags::These(known)) => known.iter().any(|(known, _)| known == tag),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::routes;

    fn headers(given: &[(HeaderName, &'static str)]) -> HeaderMap {
        given.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn route(verb: Verb, path: &str) -> &'static Route {
        routes().find(|route| route.verb == verb && route.path == path).unwrap()
    }

    #[test]
    fn a_condition_is_a_list_of_strong_tags_or_a_star() {
        let put = route(Verb::Put, "/portfolios/{portfolio_name}");
        let of = |given: &[(HeaderName, &'static str)]| read(put, &headers(given)).unwrap();
        let versions = |tags: &[&str]| Some(Precondition::Versions(tags.iter().map(|tag| (*tag).to_owned()).collect()));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(header::IF_MATCH, "\"ab\"")]), versions(&["ab"]));
        assert_eq!(of(&[(header::IF_MATCH, "\"ab\", W/\"cd\" , ef")]), versions(&["ab", "ef"]));
        assert_eq!(of(&[(header::IF_MATCH, "W/\"ab\"")]), versions(&[]), "a weak tag matches nothing");
        assert_eq!(of(&[(header::IF_MATCH, " * ")]), Some(Precondition::Present));
        assert_eq!(of(&[(header::IF_NONE_MATCH, "*")]), Some(Precondition::New));
        assert_eq!(of(&[(header::IF_NONE_MATCH, "\"ab\"")]), None);
    }

    #[test]
    fn where_it_is_not_heeded_it_is_refused() {
        let given = headers(&[(header::IF_MATCH, "\"ab\"")]);
        assert!(read(route(Verb::Delete, "/portfolios/{portfolio_name}"), &given).is_err());
        assert_eq!(read(route(Verb::Get, "/portfolios/{portfolio_name}"), &given).ok(), Some(None));
    }

    #[test]
    fn what_is_known_need_not_be_sent_again() {
        let tag = HeaderValue::from_static("\"ab\"");
        let known = |value: &'static str| is_known(&headers(&[(header::IF_NONE_MATCH, value)]), &tag);
        assert!(known("\"ab\"") && known("W/\"ab\"") && known("\"x\", \"ab\"") && known("*"));
        assert!(!known("\"abc\"") && !known("") && !is_known(&HeaderMap::new(), &tag));
    }
}
