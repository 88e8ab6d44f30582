//! The rules of a campaign as one value, and the rows that a public eligibility question needs.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::{PgConnection, PgExecutor, query, query_as};

use super::{clinic::zone, cohort, product, tranche};
use crate::domain::{
    CampaignId, ClinicId, CourseId, PersonId, ProductId, RegionId, RosterId,
    applicant::{Applicant, DoseHeld},
    birth_date::{BirthDate, Precision},
    booking,
    campaign::State,
    cohort::{Cohort, Home},
    localized::Localized,
    person_state::{Access, PersonState},
    product::Product,
    rule_set::{Needs, Rules},
    tranche::Tranche,
};

/// The rules of a campaign: cohorts and tranches as of `version`, window and products as they are
/// now, because older versions of those are not kept. None if there is no such campaign.
///
/// # Errors
/// The database's; `ColumnDecode` for a zone that no clock knows.
pub async fn rules(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Option<Rules>> {
    let campaign = query!(
        "/* eligibility::rules */
         select course_id, dose_number, opens_at, closes_at, cancel_until_hours,
             bookings_per_day, zone
         from campaign where campaign_id = $1",
        campaign_id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(campaign) = campaign else { return Ok(None) };
    Ok(Some(Rules {
        campaign_id,
        version,
        course_id: campaign.course_id.into(),
        dose_number: campaign.dose_number,
        opens_at: campaign.opens_at,
        closes_at: campaign.closes_at,
        cancel_until_hours: campaign.cancel_until_hours,
        bookings_per_day: campaign.bookings_per_day,
        zone: zone(&campaign.zone)?,
        cohorts: cohorts(&mut *conn, campaign_id, version).await?,
        tranches: tranches(&mut *conn, campaign_id, version).await?,
        products: products(conn, campaign_id).await?,
    }))
}

/// The present state of what a public eligibility question names.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The database's time, by which a booking would be judged.
    pub now: DateTime<Utc>,
    pub state: State,
    pub rule_version: i32,
    /// None for a region that is not there, or not named.
    pub home: Option<Home>,
    /// The clinic's zone; none for a clinic that is not there, or not named.
    pub clinic_zone: Option<Tz>,
}

/// The campaign's state beside the region and the clinic. None if there is no such campaign.
///
/// # Errors
/// The database's; `ColumnDecode` for a zone that no clock knows.
pub async fn find(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    region_id: Option<RegionId>,
    clinic_id: Option<ClinicId>,
) -> sqlx::Result<Option<Standing>> {
    let row = query!(
        r#"/* eligibility::find */
           select clock_timestamp() as "now!", campaign.state, campaign.rule_version,
               region.region_id as "region_id?", region.parent_id, clinic.zone as "clinic_zone?"
           from campaign
           left join region on region.region_id = $2
           left join clinic on clinic.clinic_id = $3
           where campaign_id = $1"#,
        campaign_id.0,
        region_id.map(|id| id.0),
        clinic_id.map(|id| id.0),
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let province_id = row.parent_id.map(RegionId);
    Ok(Some(Standing {
        now: row.now,
        state: State::try_from(row.state).map_err(|error| sqlx::Error::Decode(error.into()))?,
        rule_version: row.rule_version,
        home: row.region_id.map(|id| Home { region_id: RegionId(id), province_id }),
        clinic_zone: row.clinic_zone.as_deref().map(zone).transpose()?,
    }))
}

/// A person, as far as the question "may I book?" goes.
#[derive(Clone, Debug)]
pub struct Asker {
    pub name: Localized,
    pub state: PersonState,
}

/// What a booking would read of the person in several statements, in one. None if the register does
/// not have them.
///
/// # Errors
/// The database's; `Decode` for a state that there is not.
pub async fn asker(
    db: impl PgExecutor<'_>,
    person_id: PersonId,
    needs: Needs,
) -> sqlx::Result<Option<Asker>> {
    let rows = query_as!(
        AskerRow,
        r#"/* eligibility::asker */
           select p.name, ko.name as "name_ko?", en.name as "name_en?", p.birth_date,
               p.birth_precision, p.region_id, p.is_limited,
               p.merged_into is not null or p.mark is not null as "is_closed!",
               p.sealed_at is not null as "is_sealed!",
               (select r.parent_id from region r where $2 and r.region_id = p.region_id)
                   as parent_id,
               array(select m.roster_id from roster_member m
                   where $3 and m.person_id = p.person_id) as "rosters!",
               had.course_id as "course_id?", had.dose_number as "dose_number?",
               had.product_id as "product_id?", had.on_date as "on_date?", had.state as "state?",
               had.not_given as "not_given?", had.reason as "reason?", had.had_on as "had_on?",
               had.until as "until?"
           from person p
           left join person_spelling ko on ko.person_id = p.person_id and ko.language = 'ko'
           left join person_spelling en on en.person_id = p.person_id and en.language = 'en'
           left join lateral (
               select b.course_id, b.dose_number, b.product_id, s.on_date, b.state, b.not_given,
                   null::smallint as reason, null::date as had_on, null::date as until
               from booking b join slot s using (slot_id)
               where b.person_id = p.person_id and b.state in (1, 2, 5)
               union all
               select e.course_id, e.dose_number, null,
                   coalesce(s.on_date, (e.at at time zone 'Etc/GMT-14')::date), null, null,
                   e.reason, e.had_on, e.until
               from exclusion e
               left join booking b on b.booking_id = e.booking_id
               left join slot s on s.slot_id = b.slot_id
               where p.is_excluded and e.person_id = p.person_id and e.lifted_at is null
           ) had on true
           where p.person_id = $1"#,
        person_id.0,
        needs.province,
        needs.rosters,
    );
    asker_of(person_id, &rows.fetch_all(db).await?)
}

/// A person beside one of the doses that they have or of the things that clinics have found; alone
/// where there are none.
struct AskerRow {
    name: String,
    name_ko: Option<String>,
    name_en: Option<String>,
    birth_date: NaiveDate,
    birth_precision: i16,
    region_id: i32,
    parent_id: Option<i32>,
    rosters: Vec<i32>,
    is_limited: bool,
    is_closed: bool,
    is_sealed: bool,
    course_id: Option<i32>,
    dose_number: Option<i16>,
    /// Of a dose, or of what was found.
    on_date: Option<NaiveDate>,
    product_id: Option<i32>,
    state: Option<i16>,
    not_given: Option<i16>,
    /// None of a dose.
    reason: Option<i16>,
    had_on: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

fn asker_of(person_id: PersonId, rows: &[AskerRow]) -> sqlx::Result<Option<Asker>> {
    let Some(first) = rows.first() else { return Ok(None) };
    let name = Localized::new(first.name.clone(), first.name_ko.clone(), first.name_en.clone());
    let applicant = Applicant {
        person_id,
        birth_date: BirthDate::kept(first.birth_date, Precision::numbered(first.birth_precision)),
        region_id: RegionId(first.region_id),
        province_id: first.parent_id.map(RegionId),
        rosters: first.rosters.iter().copied().map(RosterId).collect(),
        doses: Vec::new(),
        is_excluded: false,
        deferred_until: None,
    };
    let access = Access::of(first.is_closed, first.is_sealed);
    let (applicant, is_limited) = (Some(applicant), first.is_limited);
    let mut state = PersonState { applicant, access, is_limited, ..PersonState::default() };
    for row in rows {
        let had = row.course_id.zip(row.dose_number).zip(row.on_date);
        let Some(((course_id, dose_number), on_date)) = had else { continue };
        let course_id = CourseId(course_id);
        match (row.reason, row.state) {
            (Some(reason), _) => {
                let days = (row.had_on, on_date);
                let found = super::exclusion::found((reason, dose_number), days, row.until);
                state.add_exclusion(course_id, found);
            }
            (None, Some(number)) => {
                let kept = booking::State::try_from(number);
                let kept = kept.map_err(|error| sqlx::Error::Decode(error.into()))?;
                let is_given = kept == booking::State::Given && row.not_given.is_none();
                let product_id = row.product_id.map(ProductId);
                let dose = DoseHeld { dose_number, product_id, on_date, is_given };
                state.doses.push((course_id, dose));
            }
            (None, None) => {}
        }
    }
    Ok(Some(Asker { name, state }))
}

async fn cohorts(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Vec<Cohort>> {
    let rows = query_as!(
        cohort::Row,
        "/* eligibility::cohorts */
         select cohort_id, name, name_ko, name_en, born_from, born_to, roster_id, region_id
         from cohort
         where campaign_id = $1 and since_version <= $2
             and (until_version is null or until_version > $2)
         order by cohort_id",
        campaign_id.0,
        version,
    );
    rows.map(Cohort::from).fetch_all(conn).await
}

async fn tranches(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    version: i32,
) -> sqlx::Result<Vec<Tranche>> {
    let rows = query_as!(
        tranche::Row,
        r#"/* eligibility::tranches */
         select tranche_id as "tranche_id!", name as "name!", name_ko, name_en,
             birth_day_digits as "birth_day_digits!",
             opens_at as "opens_at!"
         from (
             select tranche_id, name, name_ko, name_en, birth_day_digits, opens_at,
                 since_version, until_version
             from tranche where campaign_id = $1
             union all
             select t.tranche_id, t.name, t.name_ko, t.name_en, f.birth_day_digits, f.opens_at,
                 f.since_version, f.until_version
             from tranche t join tranche_time f using (tranche_id) where t.campaign_id = $1
         ) one
         where since_version <= $2 and (until_version is null or until_version > $2)
         order by opens_at, tranche_id"#,
        campaign_id.0,
        version,
    );
    rows.map(Tranche::from).fetch_all(conn).await
}

async fn products(conn: &mut PgConnection, campaign_id: CampaignId) -> sqlx::Result<Vec<Product>> {
    let rows = query_as!(
        product::Row,
        "/* eligibility::products */
         select product_id, code_system, code, name, name_ko, name_en, doses_per_vial,
             age_months_min, age_months_max, doses_in_series, interval_days_min
         from campaign_product join product using (product_id)
         where campaign_id = $1
         order by product_id",
        campaign_id.0,
    );
    rows.map(Product::from).fetch_all(conn).await
}
