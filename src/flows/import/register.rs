//! The register: persons are keyed as they come in, by each spelling of their name; who is known
//! already by their main name is no fault.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::rows::{RowParser, reject, repeated};
use crate::{
    db::{
        self,
        copy::{CopyRow, CopyText},
        import::staged::Written,
    },
    domain::{
        Code, Detail, RegionId,
        fact::Noun,
        import::{Fault, Rejects, Row, register::Register, roster::PERSON_COLUMNS},
        keys::{Keys, MatchKey, PersonCodeKey},
        language::Language,
        person::{ContactChange, Spelling},
        person_key::code_key,
    },
};

const NAME_COLUMNS: &str = "name,name_ko,name_en";

pub(super) struct Parser {
    key: MatchKey,
    code_key: PersonCodeKey,
    today: NaiveDate,
    regions: HashMap<String, RegionId>,
}

impl Parser {
    pub(super) async fn new(conn: &mut PgConnection, keys: &Keys) -> sqlx::Result<Self> {
        let today = db::import::latest_date(conn).await?;
        let regions = db::import::regions(conn).await?;
        let (key, code_key) = (keys.matching.clone(), keys.person_code.clone());
        Ok(Self { key, code_key, today, regions })
    }
}

impl RowParser for Parser {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let person = Register::parse(row, self.today)?;
        let region_id = region(&self.regions, &person.region_code)?;
        let code = person.person_code.as_deref().map(|code| code_key(&self.code_key, code));
        let by = (person.phone.as_str(), code.as_ref());
        let keyed = person.names.keyed(&self.key, person.birth_date, by);
        let row = to
            .row(line)
            .key(keyed.match_key)
            .optional_key(keyed.earlier_key)
            .key(keyed.name_key)
            .optional_key(code)
            .value(person.is_distinct)
            .value(person.birth_date.date())
            .value(person.birth_date.precision().number())
            .value(region_id)
            .text(&keyed.name)
            .text(&person.phone);
        let spelled = |language| keyed.spellings.iter().find(|one| one.language == language);
        let row = spelling(row, spelled(Language::Korean));
        let row = spelling(row, spelled(Language::English));
        let ContactChange { email, language } = &person.contact;
        row.optional_text(email.as_ref().map(|email| email.as_deref().unwrap_or_default()))
            .optional_text(language.map(|language| language.map_or("", Language::tag)))
            .end();
        Ok(())
    }
}

/// Two values: key and name, or nothing.
fn spelling<'a>(row: CopyRow<'a>, spelling: Option<&Spelling>) -> CopyRow<'a> {
    match spelling {
        Some(spelling) => row.key(spelling.match_key).text(&spelling.name),
        None => row.optional(None::<&str>).optional(None::<&str>),
    }
}

/// The region with this code.
pub(super) fn region(regions: &HashMap<String, RegionId>, code: &str) -> Result<RegionId, Fault> {
    let found = regions.get(code).copied();
    found.ok_or_else(|| Fault::no_such("region_code", Noun::Region))
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    let removed = db::import::register::remove_repeated(conn).await?;
    reject(rejects, removed, repeated(PERSON_COLUMNS));
    db::import::person_key::adopt_earlier(conn).await?;
    if db::import::person_key::has_codes(conn).await? {
        check_codes(conn, rejects).await?;
    }
    let removed = db::import::person_key::remove_possible(conn).await?;
    reject(rejects, removed, |earlier| {
        let detail = match earlier {
            0 => Detail::SameNameAndBirthDate,
            line => Detail::PossiblySameAsLine { line },
        };
        Fault::new(Code::PossibleDuplicate, "name,birth_date", detail)
    });
    db::import::register::stage_spellings(conn).await?;
    let removed = db::import::register::remove_respelled(conn).await?;
    reject(rejects, removed, repeated(PERSON_COLUMNS));
    let removed = db::import::register::remove_taken(conn).await?;
    reject(rejects, removed, |_| {
        Fault::new(Code::AlreadyExists, NAME_COLUMNS, Detail::SpellingInRegister)
    });
    Ok(())
}

/// A code is one person's, and a person has one.
async fn check_codes(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    let other = |detail: Detail| {
        move |_: u64| Fault::new(Code::AlreadyExists, "person_code", detail.clone())
    };
    db::import::person_key::follow_merged(conn).await?;
    let removed = db::import::person_key::remove_repeated_codes(conn).await?;
    reject(rejects, removed, repeated("person_code"));
    let removed = db::import::person_key::remove_two_persons(conn).await?;
    reject(rejects, removed, other(Detail::KeyOfOtherPerson));
    let removed = db::import::person_key::remove_other_codes(conn).await?;
    reject(rejects, removed, other(Detail::PersonHasOtherCode));
    let removed = db::import::person_key::remove_other_persons(conn).await?;
    reject(rejects, removed, other(Detail::CodeOfOtherPerson));
    Ok(())
}

pub(super) async fn write(conn: &mut PgConnection) -> sqlx::Result<Written> {
    let has_codes = db::import::person_key::has_codes(conn).await?;
    db::import::register::insert_staged(conn, has_codes).await
}
