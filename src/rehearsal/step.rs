//! Kinds of request that people make, and how far these take them.

/// Kinds of request, in the order in which people make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    Landing,
    Asset,
    QuestionForm,
    Question,
    SignIn,
    Code,
    CodePage,
    /// Not a request of ours: from the code's being asked for to the SMS with it.
    Sms,
    WrongCode,
    Session,
    /// A code that has been used.
    UsedCode,
    SignedIn,
    Districts,
    Supply,
    Clinics,
    Slots,
    Check,
    Book,
    Booking,
    CancelPage,
    Cancel,
    /// The booking's page again, once it is cancelled.
    Cancelled,
}

impl RequestKind {
    pub const ALL: [Self; 22] = [
        Self::Landing,
        Self::Asset,
        Self::QuestionForm,
        Self::Question,
        Self::SignIn,
        Self::Code,
        Self::CodePage,
        Self::Sms,
        Self::WrongCode,
        Self::Session,
        Self::UsedCode,
        Self::SignedIn,
        Self::Districts,
        Self::Supply,
        Self::Clinics,
        Self::Slots,
        Self::Check,
        Self::Book,
        Self::Booking,
        Self::CancelPage,
        Self::Cancel,
        Self::Cancelled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Landing => "landing",
            Self::Asset => "style",
            Self::QuestionForm => "question_form",
            Self::Question => "question",
            Self::SignIn => "sign_in",
            Self::Code => "code",
            Self::CodePage => "code_page",
            Self::Sms => "sms",
            Self::WrongCode => "wrong_code",
            Self::Session => "session",
            Self::UsedCode => "used_code",
            Self::SignedIn => "signed_in",
            Self::Districts => "districts",
            Self::Supply => "supply",
            Self::Clinics => "clinics",
            Self::Slots => "slots",
            Self::Check => "check",
            Self::Book => "book",
            Self::Booking => "booking",
            Self::CancelPage => "cancel_page",
            Self::Cancel => "cancel",
            Self::Cancelled => "cancelled",
        }
    }

    /// In `ALL`.
    pub(super) fn index(self) -> usize {
        Self::ALL.iter().position(|kind| *kind == self).unwrap_or(usize::MAX)
    }
}

/// How far people get on their way, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Came,
    Asked,
    CodeSent,
    CodeRead,
    SignedIn,
    TimeChosen,
    Booked,
    Cancelled,
}

impl Stage {
    pub const ALL: [Self; 8] = [
        Self::Came,
        Self::Asked,
        Self::CodeSent,
        Self::CodeRead,
        Self::SignedIn,
        Self::TimeChosen,
        Self::Booked,
        Self::Cancelled,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Came => "came",
            Self::Asked => "asked",
            Self::CodeSent => "code_sent",
            Self::CodeRead => "code_read",
            Self::SignedIn => "signed_in",
            Self::TimeChosen => "time_chosen",
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
        }
    }

    /// In `ALL`.
    pub(super) fn index(self) -> usize {
        Self::ALL.iter().position(|stage| *stage == self).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_stages_are_indexed_in_their_order() {
        let kinds: Vec<_> = RequestKind::ALL.into_iter().map(RequestKind::index).collect();
        assert_eq!(kinds, (0..RequestKind::ALL.len()).collect::<Vec<_>>());
        let stages: Vec<_> = Stage::ALL.into_iter().map(Stage::index).collect();
        assert_eq!(stages, (0..Stage::ALL.len()).collect::<Vec<_>>());
    }
}
