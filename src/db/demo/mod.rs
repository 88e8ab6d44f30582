//! Set-wise writes of the demonstration, and the totals that it shows. They write rows in their
//! final state, which no other part of the service may do: what they write must balance with the
//! journal lines of the same transaction. The numbers of states, buckets and kinds are those of
//! `domain::campaign` and `domain::movement`.

mod campaign;
mod clinic;
mod person;
mod pool;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::CampaignId;

pub use self::{
    campaign::{
        NewCampaign, NewHistory, insert_course_and_product, insert_history, insert_open_campaign,
    },
    clinic::{NewClinic, NewRegion, NewWindow, insert_clinics, insert_regions, insert_slots},
    person::{NewPerson, copy_persons},
    pool::{NewAllocation, insert_allocations, insert_spent_pools},
};

pub async fn now(db: impl PgExecutor<'_>) -> sqlx::Result<DateTime<Utc>> {
    query_scalar!(r#"/* demo::now */ select clock_timestamp() as "now!""#).fetch_one(db).await
}

/// The demonstration's campaign.
#[derive(Clone, Copy, Debug)]
pub struct CampaignRow {
    pub campaign_id: CampaignId,
    /// False where an earlier version loaded it, whose people have one spelling each.
    pub has_english: bool,
}

pub async fn find_campaign(
    db: impl PgExecutor<'_>,
    code: &str,
) -> sqlx::Result<Option<CampaignRow>> {
    query_as!(
        CampaignRow,
        r#"/* demo::find_campaign */
           select campaign_id, name_en is not null as "has_english!"
           from campaign where code = $1"#,
        code
    )
    .fetch_optional(db)
    .await
}

/// A staff user as the demonstration shows them.
#[derive(Debug)]
pub struct StaffRow {
    pub username: String,
    pub password_hash: String,
    /// Its name, and the English one behind it; None for an administrator.
    pub clinic: Option<String>,
}

/// The active ones of these staff users, in the order given.
pub async fn list_staff(
    db: impl PgExecutor<'_>,
    usernames: &[String],
) -> sqlx::Result<Vec<StaffRow>> {
    query_as!(
        StaffRow,
        r#"/* demo::list_staff */ select u.username,
               coalesce(u.password_hash, '') as "password_hash!",
               c.name || coalesce(', ' || c.name_en, '') as "clinic?"
           from unnest($1::text[]) with ordinality as asked (username, n)
               join staff_user u using (username)
               left join clinic c using (clinic_id)
           where u.is_active
           order by asked.n"#,
        usernames,
    )
    .fetch_all(db)
    .await
}

/// What a campaign's demonstration consists of, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Persons in the register who were born in the range asked for.
    pub people: i64,
    /// Everybody else in the register.
    pub others: i64,
    pub quota: i64,
    pub granted: i64,
    /// Clinics with an allocation.
    pub clinics: i64,
    /// Districts and provinces with such a clinic.
    pub districts: i64,
    pub provinces: i64,
    pub slots: i64,
    pub seats: i64,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
}

/// Counts, at one instant.
pub async fn totals(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    (born_from, born_to): (NaiveDate, NaiveDate),
) -> sqlx::Result<Totals> {
    query_as!(
        Totals,
        r#"/* demo::totals */ with clinic_ids as materialized (
               select clinic_id, sum(granted) as granted from allocation
               where campaign_id = $1 group by clinic_id),
           site as (
               select count(*) as clinics, count(distinct c.region_id) as districts,
                      count(distinct r.parent_id) as provinces, sum(granted) as granted
               from clinic_ids join clinic c using (clinic_id) join region r using (region_id)),
           time as (
               select count(*) as slots, sum(seats) as seats
               from slot where clinic_id in (select clinic_id from clinic_ids)),
           people as (
               select count(*) filter (where birth_date between $2 and $3) as is_in,
                      count(*) as in_all
               from person)
           select people.is_in as "people!", people.in_all - people.is_in as "others!",
                  coalesce(campaign.published_quota, 0)::bigint as "quota!",
                  coalesce(site.granted, 0)::bigint as "granted!", site.clinics as "clinics!",
                  site.districts as "districts!", site.provinces as "provinces!",
                  time.slots as "slots!", coalesce(time.seats, 0) as "seats!",
                  campaign.opens_at, campaign.closes_at
           from campaign, people, site, time where campaign.campaign_id = $1"#,
        campaign_id.0,
        born_from,
        born_to,
    )
    .fetch_one(db)
    .await
}

/// Lets the planner know what was loaded. Only the owner of the tables may ask for it.
pub async fn analyze(owner: &mut PgConnection) -> sqlx::Result<()> {
    query!(
        "/* demo::analyze */
         analyze person, person_spelling, clinic, region, slot, allocation, movement, pool"
    )
    .execute(owner)
    .await
    .map(drop)
}
