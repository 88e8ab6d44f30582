//! Pools: the doses of a nation, province or district, before they reach a clinic's allocation.

use serde::{Deserialize, Serialize};

use super::{
    CampaignId, Code, Detail, PoolId, ProductId, Refusal, RegionId, actor::Cause, fact::Noun,
    movement::Movement, vials::Vials,
};

/// `received = open + passed_on + lost`, all of them at least 0, as the database checks too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    pub pool_id: PoolId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    /// None for the nation's pool, into which the manufacturer delivers.
    pub parent_id: Option<PoolId>,
    /// None for the nation's pool, and only for it.
    pub region_id: Option<RegionId>,
    /// What came in, less what went back to where it came from.
    pub received: i32,
    pub open: i32,
    /// Given to pools below and to allocations, less what came back.
    pub passed_on: i32,
    pub lost: i32,
}

/// A pool before it has an id; it starts empty.
#[derive(Clone, Copy, Debug)]
pub struct NewPool {
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    pub parent_id: Option<PoolId>,
    pub region_id: Option<RegionId>,
}

impl Pool {
    /// Takes in a delivery.
    ///
    /// # Errors
    /// `invalid_field` where the pool is not the nation's, or would hold more than can be counted.
    pub fn receive(&mut self, vials: Vials, cause: &Cause) -> Result<Movement, Refusal> {
        if self.parent_id.is_some() {
            return Err(Refusal::field("pool_id", Detail::OnlyNationReceives));
        }
        self.take_in(vials)?;
        Ok(Movement::receive(self.pool_id, vials, cause))
    }

    /// Moves doses to a pool right below this one.
    ///
    /// # Errors
    /// `invalid_field` where `to` is not a child, `not_enough_doses` beyond `open`.
    pub fn pass_on(
        &mut self,
        to: &mut Self,
        vials: Vials,
        cause: &Cause,
    ) -> Result<Movement, Refusal> {
        if to.parent_id != Some(self.pool_id) {
            return Err(Refusal::field("to_pool_id", Detail::PoolNotBeside));
        }
        self.give_out(vials)?;
        to.take_in(vials)?;
        Ok(Movement::pass_on(self.pool_id, to.pool_id, vials, cause))
    }

    /// Moves doses back to the pool right above this one.
    ///
    /// # Errors
    /// `invalid_field` where `to` is not the parent, `not_enough_doses` beyond `open`.
    pub fn send_back(
        &mut self,
        to: &mut Self,
        vials: Vials,
        cause: &Cause,
    ) -> Result<Movement, Refusal> {
        if self.parent_id != Some(to.pool_id) {
            return Err(Refusal::field("to_pool_id", Detail::PoolNotBeside));
        }
        self.take_out(vials)?;
        to.take_back(vials)?;
        Ok(Movement::send_back(self.pool_id, to.pool_id, vials, cause))
    }

    /// Takes back a delivery that did not come, or a part of it.
    ///
    /// # Errors
    /// `not_enough_doses` beyond `open`.
    pub fn correct_receipt(&mut self, vials: Vials, cause: &Cause) -> Result<Movement, Refusal> {
        self.take_out(vials)?;
        Ok(Movement::correct_receipt(self.pool_id, vials, cause))
    }

    /// Writes doses off: broken, spoilt, gone.
    ///
    /// # Errors
    /// `not_enough_doses` beyond `open`.
    pub fn lose(&mut self, vials: Vials, cause: &Cause) -> Result<Movement, Refusal> {
        self.has(vials)?;
        self.open -= vials.doses();
        self.lost += vials.doses();
        Ok(Movement::lose(self.pool_id, vials, cause))
    }

    /// Takes back a loss that was none, or a part of it.
    ///
    /// # Errors
    /// `not_enough_doses` where so many were never lost here.
    pub fn correct_loss(&mut self, vials: Vials, cause: &Cause) -> Result<Movement, Refusal> {
        if vials.doses() > self.lost {
            return Err(self.holds());
        }
        self.lost -= vials.doses();
        self.open += vials.doses();
        Ok(Movement::correct_loss(self.pool_id, vials, cause))
    }

    /// Gives doses out, to a pool below or to an allocation.
    ///
    /// # Errors
    /// `not_enough_doses` beyond `open`.
    pub fn give_out(&mut self, vials: Vials) -> Result<(), Refusal> {
        self.has(vials)?;
        // Cannot overflow: no bucket exceeds `received`.
        self.open -= vials.doses();
        self.passed_on += vials.doses();
        Ok(())
    }

    fn has(&self, vials: Vials) -> Result<(), Refusal> {
        if vials.doses() > self.open { Err(self.holds()) } else { Ok(()) }
    }

    /// That it has no more than it has.
    fn holds(&self) -> Refusal {
        let detail = Detail::PoolHolds { open: self.open, pools: Vec::new() };
        Refusal::new(Code::NotEnoughDoses, detail).with("open", self.open)
    }

    fn take_out(&mut self, vials: Vials) -> Result<(), Refusal> {
        self.has(vials)?;
        self.received -= vials.doses();
        self.open -= vials.doses();
        Ok(())
    }

