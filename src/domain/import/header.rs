//! The first line of a file, and rows read by it.

use std::borrow::Cow;

use super::{
    cell::trim,
    column::{Column, fold},
    csv,
    fault::Fault,
    kind::Kind,
    separator::Separator,
};
use crate::domain::{Code, Detail};

/// More columns than any file of ours has, and than anybody can look through.
pub const COLUMNS_MAX: usize = 256;

/// The separator by which this header names the most columns; a comma where none does.
pub fn separator_of(header: &str, columns: &[Column]) -> Separator {
    let named = |separator: Separator| {
        let fields = csv::fields(header, separator).unwrap_or_default();
        let is_known = |field: &str| {
            let folded = fold(field);
            columns.iter().any(|column| column.is_headed(&folded))
        };
        fields.iter().filter(|field| is_known(field)).count()
    };
    let most = Separator::ALL.into_iter().map(named).max().unwrap_or(0);
    Separator::ALL.into_iter().find(|&separator| named(separator) == most).unwrap_or_default()
}

/// The first line of a file: where each column stands.
#[derive(Clone, Debug)]
pub struct Header {
    columns: &'static [Column],
    /// Of each column, in the order of `columns`; none where one that may be left out is.
    places: Vec<Option<usize>>,
    /// Of fields without a heading; nothing may stand below them.
    unnamed: Vec<usize>,
    /// Without the fields after the last heading.
    width: usize,
    /// Rows may end where only columns follow that may be left out.
    width_min: usize,
}

impl Header {
    /// # Errors
    /// Names every unknown, missing and repeated column.
    pub fn parse(kind: Kind, fields: &[Cow<'_, str>]) -> Result<Self, Vec<Fault>> {
        let columns = kind.columns();
        let width = fields.iter().rposition(|field| !trim(field).is_empty()).map_or(0, |at| at + 1);
        if width > COLUMNS_MAX {
            let many = Detail::TooManyColumns { columns_max: COLUMNS_MAX };
            return Err(vec![Fault::malformed(many)]);
        }
        let names: Vec<_> = fields.iter().take(width).map(|field| trim(field)).collect();
        let folded: Vec<_> = names.iter().map(|name| fold(name)).collect();
        let is_known = |at: usize| {
            folded.get(at).is_some_and(|name| columns.iter().any(|column| column.is_headed(name)))
        };
        if !(0..width).any(is_known) {
            return Err(vec![no_header(columns)]);
        }
        let mut faults = Vec::new();
        let mut unnamed = Vec::new();
        for (at, name) in names.iter().enumerate().filter(|(at, _)| !is_known(*at)) {
            match name.is_empty() {
                true => unnamed.push(at),
                false => faults.push(unknown_column(kind, at, name)),
            }
        }
        let mut places = Vec::with_capacity(columns.len());
        for column in columns {
            let mut found = (0..).zip(&folded).filter(|(_, name)| column.is_headed(name));
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
        if !faults.is_empty() {
            return Err(faults);
        }
        let required = columns.iter().zip(&places).filter(|(column, _)| column.is_required);
        let width_min = required.filter_map(|(_, place)| *place).max().map_or(0, |at| at + 1);
        Ok(Self { columns, places, unnamed, width, width_min })
    }

    /// A row; spreadsheets leave out empty fields at its end, and add some.
    ///
    /// # Errors
    /// A row that ends before a column that it must have, or with a value outside of all columns.
    pub fn row<'a>(&'a self, fields: &'a [Cow<'a, str>]) -> Result<Row<'a>, Fault> {
        let is_full = |at: usize| fields.get(at).is_some_and(|field| !trim(field).is_empty());
        if fields.len() < self.width_min || (self.width..fields.len()).any(is_full) {
            let (fields, columns) = (fields.len(), self.width);
            return Err(Fault::malformed(Detail::RowWidth { fields, columns }));
        }
        match self.unnamed.iter().find(|&&at| is_full(at)) {
            None => Ok(Row { header: self, fields }),
            Some(at) => Err(Fault::malformed(Detail::ValueWithoutColumn { number: at + 1 })),
        }
    }

    /// How many fields a row has up to the last heading.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The name of the column that stands there.
    pub fn name_at(&self, at: usize) -> Option<&'static str> {
        let mut known = self.columns.iter().zip(&self.places);
        known.find(|(_, place)| **place == Some(at)).map(|(column, _)| column.name)
    }
}

