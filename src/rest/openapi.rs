//! The OpenAPI document: the table of routes with the schemas of their tools' arguments and the full schemas of their answers.

use factor_types::ClosedSet;
use serde_json::{Map, Value, json};

use super::{
    HEALTH, ROOT,
    problem::{self, KIND},
    public_url,
    route::{Answers, Route, Verb, Work},
    routes,
    seed::{FORMATS, THRESHOLD},
};
use crate::{
    analysis::AnalysisKind,
    mcp::{server::Server, tools::TOOLS},
    services::{
        analysis, answer_schema,
        portfolios::validate::ValidatedPortfolio,
        status::health::{AnalysesHealth, GroupsHealth},
    },
};

/// What is sent in the name of a key or of a token.
const SCHEMES: [&str; 2] = ["bearer", "apiKey"];

/// The document of the routes that a server offers.
pub(super) fn document(server: &Server, key_required: bool) -> Value {
    let mut schemas = Map::new();
    schemas.insert("Problem".to_owned(), inlined(problem::schema()));
    let mut paths: Map<String, Value> = Map::new();
    for route in routes().filter(|route| route.is_offered(server)) {
        let operation = operation(route, server, &mut schemas);
        let path = paths.entry(format!("{ROOT}{}", route.path)).or_insert_with(|| json!({}));
        path[route.verb.as_str().to_ascii_lowercase()] = operation;
    }
    for (path, operation) in health(&mut schemas) {
        paths.insert(path.to_owned(), json!({"get": operation}));
    }
    let mut security: Vec<Value> = SCHEMES.iter().map(|scheme| json!({*scheme: []})).collect();
    if !key_required {
        // On one's own machine nobody is asked who they are.
        security.insert(0, json!({}));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "factor-mcp",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Factor analysis over REST: the services of the MCP tools. Decimals: 0.05 is 5%. What is missing is null, with its reason beside it. Arguments are read tolerantly: a number in a string, a list in one string, names in any case.",
            "license": {"name": "MIT"},
        },
        "servers": [{"url": public_url(server).unwrap_or("/")}],
        "security": security,
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key (`fie_...`), or an access token of the server's issuer."},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key (`fie_...`)."},
            },
        },
    })
}

/// The routes that say how the server is: they are no tool's.
fn health(schemas: &mut Map<String, Value>) -> Vec<(&'static str, Value)> {
    let of_each = [Value::from(answer_schema::<AnalysesHealth>()), Value::from(answer_schema::<GroupsHealth>())];
    let operation = |((path, about), schema): ((&'static str, &str), Value)| {
        let tag = path.split('/').nth(2).unwrap_or_default();
        let name = format!("{}_health", tag.replace('-', "_"));
        let schema_of = taken_over(&name, schema, schemas);
        schemas.insert(name.clone(), schema_of);
        let answer = json!({"schema": {"$ref": format!("#/components/schemas/{name}")}});
        let operation = json!({
            "operationId": format!("get_{name}"),
            "summary": about,
            "tags": [tag],
            "responses": {
                "200": {"description": "The answer; what is not well is said in it.", "content": {"application/json": answer}},
                "401": refused("No key or token, or a wrong one."),
                "default": refused("Any other problem."),
            },
        });
        (path, operation)
    };
    HEALTH.into_iter().zip(of_each).map(operation).collect()
}

fn tags() -> Value {
    let tag = |name: &str, about: &str| json!({"name": name, "description": about});
    json!([
        tag("factor-intelligence", "The analyses. They change nothing."),
        tag("factor-groups", "Baskets of the caller's own: the factor `USER:<name>` in every analysis."),
        tag("portfolios", "Named holdings of the caller's own: the factor `PORTFOLIO:<name>` in every analysis."),
        tag("factors", "The universe."),
        tag("results", "Whole answers."),
    ])
}

/// The resource of a route.
fn tag(route: &Route) -> &'static str {
    route.path.split('/').nth(1).unwrap_or_default()
}

