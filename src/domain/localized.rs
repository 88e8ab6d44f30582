//! A text that the public sees, in one language or in several: a name, a reason.

use super::language::Language;

/// A text as an administrator gave it, with what there is of it in Korean and English. Where a
/// language is missing, the main text serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Localized {
    pub main: String,
    pub ko: Option<String>,
    pub en: Option<String>,
}

impl Localized {
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
        Self { main, ko: None, en: None }
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
        let name =
            Localized { main: "중구보건소".into(), ko: None, en: Some("Jung-gu".into()) };
        assert_eq!(name.in_language(Language::Korean), "중구보건소");
        assert_eq!(name.in_language(Language::English), "Jung-gu");
        assert_eq!(Localized::from("Jung-gu").in_language(Language::Korean), "Jung-gu");
    }
}
