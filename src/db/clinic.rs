//! Clinics and the days on which they are closed.

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar, types::Json};

use crate::domain::{
    ClinicId, RegionId,
    amenity::Amenities,
    calendar::zone_named,
    clinic::{Clinic, Closure, Directions, NewClinic},
    localized::Localized,
};

struct Row {
    clinic_id: i32,
    region_id: i32,
    code: String,
    name: String,
    name_ko: Option<String>,
    name_en: Option<String>,
    zone: String,
    address: String,
    phone: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    amenities: Json<Amenities>,
    directions: Option<String>,
    directions_ko: Option<String>,
    directions_en: Option<String>,
}

impl TryFrom<Row> for Clinic {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        Ok(Self {
            clinic_id: row.clinic_id.into(),
            region_id: row.region_id.into(),
            code: row.code,
            name: Localized::new(row.name, row.name_ko, row.name_en),
            zone: zone(&row.zone)?,
            address: row.address,
            phone: row.phone,
            latitude: row.latitude,
            longitude: row.longitude,
            amenities: row.amenities.0,
            directions: Directions {
                main: row.directions,
                ko: row.directions_ko,
                en: row.directions_en,
            },
        })
    }
}

/// A zone as it is kept: by its IANA name.
///
/// # Errors
/// `ColumnDecode` for a name that this program's time zone data does not have.
pub fn zone(name: &str) -> sqlx::Result<Tz> {
    zone_named(name).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: "zone".to_owned(),
        source: format!("{name} is no time zone that this program knows").into(),
    })
}

/// Those after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: ClinicId,
    limit: i64,
) -> sqlx::Result<Vec<Clinic>> {
    let rows = query_as!(
        Row,
        r#"/* clinic::list */
           select clinic_id, region_id, code, name, name_ko, name_en, zone, address, phone,
               latitude, longitude, amenities as "amenities: Json<Amenities>", directions,
               directions_ko, directions_en
           from clinic where clinic_id > $1 order by clinic_id limit $2"#,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Clinic::try_from).collect()
}

/// A clinic, not locked.
pub async fn find(db: impl PgExecutor<'_>, clinic_id: ClinicId) -> sqlx::Result<Option<Clinic>> {
    let row = query_as!(
        Row,
        r#"/* clinic::find */
           select clinic_id, region_id, code, name, name_ko, name_en, zone, address, phone,
               latitude, longitude, amenities as "amenities: Json<Amenities>", directions,
               directions_ko, directions_en
           from clinic where clinic_id = $1"#,
        clinic_id.0,
    )
    .fetch_optional(db)
    .await?;
    row.map(Clinic::try_from).transpose()
}

/// The clinic that has this code.
pub async fn find_by_code(db: impl PgExecutor<'_>, code: &str) -> sqlx::Result<Option<Clinic>> {
    let row = query_as!(
        Row,
        r#"/* clinic::find_by_code */
           select clinic_id, region_id, code, name, name_ko, name_en, zone, address, phone,
               latitude, longitude, amenities as "amenities: Json<Amenities>", directions,
               directions_ko, directions_en
           from clinic where code = $1"#,
        code,
    )
    .fetch_optional(db)
    .await?;
    row.map(Clinic::try_from).transpose()
}

/// Locks a clinic: only one transaction at a time numbers its slots and allocations or closes its
/// days. Bookings do not wait for it.
pub async fn lock(conn: &mut PgConnection, clinic_id: ClinicId) -> sqlx::Result<Option<Clinic>> {
    query!(
        "/* clinic::lock */
         select from clinic where clinic_id = $1 for no key update",
        clinic_id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    find(conn, clinic_id).await
}

/// # Errors
/// The database's; the clinic's named constraints.
pub async fn insert(conn: &mut PgConnection, new: &NewClinic) -> sqlx::Result<ClinicId> {
    query_scalar!(
        r#"/* clinic::insert */
           insert into clinic (region_id, code, name, name_ko, name_en, zone, address, phone,
               latitude, longitude, amenities, directions, directions_ko, directions_en)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, jsonb_strip_nulls($11), $12, $13, $14)
           returning clinic_id as "id: ClinicId""#,
        new.region_id.0,
        new.code,
        new.name.main,
        new.name.ko,
        new.name.en,
        new.zone.name(),
        new.address,
        new.phone,
        new.latitude,
        new.longitude,
        Json(new.amenities) as _,
        new.directions.main,
        new.directions.ko,
        new.directions.en,
    )
    .fetch_one(conn)
    .await
}

/// Writes everything but the code.
///
/// # Errors
/// The database's; the clinic's named constraints.
pub async fn set(conn: &mut PgConnection, clinic: &Clinic) -> sqlx::Result<()> {
    query!(
        "/* clinic::set */
         update clinic set region_id = $2, name = $3, name_ko = $4, name_en = $5, zone = $6,
             address = $7, phone = $8, latitude = $9, longitude = $10,
             amenities = jsonb_strip_nulls($11), directions = $12, directions_ko = $13,
             directions_en = $14
         where clinic_id = $1",
        clinic.clinic_id.0,
        clinic.region_id.0,
        clinic.name.main,
        clinic.name.ko,
        clinic.name.en,
        clinic.zone.name(),
        clinic.address,
        clinic.phone,
        clinic.latitude,
        clinic.longitude,
        Json(clinic.amenities) as _,
        clinic.directions.main,
        clinic.directions.ko,
        clinic.directions.en,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The closed days from `from` on, in order.
pub async fn list_closures(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    from: NaiveDate,
    limit: i64,
) -> sqlx::Result<Vec<Closure>> {
    let rows = query!(
        "/* clinic::list_closures */
         select clinic_id, on_date, reason, reason_ko, reason_en from clinic_closure
         where clinic_id = $1 and on_date >= $2 order by on_date limit $3",
        clinic_id.0,
        from,
        limit,
    );
    rows.map(|row| Closure {
        clinic_id: row.clinic_id.into(),
        on_date: row.on_date,
        reason: Localized::new(row.reason, row.reason_ko, row.reason_en),
    })
    .fetch_all(db)
    .await
}

/// Opens a closed day; says whether it was closed before.
pub async fn delete_closure(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    on_date: NaiveDate,
) -> sqlx::Result<bool> {
    let done = query!(
        "/* clinic::delete_closure */
         delete from clinic_closure where clinic_id = $1 and on_date = $2",
        clinic_id.0,
        on_date,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Clinics of a region and of those in it, by id; none where there is no such region.
pub async fn list_of_region(
    db: impl PgExecutor<'_>,
    region_id: RegionId,
    limit: i64,
) -> sqlx::Result<Option<Vec<ClinicId>>> {
    let row = query!(
        r#"/* clinic::list_of_region */
           select exists (select from region where region_id = $1) as "is_there!",
               array(select clinic_id from clinic join region using (region_id)
                   where region_id = $1 or parent_id = $1
                   order by clinic_id limit $2) as "clinics!""#,
        region_id.0,
        limit,
    )
    .fetch_one(db)
    .await?;
    Ok(row.is_there.then(|| row.clinics.into_iter().map(ClinicId).collect()))
}
