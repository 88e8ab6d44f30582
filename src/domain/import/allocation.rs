//! A row of a file of allocations: doses that leave a pool for a clinic and a day.

use std::{borrow::Cow, collections::HashMap};

use chrono::NaiveDate;

use super::{cell::plain, content::RowHash, fault::Fault, field, header::Row};
use crate::domain::{
    CampaignId, Code, Detail, PoolId, ProductId, Refusal, RegionId, channel::Channel,
    fact::Expected, pool::Pool, vials::Vials,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation<'a> {
    pub campaign_code: Cow<'a, str>,
    pub clinic_code: Cow<'a, str>,
    pub product_code: Cow<'a, str>,
    pub on_date: NaiveDate,
    pub doses: i32,
    pub channel: Channel,
    /// None for doses that no tranche has to itself.
    pub tranche_name: Option<&'a str>,
}

impl<'a> Allocation<'a> {
    /// # Errors
    /// Names the first column with an impossible value.
    pub fn parse(row: &Row<'a>) -> Result<Self, Fault> {
        let tranche_name = row.get("tranche_name");
        Ok(Self {
            campaign_code: field::plain_text(row, "campaign_code", 64)?,
            clinic_code: field::code(row, "clinic_code")?,
            product_code: field::plain_text(row, "product_code", 100)?,
            on_date: field::date(row, "on_date")?,
            doses: field::number(row, "doses", 1..=Vials::DOSES_MAX)?,
            channel: channel(row)?,
            tranche_name: Some(tranche_name).filter(|name| !name.is_empty()),
        })
    }
}

impl Allocation<'_> {
    /// What the row says, whatever is known of what it names.
    pub fn hash(&self) -> RowHash {
        RowHash::new(&[
            &self.campaign_code,
            &self.clinic_code,
            &self.product_code,
            &self.on_date.to_string(),
            &self.doses.to_string(),
            self.channel.word(),
            self.tranche_name.unwrap_or_default(),
        ])
    }
}

fn channel(row: &Row<'_>) -> Result<Channel, Fault> {
    let word = plain(row.get("channel")).to_lowercase();
    if word.is_empty() {
        return Ok(Channel::default());
    }
    let found = Channel::ALL.into_iter().find(|channel| channel.word() == word);
    let words = || Expected::one_of(Channel::ALL.map(Channel::word));
    found.ok_or_else(|| Fault::expected("channel", words()))
}

/// Which pool feeds which clinic: that of its district, else of its province, else of the nation.
#[derive(Debug, Default)]
pub struct Sources {
    pub parents: HashMap<RegionId, RegionId>,
    pub pools: HashMap<(CampaignId, ProductId, Option<RegionId>), PoolId>,
}

impl Sources {
    pub fn nearest(
        &self,
        campaign_id: CampaignId,
        product_id: ProductId,
        region_id: RegionId,
    ) -> Option<PoolId> {
        let mut node = Some(region_id);
        // As many steps as there are regions: a ring of parents does not hold the search for ever.
        for _ in 0..=self.parents.len() + 1 {
            let found = self.pools.get(&(campaign_id, product_id, node)).copied();
            if found.is_some() || node.is_none() {
                return found;
            }
            node = node.and_then(|region| self.parents.get(&region).copied());
        }
        None
    }
}

/// The pools that a file draws from, as they stand while it does.
#[derive(Debug, Default)]
pub struct Drawn(HashMap<PoolId, (Pool, i16)>);

impl Drawn {
    /// From pools, each with the doses per vial of its product.
    pub fn new(pools: impl IntoIterator<Item = (Pool, i16)>) -> Self {
        Self(pools.into_iter().map(|(pool, vial)| (pool.pool_id, (pool, vial))).collect())
    }

    /// Takes the doses of one row out of its pool.
    ///
    /// # Errors
    /// `not_enough_doses`, `not_whole_vials`: and nothing was taken.
    pub fn take(&mut self, pool_id: PoolId, doses: i32) -> Result<(), Fault> {
        let (pool, doses_per_vial) = self.0.get_mut(&pool_id).ok_or_else(no_pool)?;
        let vials = Vials::new(doses, *doses_per_vial)?;
        pool.give_out(vials).map_err(in_doses)
    }
}

fn in_doses(refusal: Refusal) -> Fault {
    Fault::new(refusal.code, "doses", refusal.detail)
}

/// No pool of the campaign and product stands above the clinic.
pub fn no_pool() -> Fault {
    Fault::new(Code::NotEnoughDoses, "doses", Detail::NoPoolAbove)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{Kind, header::tests::with_row};

    const GOOD: &str = "moderna,C-1,207,2021-07-26,50,phone,born on 1";

    #[test]
    fn an_impossible_value_names_its_column() {
        let column = |line: &str| {
            with_row(Kind::Allocations, line, |row| {
                Allocation::parse(row).err().map(|fault| fault.column.into_owned())
            })
        };
        assert_eq!(column(GOOD), None, "the control");
        for (from, to, at) in [
            ("moderna", "", "campaign_code"),
            ("C-1", "", "clinic_code"),
            ("207", "", "product_code"),
            ("2021-07-26", "2021-02-29", "on_date"),
            (",50,", ",0,", "doses"),
            (",50,", ",10000001,", "doses"),
            ("phone", "fax", "channel"),
        ] {
            assert_eq!(column(&GOOD.replace(from, to)).as_deref(), Some(at), "{to}");
        }
        with_row(Kind::Allocations, "moderna,C-1,207,2021-07-26,50,,", |row| {
            let row = Allocation::parse(row).unwrap();
            assert_eq!((row.channel, row.tranche_name), (Channel::Web, None));
        });
    }

    #[test]
    fn the_nearest_pool_above_the_clinic_feeds_it() {
        let (campaign, product) = (CampaignId(1), ProductId(1));
        let mut sources = Sources::default();
        let (province, district) = (RegionId(1), RegionId(2));
        sources.parents.insert(district, province);
        assert_eq!(sources.nearest(campaign, product, district), None);
        for (node, pool) in [(None, 10), (Some(province), 11), (Some(district), 12)] {
            sources.pools.insert((campaign, product, node), PoolId(pool));
            assert_eq!(sources.nearest(campaign, product, district), Some(PoolId(pool)));
        }
        assert_eq!(sources.nearest(CampaignId(2), product, district), None);
        sources.parents.insert(province, district);
        assert_eq!(sources.nearest(CampaignId(2), product, district), None, "a ring ends");
    }

    #[test]
    fn a_row_that_does_not_fit_leaves_the_doses_to_the_next() {
        let pool = Pool {
            pool_id: PoolId(1),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            parent_id: None,
            region_id: None,
            received: 30,
            open: 30,
            passed_on: 0,
            lost: 0,
        };
        let mut drawn = Drawn::new([(pool, 10)]);
        drawn.take(PoolId(1), 20).unwrap();
        assert_eq!(drawn.take(PoolId(1), 20).unwrap_err().code, Code::NotEnoughDoses);
        assert_eq!(drawn.take(PoolId(1), 5).unwrap_err().code, Code::NotWholeVials);
        drawn.take(PoolId(1), 10).unwrap();
        assert_eq!(drawn.take(PoolId(2), 10).unwrap_err().column, "doses");
    }
}
