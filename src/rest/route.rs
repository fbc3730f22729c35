//! A route: which tool's service it asks, with what, and what its answer says beside the content.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use factor_auth::{Scope, Scopes};
use factor_types::{UserId, closed_set};
use serde_json::Value;

use super::{answer, conditions, endpoint, pictures, problem::Problem, request, results, root, seed};
use crate::{
    answer::Rendered,
    app::FromAddress,
    mcp::{server::Server, tools::ToolFn},
    rights::Rights,
    services::{Call, Precondition},
};

closed_set! {
    /// A method of HTTP.
    pub(super) enum Verb: "a method" {
        Get = "GET",
        Post = "POST",
        Put = "PUT",
        Delete = "DELETE",
    }
}

/// What answers.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// A tool, by its name.
    Tool(&'static str),
    /// A service that is no tool: the name that it is counted under, the tool whose arguments and rights it has, itself.
    Service(&'static str, &'static str, ToolFn),
    /// The whole of an answer that was cut.
    KeptResult,
}

/// What an answer says beside its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// Nothing.
    Plain,
    /// An analysis: the state of its figures, which are its caller's alone.
    Figures,
    /// One thing that is kept: the state that it is in.
    Kept,
}

/// One route.
pub(super) struct Route {
    pub(super) verb: Verb,
    /// Below the root, with the name of the argument that stands in it: `/factor-groups/{group_name}`.
    pub(super) path: &'static str,
    pub(super) work: Work,
    /// What it is for, in a line.
    pub(super) summary: &'static str,
    /// An argument that the route itself gives.
    pub(super) given: Option<(&'static str, &'static str)>,
    pub(super) answers: Answers,
    /// What a write without a condition asks for.
    pub(super) precondition: fn() -> Precondition,
    /// What the seed calls a caller's mistake here, where it has a word.
    pub(super) error_code: Option<&'static str>,
    /// Arguments to begin with, as JSON.
    pub(super) example: &'static str,
}

impl Route {
    /// A route without anything special.
    pub(super) const fn new(verb: Verb, path: &'static str, work: Work, summary: &'static str) -> Self {
        Self {
            verb,
            path,
            work,
            summary,
            given: None,
            answers: Answers::Plain,
            precondition: || Precondition::None,
            error_code: None,
            example: "{}",
        }
    }

    /// The tool whose arguments and rights it has.
    pub(super) fn tool(&self) -> Option<&'static str> {
        match self.work {
            Work::Tool(tool) | Work::Service(_, tool, _) => Some(tool),
            Work::KeptResult => None,
        }
    }

    /// The argument that stands in its path.
    pub(super) fn name_in_path(&self) -> Option<&'static str> {
        self.path.split_once('{')?.1.split_once('}').map(|(name, _)| name)
    }

    /// True where it is offered: a tool that is hidden is hidden here too.
    pub(super) fn is_offered(&self, server: &Server) -> bool {
        self.tool().is_none_or(|tool| server.tool(tool).is_some())
    }

    /// What a call of it needs.
    pub(super) fn needs(&self, server: &Server) -> Scopes {
        self.tool().map_or_else(|| Scopes::of(&[Scope::Read]), |tool| server.needs(tool))
    }

    /// Answers a request for it.
    pub(super) async fn answered(&'static self, server: &Server, name: Option<String>, request: Request) -> Response {
        /// Owns nothing: only a request that came past the door is somebody's.
        const NOBODY: UserId = UserId::new(0);
        let (parts, body) = request.into_parts();
        let user = parts.extensions.get().copied().unwrap_or(NOBODY);
        let rights = parts.extensions.get().copied().unwrap_or(Rights::NONE);
        if let Err(refused) = rights.require(self.needs(server)) {
            // Whoever let the request in knows how to say it.
            let mut response = StatusCode::FORBIDDEN.into_response();
            response.extensions_mut().insert(refused);
            return response;
        }
        let at = endpoint(self.path);
        if !self.is_offered(server) {
            return Problem::not_offered().at(at, Some(self)).into_response();
        }
        let work = match self.work {
            Work::KeptResult => {
                return results::answered(server, user, &name.unwrap_or_default(), &parts.headers).await;
            }
            Work::Tool(tool) => server.tool(tool).map(|call| (tool, call)),
            Work::Service(name, _, call) => Some((name, call)),
        };
        let Some((tool, call)) = work else { return Problem::not_offered().at(at, Some(self)).into_response() };
        let read = request::read(self, name, (&parts, body)).await;
        let asked = read.and_then(|arguments| seed::read(self, arguments));
        let asked = match asked {
            Ok(asked) => asked,
            Err(problem) => return problem.at(at, Some(self)).into_response(),
        };
        let condition = match conditions::read(self, &parts.headers) {
            Ok(condition) => condition,
            Err(problem) => return problem.at(at, Some(self)).into_response(),
        };
        let precondition = condition.clone().unwrap_or_else(self.precondition);
        let address = parts.extensions.get::<FromAddress>().map(|FromAddress(address)| *address);
        let trace = parts.headers.get("traceparent").and_then(|trace| trace.to_str().ok()?.parse().ok());
        let mut arguments = asked.arguments;
        let image = pictures::wanted(&parts.headers).filter(|_| pictures::has(tool));
        if let Some(image) = image {
            pictures::ask(&mut arguments, image);
        }
        let call_of = Call { arguments, user, address, rights, trace, precondition, ..Call::default() };
        let has =
            |answer: &Rendered| image.is_none() && answer::is_known(self, answer, asked.threshold, &parts.headers);
        match server.done_unless((tool, call), call_of, has).await {
            Ok(rendered) => match rendered.picture.as_deref().filter(|_| image.is_some()) {
                Some(picture) => pictures::response(picture),
                None => {
                    let kept = &server.app().results;
                    let rendered = pictures::linked(rendered, kept, user);
                    kept.share(user, &rendered.links).await;
                    answer::success((self, &root(server)), rendered, asked.threshold, &parts.headers).await
                }
            },
            Err(failure) => {
                Problem::of_failure(&failure.structured, condition.as_ref()).at(at, Some(self)).into_response()
            }
        }
    }

    /// The example as JSON.
    pub(super) fn example(&self) -> Value {
        serde_json::from_str(self.example).unwrap_or_default()
    }
}

/// Nobody but its caller may keep an answer.
pub(super) fn for_its_caller(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
}

#[cfg(test)]
mod tests {
    use crate::{mcp::tools::TOOLS, rest::routes};

    #[test]
    fn a_route_asks_for_a_tool_that_is_there_with_arguments_that_it_has() {
        for route in routes() {
            let Some(tool) = route.tool() else { continue };
            let entry = TOOLS.iter().find(|entry| entry.name == tool).unwrap();
            let input = (entry.input)();
            let example = route.example();
            let names = route.given.map(|(name, _)| name).into_iter().chain(route.name_in_path());
            for name in names.chain(example.as_object().unwrap().keys().map(String::as_str)) {
                assert!(input["properties"].get(name).is_some(), "{} {}: {name}", route.verb, route.path);
            }
        }
    }
}
