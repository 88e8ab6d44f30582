//! The kinds of files, and the columns that each has.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::column::{self, Column};

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
    /// Opening hours of clinics, which make their slots.
    Hours,
    /// Provinces and their districts.
    Regions,
    /// Who signs in by a password.
    Users,
}

impl Kind {
    pub const ALL: &'static [Self] = &[
        Self::Register,
        Self::Roster,
        Self::Clinics,
        Self::Slots,
        Self::Allocations,
        Self::Hours,
        Self::Regions,
        Self::Users,
    ];

    /// As in paths, commands and the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Roster => "roster",
            Self::Clinics => "clinics",
            Self::Slots => "slots",
            Self::Allocations => "allocations",
            Self::Hours => "hours",
            Self::Regions => "regions",
            Self::Users => "users",
        }
    }

    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Register => column::REGISTER,
            Self::Roster => column::ROSTER,
            Self::Clinics => column::CLINICS,
            Self::Slots => column::SLOTS,
            Self::Allocations => column::ALLOCATIONS,
            Self::Hours => column::HOURS,
            Self::Regions => column::REGIONS,
            Self::Users => column::USERS,
        }
    }

    /// The first line of such a file, with all columns.
    pub fn header_line(self) -> String {
        self.columns().iter().map(|column| column.name).collect::<Vec<_>>().join(",")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
