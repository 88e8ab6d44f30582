//! A person as the register knows them: name, birth date and phone, and the key that finds them.
//! Reasons given here name the field and never repeat its value.

pub use super::person_key::{Match, match_key};
use crate::domain::{
    Detail, PersonId, Refusal, RegionId,
    birth_date::BirthDate,
    fact::Expected,
    fold,
    keys::MatchKey,
    language::Language,
    localized::Localized,
    person_key::{earlier_match_key, match_key_by_code, name_key},
    phone,
};

/// Longest name in characters, as `person_name_check` has it.
const NAME_CHARS_MAX: usize = 200;
/// Longest code of a person in characters.
const CODE_CHARS_MAX: usize = 64;
/// Longest e-mail address in characters, as `person_email_check` has it (RFC 5321, 4.5.3.1.3).
const EMAIL_CHARS_MAX: usize = 254;
/// A person of the register, as they are shown to themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    pub person_id: PersonId,
    pub name: String,
    /// The spelling in Korean, where the register has one beside the main name.
    pub name_ko: Option<String>,
    /// The spelling in English, where the register has one beside the main name.
    pub name_en: Option<String>,
    pub birth_date: BirthDate,
    pub region_id: RegionId,
    pub region_name: Localized,
    /// In which messages to them are written; none until the register or they have said.
    pub language: Option<Language>,
}

impl Person {
    /// The name as it is spelled in the language, or the main name.
    pub fn name_in(&self, language: Language) -> &str {
        let spelling = match language {
            Language::Korean => &self.name_ko,
            Language::English => &self.name_en,
        };
        spelling.as_deref().unwrap_or(&self.name)
    }
}

/// A person before they have an id.
pub struct NewPerson<'a> {
    pub keyed: &'a Keyed,
    /// None where the register has given no code.
    pub code_key: Option<Match>,
    pub birth_date: BirthDate,
    pub region_id: RegionId,
    /// Empty for somebody without one.
    pub phone: &'a str,
    /// Whoever has the same name and birth date, and another phone, is known to be another person.
    pub is_distinct: bool,
    pub contact: &'a Contact,
}

/// How else a person can be reached, and in which language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub email: Option<String>,
    pub language: Option<Language>,
}

/// What a file says of it. The outer none leaves what is known, the inner one removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactChange {
    pub email: Option<Option<String>>,
    pub language: Option<Option<Language>>,
}

/// A person's name as it is kept, and how else it is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    pub main: String,
    pub ko: Option<String>,
    pub en: Option<String>,
}

/// A spelling beside the main name, and the key that finds the person by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    pub language: Language,
    pub name: String,
    pub match_key: Match,
}

impl Names {
    /// # Errors
    /// Names `name`, `name_ko` or `name_en`, as `parse_name` does.
    pub fn parse(main: &str, ko: Option<&str>, en: Option<&str>) -> Result<Self, Refusal> {
        Ok(Self {
            main: parse_name(main)?,
            ko: ko.map(|text| parse_name_of("name_ko", text)).transpose()?,
            en: en.map(|text| parse_name_of("name_en", text)).transpose()?,
        })
    }

    /// The key of the main name, and the spellings that have another key than it and than each
    /// other. `phone` is one as it is kept; somebody without one is told from others by the code,
    /// and signs in by no spelling.
    pub fn keyed(
        self,
        key: &MatchKey,
        birth_date: BirthDate,
        (phone, code): (&str, Option<&Match>),
    ) -> Keyed {
        let Self { main, ko, en } = self;
        let name_key = name_key(key, &main, birth_date);
        let key_of = |name: &str| match code.filter(|_| phone.is_empty()) {
            Some(code) => match_key_by_code(key, name, birth_date, code),
            None => match_key(key, name, birth_date, phone),
        };
        let main_key = key_of(&main);
        let earlier_key = match code.filter(|_| phone.is_empty()) {
            // As the register had them before it gave them a code.
            Some(_) => Some(match_key(key, &main, birth_date, phone)),
            None if main.to_lowercase() == fold::name(&main) => None,
            None => Some(earlier_match_key(key, &main, birth_date, phone)),
        };
        let mut spellings: Vec<Spelling> = Vec::new();
        for (language, name) in [(Language::Korean, ko), (Language::English, en)] {
            let Some(name) = name else { continue };
            let match_key = key_of(&name);
            if match_key != main_key && spellings.iter().all(|other| other.match_key != match_key) {
                spellings.push(Spelling { language, name, match_key });
            }
        }
        Keyed { name: main, match_key: main_key, earlier_key, name_key, spellings }
    }
}

