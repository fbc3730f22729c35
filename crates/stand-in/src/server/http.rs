//! As much of HTTP/1.1 as a vendor's API needs: GET requests in, answers out, well or badly delivered.

use std::{fmt::Write as _, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    time::sleep,
};

use super::log::Counted;

/// A longer head is no request.
const HEAD_LIMIT: usize = 64 * 1024;
/// Pieces of a slow answer.
const PIECES: usize = 16;

/// A request without its body; there is none on a GET.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Decoded.
    pub(crate) path: String,
    /// Decoded.
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(super) keep_alive: bool,
}

/// An answer and how it is sent.
#[derive(Debug)]
pub(crate) struct HttpReply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(super) delivery: Delivery,
}

/// How an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    Half,
    Chunked,
    Drip(Duration),
    Reset,
    Never,
}

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// It can take another request.
    Keep,
    /// It ends in good order.
    Close,
    /// It is reset.
    Abort,
}

impl Request {
    /// The next request of a connection; `None` when the client has left, or does not speak HTTP.
    pub(super) async fn read(reader: &mut OwnedReadHalf, inbox: &mut Vec<u8>) -> Option<Self> {
        loop {
            if let Some(end) = inbox.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = inbox.drain(..end + 4).collect();
                return Self::parse(&String::from_utf8_lossy(&head));
            }
            if inbox.len() > HEAD_LIMIT || reader.read_buf(inbox).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    /// A header's value by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target, version) = (first.next()?, first.next()?, first.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned()))
            .collect();
        let closes = headers.iter().any(|(name, value)| name == "connection" && value.eq_ignore_ascii_case("close"));
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Some(Self {
            method: method.to_owned(),
            path: decoded(path),
            query: query.collect(),
            headers,
            keep_alive: version == "HTTP/1.1" && !closes,
        })
    }
}

impl HttpReply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into(), delivery: Delivery::Whole }
    }

    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "application/json; charset=utf-8", body)
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    pub(crate) fn csv(body: String) -> Self {
        Self::new(200, "text/csv; charset=utf-8", body)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sends it. The request stops being in flight just before the last bytes.
    pub(super) async fn send(
        self,
        out: &mut OwnedWriteHalf,
        keep: bool,
        flight: Counted<'_>,
    ) -> std::io::Result<After> {
        let keep = keep && self.delivery != Delivery::Half;
        let head = self.head(keep);
        match self.delivery {
            Delivery::Never => std::future::pending().await,
            Delivery::Reset => {
                drop(flight);
                out.as_ref().set_zero_linger()?;
                return Ok(After::Abort);
            }
            Delivery::Whole | Delivery::Half => {
                let sent = if self.delivery == Delivery::Half { self.body.len() / 2 } else { self.body.len() };
                let message = [head.as_bytes(), &self.body[..sent]].concat();
                drop(flight);
                out.write_all(&message).await?;
            }
            Delivery::Chunked => {
                out.write_all(head.as_bytes()).await?;
                for piece in self.body.chunks(64 * 1024) {
                    let size = format!("{:x}\r\n", piece.len());
                    out.write_all(&[size.as_bytes(), piece, b"\r\n"].concat()).await?;
                }
                drop(flight);
                out.write_all(b"0\r\n\r\n").await?;
            }
            Delivery::Drip(pause) => {
                out.write_all(head.as_bytes()).await?;
                let (most, last) = self.body.split_at(self.body.len().saturating_sub(1));
                for piece in most.chunks(most.len().div_ceil(PIECES).max(1)) {
                    sleep(pause).await;
                    out.write_all(piece).await?;
                }
                drop(flight);
                out.write_all(last).await?;
            }
        }
        Ok(if keep { After::Keep } else { After::Close })
    }

    fn head(&self, keep: bool) -> String {
        let reason = match self.status {
            200 => "OK",
            400 => "Bad Request",
            401 => "Unauthorized",
            402 => "Payment Required",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            _ => "Status",
        };
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = match self.delivery {
            Delivery::Chunked => write!(head, "Transfer-Encoding: chunked\r\n"),
            _ => write!(head, "Content-Length: {}\r\n", self.body.len()),
        };
        let _ = write!(head, "Connection: {}\r\n\r\n", if keep { "keep-alive" } else { "close" });
        head
    }
}

/// Percent-decoded; `+` is a space.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let code = pair.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(code.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
