//! The page of the OpenAPI document, for people: one file of HTML that asks for nothing else and runs nothing.

use std::fmt::Write as _;

use serde_json::Value;

use super::{DOCUMENT, problem};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f;background:#fff}\
h1,h2,h3{line-height:1.2}h3{margin-top:2rem}code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f3f3f6;padding:.75rem;overflow-x:auto}\
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #d8d8de;padding:.3rem .6rem;text-align:left;vertical-align:top}\
summary{cursor:pointer}.verb{font-weight:700}a{color:#0b57d0}\
@media(prefers-color-scheme:dark){body{color:#e4e4e9;background:#17171b}pre{background:#232329}td,th{border-color:#3a3a42}a{color:#8ab4f8}}";

/// The page of a document.
pub(super) fn of(document: &Value) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>factor-mcp: REST</title><style>{STYLE}</style></head><body>\n<h1>factor-mcp over REST</h1>\n<p>{}</p>\n\
         <p>As OpenAPI 3.1: <a href=\"{DOCUMENT}\">{DOCUMENT}</a>. Send an API key or an access token as <code>Authorization: Bearer …</code>, \
         or a key as <code>X-API-Key</code>; bodies as <code>application/json</code>.</p>\n",
        escaped(text(&document["info"]["description"]))
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        let _ = write!(page, "<h2>{}</h2>\n<p>{}</p>\n", escaped(name), escaped(text(&tag["description"])));
        for (path, operations) in document["paths"].as_object().into_iter().flatten() {
            for (verb, operation) in operations.as_object().into_iter().flatten() {
                if operation["tags"][0] == tag["name"] {
                    put_operation(&mut page, (path, verb), operation, document);
                }
            }
        }
    }
    page.push_str("<h2>Problems</h2>\n<p>Errors are <code>application/problem+json</code> (RFC 9457). These codes are those of the tools:</p>\n<table><tr><th>code</th><th>status</th><th>meaning</th></tr>\n");
    for (code, status, meaning) in problem::codes() {
        let _ = writeln!(
            page,
            "<tr id=\"{code}\"><td><code>{code}</code></td><td>{status}</td><td>{}</td></tr>",
            escaped(meaning)
        );
    }
    page.push_str("</table>\n</body></html>\n");
    page
}

fn put_operation(page: &mut String, (path, verb): (&str, &str), operation: &Value, document: &Value) {
    let verb = verb.to_ascii_uppercase();
    let _ = write!(
        page,
        "<h3 id=\"{}\"><span class=\"verb\">{verb}</span> <code>{}</code></h3>\n<p>{}</p>\n",
        escaped(text(&operation["operationId"])),
        escaped(path),
        escaped(text(&operation["summary"]))
    );
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters: Vec<(String, &Value)> =
        parameters.map(|one| (format!("{} ({})", text(&one["name"]), text(&one["in"])), one)).collect();
    let rows = parameters.iter().map(|(name, one)| (name.as_str(), &one["schema"], text(&one["description"])));
    put_table(page, "Parameters", rows.collect());
    let body = &operation["requestBody"]["content"]["application/json"];
    let fields = body["schema"]["properties"].as_object().into_iter().flatten();
    put_table(
        page,
        "Body",
        fields.map(|(name, schema)| (name.as_str(), schema, text(&schema["description"]))).collect(),
    );
    if let Some(example) = body.get("example") {
        let _ = writeln!(page, "<pre>{}</pre>", escaped(&example.to_string()));
    }
    let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let answer = resolved(answer, document);
    let forms = answer["anyOf"]
        .as_array()
        .map_or_else(|| vec![answer], |forms| forms.iter().map(|form| resolved(form, document)).collect());
    for form in forms {
        let fields = form["properties"].as_object().into_iter().flatten();
        let title = form["title"].as_str().map_or_else(|| "Answer".to_owned(), |title| format!("Answer: {title}"));
        let rows = fields.map(|(name, schema)| {
            let about =
                schema["description"].as_str().unwrap_or_else(|| text(&resolved(schema, document)["description"]));
            (name.as_str(), schema, about)
        });
        put_table(page, &title, rows.collect());
    }
}

fn put_table(page: &mut String, title: &str, rows: Vec<(&str, &Value, &str)>) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(page, "<details><summary>{}</summary><table>", escaped(title));
    for (name, schema, about) in rows {
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            escaped(&kind(schema)),
            escaped(about)
        );
    }
    page.push_str("</table></details>\n");
}

/// What a schema asks for, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(names) = schema["enum"].as_array() {
        return names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    }
    if let Some(target) = schema["$ref"].as_str() {
        return target.rsplit(['/', '.']).next().unwrap_or_default().to_owned();
    }
    match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    }
}

fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|target| document.pointer(target.trim_start_matches('#')));
    target.unwrap_or(schema)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_says_what_the_document_says_and_nothing_in_it_is_markup() {
        let operation = json!({
            "operationId": "get_factors", "summary": "a <b> & \"c\"", "tags": ["factors"],
            "parameters": [{"name": "query", "in": "query", "schema": {"type": "string"}, "description": "what <is> looked for"}],
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/x"}}}}},
        });
        let document = json!({
            "info": {"description": "about"}, "tags": [{"name": "factors", "description": "d"}], "paths": {"/api/factors": {"get": operation}},
            "components": {"schemas": {"x": {"anyOf": [{"properties": {"total": {"type": ["integer", "null"]}}}]}}},
        });
        let page = of(&document);
        for part in [
            "a &lt;b&gt; &amp; &quot;c&quot;",
            "what &lt;is&gt; looked for",
            "<td>integer or null</td>",
            "id=\"invalid_argument\"",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(
            !page.contains("<b>")
                && !page.contains("<script")
                && !page.contains("http://")
                && !page.contains("https://")
        );
    }
}
