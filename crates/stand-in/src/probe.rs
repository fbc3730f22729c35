//! A raw HTTP client for the tests: it sees what is really on the wire.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::StandIn;

/// Everything a connection brought until it ended.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// As many bytes as announced.
    pub(crate) fn is_whole(&self) -> bool {
        self.header("content-length").unwrap().parse() == Ok(self.body.len())
    }
}

/// Asks below the base URL and reads until the server closes.
pub(crate) async fn get(server: &StandIn, rest: &str) -> Answer {
    get_with(server, rest, "").await
}

/// The same with header lines, each ended by `\r\n`.
pub(crate) async fn get_with(server: &StandIn, rest: &str, headers: &str) -> Answer {
    let bytes = raw(server, rest, headers).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: bytes[end + 4..].to_vec() }
}

/// What arrives until the end of the connection, or the error that ends it.
pub(crate) async fn raw(server: &StandIn, rest: &str, headers: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = open(server.addr()).await;
    let headers = format!("Connection: close\r\n{headers}");
    ask(&mut stream, &format!("{}{rest}", server.vendor().base_path()), &headers).await;
    let mut bytes = Vec::new();
    timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes)).await.expect("an answer in time")?;
    Ok(bytes)
}

pub(crate) async fn open(addr: SocketAddr) -> TcpStream {
    TcpStream::connect(addr).await.unwrap()
}

pub(crate) async fn ask(stream: &mut TcpStream, target: &str, headers: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: stand-in\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// Waits until something is so.
pub(crate) async fn until(what: impl Fn() -> bool) {
    for _ in 0..2000 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to be");
}
