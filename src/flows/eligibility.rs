//! The question "may I book?" of somebody who has signed in. Without a person it is the board's.

use super::Result;
use crate::{
    db::{self, Db},
    domain::{
        PersonId, Refusal, calendar::Local, campaign::State, eligibility::judge,
        localized::Localized, rule_set::Rules, verdict::Verdict,
    },
};

/// Whether this person may book at `here`, with their lists and doses, as a booking would be judged
/// by these rules, and their name. One trip to the database.
///
/// # Errors
/// `not_found` for a person who is not in the register any more; `not_eligible` for one whose
/// record is closed.
pub async fn judge_person(
    db: &Db,
    (rules, state): (&Rules, State),
    here: Local,
    person_id: PersonId,
) -> Result<(Localized, Verdict)> {
    let asked = db::look(&db.read, async |conn| {
        let found = db::eligibility::asker(conn, person_id, rules.needs()).await;
        found.map_err(db::Error::from)
    });
    let asker = asked.await?.ok_or_else(Refusal::not_found)?;
    let applicant = asker.state.applicant(rules.course_id, rules.dose_number)?;
    Ok((asker.name, judge(rules, state, &applicant, None, here)))
}
