//! Structured content is written once, as text; rmcp's model has a tree for it, and nothing else.
//!
//! A tree of a large answer costs several times its text. So results carry the text as one JSON string, which rmcp passes
//! on untouched, and here, on the way to the client, it is taken out of its quotes:
//! `"structuredContent":"{\"status\":…}"` becomes `"structuredContent":{"status":…}`. Inside a JSON string every quote is
//! escaped, so those bytes stand nowhere else in a message, and no result has a string there that is meant as one.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::header,
    middleware::Next,
    response::Response,
};
use http_body_util::BodyExt;
use tokio::io::AsyncWrite;

/// What stands before a quoted text, its opening quote included.
const MARK: &[u8] = br#""structuredContent":""#;

/// Where a stream of messages is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// So many bytes of the mark have just been seen.
    Outside(usize),
    /// In a quoted text.
    Inside,
    /// After its backslash.
    Escaped,
}

/// Takes structured content out of its quotes in a stream that comes in pieces of any size.
#[derive(Debug)]
struct Unquoter(At);

impl Unquoter {
    const fn new() -> Self {
        Self(At::Outside(0))
    }

    fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Some((first, rest)) = bytes.split_first() {
            match self.0 {
                At::Outside(0) => match memchr::memmem::find(bytes, MARK) {
                    Some(at) => {
                        let (before, after) = bytes.split_at(at + MARK.len());
                        out.extend_from_slice(&before[..before.len() - 1]);
                        self.0 = At::Inside;
                        bytes = after;
                        continue;
                    }
                    None => {
                        out.extend_from_slice(bytes);
                        // The mark may begin in this piece and end in the next.
                        let seen = (1..MARK.len()).rev().find(|seen| bytes.ends_with(&MARK[..*seen]));
                        self.0 = At::Outside(seen.unwrap_or(0));
                        return;
                    }
                },
                At::Outside(seen) if *first == MARK[seen] && seen + 1 == MARK.len() => self.0 = At::Inside,
                At::Outside(seen) => {
                    out.push(*first);
                    let again = usize::from(*first == MARK[0]);
                    self.0 = At::Outside(if *first == MARK[seen] { seen + 1 } else { again });
                }
                At::Inside => match first {
                    b'\\' => self.0 = At::Escaped,
                    b'"' => self.0 = At::Outside(0),
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
            }
            bytes = rest;
        }
    }
}

/// A writer of messages that takes structured content out of its quotes. Every byte stream to a client goes through one.
#[derive(Debug)]
pub struct Unquoted<W> {
    inner: W,
    unquoter: Unquoter,
    /// What is not written yet, from `written` on.
    waiting: Vec<u8>,
    written: usize,
}

impl<W: AsyncWrite + Unpin> Unquoted<W> {
    /// Messages go to `inner`.
    pub const fn new(inner: W) -> Self {
        Self { inner, unquoter: Unquoter::new(), waiting: Vec::new(), written: 0 }
    }

    /// Writes what is waiting.
    fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.waiting.len() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &self.waiting[self.written..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        self.waiting.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Unquoted<W> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_waiting(context))?;
        let Self { unquoter, waiting, .. } = &mut *self;
        unquoter.feed(bytes, waiting);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_waiting(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_waiting(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// The same for what goes out over HTTP, as JSON or as events.
pub(super) async fn responses(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.map(|body| {
        let mut unquoter = Unquoter::new();
        Body::new(body.map_frame(move |frame| {
            frame.map_data(|bytes: Bytes| {
                let mut out = Vec::with_capacity(bytes.len());
                unquoter.feed(&bytes, &mut out);
                Bytes::from(out)
            })
        }))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// A message as rmcp writes it, and as the client shall have it.
    fn message(text: &str, structured: &Value) -> (String, String) {
        let with = |structured: Value| {
            let result =
                json!({"content": [{"type": "text", "text": text}], "structuredContent": structured, "isError": false});
            json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string()
        };
        (with(structured.to_string().into()), with(structured.clone()))
    }

    fn unquoted<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> String {
        let (mut unquoter, mut out) = (Unquoter::new(), Vec::new());
        pieces.for_each(|piece| unquoter.feed(piece, &mut out));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn structured_content_comes_out_of_its_quotes_wherever_the_stream_is_cut() {
        let tricky =
            json!({"a\"b\\": ["\n\u{1}é", {}, 1.5], "structuredContent": "no", "x": r#""structuredContent":""#});
        let (sent, wanted) = message(r#"says "structuredContent":"{\"a\"}" and "structuredContent"#, &tricky);
        let (sent, wanted) = (format!("{sent}\n{sent}"), format!("{wanted}\n{wanted}"));
        for size in 1..80 {
            // What the tricky text says of itself is inside quotes twice over, and stays what it is.
            assert_eq!(unquoted(sent.as_bytes().chunks(size)), wanted, "pieces of {size}");
        }
        let plain = r#"{"jsonrpc":"2.0","result":{"structuredContent":{"status":"error"}},"x":"structuredContent"}"#;
        assert_eq!(unquoted(plain.as_bytes().chunks(7)), plain);
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

    #[tokio::test]
    async fn a_slow_reader_gets_all_of_it() {
        let (sent, wanted) = message("text", &json!({"long": "x\"y".repeat(500)}));
        let (near, mut far) = tokio::io::duplex(16);
        let writing = tokio::spawn(async move {
            let mut writer = Unquoted::new(near);
            for piece in sent.as_bytes().chunks(100) {
                writer.write_all(piece).await.unwrap();
            }
            writer.shutdown().await.unwrap();
        });
        let mut read = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut far, &mut read).await.unwrap();
        writing.await.unwrap();
        assert_eq!(read, wanted);
    }
}