fn operation(route: &Route, server: &Server, schemas: &mut Map<String, Value>) -> Value {
    let words = route.path.replace(['/', '-', '{', '}'], "_");
    let id = format!("{}_{words}", route.verb.as_str().to_ascii_lowercase());
    let id: Vec<&str> = id.split('_').filter(|part| !part.is_empty()).collect();
    let mut operation = json!({
        "operationId": id.join("_"),
        "summary": route.summary,
        "tags": [tag(route)],
        "responses": responses(route, schemas),
    });
    let mut input = input(route, server);
    let mut parameters: Vec<Value> = Vec::new();
    if let Some(name) = route.name_in_path() {
        let own = input["properties"].as_object_mut().and_then(|properties| properties.shift_remove(name));
        parameters.push(in_path(name, own.as_ref()));
    }
    match route.verb {
        Verb::Get => {
            let example = route.example();
            for (name, schema) in input["properties"].as_object().into_iter().flatten() {
                parameters.push(in_query(name, schema, &example[name]));
            }
        }
        Verb::Post | Verb::Put if input["properties"].as_object().is_some_and(|properties| !properties.is_empty()) => {
            let required = input["required"].as_array().is_some_and(|required| !required.is_empty());
            operation["requestBody"] = json!({
                "required": required,
                "content": {"application/json": {"schema": input, "example": route.example()}},
            });
        }
        Verb::Post | Verb::Put | Verb::Delete => {}
    }
    if route.verb == Verb::Put && route.answers == Answers::Kept {
        parameters.push(header(
            "If-Match",
            "The ETag of the state that is to be replaced: in any other one nothing is written (412).",
        ));
    }
    if route.verb == Verb::Get && route.answers == Answers::Figures {
        parameters.push(header(
            "If-None-Match",
            "The ETag of an answer that is there already: 304 where it is still the same.",
        ));
    }
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    operation
}

/// The arguments of a route, as its tool has them and as the seed adds to them.
fn input(route: &Route, server: &Server) -> Value {
    let tool = route.tool().and_then(|name| server.tools().find(|tool| tool.name == name));
    let Some(tool) = tool else { return json!({"properties": {}}) };
    let mut input = Value::Object(tool.input_schema.as_ref().clone());
    let left_out = route.given.map(|(name, _)| name).into_iter().chain(route.name_in_path());
    let left_out: Vec<&str> = left_out.collect();
    if let Some(required) = input.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !left_out.iter().any(|left_out| name == left_out));
    }
    let Some(properties) = input["properties"].as_object_mut() else { return input };
    if let Some((name, _)) = route.given {
        properties.shift_remove(name);
        add_of_seed(properties);
    }
    if let Some(format) = properties.get_mut("format") {
        let ours = format["enum"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![json!("summary"), json!("full"), json!("report")]);
        let all: Vec<Value> = ours.into_iter().chain(FORMATS.map(Value::from)).collect();
        *format = json!({
            "type": "string",
            "enum": all,
            "default": "summary",
            "description": "full: every section as JSON; report: text for people; json, table, both: full, report or both, uncut.",
        });
    }
    if route.given == Some(("analysis_type", "correlations")) {
        let about = "Of strongest_correlations only those of this size.";
        properties
            .insert(THRESHOLD.to_owned(), json!({"type": "number", "minimum": 0, "maximum": 1, "description": about}));
    }
    input
}

/// The seed has at the first level what stands in `advanced`, and another name for `categories`.
fn add_of_seed(properties: &mut Map<String, Value>) {
    let advanced = properties.get("advanced").and_then(|advanced| advanced["properties"].as_object()).cloned();
    for (name, schema) in advanced.into_iter().flatten() {
        properties.entry(name).or_insert(schema);
    }
    if let Some(categories) = properties.get("categories").cloned() {
        properties.entry("factor_categories").or_insert(categories);
    }
}

fn in_path(name: &str, own: Option<&Value>) -> Value {
    let about =
        own.and_then(|own| own["description"].as_str()).unwrap_or("The id in the link of an answer that was cut.");
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": about,
        "schema": {"type": "string", "minLength": 1, "maxLength": 100},
    })
}

/// Lists come again and again, or in one text; objects are JSON.
fn in_query(name: &str, schema: &Value, example: &Value) -> Value {
    let kind = if schema["type"] == "object" || schema["items"]["type"] == "object" {
        json!({"type": "string", "description": "As JSON."})
    } else {
        schema.clone()
    };
    let about = schema["description"].clone();
    let mut parameter = json!({"name": name, "in": "query", "description": about, "schema": kind});
    if !example.is_null() {
        parameter["example"] = example.clone();
    }
    parameter
}

