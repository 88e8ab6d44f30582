//! Where doses are above the clinic, by name: what a refusal says when a pool has too few.

use super::{
    Code, Detail, PoolId, Refusal,
    localized::Localized,
    pool::Pool,
    stock::{Gone, Stock},
};

/// So many pools elsewhere are named, those with the most doses.
const ELSEWHERE_MAX: usize = 3;
/// So many pools below are named.
const BELOW_MAX: usize = 20;

/// A pool with the name of its region; none is the nation's.
#[derive(Clone, Debug)]
pub struct NamedPool {
    pub pool: Pool,
    pub name: Option<Localized>,
}

impl NamedPool {
    fn with(&self, doses: i32) -> Stock {
        let Localized { main, ko, en } = self.name.clone().unwrap_or_default();
        Stock {
            pool_id: self.pool.pool_id,
            region_id: self.pool.region_id,
            name: Some(main).filter(|name| !name.is_empty()),
            name_ko: ko,
            name_en: en,
            doses,
        }
    }
}

/// The refusal of a pool that has too few, with that pool, those above it, and, where those have
/// none, the fullest elsewhere. `pools` are those of its campaign and product; any other refusal
/// stays as it is.
#[must_use]
pub fn located(refusal: Refusal, pool_id: PoolId, pools: &[NamedPool]) -> Refusal {
    let Detail::PoolHolds { open, .. } = refusal.detail else { return refusal };
    let stocks = whereabouts(pool_id, open, pools);
    Refusal { detail: Detail::PoolHolds { open, pools: stocks }, ..refusal }
}

fn whereabouts(pool_id: PoolId, open: i32, pools: &[NamedPool]) -> Vec<Stock> {
    let find = |id| pools.iter().find(|one| one.pool.pool_id == id);
    let Some(own) = find(pool_id) else { return Vec::new() };
    let mut stocks = vec![own.with(open)];
    let mut above = own.pool.parent_id.and_then(find);
    // As many steps as there are pools: a ring of parents does not hold the search for ever.
    for _ in 0..pools.len() {
        let Some(pool) = above else { break };
        stocks.push(pool.with(pool.pool.open));
        above = pool.pool.parent_id.and_then(find);
    }
    if stocks.iter().skip(1).all(|stock| stock.doses == 0) {
        let is_told = |id| stocks.iter().any(|stock| stock.pool_id == id);
        let mut others: Vec<_> =
            pools.iter().filter(|one| one.pool.open > 0 && !is_told(one.pool.pool_id)).collect();
        others.sort_by_key(|one| (std::cmp::Reverse(one.pool.open), one.pool.pool_id));
        others.truncate(ELSEWHERE_MAX);
        stocks.extend(others.into_iter().map(|one| one.with(one.pool.open)));
    }
    stocks
}

/// The refusal to take back from a pool what is not there any more, with where it went. `pools` are
/// those of its campaign and product.
pub fn gone(pool: &Pool, doses: i32, pools: &[NamedPool]) -> Refusal {
    let below = pools.iter().filter(|one| one.pool.parent_id == Some(pool.pool_id));
    let mut went: Vec<_> =
        below.filter(|one| one.pool.received > 0).map(|one| one.with(one.pool.received)).collect();
    let passed_on_below = went.iter().fold(0_i32, |sum, stock| sum.saturating_add(stock.doses));
    went.sort_by_key(|stock| (std::cmp::Reverse(stock.doses), stock.pool_id));
    went.truncate(BELOW_MAX);
    let own = pools.iter().find(|one| one.pool.pool_id == pool.pool_id);
    let Localized { main, ko, en } = own.and_then(|own| own.name.clone()).unwrap_or_default();
    let gone = Gone {
        pool_id: pool.pool_id,
        name: Some(main).filter(|name| !name.is_empty()),
        name_ko: ko,
        name_en: en,
        doses,
        open: pool.open,
        went,
        granted: pool.passed_on.saturating_sub(passed_on_below).max(0),
        lost: pool.lost,
    };
    let detail = Detail::DosesGone { gone: gone.into() };
    Refusal::new(Code::NotEnoughDoses, detail).with("open", pool.open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CampaignId, ProductId, RegionId};

    fn pool(id: i32, parent: Option<i32>, open: i32) -> NamedPool {
        let pool = Pool {
            pool_id: PoolId(id),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            parent_id: parent.map(PoolId),
            region_id: parent.map(|_| RegionId(id)),
            received: open,
            open,
            passed_on: 0,
            lost: 0,
        };
        NamedPool { pool, name: parent.map(|_| format!("Region {id}").into()) }
    }

    fn told(pool_id: i32, pools: &[NamedPool]) -> Vec<(i32, i32)> {
        let open = pools.iter().find(|one| one.pool.pool_id.0 == pool_id).unwrap().pool.open;
        let detail = Detail::PoolHolds { open, pools: Vec::new() };
        let refusal = located(Refusal::new(Code::NotEnoughDoses, detail), PoolId(pool_id), pools);
        let Detail::PoolHolds { pools, .. } = refusal.detail else { panic!("the same cause") };
        pools.iter().map(|stock| (stock.pool_id.0, stock.doses)).collect()
    }

    #[test]
    fn an_empty_pool_says_who_above_it_has_doses() {
        let pools = [pool(1, None, 1_200), pool(2, Some(1), 0), pool(3, Some(2), 0)];
        assert_eq!(told(3, &pools), [(3, 0), (2, 0), (1, 1_200)]);
        assert_eq!(told(1, &pools), [(1, 1_200)]);
    }

    #[test]
    fn where_those_above_have_none_the_fullest_elsewhere_are_named() {
        let mut pools = vec![pool(1, None, 0), pool(2, Some(1), 0)];
        pools.extend((3..8).map(|id| pool(id, Some(1), id * 10)));
        assert_eq!(told(2, &pools), [(2, 0), (1, 0), (7, 70), (6, 60), (5, 50)]);
    }

    #[test]
    fn any_other_refusal_stays_as_it_is() {
        let refusal = Refusal::field("doses", Detail::Empty);
        assert_eq!(located(refusal.clone(), PoolId(1), &[pool(1, None, 5)]), refusal);
    }
}
