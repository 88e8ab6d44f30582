//! How the doses of a pool are split by a rule: over the regions below it, or over the clinics
//! below it and their days. Whole vials, by the largest remainder: nothing is lost in rounding,
//! and whoever has the larger weight never gets less.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ClinicId, Code, Detail, PoolId, Refusal, RegionId, vials::Vials};

/// Days that one split may span.
pub const DAYS_MAX: i64 = 92;

/// By what is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Persons of the register, by region; clinics of a region by their capacity.
    Population,
    /// Seats of slots to come that have no dose yet.
    Capacity,
    /// The same for each.
    Equal,
}

impl Rule {
    pub const ALL: [Self; 3] = [Self::Population, Self::Capacity, Self::Equal];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::Capacity => "capacity",
            Self::Equal => "equal",
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.word() == word)
    }
}

/// Over what is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// The pools of the regions right below.
    Regions,
    /// The clinics below and their days.
    Clinics,
}

impl Over {
    pub const ALL: [Self; 2] = [Self::Regions, Self::Clinics];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Regions => "regions",
            Self::Clinics => "clinics",
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|over| over.word() == word)
    }
}

/// A region right below the pool, with all regions in it; the pool's own region stands for the
/// clinics that lie in none below.
#[derive(Clone, Debug)]
pub struct Part {
    pub region_id: RegionId,
    /// Persons of the register.
    pub population: u64,
    /// By id.
    pub clinics: Vec<ClinicPart>,
    /// Whether doses can go into a pool of this region: there is one right below, or it is made.
    pub takes_pool: bool,
}

/// A clinic with the days that have slots to come.
#[derive(Clone, Debug)]
pub struct ClinicPart {
    pub clinic_id: ClinicId,
    /// In order.
    pub days: Vec<DayPart>,
}

/// A clinic's day that has slots to come.
#[derive(Clone, Copy, Debug)]
pub struct DayPart {
    pub on_date: NaiveDate,
    /// The pool that its doses come from.
    pub pool_id: PoolId,
    /// Seats that have no dose yet.
    pub room: u64,
}

impl ClinicPart {
    fn room(&self) -> u64 {
        self.days.iter().map(|day| day.room).sum()
    }
}

impl Part {
    fn room(&self) -> u64 {
        self.clinics.iter().map(ClinicPart::room).sum()
    }

    fn weight(&self, over: Over, rule: Rule) -> u64 {
        let can = match over {
            Over::Regions => self.takes_pool,
            Over::Clinics => !self.clinics.is_empty(),
        };
        match (can, rule, over) {
            (false, ..) => 0,
            (true, Rule::Population, _) => self.population,
            (true, Rule::Capacity, _) => self.room(),
            (true, Rule::Equal, Over::Regions) => 1,
            (true, Rule::Equal, Over::Clinics) => u64::try_from(self.clinics.len()).unwrap_or(0),
        }
    }
}

/// What comes of a split, before it is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In the order of the parts; those that get nothing too.
    pub shares: Vec<Share>,
    /// By clinic and day, only those that get doses; none of a split over regions.
    pub cells: Vec<Cell>,
}

/// What a region gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub region_id: RegionId,
    pub weight: u64,
    pub doses: i32,
}

/// What a clinic gets for a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub clinic_id: ClinicId,
    pub on_date: NaiveDate,
    pub pool_id: PoolId,
    pub doses: i32,
    /// Seats of the day that had no dose before.
    pub room: u64,
}

impl Plan {
    pub fn doses(&self) -> i32 {
        self.shares.iter().map(|share| share.doses).sum()
    }

    /// Doses that will have no seat.
    pub fn beyond_seats(&self) -> i64 {
        let beyond = |cell: &Cell| {
            i64::from(cell.doses).saturating_sub(i64::try_from(cell.room).unwrap_or(i64::MAX))
        };
        self.cells.iter().map(|cell| beyond(cell).max(0)).sum()
    }
}

/// Splits so many things by these weights: each share is the exact one rounded down, and what is
/// left goes to the largest remainders, the first of equal ones. None where nobody has a weight.
pub fn shares(things: u64, weights: &[u64]) -> Option<Vec<u64>> {
    let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    if total == 0 {
        return None;
    }
    let exact = |weight: u64| u128::from(things) * u128::from(weight);
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (at, &weight) in weights.iter().enumerate() {
        let exact = exact(weight);
        shares.push(u64::try_from(exact / total).unwrap_or(u64::MAX));
        remainders.push((std::cmp::Reverse(exact % total), at));
    }
    let left = things.saturating_sub(shares.iter().sum());
    remainders.sort_unstable();
    for (_, at) in remainders.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        if let Some(share) = shares.get_mut(at) {
            *share += 1;
        }
    }
    Some(shares)
}

/// By these weights, or equally where nobody has one.
fn shares_or_equal(things: u64, weights: &[u64]) -> Vec<u64> {
    let equal = || shares(things, &vec![1; weights.len()]).unwrap_or_default();
    shares(things, weights).unwrap_or_else(equal)
}

