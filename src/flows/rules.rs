//! Changes who may book what, and when. Rules are never edited: each change is a new version, so
//! that every booking can be explained by the version that it names.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Error, Result, barrier::Settled, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        CohortId, Detail, ProductId, Refusal, TrancheId,
        campaign::Campaign,
        campaign_version::Target,
        cohort::{Cohort, NewCohort},
        fact::Noun,
        localized::LocalizedChange,
        tranche::{NewTranche, Tranche},
    },
};

/// Something that was decided, and the version of the rules from which on it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    pub rule: T,
    pub rule_version: i32,
    /// If not, bookings by the version before may still be written.
    pub is_settled: bool,
}

/// # Errors
/// `not_found`, `wrong_state` for a closed campaign; `invalid_field` for a cohort that names
/// nobody, a range that ends before it begins, an unknown roster or region.
pub async fn add_cohort(
    db: &Db,
    of: impl Into<Target>,
    new: NewCohort,
) -> Result<Versioned<Cohort>> {
    in_version(db, of, async |conn, campaign| {
        let since = campaign.rule_version;
        let cohort_id =
            db::cohort::insert(conn, campaign.campaign_id, &new, since).await.map_err(named)?;
        let NewCohort { name, born_from, born_to, roster_id, region_id } = new.clone();
        Ok(Cohort { cohort_id, name, born_from, born_to, roster_id, region_id })
    })
    .await
}

/// Corrects the names of a cohort; who may book stays as it is.
///
/// # Errors
/// `not_found` for a cohort that does not hold, `wrong_state` for a closed campaign.
pub async fn rename_cohort(
    db: &Db,
    of: impl Into<Target>,
    cohort_id: CohortId,
    change: LocalizedChange,
) -> Result<Versioned<Cohort>> {
    in_version(db, of, async |conn, campaign| {
        let renamed = db::cohort::rename(conn, campaign.campaign_id, cohort_id, &change).await?;
        Ok(renamed.ok_or_else(Refusal::not_found)?)
    })
    .await
}

/// # Errors
/// `not_found` for a cohort that does not hold, `wrong_state` for a closed campaign.
pub async fn end_cohort(
    db: &Db,
    of: impl Into<Target>,
    cohort_id: CohortId,
) -> Result<Versioned<CohortId>> {
    in_version(db, of, async |conn, campaign| {
        let until = campaign.rule_version;
        let ended = db::cohort::set_until(conn, campaign.campaign_id, cohort_id, until).await?;
        Ok(ended.then_some(cohort_id).ok_or_else(Refusal::not_found)?)
    })
    .await
}

/// Digits that are given twice count once. A tranche that has ended begins again where one is added
/// for the same digits.
///
/// # Errors
/// `not_found`, `wrong_state` for a closed campaign; `invalid_field` for bad digits and for a day
/// after the campaign has closed.
pub async fn add_tranche(
    db: &Db,
    of: impl Into<Target>,
    mut new: NewTranche,
) -> Result<Versioned<Tranche>> {
    new.birth_day_digits.sort_unstable();
    new.birth_day_digits.dedup();
    in_version(db, of, async |conn, campaign| {
        if new.opens_at >= campaign.closes_at {
            return Err(Refusal::field("opens_at", Detail::CampaignClosedByThen).into());
        }
        let since = campaign.rule_version;
        let tranche_id =
            db::tranche::insert(conn, campaign.campaign_id, &new, since).await.map_err(named)?;
        let NewTranche { name, birth_day_digits, opens_at } = new.clone();
        Ok(Tranche { tranche_id, name, birth_day_digits, opens_at })
    })
    .await
}

/// Corrects the names of a tranche, and moves it: it stays the same tranche, and the doses that are
/// kept for it can be booked from the new time on.
///
/// # Errors
/// `not_found` for a tranche that does not hold, `wrong_state` for a closed campaign;
/// `invalid_field` for a day after the campaign has closed.
pub async fn change_tranche(
    db: &Db,
    of: impl Into<Target>,
    tranche_id: TrancheId,
    (change, opens_at): (LocalizedChange, Option<DateTime<Utc>>),
) -> Result<Versioned<Tranche>> {
    in_version(db, of, async |conn, campaign| {
        if let Some(opens_at) = opens_at {
            if opens_at >= campaign.closes_at {
                return Err(Refusal::field("opens_at", Detail::CampaignClosedByThen).into());
            }
            let one = (campaign.campaign_id, tranche_id);
            db::tranche::move_to(conn, one, opens_at, campaign.rule_version).await?;
        }
        let renamed = db::tranche::rename(conn, campaign.campaign_id, tranche_id, &change).await?;
        Ok(renamed.ok_or_else(Refusal::not_found)?)
    })
    .await
}

/// # Errors
/// `not_found` for a tranche that does not hold, `wrong_state` for a closed campaign.
pub async fn end_tranche(
    db: &Db,
    of: impl Into<Target>,
    tranche_id: TrancheId,
) -> Result<Versioned<TrancheId>> {
    in_version(db, of, async |conn, campaign| {
        let until = campaign.rule_version;
        let ended = db::tranche::set_until(conn, campaign.campaign_id, tranche_id, until).await?;
        Ok(ended.then_some(tranche_id).ok_or_else(Refusal::not_found)?)
    })
    .await
}

/// Makes these the products of the campaign; answers with them in order.
///
/// # Errors
/// `not_found`, `wrong_state` for a closed campaign; `invalid_field` naming `product_ids[i]` for an
/// unknown product.
pub async fn set_products(
    db: &Db,
    of: impl Into<Target>,
    product_ids: Vec<ProductId>,
) -> Result<Versioned<Vec<ProductId>>> {
    in_version(db, of, async |conn, campaign| {
        let known = db::product::known(&mut *conn, &product_ids).await?;
        if let Some(at) = product_ids.iter().position(|id| !known.contains(id)) {
            let field = format!("product_ids[{at}]");
            return Err(Refusal::no_such(field, Noun::Product).into());
        }
        db::product::set_of_campaign(conn, campaign.campaign_id, &known).await?;
        Ok(known)
    })
    .await
}

fn no_campaign() -> Refusal {
    Refusal::unknown(Noun::Campaign)
}

/// Runs `change` in the next version of the campaign's rules; answers when no booking by the
/// version before can still be written.
async fn in_version<T>(
    db: &Db,
    of: impl Into<Target>,
    change: impl AsyncFn(&mut PgConnection, &Campaign) -> Result<T>,
) -> Result<Versioned<T>> {
    let target = of.into();
    let done = in_tx(&db.write, "set rules", async |conn| {
        let campaign = db::campaign::lock(conn, target.campaign_id).await?;
        let mut campaign = campaign.ok_or_else(no_campaign)?.unless_closed()?;
        target.check(&campaign)?;
        campaign.rule_version += 1;
        let rule = change(conn, &campaign).await?;
        db::campaign::set(conn, &campaign).await?;
        db::catalogue::touch(conn).await?;
        Ok::<_, Error>((rule, campaign.rule_version))
    })
    .await?;
    let Settled { done: (rule, rule_version), is_settled } = Settled::after(db, done).await;
    Ok(Versioned { rule, rule_version, is_settled })
}
