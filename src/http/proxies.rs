//! The address that a request comes from.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::settings::TrustedProxies;

/// Where each proxy writes who sent it the request.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the client: that of the connection, or, where a trusted proxy is at its other end, the rightmost address
/// of `X-Forwarded-For` that is not a trusted proxy's. What stands left of it anybody may have written.
pub(super) fn client(proxies: &TrustedProxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    if !proxies.trusts(peer) {
        return peer;
    }
    let values = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
    let mut last = peer;
    for hop in hops {
        // Who cannot be read came through the hop that was read before.
        let Some(address) = address(hop.trim()) else { return last };
        last = address;
        if !proxies.trusts(address) {
            return address;
        }
    }
    last
}

/// An address with or without a port, an IPv6 one with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port).or_else(in_brackets).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn client_of(peer: &str, forwarded: &[&str]) -> IpAddr {
        let proxies = TrustedProxies::read("10.0.0.0/8, 127.0.0.1,::1").unwrap();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        client(&proxies, ip(peer), &headers)
    }

    #[test]
    fn the_rightmost_untrusted_address_is_the_clients() {
        assert_eq!(client_of("127.0.0.1", &["1.1.1.1, 2.2.2.2"]), ip("2.2.2.2"));
        assert_eq!(client_of("127.0.0.1", &["6.6.6.6, 2.2.2.2, 10.9.9.9"]), ip("2.2.2.2"));
        assert_eq!(client_of("10.0.0.1", &["6.6.6.6", "2.2.2.2"]), ip("2.2.2.2"), "lines are one list");
        assert_eq!(client_of("::1", &["[2001:db8::1]:443"]), ip("2001:db8::1"));
        assert_eq!(client_of("::ffff:127.0.0.1", &["3.3.3.3:8080"]), ip("3.3.3.3"));
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client_of("8.8.8.8", &["1.1.1.1"]), ip("8.8.8.8"));
        assert_eq!(client_of("127.0.0.1", &[]), ip("127.0.0.1"));
        assert_eq!(client_of("127.0.0.1", &["10.1.1.1"]), ip("10.1.1.1"), "proxies alone");
        assert_eq!(client_of("127.0.0.1", &["1.1.1.1, unknown"]), ip("127.0.0.1"));
        assert_eq!(client_of("127.0.0.1", &["unknown, 10.2.2.2"]), ip("10.2.2.2"));
    }
}
