//! Staff of clinics and the call centre find people of the register, and add some of them. Every
//! look is written down, and nobody looks through the register: searches are counted.

use super::{
    Result,
    person::{Entry, insert, parse},
    person_record::{Found, Seen, Wanted, find_by, see},
};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        CampaignId, ClinicId, Code, Detail, PersonId, Refusal, StaffUserId,
        day_policy::WalkIn,
        fact::Noun,
        keys::Keys,
        person_change::{Kind, NewChange, Way},
    },
};

/// A desk serves a person in minutes, and a caller takes longer. Whoever types this fast is no
/// human with a person before them.
pub const FINDS_PER_MINUTE_MAX: i32 = 30;

/// The persons who are wanted.
///
/// # Errors
/// `too_many_requests` beyond `FINDS_PER_MINUTE_MAX`; `invalid_field` for a clinic that is not
/// there.
pub async fn find(db: &Db, keys: &Keys, wanted: Wanted, by: StaffUserId) -> Result<Vec<Found>> {
    count(db, by).await?;
    find_by(db, keys, wanted, (by, None)).await
}

/// One person, who was found before.
///
/// # Errors
/// `not_found`; `too_many_requests` as for `find`: ids can be counted up.
pub async fn open(db: &Db, person_id: PersonId, by: StaffUserId) -> Result<Seen> {
    count(db, by).await?;
    in_tx(&db.write, "open person at desk", async |conn| {
        let seen = see(conn, person_id).await?;
        db::person_change::insert_looks(conn, (by, Way::ById), &[person_id], None).await?;
        Ok(seen)
    })
    .await
}

async fn count(db: &Db, by: StaffUserId) -> Result<()> {
    match db::person_find::count(&db.write, by, FINDS_PER_MINUTE_MAX).await? {
        None => Ok(()),
        Some(retry_after) => {
            let detail = Detail::TooManyFinds { retry_after };
            Err(Refusal::new(Code::TooManyRequests, detail).into())
        }
    }
}

/// Adds somebody who stands at a clinic to the register, where the campaign is for people whom
/// nobody knows yet. It is written down who did, at which clinic.
///
/// # Errors
/// `step_refused` where the campaign is for people of the register only; `invalid_field` for a
/// campaign that is not there; those of `flows::person::register`.
pub async fn register(
    db: &Db,
    keys: &Keys,
    (clinic_id, campaign_id): (ClinicId, CampaignId),
    entry: Entry,
    by: StaffUserId,
) -> Result<PersonId> {
    let parsed = parse(keys, &entry)?;
    in_tx(&db.write, "register person at desk", async |conn| {
        let campaign = db::campaign::find(&mut *conn, campaign_id).await?;
        let campaign = campaign.ok_or_else(|| Refusal::no_such("campaign_id", Noun::Campaign))?;
        if campaign.day.walk_in != WalkIn::Anybody {
            return Err(Refusal::new(Code::StepRefused, Detail::NotRegisteredHere).into());
        }
        let person_id = insert(conn, &entry, &parsed).await?;
        let reason = format!("clinic {clinic_id}, campaign {campaign_id}");
        let change = NewChange {
            by,
            person_id,
            kind: Kind::Registered,
            reason: &reason,
            fields: &[],
            other_person_id: None,
            booking_ids: &[],
        };
        db::person_change::insert(conn, &change).await?;
        Ok(person_id)
    })
    .await
}
