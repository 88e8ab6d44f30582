//! The slots that can be booked before a replay starts, and the choice of one for each citizen.

use std::ops::Range;

use anyhow::bail;
use chrono::NaiveDate;

use super::scenario::Aim;
use crate::{
    db::{self, Db, rehearsal::SlotRow},
    domain::{CampaignId, ClinicId, ProductId, RegionId, SlotId},
    random::{Random, Weights},
};

/// A clinic's doses of one product on one day, and the slots in which they can be given. The day is
/// in the clinic's zone.
#[derive(Clone, Debug)]
pub struct ClinicDay {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub product_id: ProductId,
    pub on_date: NaiveDate,
    pub open: u32,
    slots: Range<usize>,
}

/// All slots that citizens may aim at, each with an index.
#[derive(Debug)]
pub struct BookableSlots {
    pub days: Vec<ClinicDay>,
    slots: Vec<Slot>,
    weights: Weights,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    slot_id: SlotId,
    /// Index of its day.
    day: u32,
    returns: bool,
}

/// A slot with its day.
#[derive(Clone, Copy, Debug)]
pub struct BookableSlot<'a> {
    pub slot_id: SlotId,
    /// Whether a cancelled dose can be booked by everybody again.
    pub returns: bool,
    pub day: &'a ClinicDay,
}

impl BookableSlots {
    /// The slots that the scenario aims at.
    ///
    /// # Errors
    /// A sentence for the operator: there is nothing to book.
    pub async fn find(db: &Db, campaign_id: CampaignId, aim: &Aim) -> anyhow::Result<Self> {
        let code = match aim {
            Aim::Clinic(code) => Some(code.as_str()),
            Aim::AllClinics | Aim::FullestClinic => None,
        };
        let mut rows = db::rehearsal::bookable_slots(&db.jobs, campaign_id, code).await?;
        if *aim == Aim::FullestClinic {
            let fullest = fullest(&rows);
            rows.retain(|row| Some(row.clinic_id) == fullest);
        }
        if rows.is_empty() {
            bail!("there is nothing to book: no clinic aimed at has both doses and seats");
        }
        Ok(Self::of(&rows))
    }

    /// Rows are ordered by clinic, day and product.
    fn of(rows: &[SlotRow]) -> Self {
        let mut days: Vec<ClinicDay> = Vec::new();
        let mut slots = Vec::with_capacity(rows.len());
        for row in rows {
            let &SlotRow { clinic_id, region_id, product_id, on_date, .. } = row;
            let is_same = days.last().is_some_and(|day| day.is_of(row));
            if !is_same {
                let open = u32::try_from(row.open).unwrap_or(0);
                let slots = slots.len()..slots.len();
                days.push(ClinicDay { clinic_id, region_id, product_id, on_date, open, slots });
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

    /// The slots of a day, by their ids.
    pub fn of_day(&self, day: &ClinicDay) -> Vec<SlotId> {
        let slots = self.slots.get(day.slots.clone()).unwrap_or_default();
        slots.iter().map(|slot| slot.slot_id).collect()
    }

    /// Open doses of all days.
    pub fn doses(&self) -> u64 {
        self.days.iter().map(|day| u64::from(day.open)).sum()
    }

    /// The index of a slot: a day in proportion to its open doses, any of its slots.
    pub fn draw(&self, random: &mut Random) -> u32 {
        let slots = self.days.get(self.weights.draw(random)).map_or(0..0, |day| day.slots.clone());
        u32::try_from(slots.start + random.index(slots.len())).unwrap_or(0)
    }

    /// The slot at this index.
    pub fn get(&self, index: u32) -> Option<BookableSlot<'_>> {
        let &Slot { slot_id, day, returns } = self.slots.get(usize::try_from(index).ok()?)?;
        Some(BookableSlot { slot_id, returns, day: self.days.get(usize::try_from(day).ok()?)? })
    }
}

impl ClinicDay {
    fn is_of(&self, row: &SlotRow) -> bool {
        (self.clinic_id, self.on_date, self.product_id)
            == (row.clinic_id, row.on_date, row.product_id)
    }
}

/// The clinic with the most open doses; the first of several equal ones.
fn fullest(rows: &[SlotRow]) -> Option<ClinicId> {
    let slots = BookableSlots::of(rows);
    let mut sums: Vec<(ClinicId, u64)> = Vec::new();
    for day in &slots.days {
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

    fn row(clinic: i32, day: u32, slot: i64, open: i32) -> SlotRow {
        SlotRow {
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
    fn slots_are_drawn_by_the_doses_of_their_day() {
        let rows = [row(1, 1, 1, 10), row(1, 1, 2, 10), row(1, 2, 3, 10), row(2, 1, 1, 20)];
        let slots = BookableSlots::of(&rows);
        assert_eq!((slots.days.len(), slots.doses()), (3, 40));
        let mut counts = [0; 4];
        for n in 0..8_000 {
            counts[slots.draw(&mut Random::of(1, 1, n)) as usize] += 1;
        }
        for (count, expected) in counts.into_iter().zip([1_000, 1_000, 2_000, 4_000]) {
            assert!((expected - 150..expected + 150).contains(&count), "{counts:?}");
        }
        assert_eq!(slots.get(3).map(|slot| slot.day.clinic_id), Some(ClinicId(2)));
        assert!(slots.get(4).is_none());
    }

    #[test]
    fn the_fullest_clinic_is_that_of_all_its_days() {
        let rows = [row(1, 1, 1, 10), row(1, 2, 2, 15), row(2, 1, 1, 20), row(3, 1, 1, 25)];
        assert_eq!(fullest(&rows), Some(ClinicId(1)));
        assert_eq!(fullest(&[]), None);
    }
}
