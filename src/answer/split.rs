//! Compact JSON taken apart by one level, as pieces of its text.

/// What a JSON text is, with the texts of what it is made of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    /// Names, in their quotes, and values.
    Object(Vec<(&'a str, &'a str)>),
    Array(Vec<&'a str>),
    /// A string, in its quotes.
    Words(&'a str),
    /// A number, `true`, `false`, `null`.
    Plain,
}

/// Takes compact JSON apart; what is no JSON is [`Shape::Plain`].
pub(crate) fn split(json: &str) -> Shape<'_> {
    let items = |close: char| {
        let mut rest = json[1..].strip_suffix(close)?;
        let mut items = Vec::new();
        while !rest.is_empty() {
            let (item, after) = rest.split_at(end(rest));
            items.push(item);
            rest = after.strip_prefix([',', ':']).unwrap_or_default();
        }
        Some(items)
    };
    match json.as_bytes().first() {
        Some(b'{') => items('}').map_or(Shape::Plain, |items| {
            Shape::Object(items.as_chunks().0.iter().map(|[name, value]| (*name, *value)).collect())
        }),
        Some(b'[') => items(']').map_or(Shape::Plain, Shape::Array),
        Some(b'"') => Shape::Words(json),
        _ => Shape::Plain,
    }
}

/// A name without its quotes.
pub(crate) fn name(quoted: &str) -> String {
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(quoted);
    if !inside.contains('\\') {
        return inside.to_owned();
    }
    serde_json::from_str(quoted).unwrap_or_else(|_| inside.to_owned())
}

/// Where the value ends that a text begins with.
fn end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' | b':' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn one_level_is_taken_apart() {
        let text = r#"{"a,\"]":[1,{"b":"}"}],"é":"x:y","c":-1.5e-7,"d":{},"e":[]}"#;
        let Shape::Object(fields) = split(text) else { panic!("no object") };
        let expected = [
            (r#""a,\"]""#, r#"[1,{"b":"}"}]"#),
            (r#""é""#, r#""x:y""#),
            (r#""c""#, "-1.5e-7"),
            (r#""d""#, "{}"),
            (r#""e""#, "[]"),
        ];
        assert_eq!(fields, expected);
        assert_eq!(name(fields[0].0), r#"a,"]"#);
        assert_eq!(split(fields[0].1), Shape::Array(vec!["1", r#"{"b":"}"}"#]));
        assert_eq!((split("{}"), split("[]")), (Shape::Object(vec![]), Shape::Array(vec![])));
        assert_eq!((split("null"), split(""), split("[1")), (Shape::Plain, Shape::Plain, Shape::Plain));
        assert_eq!(split(r#""\\""#), Shape::Words(r#""\\""#));
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[\\\\\"{}\\[\\],:a-zé\n]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[\\\\\"{}:,a-zé]{0,6}", inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_pieces_are_those_of_a_parser(value in tree()) {
            let text = value.to_string();
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            match split(&text) {
                Shape::Object(fields) => {
                    let fields = fields.into_iter().map(|(key, value)| (name(key), read(value)));
                    prop_assert_eq!(Value::Object(fields.collect()), read(&text));
                }
                Shape::Array(items) => prop_assert_eq!(Value::Array(items.into_iter().map(read).collect()), read(&text)),
                Shape::Words(words) => prop_assert!(value.is_string() && words == text),
                Shape::Plain => prop_assert!(!value.is_object() && !value.is_array() && !value.is_string()),
            }
        }

        #[test]
        fn nothing_makes_it_fail(text in "[{}\\[\\]\",:\\\\aé1]{0,12}") {
            let _ = split(&text);
            let _ = name(&text);
            let _ = json!(text);
        }
    }
}