    /// Takes back what a pool below or an allocation had been given.
    ///
    /// # Errors
    /// `not_enough_doses` where this pool never gave out so many.
    pub fn take_back(&mut self, vials: Vials) -> Result<(), Refusal> {
        let doses = vials.doses();
        if doses > self.passed_on {
            let detail = Detail::PoolPassedOn { passed_on: self.passed_on };
            return Err(Refusal::new(Code::NotEnoughDoses, detail));
        }
        self.passed_on -= doses;
        self.open += doses;
        Ok(())
    }

    /// Takes doses back from clinics and gives others out to them, which fill whole vials together.
    ///
    /// # Errors
    /// `not_enough_doses` where this pool never gave out so many, or has too few.
    pub fn turn_over(&mut self, back: i32, out: i32) -> Result<(), Refusal> {
        if back > self.passed_on {
            let detail = Detail::PoolPassedOn { passed_on: self.passed_on };
            return Err(Refusal::new(Code::NotEnoughDoses, detail));
        }
        self.passed_on -= back;
        self.open += back;
        if out > self.open {
            return Err(self.holds());
        }
        self.open -= out;
        self.passed_on += out;
        Ok(())
    }

    fn take_in(&mut self, vials: Vials) -> Result<(), Refusal> {
        let uncountable = || Refusal::field("doses", Detail::Uncountable { what: Noun::Pool });
        let received = self.received.checked_add(vials.doses()).ok_or_else(uncountable)?;
        self.received = received;
        self.open += vials.doses();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{StaffUserId, actor::Actor};

    fn pool(id: i32, parent: Option<i32>, open: i32) -> Pool {
        Pool {
            pool_id: PoolId(id),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            parent_id: parent.map(PoolId),
            region_id: parent.map(|_| RegionId(1)),
            received: open,
            open,
            passed_on: 0,
            lost: 0,
        }
    }

    fn cause() -> Cause {
        Cause { actor: Actor::Administrator(StaffUserId(1)), reason: "delivery 7".into() }
    }

    fn vials(doses: i32) -> Vials {
        Vials::new(doses, 10).unwrap()
    }

    fn balances(pool: &Pool) -> bool {
        pool.received == pool.open + pool.passed_on + pool.lost && pool.open >= 0
    }

    #[test]
    fn doses_go_down_and_every_pool_balances() {
        let (mut nation, mut province) = (pool(1, None, 0), pool(2, Some(1), 0));
        nation.receive(vials(100), &cause()).unwrap();
        let line = nation.pass_on(&mut province, vials(60), &cause()).unwrap();
        assert_eq!((line.from_pool_id, line.to_pool_id), (Some(PoolId(1)), Some(PoolId(2))));
        province.give_out(vials(50)).unwrap();
        province.take_back(vials(20)).unwrap();
        assert_eq!((nation.open, nation.passed_on), (40, 60));
        assert_eq!((province.received, province.open, province.passed_on), (60, 30, 30));
        assert!(balances(&nation) && balances(&province));
    }

    #[test]
    fn doses_go_back_up_and_every_pool_balances() {
        let (mut nation, mut province) = (pool(1, None, 100), pool(2, Some(1), 0));
        nation.pass_on(&mut province, vials(60), &cause()).unwrap();
        let line = province.send_back(&mut nation, vials(20), &cause()).unwrap();
        assert_eq!((line.from_pool_id, line.to_pool_id), (Some(PoolId(2)), Some(PoolId(1))));
        assert_eq!((nation.received, nation.open, nation.passed_on), (100, 60, 40));
        assert_eq!((province.received, province.open), (40, 40));
        province.lose(vials(30), &cause()).unwrap();
        let refusal = province.send_back(&mut nation, vials(20), &cause()).unwrap_err();
        assert_eq!(refusal.code, Code::NotEnoughDoses, "what is lost is not there");
        province.correct_loss(vials(20), &cause()).unwrap();
        assert_eq!((province.open, province.lost), (30, 10));
        province.correct_loss(vials(20), &cause()).expect_err("ten were lost");
        nation.correct_receipt(vials(60), &cause()).unwrap();
        assert_eq!((nation.received, nation.open, nation.passed_on), (40, 0, 40));
        nation.correct_receipt(vials(10), &cause()).expect_err("the rest is passed on");
        let refusal = nation.send_back(&mut province, vials(10), &cause()).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("to_pool_id"));
        assert!(balances(&nation) && balances(&province));
    }

    #[test]
    fn more_than_there_is_stays_where_it_is() {
        let (mut nation, mut province) = (pool(1, None, 50), pool(2, Some(1), 0));
        let before = (nation.clone(), province.clone());
        let refusal = nation.pass_on(&mut province, vials(60), &cause()).unwrap_err();
        assert_eq!(refusal.code, Code::NotEnoughDoses);
        assert_eq!(refusal.more.get("open"), Some(&50.into()));
        assert_eq!((nation, province), before);
    }

    #[test]
    fn doses_only_go_where_they_belong() {
        let mut nation = pool(1, None, 50);
        let mut grandchild = pool(3, Some(2), 0);
        let refusal = nation.pass_on(&mut grandchild, vials(10), &cause()).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("to_pool_id"));
        let refusal = grandchild.receive(vials(10), &cause()).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("pool_id"));
        assert_eq!(nation.take_back(vials(10)).unwrap_err().code, Code::NotEnoughDoses);
    }

    #[test]
    fn a_pool_does_not_count_past_the_end() {
        let mut nation = pool(1, None, i32::MAX - 5);
        assert!(nation.receive(vials(10), &cause()).is_err());
        assert!(balances(&nation));
    }
}
