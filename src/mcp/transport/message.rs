//! What a client sent, and the answer to what is no message: the same over every transport.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rmcp::{
    RoleServer,
    model::{ClientRequest, ErrorData, JsonRpcMessage, JsonRpcRequest, RequestId, RequestMetaObject},
    service::RxJsonRpcMessage,
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value, json};

/// Longer text is read off the async threads, in bytes.
pub(crate) const LONG: usize = 16 * 1024;

/// How far into text that is no JSON its id is looked for, in bytes.
const HEAD: usize = 64 * 1024;

/// The answer to what is no message.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: ErrorData,
    /// That of what was sent, where one can be read.
    pub(crate) id: Option<RequestId>,
}

impl Refused {
    /// For a message longer than messages may be; of `text` there is its beginning.
    pub(crate) fn too_long(text: &[u8], most: usize) -> Box<Self> {
        let message = format!("The message is longer than {most} bytes: send less in one");
        Box::new(Self { error: ErrorData::parse_error(message, None), id: id_within(text) })
    }

    /// For text whose reading failed, which is this server's fault.
    pub(crate) fn unread() -> Box<Self> {
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
pub(crate) fn read(text: &[u8]) -> Result<Option<RxJsonRpcMessage<RoleServer>>, Box<Refused>> {
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

/// What is known of a message that was looked at.
#[derive(Debug)]
pub(crate) enum Looked {
    /// It stays as it is; the tool that it calls, if it calls one.
    Whole(Option<String>),
    /// It opens a stream of notifications, which works at nothing.
    Listens,
    /// It is a long call, and was taken apart.
    Apart(Apart),
}

/// Whether text is a message that asks for something or for nothing, for one who does not need it read, and what is known of it.
///
/// # Errors
/// Why it is none.
pub(crate) fn check(text: &[u8]) -> Result<Looked, Box<Refused>> {
    // Most of what comes is a call. That one is well formed shows without a tree of its arguments, which cost more than all else
    // that is done before a request is sent away.
    match serde_json::from_slice::<Call<'_, AnyObject>>(text).ok().filter(Call::is_of_a_tool) {
        Some(call) => Ok(Looked::Whole(Some(call.params.name))),
        None => read(text).map(looked_at),
    }
}

/// What is known of a message that was read.
fn looked_at(message: Option<RxJsonRpcMessage<RoleServer>>) -> Looked {
    let Some(JsonRpcMessage::Request(JsonRpcRequest { request, .. })) = message else { return Looked::Whole(None) };
    match request {
        ClientRequest::CallToolRequest(call) => Looked::Whole(Some(call.params.name.into_owned())),
        ClientRequest::SubscriptionsListenRequest(_) => Looked::Listens,
        _ => Looked::Whole(None),
    }
}

/// A long call of a tool without its arguments, and those.
#[derive(Debug)]
pub(crate) struct Apart {
    pub(crate) tool: String,
    pub(crate) rest: Vec<u8>,
    pub(crate) arguments: Arguments,
}

/// Arguments of a call that were read before its message was, for the one who works on it.
#[derive(Debug, Clone)]
pub(crate) struct Arguments(Arc<Mutex<Option<Map<String, Value>>>>);

impl Arguments {
    /// Those; none where they were taken before.
    pub(crate) fn take(&self) -> Option<Map<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Takes a well-formed call apart. The SDK reads a message on an async thread, as one kind of request after another: of a quarter of
/// a megabyte of arguments that costs milliseconds in which nobody else is answered there.
///
/// # Errors
/// Why text is no message.
pub(crate) fn apart(text: &[u8]) -> Result<Looked, Box<Refused>> {
    let call = serde_json::from_slice::<Call<'_, Map<String, Value>>>(text).ok();
    let Some(call) = call.filter(Call::is_of_a_tool) else {
        return read(text).map(looked_at);
    };
    let CallParams { meta, name, arguments } = call.params;
    let mut params = json!({ "name": &name, "arguments": {} });
    if let Some(meta) = meta {
        params["_meta"] = json!(meta);
    }
    let rest = json!({ "jsonrpc": call.jsonrpc, "id": call.id, "method": call.method, "params": params });
    let arguments = Arguments(Arc::new(Mutex::new(Some(arguments))));
    Ok(Looked::Apart(Apart { tool: name, rest: rest.to_string().into_bytes(), arguments }))
}

/// The shape of a call of a tool. What else stands in one is not known here, and is read in full.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call<'a, A: Default> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    id: RequestId,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(bound(deserialize = "A: Deserialize<'de>"))]
    params: CallParams<A>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallParams<A: Default> {
    #[serde(rename = "_meta", default)]
    meta: Option<RequestMetaObject>,
    name: String,
    #[serde(default)]
    arguments: A,
}

impl<A: Default> Call<'_, A> {
    fn is_of_a_tool(&self) -> bool {
        self.jsonrpc == "2.0" && self.method == "tools/call"
    }
}

/// An object, whatever is in it, read as a tree of it would be and not kept.
#[derive(Default)]
struct AnyObject;

impl<'de> Deserialize<'de> for AnyObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Anything).map(|Anything| Self)
    }
}

