//! The public question "may I book?". It is answered by the same function as a booking, and nothing
//! of it is kept.

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{Error, Result};
use crate::{
    db::{self, Db, eligibility::Standing},
    domain::{
        CampaignId, ClinicId, Detail, PersonId, ProductId, Refusal, RegionId,
        applicant::AnonymousApplicant,
        birth_date::BirthDate,
        calendar::Local,
        campaign::State,
        eligibility::{judge, judge_anonymous},
        rule_set::Rules,
        verdict::Verdict,
    },
};

/// Slots are made weeks ahead, and a second dose follows in months: a later day is a slip of the
/// pen.
const DAYS_AHEAD_MAX: u64 = 2 * 366;

/// Who asks about which dose.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub campaign_id: CampaignId,
    pub born_on: NaiveDate,
    /// Where the person lives; without it a cohort of a region counts as not theirs.
    pub region_id: Option<RegionId>,
    /// Days and birthdays then begin at midnight there, else by the installation's clock.
    pub clinic_id: Option<ClinicId>,
    /// The day of the appointment; without it the question is about today.
    pub on_date: Option<NaiveDate>,
    /// Without it any product of the campaign will do.
    pub product_id: Option<ProductId>,
}

/// Whether such a person may book now, with all reasons for a no. `zone` says what is today where
/// no clinic is named.
///
/// # Errors
/// `not_found` for a campaign, region or clinic that is not there or not public, with the field;
/// `invalid_field` for an impossible date.
pub async fn ask(db: &Db, zone: Tz, question: Question) -> Result<Verdict> {
    let Question { campaign_id, born_on, region_id, clinic_id, on_date, product_id } = question;
    let places = (region_id, clinic_id);
    let (standing, rules) =
        db::look(&db.read, async |conn| standing(conn, campaign_id, places).await).await?;
    let here = Local { at: standing.now, zone: standing.clinic_zone.unwrap_or(zone) };
    let today = here.date();
    let last = today.checked_add_days(Days::new(DAYS_AHEAD_MAX));
    if on_date.zip(last).is_some_and(|(date, last)| date > last) {
        let detail = Detail::DateTooFar { days_max: DAYS_AHEAD_MAX };
        return Err(Refusal::field("on_date", detail).into());
    }
    let birth_date = BirthDate::new(born_on, today)?.date();
    let applicant = AnonymousApplicant { birth_date, home: standing.home, on_date, product_id };
    Ok(judge_anonymous(&rules, standing.state, &applicant, here))
}

/// How a public campaign stands, and its rules.
async fn standing(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    (region_id, clinic_id): (Option<RegionId>, Option<ClinicId>),
) -> Result<(Standing, Rules)> {
    let standing = db::eligibility::find(&mut *conn, campaign_id, region_id, clinic_id)
        .await?
        .filter(|standing| standing.state != State::Draft)
        .ok_or_else(|| not_found("campaign_id"))?;
    if region_id.is_some() && standing.home.is_none() {
        return Err(not_found("region_id").into());
    }
    if clinic_id.is_some() && standing.clinic_zone.is_none() {
        return Err(not_found("clinic_id").into());
    }
    let rules = db::eligibility::rules(conn, campaign_id, standing.rule_version)
        .await?
        .ok_or_else(|| not_found("campaign_id"))?;
    Ok((standing, rules))
}

/// Whether this person may book now: with their lists and doses, as a booking would be judged.
///
/// # Errors
/// `not_found` for a campaign that is not there or not public; `not_eligible` for a person who is
/// not in the register any more.
pub async fn judge_person(
    db: &Db,
    zone: Tz,
    campaign_id: CampaignId,
    person_id: PersonId,
) -> Result<Verdict> {
    let known = db::look(&db.read, async |conn| {
        let (standing, rules) = standing(conn, campaign_id, (None, None)).await?;
        let people = db::batch::people(conn, &[person_id.0], rules.needs()).await?;
        let bookings = db::batch::bookings(conn, (&[person_id.0], &[]), &[]).await?;
        Ok::<_, Error>((standing, rules, people, bookings))
    });
    let (standing, rules, mut people, bookings) = known.await?;
    let mut person = people.remove(&person_id).unwrap_or_default();
    bookings.values().for_each(|booking| person.add_dose_of(booking));
    let applicant = person.applicant(rules.course_id, rules.dose_number)?;
    let here = Local { at: standing.now, zone };
    Ok(judge(&rules, standing.state, &applicant, None, here))
}

fn not_found(field: &'static str) -> Refusal {
    Refusal { field: Some(field.into()), ..Refusal::not_found() }
}
