//! What a client sent, and the answer to what is no message: the same over every transport.

use rmcp::{
    RoleServer,
    model::{ClientRequest, ErrorData, JsonRpcMessage, JsonRpcRequest, RequestId},
    service::RxJsonRpcMessage,
};
use serde_json::Value;

/// Longer text is read off the async threads, in bytes.
pub(in crate::mcp) const LONG: usize = 64 * 1024;

/// How far into text that is no JSON its id is looked for, in bytes.
const HEAD: usize = 64 * 1024;

/// The answer to what is no message.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: ErrorData,
    /// That of what was sent, where one can be read.
    pub(super) id: Option<RequestId>,
}

impl Refused {
    /// For a message longer than messages may be; of `text` there is its beginning.
    pub(super) fn too_long(text: &[u8], most: usize) -> Box<Self> {
        let message = format!("The message is longer than {most} bytes: send less in one");
        Box::new(Self { error: ErrorData::parse_error(message, None), id: id_within(text) })
    }

    /// For text whose reading failed, which is this server's fault.
    pub(super) fn unread() -> Box<Self> {
        Box::new(Self { error: ErrorData::internal_error("The message could not be read", None), id: None })
    }

    fn no_json(text: &[u8], error: &serde_json::Error) -> Box<Self> {
        let message = format!("This is no JSON: {error}. Send one JSON-RPC message");
        Box::new(Self { error: ErrorData::parse_error(message, None), id: id_within(text) })
    }

    fn no_request(what: &'static str, id: Option<RequestId>) -> Box<Self> {
        Box::new(Self { error: ErrorData::invalid_request(what, None), id })
    }

    fn params(method: &str, id: RequestId) -> Box<Self> {
        let method: String = method.chars().take(80).collect();
        let message = format!("The params of {method} have not the shape that it asks for");
        Box::new(Self { error: ErrorData::invalid_params(message, None), id: Some(id) })
    }
}

/// The message in text; `None` where nothing asks for an answer: nothing at all, a notification that nobody knows.
pub(super) fn read(text: &[u8]) -> Result<Option<RxJsonRpcMessage<RoleServer>>, Box<Refused>> {
    // RFC 8259 lets readers pass over a byte order mark.
    let text = text.strip_prefix(b"\xEF\xBB\xBF".as_slice()).unwrap_or(text).trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice(text) {
        // What is known by name and was not read as what it is has params of another shape.
        Ok(JsonRpcMessage::Request(JsonRpcRequest { id, request: ClientRequest::CustomRequest(request), .. }))
            if is_known(&request.method) =>
        {
            Err(Refused::params(&request.method, id))
        }
        Ok(message) => Ok(Some(message)),
        Err(_) => unread(text),
    }
}

/// Why text is no message.
fn unread(text: &[u8]) -> Result<Option<RxJsonRpcMessage<RoleServer>>, Box<Refused>> {
    let value: Value = serde_json::from_slice(text).map_err(|error| Refused::no_json(text, &error))?;
    let Value::Object(fields) = value else {
        return Err(Refused::no_request("A message is one JSON object; batches are no part of the protocol", None));
    };
    let id = fields.get("id").and_then(id_of);
    match (fields.get("method"), id) {
        (Some(Value::String(method)), Some(id)) if fields.get("jsonrpc").is_some_and(|version| version == "2.0") => {
            Err(Refused::params(method, id))
        }
        // A notification asks for no answer, and neither does an answer.
        (Some(Value::String(_)), None) if !fields.contains_key("id") => Ok(None),
        (None, _) if fields.contains_key("result") || fields.contains_key("error") => Ok(None),
        (_, id) => Err(Refused::no_request(
            "A request has `jsonrpc`: \"2.0\", a text or whole number as `id`, and a text as `method`",
            id,
        )),
    }
}

/// Requests that cannot do without params, and are known in every version of the protocol: others the SDK answers by version.
fn is_known(method: &str) -> bool {
    matches!(method, "tools/call" | "prompts/get" | "resources/read" | "completion/complete")
}

/// The id in text that is no JSON, such as a message that was cut off: the value of `id` in the outermost object.
fn id_within(text: &[u8]) -> Option<RequestId> {
    let text = &text[..text.len().min(HEAD)];
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match text[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = end_of_string(text, at)?;
                let after = text[end..].trim_ascii_start();
                if depth == 1
                    && &text[at..end] == b"\"id\""
                    && let Some(value) = after.strip_prefix(b":")
                {
                    let mut values = serde_json::Deserializer::from_slice(value).into_iter::<Value>();
                    return values.next()?.ok().as_ref().and_then(id_of);
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where a string that begins at a quote has ended.
fn end_of_string(text: &[u8], quote: usize) -> Option<usize> {
    let mut at = quote + 1;
    loop {
        match text.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// An id from JSON: text or a whole number.
fn id_of(value: &Value) -> Option<RequestId> {
    if value.is_string() || value.is_number() { serde_json::from_value(value.clone()).ok() } else { None }
}
