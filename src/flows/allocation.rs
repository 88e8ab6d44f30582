//! Doses of an allocation: granted from a pool, from when on they can be booked, and taken back as
//! far as nobody was promised them.
//!
//! Locks: the clinic, pools, the catalogue, and last the allocation, which bookings need: it is
//! held for as long as one row is written, and nothing is waited for meanwhile. Campaigns are not
//! locked: one that is closed while doses are granted was given them before.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{
    Error, Result,
    constraint::named,
    idempotency::once,
    pool::{locate, no_product, none},
};
use crate::{
    db::{self, Db, idempotency_key::Keyed, in_tx},
    domain::{
        AllocationId, CampaignId, Detail, Refusal,
        actor::Cause,
        allocation::NewAllocation,
        clinic_day::Warning,
        fact::{By, Counter, Noun},
        grant::{Grant, Shortfall},
        movement::{Movement, moved_meanwhile},
        pool::Pool,
        supply_history::Event,
        vials::Vials,
    },
};

/// How many doses to move. `if_granted` is what the caller saw the allocation to have been granted
/// (0 before there is one).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Amount {
    pub doses: i32,
    pub if_granted: Option<i32>,
}

/// An allocation, whether it was made just now, and why its doses may not be bookable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Granted {
    pub grant: Grant,
    pub is_new: bool,
    pub warnings: Vec<Warning>,
}

/// Grants to the allocation of this clinic, campaign, product, date, tranche and channel; makes it
/// if there is none.
///
/// # Errors
/// `invalid_field` naming what is unknown or does not belong together, and `on_date` for a day that
/// is over or on which the clinic is closed; `not_whole_vials`, `not_enough_doses`; `wrong_state`
/// for a closed campaign or another `if_granted`.
pub async fn allocate(
    db: &Db,
    to: NewAllocation,
    amount: Amount,
    cause: &Cause,
    keyed: Option<&Keyed>,
) -> Result<Granted> {
    in_tx(&db.write, "allocate", async |conn| {
        once(conn, keyed, async |conn| {
            let none = || Refusal::none_in("campaign_id", Noun::Campaign, to.campaign_id);
            let campaign = db::campaign::find(&mut *conn, to.campaign_id).await?;
            campaign.ok_or_else(none)?.unless_closed()?;
            check(conn, &to).await?;
            let warnings = warnings(conn, &to, amount.doses).await?;
            let vial = db::product::doses_per_vial(&mut *conn, to.product_id).await?;
            let vials = Vials::new(amount.doses, vial)?;
            // The clinic is locked: nobody else makes an allocation there.
            let (grant, is_new) = match db::allocation::find_of(&mut *conn, &to).await? {
                Some(known) => (known, false),
                None => (db::allocation::insert(conn, &to).await.map_err(named)?, true),
            };
            unless_moved(&grant, amount)?;
            if grant.pool_id != to.pool_id {
                let detail = Detail::DrawsFromPool { pool_id: grant.pool_id };
                return Err(Refusal::field("pool_id", detail).into());
            }
            let grant = grant_to(conn, grant, (amount, vials), cause).await?;
            Ok(Granted { grant, is_new, warnings })
        })
        .await
    })
    .await
}

/// Grants to an allocation from the pool that it draws from.
///
/// # Errors
/// `not_found`; `invalid_field` naming `on_date` for a day that is over or closed;
/// `not_whole_vials`, `not_enough_doses`; `wrong_state` for a closed campaign or another
/// `if_granted`.
pub async fn grant(
    db: &Db,
    allocation_id: AllocationId,
    amount: Amount,
    cause: &Cause,
    keyed: Option<&Keyed>,
) -> Result<Granted> {
    in_tx(&db.write, "grant", async |conn| {
        once(conn, keyed, async |conn| {
            let grant = find(conn, allocation_id).await?;
            let campaign = db::campaign::find(&mut *conn, grant.campaign_id).await?;
            campaign.ok_or_else(Refusal::not_found)?.unless_closed()?;
            let warnings = warnings(conn, &grant.place(), amount.doses).await?;
            let vial = db::product::doses_per_vial(&mut *conn, grant.product_id).await?;
            let vials = Vials::new(amount.doses, vial)?;
            let grant = grant_to(conn, grant, (amount, vials), cause).await?;
            Ok(Granted { grant, is_new: false, warnings })
        })
        .await
    })
    .await
}

/// An allocation, not locked.
async fn find(conn: &mut PgConnection, allocation_id: AllocationId) -> Result<Grant> {
    let found = db::allocation::find(conn, allocation_id).await?;
    Ok(found.ok_or_else(|| Refusal::none(Noun::Allocation, allocation_id))?)
}

