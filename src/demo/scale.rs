//! How much the demonstration loads, and what all of it is drawn from.

/// What everything is drawn from.
pub(super) const SEED: u64 = 0x2021_0712;
/// As the product's row has it.
pub(super) const DOSES_PER_VIAL: u32 = 10;

/// How much is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Of the cohort; 200 others come on top.
    pub people: u32,
    /// Whole vials of ten.
    pub doses: u32,
    pub clinics: u32,
}

impl Scale {
    /// A tenth of the real thing: it loads in seconds and the shortage is the same.
    pub const fn tenth() -> Self {
        Self { people: 352_400, doses: 80_640, clinics: 1_450 }
    }

    /// The real thing.
    pub const fn full() -> Self {
        Self { people: 3_524_000, doses: 806_400, clinics: 14_500 }
    }
}
