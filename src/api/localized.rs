//! How a reason is written in the languages in which it was given.

use serde::Serialize;

use crate::domain::localized::Localized;

/// A reason; null in a language is the main text there.
#[derive(Serialize)]
pub struct ReasonView<'a> {
    reason: &'a str,
    reason_ko: Option<&'a str>,
    reason_en: Option<&'a str>,
}

impl<'a> From<&'a Localized> for ReasonView<'a> {
    fn from(reason: &'a Localized) -> Self {
        Self {
            reason: &reason.main,
            reason_ko: reason.ko.as_deref(),
            reason_en: reason.en.as_deref(),
        }
    }
}
