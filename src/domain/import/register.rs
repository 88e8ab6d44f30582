//! A row of the register: a person as an administrator knows them.

use chrono::NaiveDate;

use super::{fault::Fault, field, header::Row};
use crate::domain::person::{BirthDate, parse_name, parse_phone};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register<'a> {
    pub name: String,
    pub birth_date: BirthDate,
    pub phone: String,
    pub region_code: &'a str,
}

impl<'a> Register<'a> {
    /// # Errors
    /// Names the first column with an impossible value. No birth date is after `today`.
    pub fn parse(row: &Row<'a>, today: NaiveDate) -> Result<Self, Fault> {
        Ok(Self {
            name: parse_name(row.get("name"))?,
            birth_date: BirthDate::parse(row.get("birth_date"), today)?,
            phone: parse_phone(row.get("phone"))?,
            region_code: field::code(row, "region_code")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        import::{Kind, header::tests::with_row},
        person::parse_date,
    };

    fn column(line: &str) -> Option<String> {
        with_row(Kind::Register, line, |row| {
            let parsed = Register::parse(row, parse_date("2021-07-12").unwrap());
            parsed.err().map(|fault| fault.column.into_owned())
        })
    }

    #[test]
    fn an_impossible_value_names_its_column() {
        assert_eq!(column("김민지,1962-03-01,010-1234-5678,11680"), None, "the control");
        assert_eq!(column(" ,1962-03-01,010-1234-5678,11680").as_deref(), Some("name"));
        assert_eq!(column("김민지,1962-02-30,01012345678,11680").as_deref(), Some("birth_date"));
        assert_eq!(column("김민지,2021-07-13,01012345678,11680").as_deref(), Some("birth_date"));
        assert_eq!(column("김민지,1962-03-01,1234,11680").as_deref(), Some("phone"));
        assert_eq!(column("김민지,1962-03-01,01012345678,").as_deref(), Some("region_code"));
    }
}
