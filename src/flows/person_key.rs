//! Makes keys of persons anew: those of the form before, and those of spellings whose person a file
//! has corrected. The database cannot do it, because it has not the secret.

use super::Result;
use crate::{
    db::{
        self, Db, in_tx_once,
        person_key::{Done, Rekeyed, Waiting},
    },
    domain::{
        keys::MatchKey,
        person_key::{match_key, name_key},
        phone,
    },
};

/// Rows of one transaction: few enough to take milliseconds.
pub const CHUNK: i64 = 500;

/// Makes the keys of some who wait, in a transaction of its own; none where a file is being loaded.
/// May run in several processes at once.
///
/// # Errors
/// A unique violation where somebody was registered in the same instant: try again.
pub async fn make_some_anew(db: &Db, key: &MatchKey) -> Result<Option<Done>> {
    in_tx_once(&db.jobs, "make keys anew", async |conn| {
        if !db::person_key::take_turn(conn).await? {
            return Ok(None);
        }
        let waiting = db::person_key::waiting(conn, CHUNK).await?;
        let rekeyed: Vec<_> = waiting.into_iter().map(|one| rekeyed(key, one)).collect();
        if rekeyed.is_empty() {
            return Ok(Some(Done::default()));
        }
        Ok(Some(db::person_key::write(conn, &rekeyed).await?))
    })
    .await
}

fn rekeyed(key: &MatchKey, one: Waiting) -> Rekeyed {
    let Waiting { person_id, match_key: earlier, name, birth_date, has_code, spellings, .. } = one;
    let phone = phone::reread(&one.phone);
    let is_by_code = has_code && phone.is_empty();
    let key_of = |name: &str, earlier| match is_by_code {
        true => earlier,
        false => match_key(key, name, birth_date, &phone),
    };
    let spellings = spellings.iter().map(|s| (s.match_key, key_of(&s.name, s.match_key))).collect();
    Rekeyed {
        person_id,
        earlier,
        match_key: key_of(&name, earlier),
        name_key: name_key(key, &name, birth_date),
        spellings,
        phone,
    }
}
