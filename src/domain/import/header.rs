//! The first line of a file, and rows read by it.

use std::borrow::Cow;

use super::{
    fault::Fault,
    kind::{Column, Kind},
};
use crate::domain::{Code, Detail};

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
            let blamed = names.join(",");
            let columns = names.into_iter().map(Cow::Borrowed).collect();
            return Err(vec![Fault::new(
                Code::MissingColumn,
                blamed,
                Detail::NoHeader { columns },
            )]);
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
                let missing = Detail::ColumnMissing;
                faults.push(Fault::new(Code::MissingColumn, column.name, missing));
            }
            if found.next().is_some() {
                faults.push(Fault::new(Code::MalformedRow, column.name, Detail::ColumnTwice));
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
        let (fields, columns) = (fields.len(), self.width);
        Err(Fault::malformed(Detail::RowWidth { fields, columns }))
    }
}

/// Only what looks like the name of a column is repeated.
fn unknown_column(kind: Kind, at: usize, name: &str) -> Fault {
    let is_name = (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let number = at + 1;
    let (column, detail) = match is_name {
        true => (name.to_owned(), Detail::ColumnUnknown { kind }),
        false => (format!("number {number}"), Detail::ColumnUnnamed { kind, number }),
    };
    Fault::new(Code::UnknownColumn, column, detail)
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
    use crate::domain::import::csv;

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
}
