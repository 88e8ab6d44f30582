//! The text messages that the replay's own gateway is given.

use std::borrow::Cow;

use serde::Deserialize;

const CODE_DIGITS: usize = 6;
/// What stands before a code, in both languages (`words::message::code_text`).
const BEFORE_CODE: [&str; 3] = ["인증번호 ", "code is ", "Code "];

/// A message as `scenarios/messages.toml` has it sent.
#[derive(Debug, Deserialize)]
pub struct Sms<'a> {
    #[serde(borrow)]
    pub to: Cow<'a, str>,
    #[serde(borrow)]
    pub text: Cow<'a, str>,
}

impl<'a> Sms<'a> {
    /// None for what is no message.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The one-time code in it; none where it is about something else.
    pub fn code(&self) -> Option<[u8; CODE_DIGITS]> {
        let after = |mark| self.text.split_once(mark).map(|(_, after)| after);
        let after = BEFORE_CODE.into_iter().find_map(after)?;
        let code: [u8; CODE_DIGITS] = after.as_bytes().get(..CODE_DIGITS)?.try_into().ok()?;
        code.iter().all(u8::is_ascii_digit).then_some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{language::Language, sign_in_code::SignInCode, sms_length::SmsStandard},
        words::{Letterhead, code_text},
    };

    #[test]
    fn a_code_is_read_from_every_message_that_has_one() {
        let code = SignInCode::parse("048151").unwrap();
        for language in [Language::English, Language::Korean] {
            for issuer in ["KDCA", "A name that is so long that less is said beside it, and more"] {
                let standard = SmsStandard::default();
                let head =
                    Letterhead { language, issuer, host: Some("a.kr"), helpline: None, standard };
                let text = code_text(head, &code);
                let body = serde_json::json!({ "id": "1", "to": "010-0123-4567", "text": text });
                let body = body.to_string();
                let sms = Sms::read(body.as_bytes()).expect("a message");
                assert_eq!(sms.code(), Some(*b"048151"), "{text}");
            }
        }
        let news = Sms { to: "1".into(), text: "Booked: 12 July, 123456".into() };
        assert_eq!(news.code(), None);
        assert!(Sms::read(b"{}").is_none());
    }
}