/// A person's name with the keys that find them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    pub name: String,
    pub match_key: Match,
    /// The key of the form before, under which the person may still stand; none where it is the
    /// same.
    pub earlier_key: Option<Match>,
    /// The same for everybody of this name and birth date.
    pub name_key: Match,
    pub spellings: Vec<Spelling>,
}

/// A name as it is kept and shown, see `fold::shown`.
///
/// # Errors
/// Names `name`: empty, over 200 characters, or with control characters.
pub fn parse_name(text: &str) -> Result<String, Refusal> {
    parse_name_of("name", text)
}

fn parse_name_of(field: &'static str, text: &str) -> Result<String, Refusal> {
    let name = fold::shown(text);
    if fold::name(&name).is_empty() {
        return Err(Refusal::field(field, Detail::Empty));
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(Refusal::field(field, Detail::TooLong { chars_max: NAME_CHARS_MAX }));
    }
    if name.chars().any(char::is_control) {
        return Err(Refusal::field(field, Detail::ControlCharacters));
    }
    Ok(name)
}

/// A phone number as it is kept, see `phone::read`.
///
/// # Errors
/// Names `phone`, and what is wrong with it.
pub fn parse_phone(text: &str) -> Result<String, Refusal> {
    phone::read(text).map_err(|detail| Refusal::field("phone", detail))
}

/// As `parse_phone`; nothing for somebody without a phone.
///
/// # Errors
/// Names `phone`, and what is wrong with it.
pub fn parse_phone_if_any(text: &str) -> Result<String, Refusal> {
    let is_empty = fold::plain(text).trim().is_empty();
    if is_empty { Ok(String::new()) } else { parse_phone(text) }
}

/// The register's own code for a person, as its key is made: in plain characters, without spaces
/// around it. Capitals and small letters differ.
///
/// # Errors
/// Names `person_code`: empty, over 64 characters, or with control characters.
pub fn parse_person_code(text: &str) -> Result<String, Refusal> {
    let plain = fold::plain(text);
    let code = plain.trim();
    let wrong = |detail| Err(Refusal::field("person_code", detail));
    if code.is_empty() {
        return wrong(Detail::Empty);
    }
    if code.chars().count() > CODE_CHARS_MAX {
        return wrong(Detail::TooLong { chars_max: CODE_CHARS_MAX });
    }
    if code.chars().any(char::is_control) {
        return wrong(Detail::ControlCharacters);
    }
    Ok(code.to_owned())
}

/// An e-mail address as it is kept. Whether it can be delivered to, only sending to it tells.
///
/// # Errors
/// Names `email`: not exactly one @, nothing on one side of it, white space, control characters, or
/// over 254 characters.
pub fn parse_email(text: &str) -> Result<String, Refusal> {
    let email = text.trim();
    let has_two_sides = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let is_plain = !email.chars().any(|c| c.is_whitespace() || c.is_control());
    if has_two_sides && is_plain && email.chars().count() <= EMAIL_CHARS_MAX {
        return Ok(email.to_owned());
    }
    Err(Refusal::expected("email", Expected::Email { chars_max: EMAIL_CHARS_MAX }))
}

