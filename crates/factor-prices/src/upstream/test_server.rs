//! A scripted server on a real socket, for tests of the wire.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// What one request is answered with.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Status, further headers (each ending in CRLF), body.
    Full(u16, String, Vec<u8>),
    /// Status 200 and fewer bytes than promised.
    Cut(String),
    /// Nothing, ever.
    Silence,
}

impl Answer {
    pub(crate) fn json(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn status(status: u16, body: impl Into<String>) -> Self {
        Self::Full(status, "Content-Type: application/json\r\n".into(), body.into().into_bytes())
    }

    pub(crate) fn with_header(self, header: &str) -> Self {
        match self {
            Self::Full(status, headers, body) => Self::Full(status, format!("{headers}{header}\r\n"), body),
            other => other,
        }
    }
}

/// The server; it ends with the test's runtime.
#[derive(Debug, Clone)]
pub(crate) struct TestServer {
    pub(crate) base: String,
    /// The head of every request, in the order of arrival.
    heads: Arc<Mutex<Vec<String>>>,
}

impl TestServer {
    /// Serves what `script` says for the n-th request (from zero) and its target (path and query).
    pub(crate) async fn start(script: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let (seen, script) = (Arc::clone(&heads), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    let mut buffer = [0; 4096];
                    while !head.ends_with(b"\r\n\r\n") {
                        match stream.read(&mut buffer).await {
                            Ok(n) if n > 0 => head.extend_from_slice(&buffer[..n]),
                            _ => return,
                        }
                    }
                    let head = String::from_utf8(head).unwrap();
                    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let n = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(head);
                        seen.len() - 1
                    };
                    let bytes = match script(n, &target) {
                        Answer::Full(status, headers, body) => {
                            let length = body.len();
                            let head = format!(
                                "HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
                            );
                            [head.into_bytes(), body].concat()
                        }
                        Answer::Cut(body) => {
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 100)
                                .into_bytes()
                        }
                        Answer::Silence => std::future::pending().await,
                    };
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { base, heads }
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Path and query of every request.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.heads().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
    }
}
