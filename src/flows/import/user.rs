//! Users: new ones are added and invited, known ones may get another post.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::rows::{RowParser, reject, repeated};
use crate::{
    db::{self, copy::CopyText},
    domain::{
        ClinicId, Code, Detail, StaffUserId,
        fact::Noun,
        import::{
            Fault, Rejects, Row,
            user::{Post, User},
        },
        keys::InvitationKey,
        session::StaffRole,
        staff_user::Invitation,
    },
    flows::{Result, staff_invitation},
};

pub(super) struct Parser {
    clinics: HashMap<String, ClinicId>,
}

impl Parser {
    pub(super) async fn new(conn: &mut PgConnection) -> sqlx::Result<Self> {
        let clinics = db::import::clinics(conn).await?;
        let ids = clinics.into_iter().map(|(code, clinic)| (code, clinic.clinic_id));
        Ok(Self { clinics: ids.collect() })
    }
}

impl RowParser for Parser {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> std::result::Result<(), Fault> {
        let user = User::parse(row)?;
        let find = |code: &str| {
            let found = self.clinics.get(code).copied();
            found.ok_or_else(|| Fault::no_such("clinic_code", Noun::Clinic))
        };
        let role = match &user.post {
            Post::Staff(code) => StaffRole::Staff(find(code)?),
            Post::Administrator => StaffRole::Administrator,
            Post::CallCentre => StaffRole::CallCentre,
        };
        let (role, clinic_id) = db::staff_user::columns(role);
        to.row(line).text(user.username.as_str()).optional(clinic_id).value(role).end();
        Ok(())
    }
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    let removed = db::import::user::remove_repeated(conn).await?;
    reject(rejects, removed, repeated("username"));
    db::staff_user::lock_administrators(conn).await?;
    let removed = db::import::user::remove_last_administrators(conn).await?;
    reject(rejects, removed, |_| {
        Fault::new(Code::LastAdministrator, "role", Detail::LastAdministrator)
    });
    Ok(())
}

/// Invites whom the file added.
pub(super) async fn invite(
    conn: &mut PgConnection,
    key: &InvitationKey,
    by: Option<StaffUserId>,
) -> Result<Vec<Invitation>> {
    let users = db::import::user::uninvited(conn).await?;
    staff_invitation::invite(conn, key, users, by).await
}
