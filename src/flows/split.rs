//! Splits a pool by a rule: over the pools of the regions below it, or over clinics and their days.
//! What is carried out is what the preview showed, or nothing: both come from the same function,
//! and the second time it runs under locks.
//!
//! Locks: clinics by id, then pools by id, then the catalogue, and last the allocations that were
//! there already, for which bookings wait a moment.

use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
    time::Duration,
};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{Result, constraint::named, idempotency::once, pool::none};
use crate::{
    db::{
        self, Db,
        copy::CopyText,
        idempotency_key::Keyed,
        in_long_tx,
        split::{For, Room},
    },
    domain::{
        Code, Detail, PoolId, Refusal, RegionId, TrancheId,
        actor::Cause,
        channel::Channel,
        fact::{By, Noun},
        import::{Kind, allocation::Sources},
        movement::Movement,
        pool::Pool,
        region::Region,
        split::{self, ClinicPart, DAYS_MAX, DayPart, Over, Part, Plan, Rule, Share},
        vials::Vials,
        whereabouts::{NamedPool, located},
    },
};

/// The slots of a country for a quarter of a year are read in some seconds.
/// All lines that are staged.
const ALL: RangeInclusive<i64> = i64::MIN..=i64::MAX;
const LIMIT: Duration = Duration::from_mins(3);
/// Rows are sent to the database in chunks of about this size.
const CHUNK_BYTES: usize = 256 * 1024;

/// What an administrator wants.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Wish {
    pub pool_id: PoolId,
    pub over: Over,
    pub rule: Rule,
    /// None: all whole vials that the pool has open.
    pub doses: Option<i32>,
    /// The first and last day, by the clinics' calendars.
    pub from_date: NaiveDate,
    pub to_date: NaiveDate,
    pub channel: Channel,
    pub tranche_id: Option<TrancheId>,
}

/// What a split does.
#[derive(Clone, Debug)]
pub struct Preview {
    pub pool: Pool,
    pub plan: Plan,
    /// Names what is to be carried out: the plan, and what the pool had.
    pub state: String,
    pub regions: Vec<Region>,
    /// Clinics below the pool, and those of them that have no slot to come on these days.
    pub clinics: i64,
    pub without_hours: i64,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The pool as it is then.
    pub pool: Pool,
    pub state: String,
    pub doses: i32,
    pub shares: Vec<Share>,
    pub clinics: usize,
    pub allocations: usize,
    pub beyond_seats: i64,
    pub without_hours: i64,
}

/// What a split goes by, as it was read.
struct Basis {
    pools: Vec<NamedPool>,
    regions: Vec<Region>,
    doses_per_vial: i16,
    what: For,
    scope: Vec<RegionId>,
}

/// Says what a split would do.
///
/// # Errors
/// `not_found` for an unknown pool; `invalid_field` for days in another order or too many, or a
/// tranche of another campaign; `wrong_state` for a closed campaign, and where there is nobody to
/// get doses; `not_whole_vials`, `not_enough_doses`.
pub async fn preview(db: &Db, wish: &Wish) -> Result<Preview> {
    in_long_tx(&db.read, "preview split", LIMIT, async |conn| {
        let basis = Basis::read(conn, wish).await?;
        basis.preview(conn, wish).await
    })
    .await
}

/// Carries out what a preview with this `state` showed, in one transaction.
///
/// # Errors
/// Those of `preview`; `wrong_state` where it would do anything else by now.
pub async fn carry_out(
    db: &Db,
    wish: &Wish,
    state: &str,
    cause: &Cause,
    keyed: &Keyed,
) -> Result<Done> {
    in_long_tx(&db.write, "split", LIMIT, async |conn| {
        once(conn, Some(keyed), async |conn| {
            let mut basis = Basis::read(conn, wish).await?;
            if wish.over == Over::Clinics {
                db::split::lock_clinics(conn, &basis.scope).await?;
            }
            basis.lock_pools(conn).await?;
            let seen = basis.preview(conn, wish).await?;
            if seen.state != state {
                return Err(Refusal::new(Code::WrongState, Detail::SplitChanged).into());
            }
            match wish.over {
                Over::Regions => basis.pass_to_regions(conn, wish, &seen.plan, cause).await?,
                Over::Clinics => basis.grant_to_clinics(conn, wish, &seen.plan, cause).await?,
            }
            let pool = db::pool::find(&mut *conn, wish.pool_id).await?;
            let pool = pool.ok_or_else(|| none(wish.pool_id))?;
            Ok(Done::new(pool, seen))
        })
        .await
    })
    .await
}

