//! Puts one person into the register.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        PersonId, Refusal, RegionId, RosterId,
        fact::Noun,
        keys::MatchKey,
        person::{BirthDate, match_key, parse_name, parse_phone},
    },
};

/// Somebody as they were typed in.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    pub birth_date: BirthDate,
    pub phone: String,
    pub region_id: RegionId,
    pub roster_ids: Vec<RosterId>,
}

/// # Errors
/// `invalid_field` for a name or phone that cannot be, an unknown region or roster;
/// `already_exists` for somebody who is in the register.
pub async fn register(db: &Db, key: &MatchKey, entry: Entry) -> Result<PersonId> {
    let Entry { birth_date, region_id, roster_ids, .. } = entry;
    let (name, phone) = (parse_name(&entry.name)?, parse_phone(&entry.phone)?);
    let match_key = match_key(key, &name, birth_date, &phone);
    in_tx(&db.write, "register person", async |conn| {
        let new = db::person::New { match_key, birth_date, region_id, name: &name, phone: &phone };
        let person_id = db::person::insert(conn, &new).await.map_err(named)?;
        let known = db::roster::known(&mut *conn, &roster_ids).await?;
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
