//! An id for every request that goes to the routes: a client reads it in `X-Request-Id`, an
//! operator in every log line that the request caused. It is made here and never taken from the
//! client: a stranger could otherwise write what they like into the log, or borrow another's id.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use actix_web::http::header::HeaderName;
use uuid::Uuid;

/// The header that carries the id of the request that is answered.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Where the ids of a service come from: half prefix, half counter, so that an id costs no system
/// call.
pub struct RequestIds {
    /// Tells these ids from those of another process or of an earlier start. Random enough for
    /// that, which is all it is for: nobody is let in by an id.
    prefix: u64,
    next: AtomicU64,
}

impl Default for RequestIds {
    /// Prefix and first count are random, so that an id does not tell how many came before.
    fn default() -> Self {
        let random = |what| RandomState::new().hash_one(what);
        Self { prefix: random("prefix"), next: AtomicU64::new(random("next")) }
    }
}

impl RequestIds {
    /// The next id, a UUID of version 8 (RFC 9562, 5.8).
    pub(super) fn next(&self) -> Uuid {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let bytes = (u128::from(self.prefix) << 64 | u128::from(count)).to_be_bytes();
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// An id for what no request could be read from: of a source of its own.
pub(super) fn unnumbered() -> Uuid {
    RequestIds::default().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_are_uuids_of_our_own_make() {
        let source = RequestIds::default();
        let ids = [source.next(), source.next(), source.next()];
        assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
        assert_ne!(ids[0].as_bytes()[..6], RequestIds::default().next().as_bytes()[..6]);
        for id in ids {
            assert_eq!(id.get_version_num(), 8, "{id}");
            assert_eq!(id.as_bytes()[..6], ids[0].as_bytes()[..6], "one source, one prefix");
        }
    }
}
