//! What became of one attempt to hand a message over.

use std::time::Duration;

/// What is known after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The provider has it and will see to it.
    Accepted,
    /// The provider does not have it, and may take it later.
    TryAgain,
    /// It may have it or not: the answer was lost, or was that something went wrong. To be tried
    /// again under the same id, and not elsewhere at once.
    Unsure,
    /// It will never take it: the number or address is no good.
    Refused,
}

impl Verdict {
    /// The name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::TryAgain => "try_again",
            Self::Unsure => "unsure",
            Self::Refused => "refused",
        }
    }
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub verdict: Verdict,
    /// For the log: what was answered or went wrong, with nothing of the message in it.
    pub why: String,
    /// How long the provider asks to be left alone.
    pub rest: Option<Duration>,
}

impl Attempt {
    pub fn new(verdict: Verdict, why: impl Into<String>) -> Self {
        Self { verdict, why: why.into(), rest: None }
    }
}
