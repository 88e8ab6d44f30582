//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a UUID that the client
//! chose, quoted as the draft has it or bare.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::problem::Problem;
use crate::{
    db::idempotency_key::Keyed,
    domain::{Detail, Refusal, StaffUserId, fact::Expected},
    flows::idempotency::HEADER,
};

/// The key of a request, if it has one.
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyKey(Option<Uuid>);

impl IdempotencyKey {
    /// The request as it is recognised again: `asked` is all that it asks for, its route included.
    pub fn of(self, by: StaffUserId, asked: &Value) -> Option<Keyed> {
        let fingerprint = Sha256::digest(asked.to_string()).into();
        self.0.map(|key| Keyed { key, by, fingerprint })
    }

    /// As `of`, for what must not be done twice by mistake.
    ///
    /// # Errors
    /// `invalid_field` where there is none.
    pub fn needed(self, by: StaffUserId, asked: &Value) -> Result<Keyed, Refusal> {
        self.of(by, asked).ok_or_else(|| Refusal::field(HEADER, Detail::KeyMissing))
    }
}

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut sent = request.headers().get_all(HEADER);
        let key = match (sent.next(), sent.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().ok().and_then(read).map(Some).ok_or(()),
            (Some(_), Some(_)) => Err(()),
        };
        let bad = |()| Refusal::expected(HEADER, Expected::Uuid).into();
        ready(key.map(Self).map_err(bad))
    }
}

/// The nil UUID is what a client sends that has forgotten to make one.
fn read(value: &str) -> Option<Uuid> {
    let value = value.trim();
    let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    Uuid::try_parse(bare).ok().filter(|key| !key.is_nil())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_quoted_and_bare() {
        let key = Uuid::from_u128(7 << 64 | 9);
        assert_eq!(read(&key.to_string()), Some(key));
        assert_eq!(read(&format!("\"{key}\"")), Some(key));
        for bad in ["", "\"\"", "7", "\"7", &Uuid::nil().to_string(), &format!("\"{key}")] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
