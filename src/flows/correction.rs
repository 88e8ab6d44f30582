//! Lines of the journal that were wrong above the clinic, taken back by a line of their own: only
//! what is still where the wrong line brought it.
//!
//! Locks: pools by id, then the campaign, then the catalogue.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{Result, idempotency::once, pool};
use crate::{
    db::{self, Db, idempotency_key::Keyed, insist},
    domain::{
        Code, Detail, PoolId, Refusal,
        actor::Cause,
        fact::Noun,
        journal::Position,
        movement::{Kind, Movement},
        pool::Pool,
        supply_history::Event,
        vials::Vials,
        whereabouts::gone,
    },
};

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrected {
    /// The line that takes back, and the one that was wrong.
    pub by: String,
    pub of: String,
    pub doses: i32,
    /// Doses of the wrong line that still stand.
    pub left: i32,
    /// The pools on both sides, as they are.
    pub pools: Vec<Pool>,
}

/// Takes back `doses` of a receipt, of a transfer or of a loss; none is all that is left of it. A
/// receipt that raised the quota of a public campaign lowers it again, and the public history says
/// so.
///
/// # Errors
/// `not_found`; `wrong_state` for a line of another kind, one that was taken back before, or a
/// quota that would be gone; `invalid_field` for more doses than the line has left;
/// `not_whole_vials`;
/// `not_enough_doses` where the doses have gone on, with where they went.
pub async fn correct(
    db: &Db,
    (of, doses): (Position, Option<i32>),
    cause: &Cause,
    keyed: Option<&Keyed>,
) -> Result<Corrected> {
    insist(&db.operators, "correct movement", async |conn| {
        once(conn, keyed, async |conn| {
            let line = db::movement::find(&mut *conn, of).await?;
            let line = line.ok_or_else(|| Refusal::none(Noun::Movement, of))?;
            let sides = Sides::of(&line)?;
            let mut pools = sides.lock(conn).await?;
            let left = left(&line, db::movement::corrected(&mut *conn, of).await?)?;
            let doses = doses.unwrap_or(left);
            if doses > left {
                return Err(Refusal::field("doses", Detail::BeyondLine { doses: left }).into());
            }
            let product_id = pools.holder.product_id;
            let vial = db::product::doses_per_vial(&mut *conn, product_id).await?;
            let vials = Vials::new(doses, vial)?;
            if line.kind != Kind::Lose && doses > pools.holder.open {
                let all = db::pool::named(&mut *conn, &[pools.holder.pool_id]).await?;
                return Err(gone(&pools.holder, doses, &all).into());
            }
            let movement = pools.take_back(line.kind, vials, cause)?;
            for pool in pools.all() {
                db::pool::set(conn, pool).await?;
            }
            let by = db::movement::insert(conn, &movement).await?;
            db::movement::insert_correction(conn, by, of, doses).await?;
            if line.kind == Kind::Receive {
                lower_quota(conn, &pools.holder, vials, cause).await?;
            }
            let pools = pools.all().cloned().collect();
            Ok(Corrected {
                by: by.to_string(),
                of: of.to_string(),
                doses,
                left: left - doses,
                pools,
            })
        })
        .await
    })
    .await
}

/// Doses of the line that were not taken back yet.
fn left(line: &Movement, corrected: i64) -> Result<i32> {
    let corrected = i32::try_from(corrected).unwrap_or(i32::MAX);
    match line.doses.saturating_sub(corrected) {
        left if left > 0 => Ok(left),
        _ => Err(Refusal::new(Code::WrongState, Detail::LineCorrected).into()),
    }
}

async fn lower_quota(
    conn: &mut PgConnection,
    pool: &Pool,
    vials: Vials,
    cause: &Cause,
) -> Result<()> {
    let campaign = db::campaign::lock(conn, pool.campaign_id).await?;
    let mut campaign = campaign.ok_or_else(Refusal::not_found)?;
    if campaign.published_quota.is_none() {
        return Ok(());
    }
    campaign.lower_quota(vials.doses())?;
    db::campaign::set(conn, &campaign).await?;
    let (id, doses) = (campaign.campaign_id, Some(-vials.doses()));
    db::supply_history::insert(conn, id, Event::Corrected, doses, &cause.reason).await?;
    db::catalogue::touch(conn).await?;
    Ok(())
}

/// The pools of a line: the one that its doses came to, or were lost in, and the one that they came
/// from.
struct Sides {
    holder: PoolId,
    giver: Option<PoolId>,
}

struct LockedSides {
    holder: Pool,
    giver: Option<Pool>,
}

impl Sides {
    /// # Errors
    /// `wrong_state` for a line that is not taken back in this way.
    fn of(line: &Movement) -> Result<Self> {
        let sides = match line.kind {
            Kind::Receive => line.to_pool_id.map(|holder| Self { holder, giver: None }),
            Kind::PassOn | Kind::SendBack => {
                line.to_pool_id.map(|holder| Self { holder, giver: line.from_pool_id })
            }
            Kind::Lose => line.from_pool_id.map(|holder| Self { holder, giver: None }),
            _ => None,
        };
        let other = || Refusal::new(Code::WrongState, Detail::LineNotCorrectable);
        Ok(sides.ok_or_else(other)?)
    }

    async fn lock(&self, conn: &mut PgConnection) -> Result<LockedSides> {
        let ids: Vec<_> = [Some(self.holder), self.giver].into_iter().flatten().collect();
        let pools = db::pool::lock(conn, &ids).await?;
        let find = |id: PoolId| pools.iter().find(|pool| pool.pool_id == id).cloned();
        let holder = find(self.holder).ok_or_else(|| pool::none(self.holder))?;
        Ok(LockedSides { holder, giver: self.giver.and_then(find) })
    }
}

impl LockedSides {
    fn all(&self) -> impl Iterator<Item = &Pool> {
        [Some(&self.holder), self.giver.as_ref()].into_iter().flatten()
    }

    fn take_back(
        &mut self,
        kind: Kind,
        vials: Vials,
        cause: &Cause,
    ) -> std::result::Result<Movement, Refusal> {
        let Self { holder, giver } = self;
        match (kind, giver) {
            (Kind::Receive, _) => holder.correct_receipt(vials, cause),
            (Kind::Lose, _) => holder.correct_loss(vials, cause),
            (Kind::PassOn, Some(giver)) => holder.send_back(giver, vials, cause),
            (Kind::SendBack, Some(giver)) => holder.pass_on(giver, vials, cause),
            _ => Err(Refusal::new(Code::WrongState, Detail::LineNotCorrectable)),
        }
    }
}
