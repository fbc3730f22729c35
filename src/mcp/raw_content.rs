//! Structured content that is text already.
//!
//! Answers are written once, as text; rmcp's model has a tree of values for structured content, and nothing else. A tree of
//! a large answer costs several times its text. So a result carries the text as one JSON string, in an object because rmcp
//! passes only objects on to clients of older protocols, and on the way to the client it is taken out:
//! `"structuredContent":{"json":"{\"status\":…}"}` becomes `"structuredContent":{"status":…}`. Inside a JSON string every
//! quote is escaped, so those bytes stand nowhere else in a message, and no answer has `json` as its first field.
//!
//! [`RawContent`] is the only door: what puts text in ([`RawContent::of`]) and what takes it out
//! ([`RawContent::writer`], [`RawContent::responses`]) are its functions. It goes when the SDK can carry raw content.

mod unquoter;

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
use serde_json::Value;
use tokio::io::AsyncWrite;

use self::unquoter::Unquoter;
use crate::answer::Json;

/// Structured content that is text already, on its way through rmcp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawContent(String);

impl RawContent {
    /// The content of an answer.
    pub fn of(answer: &Json) -> Self {
        Self(answer.to_string())
    }

    /// What writes messages to a client, content out of its quotes. Every byte stream to a client goes through one.
    pub const fn writer<W: AsyncWrite + Unpin>(inner: W) -> RawContentWriter<W> {
        RawContentWriter { inner, unquoter: Unquoter::new(), waiting: Vec::new(), written: 0 }
    }

    /// The same for what goes out over HTTP, as JSON or as events: a middleware.
    pub async fn responses(request: Request, next: Next) -> Response {
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
}

impl From<RawContent> for Value {
    fn from(content: RawContent) -> Self {
        serde_json::json!({ "json": content.0 })
    }
}

/// A writer of messages that takes structured content out of its quotes ([`RawContent::writer`]).
#[derive(Debug)]
pub struct RawContentWriter<W> {
    inner: W,
    unquoter: Unquoter,
    /// What is not written yet, from `written` on.
    waiting: Vec<u8>,
    written: usize,
}

impl<W: AsyncWrite + Unpin> RawContentWriter<W> {
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

impl<W: AsyncWrite + Unpin> AsyncWrite for RawContentWriter<W> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::AsyncWriteExt;

    use super::{unquoter::tests::message, *};

    #[tokio::test]
    async fn a_slow_reader_gets_all_of_it() {
        let (sent, wanted) = message("text", &json!({"long": "x\"y".repeat(500)}));
        let (near, mut far) = tokio::io::duplex(16);
        let writing = tokio::spawn(async move {
            let mut writer = RawContent::writer(near);
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
