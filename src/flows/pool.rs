//! Pools: empty ones below another, doses received by the nation's, moved down, up and across, and
//! written off. Where the campaign is public, its quota rises with what is received.
//!
//! Locks: pools by id, then the campaign, then the catalogue.

use sqlx::PgConnection;

use super::{Error, Result, constraint::named, idempotency::once};
use crate::{
    db::{self, Db, idempotency_key::Keyed, in_tx},
    domain::{
        Detail, PoolId, Refusal,
        actor::Cause,
        fact::{By, Counter, Noun},
        movement::{Movement, moved_meanwhile},
        pool::{NewPool, Pool},
        supply_history::Event,
        vials::Vials,
        whereabouts::located,
    },
};

/// # Errors
/// `invalid_field` naming the field for an unknown campaign or product, a product that the campaign
/// does not give, a parent of another campaign or product, a region outside the parent's;
/// `wrong_state` for a closed campaign; `already_exists` for a second pool of the same place.
pub async fn add(db: &Db, new: NewPool) -> Result<Pool> {
    in_tx(&db.write, "add pool", async |conn| {
        let NewPool { campaign_id, product_id, parent_id, region_id } = new;
        let no_campaign = || Refusal::none_in("campaign_id", Noun::Campaign, campaign_id);
        db::campaign::lock(conn, campaign_id).await?.ok_or_else(no_campaign)?.unless_closed()?;
        if db::product::find_doses_per_vial(&mut *conn, campaign_id, product_id).await?.is_none() {
            return Err(no_product(conn, product_id).await?);
        }
        match (parent_id, region_id) {
            (None, None) => {}
            (None, Some(_)) => {
                return Err(Refusal::field("parent_id", Detail::ParentNeeded).into());
            }
            (Some(_), None) => {
                return Err(Refusal::field("region_id", Detail::RegionNeeded).into());
            }
            (Some(parent_id), Some(region_id)) => {
                let parent = db::pool::find(&mut *conn, parent_id).await?;
                let no_parent = || Refusal::none_in("parent_id", Noun::Pool, parent_id);
                let parent = parent.ok_or_else(no_parent)?;
                if (parent.campaign_id, parent.product_id) != (campaign_id, product_id) {
                    return Err(Refusal::field("parent_id", Detail::PoolOfOtherProduct).into());
                }
                let is_inside = parent.region_id != Some(region_id)
                    && db::pool::covers(&mut *conn, parent.region_id, region_id).await?;
                if !is_inside {
                    return Err(Refusal::field("region_id", Detail::RegionNotBelow).into());
                }
            }
        }
        let pool_id = db::pool::insert(conn, new).await.map_err(named)?;
        let pool = db::pool::find(conn, pool_id).await?;
        Ok(pool.ok_or_else(|| none(pool_id))?)
    })
    .await
}

/// That there is no such product, or that the campaign does not give it.
pub(super) async fn no_product(
    conn: &mut PgConnection,
    product_id: crate::domain::ProductId,
) -> Result<Error> {
    let is_known = !db::product::known(conn, &[product_id]).await?.is_empty();
    Ok(if is_known {
        let detail = Detail::NotInCampaign { what: Noun::Product, by: By::Id };
        Refusal::field("product_id", detail).into()
    } else {
        Refusal::none_in("product_id", Noun::Product, product_id).into()
    })
}

/// That there is no such pool.
pub(super) fn none(pool_id: PoolId) -> Refusal {
    Refusal::none(Noun::Pool, pool_id)
}

/// Locks a pool, and works out whole vials of its product.
async fn locked(conn: &mut PgConnection, pool_id: PoolId, doses: i32) -> Result<(Pool, Vials)> {
    let pool = db::pool::find(&mut *conn, pool_id).await?.ok_or_else(|| none(pool_id))?;
    let vial = db::product::doses_per_vial(&mut *conn, pool.product_id).await?;
    let vials = Vials::new(doses, vial)?;
    let pool = db::pool::lock(conn, &[pool_id]).await?.pop().ok_or_else(|| none(pool_id))?;
    Ok((pool, vials))
}

/// A refusal of a pool that has too few says where there are some.
pub(super) async fn locate(
    conn: &mut PgConnection,
    pool_id: PoolId,
    refusal: Refusal,
) -> Result<Error> {
    if !matches!(refusal.detail, Detail::PoolHolds { .. }) {
        return Ok(refusal.into());
    }
    let pools = db::pool::named(conn, &[pool_id]).await?;
    Ok(located(refusal, pool_id, &pools).into())
}

/// A delivery. `if_received` is what the caller saw the pool to have received.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    pub pool_id: PoolId,
    pub doses: i32,
    pub if_received: Option<i32>,
}

