//! Changes how many seats a slot has.

use super::Result;
use crate::{
    db::{self, Db, in_tx},
    domain::{Refusal, SlotId, slot::Slot},
};

/// A seat that is taken stays.
///
/// # Errors
/// `not_found`; `invalid_field` below the seats that are taken, with `taken`, or above the most.
pub async fn change_slot(db: &Db, slot_id: SlotId, seats: i32) -> Result<Slot> {
    in_tx(&db.write, "change slot", async |conn| {
        db::clinic::lock(conn, slot_id.clinic()).await?.ok_or_else(Refusal::not_found)?;
        let slot = db::slot::lock(conn, slot_id).await?.ok_or_else(Refusal::not_found)?;
        if !(slot.taken..=super::add_slots::SEATS_MAX).contains(&seats) {
            let (taken, max) = (slot.taken, super::add_slots::SEATS_MAX);
            let detail =
                format!("{taken} seats are taken: give at least that many, at most {max}.");
            return Err(Refusal::field("seats", detail).with("taken", taken).into());
        }
        db::slot::set_seats(conn, slot_id, seats).await?;
        db::catalogue::touch(conn).await?;
        Ok(Slot { seats, ..slot })
    })
    .await
}
