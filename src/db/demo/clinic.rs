//! Where the demonstration takes place: regions, clinics and their slots.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, query, query_scalar};

use crate::domain::{ClinicId, RegionId, amenity::Amenities, localized::Localized};

pub struct NewRegion<'a> {
    pub code: &'a str,
    pub parent_code: Option<&'a str>,
    pub name: &'a Localized,
}

/// Adds the regions that are not there yet; answers with the ids of all, in the order given.
/// Parents must be there before: provinces in one call, districts in the next.
pub async fn insert_regions(
    conn: &mut PgConnection,
    regions: &[NewRegion<'_>],
) -> sqlx::Result<Vec<RegionId>> {
    let codes: Vec<_> = regions.iter().map(|region| region.code.to_owned()).collect();
    let parents: Vec<_> =
        regions.iter().map(|r| r.parent_code.unwrap_or_default().to_owned()).collect();
    let names: Vec<_> = regions.iter().map(|region| region.name.main.clone()).collect();
    let names_en: Vec<_> = regions.iter().map(|region| region.name.en.clone()).collect();
    query!(
        "/* demo::clinic::insert_regions */
         insert into region (parent_id, code, name, name_en)
         select p.region_id, r.code, r.name, r.name_en
         from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality
                  as r (code, parent_code, name, name_en, n)
             left join region p on p.code = r.parent_code
         order by r.n
         on conflict (code) do nothing",
        &codes,
        &parents,
        &names,
        &names_en as _,
    )
    .execute(&mut *conn)
    .await?;
    query_scalar!(
        r#"/* demo::clinic::insert_regions */ select region_id as "id: RegionId"
           from unnest($1::text[]) with ordinality as r (code, n) join region using (code)
           order by r.n"#,
        &codes,
    )
    .fetch_all(conn)
    .await
}

pub struct NewClinic<'a> {
    pub region_id: RegionId,
    pub code: &'a str,
    pub name: &'a Localized,
    pub address: &'a str,
    pub phone: &'a str,
    pub latitude: f64,
    pub longitude: f64,
    pub amenities: Amenities,
    pub directions: Option<&'a Localized>,
}

/// Adds the clinics, all in one zone; answers with their ids in the order given.
///
/// # Errors
/// The database's; `clinic_code_key` where a code is taken.
pub async fn insert_clinics(
    conn: &mut PgConnection,
    zone: &str,
    clinics: &[NewClinic<'_>],
) -> sqlx::Result<Vec<ClinicId>> {
    let text = |of: fn(&NewClinic<'_>) -> String| clinics.iter().map(of).collect::<Vec<_>>();
    let region_ids: Vec<_> = clinics.iter().map(|clinic| clinic.region_id.0).collect();
    let codes = text(|clinic| clinic.code.to_owned());
    let names_en: Vec<_> = clinics.iter().map(|clinic| clinic.name.en.clone()).collect();
    let latitudes: Vec<_> = clinics.iter().map(|clinic| clinic.latitude).collect();
    let longitudes: Vec<_> = clinics.iter().map(|clinic| clinic.longitude).collect();
    let amenities: Vec<_> =
        clinics.iter().map(|clinic| serde_json::json!(clinic.amenities)).collect();
    let directions: Vec<_> = clinics.iter().map(|c| c.directions.map(|d| d.main.clone())).collect();
    let directions_en: Vec<_> =
        clinics.iter().map(|c| c.directions.and_then(|d| d.en.clone())).collect();
    query!(
        "/* demo::clinic::insert_clinics */
         insert into clinic (region_id, code, name, name_en, zone, address, phone, latitude,
                             longitude, amenities, directions, directions_en)
         select c.region_id, c.code, c.name, c.name_en, $8, c.address, c.phone, c.latitude,
                c.longitude, jsonb_strip_nulls(c.amenities), c.directions, c.directions_en
         from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[],
                     $7::float8[], $9::text[], $10::jsonb[], $11::text[], $12::text[])
                  with ordinality
                  as c (region_id, code, name, address, phone, latitude, longitude, name_en,
                        amenities, directions, directions_en, n)
         order by c.n",
        &region_ids,
        &codes,
        &text(|clinic| clinic.name.main.clone()),
        &text(|clinic| clinic.address.to_owned()),
        &text(|clinic| clinic.phone.to_owned()),
        &latitudes,
        &longitudes,
        zone,
        &names_en as _,
        &amenities,
        &directions as _,
        &directions_en as _,
    )
    .execute(&mut *conn)
    .await?;
    query_scalar!(
        r#"/* demo::clinic::insert_clinics */ select clinic_id as "id: ClinicId"
           from unnest($1::text[]) with ordinality as c (code, n) join clinic using (code)
           order by c.n"#,
        &codes,
    )
    .fetch_all(conn)
    .await
}

/// A time window that every clinic has.
pub struct NewWindow {
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// Gives each clinic, with its number of seats, a slot in each window. They must have no slots yet.
pub async fn insert_slots(
    conn: &mut PgConnection,
    clinics: &[(ClinicId, i32)],
    windows: &[NewWindow],
) -> sqlx::Result<u64> {
    let clinic_ids: Vec<_> = clinics.iter().map(|(clinic_id, _)| clinic_id.0).collect();
    let seats: Vec<_> = clinics.iter().map(|(_, seats)| *seats).collect();
    let dates: Vec<_> = windows.iter().map(|window| window.on_date).collect();
    let starts: Vec<_> = windows.iter().map(|window| window.starts_at).collect();
    let ends: Vec<_> = windows.iter().map(|window| window.ends_at).collect();
    let done = query!(
        "/* demo::clinic::insert_slots */
         insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats)
         select (c.clinic_id::bigint << 24) | w.n, c.clinic_id, w.on_date, w.starts_at, w.ends_at,
                c.seats
         from unnest($1::int[], $2::int[]) as c (clinic_id, seats)
             cross join unnest($3::date[], $4::timestamptz[], $5::timestamptz[]) with ordinality
                 as w (on_date, starts_at, ends_at, n)
         order by 1",
        &clinic_ids,
        &seats,
        &dates,
        &starts,
        &ends,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
