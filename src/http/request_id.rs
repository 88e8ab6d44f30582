//! An id for every request that goes to the routes: a client reads it in `X-Request-Id`, an
//! operator in every log line that the request caused. It is made here and never taken from the
//! client: a stranger could otherwise write what they like into the log, or borrow another's id.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use actix_web::{HttpMessage, HttpRequest, http::header::HeaderName};
use uuid::Uuid;

/// The header that carries the id of the request that is answered.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Tells this process's ids from those of another or of an earlier start. Random enough for that,
/// which is all it is for: nobody is let in by an id.
static PREFIX: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("request"));
/// Where the counting starts is random too, so that an id does not tell how many came before.
static NEXT: LazyLock<AtomicU64> =
    LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one("first")));

#[derive(Clone, Copy)]
struct RequestId(Uuid);

/// The next id: half prefix, half counter, so that it costs no system call. A UUID of version 8
/// (RFC 9562, 5.8).
pub(super) fn next() -> Uuid {
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    let bytes = (u128::from(*PREFIX) << 64 | u128::from(count)).to_be_bytes();
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Remembers the id with its request.
pub(super) fn keep(request: &impl HttpMessage, id: Uuid) {
    request.extensions_mut().insert(RequestId(id));
}

/// The id of this request; none where it did not come through `access_log::answer`.
pub fn of(request: &HttpRequest) -> Option<Uuid> {
    request.extensions().get::<RequestId>().map(|id| id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_are_uuids_of_our_own_make() {
        let ids = [next(), next(), next()];
        assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
        for id in ids {
            assert_eq!(id.get_version_num(), 8, "{id}");
            assert_eq!(id.as_bytes()[..6], ids[0].as_bytes()[..6], "one process, one prefix");
        }
    }
}
