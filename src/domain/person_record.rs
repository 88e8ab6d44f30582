//! A person of the register as administrators see and correct them.

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    PersonId, RegionId, RosterId, birth_date::BirthDate, fold, language::Language,
    localized::Localized, mark::Mark, person::Names, person_key::Match,
};

/// Bytes of a version: it is told from another one, and proves nothing.
const VERSION_BYTES: usize = 12;

/// What the register says of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    pub person_id: PersonId,
    pub name: String,
    pub name_ko: Option<String>,
    pub name_en: Option<String>,
    pub birth_date: BirthDate,
    /// Empty for somebody without one.
    pub phone: String,
    /// Of the register's own code, where it has given one.
    pub code_key: Option<Match>,
    pub email: Option<String>,
    pub language: Option<Language>,
    pub region_id: RegionId,
    pub region_name: Localized,
    pub mark: Option<Mark>,
    /// Who this person turned out to be.
    pub merged_into: Option<PersonId>,
    /// Who turned out to be this person.
    pub took_in: Vec<PersonId>,
    pub rosters: Vec<OnRoster>,
}

/// A list that a person is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OnRoster {
    pub roster_id: RosterId,
    pub code: String,
    pub name: String,
}

impl Record {
    /// Changes with everything that an administrator sees of the person's own data: whoever sends
    /// it back has seen what is there.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: Option<&str>| {
            let length = text.map_or(-1, |text| i64::try_from(text.len()).unwrap_or(i64::MAX));
            hash.update(length.to_be_bytes());
            hash.update(text.unwrap_or_default());
        };
        let person_id = self.person_id.to_string();
        let birth_date = self.birth_date.date().to_string();
        let code = self.code_key.map(|key| BASE64URL_NOPAD.encode(&key));
        let region_id = self.region_id.to_string();
        let merged_into = self.merged_into.map(|id| id.to_string());
        part(Some(&person_id));
        part(Some(&self.name));
        part(self.name_ko.as_deref());
        part(self.name_en.as_deref());
        part(Some(&birth_date));
        part(Some(self.birth_date.precision().word()));
        part(Some(&self.phone));
        part(code.as_deref());
        part(self.email.as_deref());
        part(self.language.map(Language::tag));
        part(Some(&region_id));
        part(self.mark.map(Mark::word));
        part(merged_into.as_deref());
        for id in self.took_in.iter().map(PersonId::to_string) {
            part(Some(&id));
        }
        for id in self.rosters.iter().map(|roster| roster.roster_id.to_string()) {
            part(Some(&id));
        }
        let hash = hash.finalize();
        BASE64URL_NOPAD.encode(hash.split_at(VERSION_BYTES).0)
    }

    /// The names as they were written.
    pub fn names(&self) -> Names {
        Names { main: self.name.clone(), ko: self.name_ko.clone(), en: self.name_en.clone() }
    }
}

/// What is to be corrected of a person. The outer none leaves what is there, the inner one removes
/// it.
#[derive(Clone, Debug, Default)]
pub struct Correction {
    pub name: Option<String>,
    pub name_ko: Option<Option<String>>,
    pub name_en: Option<Option<String>>,
    pub birth_date: Option<String>,
    /// Empty where the person has none.
    pub phone: Option<String>,
    pub person_code: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub language: Option<Option<String>>,
    pub region_id: Option<RegionId>,
}

/// Names of a person among whom somebody is looked for.
pub struct Named {
    /// Whoever they have turned out to be.
    pub person_id: PersonId,
    pub names: Vec<String>,
}

impl Named {
    /// Whether one of the names is this one, as signing in compares them.
    pub fn is_called(&self, name: &str) -> bool {
        let wanted = fold::name(name);
        self.names.iter().any(|name| fold::name(name) == wanted)
    }
}

/// A phone number of which only the ends are shown: enough to ask somebody whether it is theirs.
pub fn masked(phone: &str) -> String {
    let length = phone.chars().count();
    let shown = |at: usize| (length >= 10 && at < 3) || at + 4 >= length;
    phone.chars().enumerate().map(|(at, c)| if shown(at) { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::birth_date::Precision;

    fn record() -> Record {
        Record {
            person_id: PersonId(7),
            name: "김민지".to_owned(),
            name_ko: None,
            name_en: Some("Kim Minji".to_owned()),
            birth_date: BirthDate::kept("1962-03-01".parse().unwrap(), Precision::Day),
            phone: "01012345678".to_owned(),
            code_key: None,
            email: None,
            language: None,
            region_id: RegionId(3),
            region_name: Localized::new("Region".to_owned(), None, None),
            mark: None,
            merged_into: None,
            took_in: vec![PersonId(5)],
            rosters: vec![],
        }
    }

    #[test]
    fn the_version_changes_with_every_field() {
        let plain = record().version();
        assert_eq!(plain, record().version(), "the control");
        let changes: [fn(&mut Record); 13] = [
            |one| one.name.push('x'),
            |one| one.name_ko = one.name_en.take(),
            |one| one.name_en = None,
            |one| one.birth_date = BirthDate::kept(one.birth_date.date(), Precision::Month),
            |one| one.birth_date = one.birth_date.vaguer()[0],
            |one| one.code_key = Some([7; 16]),
            |one| one.phone.push('9'),
            |one| one.email = Some(String::new()),
            |one| one.language = Some(Language::Korean),
            |one| one.region_id = RegionId(4),
            |one| one.mark = Some(Mark::Deceased),
            |one| one.merged_into = Some(PersonId(9)),
            |one| one.took_in.clear(),
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut changed = record();
            change(&mut changed);
            assert_ne!(changed.version(), plain, "{at}");
        }
    }

    #[test]
    fn a_masked_phone_shows_its_ends() {
        assert_eq!(masked("01012345678"), "010****5678");
        assert_eq!(masked("1234567"), "***4567");
        assert_eq!(masked("12"), "12", "nobody has it");
        assert_eq!(masked(""), "");
    }
}
