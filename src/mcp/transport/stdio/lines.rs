//! Messages as lines over a byte stream, each line answered.
//!
//! rmcp's own reader drops a line that is no JSON, a line that is too long and what stands after the last line break without
//! an answer, and a client then waits for ever. Here every line that asks for an answer gets one: no JSON -32700, a shape that
//! is no request -32600, parameters of the wrong shape -32602, with the id where one can be read. What goes out is rmcp's.

use std::{io, pin::Pin};

use rmcp::{
    RoleServer,
    model::JsonRpcMessage,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader, Empty},
    task::JoinHandle,
};

use crate::mcp::transport::message::{LONG, Refused, read};

/// The longest line, in bytes.
const MAX_LINE: usize = 16 * 1024 * 1024;

type Message = RxJsonRpcMessage<RoleServer>;
type Reply = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// Messages over a pair of byte streams. All that is under way between two calls of `receive` is kept here, since rmcp drops
/// that call's future whenever an answer goes out.
pub(super) struct Lines<R, W: AsyncWrite> {
    input: BufReader<R>,
    output: AsyncRwTransport<RoleServer, Empty, W>,
    line: Vec<u8>,
    /// The rest of a line that was too long is passed over.
    passing: bool,
    ended: bool,
    /// A request has come. What comes before one means nothing yet, and rmcp would give up over it.
    begun: bool,
    /// A long line that another thread reads.
    reading: Option<JoinHandle<Result<Option<Message>, Box<Refused>>>>,
    /// An answer that is being written.
    replying: Option<Reply>,
}

/// What became of reading on.
enum Line {
    Whole,
    TooLong,
    Ended,
}

impl<R, W> Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    pub(super) fn new(input: R, output: W) -> Self {
        Self {
            input: BufReader::new(input),
            output: AsyncRwTransport::new_server(tokio::io::empty(), output),
            line: Vec::new(),
            passing: false,
            ended: false,
            begun: false,
            reading: None,
            replying: None,
        }
    }

    /// Reads to the end of a line. It may be dropped at any await: what was read is in `line`.
    async fn next_line(&mut self) -> Line {
        loop {
            let Ok(bytes) = self.input.fill_buf().await else { return Line::Ended };
            if bytes.is_empty() {
                // What stands after the last line break is a line too.
                let whole = !self.passing && !self.line.is_empty();
                self.ended = true;
                return if whole { Line::Whole } else { Line::Ended };
            }
            let end = memchr::memchr(b'\n', bytes);
            let taken = end.map_or(bytes.len(), |at| at + 1);
            let passed_over = self.passing;
            let too_long = !passed_over && self.line.len() + taken > MAX_LINE;
            if !passed_over && !too_long {
                self.line.extend_from_slice(&bytes[..taken]);
            }
            self.input.consume(taken);
            self.passing = (passed_over || too_long) && end.is_none();
            match (too_long, passed_over, end) {
                (true, ..) => return Line::TooLong,
                (false, false, Some(_)) => return Line::Whole,
                _ => {}
            }
        }
    }

    /// What to do with what was read: a message to be passed on, or nothing.
    fn take(&mut self, read: Result<Option<Message>, Box<Refused>>) -> Option<Message> {
        match read {
            Ok(message) => {
                let message = message?;
                self.begun |= matches!(message, JsonRpcMessage::Request(_));
                self.begun.then_some(message)
            }
            Err(refused) => {
                self.refuse(*refused);
                None
            }
        }
    }

    fn refuse(&mut self, Refused { error, id }: Refused) {
        let reply = TxJsonRpcMessage::<RoleServer>::error(error, id);
        self.replying = Some(Box::pin(self.output.send(reply)));
    }
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(&mut self, message: TxJsonRpcMessage<RoleServer>) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.output.send(message)
    }

    async fn receive(&mut self) -> Option<Message> {
        loop {
            if let Some(reply) = &mut self.replying {
                let written = reply.as_mut().await;
                self.replying = None;
                written.ok()?;
            }
            if let Some(reading) = &mut self.reading {
                let read = reading.await;
                self.reading = None;
                if let Some(message) = self.take(read.unwrap_or_else(|_| Err(Refused::unread()))) {
                    return Some(message);
                }
                continue;
            }
            if self.ended {
                return None;
            }
            match self.next_line().await {
                Line::Whole => {}
                Line::TooLong => {
                    let refused = Refused::too_long(&std::mem::take(&mut self.line), MAX_LINE);
                    self.refuse(*refused);
                    continue;
                }
                Line::Ended => return None,
            }
            if self.line.len() > LONG {
                let line = std::mem::take(&mut self.line);
                self.reading = Some(tokio::task::spawn_blocking(move || read(&line)));
                continue;
            }
            let read = read(&self.line);
            self.line.clear();
            if let Some(message) = self.take(read) {
                return Some(message);
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.close().await
    }
}

#[cfg(test)]
mod tests;
