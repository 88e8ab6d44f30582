//! The kinds of files, and the columns that each has.

use std::fmt;

use serde::{Deserialize, Serialize};

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

const REGISTER: &[Column] = &[
    column("name"),
    column("birth_date"),
    column("phone"),
    column("region_code"),
    Column { name: "name_ko", is_required: false },
    Column { name: "name_en", is_required: false },
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
    Column { name: "name_ko", is_required: false },
    Column { name: "name_en", is_required: false },
];
const SLOTS: &[Column] =
    &[column("clinic_code"), column("starts_at"), column("ends_at"), column("seats")];
const ALLOCATIONS: &[Column] = &[
    column("campaign_code"),
    column("clinic_code"),
    column("product_code"),
    column("on_date"),
    column("doses"),
    Column { name: "channel", is_required: false },
    Column { name: "tranche_name", is_required: false },
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