/// Plans a split of so many doses.
///
/// # Errors
/// `not_whole_vials` where a vial would be broken; `wrong_state` where there is nobody to get any,
/// or nobody with a weight.
pub fn plan(
    (over, rule): (Over, Rule),
    (doses, doses_per_vial): (i32, i16),
    parts: &[Part],
) -> Result<Plan, Refusal> {
    let vials = Vials::new(doses, doses_per_vial)?;
    let per_vial = u64::try_from(doses_per_vial.max(1)).unwrap_or(1);
    let things = u64::try_from(vials.doses()).unwrap_or(0) / per_vial;
    let has_target = |part: &Part| part.weight(over, Rule::Equal) > 0;
    if !parts.iter().any(has_target) {
        return Err(Refusal::new(Code::WrongState, Detail::SplitOverNothing));
    }
    let weights: Vec<u64> = parts.iter().map(|part| part.weight(over, rule)).collect();
    let weightless = || Refusal::new(Code::WrongState, Detail::SplitWithoutWeight);
    let of_parts = shares(things, &weights).ok_or_else(weightless)?;
    let in_doses = |vials: u64| i32::try_from(vials * per_vial).unwrap_or(i32::MAX);
    let mut plan = Plan { shares: Vec::new(), cells: Vec::new() };
    for ((part, weight), vials) in parts.iter().zip(weights).zip(of_parts) {
        plan.shares.push(Share { region_id: part.region_id, weight, doses: in_doses(vials) });
        if over == Over::Clinics && vials > 0 {
            for cell in within(part, rule, vials) {
                plan.cells.push(Cell { doses: in_doses(cell.1), ..cell.0 });
            }
        }
    }
    plan.cells.sort_unstable_by_key(|cell| (cell.clinic_id.0, cell.on_date));
    Ok(plan)
}

