//! Puts one person into the register, and remembers in which language they read.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Code, Detail, PersonId, Refusal, RegionId, RosterId,
        birth_date::BirthDate,
        fact::Noun,
        keys::MatchKey,
        language::Language,
        person::{
            Contact, Keyed, Names, NewPerson, Spelling, parse_email, parse_language, parse_phone,
        },
    },
};

/// Somebody as they were typed in.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    /// Other spellings of the name, with which the person may sign in too.
    pub name_ko: Option<String>,
    pub name_en: Option<String>,
    pub birth_date: BirthDate,
    pub phone: String,
    pub email: Option<String>,
    /// `ko` or `en`.
    pub language: Option<String>,
    pub region_id: RegionId,
    pub roster_ids: Vec<RosterId>,
}

/// # Errors
/// `invalid_field` for a name, phone, e-mail address or language that cannot be, an unknown region
/// or roster;
/// `already_exists` for somebody who is in the register, under whatever spelling.
pub async fn register(db: &Db, key: &MatchKey, entry: Entry) -> Result<PersonId> {
    let Entry { name, name_ko, name_en, birth_date, region_id, roster_ids, .. } = &entry;
    let (birth_date, region_id) = (*birth_date, *region_id);
    let names = Names::parse(name, name_ko.as_deref(), name_en.as_deref())?;
    let phone = parse_phone(&entry.phone)?;
    let Keyed { name, match_key, spellings } = names.keyed(key, birth_date, &phone);
    let contact = Contact {
        email: entry.email.as_deref().map(parse_email).transpose()?,
        language: entry.language.as_deref().map(parse_language).transpose()?,
    };
    in_tx(&db.write, "register person", async |conn| {
        let new = NewPerson {
            match_key,
            birth_date,
            region_id,
            name: &name,
            phone: &phone,
            spellings: &spellings,
            contact: &contact,
        };
        let inserted = db::person::insert(conn, &new).await.map_err(named)?;
        let person_id = inserted.map_err(|at| taken(&spellings, at))?;
        let known = db::roster::known(&mut *conn, roster_ids).await?;
        if let Some(at) = roster_ids.iter().position(|id| !known.contains(id)) {
            let field = format!("roster_ids[{at}]");
            return Err(Refusal::no_such(field, Noun::Roster).into());
        }
        db::roster::insert_member(conn, person_id, &known).await?;
        db::catalogue::touch(conn).await?;
        Ok(person_id)
    })
    .await
}

/// Remembers in which language to write to a person: the one that they use now. Nothing is written
/// where it is the one known already.
pub async fn set_language(db: &Db, person_id: PersonId, language: Language) -> Result<bool> {
    Ok(db::person::set_language(&db.write, person_id, language).await?)
}

/// The register has this name: 0 is the main one, the spellings follow.
fn taken(spellings: &[Spelling], at: usize) -> Refusal {
    let spelling = at.checked_sub(1).and_then(|at| spellings.get(at));
    let field = match spelling.map(|one| one.language) {
        None => "name",
        Some(Language::Korean) => "name_ko",
        Some(Language::English) => "name_en",
    };
    Refusal { code: Code::AlreadyExists, ..Refusal::field(field, Detail::InRegister) }
}