fn header(name: &str, about: &str) -> Value {
    json!({"name": name, "in": "header", "description": about, "schema": {"type": "string"}})
}

/// A response that is a problem.
fn refused(about: &str) -> Value {
    json!({"description": about, "content": {KIND.to_str().unwrap_or_default(): {"schema": {"$ref": "#/components/schemas/Problem"}}}})
}

fn responses(route: &Route, schemas: &mut Map<String, Value>) -> Value {
    let text = |about: &str| json!({"description": about, "schema": {"type": "string"}});
    let mut headers = json!({"Cache-Control": text("Nobody but its caller may keep it.")});
    match route.answers {
        Answers::Plain => {}
        Answers::Figures => headers["ETag"] = text("The state of the figures; times and caches are no part of it."),
        Answers::Kept => headers["ETag"] = text("The state that it is kept in."),
    }
    let schema = answer(route, schemas);
    let answered = |about: &str, headers: &Value| json!({"description": about, "headers": headers, "content": {"application/json": {"schema": schema}}});
    let mut responses = Map::new();
    responses.insert("200".to_owned(), answered("The answer.", &headers));
    let makes = route.answers == Answers::Kept && (route.verb == Verb::Post || route.tool() == Some("save_portfolio"));
    if makes {
        headers["Location"] = text("Where it is.");
        responses.insert("201".to_owned(), answered("It is there since now.", &headers));
    }
    if route.answers == Answers::Figures && route.verb == Verb::Get {
        responses.insert("304".to_owned(), json!({"description": "It is what the caller has.", "headers": headers}));
    }
    for (status, about) in [
        ("400", "An argument, the body or the query breaks a rule."),
        ("401", "No key or token, or a wrong one."),
        ("403", "It does not open this, or the request came to another host or from another page."),
        ("404", "There is no such thing."),
        ("409", "The name is taken, or it was changed meanwhile."),
        ("412", "It is in another state than the condition says."),
        ("415", "The body is not sent as JSON."),
        ("422", "No such factor, or not enough prices."),
        ("429", "More requests than one may have: Retry-After says when to come back."),
        ("502", "The price source or the store cannot answer."),
        ("504", "It took too long."),
        ("default", "Any other problem."),
    ] {
        responses.insert(status.to_owned(), refused(about));
    }
    Value::Object(responses)
}

/// The schema of an answer: the full one of its tool with the seed's names, among the components.
fn answer(route: &Route, schemas: &mut Map<String, Value>) -> Value {
    let (name, schema) = match (route.work, route.given) {
        (Work::KeptResult, _) => return json!({"type": "object"}),
        (Work::Service(name, ..), _) => (name, Value::from(answer_schema::<ValidatedPortfolio>())),
        (Work::Tool(tool), None) => {
            let entry = TOOLS.iter().find(|entry| entry.name == tool);
            (tool, entry.map(|entry| Value::from((entry.full_answer)())).unwrap_or_default())
        }
        (Work::Tool(_), Some((_, kind))) => {
            let schema = AnalysisKind::read(kind).map(|kind| Value::from(analysis::answer_schema(kind)));
            (kind, schema.unwrap_or_default())
        }
    };
    if !schemas.contains_key(name) {
        let mut schema = taken_over(name, schema, schemas);
        name_in_seed(&mut schema, schemas, route.answers == Answers::Figures);
        schemas.insert(name.to_owned(), schema);
    }
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A schema whose definitions became components under its name. A failure is no answer here: it is a problem.
fn taken_over(name: &str, schema: Value, schemas: &mut Map<String, Value>) -> Value {
    let Value::Object(mut schema) = schema else { return json!({}) };
    schema.shift_remove("$schema");
    let definitions =
        schema.shift_remove("$defs").and_then(|definitions| definitions.as_object().cloned()).unwrap_or_default();
    for (of, mut definition) in definitions.into_iter().filter(|(of, _)| of != "Failure") {
        refer(&mut definition, name);
        schemas.insert(format!("{name}.{of}"), definition);
    }
    if let Some(forms) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        forms.retain(|form| form["$ref"] != "#/$defs/Failure");
    }
    let mut schema = Value::Object(schema);
    refer(&mut schema, name);
    schema
}

/// Turns references to definitions into references to components.
fn refer(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str().filter(|_| key == "$ref").and_then(|target| target.strip_prefix("#/$defs/")) {
                    Some(target) => *value = json!(format!("#/components/schemas/{name}.{target}")),
                    None => refer(value, name),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, name)),
        _ => {}
    }
}

