//! Who must not be booked for a course, is not well enough before a day, or has had a dose
//! elsewhere. `db::visit` writes it.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::{PgConnection, PgExecutor, query};

use crate::domain::{
    BookingId, ClinicId, CourseId, ExclusionId, PersonId, StaffUserId,
    day::By,
    exclusion::{Lifted, Written},
    person_state::PersonState,
    visit::{Exclusion, ExclusionReason, NotGiven},
};

/// What clinics have found of these persons. Most people have nothing of the kind, and a batch of
/// them does without this statement. Where no clinic's day is known, the day is the latest that it
/// was anywhere: no interval is cut short.
pub(super) async fn add(
    conn: &mut PgConnection,
    person_ids: &[i64],
    people: &mut HashMap<PersonId, PersonState>,
) -> sqlx::Result<()> {
    let rows = query!(
        r#"/* exclusion::add */
           select e.person_id, e.course_id, e.dose_number, e.reason, e.had_on, e.until,
               coalesce(s.on_date, (e.at at time zone 'Etc/GMT-14')::date) as "by_then!"
           from exclusion e
           left join booking b on b.booking_id = e.booking_id
           left join slot s on s.slot_id = b.slot_id
           where e.person_id = any($1) and e.lifted_at is null order by e.exclusion_id"#,
        person_ids,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let found = found((row.reason, row.dose_number), (row.had_on, row.by_then), row.until);
        if let Some(person) = people.get_mut(&PersonId(row.person_id)) {
            person.add_exclusion(CourseId(row.course_id), found);
        }
    }
    Ok(())
}

/// What a clinic has found, as its row says it.
pub(super) fn found(
    (reason, dose_number): (i16, i16),
    (had_on, by_then): (Option<NaiveDate>, NaiveDate),
    until: Option<NaiveDate>,
) -> Exclusion {
    let reason = match (NotGiven::of(reason), until) {
        (Some(NotGiven::AlreadyHad), _) => ExclusionReason::AlreadyHad { had_on, by_then },
        (Some(NotGiven::Unwell), Some(until)) => ExclusionReason::Unwell { until },
        _ => ExclusionReason::Contraindicated,
    };
    Exclusion { dose_number: (dose_number > 0).then_some(dose_number), reason }
}

/// All that was found of the person, newest first.
///
/// # Errors
/// The database's; `Decode` for a reason that there is not.
pub async fn list(db: impl PgExecutor<'_>, person_id: PersonId) -> sqlx::Result<Vec<Written>> {
    let rows = query!(
        r#"/* exclusion::list */
           select e.exclusion_id, e.course_id, e.dose_number, e.reason, e.had_on, e.until,
               e.booking_id, (b.slot_id >> 24)::int as "clinic_id!", e.at, e.staff_user_id,
               f.username, e.lifted_at, e.lifted_by, l.username as "lifter?", e.lift_reason
           from exclusion e
           join booking b on b.booking_id = e.booking_id
           join staff_user f on f.staff_user_id = e.staff_user_id
           left join staff_user l on l.staff_user_id = e.lifted_by
           where e.person_id = $1 order by e.exclusion_id desc"#,
        person_id.0,
    )
    .fetch_all(db)
    .await?;
    let found = rows.into_iter().map(|row| {
        let reason = NotGiven::of(row.reason)
            .ok_or_else(|| sqlx::Error::Decode(format!("{} is no reason", row.reason).into()))?;
        let by = |id, username| By { staff_user_id: StaffUserId(id), username };
        let lifted = row.lifted_at.zip(row.lifted_by.zip(row.lifter));
        Ok(Written {
            exclusion_id: ExclusionId(row.exclusion_id),
            course_id: CourseId(row.course_id),
            dose_number: (row.dose_number > 0).then_some(row.dose_number),
            reason,
            had_on: row.had_on,
            until: row.until,
            clinic_id: ClinicId(row.clinic_id),
            booking_id: BookingId(row.booking_id),
            found_at: row.at,
            found_by: by(row.staff_user_id, row.username),
            lifted: lifted.map(|(at, (id, username))| Lifted {
                at,
                by: by(id, username),
                reason: row.lift_reason,
            }),
        })
    });
    found.collect()
}

/// Lifts a finding of a person who is locked.
pub async fn lift(
    conn: &mut PgConnection,
    (person_id, exclusion_id): (PersonId, ExclusionId),
    (by, reason): (StaffUserId, &str),
) -> sqlx::Result<()> {
    query!(
        "/* exclusion::lift */ with lifted as (
             update exclusion set lifted_at = clock_timestamp(), lifted_by = $3, lift_reason = $4
             where exclusion_id = $2 and person_id = $1 and lifted_at is null
             returning exclusion_id)
         update person set is_excluded = exists (
             select from exclusion where person_id = $1 and lifted_at is null
                 and exclusion_id not in (select exclusion_id from lifted))
         where person_id = $1",
        person_id.0,
        exclusion_id.0,
        by.0,
        reason,
    )
    .execute(conn)
    .await
    .map(drop)
}
