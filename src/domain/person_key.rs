//! The keys that find a person of the register: keyed HMACs, so that it can be asked "is this
//! person in it?" without an index that lists who is.

use super::{
    birth_date::BirthDate,
    fold,
    keys::{MatchKey, PersonCodeKey},
};

/// Length of a key in bytes, as `person_match_key_length_check` has it.
const MATCH_KEY_BYTES: usize = 16;

/// Who is this? Keyed HMAC over folded name, birth date and phone.
pub type Match = [u8; MATCH_KEY_BYTES];

/// By which form of the name and phone a key is made, as it is kept.
pub const FOLD: i16 = 2;

/// Finds a person in the register. The same for every spelling of the name (`fold::name`); `phone`
/// is one as it is kept.
pub fn match_key(key: &MatchKey, name: &str, birth_date: BirthDate, phone: &str) -> Match {
    let (name, birth_date) = (fold::name(name), birth_date.to_string());
    shortened(key.mac(&[name.as_bytes(), birth_date.as_bytes(), phone.as_bytes()]))
}

/// The key of somebody without a phone whom the register's own code tells from others of the same
/// name and birth date. Nobody signs in by it.
pub fn match_key_by_code(key: &MatchKey, name: &str, birth_date: BirthDate, code: &Match) -> Match {
    let (name, birth_date) = (fold::name(name), birth_date.to_string());
    shortened(key.mac(&[name.as_bytes(), birth_date.as_bytes(), b"", code]))
}

/// The same for people who could be one: of one name and birth date, whatever their phones.
pub fn name_key(key: &MatchKey, name: &str, birth_date: BirthDate) -> Match {
    let (name, birth_date) = (fold::name(name), birth_date.to_string());
    shortened(key.mac(&[name.as_bytes(), birth_date.as_bytes()]))
}

/// Finds a person by the register's own code, one as `person::parse_person_code` gives it.
pub fn code_key(key: &PersonCodeKey, code: &str) -> Match {
    shortened(key.mac(&[code.as_bytes()]))
}

/// The key of the form before, of a name and a phone as somebody typed them: persons who came in by
/// it stand under it until their keys have been made anew.
pub fn earlier_match_key(key: &MatchKey, name: &str, birth_date: BirthDate, phone: &str) -> Match {
    let visible = fold::visible(name);
    let name = visible.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let phone = fold::plain(phone);
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let prefix = if phone.trim_start().starts_with('+') { "82" } else { "0082" };
    let phone = match digits.strip_prefix(prefix) {
        Some(national) => format!("0{}", national.strip_prefix('0').unwrap_or(national)),
        None => digits,
    };
    let birth_date = birth_date.to_string();
    shortened(key.mac(&[name.as_bytes(), birth_date.as_bytes(), phone.as_bytes()]))
}

/// The keys under which somebody may stand who says who they are. There are always as many, so that
/// looking for them takes the same steps for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought([Match; 4]);

impl Sought {
    /// Of what somebody typed, whose `phone` can be one. The first key that is one person's counts:
    /// that of the form before, which tells spellings apart that the present one does not, so that
    /// of two persons whom it makes one each is found as before; then the present one; then those
    /// of people of whose birth date the register knows only the month or the year.
    pub fn typed(key: &MatchKey, name: &str, birth_date: BirthDate, phone: &str) -> Self {
        let kept = super::phone::read(phone).unwrap_or_default();
        let [month, year] = birth_date.vaguer();
        let now = |birth_date| match_key(key, name, birth_date, &kept);
        let before = earlier_match_key(key, name, birth_date, phone);
        Self([before, now(birth_date), now(month), now(year)])
    }

    /// Of somebody who stands under this key.
    pub fn held(key: Match) -> Self {
        Self([key; 4])
    }

    /// In the order in which they count.
    pub fn keys(&self) -> &[Match] {
        &self.0
    }

    /// By it caps are counted. The same for every spelling, and for every day of the year of birth:
    /// whoever stands in the register with the year alone is found by each of them, and would have
    /// as many caps as the year has days.
    pub fn key(&self) -> &Match {
        let [.., key] = &self.0;
        key
    }
}

