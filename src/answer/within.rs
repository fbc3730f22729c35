//! The net under every answer: whatever it is made of, it leaves no longer than its call allows.
//!
//! Answers are cut where they are put together, by what their parts mean. What nobody foresaw there (a note that came in
//! afterwards, a list that nobody thought could be long) is cut here, from its text: the one place where an answer is read
//! back. That is rare, and costs a tree of it.

use factor_types::UserId;
use serde_json::Value;

use super::{
    Json, Rendered,
    fields::Fields,
    fits,
    rounding::Rounding,
    truncate::{self, Rule},
};
use crate::results::ResultStore;

/// What a text block that was cut ends with.
const CUT: &str = "\n…\nThis text was cut at max_chars.\n";

/// The answer with no more than `most` characters of structured content, and no more of text. What is cut is kept whole under
/// a link, unless the answer has one already.
pub(crate) fn within(mut answer: Rendered, most: usize, (store, user): (&ResultStore, UserId)) -> Rendered {
    let text_is_json = answer.text == answer.structured.as_str();
    if !answer.structured.fits(most) {
        answer = shortened_content(answer, most, (store, user));
        if text_is_json {
            answer.text = answer.structured.to_string();
        }
    }
    if !fits(&answer.text, most) {
        let room = most.saturating_sub(CUT.chars().count());
        let shown: String = answer.text.chars().take(room).collect();
        let lines = shown.rfind('\n').unwrap_or(shown.len());
        answer.text = format!("{}{CUT}", &shown[..lines]);
    }
    answer
}

fn shortened_content(mut answer: Rendered, most: usize, (store, user): (&ResultStore, UserId)) -> Rendered {
    let Ok(Value::Object(whole)) = serde_json::from_str(answer.structured.as_str()) else { return answer };
    let mut fields = Fields::of(&whole, Rounding::None);
    // One line, and not to be lost for its length.
    whole.get("note").into_iter().for_each(|note| fields.put_whole("note", note));
    // The largest first; what says how the call ended and what was said of it stays to the last.
    let mut sizes: Vec<(&str, usize)> =
        whole.iter().map(|(name, value)| (name.as_str(), Json::of(value).0.len())).collect();
    sizes.retain(|(name, _)| !["status", "note", "truncated"].contains(name));
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    let rule = Rule::Level { then: sizes.into_iter().map(|(name, _)| name).collect() };
    let Some(cut) = truncate::cut(&mut fields, most, &rule) else { return answer };
    if answer.links.is_empty() {
        let link = store.put_link(user, "The whole answer", answer.structured.to_string());
        let how = format!("read the resource {} (kept 30 minutes)", link.uri);
        if let Some(entry) = cut.truncated(&rule, &how) {
            fields.put_whole("truncated", &entry);
        }
        answer.links.push(link);
    }
    Rendered { structured: fields.json(), ..answer }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cut(value: &Value, most: usize) -> (ResultStore, Rendered) {
        let store = ResultStore::new();
        let answer = within(Rendered::json(value), most, (&store, UserId::LOCAL));
        (store, answer)
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let value = json!({"status": "success", "text": "é".repeat(500)});
        let chars = value.to_string().chars().count();
        assert_eq!(cut(&value, chars).1, Rendered::json(&value));
        assert_eq!(cut(&value, chars - 1).1.links.len(), 1);
    }

    #[test]
    fn what_is_cut_is_kept_whole_and_says_where() {
        let rows: Vec<Value> = (0..3_000).map(|row| json!({"row": row, "name": "a name"})).collect();
        let value = json!({"status": "success", "of": {"rows": rows, "count": 3_000}, "note": "kept"});
        let (store, answer) = cut(&value, 5_000);
        let shown = answer.structured.value();
        assert_eq!((&shown["note"], &shown["of"]["count"]), (&json!("kept"), &json!(3_000)));
        let cut = &shown["truncated"];
        assert_eq!((&cut["section"], &cut["total"]), (&json!("of.rows"), &json!(3_000)));
        assert_eq!(cut["shown"], shown["of"]["rows"].as_array().unwrap().len());
        let uri = &answer.links[0].uri;
        assert!(cut["how_to_get_the_rest"].as_str().unwrap().contains(uri));
        assert_eq!(store.get(UserId::LOCAL, uri).unwrap().bytes(), value.to_string().as_bytes());
        assert_eq!(answer.text, answer.structured.as_str());
    }

    #[test]
    fn a_text_is_cut_at_a_line() {
        let report = "a line of a report\n".repeat(200);
        let answer = Rendered { text: report, ..Rendered::json(&json!({"status": "success"})) };
        let cut = within(answer, 1_000, (&ResultStore::new(), UserId::LOCAL));
        assert!(cut.text.chars().count() <= 1_000 && cut.text.starts_with("a line of a report\na line"));
        assert!(cut.text.ends_with("a line of a report\n…\nThis text was cut at max_chars.\n"), "{}", cut.text);
    }

    /// Any answer: objects of lists, of objects, of long texts and of long names.
    fn anything() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            "[a-zé\\n\"\u{1}]{0,40}".prop_map(Value::from),
            (60_usize..250).prop_map(|times| json!("é\n\"a".repeat(times))),
        ];
        let nested = leaf.prop_recursive(3, 60, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,30}", inner, 0..8).prop_map(|map| map.into_iter().collect()),
            ]
        });
        prop::collection::btree_map("[a-z]{1,30}", nested, 0..25).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn no_answer_is_longer_than_asked_for(value in anything(), most in 2_000_usize..6_000) {
            let (_, answer) = cut(&value, most);
            prop_assert!(answer.structured.as_str().chars().count() <= most);
            prop_assert!(answer.text.chars().count() <= most);
            prop_assert!(answer.structured.value().is_object());
        }
    }
}