/// Most likely the first line is a row: its values are nobody's business.
fn no_header(columns: &[Column]) -> Fault {
    let required = columns.iter().filter(|column| column.is_required);
    let names: Vec<_> = required.map(|column| column.name).collect();
    let blamed = names.join(",");
    let columns = names.into_iter().map(Cow::Borrowed).collect();
    Fault::new(Code::MissingColumn, blamed, Detail::NoHeader { columns })
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
        place.and_then(|place| self.fields.get(place)).map(|field| trim(field))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<Cow<'_, str>> {
        csv::fields(text, Separator::Comma).unwrap()
    }

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
        let header = Header::parse(kind, &fields(header)).unwrap();
        let line = fields(line);
        work(&header.row(&line).unwrap())
    }

    fn header_faults(kind: Kind, header: &str) -> Vec<(Code, String)> {
        let faults = Header::parse(kind, &fields(header)).unwrap_err();
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
        let fields = fields("Kim Minji,1962-03-01,01012345678,11680");
        let faults = Header::parse(Kind::Register, &fields).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(!format!("{faults:?}").contains("Kim"));
        let faults = header_faults(Kind::Register, "name,Kim Minji,birth_date,phone,region_code");
        assert_eq!(faults, [(Code::UnknownColumn, "number 2".to_owned())]);
    }

    #[test]
    fn headings_come_in_any_spelling() {
        for header in [
            "Name,Birth_Date,Phone,Region_Code",
            "NAME,BIRTH DATE,PHONE,REGION CODE",
            " name , birth-date , phone , region.code ",
            "\u{feff}Name,birthdate,Phone Number,regioncode",
            "이름,생년월일,전화번호,지역코드",
            "성명,생년 월일,휴대전화,지역 코드",
            "Ｎａｍｅ,Ｂｉｒｔｈ＿Ｄａｔｅ,Ｐｈｏｎｅ,Ｒｅｇｉｏｎ＿Ｃｏｄｅ",
            "name,DOB,mobile,지역코드",
        ] {
            with_file(Kind::Register, header, "A,B,C,D", |row| {
                let found = ["name", "birth_date", "phone", "region_code"].map(|one| row.get(one));
                assert_eq!(found, ["A", "B", "C", "D"], "{header}");
            });
        }
        let twice = header_faults(Kind::Register, "name,이름,birth_date,phone,region_code");
        assert_eq!(twice, [(Code::MalformedRow, "name".to_owned())], "two headings of one column");
        let unknown = header_faults(Kind::Register, "name,birth_date,phone,region_code,비고");
        assert_eq!(unknown, [(Code::UnknownColumn, "number 5".to_owned())]);
    }

    #[test]
    fn empty_columns_do_not_count_while_they_are_empty() {
        let usual = "name,birth_date,phone,region_code";
        let head = |text: &str| Header::parse(Kind::Register, &fields(text)).unwrap();
        for header in [format!("{usual},"), format!("{usual},,,"), usual.to_owned()] {
            for line in ["A,B,C,D", "A,B,C,D,", "A,B,C,D,,,,,,", "A,B,C,D, ,"] {
                assert!(head(&header).row(&fields(line)).is_ok(), "{header} {line}");
            }
            let row = fields("A,B,C,D,x");
            assert_eq!(head(&header).row(&row).unwrap_err().code, Code::MalformedRow);
        }
        let gap = head("name,,birth_date,phone,region_code");
        assert!(gap.row(&fields("A,,B,C,D")).is_ok());
        let value = fields("A,x,B,C,D");
        let fault = gap.row(&value).unwrap_err();
        assert_eq!(fault.detail, Detail::ValueWithoutColumn { number: 2 });
    }

    #[test]
    fn a_row_may_end_before_columns_that_may_be_left_out() {
        let header = fields("name,birth_date,phone,region_code,name_en,email");
        let header = Header::parse(Kind::Register, &header).unwrap();
        for line in ["A,B,C,D", "A,B,C,D,E", "A,B,C,D,E,F"] {
            assert!(header.row(&fields(line)).is_ok(), "{line}");
        }
        assert!(header.row(&fields("A,B,C")).is_err());
    }

    #[test]
    fn thousands_of_columns_are_one_fault() {
        let many = format!("name,birth_date,phone,region_code{}", ",x".repeat(10_000));
        let faults = Header::parse(Kind::Register, &fields(&many)).unwrap_err();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].detail, Detail::TooManyColumns { columns_max: COLUMNS_MAX });
        let empty = format!("name,birth_date,phone,region_code{}", ",".repeat(10_000));
        Header::parse(Kind::Register, &fields(&empty)).expect("the control: nothing in them");
    }

    #[test]
    fn a_row_of_another_width_is_malformed() {
        let header = fields("clinic_code,starts_at,ends_at,seats");
        let header = Header::parse(Kind::Slots, &header).unwrap();
        let short = fields("C-1,2021-07-26T09:00");
        assert_eq!(header.row(&short).unwrap_err().code, Code::MalformedRow);
    }

    #[test]
    fn the_header_shows_the_separator() {
        let columns = Kind::Register.columns();
        for separator in Separator::ALL {
            let with = |names: &[&str]| names.join(&separator.char().to_string());
            for names in [
                ["name", "birth_date", "phone", "region_code"],
                ["이름", "생년월일", "전화번호", "지역코드"],
                ["\"name\"", "\"Birth Date\"", "\"Phone\"", "\"Region Code\""],
            ] {
                assert_eq!(separator_of(&with(&names), columns), separator);
            }
        }
        assert_eq!(separator_of("nothing;at;all", columns), Separator::Comma);
        assert_eq!(separator_of("name", columns), Separator::Comma);
        let comment = "name;birth_date;phone;region_code,with a comma";
        assert_eq!(separator_of(comment, columns), Separator::Semicolon);
    }
}
