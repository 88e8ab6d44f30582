//! Files that administrators load: their kinds and columns, and what is said of a row that cannot
//! be loaded. Nothing said here repeats a value from the file: many values are personal.

pub mod allocation;
pub mod clinic;
pub mod csv;
pub mod field;
pub mod register;
pub mod report;
pub mod roster;
pub mod slot;

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Code, Refusal};
pub use report::{Reject, Rejects, Report};

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

impl FromStr for Kind {
    type Err = Refusal;

    /// # Errors
    /// Names `kind`, with the kinds that there are.
    fn from_str(word: &str) -> Result<Self, Refusal> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word).ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|kind| kind.word()).collect();
            Refusal::field("kind", format!("A file is one of {}.", words.join(", ")))
        })
    }
}

/// Why a row, or a column of the header, cannot be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The column to blame; several are separated by commas.
    pub column: Cow<'static, str>,
    pub code: Code,
    pub text: Cow<'static, str>,
}

impl Fault {
    pub fn new(
        code: Code,
        column: impl Into<Cow<'static, str>>,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { column: column.into(), code, text: text.into() }
    }

    /// An impossible value.
    pub fn field(column: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidField, column, text)
    }

    /// A code that names nothing.
    pub fn not_found(column: &'static str, text: &'static str) -> Self {
        Self::new(Code::NotFound, column, text)
    }

    /// The row as a whole cannot be read.
    pub fn malformed(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::MalformedRow, "", text)
    }
}

impl From<Refusal> for Fault {
    /// The field of the refusal is the column.
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.field.unwrap_or_default(), refusal.detail)
    }
}

/// The first line of a file: where each column stands.
#[derive(Clone, Debug)]
pub struct Header {
    columns: &'static [Column],
    /// Of each column, in the order of `columns`; none where one that may be left out is.
    places: Vec<Option<usize>>,
    width: usize,
}

impl Header {
    /// # Errors
    /// Names every unknown, missing and repeated column.
    pub fn parse(kind: Kind, fields: &[Cow<'_, str>]) -> Result<Self, Vec<Fault>> {
        let columns = kind.columns();
        let is_known = |name: &str| columns.iter().any(|column| column.name == name);
        let names: Vec<_> = fields.iter().map(|field| field.trim()).collect();
        if !names.iter().any(|name| is_known(name)) {
            // Most likely a row: its values are nobody's business.
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            let text = format!("The first line names the columns: {}.", names.join(","));
            return Err(vec![Fault::new(Code::MissingColumn, names.join(","), text)]);
        }
        let mut faults = Vec::new();
        for (at, name) in names.iter().enumerate().filter(|(_, name)| !is_known(name)) {
            faults.push(unknown_column(kind, at, name));
        }
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            let mut found = (0..).zip(&names).filter(|(_, name)| **name == column.name);
            let place = found.next().map(|(at, _)| at);
            if place.is_none() && column.is_required {
                let text = format!("The column {} is missing.", column.name);
                faults.push(Fault::new(Code::MissingColumn, column.name, text));
            }
            if found.next().is_some() {
                let text = format!("The column {} stands there twice.", column.name);
                faults.push(Fault::new(Code::MalformedRow, column.name, text));
            }
            places.push(place);
        }
        if faults.is_empty() {
            Ok(Self { columns, places, width: fields.len() })
        } else {
            Err(faults)
        }
    }

    /// # Errors
    /// A row with more or fewer fields than the header.
    pub fn row<'a>(&'a self, fields: &'a [Cow<'a, str>]) -> Result<Row<'a>, Fault> {
        if fields.len() == self.width {
            return Ok(Row { header: self, fields });
        }
        let (has, wants) = (fields.len(), self.width);
        Err(Fault::malformed(format!("The row has {has} fields and the header has {wants}.")))
    }
}