/// Whether clinic, product, tranche and pool belong together. Locks the clinic.
async fn check(conn: &mut PgConnection, to: &NewAllocation) -> Result<()> {
    let Some(clinic) = db::clinic::lock(conn, to.clinic_id).await? else {
        return Err(Refusal::none_in("clinic_id", Noun::Clinic, to.clinic_id).into());
    };
    let vial = db::product::find_doses_per_vial(&mut *conn, to.campaign_id, to.product_id).await?;
    if vial.is_none() {
        return Err(no_product(conn, to.product_id).await?);
    }
    if let Some(tranche_id) = to.tranche_id
        && !db::tranche::holds(&mut *conn, to.campaign_id, tranche_id).await?
    {
        let detail = Detail::NotInCampaign { what: Noun::Tranche, by: By::Id };
        return Err(Refusal::field("tranche_id", detail).into());
    }
    let pool = db::pool::find(&mut *conn, to.pool_id).await?;
    let pool = pool.ok_or_else(|| Refusal::none_in("pool_id", Noun::Pool, to.pool_id))?;
    if (pool.campaign_id, pool.product_id) != (to.campaign_id, to.product_id) {
        return Err(Refusal::field("pool_id", Detail::PoolOfOtherProduct).into());
    }
    if !db::pool::covers(conn, pool.region_id, clinic.region_id).await? {
        return Err(Refusal::field("pool_id", Detail::PoolOfOtherRegion).into());
    }
    Ok(())
}

/// Why the doses may not be bookable on that day.
///
/// # Errors
/// `invalid_field` where they cannot be given then.
async fn warnings(conn: &mut PgConnection, to: &NewAllocation, doses: i32) -> Result<Vec<Warning>> {
    let ids = (to.clinic_id, to.campaign_id);
    let Some((day, window)) = db::clinic_day::find(conn, ids, to.on_date).await? else {
        return Err(Refusal::none_in("clinic_id", Noun::Clinic, to.clinic_id).into());
    };
    day.can_give()?;
    Ok(day.warnings(window, to.channel, doses.into()))
}

/// Gives doses of its pool to an allocation, of which it is known what it was a moment ago.
async fn grant_to(
    conn: &mut PgConnection,
    seen: Grant,
    (amount, vials): (Amount, Vials),
    cause: &Cause,
) -> Result<Grant> {
    unless_moved(&seen, amount)?;
    let Grant { allocation_id, pool_id, campaign_id, .. } = seen;
    let pool = db::pool::lock(conn, &[pool_id]).await?.pop();
    let mut pool = pool.ok_or_else(|| none(pool_id))?;
    if let Err(refusal) = pool.give_out(vials) {
        return Err(locate(conn, pool_id, refusal).await?);
    }
    let movement = Movement::grant(pool_id, allocation_id, vials, cause);
    let told = (campaign_id, Event::Granted, vials.doses());
    let mut grant = moved(conn, &pool, &movement, told, cause).await?;
    unless_moved(&grant, amount)?;
    // The day may have been closed while this waited.
    if db::day::is_closed(&mut *conn, grant.clinic_id, grant.on_date).await? {
        let detail = Detail::DayAccounted { on_date: grant.on_date };
        return Err(Refusal::field("on_date", detail).into());
    }
    grant.take_in(vials)?;
    db::allocation::set_granted(conn, &grant).await?;
    Ok(grant)
}

fn unless_moved(grant: &Grant, amount: Amount) -> Result<()> {
    match amount.if_granted {
        Some(seen) if seen != grant.granted => {
            Err(moved_meanwhile(Counter::Granted, grant.granted).into())
        }
        _ => Ok(()),
    }
}

/// Writes all that bookings do not need, and then locks the allocation.
async fn moved(
    conn: &mut PgConnection,
    pool: &Pool,
    movement: &Movement,
    (campaign_id, event, doses): (CampaignId, Event, i32),
    cause: &Cause,
) -> Result<Grant> {
    db::pool::set(conn, pool).await?;
    db::movement::insert(conn, movement).await?;
    db::supply_history::insert(conn, campaign_id, event, Some(doses), &cause.reason).await?;
    db::catalogue::touch(conn).await?;
    db::catalogue::hurry(conn).await?;
    let allocation_id = movement.allocation_id.ok_or_else(Refusal::not_found)?;
    let grant = db::allocation::lock(conn, allocation_id).await?;
    Ok(grant.ok_or_else(|| Refusal::none(Noun::Allocation, allocation_id))?)
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
    keyed: Option<&Keyed>,
) -> Result<Grant> {
    in_tx(&db.write, "retract", async |conn| {
        once(conn, keyed, async |conn| {
            let seen = find(conn, allocation_id).await?;
            let vial = db::product::doses_per_vial(&mut *conn, seen.product_id).await?;
            let vials = Vials::new(amount.doses, vial)?;
            unless_moved(&seen, amount)?;
            if let Some(shortfall) = seen.shortfall(vials) {
                return Err(displacing(conn, &seen, shortfall).await?);
            }
            let pool = db::pool::lock(conn, &[seen.pool_id]).await?.pop();
            let mut pool = pool.ok_or_else(|| none(seen.pool_id))?;
            pool.take_back(vials)?;
            let movement = Movement::retract(allocation_id, pool.pool_id, vials, cause);
            let told = (seen.campaign_id, Event::Retracted, -vials.doses());
            let mut grant = moved(conn, &pool, &movement, told, cause).await?;
            unless_moved(&grant, amount)?;
            if let Some(shortfall) = grant.shortfall(vials) {
                return Err(displacing(conn, &grant, shortfall).await?);
            }
            grant.give_up(vials)?;
            db::allocation::set_granted(conn, &grant).await?;
            Ok(grant)
        })
        .await
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