/// The vials of a part over its clinics and their days.
fn within(part: &Part, rule: Rule, vials: u64) -> Vec<(Cell, u64)> {
    let weight = |room: u64| if rule == Rule::Equal { 1 } else { room };
    let weights: Vec<u64> = part.clinics.iter().map(|clinic| weight(clinic.room())).collect();
    let mut cells = Vec::new();
    for (clinic, vials) in part.clinics.iter().zip(shares_or_equal(vials, &weights)) {
        let weights: Vec<u64> = clinic.days.iter().map(|day| weight(day.room)).collect();
        for (day, vials) in clinic.days.iter().zip(shares_or_equal(vials, &weights)) {
            if vials > 0 {
                let DayPart { on_date, pool_id, room } = *day;
                let cell = Cell { clinic_id: clinic.clinic_id, on_date, pool_id, doses: 0, room };
                cells.push((cell, vials));
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn day(at: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, 1).unwrap() + chrono::Days::new(at)
    }

    fn clinic(id: i32, rooms: &[u64]) -> ClinicPart {
        let days = rooms.iter().zip(0..);
        let days = days.map(|(&room, at)| DayPart { on_date: day(at), pool_id: PoolId(1), room });
        ClinicPart { clinic_id: ClinicId(id), days: days.collect() }
    }

    fn part(id: i32, population: u64, clinics: Vec<ClinicPart>) -> Part {
        Part { region_id: RegionId(id), population, clinics, takes_pool: true }
    }

    #[test]
    fn the_largest_remainders_get_what_is_left() {
        assert_eq!(shares(10, &[1, 1, 1]), Some(vec![4, 3, 3]));
        assert_eq!(shares(7, &[5, 3, 0, 2]), Some(vec![4, 2, 0, 1]));
        assert_eq!(shares(0, &[5, 3]), Some(vec![0, 0]));
        assert_eq!((shares(3, &[0, 0]), shares(3, &[])), (None, None));
        let most = [u64::MAX, u64::MAX];
        assert_eq!(shares(u64::MAX, &most), Some(vec![u64::MAX / 2 + 1, u64::MAX / 2]));
    }

    #[test]
    fn a_split_goes_by_its_rule() {
        let parts = [
            part(1, 300, vec![clinic(1, &[30, 0]), clinic(2, &[10, 20])]),
            part(2, 100, vec![clinic(3, &[120, 120])]),
        ];
        let doses = |over, rule| {
            let plan = plan((over, rule), (400, 10), &parts).unwrap();
            assert_eq!(plan.doses(), 400);
            plan.shares.iter().map(|share| share.doses).collect::<Vec<_>>()
        };
        assert_eq!(doses(Over::Regions, Rule::Population), [300, 100]);
        assert_eq!(doses(Over::Regions, Rule::Capacity), [80, 320]);
        assert_eq!(doses(Over::Regions, Rule::Equal), [200, 200]);
        assert_eq!(doses(Over::Clinics, Rule::Equal), [270, 130], "two clinics and one");
        let split = plan((Over::Clinics, Rule::Population), (400, 10), &parts).unwrap();
        let cells: Vec<_> = split.cells.iter().map(|c| (c.clinic_id.0, c.doses)).collect();
        assert_eq!(cells, [(1, 150), (2, 50), (2, 100), (3, 50), (3, 50)]);
        assert_eq!(split.beyond_seats(), 120 + 40 + 80);
    }

    #[test]
    fn nobody_and_nobody_with_a_weight_are_told_apart() {
        let cause = |rule, parts: &[Part]| {
            plan((Over::Clinics, rule), (100, 10), parts).unwrap_err().detail.cause()
        };
        assert_eq!(cause(Rule::Equal, &[]), "split_over_nothing");
        assert_eq!(cause(Rule::Equal, &[part(1, 5, Vec::new())]), "split_over_nothing");
        let full = [part(1, 0, vec![clinic(1, &[0, 0])])];
        assert_eq!(cause(Rule::Capacity, &full), "split_without_weight");
        assert_eq!(cause(Rule::Population, &full), "split_without_weight");
        plan((Over::Clinics, Rule::Equal), (100, 10), &full).expect("the control");
        let broken = plan((Over::Clinics, Rule::Equal), (105, 10), &full).unwrap_err();
        assert_eq!(broken.code, Code::NotWholeVials);
    }

    fn parts() -> impl Strategy<Value = Vec<Part>> {
        let rooms = prop::collection::vec(0_u64..200, 1..6);
        let clinics = prop::collection::vec(rooms, 0..6);
        let parts = prop::collection::vec((0_u64..2_000_000, clinics, any::<bool>()), 1..8);
        parts.prop_map(|parts| {
            let mut id = 0;
            let mut next = || {
                id += 1;
                id
            };
            let one = |(population, rooms, takes_pool): (u64, Vec<Vec<u64>>, bool)| {
                let clinics = rooms.iter().map(|rooms| clinic(next(), rooms)).collect();
                Part { takes_pool, ..part(0, population, clinics) }
            };
            let parts: Vec<_> = parts.into_iter().map(one).collect();
            let numbered = parts.into_iter().zip(1..);
            numbered.map(|(part, id)| Part { region_id: RegionId(id), ..part }).collect()
        })
    }

    proptest! {
        #[test]
        fn sums_are_exact_and_larger_weights_never_get_less(
            things in 0_u64..5_000_000,
            weights in prop::collection::vec(0_u64..3_000_000, 1..40),
        ) {
            let Some(split) = shares(things, &weights) else {
                prop_assert!(weights.iter().all(|&weight| weight == 0));
                return Ok(());
            };
            prop_assert_eq!(split.iter().sum::<u64>(), things);
            let total: u64 = weights.iter().sum();
            for (at, &share) in split.iter().enumerate() {
                // Never further from the exact share than one.
                let exact = u128::from(things) * u128::from(weights[at]);
                let (share, total) = (u128::from(share), u128::from(total));
                prop_assert!(share * total < exact + total && exact < (share + 1) * total);
                for (other, &less) in split.iter().enumerate() {
                    prop_assert!(weights[at] < weights[other] || u128::from(less) <= share
                        || (weights[at] == weights[other] && u128::from(less) == share + 1));
                }
            }
        }

        #[test]
        fn a_plan_gives_out_whole_vials_and_all_of_them(
            parts in parts(),
            vials in 1_i32..20_000,
            per_vial in 1_i16..16,
            over in prop::sample::select(Over::ALL.to_vec()),
            rule in prop::sample::select(Rule::ALL.to_vec()),
        ) {
            let doses = vials * i32::from(per_vial);
            let Ok(plan) = plan((over, rule), (doses, per_vial), &parts) else { return Ok(()) };
            prop_assert_eq!(plan.doses(), doses);
            let whole = |doses: i32| doses >= 0 && doses % i32::from(per_vial) == 0;
            prop_assert!(plan.shares.iter().all(|share| whole(share.doses)));
            prop_assert!(plan.cells.iter().all(|cell| cell.doses > 0 && whole(cell.doses)));
            let mut by_part: BTreeMap<i32, i32> = BTreeMap::new();
            for cell in &plan.cells {
                let holds = |part: &&Part| {
                    part.clinics.iter().any(|clinic| clinic.clinic_id == cell.clinic_id)
                };
                let part = parts.iter().find(holds).expect("a clinic of a part");
                *by_part.entry(part.region_id.0).or_default() += cell.doses;
            }
            for (part, share) in parts.iter().zip(&plan.shares) {
                let clinics = by_part.get(&part.region_id.0).copied().unwrap_or(0);
                let expected = if over == Over::Clinics { share.doses } else { 0 };
                prop_assert_eq!(clinics, expected);
                prop_assert!(over == Over::Clinics || part.takes_pool || share.doses == 0);
            }
        }
    }
}
