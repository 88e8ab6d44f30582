//! Who is asking. A citizen's session proves itself (no look-up on the way of a booking); a staff
//! session is a random token whose hash is in the database, so that it can be revoked. Citizens'
//! sessions that were ended before their time are few, and every process knows them all.

use std::collections::HashMap;

use chrono::{DateTime, TimeZone, Utc};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{ClinicId, PersonId, StaffUserId, actor::Actor, keys::Keys};

/// A citizen's session lasts this long: an evening in line and a change of mind afterwards.
pub const CITIZEN_SESSION_HOURS: i64 = 12;
/// A staff session lasts one working day.
pub const STAFF_SESSION_HOURS: i64 = 10;

const PREFIX: &str = "c1.";
const CLAIM_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

/// What a citizen's token says. A person's sessions are told from each other by when they expire:
/// each takes a code of its own, and those are not used twice in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    pub person_id: PersonId,
    /// In whole seconds; at that instant the session is over.
    pub expires_at: DateTime<Utc>,
}

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

/// What a token says, unless it is forged, cut or expired at `now`. The session may have been ended
/// before its time: ask [`EndedSessions`].
pub fn citizen(keys: &Keys, token: &str, now: DateTime<Utc>) -> Option<Session> {
    let bytes = BASE64URL_NOPAD.decode(token.strip_prefix(PREFIX)?.as_bytes()).ok()?;
    let (claim, tag) = bytes.split_at_checked(CLAIM_BYTES)?;
    let expected = keys.session.mac(&[claim]);
    if !bool::from(expected.split_at(TAG_BYTES).0.ct_eq(tag)) {
        return None;
    }
    let (person, expiry) = claim.split_at(CLAIM_BYTES / 2);
    let expires_at = Utc.timestamp_opt(i64::from_be_bytes(expiry.try_into().ok()?), 0).single()?;
    let person_id = PersonId(i64::from_be_bytes(person.try_into().ok()?));
    (now < expires_at).then_some(Session { person_id, expires_at })
}

/// A session that was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedSession {
    pub session: Session,
    /// All of the person's sessions that expire by then have ended with it.
    pub with_earlier: bool,
}

/// The sessions that were ended before their time and would not have expired yet.
#[derive(Clone, Debug, Default)]
pub struct EndedSessions(HashMap<PersonId, Vec<EndedSession>>);

impl EndedSessions {
    /// Adds one; the same again changes nothing.
    pub fn add(&mut self, ended: EndedSession) {
        let of_person = self.0.entry(ended.session.person_id).or_default();
        if !of_person.contains(&ended) {
            of_person.push(ended);
        }
    }

    pub fn contain(&self, session: Session) -> bool {
        let of_person = self.0.get(&session.person_id).map(Vec::as_slice).unwrap_or_default();
        of_person.iter().any(|EndedSession { session: ended, with_earlier }| {
            *ended == session || (*with_earlier && session.expires_at <= ended.expires_at)
        })
    }

    /// Drops those that have expired at `now`: their tokens are refused without this.
    pub fn forget_expired(&mut self, now: DateTime<Utc>) {
        self.0.retain(|_, ended| {
            ended.retain(|ended| ended.session.expires_at > now);
            !ended.is_empty()
        });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
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
    /// Persons whom they are asked to find, and bookings for them at any clinic.
    CallCentre,
}

impl StaffUser {
    /// Whom the journal names for what they do.
    pub const fn actor(self) -> Actor {
        match self.role {
            StaffRole::Staff(_) => Actor::Staff(self.staff_user_id),
            StaffRole::Administrator => Actor::Administrator(self.staff_user_id),
            StaffRole::CallCentre => Actor::CallCentre(self.staff_user_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2021, 7, 12, 12, 0, 0).single().expect("a time")
    }

    /// A session of a person that expires so many seconds after noon.
    fn session(person_id: i64, seconds: i64) -> Session {
        let expires_at = noon() + TimeDelta::seconds(seconds);
        Session { person_id: PersonId(person_id), expires_at }
    }

    #[test]
    fn a_token_names_its_person_until_it_expires() {
        let keys = Keys::new(&[7; 32]);
        let token = citizen_token(&keys, PersonId(42), noon());
        let before = noon() - TimeDelta::seconds(1);
        assert_eq!(citizen(&keys, &token, before), Some(session(42, 0)));
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

    #[test]
    fn a_session_ends_alone_or_with_those_before_it() {
        for with_earlier in [false, true] {
            let mut ended = EndedSessions::default();
            assert!(!ended.contain(session(42, 10)), "the control");
            ended.add(EndedSession { session: session(42, 10), with_earlier });
            assert!(ended.contain(session(42, 10)));
            assert_eq!(ended.contain(session(42, 9)), with_earlier);
            assert!(!ended.contain(session(42, 11)), "signed in afterwards");
            assert!(!ended.contain(session(43, 10)), "somebody else");
        }
    }

    #[test]
    fn what_has_expired_is_not_kept() {
        let mut ended = EndedSessions::default();
        for seconds in [10, 20, 20] {
            ended.add(EndedSession { session: session(42, seconds), with_earlier: false });
        }
        assert_eq!(ended.len(), 2, "the same again is one");
        ended.forget_expired(noon() + TimeDelta::seconds(10));
        assert_eq!(ended.len(), 1);
        assert!(ended.contain(session(42, 20)));
        ended.forget_expired(noon() + TimeDelta::seconds(20));
        assert!(ended.is_empty());
    }
}
