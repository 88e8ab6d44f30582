//! What is there before a replay starts: the people who may book, and the places that they can
//! book.

use std::ops::Range;

use anyhow::{Context, bail};
use chrono::NaiveDate;

use super::scenario::Aim;
use crate::{
    db::{
        self, Db,
        rehearsal::{Campaign, Place},
    },
    domain::{CampaignId, ClinicId, PersonId, ProductId, RegionId, SlotId},
    random::{Dice, Weights},
};

/// A clinic's doses of one product on one day, and the slots in which they can be given.
#[derive(Clone, Debug)]
pub struct Day {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub product_id: ProductId,
    pub on_date: NaiveDate,
    pub open: u32,
    slots: Range<usize>,
}

/// Where people can book.
#[derive(Debug)]
pub struct Places {
    pub days: Vec<Day>,
    slots: Vec<Slot>,
    weights: Weights,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    slot_id: SlotId,
    /// Place of its day.
    day: u32,
    returns: bool,
}

/// What a slot is.
#[derive(Clone, Copy, Debug)]
pub struct Aimed<'a> {
    pub slot_id: SlotId,
    /// Whether a dose that is cancelled can be booked by everybody again.
    pub returns: bool,
    pub day: &'a Day,
}

/// The open campaign that is asked for, or the only one.
///
/// # Errors
/// In words for an operator: no such campaign is open, or several are; the database's.
pub async fn campaign(db: &Db, wanted: Option<CampaignId>) -> anyhow::Result<Campaign> {
    let mut open = db::rehearsal::open_campaigns(&db.read).await?;
    if let Some(id) = wanted {
        open.retain(|campaign| campaign.campaign_id == id);
        return open.pop().with_context(|| format!("campaign {id} is not open"));
    }
    match open.len() {
        0 => bail!("no campaign is open: `dosebook demo` loads one"),
        1 => open.pop().context("no campaign is open"),
        n => bail!("{n} campaigns are open: choose one by --campaign"),
    }
}

/// So many people who may book, in an order that the dice make.
///
/// # Errors
/// In words for an operator: there are not so many; the database's.
pub async fn people(
    db: &Db,
    campaign_id: CampaignId,
    count: u32,
    dice: &mut Dice,
) -> anyhow::Result<Vec<PersonId>> {
    let mut people = db::rehearsal::persons(&db.read, campaign_id).await?;
    let count = usize::try_from(count)?;
    if people.len() < count {
        bail!(
            "{count} people are to come, and {} are there who may book and have not: \
             take a smaller --share, or load a larger register",
            people.len(),
        );
    }
    for n in 0..count {
        let other = n + dice.place(people.len() - n);
        people.swap(n, other);
    }
    people.truncate(count);
    people.shrink_to_fit();
    Ok(people)
}

impl Places {
    /// The places that the scenario aims at.
    ///
    /// # Errors
    /// In words for an operator: there is nothing to book; the database's.
    pub async fn find(db: &Db, campaign_id: CampaignId, aim: &Aim) -> anyhow::Result<Self> {
        let code = match aim {
            Aim::Clinic(code) => Some(code.as_str()),
            Aim::AllClinics | Aim::FullestClinic => None,
        };
        let mut rows = db::rehearsal::places(&db.read, campaign_id, code).await?;
        if *aim == Aim::FullestClinic {
            let fullest = fullest(&rows);
            rows.retain(|row| Some(row.clinic_id) == fullest);
        }
        if rows.is_empty() {
            bail!("there is nothing to book: no clinic aimed at has both doses and seats");
        }
        Ok(Self::of(&rows))
    }

