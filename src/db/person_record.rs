//! Persons of the register as administrators see and correct them.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar, types::Json};

use super::booking::{Row as BookingRow, booking_of};
use crate::domain::{
    BookingId, PersonId, RegionId,
    birth_date::{BirthDate, Precision},
    booking::{Booking, State},
    channel::Channel,
    language::Language,
    localized::Localized,
    mark::Mark,
    person::Keyed,
    person_key::{FOLD, Match},
    person_record::{Named, OnRoster, Record},
};

/// Of so many people who were born on one day one is looked for: a nation of 51 million has some
/// two thousand born on each.
const BORN_MAX: i64 = 20_000;

/// Whether the register has anybody.
pub async fn is_any(db: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    query_scalar!(r#"/* person_record::is_any */ select exists (select from person) as "is_any!""#)
        .fetch_one(db)
        .await
}

struct Row {
    person_id: PersonId,
    name: String,
    name_ko: Option<String>,
    name_en: Option<String>,
    birth_date: NaiveDate,
    birth_precision: i16,
    phone: String,
    code_key: Option<Vec<u8>>,
    email: Option<String>,
    language: Option<String>,
    region_id: RegionId,
    region_name: String,
    region_name_ko: Option<String>,
    region_name_en: Option<String>,
    mark: Option<String>,
    merged_into: Option<PersonId>,
    took_in: Vec<i64>,
    rosters: Json<Vec<RosterRow>>,
}

#[derive(serde::Deserialize)]
struct RosterRow {
    roster_id: i32,
    code: String,
    name: String,
}

impl From<Row> for Record {
    fn from(row: Row) -> Self {
        let on = |roster: RosterRow| OnRoster {
            roster_id: roster.roster_id.into(),
            code: roster.code,
            name: roster.name,
        };
        Self {
            person_id: row.person_id,
            name: row.name,
            name_ko: row.name_ko,
            name_en: row.name_en,
            birth_date: BirthDate::kept(row.birth_date, Precision::numbered(row.birth_precision)),
            phone: row.phone,
            code_key: row.code_key.and_then(|key| key.try_into().ok()),
            email: row.email,
            language: row.language.as_deref().and_then(Language::tagged),
            region_id: row.region_id,
            region_name: Localized::new(row.region_name, row.region_name_ko, row.region_name_en),
            mark: row.mark.as_deref().and_then(Mark::named),
            merged_into: row.merged_into,
            took_in: row.took_in.into_iter().map(PersonId).collect(),
            rosters: row.rosters.0.into_iter().map(on).collect(),
        }
    }
}

/// These persons, by id.
pub async fn list(db: impl PgExecutor<'_>, person_ids: &[PersonId]) -> sqlx::Result<Vec<Record>> {
    let ids: Vec<_> = person_ids.iter().map(|id| id.0).collect();
    let rows = query_as!(
        Row,
        r#"/* person_record::list */ select p.person_id as "person_id: PersonId", p.name,
               ko.name as "name_ko?", en.name as "name_en?", p.birth_date,
               p.birth_precision, p.phone, p.person_code_key as code_key, p.email,
               p.language, p.region_id as "region_id: RegionId", r.name as region_name,
               r.name_ko as region_name_ko, r.name_en as region_name_en, p.mark,
               p.merged_into as "merged_into: PersonId",
               array(select t.person_id from person t where t.merged_into = p.person_id
                   order by 1) as "took_in!",
               (select coalesce(json_agg(json_build_object('roster_id', o.roster_id,
                       'code', o.code, 'name', o.name) order by o.roster_id), '[]')
                   from roster_member m join roster o using (roster_id)
                   where m.person_id = p.person_id) as "rosters!: Json<Vec<RosterRow>>"
           from person p join region r using (region_id)
               left join person_spelling ko on ko.person_id = p.person_id and ko.language = 'ko'
               left join person_spelling en on en.person_id = p.person_id and en.language = 'en'
           where p.person_id = any($1) order by p.person_id"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Record::from).collect())
}

/// A person and whoever turned out to be them.
pub async fn find(db: impl PgExecutor<'_>, person_id: PersonId) -> sqlx::Result<Option<Record>> {
    Ok(list(db, &[person_id]).await?.pop())
}

/// Locks a person, and whoever turned out to be them, by id.
pub async fn lock(conn: &mut PgConnection, person_id: PersonId) -> sqlx::Result<()> {
    query!(
        "/* person_record::lock */ select person_id from person
         where person_id = $1 or merged_into = $1 order by person_id for update",
        person_id.0,
    )
    .fetch_all(conn)
    .await
    .map(drop)
}

/// The names of everybody who was born on this day, or may have been as far as the register knows,
/// each under the person whom they turned out to be.
pub async fn list_born_on(
    db: impl PgExecutor<'_>,
    birth_date: BirthDate,
) -> sqlx::Result<Vec<Named>> {
    let [month, year] = birth_date.vaguer().map(BirthDate::date);
    let day = birth_date.date();
    let rows = query!(
        r#"/* person_record::list_born_on */
           select coalesce(p.merged_into, p.person_id) as "person_id!: PersonId",
               array(select p.name union all
                   select s.name from person_spelling s where s.person_id = p.person_id)
                   as "names!: Vec<String>"
           from person p
           where p.birth_date = any($1) and (p.birth_precision = 3 and p.birth_date = $3
               or p.birth_precision = 2 and p.birth_date = $4
               or p.birth_precision = 1 and p.birth_date = $5)
           limit $2"#,
        &[day, month, year],
        BORN_MAX,
        day,
        month,
        year,
    )
    .fetch_all(db)
    .await?;
    let named = rows.into_iter().map(|row| Named { person_id: row.person_id, names: row.names });
    Ok(named.collect())
}

/// Every booking, ended or not, of everybody who was born on this day, or turned out to be somebody
/// else and was thought to be. The `offset` keeps the planner to the indexes of persons' bookings.
pub async fn list_booked_by_born_on(
    db: impl PgExecutor<'_>,
    birth_date: BirthDate,
) -> sqlx::Result<Vec<(BookingId, PersonId)>> {
    let [month, year] = birth_date.vaguer().map(BirthDate::date);
    let day = birth_date.date();
    let row = query!(
        "/* person_record::list_booked_by_born_on */
         with born as materialized (
             select distinct coalesce(merged_into, person_id) as person_id
             from person
             where birth_date = any($1) and (birth_precision = 3 and birth_date = $3
                 or birth_precision = 2 and birth_date = $4
                 or birth_precision = 1 and birth_date = $5)
             limit $2)
         select array_agg(b.booking_id) as booking_ids, array_agg(person_id) as person_ids
         from born cross join lateral (
             select booking_id from booking
             where person_id = born.person_id and state in (1, 2, 5)
             union all
             select booking_id from booking
             where person_id = born.person_id and state in (3, 4)
             offset 0) b",
        &[day, month, year],
        BORN_MAX,
        day,
        month,
        year,
    )
    .fetch_one(db)
    .await?;
    let ids = row.booking_ids.unwrap_or_default().into_iter().map(BookingId);
    Ok(ids.zip(row.person_ids.unwrap_or_default().into_iter().map(PersonId)).collect())
}

/// Whose bookings these are.
pub async fn list_holders(
    db: impl PgExecutor<'_>,
    booking_ids: &[BookingId],
) -> sqlx::Result<Vec<PersonId>> {
    let ids: Vec<_> = booking_ids.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"/* person_record::list_holders */
           select distinct person_id as "person_id: PersonId" from booking
           where booking_id = any($1)"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| row.person_id).collect())
}

/// The live bookings of these persons, by time.
pub async fn list_live_bookings(
    db: impl PgExecutor<'_>,
    person_ids: &[PersonId],
) -> sqlx::Result<Vec<Booking>> {
    let ids: Vec<_> = person_ids.iter().map(|id| id.0).collect();
    let rows = query_as!(
        BookingRow,
        r#"/* person_record::list_live_bookings */ select b.booking_id, b.person_id, b.campaign_id,
             b.product_id, b.course_id, b.dose_number, b.state, b.slot_id, b.allocation_id,
             b.rule_version, b.booked_at, b.ended_at, s.on_date, s.starts_at, s.ends_at,
             b.channel as "channel: Channel", b.arrived_at, b.not_given
         from booking b join slot s using (slot_id)
         where b.person_id = any($1) and b.state in (1, 2, 5)
         order by s.starts_at, b.booking_id"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(booking_of).collect()
}

/// Those of the live bookings whose persons are still to come, at this instant of the database's.
pub fn are_to_come(bookings: Vec<Booking>, now: DateTime<Utc>) -> Vec<Booking> {
    let is_to_come = |one: &Booking| State::PROMISED.contains(&one.state) && one.starts_at > now;
    bookings.into_iter().filter(is_to_come).collect()
}

/// The database's time.
pub async fn now(db: impl PgExecutor<'_>) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar!(r#"/* person_record::now */ select clock_timestamp() as "now!""#)
        .fetch_one(db)
        .await
}

/// The person whom the register's own code means.
pub async fn find_coded(
    db: impl PgExecutor<'_>,
    code_key: &Match,
) -> sqlx::Result<Option<PersonId>> {
    sqlx::query_scalar!(
        r#"/* person_record::find_coded */
           select coalesce(merged_into, person_id) as "person_id!: PersonId" from person
           where person_code_key = $1"#,
        code_key.as_slice(),
    )
    .fetch_optional(db)
    .await
}

/// Somebody else who has one of these keys, or the code; whoever turned out to be this person is
/// this person.
pub async fn find_holder(
    db: impl PgExecutor<'_>,
    person_id: PersonId,
    keys: &[Match],
    code_key: Option<&Match>,
) -> sqlx::Result<Option<PersonId>> {
    let keys: Vec<_> = keys.iter().map(|key| key.to_vec()).collect();
    sqlx::query_scalar!(
        r#"/* person_record::find_holder */
           select holder as "holder!: PersonId" from (
               select coalesce(p.merged_into, p.person_id) as holder from person p
               where p.match_key = any($2)
               union all
               select coalesce(merged_into, person_id) from person where person_code_key = $3
               union all
               select coalesce(p.merged_into, p.person_id)
               from person_spelling s join person p using (person_id)
               where s.match_key = any($2)) held
           where holder <> $1 limit 1"#,
        person_id.0,
        &keys,
        code_key.map(Match::as_slice),
    )
    .fetch_optional(db)
    .await
}

/// What a person is after a correction.
pub struct Corrected<'a> {
    pub keyed: &'a Keyed,
    pub code_key: Option<&'a Match>,
    pub birth_date: BirthDate,
    /// Empty for somebody without one.
    pub phone: &'a str,
    pub email: Option<&'a str>,
    pub language: Option<Language>,
    pub region_id: RegionId,
}

/// Writes a correction, with the keys that follow from it. Whoever turned out to be this person
/// gives up a key or code that is this person's own from here on.
///
/// # Errors
/// `person_match_key`, `person_code_key` or `person_spelling_key` where somebody else was faster;
/// `person_region_id_fkey`.
pub async fn update(
    conn: &mut PgConnection,
    person_id: PersonId,
    corrected: &Corrected<'_>,
) -> sqlx::Result<()> {
    let Keyed { name, match_key, name_key, spellings, .. } = corrected.keyed;
    let keys: Vec<_> = spellings.iter().map(|one| one.match_key.to_vec()).collect();
    let languages: Vec<_> = spellings.iter().map(|one| one.language.tag().to_owned()).collect();
    let names: Vec<_> = spellings.iter().map(|one| one.name.clone()).collect();
    query!(
        "/* person_record::update */
         delete from person_spelling s using person p
         where p.person_id = s.person_id and (p.person_id = $1
             or p.merged_into = $1 and s.match_key = any(array[$2::bytea] || $3::bytea[]))",
        person_id.0,
        match_key.as_slice(),
        &keys,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* person_record::update */
         update person set
             match_key = case when match_key = any(array[$2::bytea] || $3::bytea[])
                 then uuid_send(gen_random_uuid()) else match_key end,
             fold = case when match_key = any(array[$2::bytea] || $3::bytea[])
                 then 0 else fold end,
             person_code_key = nullif(person_code_key, $4)
         where merged_into = $1
             and (match_key = any(array[$2::bytea] || $3::bytea[]) or person_code_key = $4)",
        person_id.0,
        match_key.as_slice(),
        &keys,
        corrected.code_key.map(Match::as_slice),
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* person_record::update */ with spelled as (
             insert into person_spelling (match_key, person_id, language, name)
             select s.match_key, $1, s.language, s.name
             from unnest($9::bytea[], $10::text[], $11::text[]) as s (match_key, language, name))
         update person set match_key = $2, name = $3, birth_date = $4, phone = $5, email = $6,
             language = $7, region_id = $8, birth_precision = $12, person_code_key = $13,
             name_key = encode($14::bytea, 'hex')::uuid, fold = $15
         where person_id = $1",
        person_id.0,
        match_key.as_slice(),
        name,
        corrected.birth_date.date(),
        corrected.phone,
        corrected.email,
        corrected.language.map(Language::tag),
        corrected.region_id.0,
        &keys,
        &languages,
        &names,
        corrected.birth_date.precision().number(),
        corrected.code_key.map(Match::as_slice),
        name_key.as_slice(),
        FOLD,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes why a person neither signs in nor books, or that they do again.
pub async fn set_mark(
    conn: &mut PgConnection,
    person_id: PersonId,
    mark: Option<Mark>,
) -> sqlx::Result<()> {
    query!(
        "/* person_record::set_mark */ update person set mark = $2 where person_id = $1",
        person_id.0,
        mark.map(Mark::word),
    )
    .execute(conn)
    .await
    .map(drop)
}