/// # Errors
/// `not_found`; `wrong_state` for a closed campaign or another `if_received`; `not_whole_vials`;
/// `invalid_field` for a pool that is not the nation's and for impossible doses.
pub async fn receive(db: &Db, receipt: Receipt, cause: &Cause, keyed: &Keyed) -> Result<Pool> {
    in_tx(&db.write, "receive doses", async |conn| {
        once(conn, Some(keyed), async |conn| {
            let Receipt { pool_id, doses, if_received } = receipt;
            let (mut pool, vials) = locked(conn, pool_id, doses).await?;
            let campaign = db::campaign::lock(conn, pool.campaign_id).await?;
            let mut campaign = campaign.ok_or_else(Refusal::not_found)?.unless_closed()?;
            if if_received.is_some_and(|seen| seen != pool.received) {
                return Err(moved_meanwhile(Counter::Received, pool.received).into());
            }
            let movement = pool.receive(vials, cause)?;
            db::pool::set(conn, &pool).await?;
            db::movement::insert(conn, &movement).await?;
            if campaign.published_quota.is_some() {
                campaign.raise_quota(vials.doses())?;
                db::campaign::set(conn, &campaign).await?;
                let (id, doses) = (campaign.campaign_id, Some(vials.doses()));
                let event = Event::Received;
                db::supply_history::insert(conn, id, event, doses, &cause.reason).await?;
                db::catalogue::touch(conn).await?;
            }
            Ok(pool)
        })
        .await
    })
    .await
}

/// Writes doses off that are in a pool. They stay among what it received.
///
/// # Errors
/// `not_found`; `not_whole_vials`, `not_enough_doses`.
pub async fn lose(
    db: &Db,
    (pool_id, doses): (PoolId, i32),
    cause: &Cause,
    keyed: Option<&Keyed>,
) -> Result<Pool> {
    in_tx(&db.write, "lose doses", async |conn| {
        once(conn, keyed, async |conn| {
            let (mut pool, vials) = locked(conn, pool_id, doses).await?;
            match pool.lose(vials, cause) {
                Ok(movement) => {
                    db::pool::set(conn, &pool).await?;
                    db::movement::insert(conn, &movement).await?;
                    Ok(pool)
                }
                Err(refusal) => Err(locate(conn, pool_id, refusal).await?),
            }
        })
        .await
    })
    .await
}

/// How many doses go where. `if_passed_on` is what the caller saw the giving pool to have passed
/// on.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    pub from_pool_id: PoolId,
    pub to_pool_id: PoolId,
    pub doses: i32,
    pub if_passed_on: Option<i32>,
}

/// Down to a pool right below, up to the one right above, or across to one below the same: by way
/// of that one, in two lines. Answers with both pools, the giving one first.
///
/// # Errors
/// `not_found` for an unknown giving pool; `invalid_field` for a receiving one that is not beside
/// it; `not_whole_vials`, `not_enough_doses`; `wrong_state` for another `if_passed_on`.
pub async fn transfer(
    db: &Db,
    transfer: Transfer,
    cause: &Cause,
    keyed: Option<&Keyed>,
) -> Result<(Pool, Pool)> {
    in_tx(&db.write, "pass on", async |conn| {
        once(conn, keyed, async |conn| {
            let Transfer { from_pool_id, to_pool_id, doses, if_passed_on } = transfer;
            let from = db::pool::find(&mut *conn, from_pool_id).await?;
            let from = from.ok_or_else(|| none(from_pool_id))?;
            let to = db::pool::find(&mut *conn, to_pool_id).await?;
            let to = to.ok_or_else(|| Refusal::none_in("to_pool_id", Noun::Pool, to_pool_id))?;
            let vial = db::product::doses_per_vial(&mut *conn, from.product_id).await?;
            let vials = Vials::new(doses, vial)?;
            // The pools stand where they stand: none gets another parent.
            let between = from.parent_id.filter(|_| from.parent_id == to.parent_id);
            let ids: Vec<_> =
                [Some(from_pool_id), Some(to_pool_id), between].into_iter().flatten().collect();
            let mut pools = db::pool::lock(conn, &ids).await?;
            let mut take = |id| {
                let at = pools.iter().position(|pool| pool.pool_id == id)?;
                Some(pools.swap_remove(at))
            };
            let beside = || Refusal::field("to_pool_id", Detail::PoolNotBeside);
            let mut from = take(from_pool_id).ok_or_else(|| none(from_pool_id))?;
            let mut to = take(to_pool_id).ok_or_else(beside)?;
            let mut between = between.and_then(take);
            if if_passed_on.is_some_and(|seen| seen != from.passed_on) {
                return Err(moved_meanwhile(Counter::PassedOn, from.passed_on).into());
            }
            match moved((&mut from, &mut to), between.as_mut(), vials, cause) {
                Ok(movements) => {
                    for pool in [Some(&from), Some(&to), between.as_ref()].into_iter().flatten() {
                        db::pool::set(conn, pool).await?;
                    }
                    for movement in &movements {
                        db::movement::insert(conn, movement).await?;
                    }
                    Ok((from, to))
                }
                Err(refusal) => Err(locate(conn, from_pool_id, refusal).await?),
            }
        })
        .await
    })
    .await
}

/// Moves doses between pools that stand beside each other; `between` is above both.
fn moved(
    (from, to): (&mut Pool, &mut Pool),
    between: Option<&mut Pool>,
    vials: Vials,
    cause: &Cause,
) -> std::result::Result<Vec<Movement>, Refusal> {
    if let Some(above) = between {
        let up = from.send_back(above, vials, cause)?;
        return Ok(vec![up, above.pass_on(to, vials, cause)?]);
    }
    if from.parent_id == Some(to.pool_id) {
        return Ok(vec![from.send_back(to, vials, cause)?]);
    }
    Ok(vec![from.pass_on(to, vials, cause)?])
}
