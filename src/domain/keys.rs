//! The secrets of the service. One secret from outside the database gives a separate key for each
//! use, so that a value made for one use means nothing in another.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Block length of SHA-256 in bytes; a shorter HMAC key is padded with zeros to it (RFC 2104).
const BLOCK_BYTES: usize = 64;
/// Length of the secret that the keys come from.
pub const SECRET_BYTES: usize = 32;

/// HMAC-SHA-256 with its key already taken in.
#[derive(Clone)]
struct Keyed(Hmac<Sha256>);

impl Keyed {
    fn new(secret: &[u8; SECRET_BYTES]) -> Self {
        let mut block = [0; BLOCK_BYTES];
        block.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
        Self(Hmac::new(&block.into()))
    }

    /// Each part goes in behind its length: ("ab", "c") and ("a", "bc") differ.
    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn derive(&self, label: &str) -> Self {
        Self::new(&self.mac(&[label.as_bytes()]))
    }
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Keyed);

        impl $name {
            /// HMAC-SHA-256 over the parts. Compare the result in constant time.
            pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
                self.0.mac(parts)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    )*};
}

keys! {
    /// Blind index of the register; see `domain::person::match_key`.
    MatchKey;
    /// Blind index of the register's own codes of persons; see `domain::person_key::code_key`.
    PersonCodeKey;
    /// Signs what a citizen's browser holds between requests.
    SessionKey;
    /// Marks tokens of staff, so that one that was made up is told without a look-up.
    StaffTokenKey;
    /// Marks browsers in which staff have signed in; see `domain::known_browser`.
    KnownBrowserKey;
    /// Hashes one-time codes at rest.
    CodeKey;
    /// Hashes invitations of users at rest.
    InvitationKey;
    /// Hashes what caps are counted by: persons, addresses and networks.
    CapKey;
    /// Makes the numbers of bookings; see `domain::booking_number`.
    BookingNumberKey;
    /// Seals what a browser keeps of somebody until their code has come.
    SealKey;
    /// Makes the passwords of the demonstration's sign-ins.
    DemoKey;
}

/// Every key of the service.
#[derive(Clone)]
pub struct Keys {
    pub matching: MatchKey,
    pub person_code: PersonCodeKey,
    pub session: SessionKey,
    pub staff_token: StaffTokenKey,
    pub known_browser: KnownBrowserKey,
    pub code: CodeKey,
    pub invitation: InvitationKey,
    pub cap: CapKey,
    pub booking_number: BookingNumberKey,
    pub seal: SealKey,
    pub demo: DemoKey,
    fingerprint: [u8; 32],
}

impl Keys {
    /// Derives the keys. The same secret gives the same keys for ever: a new secret makes the whole
    /// register unmatched, so it is never changed in place.
    pub fn new(secret: &[u8; SECRET_BYTES]) -> Self {
        let root = Keyed::new(secret);
        Self {
            matching: MatchKey(root.derive("dosebook match 1")),
            person_code: PersonCodeKey(root.derive("dosebook person code 1")),
            session: SessionKey(root.derive("dosebook session 1")),
            staff_token: StaffTokenKey(root.derive("dosebook staff token 1")),
            known_browser: KnownBrowserKey(root.derive("dosebook known browser 1")),
            code: CodeKey(root.derive("dosebook code 1")),
            invitation: InvitationKey(root.derive("dosebook invitation 1")),
            cap: CapKey(root.derive("dosebook cap 1")),
            booking_number: BookingNumberKey(root.derive("dosebook booking number 1")),
            seal: SealKey(root.derive("dosebook seal 1")),
            demo: DemoKey(root.derive("dosebook demo 1")),
            fingerprint: root.mac(&[b"dosebook fingerprint 1"]),
        }
    }

    /// The key of citizens' sessions that is made of a salt: it takes both the secret and the salt,
    /// so that a new salt makes a new key.
    pub fn salted_session(&self, key_id: i16, salt: &[u8]) -> SessionKey {
        let key = self.session.mac(&[b"session key", &key_id.to_be_bytes(), salt]);
        SessionKey(Keyed::new(&key))
    }

    /// Tells one secret from another without giving either away; a database remembers the one that
    /// it was made with.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_the_key_is_the_hmac_of_the_standard() {
        // The same by the library's own path for keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; SECRET_BYTES]).unwrap();
        mac.update(&2_u64.to_be_bytes());
        mac.update(b"ab");
        let expected: [u8; 32] = mac.finalize().into_bytes().into();
        assert_eq!(Keyed::new(&[7; SECRET_BYTES]).mac(&[b"ab"]), expected);
    }

    #[test]
    fn each_use_has_its_own_key() {
        let keys = Keys::new(&[1; SECRET_BYTES]);
        let macs = [keys.matching.mac(&[b"x"]), keys.session.mac(&[b"x"]), keys.code.mac(&[b"x"])];
        assert_ne!(macs[0], macs[1]);
        assert_ne!(macs[1], macs[2]);
        assert_ne!(macs[0], macs[2]);
        assert_eq!(macs[0], Keys::new(&[1; SECRET_BYTES]).matching.mac(&[b"x"]));
        assert_ne!(macs[0], Keys::new(&[2; SECRET_BYTES]).matching.mac(&[b"x"]));
    }

    #[test]
    fn parts_do_not_run_together() {
        let key = Keys::new(&[1; SECRET_BYTES]).code;
        assert_ne!(key.mac(&[b"ab", b"c"]), key.mac(&[b"a", b"bc"]));
    }

    #[test]
    fn a_key_is_not_printed() {
        let keys = Keys::new(&[1; SECRET_BYTES]);
        assert_eq!(format!("{keys:?} {:?}", keys.code), "Keys(***) CodeKey(***)");
    }
}