/// Adds the seed's names to every form of an answer.
fn name_in_seed(schema: &mut Value, schemas: &mut Map<String, Value>, figures: bool) {
    let Some(forms) = schema.get_mut("anyOf").and_then(Value::as_array_mut) else { return };
    for form in forms {
        if let Some(form) = resolved(form, schemas) {
            add_names(form, figures);
        }
    }
    if figures {
        // It is a component wherever it is.
        let qualities = schemas.values_mut().filter_map(|schema| schema.get_mut("properties")?.as_object_mut());
        for properties in qualities {
            if let Some(excluded) = properties.get("excluded_factor_list").cloned() {
                properties.entry("excluded_factors").or_insert(excluded);
            }
        }
    }
}

/// What a form stands for: itself, or a component.
fn resolved<'a>(form: &'a mut Value, schemas: &'a mut Map<String, Value>) -> Option<&'a mut Value> {
    let name = form["$ref"].as_str().and_then(|target| target.strip_prefix("#/components/schemas/")).map(str::to_owned);
    match name {
        Some(name) => schemas.get_mut(&name),
        None => Some(form),
    }
}

fn add_names(form: &mut Value, figures: bool) {
    let Some(properties) = form.get_mut("properties").and_then(Value::as_object_mut) else { return };
    properties.insert("success".to_owned(), json!({"const": true}));
    if !figures {
        return;
    }
    let object = |about: &str| json!({"type": "object", "description": about});
    let pair = json!({
        "type": "object",
        "properties": {
            "factor1": {"type": "string"},
            "factor2": {"type": "string"},
            "correlation": {"type": "number"},
            "strength": {"enum": ["strong", "moderate", "weak"]},
        },
        "required": ["factor1", "factor2", "correlation", "strength"],
    });
    let cells = json!({"type": "object", "additionalProperties": {"type": ["number", "null"]}});
    let names: [(&str, &[(&str, Value)]); 5] = [
        (
            "matrices",
            &[
                (
                    "factor_list",
                    json!({"type": "array", "items": {"type": "string"}, "description": "The rows of correlation_matrix."}),
                ),
                (
                    "correlation_matrix",
                    json!({"type": "object", "additionalProperties": cells, "description": "All matrices as one, factor by factor."}),
                ),
            ],
        ),
        ("insights", &[("strongest_correlations", json!({"type": "array", "items": pair}))]),
        ("per_factor", &[("performance_profiles", object("per_factor, with beta_vs_benchmark beside beta."))]),
        ("composites", &[("composite_performance", object("The same as composites."))]),
        (
            "formatted_report",
            &[("formatted_table", json!({"type": "string", "description": "The same as formatted_report."}))],
        ),
    ];
    for (ours, seeds) in names {
        if properties.contains_key(ours) {
            properties.extend(seeds.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
        }
    }
}

/// A schema without what only a root says.
fn inlined(mut schema: Value) -> Value {
    if let Value::Object(fields) = &mut schema {
        fields.shift_remove("$schema");
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::App, mcp::catalog::ToolFilter, settings::Settings};

    fn offered(filter: &ToolFilter) -> Value {
        let app = App::build(Settings::defaults().unwrap()).unwrap();
        document(&Server::new(app, TOOLS, filter).unwrap(), true)
    }

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
        let document = offered(&ToolFilter::default());
        // JSON Schema knows lists of required names, and no nulls in their place.
        assert!(!document.to_string().contains("\"required\":null"));
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100, "{}", found.len());
        for target in found {
            assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
        }
        let operations =
            document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
        let mut ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        let all = ids.len();
        assert_eq!(all, routes().count() + HEALTH.len());
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
        assert!(ids.contains(&"post_factor_groups_group_name_validate"), "{ids:?}");
    }

    #[test]
    fn what_a_server_does_not_offer_is_not_described() {
        let document = offered(&ToolFilter { read_only: true, ..ToolFilter::default() });
        let paths = document["paths"].as_object().unwrap();
        assert!(paths["/api/factor-groups"].get("post").is_none() && paths["/api/factor-groups"].get("get").is_some());
        assert!(paths["/api/portfolios/{portfolio_name}"].get("put").is_none());
    }
}
