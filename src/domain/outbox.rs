//! Messages on their way out. The outbox keeps what is to be said; whoever delivers it finds the
//! words and the language.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sign_in_code::SignInCode;

/// A message that waits or has been sent.
pub struct Message {
    pub outbox_id: i64,
    /// A phone number: digits only.
    pub recipient: String,
    pub body: String,
    /// To be treated as any other, and sent to nobody.
    pub is_decoy: bool,
}

impl Message {
    /// The phone number with its middle hidden: enough for its owner, too little for anybody else.
    pub fn masked_recipient(&self) -> String {
        masked(&self.recipient)
    }
}

/// A phone number with its middle hidden.
pub fn masked(phone: &str) -> String {
    let hidden = 3..phone.chars().count().saturating_sub(2);
    let shown = |(at, c): (usize, char)| match c {
        '0'..='9' if !hidden.contains(&at) => c,
        _ => '*',
    };
    phone.chars().enumerate().map(shown).collect()
}

/// The body of a message of kind `sign_in_code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeMessage {
    pub challenge_id: Uuid,
    pub code: SignInCode,
    pub expires_at: DateTime<Utc>,
}

impl CodeMessage {
    /// The text that the outbox keeps.
    pub fn to_body(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// # Errors
    /// When the text is not one that `to_body` wrote.
    pub fn from_body(body: &str) -> serde_json::Result<Self> {
        serde_json::from_str(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_message_comes_back_as_it_was_put_in() {
        let message = CodeMessage {
            challenge_id: Uuid::from_u128(7),
            code: SignInCode::from_random(42),
            expires_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(CodeMessage::from_body(&message.to_body()).unwrap(), message);
        CodeMessage::from_body("Your code is 000042").expect_err("the control");
        let forged = message.to_body().replace("000042", "<script>");
        CodeMessage::from_body(&forged).expect_err("a code is six digits");
    }

    #[test]
    fn a_recipient_is_shown_in_part() {
        let masked = |recipient: &str| {
            let body = String::new();
            Message { outbox_id: 1, recipient: recipient.into(), body, is_decoy: false }
                .masked_recipient()
        };
        assert_eq!(masked("01012345678"), "010******78");
        assert_eq!(masked("<b>12"), "***12", "only digits are ever shown");
        assert_eq!(masked(""), "");
    }
}