/// Only what looks like the name of a column is repeated.
fn unknown_column(kind: Kind, at: usize, name: &str) -> Fault {
    let is_name = (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let name = if is_name { name.to_owned() } else { format!("number {}", at + 1) };
    let text = format!("A file of kind {kind} has no column {name}.");
    Fault::new(Code::UnknownColumn, name, text)
}

/// The fields of one row, by the names of their columns.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    header: &'a Header,
    fields: &'a [Cow<'a, str>],
}

impl<'a> Row<'a> {
    /// The value without white space around it; empty where the column was left out.
    pub fn get(&self, column: &str) -> &'a str {
        self.find(column).unwrap_or_default()
    }

    /// The value without white space around it; none where the column was left out.
    pub fn find(&self, column: &str) -> Option<&'a str> {
        let at = self.header.columns.iter().position(|known| known.name == column);
        let place = at.and_then(|at| self.header.places.get(at).copied().flatten());
        place.and_then(|place| self.fields.get(place)).map(|field| field.trim())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Parses one line of a file that has all columns in their usual order.
    pub(crate) fn with_row<T>(kind: Kind, line: &str, work: impl FnOnce(&Row<'_>) -> T) -> T {
        let names: Vec<_> = kind.columns().iter().map(|column| column.name).collect();
        with_file(kind, &names.join(","), line, work)
    }

    pub(crate) fn with_file<T>(
        kind: Kind,
        header: &str,
        line: &str,
        work: impl FnOnce(&Row<'_>) -> T,
    ) -> T {
        let header = Header::parse(kind, &csv::fields(header).unwrap()).unwrap();
        let fields = csv::fields(line).unwrap();
        work(&header.row(&fields).unwrap())
    }

    fn header_faults(kind: Kind, header: &str) -> Vec<(Code, String)> {
        let faults = Header::parse(kind, &csv::fields(header).unwrap()).unwrap_err();
        faults.into_iter().map(|fault| (fault.code, fault.column.into_owned())).collect()
    }

    #[test]
    fn columns_come_in_any_order_and_some_may_be_left_out() {
        let header = "doses, on_date,product_code,clinic_code,campaign_code";
        with_file(Kind::Allocations, header, "10,2021-07-26, 207 ,C-1,moderna", |row| {
            assert_eq!((row.get("doses"), row.get("product_code")), ("10", "207"));
            assert_eq!((row.get("channel"), row.get("tranche_name")), ("", ""));
        });
    }

    #[test]
    fn a_wrong_column_is_named() {
        let faults = header_faults(Kind::Register, "name,birth_date,phone,region");
        let unknown = (Code::UnknownColumn, "region".to_owned());
        assert_eq!(faults, [unknown, (Code::MissingColumn, "region_code".to_owned())]);
        let faults = header_faults(Kind::Register, "name,birth_date,phone,region_code,phone");
        assert_eq!(faults, [(Code::MalformedRow, "phone".to_owned())]);
    }

    #[test]
    fn a_row_in_place_of_the_header_is_not_repeated() {
        let fields = csv::fields("Kim Minji,1962-03-01,01012345678,11680").unwrap();
        let faults = Header::parse(Kind::Register, &fields).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(!format!("{faults:?}").contains("Kim"));
        let faults = header_faults(Kind::Register, "name,Kim Minji,birth_date,phone,region_code");
        assert_eq!(faults, [(Code::UnknownColumn, "number 2".to_owned())]);
    }

    #[test]
    fn a_row_of_another_width_is_malformed() {
        let header = csv::fields("clinic_code,starts_at,ends_at,seats").unwrap();
        let header = Header::parse(Kind::Slots, &header).unwrap();
        let short = csv::fields("C-1,2021-07-26T09:00").unwrap();
        assert_eq!(header.row(&short).unwrap_err().code, Code::MalformedRow);
    }

    #[test]
    fn every_kind_has_a_word() {
        for &kind in Kind::ALL {
            assert_eq!(kind.word().parse::<Kind>().unwrap(), kind);
        }
        assert_eq!("people".parse::<Kind>().unwrap_err().field.as_deref(), Some("kind"));
    }
}