/// The language that a tag names.
///
/// # Errors
/// Names `language`, with the tags that there are.
pub fn parse_language(text: &str) -> Result<Language, Refusal> {
    let tags = || Expected::one_of(Language::ALL.iter().map(|language| language.tag()));
    Language::tagged(text.trim()).ok_or_else(|| Refusal::expected("language", tags()))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::domain::{calendar::parse_date, keys::Keys};

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    fn key_of(name: &str, born: &str, phone: &str) -> Match {
        let keys = Keys::new(&[9; 32]);
        let born = BirthDate::parse(born, day("2021-07-12")).unwrap();
        match_key(&keys.matching, name, born, phone)
    }

    #[test]
    fn a_spelling_is_keyed_as_a_name_is_and_none_stands_there_twice() {
        let keys = Keys::new(&[9; 32]);
        let born = BirthDate::parse("1962-03-01", day("2021-07-12")).unwrap();
        let keyed = |ko, en| {
            let names = Names::parse("김민지", ko, en).unwrap();
            names.keyed(&keys.matching, born, ("01012345678", None))
        };
        let both = keyed(Some("金民智"), Some(" Kim  Minji "));
        assert_eq!(both.match_key, key_of("김민지", "1962-03-01", "01012345678"));
        let found: Vec<_> =
            both.spellings.iter().map(|one| (one.language, one.name.as_str())).collect();
        assert_eq!(found, [(Language::Korean, "金民智"), (Language::English, "Kim Minji")]);
        let english = key_of("KIM MINJI", "1962-03-01", "01012345678");
        assert_eq!(both.spellings[1].match_key, english);
        assert_eq!(keyed(Some("김민지 "), None).spellings, [], "the main name again");
        assert_eq!(keyed(Some("Kim Minji"), Some("kim minji")).spellings.len(), 1);
        let refusal = Names::parse("김민지", None, Some(" ")).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("name_en"));
    }

    #[test]
    fn an_impossible_name_or_phone_names_the_field_and_not_the_value() {
        for text in ["", "  ", "\u{200b}\u{3164}", "a\u{0}b", &"x".repeat(201)] {
            let refusal = parse_name(text).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("name"));
        }
        for text in ["", "12345", "call me", "010+12345678", "1234567890123456"] {
            let refusal = parse_phone(text).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("phone"));
            let facts = serde_json::to_string(&refusal.detail).unwrap();
            assert!(text.is_empty() || !facts.contains(text));
        }
        assert_eq!(parse_name(" 김  민지 ").unwrap(), "김 민지");
        assert_eq!(parse_phone("010-1234-5678").unwrap(), "01012345678");
    }
    #[test]
    fn an_email_address_has_one_at_sign_and_two_sides() {
        let long = |chars: usize| format!("{}@example.org", "x".repeat(chars - 12));
        for (text, expected) in [
            (" minji.kim@example.org ", Some("minji.kim@example.org")),
            ("김민지@예시.한국", Some("김민지@예시.한국")),
            (long(254).as_str(), Some(long(254).as_str())),
            (long(255).as_str(), None),
            ("", None),
            ("minji", None),
            ("@example.org", None),
            ("minji@", None),
            ("minji@kim@example.org", None),
            ("minji kim@example.org", None),
            ("minji@example.org\nBcc: all@example.org", None),
            ("minji\u{0}@example.org", None),
        ] {
            let parsed = parse_email(text);
            assert_eq!(parsed.as_deref().ok(), expected, "{text:?}");
            if let Err(refusal) = parsed {
                assert_eq!(refusal.field.as_deref(), Some("email"));
                let facts = serde_json::to_string(&refusal.detail).unwrap();
                assert!(!facts.contains("minji"), "{facts}");
            }
        }
    }

    #[test]
    fn a_language_is_one_that_is_spoken_here() {
        assert_eq!(parse_language(" ko "), Ok(Language::Korean));
        assert_eq!(parse_language("en"), Ok(Language::English));
        for text in ["", "KO", "korean", "de"] {
            assert_eq!(parse_language(text).unwrap_err().field.as_deref(), Some("language"));
        }
    }
}
