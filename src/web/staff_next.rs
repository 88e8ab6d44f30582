//! Where signed-in staff go on after signing in. Any page for staff can be asked for, and nothing
//! else, so that no link to the sign-in page leads anywhere but to a page of ours.

/// Longer than any of them with what is chosen on it.
const CHARS_MAX: usize = 300;

/// The pages for staff, by the first part of their paths.
const AREAS: [&str; 4] = ["staff", "clinic", "admin", "call-centre"];

/// Path and query of a page for staff after its language: `/clinic/7/week?from=2021-07-26`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffNext(String);

impl Default for StaffNext {
    /// Where nothing was asked for: each role's first page.
    fn default() -> Self {
        Self("/staff".to_owned())
    }
}

impl StaffNext {
    /// None for everything but those pages. Opening one changes nothing: what changes is a press.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut parts = path.strip_prefix('/')?.split('/');
        let is_area = parts.next().is_some_and(|area| AREAS.contains(&area));
        let is_plain = |part: &str| {
            let is_lawful = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !part.is_empty() && part.chars().all(is_lawful)
        };
        // What pages choose between: numbers, days, ids. Each value once decoded is as it stands.
        let is_choice = |c: char| c.is_ascii_alphanumeric() || "-_.:=&".contains(c);
        let is_page = is_area && parts.all(is_plain) && query.chars().all(is_choice);
        is_page.then(|| Self(text.to_owned()))
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

    /// Path and query after the language.
    pub fn as_str(&self) -> &str {
        &self.0
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_for_staff_are_gone_on_to() {
        for page in [
            "/staff",
            "/admin",
            "/admin/campaigns/12/doses",
            "/clinic/7",
            "/clinic/7/week?from=2021-07-26",
            "/clinic/7/bookings/01909f7e-8a5c-7cc0-b1de-9b7f2f5f5f01",
        ] {
            assert_eq!(StaffNext::parse(page).expect(page).as_str(), page);
        }
        let path = StaffNext::parse("/clinic/7?date=2021-07-26").unwrap();
        let path = path.with_next("/sign-in/staff");
        assert_eq!(path, "/sign-in/staff?next=%2Fclinic%2F7%3Fdate%3D2021-07-26");
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "/",
            "admin",
            "/ko/admin",
            "//evil.example",
            "//evil.example/admin",
            "/\\evil.example",
            "https://evil.example/admin",
            "/admin/",
            "/admin//x",
            "//admin",
            "/admin/../me",
            "/admin/%2e%2e/me",
            "/admin/x.html",
            "/admin?next=//evil.example",
            "/admin?x=\"><script>",
            "/admin#x",
            "/admin\r\nSet-Cookie: a=b",
            "/administrator",
            "/me",
            "/sign-out/staff",
            "/v1/admin/users",
        ] {
            assert_eq!(StaffNext::parse(text), None, "{text}");
        }
        assert_eq!(StaffNext::parse(&format!("/admin?x={}", "1".repeat(CHARS_MAX))), None);
    }
}
