//! Opening a closed day again: what its closing did to doses is taken back, as far as they are
//! still where it brought them. Bookings stay as they ended; each is corrected by a step of its
//! own.

use std::collections::BTreeMap;

use super::{
    AllocationId, PoolId,
    actor::Cause,
    day_close::line,
    grant::Grant,
    movement::{Bucket, Kind, Movement},
    pool::Pool,
};

/// What opening a day again writes.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub lines: Vec<Movement>,
    /// What comes back to pools from later days, and goes out again to this one.
    pub pools: BTreeMap<PoolId, (i32, i32)>,
    /// Doses of the closing that have gone on meanwhile: they stay where they are.
    pub gone: i32,
}

/// Takes back the lines of a closing. `rows` and `pools` are locked; the rows are changed.
pub fn reopen(
    closing: &[Movement],
    rows: &mut BTreeMap<AllocationId, Grant>,
    pools: &BTreeMap<PoolId, Pool>,
    cause: &Cause,
) -> Plan {
    let mut plan = Plan::default();
    // What the clinic can have again, by pool: less what a later day has used.
    let mut budget: BTreeMap<PoolId, i32> = BTreeMap::new();
    for kept in closing.iter().filter(|one| one.kind == Kind::Grant) {
        let Some(pool_id) = kept.from_pool_id else { continue };
        let row = kept.allocation_id.and_then(|id| rows.get_mut(&id));
        match row.filter(|row| row.open >= kept.doses) {
            Some(row) => {
                row.granted -= kept.doses;
                row.open -= kept.doses;
                plan.pools.entry(pool_id).or_default().0 += kept.doses;
                let moved = (Bucket::Open, Bucket::Pool);
                let back = line(Kind::Retract, moved, kept.doses, row, cause);
                plan.lines.push(Movement { to_pool_id: Some(pool_id), ..back });
            }
            None => *budget.entry(pool_id).or_default() -= kept.doses,
        }
    }
    for left in closing.iter().filter(|one| one.kind == Kind::Retract) {
        if let Some(pool_id) = left.to_pool_id {
            *budget.entry(pool_id).or_default() += left.doses;
        }
    }
    for (pool_id, budget) in &mut budget {
        let back = plan.pools.get(pool_id).map_or(0, |(back, _)| *back);
        *budget = (*budget).min(pools.get(pool_id).map_or(0, |pool| pool.open + back));
    }
    for one in closing {
        let Some(row) = one.allocation_id.and_then(|id| rows.get_mut(&id)) else { continue };
        match (one.kind, one.to_pool_id) {
            (Kind::Waste, _) => plan.unwaste(one, row, cause),
            (Kind::Retract, Some(pool_id)) => {
                let budget = budget.entry(pool_id).or_default();
                match *budget >= one.doses {
                    true => {
                        *budget -= one.doses;
                        plan.bring_back((one, pool_id), row, cause);
                    }
                    false => plan.gone += one.doses,
                }
            }
            _ => {}
        }
    }
    plan
}

impl Plan {
    fn unwaste(&mut self, wasted: &Movement, row: &mut Grant, cause: &Cause) {
        let doses = wasted.doses.min(row.lost);
        row.lost -= doses;
        match wasted.from {
            Bucket::Open => row.open += doses,
            _ => row.spare += doses,
        }
        if doses > 0 {
            let moved = (Bucket::Lost, wasted.from);
            self.lines.push(line(Kind::CorrectWaste, moved, doses, row, cause));
        }
    }

    fn bring_back(&mut self, (left, pool_id): (&Movement, PoolId), row: &mut Grant, cause: &Cause) {
        row.granted += left.doses;
        self.pools.entry(pool_id).or_default().1 += left.doses;
        let back = line(Kind::Grant, (Bucket::Pool, Bucket::Open), left.doses, row, cause);
        self.lines.push(Movement { from_pool_id: Some(pool_id), ..back });
        match left.from {
            Bucket::Spare => {
                row.spare += left.doses;
                let moved = (Bucket::Open, Bucket::Spare);
                self.lines.push(line(Kind::Withhold, moved, left.doses, row, cause));
            }
            _ => row.open += left.doses,
        }
    }
}
