//! Who is asking. A citizen's session proves itself (no look-up on the way of a booking); a staff
//! session is a random token whose hash is in the database, so that it can be revoked, with a tag
//! that tells what was made up without a look-up. Citizens'
//! sessions that were ended before their time are few, and every process knows them all.

use std::collections::HashMap;

use chrono::{DateTime, TimeZone, Utc};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    ClinicId, PersonId, StaffUserId,
    actor::Actor,
    keys::{Keys, SessionKey},
};

/// A citizen's session lasts this long: an evening in line and a change of mind afterwards.
pub const CITIZEN_SESSION_HOURS: i64 = 12;
/// A staff session lasts one working day.
pub const STAFF_SESSION_HOURS: i64 = 10;

/// Of tokens by the key that comes from the secret alone, whose number is 0.
const PREFIX: &str = "c1.";
/// Of tokens by a key with a number, which stands before the claim.
const NUMBERED: &str = "c2.";
const STAFF: &str = "s1.";
const KEY_BYTES: usize = 2;
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

/// A key of citizens' sessions.
#[derive(Clone, Debug)]
pub struct NumberedKey {
    pub key_id: i16,
    pub key: SessionKey,
    /// From then on its sessions are over.
    pub ends_at: Option<DateTime<Utc>>,
    /// Every process has had the time to hear of it.
    pub is_known: bool,
}

/// The keys of citizens' sessions that are in use, the latest first.
#[derive(Clone, Debug, Default)]
pub struct SessionKeys(Vec<NumberedKey>);

impl SessionKeys {
    /// Those given, in any order.
    pub fn new(mut keys: Vec<NumberedKey>) -> Self {
        keys.sort_unstable_by_key(|key| std::cmp::Reverse(key.key_id));
        Self(keys)
    }

    /// A token by the latest key that every process knows, or the latest of all where the others
    /// have ended; by the secret's own before any has been read.
    pub fn token(
        &self,
        keys: &Keys,
        (person_id, expires_at): (PersonId, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> String {
        let lives = |key: &&NumberedKey| key.ends_at.is_none_or(|ends_at| now < ends_at);
        let known = self.0.iter().filter(lives).find(|key| key.is_known);
        match known.or_else(|| self.0.iter().find(lives)) {
            Some(NumberedKey { key_id, key, .. }) if *key_id != 0 => {
                numbered_token(*key_id, key, person_id, expires_at)
            }
            _ => citizen_token(keys, person_id, expires_at),
        }
    }

    /// What a token says, unless it is forged, cut or expired at `now`, or its key has ended. The
    /// session may have been ended before its time: ask [`EndedSessions`].
    pub fn open(&self, keys: &Keys, token: &str, now: DateTime<Utc>) -> Option<Session> {
        if token.starts_with(PREFIX) {
            let is_over = |key: &NumberedKey| key.ends_at.is_some_and(|ends_at| ends_at <= now);
            // Keys that ended long ago are not read any more.
            let own = self.0.iter().find(|key| key.key_id == 0);
            let has_ended = own.map_or(!self.0.is_empty(), is_over);
            return citizen(keys, token, now).filter(|_| !has_ended);
        }
        let bytes = BASE64URL_NOPAD.decode(token.strip_prefix(NUMBERED)?.as_bytes()).ok()?;
        let (number, _) = bytes.split_first_chunk::<KEY_BYTES>()?;
        let number = i16::from_be_bytes(*number);
        let found = self.0.iter().find(|key| key.key_id == number)?;
        if found.ends_at.is_some_and(|ends_at| ends_at <= now) {
            return None;
        }
        claim(&found.key, (&bytes, KEY_BYTES), now)
    }
}

/// A citizen's token: person and expiry in clear, and a tag that only the service can make.
pub fn citizen_token(keys: &Keys, person_id: PersonId, expires_at: DateTime<Utc>) -> String {
    let mut token = [0; CLAIM_BYTES + TAG_BYTES];
    fill(&mut token, (&keys.session, 0), person_id, expires_at);
    format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&token))
}

/// Who a citizen's token is for, as it says itself, whether or not it is genuine: for whoever was
/// given it and wants to know that it is theirs.
pub fn claimed_person(token: &str) -> Option<PersonId> {
    let (text, before) = match token.strip_prefix(PREFIX) {
        Some(text) => (text, 0),
        None => (token.strip_prefix(NUMBERED)?, KEY_BYTES),
    };
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let (person, _) = bytes.get(before..)?.split_first_chunk::<8>()?;
    Some(PersonId(i64::from_be_bytes(*person)))
}

fn numbered_token(
    key_id: i16,
    key: &SessionKey,
    person_id: PersonId,
    expires_at: DateTime<Utc>,
) -> String {
    let mut token = [0; KEY_BYTES + CLAIM_BYTES + TAG_BYTES];
    token.split_at_mut(KEY_BYTES).0.copy_from_slice(&key_id.to_be_bytes());
    fill(&mut token, (key, KEY_BYTES), person_id, expires_at);
    format!("{NUMBERED}{}", BASE64URL_NOPAD.encode(&token))
}