    /// Of rows in order.
    fn of(rows: &[Place]) -> Self {
        let mut days: Vec<Day> = Vec::new();
        let mut slots = Vec::with_capacity(rows.len());
        for row in rows {
            let &Place { clinic_id, region_id, product_id, on_date, .. } = row;
            let is_same = days.last().is_some_and(|day| day.is_of(row));
            if !is_same {
                let open = u32::try_from(row.open).unwrap_or(0);
                let slots = slots.len()..slots.len();
                days.push(Day { clinic_id, region_id, product_id, on_date, open, slots });
            }
            let day = u32::try_from(days.len() - 1).unwrap_or(u32::MAX);
            slots.push(Slot { slot_id: row.slot_id, day, returns: row.returns });
            if let Some(day) = days.last_mut() {
                day.slots.end = slots.len();
            }
        }
        let weights = Weights::new(days.iter().map(|day| day.open));
        Self { days, slots, weights }
    }

    /// Doses that are open at the places aimed at.
    pub fn open(&self) -> u64 {
        self.days.iter().map(|day| u64::from(day.open)).sum()
    }

    /// A day in proportion to its open doses, any of its slots: the number of the slot.
    pub fn draw(&self, dice: &mut Dice) -> u32 {
        let slots = self.days.get(self.weights.draw(dice)).map_or(0..0, |day| day.slots.clone());
        u32::try_from(slots.start + dice.place(slots.len())).unwrap_or(0)
    }

    /// The slot of this number.
    pub fn get(&self, place: u32) -> Option<Aimed<'_>> {
        let &Slot { slot_id, day, returns } = self.slots.get(usize::try_from(place).ok()?)?;
        Some(Aimed { slot_id, returns, day: self.days.get(usize::try_from(day).ok()?)? })
    }
}

impl Day {
    fn is_of(&self, row: &Place) -> bool {
        (self.clinic_id, self.on_date, self.product_id)
            == (row.clinic_id, row.on_date, row.product_id)
    }
}

/// The clinic with the most open doses; of equals the first.
fn fullest(rows: &[Place]) -> Option<ClinicId> {
    let places = Places::of(rows);
    let mut sums: Vec<(ClinicId, u64)> = Vec::new();
    for day in &places.days {
        match sums.last_mut() {
            Some((clinic_id, sum)) if *clinic_id == day.clinic_id => *sum += u64::from(day.open),
            _ => sums.push((day.clinic_id, day.open.into())),
        }
    }
    sums.into_iter().rev().max_by_key(|(_, sum)| *sum).map(|(clinic_id, _)| clinic_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(clinic: i32, day: u32, slot: i64, open: i32) -> Place {
        Place {
            slot_id: SlotId((i64::from(clinic) << 24) | slot),
            clinic_id: ClinicId(clinic),
            region_id: RegionId(1),
            product_id: ProductId(1),
            on_date: NaiveDate::from_ymd_opt(2021, 7, day).expect("a date"),
            open,
            returns: true,
        }
    }

    #[test]
    fn places_are_drawn_by_doses_then_by_slots() {
        let rows = [row(1, 1, 1, 10), row(1, 1, 2, 10), row(1, 2, 3, 10), row(2, 1, 1, 20)];
        let places = Places::of(&rows);
        assert_eq!((places.days.len(), places.open()), (3, 40));
        let mut counts = [0; 4];
        for n in 0..8_000 {
            counts[places.draw(&mut Dice::of(1, 1, n)) as usize] += 1;
        }
        for (count, expected) in counts.into_iter().zip([1_000, 1_000, 2_000, 4_000]) {
            assert!((expected - 150..expected + 150).contains(&count), "{counts:?}");
        }
        assert_eq!(places.get(3).map(|aimed| aimed.day.clinic_id), Some(ClinicId(2)));
        assert!(places.get(4).is_none());
    }

    #[test]
    fn the_fullest_clinic_is_that_of_all_its_days() {
        let rows = [row(1, 1, 1, 10), row(1, 2, 2, 15), row(2, 1, 1, 20), row(3, 1, 1, 25)];
        assert_eq!(fullest(&rows), Some(ClinicId(1)));
        assert_eq!(fullest(&[]), None);
    }
}
