//! Who is asking. A citizen's session proves itself (no look-up on the way of a booking); a staff
//! session is a random token whose hash is in the database, so that it can be revoked.

use chrono::{DateTime, TimeZone, Utc};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{ClinicId, PersonId, StaffUserId, keys::Keys};

/// A citizen's session lasts this long: an evening in line and a change of mind afterwards.
pub const CITIZEN_SESSION_HOURS: i64 = 12;
/// A staff session lasts one working day.
pub const STAFF_SESSION_HOURS: i64 = 10;

const PREFIX: &str = "c1.";
const CLAIM_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

/// A citizen's token: person and expiry in clear, and a tag that only the service can make.
pub fn citizen_token(keys: &Keys, person_id: PersonId, expires_at: DateTime<Utc>) -> String {
    let mut token = [0; CLAIM_BYTES + TAG_BYTES];
    let (claim, tag) = token.split_at_mut(CLAIM_BYTES);
    let (person, expiry) = claim.split_at_mut(CLAIM_BYTES / 2);
    person.copy_from_slice(&person_id.0.to_be_bytes());
    expiry.copy_from_slice(&expires_at.timestamp().to_be_bytes());
    let mac = keys.session.mac(&[claim]);
    tag.copy_from_slice(mac.split_at(TAG_BYTES).0);
    format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&token))
}

/// The person whose token this is, unless it is forged, cut or expired at `now`.
pub fn citizen(keys: &Keys, token: &str, now: DateTime<Utc>) -> Option<PersonId> {
    let bytes = BASE64URL_NOPAD.decode(token.strip_prefix(PREFIX)?.as_bytes()).ok()?;
    let (claim, tag) = bytes.split_at_checked(CLAIM_BYTES)?;
    let expected = keys.session.mac(&[claim]);
    if !bool::from(expected.split_at(TAG_BYTES).0.ct_eq(tag)) {
        return None;
    }
    let (person, expiry) = claim.split_at(CLAIM_BYTES / 2);
    let expires_at = Utc.timestamp_opt(i64::from_be_bytes(expiry.try_into().ok()?), 0).single()?;
    (now < expires_at).then_some(PersonId(i64::from_be_bytes(person.try_into().ok()?)))
}

/// What the database keeps of a staff token.
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// A signed-in member of staff or administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaffUser {
    pub staff_user_id: StaffUserId,
    pub role: StaffRole,
}

/// What a staff user may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffRole {
    /// One clinic.
    Staff(ClinicId),
    Administrator,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2021, 7, 12, 12, 0, 0).single().expect("a time")
    }

    #[test]
    fn a_token_names_its_person_until_it_expires() {
        let keys = Keys::new(&[7; 32]);
        let token = citizen_token(&keys, PersonId(42), noon());
        let before = noon() - TimeDelta::seconds(1);
        assert_eq!(citizen(&keys, &token, before), Some(PersonId(42)));
        assert_eq!(citizen(&keys, &token, noon()), None);
    }

    #[test]
    fn a_changed_token_is_nobodys() {
        let keys = Keys::new(&[7; 32]);
        let token = citizen_token(&keys, PersonId(42), noon());
        let before = noon() - TimeDelta::seconds(1);
        for place in PREFIX.len()..token.len() - 1 {
            let mut forged = token.clone().into_bytes();
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ascii");
            assert_eq!(citizen(&keys, &forged, before), None, "{forged}");
        }
        assert_eq!(citizen(&Keys::new(&[8; 32]), &token, before), None, "another key");
        assert_eq!(citizen(&keys, &token[..20], before), None);
        assert_eq!(citizen(&keys, "", before), None);
    }
}
