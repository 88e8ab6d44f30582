//! Browsers in which staff have signed in before. Each has a number of its own, and a tag for each
//! of its users that only the service can make. It opens nothing: it says that a try at the user's
//! password comes from where they sit, so that neither a crowd of strangers nor a guesser in the
//! same network stands in their way.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use super::{keys::KnownBrowserKey, sign_in_delay::as_counted};

/// Bytes of a browser's number.
pub const NUMBER_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// Users of one browser; beyond, who signed in longest ago is a stranger again.
const USERS_MAX: usize = 8;
const BYTES_MAX: usize = 300;

/// What a browser keeps: its number and the tags of its users, the last first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBrowser {
    number: String,
    tags: Vec<String>,
}

impl KnownBrowser {
    /// One without users, of a number that nobody can guess.
    pub fn new(number: &[u8; NUMBER_BYTES]) -> Self {
        Self { number: BASE64URL_NOPAD.encode(number), tags: Vec::new() }
    }

    /// What a browser has sent. What the service cannot have given it is left out, so that nothing
    /// goes back in a cookie but what may stand there.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Some(text).filter(|text| text.len() <= BYTES_MAX)?.split('.');
        let number = parts.next().filter(|number| is_encoded(number, NUMBER_BYTES))?;
        let tags = parts.filter(|tag| is_encoded(tag, TAG_BYTES)).take(USERS_MAX);
        Some(Self { number: number.to_owned(), tags: tags.map(str::to_owned).collect() })
    }

    pub fn number(&self) -> &str {
        &self.number
    }

    /// Whether the user has signed in here.
    pub fn knows(&self, key: &KnownBrowserKey, username: &str) -> bool {
        let tag = self.tag(key, username);
        self.tags.iter().any(|known| known.as_bytes().ct_eq(tag.as_bytes()).into())
    }

    /// With one more who has signed in.
    pub fn with(mut self, key: &KnownBrowserKey, username: &str) -> Self {
        let tag = self.tag(key, username);
        self.tags.retain(|known| *known != tag);
        self.tags.insert(0, tag);
        self.tags.truncate(USERS_MAX);
        self
    }

    fn tag(&self, key: &KnownBrowserKey, username: &str) -> String {
        let mac = key.mac(&[self.number.as_bytes(), as_counted(username).as_bytes()]);
        BASE64URL_NOPAD.encode(mac.split_at(TAG_BYTES).0)
    }
}

/// Whether it stands for so many bytes.
fn is_encoded(text: &str, bytes: usize) -> bool {
    BASE64URL_NOPAD.decode(text.as_bytes()).is_ok_and(|decoded| decoded.len() == bytes)
}

/// As a cookie holds it.
impl fmt::Display for KnownBrowser {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.number)?;
        self.tags.iter().try_for_each(|tag| write!(to, ".{tag}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;

    fn reread(browser: &KnownBrowser) -> KnownBrowser {
        KnownBrowser::parse(&browser.to_string()).expect("what a cookie holds")
    }

    #[test]
    fn a_browser_is_known_to_those_who_signed_in_there() {
        let key = Keys::new(&[1; 32]).known_browser;
        let browser = KnownBrowser::new(&[7; 16]).with(&key, "boss").with(&key, " Clerk");
        let browser = reread(&browser);
        assert!(browser.knows(&key, "BOSS ") && browser.knows(&key, "clerk"));
        assert!(!browser.knows(&key, "nurse"), "never here");
        let others = Keys::new(&[2; 32]).known_browser;
        assert!(!browser.knows(&others, "boss"), "another service");
        let moved = browser.to_string().replacen(browser.number(), "AAAAAAAAAAAAAAAAAAAAAA", 1);
        let moved = KnownBrowser::parse(&moved).expect("the form of one");
        assert!(!moved.knows(&key, "boss"), "a number of somebody's choice");
    }

    #[test]
    fn a_browser_keeps_its_last_users() {
        let key = Keys::new(&[1; 32]).known_browser;
        let mut browser = KnownBrowser::new(&[7; 16]);
        for n in 0..USERS_MAX {
            browser = reread(&browser).with(&key, &format!("user{n}")).with(&key, "boss");
        }
        assert!(browser.to_string().len() <= BYTES_MAX, "{browser}");
        assert!(!browser.knows(&key, "user0"));
        for n in 1..USERS_MAX {
            assert!(browser.knows(&key, &format!("user{n}")), "{n}");
        }
        assert!(browser.knows(&key, "boss"));
    }

    #[test]
    fn nonsense_is_no_browser() {
        let number = KnownBrowser::new(&[7; 16]).to_string();
        let short = number.split_at(20).0;
        let (padded, foreign) = (format!("{number}=="), format!("{short};A"));
        let long = format!("{number}.{}", "x".repeat(BYTES_MAX));
        for text in ["", ".x", "junk.", short, &padded, &foreign, &long] {
            assert_eq!(KnownBrowser::parse(text), None, "{text}");
        }
        let key = Keys::new(&[1; 32]).known_browser;
        let known = KnownBrowser::new(&[7; 16]).with(&key, "boss").to_string();
        let junk = format!("{known}..junk. Path=/;.{short}\r\n.{padded}");
        let cleaned = KnownBrowser::parse(&junk).expect("the form of one");
        assert!(cleaned.knows(&key, "boss"), "the control");
        assert_eq!(cleaned.to_string(), known, "nothing else goes back");
    }
}
