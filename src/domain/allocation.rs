//! Doses that a clinic may give on a date: one row is a closed set of accounts.

use chrono::NaiveDate;

use super::{AllocationId, CampaignId, ClinicId, PoolId, ProductId, TrancheId, channel::Channel};

/// What an allocation is for; there may be one row per tranche and one for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub clinic_id: ClinicId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
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

/// The buckets that booking and cancelling move doses between, as locked by the transaction that
/// decides. The others (`held`, `given`, `lost`) stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub allocation_id: AllocationId,
    pub key: Key,
    /// None: for whoever's turn it is.
    pub tranche_id: Option<TrancheId>,
    pub open: i32,
    pub booked: i32,
    pub spare: i32,
}

/// Proof that a dose was set aside; a booking cannot be made without one.
#[derive(Debug, PartialEq, Eq)]
pub struct Dose {
    allocation_id: AllocationId,
}

impl Allocation {
    /// Moves a dose from open to booked, if one is open.
    pub fn book_dose(&mut self) -> Option<Dose> {
        (self.open > 0).then(|| {
            self.open -= 1;
            self.booked += 1;
            Dose { allocation_id: self.allocation_id }
        })
    }

    /// Moves the dose of a cancelled booking back: to everybody, or, when it is too late for that,
    /// to the spare ones for walk-ins.
    pub fn return_dose(&mut self, is_late: bool) {
        self.booked -= 1;
        if is_late {
            self.spare += 1;
        } else {
            self.open += 1;
        }
    }

    /// Whether a person of this tranche may have doses of this row.
    pub fn serves(&self, tranche_id: Option<TrancheId>) -> bool {
        self.tranche_id.is_none() || self.tranche_id == tranche_id
    }
}

impl Dose {
    pub fn allocation_id(&self) -> AllocationId {
        self.allocation_id
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
            open: 7,
            booked: 0,
            spare: 0,
        }
    }

    #[test]
    fn seven_doses_are_booked_seven_times() {
        let mut allocation = seven_doses();
        assert_eq!((0..10).filter(|_| allocation.book_dose().is_some()).count(), 7);
        assert_eq!((allocation.open, allocation.booked), (0, 7));
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
    fn a_tranches_doses_are_for_that_tranche() {
        let own = Allocation { tranche_id: Some(TrancheId(4)), ..seven_doses() };
        assert!(own.serves(Some(TrancheId(4))));
        assert!(!own.serves(Some(TrancheId(5))));
        assert!(!own.serves(None));
        assert!(seven_doses().serves(Some(TrancheId(4))));
    }
}
