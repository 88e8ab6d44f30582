//! Clinics and the days on which they are closed.

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    ClinicId, RegionId,
    clinic::{Clinic, Closure},
};

/// A clinic before it has an id.
#[derive(Clone, Debug)]
pub struct New {
    pub region_id: RegionId,
    pub code: String,
    pub name: String,
    pub zone: Tz,
    pub address: String,
    pub phone: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

struct Row {
    clinic_id: i32,
    region_id: i32,
    code: String,
    name: String,
    zone: String,
    address: String,
    phone: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl TryFrom<Row> for Clinic {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        Ok(Self {
            clinic_id: row.clinic_id.into(),
            region_id: row.region_id.into(),
            code: row.code,
            name: row.name,
            zone: zone(&row.zone)?,
            address: row.address,
            phone: row.phone,
            latitude: row.latitude,
            longitude: row.longitude,
        })
    }
}

/// A zone as it is kept: by its IANA name.
///
/// # Errors
/// `ColumnDecode` for a name that this program's time zone data does not have.
pub fn zone(name: &str) -> sqlx::Result<Tz> {
    name.parse().map_err(|error: chrono_tz::ParseError| sqlx::Error::ColumnDecode {
        index: "zone".to_owned(),
        source: error.to_string().into(),
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
        "/* clinic::list */
         select clinic_id, region_id, code, name, zone, address, phone, latitude, longitude
         from clinic where clinic_id > $1 order by clinic_id limit $2",
        after.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Clinic::try_from).collect()
}

pub async fn find(db: impl PgExecutor<'_>, clinic_id: ClinicId) -> sqlx::Result<Option<Clinic>> {
    let row = query_as!(
        Row,
        "/* clinic::find */
         select clinic_id, region_id, code, name, zone, address, phone, latitude, longitude
         from clinic where clinic_id = $1",
        clinic_id.0,
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
pub async fn insert(conn: &mut PgConnection, new: &New) -> sqlx::Result<ClinicId> {
    query_scalar!(
        r#"/* clinic::insert */
           insert into clinic (region_id, code, name, zone, address, phone, latitude, longitude)
           values ($1, $2, $3, $4, $5, $6, $7, $8) returning clinic_id as "id: ClinicId""#,
        new.region_id.0,
        new.code,
        new.name,
        new.zone.name(),
        new.address,
        new.phone,
        new.latitude,
        new.longitude,
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
         update clinic set region_id = $2, name = $3, zone = $4, address = $5, phone = $6,
             latitude = $7, longitude = $8
         where clinic_id = $1",
        clinic.clinic_id.0,
        clinic.region_id.0,
        clinic.name,
        clinic.zone.name(),
        clinic.address,
        clinic.phone,
        clinic.latitude,
        clinic.longitude,
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
    query_as!(
        Closure,
        "/* clinic::list_closures */ select clinic_id, on_date, reason from clinic_closure
         where clinic_id = $1 and on_date >= $2 order by on_date limit $3",
        clinic_id.0,
        from,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Closes a day, or gives a closed one another reason.
///
/// # Errors
/// The database's; the closure's named constraints.
pub async fn set_closure(conn: &mut PgConnection, closure: &Closure) -> sqlx::Result<()> {
    query!(
        "/* clinic::set_closure */
         insert into clinic_closure (clinic_id, on_date, reason) values ($1, $2, $3)
         on conflict (clinic_id, on_date) do update set reason = excluded.reason",
        closure.clinic_id.0,
        closure.on_date,
        closure.reason,
    )
    .execute(conn)
    .await
    .map(drop)
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