/// A split over clinics as a file of allocations. Loaded, it draws on the pool nearest to each
/// clinic.
///
/// # Errors
/// Those of `preview`.
pub async fn file(db: &Db, wish: &Wish) -> Result<String> {
    in_long_tx(&db.read, "split file", LIMIT, async |conn| {
        let basis = Basis::read(conn, wish).await?;
        let seen = basis.preview(conn, wish).await?;
        let ids: Vec<_> = seen.plan.cells.iter().map(|cell| cell.clinic_id).collect();
        let clinics = db::split::clinics(&mut *conn, &ids).await?;
        let (campaign, product, tranche) = db::split::codes(&mut *conn, basis.what).await?;
        let tranche = tranche.unwrap_or_default();
        let mut file = csv::Writer::from_writer(Vec::new());
        let columns = ["campaign_code", "clinic_code", "product_code", "on_date", "doses"];
        let columns = columns.into_iter().chain(["channel", "tranche_name"]);
        file.write_record(columns).map_err(std::io::Error::other)?;
        for cell in &seen.plan.cells {
            let code = clinics.get(&cell.clinic_id).map_or("", |(code, _)| code.as_str());
            let (on_date, doses) = (cell.on_date.to_string(), cell.doses.to_string());
            let row = [&campaign, code, &product, &on_date, &doses, wish.channel.word(), &tranche];
            file.write_record(row).map_err(std::io::Error::other)?;
        }
        let bytes = file.into_inner().map_err(std::io::Error::other)?;
        Ok(String::from_utf8(bytes).map_err(std::io::Error::other)?)
    })
    .await
}

impl Done {
    fn new(pool: Pool, seen: Preview) -> Self {
        let (doses, clinics) = (seen.plan.doses(), seen.clinics_with_doses());
        Self {
            pool,
            doses,
            clinics,
            allocations: seen.plan.cells.len(),
            beyond_seats: seen.plan.beyond_seats(),
            without_hours: seen.without_hours,
            state: seen.state,
            shares: seen.plan.shares,
        }
    }
}

impl Preview {
    /// Clinics that get doses.
    pub fn clinics_with_doses(&self) -> usize {
        let mut ids: Vec<_> = self.plan.cells.iter().map(|cell| cell.clinic_id).collect();
        ids.dedup();
        ids.len()
    }
}

impl Basis {
    async fn read(conn: &mut PgConnection, wish: &Wish) -> Result<Self> {
        let Wish { pool_id, from_date, to_date, .. } = *wish;
        if to_date < from_date {
            return Err(Refusal::field("to_date", Detail::DatesReversed).into());
        }
        if (to_date - from_date).num_days() >= DAYS_MAX {
            let days_max = DAYS_MAX.unsigned_abs();
            return Err(Refusal::field("to_date", Detail::TooManyDays { days_max }).into());
        }
        let pools = db::pool::named(&mut *conn, &[pool_id]).await?;
        let pool = find(&pools, pool_id).ok_or_else(|| none(pool_id))?.clone();
        let campaign = db::campaign::find(&mut *conn, pool.campaign_id).await?;
        campaign.ok_or_else(Refusal::not_found)?.unless_closed()?;
        if let Some(tranche_id) = wish.tranche_id
            && !db::tranche::holds(&mut *conn, pool.campaign_id, tranche_id).await?
        {
            let detail = Detail::NotInCampaign { what: Noun::Tranche, by: By::Id };
            return Err(Refusal::field("tranche_id", detail).into());
        }
        let regions = db::region::list(&mut *conn, RegionId(0), i64::MAX).await?;
        let doses_per_vial = db::product::doses_per_vial(&mut *conn, pool.product_id).await?;
        let is_inside = |region: &&Region| match pool.region_id {
            None => true,
            Some(own) => region.region_id == own || region.parent_id == Some(own),
        };
        let scope = regions.iter().filter(is_inside).map(|region| region.region_id).collect();
        let what = For {
            campaign_id: pool.campaign_id,
            product_id: pool.product_id,
            channel: wish.channel,
            tranche_id: wish.tranche_id,
        };
        Ok(Self { pools, regions, doses_per_vial, what, scope })
    }