fn shortened(mac: [u8; 32]) -> Match {
    let mut key = [0; MATCH_KEY_BYTES];
    key.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
    key
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        fold::tests::{names, respelled},
        keys::Keys,
    };

    fn today() -> NaiveDate {
        "2021-07-12".parse().unwrap()
    }

    fn born(text: &str) -> BirthDate {
        BirthDate::parse(text, today()).unwrap()
    }

    fn key_of(name: &str, date: &str, phone: &str) -> Match {
        match_key(&Keys::new(&[9; 32]).matching, name, born(date), phone)
    }

    fn sought(name: &str, date: &str, phone: &str) -> Sought {
        Sought::typed(&Keys::new(&[9; 32]).matching, name, born(date), phone)
    }

    #[test]
    fn each_part_counts() {
        let plain = key_of("Kim Minji", "1962-03-01", "01012345678");
        assert_eq!(plain, key_of("  kim   MINJI ", "1962-03-01", "01012345678"));
        assert_ne!(plain, key_of("Kim Minju", "1962-03-01", "01012345678"));
        assert_ne!(plain, key_of("Kim Minji", "1962-03-02", "01012345678"));
        assert_ne!(plain, key_of("Kim Minji", "1962-03-01", "01012345679"));
        let other = Keys::new(&[8; 32]);
        assert_ne!(
            plain,
            match_key(&other.matching, "Kim Minji", born("1962-03-01"), "01012345678")
        );
    }

    /// Frozen: the keys of the form before stand in databases.
    #[test]
    fn the_form_before_is_what_it_was() {
        let keys = Keys::new(&[9; 32]);
        let before =
            |name, phone| earlier_match_key(&keys.matching, name, born("1962-03-01"), phone);
        let plain = before("Kim Minji", "01012345678");
        assert_eq!(data_encoding::HEXLOWER.encode(&plain), "16ec6dc74ee0c833c500646f2863de51");
        for (name, phone) in [
            ("  kim   MINJI ", "+82 10-1234-5678"),
            ("Kim Minji", "0082 (0)10.1234.5678"),
            ("Kim\u{3000}Minji\u{200b}", "０１０–１２３４–５６７８"),
        ] {
            assert_eq!(before(name, phone), plain, "{name} {phone}");
        }
        for (name, phone) in [("Kim Min-ji", "01012345678"), ("Kim Minji", "1012345678")] {
            assert_ne!(before(name, phone), plain, "{name} {phone}");
        }
        // A name in Hangul without spaces is the same in both forms.
        assert_eq!(before("김민지", "01012345678"), key_of("김민지", "1962-03-01", "01012345678"));
    }

    #[test]
    fn whoever_is_known_by_year_or_month_is_sought_by_them() {
        let whole = sought("Year Only", "1941-05-07", "010-2000-0204");
        for (text, at) in [("1941-05-07", 1), ("1941-05-00", 2), ("1941-00-00", 3)] {
            let date = BirthDate::parse_partial(text, today()).unwrap();
            let key = match_key(&Keys::new(&[9; 32]).matching, "Year Only", date, "01020000204");
            assert_eq!(whole.keys()[at], key, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_finds_the_same_person(
            name in names(), how in proptest::collection::vec(any::<u32>(), 40),
            digits in 0_u32..100_000_000,
        ) {
            let kept = format!("010{digits:08}");
            let registered = key_of(&name, "1962-03-01", &kept);
            let counted = sought(&name, "1962-12-31", &kept);
            let (a, b) = kept.split_at(7);
            let (_, c) = a.split_at(3);
            let wide = kept.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0));
            let wide: String = wide.collect();
            for phone in [
                kept.clone(), format!("+82 10-{c}-{b}"), format!("0082(0)10{c}{b}"),
                format!("10{c}{b}"), format!("8210{c}{b}"), wide,
                format!("010\u{2013}{c}\u{2212}{b}"),
            ] {
                let typed = sought(&respelled(&name, &how), "1962-03-01", &phone);
                prop_assert_eq!(typed.keys()[1], registered, "{} {}", name, phone);
                prop_assert_eq!(typed.key(), counted.key(), "and caps are counted together");
            }
        }

        #[test]
        fn two_people_stay_two(
            name in names(), other in names(), digits in 0_u32..99_999_999,
        ) {
            let kept = format!("010{digits:08}");
            let key = key_of(&name, "1962-03-01", &kept);
            prop_assume!(fold::name(&name) != fold::name(&other));
            prop_assert_ne!(key, key_of(&other, "1962-03-01", &kept), "twins with one phone");
            let next = format!("010{:08}", digits + 1);
            prop_assert_ne!(key, key_of(&name, "1962-03-01", &next));
            prop_assert_ne!(key, key_of(&name, "1962-03-02", &kept));
        }
    }
}
