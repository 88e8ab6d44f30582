//! Grants and retractions: an administrator gives an allocation doses from a pool, and takes back
//! doses that are not promised. An allocation is never cut below its promises. In July 2021 a
//! system without this rule took 1.85 million bookings for 0.81 million doses.

use chrono::NaiveDate;

use super::{
    AllocationId, CampaignId, ClinicId, Code, Detail, PoolId, ProductId, Refusal, TrancheId,
    actor::Cause, channel::Channel, fact::Noun, movement::Movement, pool::Pool, vials::Vials,
};

/// An allocation with all its buckets:
/// `granted = open + held + booked + spare + given + lost`, as the database checks too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub allocation_id: AllocationId,
    pub clinic_id: ClinicId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    /// None: for everybody who may book now.
    pub tranche_id: Option<TrancheId>,
    pub channel: Channel,
    /// The pool that the doses came from and go back to.
    pub pool_id: PoolId,
    pub granted: i32,
    pub open: i32,
    pub held: i32,
    pub booked: i32,
    pub spare: i32,
    pub given: i32,
    pub lost: i32,
}

/// A retraction that would break promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// Doses that could be taken.
    pub open: i32,
    /// Doses that somebody holds or has booked.
    pub promised: i32,
    /// Promises that would be broken.
    pub displaced: i32,
}

impl Grant {
    /// Takes in doses from the allocation's pool.
    ///
    /// # Errors
    /// `not_enough_doses` beyond what the pool has open, `invalid_field` for another pool or for
    /// more doses than can be counted.
    pub fn grant(
        &mut self,
        pool: &mut Pool,
        vials: Vials,
        cause: &Cause,
    ) -> Result<Movement, Refusal> {
        if pool.pool_id != self.pool_id {
            let detail = Detail::DrawsFromPool { pool_id: self.pool_id };
            return Err(Refusal::field("pool_id", detail));
        }
        let granted = self.granted.checked_add(vials.doses()).ok_or_else(|| {
            Refusal::field("doses", Detail::Uncountable { what: Noun::Allocation })
        })?;
        pool.give_out(vials)?;
        self.granted = granted;
        self.open += vials.doses();
        Ok(Movement::grant(pool.pool_id, self.allocation_id, vials, cause))
    }

    /// Why so many doses cannot be taken back; none if they are open.
    pub fn shortfall(&self, vials: Vials) -> Option<Shortfall> {
        let missing = vials.doses() - self.open;
        let promised = self.held + self.booked;
        let displaced = missing.min(promised);
        (missing > 0).then_some(Shortfall { open: self.open, promised, displaced })
    }

    /// Gives open doses back to the pool.
    ///
    /// # Errors
    /// `promised_doses` beyond what is open.
    pub fn retract(
        &mut self,
        pool: &mut Pool,
        vials: Vials,
        cause: &Cause,
    ) -> Result<Movement, Refusal> {
        if let Some(shortfall) = self.shortfall(vials) {
            return Err(shortfall.into());
        }
        pool.take_back(vials)?;
        self.granted -= vials.doses();
        self.open -= vials.doses();
        Ok(Movement::retract(self.allocation_id, pool.pool_id, vials, cause))
    }
}

impl From<Shortfall> for Refusal {
    fn from(shortfall: Shortfall) -> Self {
        let Shortfall { open, promised, displaced } = shortfall;
        Self::new(Code::PromisedDoses, Detail::Promised { open, promised, displaced })
            .with("open", open)
            .with("promised", promised)
            .with("displaced", displaced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{StaffUserId, actor::Actor};

    fn nation(open: i32) -> Pool {
        Pool {
            pool_id: PoolId(1),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            parent_id: None,
            region_id: None,
            received: open,
            open,
            passed_on: 0,
            lost: 0,
        }
    }

    fn empty() -> Grant {
        Grant {
            allocation_id: AllocationId((1 << 24) | 1),
            clinic_id: ClinicId(1),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            on_date: NaiveDate::from_ymd_opt(2021, 7, 26).unwrap(),
            tranche_id: None,
            channel: Channel::Web,
            pool_id: PoolId(1),
            granted: 0,
            open: 0,
            held: 0,
            booked: 0,
            spare: 0,
            given: 0,
            lost: 0,
        }
    }

    fn cause() -> Cause {
        Cause { actor: Actor::Administrator(StaffUserId(1)), reason: "by population".into() }
    }

    fn vials(doses: i32) -> Vials {
        Vials::new(doses, 10).unwrap()
    }

    #[test]
    fn what_is_granted_and_open_can_be_taken_back() {
        let (mut pool, mut row) = (nation(100), empty());
        row.grant(&mut pool, vials(60), &cause()).unwrap();
        assert_eq!((row.granted, row.open, pool.open, pool.passed_on), (60, 60, 40, 60));
        row.retract(&mut pool, vials(60), &cause()).unwrap();
        assert_eq!((&row, pool), (&empty(), nation(100)));
    }

    #[test]
    fn promised_doses_stay_and_the_displaced_are_counted() {
        let (mut pool, mut row) = (nation(100), empty());
        row.grant(&mut pool, vials(60), &cause()).unwrap();
        (row.open, row.booked, row.held, row.given) = (25, 20, 5, 10);
        let before = (row.clone(), pool.clone());
        let refusal = row.retract(&mut pool, vials(30), &cause()).unwrap_err();
        assert_eq!(refusal.code, Code::PromisedDoses);
        let members = ["open", "promised", "displaced"].map(|name| refusal.more[name].as_i64());
        assert_eq!(members, [Some(25), Some(25), Some(5)]);
        let all = row.shortfall(vials(60)).unwrap();
        assert_eq!(all.displaced, 25, "doses that were given displace nobody");
        assert_eq!((row.clone(), pool.clone()), before);
        row.retract(&mut pool, vials(20), &cause()).expect("the control");
    }

    #[test]
    fn doses_come_from_the_rows_own_pool() {
        let (mut pool, mut row) = (nation(100), Grant { pool_id: PoolId(2), ..empty() });
        let refusal = row.grant(&mut pool, vials(10), &cause()).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("pool_id"));
        let refusal = empty().grant(&mut pool, vials(110), &cause()).unwrap_err();
        assert_eq!(refusal.code, Code::NotEnoughDoses);
    }
}
