//! Messages ready to leave: the words are made, the recipient is known.

use uuid::Uuid;

/// What messages leave by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    Sms,
    Mail,
}

impl Channel {
    pub const ALL: [Self; 2] = [Self::Sms, Self::Mail];

    /// The name in settings, metrics and webhooks.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Mail => "mail",
        }
    }
}

/// A message for one person.
#[derive(Clone, Debug)]
pub enum Outgoing {
    Text(TextMessage),
    Mail(Mail),
}

/// To be sent as an SMS.
#[derive(Clone)]
pub struct TextMessage {
    /// The same each time the message is tried.
    pub id: Uuid,
    /// A phone number: digits only, as dialled in its own country.
    pub to: String,
    /// The same with the country's code in front, and without its trunk zero: +821012345678.
    pub to_international: String,
    pub text: String,
}

/// To be sent as an e-mail.
#[derive(Clone)]
pub struct Mail {
    /// The same each time the message is tried.
    pub id: Uuid,
    pub to: String,
    /// A language tag (BCP 47).
    pub language: &'static str,
    pub subject: String,
    pub text: String,
    pub attachment: Option<Attachment>,
}

/// A calendar file.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub name: &'static str,
    /// The method of the file (RFC 5546), which stands in its type too.
    pub method: &'static str,
    pub content: String,
}

impl Outgoing {
    pub fn id(&self) -> Uuid {
        match self {
            Self::Text(text) => text.id,
            Self::Mail(mail) => mail.id,
        }
    }

    pub fn channel(&self) -> Channel {
        match self {
            Self::Text(_) => Channel::Sms,
            Self::Mail(_) => Channel::Mail,
        }
    }
}

/// Whom it is for and what it says is nobody's business but theirs.
impl std::fmt::Debug for TextMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextMessage").field("id", &self.id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;

    pub(crate) fn text(text: &str) -> TextMessage {
        TextMessage {
            id: Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001),
            to: "01012345678".into(),
            to_international: "+821012345678".into(),
            text: text.into(),
        }
    }

    #[test]
    fn what_is_printed_for_debugging_tells_nothing() {
        let printed = format!("{:?}", Outgoing::Text(text("code 012345")));
        assert!(printed.contains("01990000"), "the control: {printed}");
        assert!(!printed.contains("012345"), "{printed}");
    }
}
