//! `factor-mcp health`: asks a running server whether it is ready, for supervisors that can run nothing else.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{print, say};
use crate::settings::Settings;

/// A server that has not answered by then is not ready.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than the answer has.
const LARGEST: u64 = 64 << 10;

/// Which server to ask.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Its address and port [env: FACTOR_HTTP_ADDR] [default: 127.0.0.1:8765]
    #[arg(long, value_name = "ADDR")]
    pub(super) addr: Option<String>,
}

/// Asks `/health/ready`. Exit code 0 where the server is ready, degraded or not, 1 where it is not or nobody answers.
///
/// # Errors
/// When standard output cannot be written to.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let addr = reachable(settings.http.addr);
    match tokio::time::timeout(PATIENCE, ask(addr)).await {
        Ok(Ok((200, body))) => {
            print(&body)?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Ok((status, body))) => {
            say(&format!("the server at {addr} is not ready ({status}): {body}"));
            Ok(ExitCode::FAILURE)
        }
        Ok(Err(error)) => {
            say(&format!("nothing answers at {addr}: {error}; see that `factor-mcp serve http` runs there"));
            Ok(ExitCode::FAILURE)
        }
        Err(_) => {
            say(&format!("the server at {addr} did not answer within {} s", PATIENCE.as_secs()));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Where a server that listens everywhere is asked from here.
fn reachable(addr: SocketAddr) -> SocketAddr {
    if !addr.ip().is_unspecified() {
        return addr;
    }
    let host = if addr.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
    SocketAddr::new(host, addr.port())
}

/// The status and the body.
async fn ask(addr: SocketAddr) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(addr).await?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).trim().to_owned();
    status.map(|status| (status, body)).ok_or_else(|| std::io::Error::other("what answers there is no HTTP server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        let asked = |addr: &str| reachable(addr.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8765"), "127.0.0.1:8765");
        assert_eq!(asked("[::]:80"), "[::1]:80");
        assert_eq!(asked("10.0.0.1:80"), "10.0.0.1:80");
    }
}
