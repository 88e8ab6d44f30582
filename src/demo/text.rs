//! What the demonstration says in two languages.

use crate::domain::localized::Localized;

/// A text in Korean, the demonstration's own language, with its English beside it.
pub(super) fn bilingual(main: impl Into<String>, en: impl Into<String>) -> Localized {
    Localized { main: main.into(), ko: None, en: Some(en.into()) }
}
