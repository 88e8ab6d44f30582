//! Where somebody goes on after signing in: to the page that they had asked for. Only pages of ours
//! that need a session can be asked for, so that no link to the sign-in page leads anywhere else.

use crate::domain::language::Language;

/// Paths after the language. `{n}` stands for a number, `{id}` for a UUID.
const PAGES: &[&str] = &[
    "/me",
    "/sign-out",
    "/bookings/{id}",
    "/bookings/{id}/cancel",
    "/bookings/{id}/change",
    "/campaigns/{n}/eligibility",
    "/campaigns/{n}/clinics",
    "/campaigns/{n}/clinics/{n}",
    "/campaigns/{n}/check",
    "/campaigns/{n}/line",
    "/campaigns/{n}/wish",
    "/campaigns/{n}/standby",
];

/// From where many come to sign in: not from a time or a booking of their own.
const COMMON: &[&str] = &["/me", "/campaigns/{n}/eligibility", "/campaigns/{n}/clinics"];

/// Longer than any of them with what is chosen on it.
const CHARS_MAX: usize = 300;

/// Path and query of a page of ours after its language: `/campaigns/1/check?slot=7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next(String);

impl Default for Next {
    /// Where nothing was asked for.
    fn default() -> Self {
        Self("/me".to_owned())
    }
}

impl Next {
    /// None for everything but those pages.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let is_page = fits_any(PAGES, path);
        // What pages choose between: numbers, days, ids. Each value once decoded is as it stands.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:=&".contains(c);
        (is_page && query.chars().all(is_plain)).then(|| Self(text.to_owned()))
    }

    /// What a query asks for as `next`.
    pub fn of_query(query: &str) -> Self {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let asked = pairs.find(|(name, _)| name == "next");
        asked.and_then(|(_, next)| Self::parse(&next)).unwrap_or_default()
    }

    /// The page; none for the one where nothing was asked for.
    pub fn asked_for(&self) -> Option<&str> {
        (*self != Self::default()).then_some(self.0.as_str())
    }

    /// Whether many are asked to sign in before they go there.
    pub fn is_common(&self) -> bool {
        fits_any(COMMON, self.0.split('?').next().unwrap_or_default())
    }

    /// Path and query after the language.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The page where somebody signs in before they go there.
    pub fn sign_in(&self, language: Language) -> String {
        self.with_next(&format!("/{language}/sign-in"))
    }

    /// A path of the sign-in with this page to go on to.
    pub fn with_next(&self, path: &str) -> String {
        match self.asked_for() {
            None => path.to_owned(),
            Some(next) => {
                let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
                format!("{path}?next={next}")
            }
        }
    }
}

fn fits_any(pages: &[&str], path: &str) -> bool {
    pages.iter().any(|page| fits(page, path))
}

fn fits(page: &str, path: &str) -> bool {
    let (page, path): (Vec<_>, Vec<_>) = (page.split('/').collect(), path.split('/').collect());
    page.len() == path.len()
        && page.iter().zip(&path).all(|(wanted, given)| match *wanted {
            "{n}" => given.parse::<u32>().is_ok_and(|number| number.to_string() == *given),
            "{id}" => given.len() == 36 && uuid::Uuid::try_parse(given).is_ok(),
            wanted => wanted == *given,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01909f7e-8a5c-7cc0-b1de-9b7f2f5f5f01";

    #[test]
    fn pages_of_ours_are_gone_on_to() {
        for page in [
            "/me",
            "/campaigns/1/check?slot=201326593&product=2",
            "/campaigns/12/clinics/7?date=2021-07-26",
            &format!("/bookings/{ID}/cancel"),
        ] {
            let next = Next::parse(page).expect(page);
            assert_eq!(next.as_str(), page);
        }
        let next = Next::parse("/campaigns/1/check?slot=7&product=2").unwrap();
        let path = "/ko/sign-in?next=%2Fcampaigns%2F1%2Fcheck%3Fslot%3D7%26product%3D2";
        assert_eq!(next.sign_in(Language::Korean), path);
        assert_eq!(Next::default().sign_in(Language::English), "/en/sign-in");
        assert!(!next.is_common() && Next::default().is_common());
        assert!(Next::parse("/campaigns/1/clinics?region=18").unwrap().is_common());
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "/",
            "me",
            "/ko/me",
            "//evil.example",
            "//evil.example/me",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/me",
            "https:evil.example",
            "javascript:alert(1)",
            "/me/",
            "//me",
            "/me//",
            "/%2e%2e/me",
            "/me?next=//evil.example",
            "/me?next=%2F%2Fevil.example",
            "/me?x=\"><script>",
            "/me#x",
            "/me?x#y",
            "/me\r\nSet-Cookie: a=b",
            "/me\u{0}",
            "/sign-in",
            "/campaigns/1",
            "/campaigns/1/../../me",
            "/campaigns/-1/check",
            "/campaigns/+1/check",
            "/campaigns/01/check",
            "/campaigns/１/check",
            "/campaigns/9999999999/check",
            "/campaigns/x/check",
            "/bookings/1",
            "/bookings/{01909f7e-8a5c-7cc0-b1de-9b7f2f5f5f01}",
            "/dev/codes",
            "/v1/me",
        ] {
            assert_eq!(Next::parse(text), None, "{text}");
        }
        let long = format!("/me?x={}", "1".repeat(CHARS_MAX));
        assert_eq!(Next::parse(&long), None);
    }
}
