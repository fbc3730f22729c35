//! Arguments that clients put into every call by themselves: a model cannot leave them out, so they are left aside, and said.

use serde_json::{Map, Value};

use crate::answer::{Json, Rendered};

/// The names that clients are known to add (n8n, LangChain, agent frameworks). No tool has an argument of such a name.
const NAMES: [&str; 6] = ["toolCallId", "sessionId", "random_string", "_meta", "requestId", "threadId"];

/// Takes them out of a call's arguments: those that were there.
pub(super) fn set_aside(arguments: &mut Map<String, Value>) -> Vec<&'static str> {
    NAMES.into_iter().filter(|name| arguments.shift_remove(*name).is_some()).collect()
}

/// Says in the answer's `note` what was left aside.
pub(super) fn said(answer: Rendered, names: &[&str]) -> Rendered {
    if names.is_empty() {
        return answer;
    }
    let said = format!("left aside, as clients add them by themselves: {}", names.join(", "));
    // These calls alone cost a tree of their answer.
    let Ok(Value::Object(mut fields)) = serde_json::from_str(answer.structured.as_str()) else { return answer };
    let note = match fields.get("note") {
        Some(Value::String(note)) => format!("{note}; {said}"),
        _ => said.clone(),
    };
    fields.insert("note".to_owned(), Value::String(note));
    let text_is_json = answer.text == answer.structured.as_str();
    let structured = Json::of(&fields);
    let text =
        if text_is_json { structured.to_string() } else { format!("{}\n\nNote: {said}\n", answer.text.trim_end()) };
    Rendered { structured, text, ..answer }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn they_are_taken_out_and_the_rest_stays_as_it_is() {
        let Value::Object(mut arguments) = json!({"toolCallId": "a", "windows": ["1m"], "_meta": {}, "top_n": 3})
        else {
            panic!("no object")
        };
        assert_eq!(set_aside(&mut arguments), ["toolCallId", "_meta"]);
        assert_eq!(Value::Object(arguments), json!({"windows": ["1m"], "top_n": 3}));
    }

    #[test]
    fn the_note_says_so_beside_what_it_said() {
        let answer = Rendered::json(&json!({"status": "success", "note": "kept", "value": 0.1}));
        let noted = said(answer.clone(), &["sessionId"]);
        let note = "kept; left aside, as clients add them by themselves: sessionId";
        assert_eq!(noted.structured.as_str(), json!({"status": "success", "note": note, "value": 0.1}).to_string());
        assert_eq!(noted.text, noted.structured.as_str());
        let report = said(Rendered { text: "# Report\n".to_owned(), ..answer.clone() }, &["sessionId"]);
        assert!(report.text.ends_with("\n\nNote: left aside, as clients add them by themselves: sessionId\n"));
        assert_eq!(said(answer.clone(), &[]), answer);
    }
}
