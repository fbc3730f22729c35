//! Quoted structured content taken out of its quotes, in a stream that is cut anywhere.

/// What stands before a quoted text, its opening quote included; one brace stands after it.
const MARK: &[u8] = br#""structuredContent":{"json":""#;

/// How much of the mark the client gets.
const NAME: usize = br#""structuredContent":"#.len();

/// Where a stream of messages is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// So many bytes of the mark have just been seen.
    Outside(usize),
    /// In a quoted text.
    Inside,
    /// After its backslash.
    Escaped,
    /// Before the brace after it.
    Behind,
}

/// Takes structured content out of its quotes in a stream that comes in pieces of any size.
#[derive(Debug)]
pub(super) struct Unquoter(At);

impl Unquoter {
    pub(super) const fn new() -> Self {
        Self(At::Outside(0))
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Some((first, rest)) = bytes.split_first() {
            match self.0 {
                At::Outside(0) => match memchr::memmem::find(bytes, MARK) {
                    Some(at) => {
                        out.extend_from_slice(&bytes[..at + NAME]);
                        self.0 = At::Inside;
                        bytes = &bytes[at + MARK.len()..];
                        continue;
                    }
                    None => {
                        // The mark may begin in this piece and end in the next.
                        let seen = begun(bytes, MARK.len() - 1);
                        out.extend_from_slice(&bytes[..bytes.len() - seen.saturating_sub(NAME)]);
                        self.0 = At::Outside(seen);
                        return;
                    }
                },
                At::Outside(seen) if *first == MARK[seen] => {
                    if seen < NAME {
                        out.push(*first);
                    }
                    self.0 = if seen + 1 == MARK.len() { At::Inside } else { At::Outside(seen + 1) };
                }
                At::Outside(seen) => {
                    // Not the mark after all: what was kept back goes out, and may end in the beginning of another.
                    let seen_bytes = [&MARK[..seen], &[*first]].concat();
                    out.extend_from_slice(&seen_bytes[seen.min(NAME)..]);
                    self.0 = At::Outside(begun(&seen_bytes, seen));
                }
                At::Inside => match first {
                    b'\\' => self.0 = At::Escaped,
                    b'"' => self.0 = At::Behind,
                    _ => {
                        let run = memchr::memchr2(b'\\', b'"', bytes).unwrap_or(bytes.len());
                        out.extend_from_slice(&bytes[..run]);
                        bytes = &bytes[run..];
                        continue;
                    }
                },
                At::Escaped => {
                    // JSON text has no control characters, so nothing else than these two is escaped when it is quoted.
                    out.push(*first);
                    self.0 = At::Inside;
                }
                At::Behind => self.0 = At::Outside(0),
            }
            bytes = rest;
        }
    }
}

/// The length, at most `most`, of the longest beginning of the mark that these bytes end in.
fn begun(bytes: &[u8], most: usize) -> usize {
    (1..=most).rev().find(|seen| bytes.ends_with(&MARK[..*seen])).unwrap_or(0)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// A message as rmcp writes it, and as the client should have it.
    pub(in crate::mcp) fn message(text: &str, structured: &Value) -> (String, String) {
        let with = |structured: Value| {
            let result =
                json!({"content": [{"type": "text", "text": text}], "structuredContent": structured, "isError": false});
            json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()
        };
        (with(json!({ "json": structured.to_string() })), with(structured.clone()))
    }

    fn unquoted<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> String {
        let (mut unquoter, mut out) = (Unquoter::new(), Vec::new());
        pieces.for_each(|piece| unquoter.feed(piece, &mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn structured_content_comes_out_of_its_quotes_wherever_the_stream_is_cut() {
        let tricky = json!({
            "a\"b\\": ["\n\u{1}é", {}, 1.5], "structuredContent": "no", "x": r#""structuredContent":{"json":""#,
        });
        let (sent, wanted) = message(r#"says "structuredContent":{"json":"{\"a\"}"} and "structuredContent"#, &tricky);
        let (sent, wanted) = (format!("{sent}\n{sent}"), format!("{wanted}\n{wanted}"));
        for size in 1..80 {
            // What the tricky text says of itself is inside quotes twice over, and stays what it is.
            assert_eq!(unquoted(sent.as_bytes().chunks(size)), wanted, "pieces of {size}");
        }
        let plain = r#"{"jsonrpc":"2.0","result":{"structuredContent":{"status":"error"}},"x":"structuredContent"}"#;
        let nested = r#"{"structuredContent":{"structuredContent":{"jso":"structuredContent":{}"#;
        for size in 1..40 {
            assert_eq!(unquoted(plain.as_bytes().chunks(size)), plain, "pieces of {size}");
            assert_eq!(unquoted(nested.as_bytes().chunks(size)), nested, "pieces of {size}");
            let after = unquoted(format!("{nested}{sent}").as_bytes().chunks(size));
            assert_eq!(after, format!("{nested}{wanted}"), "pieces of {size}");
        }
    }

    proptest! {
        #[test]
        fn any_text_and_any_strings(
            text in "[\\\\\"{}:a-zé\n\u{1}]{0,30}", words in "[\\\\\"{}:a-zé\n\u{1}]{0,30}", size in 1_usize..60,
        ) {
            let (sent, wanted) = message(&text, &json!({"words": words, "list": [words, null]}));
            prop_assert_eq!(unquoted(sent.as_bytes().chunks(size)), wanted);
        }
    }
}
