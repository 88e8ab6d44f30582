//! The keys of the nouns, each its own type, so that a slot cannot be passed where a clinic is
//! meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$inner> for $name {
            fn from(id: $inner) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = <$inner as FromStr>::Err;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

id! {
    CampaignId(i32);
    ClinicId(i32);
    CohortId(i32);
    CourseId(i32);
    /// What a clinic has found that keeps a person from doses.
    ExclusionId(i64);
    /// A file that was loaded, or tried.
    ImportId(i64);
    PersonId(i64);
    PoolId(i32);
    ProductId(i32);
    RegionId(i32);
    RosterId(i32);
    StaffUserId(i32);
    TrancheId(i32);
    /// A row of the booking book; its bits above 24 are its clinic's id.
    AllocationId(i64);
    /// A time window at a clinic; its bits above 24 are its clinic's id.
    SlotId(i64);
    /// Chosen by the client (version 7 advised): the idempotency key of a booking.
    BookingId(Uuid);
    /// Chosen by the client (version 7 advised): the idempotency key of a step of a visit.
    StepId(Uuid);
}

/// Bits of a slot's or allocation's id that number it within its clinic.
const WITHIN_CLINIC_BITS: u32 = 24;

impl SlotId {
    /// The slot with this number at a clinic.
    pub fn of(clinic_id: ClinicId, number: u32) -> Self {
        Self((i64::from(clinic_id.0) << WITHIN_CLINIC_BITS) | i64::from(number))
    }

    /// Its number within its clinic, of 24 bits.
    pub fn number(self) -> u32 {
        u32::try_from(self.0 & ((1 << WITHIN_CLINIC_BITS) - 1)).unwrap_or(0)
    }

    /// The clinic that the slot belongs to; an id that names none gives a clinic that does not
    /// exist.
    pub fn clinic(self) -> ClinicId {
        clinic_of(self.0)
    }
}

impl AllocationId {
    /// The clinic that the allocation belongs to.
    pub fn clinic(self) -> ClinicId {
        clinic_of(self.0)
    }
}

fn clinic_of(id: i64) -> ClinicId {
    ClinicId(i32::try_from(id >> WITHIN_CLINIC_BITS).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_names_its_clinic() {
        let slot_id = SlotId((7 << 24) | 3);
        assert_eq!((slot_id.clinic(), slot_id.number()), (ClinicId(7), 3));
        assert_eq!(SlotId::of(ClinicId(7), 3), slot_id);
        assert_eq!(SlotId(i64::MAX).clinic(), ClinicId(0), "no such clinic");
    }
}