/// Any value; unlike serde's own its texts and numbers are looked at.
struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Anything {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        while entries.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a text by looking at it, and by reading it whole.
    fn both(text: &str) -> [Option<i32>; 2] {
        let code = |outcome: Result<(), Box<Refused>>| outcome.err().map(|refused| refused.error.code.0);
        let looked = code(check(text.as_bytes()).map(drop));
        assert_eq!(looked, code(apart(text.as_bytes()).map(drop)), "{text}");
        [looked, code(read(text.as_bytes()).map(drop))]
    }

    /// A call as it is read whole, and as it is read apart.
    fn joined(text: &str) -> [Value; 2] {
        let call = |text: &[u8]| json!(read(text).unwrap().unwrap());
        let Looked::Apart(apart) = apart(text.as_bytes()).unwrap() else { panic!("{text}") };
        let mut rest = call(&apart.rest);
        assert_eq!(rest["params"]["arguments"], json!({}));
        rest["params"]["arguments"] = apart.arguments.take().unwrap().into();
        assert_eq!(apart.arguments.take(), None, "taken once");
        [call(text.as_bytes()), rest]
    }

    #[test]
    fn a_call_that_is_taken_apart_says_what_it_said_whole() {
        for arguments in [r#"{}"#, r#"{"a":[1,-2,1.5,"\u00e9",null,true,{"b":{}}],"c":"d"}"#] {
            for more in ["", r#","_meta":{"progressToken":7,"x":{"y":[1]}}"#] {
                let text = format!(
                    r#"{{"jsonrpc":"2.0","id":"seven","method":"tools/call","params":{{"name":"a\"b","arguments":{arguments}{more}}}}}"#
                );
                let [whole, joined] = joined(&text);
                assert_eq!(whole, joined, "{text}");
            }
        }
    }

    #[test]
    fn the_tool_that_is_called_is_the_one_that_the_service_will_call() {
        let tool = |text: &str| {
            let tool = |looked| match looked {
                Looked::Whole(tool) => tool,
                Looked::Apart(apart) => Some(apart.tool),
                Looked::Listens => panic!("{text}"),
            };
            let of_apart = tool(apart(text.as_bytes()).unwrap());
            let of_check = tool(check(text.as_bytes()).unwrap());
            assert_eq!(of_apart, of_check, "{text}");
            of_check
        };
        for text in [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"b","arguments":{}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"b","other":1}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\u0062"}}"#,
            "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"b\"}}",
        ] {
            assert_eq!(tool(text).as_deref(), Some("b"), "{text}");
        }
        assert_eq!(tool(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#), None);
        let listens = r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{}}}"#;
        assert!(matches!(check(listens.as_bytes()), Ok(Looked::Listens)));
    }

    #[test]
    fn looking_at_a_message_says_of_it_what_reading_it_says() {
        let call = |arguments: &str| {
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a","arguments":{arguments},"_meta":{{"x":1}}}}}}"#
            )
        };
        for good in ["{}", r#"{"a":[1,-2,1.5,"\u00e9\ud83d\ude00",null,true,{"b":{}}]}"#, "null"] {
            assert_eq!(both(&call(good)), [None, None], "{good}");
        }
        for bad in [
            "[]",
            "5",
            r#""text""#,
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"b}"#,
            "{",
            r#"{"a":01}"#,
            "{\"a\":\"\u{1}\"}",
        ] {
            let [looked, whole] = both(&call(bad));
            assert!(looked.is_some() && looked == whole, "{bad}: {looked:?} and {whole:?}");
        }
        for other in [
            r#"{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"a"}}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"a"}}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"a"}}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":5}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}]"#,
            "",
        ] {
            let [looked, whole] = both(other);
            assert_eq!(looked, whole, "{other}");
        }
        let not_text = [call("{}").as_bytes(), b"\xff"].concat();
        assert!(check(&not_text).is_err() && read(&not_text).is_err());
        let inside: Vec<u8> = call(r#"{"a":"?"}"#).bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect();
        assert!(check(&inside).is_err() && read(&inside).is_err());
    }
}
