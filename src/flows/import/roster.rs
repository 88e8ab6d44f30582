//! Members of rosters: the roster must be there, and so must the person.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::rows::{RowParser, reject, repeated};
use crate::{
    db::{self, copy::CopyText},
    domain::{
        Code, Detail, RosterId,
        fact::Noun,
        import::{
            Fault, Rejects, Row,
            roster::{PERSON_COLUMNS, Roster},
        },
        keys::{Keys, MatchKey},
        person::match_key,
    },
};

pub(super) struct Parser {
    key: MatchKey,
    today: NaiveDate,
    rosters: HashMap<String, RosterId>,
}

impl Parser {
    pub(super) async fn new(conn: &mut PgConnection, keys: &Keys) -> sqlx::Result<Self> {
        let today = db::import::latest_date(conn).await?;
        Ok(Self {
            key: keys.matching.clone(),
            today,
            rosters: db::import::roster::rosters(conn).await?,
        })
    }
}

impl RowParser for Parser {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let member = Roster::parse(row, self.today)?;
        let roster_id = self
            .rosters
            .get(member.roster_code.as_ref())
            .ok_or_else(|| Fault::no_such("roster_code", Noun::Roster))?;
        let key = match_key(&self.key, &member.name, member.birth_date, &member.phone);
        to.row(line).value(roster_id).key(key).end();
        Ok(())
    }
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    let removed = db::import::roster::remove_repeated(conn).await?;
    reject(rejects, removed, repeated("roster_code,name,birth_date,phone"));
    let removed = db::import::roster::remove_unknown(conn).await?;
    reject(rejects, removed, |_| Fault::new(Code::NotFound, PERSON_COLUMNS, Detail::NotInRegister));
    Ok(())
}
