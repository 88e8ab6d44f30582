//! One-time codes: how a citizen shows that the phone in the register is in their hand.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::CodeKey;

/// A code can be used for this long. NIST SP 800-63B-4 section 3.1.3.2 allows ten minutes at most.
pub const CODE_MINUTES: i64 = 5;
/// Tries per code, the right one included; as `sign_in_code_attempts_check` has it. Guessing one
/// code then succeeds five times in a million.
pub const ATTEMPTS_MAX: i16 = 5;
/// A form that is sent again within so many seconds, because its answer was lost or pressed away,
/// is answered as before.
pub const REPEAT_SECONDS: i64 = 60;

const DIGITS: usize = 6;
/// Ten to the power of `DIGITS`.
pub(super) const CODES: u64 = 1_000_000;

/// Six decimal digits. Printed only where the message to the citizen is written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SignInCode(String);

impl SignInCode {
    /// The code that belongs to 64 random bits: no code is likelier than another by more than one
    /// part in ten thousand million.
    pub fn from_random(bits: u64) -> Self {
        Self(format!("{:0DIGITS$}", bits % CODES))
    }

    /// What somebody typed, or nothing if it cannot be a code.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_code = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database keeps: keyed, because a million codes are tried in no time without the
    /// key, and bound to the challenge, because equal codes must not look equal.
    pub fn hash(&self, key: &CodeKey, challenge_id: Uuid) -> [u8; 32] {
        key.mac(&[challenge_id.as_bytes(), self.0.as_bytes()])
    }
}

impl From<SignInCode> for String {
    fn from(code: SignInCode) -> Self {
        code.0
    }
}

impl TryFrom<String> for SignInCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("not a code of six digits")
    }
}

impl fmt::Debug for SignInCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInCode(***)")
    }
}

/// What somebody who asked for a code gets to know, whether or not they are in the register.
#[derive(Clone, Copy, Debug)]
pub struct Challenge {
    pub challenge_id: Uuid,
    pub expires_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;

    #[test]
    fn every_code_has_six_digits() {
        for (bits, code) in [(0, "000000"), (7, "000007"), (1_999_999, "999999")] {
            assert_eq!(SignInCode::from_random(bits).as_str(), code);
        }
        assert_eq!(SignInCode::parse(" 012345 ").unwrap().as_str(), "012345");
        for text in ["", "12345", "1234567", "12345a", "+12345", "１２３４５６"] {
            assert_eq!(SignInCode::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_hash_needs_the_key_and_belongs_to_one_challenge() {
        let (key, other) = (Keys::new(&[1; 32]).code, Keys::new(&[2; 32]).code);
        let code = SignInCode::from_random(123_456);
        let hash = code.hash(&key, Uuid::from_u128(1));
        assert_eq!(hash, SignInCode::parse("123456").unwrap().hash(&key, Uuid::from_u128(1)));
        assert_ne!(hash, code.hash(&key, Uuid::from_u128(2)));
        assert_ne!(hash, code.hash(&other, Uuid::from_u128(1)));
        assert_ne!(hash, SignInCode::from_random(123_457).hash(&key, Uuid::from_u128(1)));
    }

    #[test]
    fn a_code_is_not_printed_by_mistake() {
        assert_eq!(format!("{:?}", SignInCode::from_random(1)), "SignInCode(***)");
    }
}
