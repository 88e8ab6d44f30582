//! Messages on their way out. The outbox keeps what is to be said; whoever delivers it finds the
//! words and the language.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    language::Language, notice::Notice, quiet_hours::QuietHours, sign_in_code::SignInCode,
};

/// The outbox is three queues. Each is emptied by itself and in order for each person, so that a
/// code never waits for anything but codes, nor a text message for a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    Codes,
    Texts,
    Mails,
}

impl Queue {
    pub const ALL: [Self; 3] = [Self::Codes, Self::Texts, Self::Mails];

    /// The number in the database.
    pub const fn number(self) -> i16 {
        match self {
            Self::Codes => 1,
            Self::Texts => 2,
            Self::Mails => 3,
        }
    }

    /// The name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Texts => "texts",
            Self::Mails => "mails",
        }
    }
}

/// A message that somebody has claimed in order to send it.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub outbox_id: i64,
    /// The same each time the message is tried.
    pub message_id: Uuid,
    /// Whoever has claimed it has it to themselves until then.
    pub claimed_until: DateTime<Utc>,
    /// What it is about.
    pub happened_at: DateTime<Utc>,
    /// Attempts with this one.
    pub attempts: i16,
    /// Of no use to anybody from then on.
    pub expires_at: DateTime<Utc>,
    pub recipient: Recipient,
    pub content: Content,
}

/// Whom a message is for, as the register knows them now.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Digits only.
    pub phone: String,
    pub email: Option<String>,
    pub language: Option<Language>,
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Content {
    Code(CodeMessage),
    /// A code for somebody who is not in the register: to be treated as any other, and sent to
    /// nobody.
    Decoy,
    Notice(Box<Notice>),
    /// Nothing that this program understands.
    Unknown,
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipient").field("language", &self.language).finish_non_exhaustive()
    }
}

/// What is to be done with a message that was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Send,
    /// To be put back until then, because of quiet hours.
    Hold(DateTime<Utc>),
    /// Not to be sent at all, and gone.
    Drop(Why),
}

/// Why a message is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    Decoy,
    /// It would come too late.
    Expired,
    /// This program does not understand it.
    Unknown,
}

impl Why {
    /// The name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Decoy => "decoy",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
        }
    }
}

impl Claimed {
    /// What is to be done with it at this instant. Codes know no quiet hours: somebody waits for
    /// them.
    pub fn step(&self, now: DateTime<Utc>, quiet: Option<&QuietHours>) -> Step {
        if now >= self.expires_at {
            return Step::Drop(Why::Expired);
        }
        match &self.content {
            Content::Code(_) => Step::Send,
            Content::Decoy => Step::Drop(Why::Decoy),
            Content::Unknown => Step::Drop(Why::Unknown),
            Content::Notice(notice) => match notice.held_until(now, quiet) {
                None => Step::Send,
                Some(until) if until >= self.expires_at => Step::Drop(Why::Expired),
                Some(until) => Step::Hold(until),
            },
        }
    }

    /// How long it is left alone after an attempt that failed: each pause is twice as long as the
    /// one before, up to a limit. `random` spreads it over the second half of the pause, so that
    /// messages that failed together do not come back together.
    pub fn pause(&self, random: u64) -> TimeDelta {
        let longest = match self.content {
            Content::Code(_) | Content::Decoy => CODE_PAUSE_SECONDS_MAX,
            Content::Notice(_) | Content::Unknown => NOTICE_PAUSE_SECONDS_MAX,
        };
        let doublings = u32::from(self.attempts.clamp(1, 16).unsigned_abs() - 1);
        let pause = 2_i64.saturating_pow(doublings).min(longest) * 1_000;
        let half = pause / 2;
        let part = i64::try_from(random % 1_000).unwrap_or(0);
        TimeDelta::milliseconds(half + half * part / 999)
    }
}

const CODE_PAUSE_SECONDS_MAX: i64 = 8;
const NOTICE_PAUSE_SECONDS_MAX: i64 = 300;