    /// Locks all pools of the campaign and product, and reads them anew.
    async fn lock_pools(&mut self, conn: &mut PgConnection) -> Result<()> {
        let ids: Vec<_> = self.pools.iter().map(|one| one.pool.pool_id).collect();
        let locked = db::pool::lock(conn, &ids).await?;
        for pool in locked {
            let known = self.pools.iter_mut().find(|one| one.pool.pool_id == pool.pool_id);
            if let Some(known) = known {
                known.pool = pool;
            }
        }
        Ok(())
    }

    async fn preview(&self, conn: &mut PgConnection, wish: &Wish) -> Result<Preview> {
        let pool = find(&self.pools, wish.pool_id).ok_or_else(|| none(wish.pool_id))?.clone();
        let vial = i32::from(self.doses_per_vial.max(1));
        let all = pool.open - pool.open.checked_rem(vial).unwrap_or(0);
        // A pool that has no whole vial is said to have too few, as for any other number.
        let doses = wish.doses.unwrap_or(all.max(vial));
        let vials = Vials::new(doses, self.doses_per_vial)?;
        if let Err(refusal) = pool.clone().give_out(vials) {
            return Err(located(refusal, pool.pool_id, &self.pools).into());
        }
        let days = (wish.from_date, wish.to_date);
        let rooms = db::split::rooms(&mut *conn, &self.scope, self.what, days).await?;
        let population = match wish.rule {
            Rule::Population => db::split::population(&mut *conn).await?,
            Rule::Capacity | Rule::Equal => HashMap::new(),
        };
        let clinics = db::split::count_clinics(&mut *conn, &self.scope).await?;
        let parts = self.parts(&pool, &rooms, &population);
        let plan = split::plan((wish.over, wish.rule), (doses, self.doses_per_vial), &parts)?;
        let with_hours: usize = parts.iter().map(|part| part.clinics.len()).sum();
        let without_hours = clinics - i64::try_from(with_hours).unwrap_or(i64::MAX);
        let state = state(wish, &pool, &plan);
        Ok(Preview { pool, plan, state, regions: self.regions.clone(), clinics, without_hours })
    }

    /// The regions right below the pool with what is in them, and the pool's own.
    fn parts(&self, pool: &Pool, rooms: &[Room], population: &HashMap<RegionId, i64>) -> Vec<Part> {
        let is_part = |region: &&Region| {
            region.parent_id == pool.region_id || Some(region.region_id) == pool.region_id
        };
        let parts = self.regions.iter().filter(is_part);
        let mut parts: BTreeMap<RegionId, Part> =
            parts.map(|region| (region.region_id, self.part(pool, region, population))).collect();
        let sources = self.sources();
        let nearest = |region| sources.nearest(pool.campaign_id, pool.product_id, region);
        for room in rooms {
            let Some(part) = parts.get_mut(&self.part_of(pool, room.region_id)) else { continue };
            let Some(from) = room.pool_id.or_else(|| nearest(room.region_id)) else { continue };
            // Doses of another pool's allocation would go back to that pool.
            if self.way(pool.pool_id, from).is_none() {
                continue;
            }
            if part.clinics.last().is_none_or(|last| last.clinic_id != room.clinic_id) {
                part.clinics.push(ClinicPart { clinic_id: room.clinic_id, days: Vec::new() });
            }
            let free = u64::try_from(room.seats - room.covered).unwrap_or(0);
            let day = DayPart { on_date: room.on_date, pool_id: from, room: free };
            if let Some(clinic) = part.clinics.last_mut() {
                clinic.days.push(day);
            }
        }
        parts.into_values().collect()
    }

