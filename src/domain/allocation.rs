//! Allocations: the doses that a clinic may give on a date. One row is a closed set of buckets.

use chrono::NaiveDate;

use super::{
    AllocationId, CampaignId, ClinicId, PoolId, ProductId, TrancheId, channel::Channel,
    localized::Localized, movement::Bucket,
};

/// What an allocation is for. There may be one row per tranche and one for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub clinic_id: ClinicId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    pub on_date: NaiveDate,
}

/// Where the doses of an allocation are given, and when, as people call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClinicDay {
    pub clinic_id: ClinicId,
    pub clinic: Localized,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
}

/// An allocation before it has an id; it starts empty.
#[derive(Clone, Copy, Debug)]
pub struct NewAllocation {
    pub clinic_id: ClinicId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    /// None: for whoever's turn it is.
    pub tranche_id: Option<TrancheId>,
    pub channel: Channel,
    pub pool_id: PoolId,
}

/// An allocation as locked by the transaction that decides, with the buckets between which bookings
/// and visits move doses. `held` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub allocation_id: AllocationId,
    pub key: Key,
    /// None: for everybody who may book now.
    pub tranche_id: Option<TrancheId>,
    pub channel: Channel,
    pub open: i32,
    pub booked: i32,
    pub spare: i32,
    pub given: i32,
    pub lost: i32,
}

/// Proof that an allocation has an open dose. It borrows the allocation, so while it exists nobody
/// else can book the dose. `NewBooking::new` books it; dropping it moves nothing.
#[derive(Debug, PartialEq, Eq)]
pub struct Dose<'a>(&'a mut Allocation);

impl Allocation {
    /// A dose, if one is open.
    pub fn open_dose(&mut self) -> Option<Dose<'_>> {
        (self.open > 0).then_some(Dose(self))
    }

    /// Moves the dose of a cancelled booking back to the open ones, or, when the cancellation is
    /// late, to the spare ones for walk-ins.
    pub fn return_dose(&mut self, is_late: bool) {
        self.booked -= 1;
        if is_late {
            self.spare += 1;
        } else {
            self.open += 1;
        }
    }

    /// Moves one dose from one bucket to another; false, and nothing is moved, where there is none.
    pub fn shift(&mut self, from: Bucket, to: Bucket) -> bool {
        match self.bucket(from) {
            Some(doses) if *doses > 0 => *doses -= 1,
            _ => return false,
        }
        if let Some(doses) = self.bucket(to) {
            *doses += 1;
        }
        true
    }

    fn bucket(&mut self, bucket: Bucket) -> Option<&mut i32> {
        match bucket {
            Bucket::Open => Some(&mut self.open),
            Bucket::Booked => Some(&mut self.booked),
            Bucket::Spare => Some(&mut self.spare),
            Bucket::Given => Some(&mut self.given),
            Bucket::Lost => Some(&mut self.lost),
            Bucket::Held | Bucket::Outside | Bucket::Pool => None,
        }
    }

    /// Whether a person of this tranche may have doses of this allocation.
    pub fn serves(&self, tranche_id: Option<TrancheId>) -> bool {
        self.tranche_id.is_none() || self.tranche_id == tranche_id
    }
}

impl Dose<'_> {
    /// The allocation that the dose belongs to.
    pub fn allocation(&self) -> &Allocation {
        self.0
    }

    pub(super) fn book(self) {
        self.0.open -= 1;
        self.0.booked += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seven_doses() -> Allocation {
        Allocation {
            allocation_id: AllocationId(1),
            key: Key {
                clinic_id: ClinicId(1),
                campaign_id: CampaignId(1),
                product_id: ProductId(1),
                on_date: NaiveDate::from_ymd_opt(2021, 7, 26).unwrap(),
            },
            tranche_id: None,
            channel: Channel::Web,
            open: 7,
            booked: 0,
            spare: 0,
            given: 0,
            lost: 0,
        }
    }

    #[test]
    fn seven_doses_are_booked_seven_times() {
        let mut allocation = seven_doses();
        assert!(allocation.open_dose().is_some(), "a dose that is not booked stays open");
        let booked = (0..10).filter_map(|_| allocation.open_dose().map(Dose::book)).count();
        assert_eq!((booked, allocation.open, allocation.booked), (7, 0, 7));
    }

    #[test]
    fn a_late_return_is_spare_and_not_open() {
        let mut allocation = Allocation { booked: 2, ..seven_doses() };
        allocation.return_dose(true);
        assert_eq!((allocation.open, allocation.spare), (7, 1));
        allocation.return_dose(false);
        assert_eq!((allocation.open, allocation.spare), (8, 1));
    }

    #[test]
    fn a_dose_that_is_not_there_is_not_moved() {
        let mut allocation = Allocation { spare: 1, ..seven_doses() };
        assert!(allocation.shift(Bucket::Spare, Bucket::Given), "the control");
        assert!(!allocation.shift(Bucket::Spare, Bucket::Given));
        assert!(!allocation.shift(Bucket::Pool, Bucket::Open), "no bucket of an allocation");
        assert_eq!((allocation.open, allocation.spare, allocation.given), (7, 0, 1));
    }

    #[test]
    fn a_tranches_doses_are_for_that_tranche() {
        let own = Allocation { tranche_id: Some(TrancheId(4)), ..seven_doses() };
        assert!(own.serves(Some(TrancheId(4))));
        assert!(!own.serves(Some(TrancheId(5))));
        assert!(!own.serves(None));
        assert!(seven_doses().serves(Some(TrancheId(4))));
    }
}