/// A phone number with its middle hidden: enough for its owner, too little for anybody else.
/// Whatever is no digit is hidden too.
pub fn masked(recipient: &str) -> String {
    let hidden = 3..recipient.chars().count().saturating_sub(2);
    let shown = |(at, c): (usize, char)| match c {
        '0'..='9' if !hidden.contains(&at) => c,
        _ => '*',
    };
    recipient.chars().enumerate().map(shown).collect()
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
    use crate::domain::notice::{News, samples};

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect(text)
    }

    fn code() -> CodeMessage {
        CodeMessage {
            challenge_id: Uuid::from_u128(7),
            code: SignInCode::from_random(42),
            expires_at: DateTime::UNIX_EPOCH,
        }
    }

    fn claimed(content: Content) -> Claimed {
        Claimed {
            outbox_id: 1,
            message_id: Uuid::nil(),
            claimed_until: instant("2021-07-20T00:01:00Z"),
            happened_at: instant("2021-07-20T00:00:00Z"),
            attempts: 1,
            expires_at: instant("2021-07-26T05:30:00Z"),
            recipient: Recipient { phone: "01012345678".into(), email: None, language: None },
            content,
        }
    }

    #[test]
    fn a_code_message_comes_back_as_it_was_put_in() {
        let message = code();
        assert_eq!(CodeMessage::from_body(&message.to_body()).unwrap(), message);
        CodeMessage::from_body("Your code is 000042").expect_err("the control");
        let forged = message.to_body().replace("000042", "<script>");
        CodeMessage::from_body(&forged).expect_err("a code is six digits");
    }

    #[test]
    fn a_recipient_is_shown_in_part_and_never_printed() {
        assert_eq!(masked("01012345678"), "010******78");
        assert_eq!(masked("<b>12"), "***12", "only digits are ever shown");
        assert_eq!(masked(""), "");
        let printed = format!("{:?}", claimed(Content::Decoy));
        assert!(printed.contains("Decoy") && !printed.contains("345"), "{printed}");
    }

    #[test]
    fn quiet_hours_hold_notices_back_and_no_codes() {
        let quiet = QuietHours::default();
        let notice = claimed(Content::Notice(Box::new(samples::notice(News::Booked))));
        let (night, morning) = (instant("2021-07-20T13:00:00Z"), instant("2021-07-20T23:00:00Z"));
        assert_eq!(notice.step(night, Some(&quiet)), Step::Hold(morning));
        assert_eq!(notice.step(night, None), Step::Send, "the control");
        assert_eq!(notice.step(morning, Some(&quiet)), Step::Send);
        assert_eq!(claimed(Content::Code(code())).step(night, Some(&quiet)), Step::Send);
        assert_eq!(claimed(Content::Decoy).step(night, None), Step::Drop(Why::Decoy));
        let reminder = Claimed { expires_at: instant("2021-07-20T15:00:00Z"), ..notice };
        assert_eq!(reminder.step(night, Some(&quiet)), Step::Drop(Why::Expired));
    }

    #[test]
    fn what_comes_too_late_is_not_sent() {
        let late = instant("2021-07-26T05:30:00Z");
        let before = late - TimeDelta::seconds(1);
        for content in [Content::Code(code()), Content::Decoy] {
            let message = claimed(content);
            assert_eq!(message.step(late, None), Step::Drop(Why::Expired));
            assert_ne!(message.step(before, None), Step::Drop(Why::Expired), "the control");
        }
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_are_spread() {
        let pause = |content: &Content, attempts, random| {
            let message = Claimed { attempts, ..claimed(content.clone()) };
            message.pause(random).num_milliseconds()
        };
        let notice = Content::Notice(Box::new(samples::notice(News::Booked)));
        let longest: Vec<_> = (1..=11).map(|nth| pause(&notice, nth, 999) / 1_000).collect();
        assert_eq!(longest, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(pause(&notice, 4, 0), 4_000, "half of it at least");
        assert_eq!(pause(&Content::Code(code()), 9, 999), 8_000, "somebody waits");
        assert_eq!(pause(&notice, i16::MAX, 999), 300_000);
    }
}
