//! A text that the public sees, in one language or in several: a name, a reason.

use serde::Serialize;

use super::language::Language;

/// A text as an administrator gave it, with what there is of it in Korean and English. Where a
/// language is missing, the main text serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Localized {
    pub main: String,
    pub ko: Option<String>,
    pub en: Option<String>,
}

/// What to change of a text. The outer none leaves a part as it is, the inner one removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalizedChange {
    pub main: Option<String>,
    pub ko: Option<Option<String>>,
    pub en: Option<Option<String>>,
}

impl Localized {
    pub fn new(main: String, ko: Option<String>, en: Option<String>) -> Self {
        Self { main, ko, en }
    }

    /// The text after a change.
    pub fn changed(self, change: LocalizedChange) -> Self {
        Self {
            main: change.main.unwrap_or(self.main),
            ko: change.ko.unwrap_or(self.ko),
            en: change.en.unwrap_or(self.en),
        }
    }

    /// The text in the language, or the main text.
    pub fn in_language(&self, language: Language) -> &str {
        let own = match language {
            Language::English => &self.en,
            Language::Korean => &self.ko,
        };
        own.as_deref().unwrap_or(&self.main)
    }
}

impl From<String> for Localized {
    fn from(main: String) -> Self {
        Self::new(main, None, None)
    }
}

impl From<&str> for Localized {
    fn from(main: &str) -> Self {
        main.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_language_is_missing_the_main_text_serves() {
        let name = Localized::new("중구보건소".into(), None, Some("Jung-gu".into()));
        assert_eq!(name.in_language(Language::Korean), "중구보건소");
        assert_eq!(name.in_language(Language::English), "Jung-gu");
        assert_eq!(Localized::from("Jung-gu").in_language(Language::Korean), "Jung-gu");
    }

    #[test]
    fn a_change_leaves_sets_and_removes() {
        let name = Localized::new("Jung-gu".into(), Some("중구".into()), Some("Jung".into()));
        assert_eq!(name.clone().changed(LocalizedChange::default()), name);
        let change = LocalizedChange {
            main: Some("Jongno-gu".into()),
            ko: Some(Some("종로구".into())),
            en: Some(None),
        };
        let changed = Localized::new("Jongno-gu".into(), Some("종로구".into()), None);
        assert_eq!(name.changed(change), changed);
    }
}