    fn part(&self, pool: &Pool, region: &Region, population: &HashMap<RegionId, i64>) -> Part {
        let is_own = Some(region.region_id) == pool.region_id;
        let inside = self.regions.iter().filter(|other| {
            other.region_id == region.region_id
                || (!is_own && other.parent_id == Some(region.region_id))
        });
        let persons = inside.filter_map(|region| population.get(&region.region_id));
        let there = self.pools.iter().find(|one| one.pool.region_id == Some(region.region_id));
        Part {
            region_id: region.region_id,
            population: u64::try_from(persons.sum::<i64>()).unwrap_or(0),
            clinics: Vec::new(),
            takes_pool: !is_own && there.is_none_or(|one| one.pool.parent_id == Some(pool.pool_id)),
        }
    }

    /// The part that a region lies in.
    fn part_of(&self, pool: &Pool, region_id: RegionId) -> RegionId {
        let region = self.regions.iter().find(|region| region.region_id == region_id);
        match (pool.region_id, region.and_then(|region| region.parent_id)) {
            (None, Some(parent)) => parent,
            _ => region_id,
        }
    }

    fn sources(&self) -> Sources {
        let mut sources = Sources::default();
        for region in &self.regions {
            if let Some(parent) = region.parent_id {
                sources.parents.insert(region.region_id, parent);
            }
        }
        for NamedPool { pool, .. } in &self.pools {
            let key = (pool.campaign_id, pool.product_id, pool.region_id);
            sources.pools.insert(key, pool.pool_id);
        }
        sources
    }

    /// The pools that doses pass on their way from `above` to `below`, the last first and without
    /// `above`; none where there is no such way.
    fn way(&self, above: PoolId, below: PoolId) -> Option<Vec<PoolId>> {
        let (mut way, mut at) = (Vec::new(), below);
        // As many steps as there are pools: a ring of parents does not hold the search for ever.
        for _ in 0..=self.pools.len() {
            if at == above {
                return Some(way);
            }
            way.push(at);
            at = find(&self.pools, at)?.parent_id?;
        }
        None
    }

    async fn pass_to_regions(
        &mut self,
        conn: &mut PgConnection,
        wish: &Wish,
        plan: &Plan,
        cause: &Cause,
    ) -> Result<()> {
        let getting: Vec<_> = plan.shares.iter().filter(|share| share.doses > 0).collect();
        let has_pool =
            |region_id| self.pools.iter().any(|one| one.pool.region_id == Some(region_id));
        let made = getting.iter().map(|share| share.region_id).filter(|id| !has_pool(*id));
        let made: Vec<_> = made.collect();
        let source = find(&self.pools, wish.pool_id).ok_or_else(|| none(wish.pool_id))?.clone();
        if !made.is_empty() {
            let made = db::split::insert_pools(conn, &source, &made).await.map_err(named)?;
            self.pools.extend(made.into_iter().map(|pool| NamedPool { pool, name: None }));
        }
        let pool_of = |region_id| {
            let found = self.pools.iter().find(|one| one.pool.region_id == Some(region_id));
            found.map(|one| one.pool.pool_id)
        };
        let passing = getting.iter().filter_map(|share| Some((pool_of(share.region_id)?, share)));
        let passing = passing.map(|(pool_id, share)| (pool_id, share.doses)).collect();
        self.pass_on(conn, passing, cause).await
    }

