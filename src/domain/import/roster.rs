//! A row of a roster: a person of the register who belongs to a list.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{fault::Fault, field, header::Row};
use crate::domain::{birth_date::BirthDate, person::parse_name};

/// The columns that together find a person.
pub const PERSON_COLUMNS: &str = "name,birth_date,phone";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster<'a> {
    pub roster_code: Cow<'a, str>,
    pub name: String,
    pub birth_date: BirthDate,
    /// Empty for somebody without one, who is known by the code.
    pub phone: String,
    /// The register's own.
    pub person_code: Option<String>,
}

impl<'a> Roster<'a> {
    /// # Errors
    /// Names the first column with an impossible value. No birth date is after `today`.
    pub fn parse(row: &Row<'a>, today: NaiveDate) -> Result<Self, Fault> {
        let (phone, person_code) = (field::phone(row)?, field::person_code(row)?);
        Ok(Self {
            roster_code: field::code(row, "roster_code")?,
            name: parse_name(row.get("name"))?,
            birth_date: field::birth_date(row, today)?,
            phone,
            person_code,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        calendar::parse_date,
        import::{Kind, header::tests::with_row},
    };

    #[test]
    fn an_impossible_value_names_its_column() {
        let column = |line: &str| {
            with_row(Kind::Roster, line, |row| {
                let parsed = Roster::parse(row, parse_date("2021-07-12").unwrap());
                parsed.err().map(|fault| fault.column.into_owned())
            })
        };
        assert_eq!(column("police,김민지,1962-03-01,01012345678"), None, "the control");
        assert_eq!(
            column("the police,김민지,1962-03-01,01012345678").as_deref(),
            Some("roster_code")
        );
        assert_eq!(column("police,김민지,1962-13-01,01012345678").as_deref(), Some("birth_date"));
    }
}
