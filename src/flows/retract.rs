//! Takes doses back from an allocation: those that nobody was promised, and no other.

use sqlx::PgConnection;

use super::{Error, Result, grant::Amount, receive_doses::moved_meanwhile};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        AllocationId, Refusal,
        grant::{Grant, Shortfall},
        movement::{Cause, Vials},
        supply_history::Event,
    },
};

/// A refusal lists no more bookings than this.
const LISTED_MAX: i32 = 100;

/// # Errors
/// `not_found`; `not_whole_vials`; `wrong_state` for another `if_granted`; `promised_doses` beyond
/// what is open, with `open`, `promised`, `displaced` and `displaced_booking_ids`.
pub async fn retract(
    db: &Db,
    allocation_id: AllocationId,
    amount: Amount,
    cause: &Cause,
) -> Result<Grant> {
    in_tx(&db.write, "retract", async |conn| {
        let found = db::allocation::find(&mut *conn, allocation_id).await?;
        let found = found.ok_or_else(Refusal::not_found)?;
        db::campaign::lock(conn, found.campaign_id).await?;
        let grant = db::allocation::lock(conn, allocation_id).await?;
        let mut grant = grant.ok_or_else(Refusal::not_found)?;
        let vial = db::product::doses_per_vial(&mut *conn, grant.product_id).await?;
        let vials = Vials::new(amount.doses, vial)?;
        if amount.if_granted.is_some_and(|seen| seen != grant.granted) {
            return Err(moved_meanwhile("granted", grant.granted).into());
        }
        if let Some(shortfall) = grant.shortfall(vials) {
            return Err(displacing(conn, &grant, shortfall).await?);
        }
        let mut pool =
            db::pool::lock(conn, &[grant.pool_id]).await?.pop().ok_or_else(Refusal::not_found)?;
        let movement = grant.retract(&mut pool, vials, cause)?;
        db::allocation::set_granted(conn, &grant).await?;
        db::pool::set(conn, &pool).await?;
        db::movement::insert(conn, &movement).await?;
        let (id, doses) = (grant.campaign_id, Some(-vials.doses()));
        db::supply_history::insert(conn, id, Event::Retracted, doses, &cause.reason).await?;
        db::catalogue::touch(conn).await?;
        Ok(grant)
    })
    .await
}

/// The refusal with the bookings that would be displaced: the latest first.
async fn displacing(conn: &mut PgConnection, grant: &Grant, shortfall: Shortfall) -> Result<Error> {
    let limit = i64::from(shortfall.displaced.min(LISTED_MAX));
    let ids = db::allocation::latest_bookings(conn, grant, limit).await?;
    let ids: Vec<_> = ids.into_iter().map(|id| id.to_string()).collect();
    Ok(Refusal::from(shortfall).with("displaced_booking_ids", ids).into())
}