    async fn grant_to_clinics(
        &mut self,
        conn: &mut PgConnection,
        wish: &Wish,
        plan: &Plan,
        cause: &Cause,
    ) -> Result<()> {
        let mut passing: Vec<(PoolId, i32)> = Vec::new();
        for cell in &plan.cells {
            let way = self.way(wish.pool_id, cell.pool_id).unwrap_or_default();
            // Those nearer to the giving pool come first.
            for pool_id in way.into_iter().rev() {
                match passing.iter_mut().find(|(known, _)| *known == pool_id) {
                    Some((_, doses)) => *doses += cell.doses,
                    None => passing.push((pool_id, cell.doses)),
                }
            }
        }
        self.pass_on(conn, passing, cause).await?;
        self.stage(conn, plan).await?;
        db::import::allocation::find_known(conn, &ALL).await?;
        db::import::allocation::number(conn).await?;
        db::import::allocation::insert(conn, &ALL).await?;
        db::import::allocation::draw(conn).await?;
        db::import::allocation::record(conn, &ALL, cause.actor, &cause.reason.main).await?;
        db::import::allocation::publish(conn, &cause.reason).await?;
        db::catalogue::touch(conn).await?;
        db::import::allocation::top_up(conn).await?;
        Ok(())
    }

    /// Passes doses on to each of these pools from the one right above it, in this order.
    async fn pass_on(
        &mut self,
        conn: &mut PgConnection,
        passing: Vec<(PoolId, i32)>,
        cause: &Cause,
    ) -> Result<()> {
        let mut pools: BTreeMap<PoolId, Pool> =
            self.pools.iter().map(|one| (one.pool.pool_id, one.pool.clone())).collect();
        let mut lines: Vec<Movement> = Vec::new();
        let mut touched: Vec<PoolId> = Vec::new();
        for (pool_id, doses) in passing {
            let mut to = pools.remove(&pool_id).ok_or_else(|| none(pool_id))?;
            let above = to.parent_id.ok_or_else(|| none(pool_id))?;
            let from = pools.get_mut(&above).ok_or_else(|| none(above))?;
            lines.push(from.pass_on(&mut to, Vials::new(doses, self.doses_per_vial)?, cause)?);
            pools.insert(pool_id, to);
            touched.extend([above, pool_id]);
        }
        if lines.is_empty() {
            return Ok(());
        }
        let changed: Vec<_> =
            pools.into_values().filter(|pool| touched.contains(&pool.pool_id)).collect();
        db::split::set_pools(conn, &changed).await?;
        db::split::insert_movements(conn, &lines).await?;
        Ok(())
    }

    /// Sends the cells into the table from which allocations of a file are written.
    async fn stage(&self, conn: &mut PgConnection, plan: &Plan) -> Result<()> {
        let mut copy = db::import::copy_in(conn, Kind::Allocations).await?;
        let mut rows = CopyText::default();
        for (cell, line) in plan.cells.iter().zip(1_u64..) {
            rows.row(line)
                .value(cell.clinic_id)
                .value(self.what.campaign_id)
                .value(self.what.product_id)
                .value(cell.on_date)
                .optional(self.what.tranche_id)
                .value(self.what.channel.number())
                .value(cell.doses)
                .value(cell.pool_id)
                .value(0)
                .end();
            if rows.len() >= CHUNK_BYTES {
                copy.send(std::mem::take(&mut rows).into_bytes()).await?;
            }
        }
        copy.send(rows.into_bytes()).await?;
        copy.finish().await?;
        Ok(())
    }
}

fn find(pools: &[NamedPool], pool_id: PoolId) -> Option<&Pool> {
    pools.iter().map(|one| &one.pool).find(|pool| pool.pool_id == pool_id)
}

/// What a preview is known by: everything that it says, and what the pool had.
fn state(wish: &Wish, pool: &Pool, plan: &Plan) -> String {
    let said = serde_json::json!([wish, pool.open, pool.passed_on, plan]).to_string();
    let hash = Sha256::digest(said);
    data_encoding::HEXLOWER.encode(hash.get(..16).unwrap_or_default())
}
