//! Users of a clinic and administrators: what a username and a password may be, and the invitation
//! by which a user chooses their password.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{
    Detail, Refusal, StaffUserId, fact::Expected, keys::InvitationKey, session::StaffRole,
};

/// Between the 8 and the 15 that NIST SP 800-63B-4, section 3.1.1.2, asks for with and without a
/// second factor.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Longer ones would only buy an attacker work that we do.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Days in which an invitation can be used: a week in which everybody is at work once.
pub const INVITATION_DAYS: i32 = 7;

const USERNAME_CHARS_MIN: usize = 3;
const USERNAME_CHARS_MAX: usize = 64;

/// 3 to 64 of `a-z 0-9 . _ -`, as `staff_user_username_check` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// Capitals and white space around it do not count.
    ///
    /// # Errors
    /// Names `username`: length or characters.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let name = text.trim().to_ascii_lowercase();
        let is_lawful =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        let lengths = USERNAME_CHARS_MIN..=USERNAME_CHARS_MAX;
        if name.chars().all(is_lawful) && lengths.contains(&name.len()) {
            return Ok(Self(name));
        }
        let (chars_min, chars_max) = (USERNAME_CHARS_MIN, USERNAME_CHARS_MAX);
        Err(Refusal::expected("username", Expected::Username { chars_min, chars_max }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user, as administrators see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub staff_user_id: StaffUserId,
    pub username: String,
    pub role: StaffRole,
    /// Whether they may sign in at all.
    pub is_enabled: bool,
    /// Whether they have chosen a password.
    pub has_password: bool,
    /// Until when the invitation that they have can be used.
    pub invited_until: Option<DateTime<Utc>>,
}

/// What lets a user choose their password, once. The token is told once and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub username: String,
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

impl Invitation {
    /// The page where it is used. Browsers send nobody what stands behind the `#`: the token gets
    /// into no log and no `Referer`.
    pub fn path(&self) -> String {
        format!("/invitation#{}", self.token)
    }
}

/// What the database keeps of the token of an invitation.
pub fn invitation_hash(key: &InvitationKey, token: &str) -> [u8; 32] {
    key.mac(&[token.as_bytes()])
}

/// Whether somebody may choose this password.
///
/// # Errors
/// Names `password`: too short or too long. The refusal does not repeat it.
pub fn check_password(password: &str) -> Result<(), Refusal> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        let detail = Detail::PasswordTooShort { chars_min: PASSWORD_CHARS_MIN };
        return Err(Refusal::field("password", detail));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        let detail = Detail::PasswordTooLong { bytes_max: PASSWORD_BYTES_MAX };
        return Err(Refusal::field("password", detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_plain() {
        assert_eq!(Username::parse(" Gangnam.Desk-1 ").unwrap().as_str(), "gangnam.desk-1");
        for text in ["", "ab", "a b c", "김민지", "a'; --", &"x".repeat(65)] {
            let refusal = Username::parse(text).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("username"), "{text:?}");
        }
    }

    #[test]
    fn a_short_or_endless_password_is_refused_without_repeating_it() {
        check_password("twelve chars").expect("the control");
        for password in ["eleven char", &"x".repeat(PASSWORD_BYTES_MAX + 1)] {
            let refusal = check_password(password).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("password"));
            let facts = serde_json::to_string(&refusal.detail).unwrap();
            assert!(!facts.contains(password));
        }
    }
}
