//! Where a request comes from. Behind proxies that are trusted (`--trusted-proxy`), the address is
//! the last one in their header that is not such a proxy's; otherwise it is the peer's. What else
//! stands in these headers anybody may have written.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{IpAddr, SocketAddr},
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{FORWARDED, HeaderMap, HeaderName, VIA, X_FORWARDED_FOR},
    web::Data,
};

use super::state::App;
use crate::{config::Block, domain::code_cap::Caller};

/// What an operator must know who has put a proxy in front and not said so.
const STRANGER: &str = "a request to sign in came with X-Forwarded-For or Forwarded from an \
    address that is no --trusted-proxy; if that is a proxy in front of this service, all who come \
    through it share the caps of one address until it is named";

/// Whoever sends the request, as a handler's argument.
pub struct CalledFrom(pub Caller);

impl FromRequest for CalledFrom {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

impl CalledFrom {
    /// As the handler's argument.
    pub fn of(request: &HttpRequest) -> Self {
        // Nobody connects without an address; should it happen, they share one.
        let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip());
        let headers = request.headers();
        let from = request.app_data::<Data<App>>().map_or(peer, |app| {
            if is_through_a_stranger(&app.trusted_proxies, peer, headers) {
                app.stranger.call_once(|| tracing::warn!("{STRANGER}"));
            }
            address(&app.trusted_proxies, peer, headers)
        });
        Self(caller(from))
    }
}

/// Whether a proxy that is not trusted has handed the request on, or the client says so.
fn is_through_a_stranger(trusted: &[Block], peer: IpAddr, headers: &HeaderMap) -> bool {
    let is_handed_on = headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(FORWARDED);
    is_handed_on && !trusted.iter().any(|block| block.contains(peer))
}

/// Whether somebody on this machine asks, and no proxy for somebody else.
pub fn is_local(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let is_handed_on = [X_FORWARDED_FOR, FORWARDED, HeaderName::from_static("x-real-ip"), VIA]
        .into_iter()
        .any(|name| headers.contains_key(name));
    let is_here = |peer: SocketAddr| peer.ip().to_canonical().is_loopback();
    !is_handed_on && request.peer_addr().is_some_and(is_here)
}

/// The address that a request comes from.
fn address(trusted: &[Block], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|block| block.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let last = |name: HeaderName, hop: fn(&str) -> Option<IpAddr>| {
        headers.contains_key(&name).then(|| {
            let mut nearest = peer;
            for text in hops(headers, &name).into_iter().rev() {
                // Whatever stands before something unreadable was handed on by nobody trusted.
                let Some(address) = hop(text) else { return nearest };
                nearest = address;
                if !is_trusted(address) {
                    return nearest;
                }
            }
            nearest
        })
    };
    match (last(X_FORWARDED_FOR, plain), last(FORWARDED, forwarded)) {
        // A proxy that writes one of them hands on what a client wrote in the other.
        (Some(one), Some(other)) if one != other => peer,
        (Some(address), _) | (None, Some(address)) => address,
        (None, None) => peer,
    }
}

/// The elements of a list that may be spread over several headers.
fn hops<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let values = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
    values.flat_map(|value| value.split(',')).map(str::trim).collect()
}

/// An element of `X-Forwarded-For`: an address, with some proxies also a port.
fn plain(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|at| at.ip()));
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.ok().or_else(in_brackets).map(|address| address.to_canonical())
}

/// An element of `Forwarded`: `for=192.0.2.1;proto=https`, `For="[2001:db8::1]:4711"` (RFC 7239).
fn forwarded(text: &str) -> Option<IpAddr> {
    let value = text.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    })?;
    plain(value.trim_matches('"'))
}

/// The blocks that an address is in: itself or its IPv6 /64, and its IPv4 /24 or IPv6 /48.
pub(super) fn caller(address: IpAddr) -> Caller {
    let (octets, address_octets, network_octets) = match address.to_canonical() {
        IpAddr::V4(address) => (address.octets().to_vec(), 4, 3),
        IpAddr::V6(address) => (address.octets().to_vec(), 8, 6),
    };
    let leading = |count| octets.iter().copied().take(count).collect();
    Caller { address: leading(address_octets), network: leading(network_octets) }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn from(trusted: &str, peer: &str, lines: &[(HeaderName, &'static str)]) -> String {
        let trusted: Vec<Block> =
            trusted.split_terminator(',').map(|b| b.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        address(&trusted, peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_word_of_a_proxy_counts_only_where_it_is_trusted() {
        let xff = |value| [(X_FORWARDED_FOR, value)];
        for (trusted, peer, value, expected) in [
            // Nobody is trusted: anybody can write the header.
            ("", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
            ("10.0.0.0/8", "192.0.2.1", "203.0.113.9", "192.0.2.1"),
            // One proxy: what the client wrote itself stands before what the proxy added.
            ("10.0.0.0/8", "10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
            ("10.0.0.0/8", "10.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
            // Two proxies.
            ("10.0.0.0/8", "10.0.0.1", "198.51.100.7, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            ("10.0.0.0/8", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            // What cannot be read ends what is believed.
            ("10.0.0.0/8", "10.0.0.1", "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
            ("::1", "::1", "[2001:db8::1]:4711", "2001:db8::1"),
            ("::1", "::1", "[2001:db8::1]", "2001:db8::1"),
        ] {
            assert_eq!(from(trusted, peer, &xff(value)), expected, "{trusted} {peer} {value}");
        }
        let twice = [(X_FORWARDED_FOR, "198.51.100.7"), (X_FORWARDED_FOR, "203.0.113.9")];
        assert_eq!(from("127.0.0.1", "127.0.0.1", &twice), "203.0.113.9");
    }

    #[test]
    fn both_headers_are_read_and_neither_where_they_differ() {
        for (value, expected) in [
            ("for=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
            ("for=198.51.100.7, For=\"203.0.113.9:4711\"", "203.0.113.9"),
            ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(from("10.0.0.0/8", "10.0.0.1", &[(FORWARDED, value)]), expected, "{value}");
        }
        let both = |forged| [(X_FORWARDED_FOR, "203.0.113.9"), (FORWARDED, forged)];
        assert_eq!(from("10.0.0.1", "10.0.0.1", &both("for=203.0.113.9")), "203.0.113.9");
        assert_eq!(from("10.0.0.1", "10.0.0.1", &both("for=198.51.100.7")), "10.0.0.1");
    }

    #[test]
    fn an_address_is_in_a_network() {
        for (text, address, network) in [
            ("203.0.113.9", &[203, 0, 113, 9][..], &[203, 0, 113][..]),
            ("::ffff:203.0.113.9", &[203, 0, 113, 9], &[203, 0, 113]),
            ("2001:db8:1:2:3::4", &[32, 1, 13, 184, 0, 1, 0, 2], &[32, 1, 13, 184, 0, 1]),
        ] {
            let expected = Caller { address: address.to_vec(), network: network.to_vec() };
            assert_eq!(caller(text.parse().unwrap()), expected, "{text}");
        }
    }
}
