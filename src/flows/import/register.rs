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
    },
    domain::{
        Code, Detail, RegionId,
        fact::Noun,
        import::{Fault, Rejects, Row, register::Register, roster::PERSON_COLUMNS},
        keys::{Keys, MatchKey},
        language::Language,
        person::{ContactChange, Spelling},
    },
};

const NAME_COLUMNS: &str = "name,name_ko,name_en";

pub(super) struct Parser {
    key: MatchKey,
    today: NaiveDate,
    regions: HashMap<String, RegionId>,
}

impl Parser {
    pub(super) async fn new(conn: &mut PgConnection, keys: &Keys) -> sqlx::Result<Self> {
        let today = db::import::latest_date(conn).await?;
        Ok(Self { key: keys.matching.clone(), today, regions: db::import::regions(conn).await? })
    }
}

impl RowParser for Parser {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let person = Register::parse(row, self.today)?;
        let region_id = region(&self.regions, &person.region_code)?;
        let keyed = person.names.keyed(&self.key, person.birth_date, &person.phone);
        let row = to
            .row(line)
            .key(keyed.match_key)
            .value(person.birth_date)
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
    db::import::register::stage_spellings(conn).await?;
    let removed = db::import::register::remove_respelled(conn).await?;
    reject(rejects, removed, repeated(PERSON_COLUMNS));
    let removed = db::import::register::remove_taken(conn).await?;
    reject(rejects, removed, |_| {
        Fault::new(Code::AlreadyExists, NAME_COLUMNS, Detail::SpellingInRegister)
    });
    Ok(())
}
