//! Doses of an allocation: granted from a pool, from when on they can be booked, and taken back as
//! far as nobody was promised them.

use sqlx::PgConnection;

use super::{Error, Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        AllocationId, Detail, PoolId, Refusal,
        actor::Cause,
        allocation::NewAllocation,
        fact::{By, Counter, Noun},
        grant::{Grant, Shortfall},
        movement::moved_meanwhile,
        supply_history::Event,
        vials::Vials,
    },
};

/// How many doses to move. `if_granted` is what the caller saw the allocation to have been granted
/// (0 before there is one): a request that is sent twice is done once.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    pub doses: i32,
    pub if_granted: Option<i32>,
}

/// An allocation, and whether it was made just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    pub grant: Grant,
    pub is_new: bool,
}

/// Grants to the allocation of this clinic, campaign, product, date, tranche and channel; makes it
/// if there is none.
///
/// # Errors
/// `invalid_field` naming what is unknown or does not belong together; `not_whole_vials`,
/// `not_enough_doses`; `wrong_state` for a closed campaign or another `if_granted`.
pub async fn allocate(
    db: &Db,
    to: NewAllocation,
    amount: Amount,
    cause: &Cause,
) -> Result<Granted> {
    in_tx(&db.write, "allocate", async |conn| {
        let no_campaign = || Refusal::no_such("campaign_id", Noun::Campaign);
        let campaign = db::campaign::lock(conn, to.campaign_id).await?;
        campaign.ok_or_else(no_campaign)?.unless_closed()?;
        check(conn, &to).await?;
        let (id, is_new) = match db::allocation::find_id(&mut *conn, &to).await? {
            Some(id) => (id, false),
            None => (db::allocation::insert(conn, &to).await.map_err(named)?, true),
        };
        let grant = grant_to(conn, (id, to.pool_id), amount, cause).await?;
        Ok(Granted { grant, is_new })
    })
    .await
}

/// Grants to an allocation from the pool that it draws from.
///
/// # Errors
/// `not_found`; `not_whole_vials`, `not_enough_doses`; `wrong_state` for a closed campaign or
/// another `if_granted`.
pub async fn grant(
    db: &Db,
    allocation_id: AllocationId,
    amount: Amount,
    cause: &Cause,
) -> Result<Grant> {
    in_tx(&db.write, "grant", async |conn| {
        let found = db::allocation::find(&mut *conn, allocation_id).await?;
        let found = found.ok_or_else(Refusal::not_found)?;
        let campaign = db::campaign::lock(conn, found.campaign_id).await?;
        campaign.ok_or_else(Refusal::not_found)?.unless_closed()?;
        grant_to(conn, (allocation_id, found.pool_id), amount, cause).await
    })
    .await
}

/// Whether clinic, product, tranche and pool belong together. Locks the clinic.
async fn check(conn: &mut PgConnection, to: &NewAllocation) -> Result<()> {
    let Some(clinic) = db::clinic::lock(conn, to.clinic_id).await? else {
        return Err(Refusal::no_such("clinic_id", Noun::Clinic).into());
    };
    let vial = db::product::find_doses_per_vial(&mut *conn, to.campaign_id, to.product_id).await?;
    if vial.is_none() {
        let detail = Detail::NotInCampaign { what: Noun::Product, by: By::Id };
        return Err(Refusal::field("product_id", detail).into());
    }
    if let Some(tranche_id) = to.tranche_id
        && !db::tranche::holds(&mut *conn, to.campaign_id, tranche_id).await?
    {
        let detail = Detail::NotInCampaign { what: Noun::Tranche, by: By::Id };
        return Err(Refusal::field("tranche_id", detail).into());
    }
    let pool = db::pool::find(&mut *conn, to.pool_id).await?;
    let pool =
        pool.filter(|pool| (pool.campaign_id, pool.product_id) == (to.campaign_id, to.product_id));
    let Some(pool) = pool else {
        return Err(Refusal::field("pool_id", Detail::PoolOfOtherProduct).into());
    };
    if !db::pool::covers(conn, pool.region_id, clinic.region_id).await? {
        return Err(Refusal::field("pool_id", Detail::PoolOfOtherRegion).into());
    }
    Ok(())
}

/// Locks the allocation, then the pool, as every transaction does.
async fn grant_to(
    conn: &mut PgConnection,
    (allocation_id, pool_id): (AllocationId, PoolId),
    amount: Amount,
    cause: &Cause,
) -> Result<Grant> {
    let grant = db::allocation::lock(conn, allocation_id).await?;
    let mut grant = grant.ok_or_else(Refusal::not_found)?;
    let vial = db::product::doses_per_vial(&mut *conn, grant.product_id).await?;
    let vials = Vials::new(amount.doses, vial)?;
    if amount.if_granted.is_some_and(|seen| seen != grant.granted) {
        return Err(moved_meanwhile(Counter::Granted, grant.granted).into());
    }
    let mut pool = db::pool::lock(conn, &[pool_id]).await?.pop().ok_or_else(Refusal::not_found)?;
    let movement = grant.grant(&mut pool, vials, cause)?;
    db::allocation::set_granted(conn, &grant).await?;
    db::pool::set(conn, &pool).await?;
    db::movement::insert(conn, &movement).await?;
    let (id, doses) = (grant.campaign_id, Some(vials.doses()));
    db::supply_history::insert(conn, id, Event::Granted, doses, &cause.reason).await?;
    db::catalogue::touch(conn).await?;
    Ok(grant)
}

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
            return Err(moved_meanwhile(Counter::Granted, grant.granted).into());
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
