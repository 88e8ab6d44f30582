//! Passes doses on from a pool to one right below it.

use super::{Result, receive_doses::moved_meanwhile};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        PoolId, Refusal,
        movement::{Cause, Vials},
        pool::Pool,
    },
};

/// How many doses go where. `if_passed_on` is what the caller saw the giving pool to have passed
/// on: a transfer that is sent twice is made once.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    pub from_pool_id: PoolId,
    pub to_pool_id: PoolId,
    pub doses: i32,
    pub if_passed_on: Option<i32>,
}

/// Answers with both pools, the giving one first.
///
/// # Errors
/// `not_found` for an unknown giving pool; `invalid_field` for a receiving one that is not right
/// below it; `not_whole_vials`, `not_enough_doses`; `wrong_state` for another `if_passed_on`.
pub async fn pass_on(db: &Db, transfer: Transfer, cause: &Cause) -> Result<(Pool, Pool)> {
    in_tx(&db.write, "pass on", async |conn| {
        let Transfer { from_pool_id, to_pool_id, doses, if_passed_on } = transfer;
        let mut pools = db::pool::lock(conn, &[from_pool_id, to_pool_id]).await?;
        let mut take = |id| {
            let at = pools.iter().position(|pool| pool.pool_id == id)?;
            Some(pools.swap_remove(at))
        };
        let mut from = take(from_pool_id).ok_or_else(Refusal::not_found)?;
        let no_child = || Refusal::field("to_pool_id", "There is no such pool below this one.");
        let mut to = take(to_pool_id).ok_or_else(no_child)?;
        let vials =
            Vials::new(doses, db::product::doses_per_vial(&mut *conn, from.product_id).await?)?;
        if if_passed_on.is_some_and(|seen| seen != from.passed_on) {
            return Err(moved_meanwhile("passed_on", from.passed_on).into());
        }
        let movement = from.pass_on(&mut to, vials, cause)?;
        db::pool::set(conn, &from).await?;
        db::pool::set(conn, &to).await?;
        db::movement::insert(conn, &movement).await?;
        Ok((from, to))
    })
    .await
}
