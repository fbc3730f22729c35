//! An answer as it came.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::error::ResponseError;

/// The longest quotation of a vendor's words, in characters.
const QUOTE: usize = 160;
/// Where vendors put their words, in the order of preference.
const WORDS: [&str; 8] =
    ["Error Message", "error_message", "description", "message", "detail", "error", "Information", "Note"];

/// An HTTP answer, read to its end and decompressed.
#[derive(Debug, Clone)]
pub struct UpstreamResponse {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`, lower case, empty when absent.
    pub content_type: String,
    /// The body; bytes that are no UTF-8 are replaced.
    pub body: String,
    /// The bytes of a body that is no UTF-8.
    pub(super) raw: Option<Vec<u8>>,
    /// How long the vendor asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

impl UpstreamResponse {
    #[cfg(any(test, fuzzing))]
    pub(crate) fn of(body: &str) -> Self {
        Self { status: 200, content_type: String::new(), body: body.to_owned(), raw: None, retry_after: None }
    }

    /// The body as it came.
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.body.as_bytes())
    }

    /// True for a page made for people, by its type or its first character.
    pub fn is_html(&self) -> bool {
        self.content_type.starts_with("text/html")
            || self.body.trim_start_matches('\u{feff}').trim_start().starts_with('<')
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`ResponseError::NotData`] for HTML, an empty body, and JSON that is cut or broken. A text of one line that is
    /// no JSON at all is the vendor speaking; it is in the quotation of the error.
    pub fn json(&self) -> Result<Value, ResponseError> {
        let body = self.data()?;
        serde_json::from_str(body)
            .map_err(|error| ResponseError::NotData(if error.is_eof() { "JSON that is cut off" } else { "not JSON" }))
    }

    /// The body as text that is data.
    ///
    /// # Errors
    /// [`ResponseError::NotData`] for HTML and an empty body.
    pub fn data(&self) -> Result<&str, ResponseError> {
        let body = self.body.trim_start_matches('\u{feff}').trim();
        match body {
            "" => Err(ResponseError::NotData("empty")),
            _ if self.is_html() => Err(ResponseError::NotData("a page of HTML")),
            _ => Ok(body),
        }
    }

    /// What the vendor says in an error's body: the message of a JSON object, or the first line of a text.
    pub(super) fn words(&self) -> Option<String> {
        let body = self.body.trim();
        if body.is_empty() || self.is_html() {
            return None;
        }
        let found = match serde_json::from_str::<Value>(body) {
            // An empty list says that there is nothing of the kind, which a missing page does not.
            Ok(Value::Array(list)) if list.is_empty() => "[]".to_owned(),
            Ok(value) => message(&value, 0)?,
            Err(_) => body.lines().next()?.to_owned(),
        };
        Some(found.trim().to_owned()).filter(|words| !words.is_empty())
    }
}

/// Text cut to a quotation's length.
pub(super) fn quote(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match flat.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", flat[..end].trim_end()),
        None => flat,
    }
}

/// `Retry-After`: seconds, or a date as of `now`.
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(header).ok()?;
    // A date has whole seconds: rounding up keeps us from coming early.
    Some((date.to_utc() - now).to_std().unwrap_or_default())
}

fn message(value: &Value, depth: usize) -> Option<String> {
    let object = value.as_object().filter(|_| depth < 4)?;
    let direct = WORDS.iter().find_map(|key| object.get(*key)?.as_str());
    direct.map(str::to_owned).or_else(|| object.values().find_map(|inner| message(inner, depth + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(content_type: &str, body: &str) -> UpstreamResponse {
        UpstreamResponse {
            status: 200,
            content_type: content_type.into(),
            body: body.into(),
            raw: None,
            retry_after: None,
        }
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now = DateTime::parse_from_rfc2822("Wed, 21 Oct 2026 07:28:00 GMT").unwrap().to_utc();
        let read = |text| retry_after(text, now).map(|wait| wait.as_secs());
        assert_eq!(read(" 120 "), Some(120));
        assert_eq!(read("Wed, 21 Oct 2026 07:28:45 GMT"), Some(45));
        assert_eq!(read("Wed, 21 Oct 2026 07:00:00 GMT"), Some(0));
        assert_eq!((read("soon"), read("-1"), read("")), (None, None, None));
    }

    #[test]
    fn the_vendors_words_are_found_wherever_they_are() {
        let words = |body| reply("application/json", body).words();
        assert_eq!(words(r#"{"Error Message":"Invalid API KEY."}"#).unwrap(), "Invalid API KEY.");
        assert_eq!(
            words(r#"{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}"#).unwrap(),
            "No data found"
        );
        assert_eq!(words("Too Many Requests\nplease wait").unwrap(), "Too Many Requests");
        assert_eq!(words("<html><body>Bad gateway</body></html>"), None);
        assert_eq!(words("[]").unwrap(), "[]");
        assert_eq!((words("[1]"), words(" "), words("{\"a\":1}")), (None, None, None));
    }

    #[test]
    fn long_words_are_cut_and_stay_on_one_line() {
        let cut = quote(&format!("é\n{}", "x".repeat(500)));
        assert_eq!(cut.chars().count(), 161);
        assert!(cut.starts_with("é x") && cut.ends_with('…'));
    }

    #[test]
    fn what_is_no_json_is_recognised() {
        assert_eq!(reply("application/json", "<!DOCTYPE html>").json(), Err(ResponseError::NotData("a page of HTML")));
        assert_eq!(reply("text/html; charset=utf-8", "hello").json(), Err(ResponseError::NotData("a page of HTML")));
        assert_eq!(
            reply("application/json", "[{\"a\":1},{").json(),
            Err(ResponseError::NotData("JSON that is cut off"))
        );
        assert_eq!(reply("application/json", " ").json(), Err(ResponseError::NotData("empty")));
        assert_eq!(reply("text/plain", "no").json(), Err(ResponseError::NotData("not JSON")));
        assert_eq!(reply("text/plain", "\u{feff}[]").json(), Ok(serde_json::json!([])));
    }
}
