//! Adds a clinic.

use super::{Result, conflict::named};
use crate::{
    db::{self, Db, in_tx},
    domain::clinic::Clinic,
};

/// # Errors
/// `invalid_field` for an unknown region, a bad code or position; `already_exists` for a code that
/// is taken.
pub async fn open_clinic(db: &Db, new: db::clinic::New) -> Result<Clinic> {
    in_tx(&db.write, "open clinic", async |conn| {
        let clinic_id = db::clinic::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        let db::clinic::New { region_id, code, name, zone, address, phone, latitude, longitude } =
            new;
        Ok(Clinic { clinic_id, region_id, code, name, zone, address, phone, latitude, longitude })
    })
    .await
}
