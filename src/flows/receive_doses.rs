//! Takes a delivery into the nation's pool. Where the campaign is public, its quota rises with it.

use super::{Result, change_campaign::lock_unless_closed};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Code, PoolId, Refusal,
        movement::{Cause, Vials},
        pool::Pool,
        supply_history::Event,
    },
};

/// `if_received` is what the caller saw the pool to have received: a delivery that is sent twice is
/// taken once.
///
/// # Errors
/// `not_found`; `wrong_state` for a closed campaign or another `if_received`; `not_whole_vials`;
/// `invalid_field` for a pool that is not the nation's and for impossible doses.
pub async fn receive_doses(
    db: &Db,
    pool_id: PoolId,
    doses: i32,
    if_received: Option<i32>,
    cause: &Cause,
) -> Result<Pool> {
    in_tx(&db.write, "receive doses", async |conn| {
        let pool = db::pool::find(&mut *conn, pool_id).await?.ok_or_else(Refusal::not_found)?;
        let mut campaign = lock_unless_closed(conn, pool.campaign_id).await?;
        let vials =
            Vials::new(doses, db::product::doses_per_vial(&mut *conn, pool.product_id).await?)?;
        let mut pools = db::pool::lock(conn, &[pool_id]).await?;
        let mut pool = pools.pop().ok_or_else(Refusal::not_found)?;
        if if_received.is_some_and(|seen| seen != pool.received) {
            return Err(moved_meanwhile("received", pool.received).into());
        }
        let movement = pool.receive(vials, cause)?;
        db::pool::set(conn, &pool).await?;
        db::movement::insert(conn, &movement).await?;
        if let Some(quota) = campaign.published_quota {
            let raised = quota.checked_add(vials.doses()).ok_or_else(too_many)?;
            campaign.published_quota = Some(raised);
            db::campaign::set(conn, &campaign).await?;
            let (id, doses) = (campaign.campaign_id, Some(vials.doses()));
            db::supply_history::insert(conn, id, Event::Received, doses, &cause.reason).await?;
            db::catalogue::touch(conn).await?;
        }
        Ok(pool)
    })
    .await
}

pub(super) fn too_many() -> Refusal {
    Refusal::field("doses", "The campaign would have more doses than can be counted.")
}

/// The caller goes by a number that has changed: it was changed by somebody else, or by the same
/// request sent before.
pub(super) fn moved_meanwhile(name: &str, now: i32) -> Refusal {
    let detail = format!("The doses moved meanwhile: {name} is {now} now.");
    Refusal { field: Some(format!("if_{name}")), ..Refusal::new(Code::WrongState, detail) }
        .with(name, now)
}