/// Writes claim and tag behind so many bytes, which the tag covers too.
fn fill(
    token: &mut [u8],
    (key, before): (&SessionKey, usize),
    person_id: PersonId,
    expires_at: DateTime<Utc>,
) {
    let (signed, tag) = token.split_at_mut(before + CLAIM_BYTES);
    let (person, expiry) = signed.split_at_mut(before).1.split_at_mut(CLAIM_BYTES / 2);
    person.copy_from_slice(&person_id.0.to_be_bytes());
    expiry.copy_from_slice(&expires_at.timestamp().to_be_bytes());
    let mac = key.mac(&[signed]);
    tag.copy_from_slice(mac.split_at(TAG_BYTES).0);
}

fn citizen(keys: &Keys, token: &str, now: DateTime<Utc>) -> Option<Session> {
    let bytes = BASE64URL_NOPAD.decode(token.strip_prefix(PREFIX)?.as_bytes()).ok()?;
    claim(&keys.session, (&bytes, 0), now)
}

fn claim(key: &SessionKey, (bytes, before): (&[u8], usize), now: DateTime<Utc>) -> Option<Session> {
    let (signed, tag) = bytes.split_at_checked(before + CLAIM_BYTES)?;
    let expected = key.mac(&[signed]);
    if !bool::from(expected.split_at(TAG_BYTES).0.ct_eq(tag)) {
        return None;
    }
    let (person, expiry) = signed.split_at(before).1.split_at(CLAIM_BYTES / 2);
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

/// A token of staff: something that cannot be guessed, and a tag that only the service can make.
pub fn staff_token(keys: &Keys, unguessable: &str) -> String {
    format!("{STAFF}{unguessable}.{}", staff_tag(keys, unguessable))
}

/// Whether the service has made the token. Whether its session is open, the database knows.
pub fn is_staff_token(keys: &Keys, token: &str) -> bool {
    let parts = token.strip_prefix(STAFF).and_then(|token| token.rsplit_once('.'));
    parts.is_some_and(|(unguessable, tag)| {
        staff_tag(keys, unguessable).as_bytes().ct_eq(tag.as_bytes()).into()
    })
}

fn staff_tag(keys: &Keys, unguessable: &str) -> String {
    let mac = keys.staff_token.mac(&[unguessable.as_bytes()]);
    BASE64URL_NOPAD.encode(mac.split_at(TAG_BYTES).0)
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

    /// The keys 0, which ends at noon, and 1, of which every process may know.
    fn rotated(keys: &Keys, is_known: bool) -> SessionKeys {
        let key = |key_id, key, ends_at, is_known| NumberedKey { key_id, key, ends_at, is_known };
        SessionKeys::new(vec![
            key(0, keys.session.clone(), Some(noon()), true),
            key(1, keys.salted_session(1, b"salt"), None, is_known),
        ])
    }

    #[test]
    fn a_new_key_is_used_once_all_know_it_and_the_old_one_ends() {
        let keys = Keys::new(&[7; 32]);
        let (before, later) = (noon() - TimeDelta::seconds(1), noon() + TimeDelta::hours(1));
        let of = (PersonId(42), later);
        let old = SessionKeys::default().token(&keys, of, before);
        let just_made = rotated(&keys, false);
        assert_eq!(just_made.token(&keys, of, before), old, "others may not know the new one");
        assert_ne!(just_made.token(&keys, of, noon()), old, "the old one has ended");
        let rotated = rotated(&keys, true);
        let new = rotated.token(&keys, of, before);
        assert!(new.starts_with(NUMBERED), "{new}");
        for (token, now, is_open) in [
            (&old, before, true),
            (&old, noon(), false),
            (&new, before, true),
            (&new, noon(), true),
            (&new, later, false),
        ] {
            assert_eq!(rotated.open(&keys, token, now).is_some(), is_open, "{token} {now}");
        }
        assert_eq!(SessionKeys::default().open(&keys, &new, before), None, "not yet heard of");
        let other = keys.salted_session(1, b"another");
        let other = NumberedKey { key_id: 1, key: other, ends_at: None, is_known: true };
        assert_eq!(SessionKeys::new(vec![other]).open(&keys, &new, before), None, "another salt");
    }

    #[test]
    fn a_token_of_staff_that_was_made_up_is_told_without_a_look_up() {
        let keys = Keys::new(&[7; 32]);
        let token = staff_token(&keys, "unguessable");
        assert!(is_staff_token(&keys, &token), "the control");
        for junk in ["", "s1.", "s1.x", "unguessable", "s1.unguessable.", &token[..20]] {
            assert!(!is_staff_token(&keys, junk), "{junk}");
        }
        assert!(!is_staff_token(&Keys::new(&[8; 32]), &token), "another key");
        assert!(!is_staff_token(&keys, &token.replace("un", "in")));
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
