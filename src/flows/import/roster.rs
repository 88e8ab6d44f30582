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
        keys::{Keys, MatchKey, PersonCodeKey},
        person_key::{code_key, earlier_match_key, match_key},
    },
};

pub(super) struct Parser {
    key: MatchKey,
    code_key: PersonCodeKey,
    today: NaiveDate,
    rosters: HashMap<String, RosterId>,
}

impl Parser {
    pub(super) async fn new(conn: &mut PgConnection, keys: &Keys) -> sqlx::Result<Self> {
        let today = db::import::latest_date(conn).await?;
        Ok(Self {
            key: keys.matching.clone(),
            code_key: keys.person_code.clone(),
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
        let Roster { name, birth_date, phone, person_code, .. } = &member;
        let key = match_key(&self.key, name, *birth_date, phone);
        let earlier = earlier_match_key(&self.key, name, *birth_date, phone);
        let code = person_code.as_deref().map(|code| code_key(&self.code_key, code));
        to.row(line).value(roster_id).key(key).key(earlier).optional_key(code).end();
        Ok(())
    }
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    db::import::roster::find_persons(conn).await?;
    let removed = db::import::roster::remove_repeated(conn).await?;
    reject(rejects, removed, repeated("roster_code,name,birth_date,phone"));
    let removed = db::import::roster::remove_unknown(conn).await?;
    reject(rejects, removed, |_| Fault::new(Code::NotFound, PERSON_COLUMNS, Detail::NotInRegister));
    Ok(())
}
