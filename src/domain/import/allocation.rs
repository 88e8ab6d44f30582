//! A row of a file of allocations: doses that leave a pool for a clinic and a day.

use std::{borrow::Cow, collections::HashMap};

use chrono::NaiveDate;

use super::{cell::plain, content::RowHash, fault::Fault, field, header::Row};
use crate::domain::{
    CampaignId, ClinicId, Code, Detail, PoolId, ProductId, RegionId,
    channel::Channel,
    clinic_day::{ClinicDay, Warning, Window},
    fact::Expected,
    vials::Vials,
    whereabouts::{NamedPool, located},
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

/// What a row wants, and the day at the clinic that it is for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub line: u64,
    pub pool_id: PoolId,
    pub doses: i32,
    pub clinic_id: ClinicId,
    pub channel: Channel,
    pub day: ClinicDay,
    pub window: Window,
}

/// The pools that a file draws from, and what it brought to the days of clinics, as they stand
/// while it is decided row by row.
#[derive(Debug, Default)]
pub struct Drawn {
    /// With all others of their campaigns and products.
    pools: Vec<NamedPool>,
    places: HashMap<PoolId, usize>,
    vials: HashMap<ProductId, i16>,
    /// Doses that need a seat.
    added: HashMap<(ClinicId, NaiveDate), i64>,
}

impl Drawn {
    /// From the pools, and the doses per vial of their products.
    pub fn new(pools: Vec<NamedPool>, vials: HashMap<ProductId, i16>) -> Self {
        let places = pools.iter().enumerate().map(|(at, one)| (one.pool.pool_id, at)).collect();
        Self { pools, places, vials, added: HashMap::new() }
    }

    /// Takes the doses of one row out of its pool; says what looks wrong about it.
    ///
    /// # Errors
    /// `invalid_field` for a day that is over or closed, `not_enough_doses`, `not_whole_vials`: and
    /// nothing was taken.
    pub fn take(&mut self, row: &Wanted) -> Result<Vec<Warning>, Fault> {
        row.day.can_give().map_err(Fault::from)?;
        let place = self.places.get(&row.pool_id).copied();
        let named = place.and_then(|place| self.pools.get_mut(place)).ok_or_else(no_pool)?;
        let doses_per_vial = self.vials.get(&named.pool.product_id).copied().unwrap_or(1);
        let vials = Vials::new(row.doses, doses_per_vial)?;
        if let Err(refusal) = named.pool.give_out(vials) {
            let refusal = located(refusal, row.pool_id, &self.pools);
            return Err(Fault::new(refusal.code, "doses", refusal.detail));
        }
        if row.channel == Channel::WalkIn {
            return Ok(Vec::new());
        }
        let added = self.added.entry((row.clinic_id, row.day.on_date)).or_default();
        *added += i64::from(row.doses);
        Ok(row.day.warnings(row.window, row.channel, *added))
    }
}

impl From<Warning> for Fault {
    fn from(warning: Warning) -> Self {
        Self::new(Warning::CODE, warning.field, warning.detail)
    }
}

/// No pool of the campaign and product stands above the clinic.
pub fn no_pool() -> Fault {
    Fault::new(Code::NotEnoughDoses, "doses", Detail::NoPoolAbove)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        clinic_day::Account,
        import::{Kind, header::tests::with_row},
        pool::Pool,
    };

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

    fn wanted(pool: i32, doses: i32) -> Wanted {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        Wanted {
            line: 2,
            pool_id: PoolId(pool),
            doses,
            clinic_id: ClinicId(1),
            channel: Channel::Web,
            day: ClinicDay {
                on_date: day("2021-07-26"),
                today: day("2021-07-14"),
                zone: chrono_tz::Asia::Seoul,
                is_closed: false,
                account: Account::Open,
                seats: 25,
                open: 0,
            },
            window: Window {
                opens_on: day("2021-07-12"),
                closes_on: day("2021-07-24"),
                is_over: false,
            },
        }
    }

    fn drawn() -> Drawn {
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
        Drawn::new(vec![NamedPool { pool, name: None }], [(ProductId(1), 10)].into())
    }

    #[test]
    fn a_row_that_does_not_fit_leaves_the_doses_to_the_next() {
        let mut drawn = drawn();
        drawn.take(&wanted(1, 20)).unwrap();
        let fault = drawn.take(&wanted(1, 20)).unwrap_err();
        assert_eq!(fault.code, Code::NotEnoughDoses);
        let Detail::PoolHolds { open: 10, pools } = fault.detail else { panic!("{fault:?}") };
        assert_eq!(pools.len(), 1, "the pool is named");
        assert_eq!(drawn.take(&wanted(1, 5)).unwrap_err().code, Code::NotWholeVials);
        let past = wanted(1, 10);
        let past =
            Wanted { day: ClinicDay { today: "2021-07-27".parse().unwrap(), ..past.day }, ..past };
        assert_eq!(drawn.take(&past).unwrap_err().column, "on_date");
        drawn.take(&wanted(1, 10)).unwrap();
        assert_eq!(drawn.take(&wanted(2, 10)).unwrap_err().column, "doses");
    }

    #[test]
    fn the_rows_of_a_day_share_its_seats() {
        let mut drawn = drawn();
        assert_eq!(drawn.take(&wanted(1, 20)).unwrap(), []);
        drawn.take(&Wanted { doses: 20, ..wanted(1, 20) }).expect_err("it brings nothing");
        let warnings = drawn.take(&wanted(1, 10)).unwrap();
        let causes: Vec<_> = warnings.iter().map(|warning| warning.detail.cause()).collect();
        assert_eq!(causes, ["doses_beyond_seats"]);
    }
}
