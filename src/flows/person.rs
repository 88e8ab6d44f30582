//! Puts one person into the register, and remembers in which language they read.

use sqlx::PgConnection;

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx, person::There},
    domain::{
        Code, Detail, PersonId, Refusal, RegionId, RosterId,
        birth_date::BirthDate,
        fact::Noun,
        keys::Keys,
        language::Language,
        person::{
            Contact, Keyed, Names, NewPerson, Spelling, parse_email, parse_language,
            parse_person_code, parse_phone_if_any,
        },
        person_key::{Match, code_key},
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
    /// Empty for somebody without one.
    pub phone: String,
    /// The register's own.
    pub person_code: Option<String>,
    /// Whoever has the same name and birth date, and another phone, is known to be another person.
    pub is_distinct: bool,
    pub email: Option<String>,
    /// `ko` or `en`.
    pub language: Option<String>,
    pub region_id: RegionId,
    pub roster_ids: Vec<RosterId>,
}

/// # Errors
/// `invalid_field` for a name, phone, e-mail address or language that cannot be, an unknown region
/// or roster;
/// `already_exists` for somebody who is in the register, under whatever spelling or by their code;
/// `possible_duplicate` for somebody of a name and birth date that a person with another phone has,
/// unless they are distinct or both have a code.
pub async fn register(db: &Db, keys: &Keys, entry: Entry) -> Result<PersonId> {
    let parsed = parse(keys, &entry)?;
    in_tx(&db.write, "register person", async |conn| insert(conn, &entry, &parsed).await).await
}

/// Somebody as they will be kept.
pub(super) struct Parsed {
    keyed: Keyed,
    code_key: Option<Match>,
    phone: String,
    contact: Contact,
}

/// # Errors
/// `invalid_field` for a name, phone, e-mail address or language that cannot be.
pub(super) fn parse(keys: &Keys, entry: &Entry) -> Result<Parsed> {
    let Entry { name, name_ko, name_en, birth_date, .. } = entry;
    let names = Names::parse(name, name_ko.as_deref(), name_en.as_deref())?;
    let phone = parse_phone_if_any(&entry.phone)?;
    let code = entry.person_code.as_deref().map(parse_person_code).transpose()?;
    let code_key = code.map(|code| code_key(&keys.person_code, &code));
    let keyed = names.keyed(&keys.matching, *birth_date, (&phone, code_key.as_ref()));
    let contact = Contact {
        email: entry.email.as_deref().map(parse_email).transpose()?,
        language: entry.language.as_deref().map(parse_language).transpose()?,
    };
    Ok(Parsed { keyed, code_key, phone, contact })
}

/// # Errors
/// Those of `register` that are left.
pub(super) async fn insert(
    conn: &mut PgConnection,
    entry: &Entry,
    parsed: &Parsed,
) -> Result<PersonId> {
    let Parsed { keyed, code_key, phone, contact } = parsed;
    let new = NewPerson {
        keyed,
        code_key: *code_key,
        birth_date: entry.birth_date,
        region_id: entry.region_id,
        phone,
        is_distinct: entry.is_distinct,
        contact,
    };
    db::person::wait_for_turn(conn, keyed.name_key).await?;
    let inserted = db::person::insert(conn, &new).await.map_err(named)?;
    let person_id = inserted.map_err(|there| taken(&keyed.spellings, there))?;
    let known = db::roster::known(&mut *conn, &entry.roster_ids).await?;
    if let Some(at) = entry.roster_ids.iter().position(|id| !known.contains(id)) {
        let field = format!("roster_ids[{at}]");
        return Err(Refusal::no_such(field, Noun::Roster).into());
    }
    db::roster::insert_member(conn, person_id, &known).await?;
    db::catalogue::touch(conn).await?;
    Ok(person_id)
}

/// Remembers in which language to write to a person: the one that they use now. Nothing is written
/// where it is the one known already.
pub async fn set_language(db: &Db, person_id: PersonId, language: Language) -> Result<bool> {
    Ok(db::person::set_language(&db.write, person_id, language).await?)
}

/// Why somebody is not put into the register.
fn taken(spellings: &[Spelling], there: There) -> Refusal {
    let at = match there {
        There::Name(at) => at,
        There::Code => {
            let taken = Refusal::field("person_code", Detail::PersonCodeInRegister);
            return Refusal { code: Code::AlreadyExists, ..taken };
        }
        There::Possibly => {
            let possible = Refusal::field("name", Detail::SameNameAndBirthDate);
            return Refusal { code: Code::PossibleDuplicate, ..possible };
        }
    };
    let spelling = at.checked_sub(1).and_then(|at| spellings.get(at));
    let field = match spelling.map(|one| one.language) {
        None => "name",
        Some(Language::Korean) => "name_ko",
        Some(Language::English) => "name_en",
    };
    Refusal { code: Code::AlreadyExists, ..Refusal::field(field, Detail::InRegister) }
}
