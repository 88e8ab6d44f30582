//! The kinds of files, and the columns that each has.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::amenity::Amenity;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Persons who may become citizens of a campaign.
    Register,
    /// Members of rosters, all of them persons of the register.
    Roster,
    Clinics,
    Slots,
    /// Doses that leave pools for clinics.
    Allocations,
}

/// A column of a kind of file; one that is not required may be left out.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub is_required: bool,
}

const fn column(name: &'static str) -> Column {
    Column { name, is_required: true }
}

const fn optional(name: &'static str) -> Column {
    Column { name, is_required: false }
}

const REGISTER: &[Column] = &[
    column("name"),
    column("birth_date"),
    column("phone"),
    column("region_code"),
    optional("name_ko"),
    optional("name_en"),
    optional("email"),
    optional("language"),
];
const ROSTER: &[Column] =
    &[column("roster_code"), column("name"), column("birth_date"), column("phone")];
const CLINICS: &[Column] = &[
    column("code"),
    column("name"),
    column("region_code"),
    column("zone"),
    column("address"),
    column("phone"),
    column("latitude"),
    column("longitude"),
    optional("name_ko"),
    optional("name_en"),
    optional(Amenity::StepFree.word()),
    optional(Amenity::AccessibleToilet.word()),
    optional(Amenity::Parking.word()),
    optional(Amenity::HearingLoop.word()),
    optional(Amenity::SignLanguage.word()),
    optional(Amenity::Wheelchair.word()),
    optional("directions"),
    optional("directions_ko"),
    optional("directions_en"),
];
const SLOTS: &[Column] =
    &[column("clinic_code"), column("starts_at"), column("ends_at"), column("seats")];
const ALLOCATIONS: &[Column] = &[
    column("campaign_code"),
    column("clinic_code"),
    column("product_code"),
    column("on_date"),
    column("doses"),
    optional("channel"),
    optional("tranche_name"),
];

impl Kind {
    pub const ALL: &'static [Self] =
        &[Self::Register, Self::Roster, Self::Clinics, Self::Slots, Self::Allocations];

    /// As in paths, commands and the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Roster => "roster",
            Self::Clinics => "clinics",
            Self::Slots => "slots",
            Self::Allocations => "allocations",
        }
    }

    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Register => REGISTER,
            Self::Roster => ROSTER,
            Self::Clinics => CLINICS,
            Self::Slots => SLOTS,
            Self::Allocations => ALLOCATIONS,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
