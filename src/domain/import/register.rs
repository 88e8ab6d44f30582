//! A row of the register: a person as an administrator knows them.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{fault::Fault, field, header::Row};
use crate::domain::{
    Refusal,
    birth_date::BirthDate,
    person::{ContactChange, Names, parse_email, parse_language},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register<'a> {
    /// A spelling that is empty or left out says nothing.
    pub names: Names,
    pub birth_date: BirthDate,
    /// Empty for somebody without one.
    pub phone: String,
    /// The register's own.
    pub person_code: Option<String>,
    /// Whoever has the same name and birth date, and another phone, is known to be another person.
    pub is_distinct: bool,
    pub region_code: Cow<'a, str>,
    /// Left out, both stay as they are; an empty value removes what is known.
    pub contact: ContactChange,
}

impl<'a> Register<'a> {
    /// # Errors
    /// Names the first column with an impossible value. No birth date is after `today`.
    pub fn parse(row: &Row<'a>, today: NaiveDate) -> Result<Self, Fault> {
        let spelling = |column| Some(row.get(column)).filter(|text| !text.is_empty());
        Ok(Self {
            names: Names::parse(row.get("name"), spelling("name_ko"), spelling("name_en"))?,
            birth_date: field::birth_date(row, today)?,
            phone: field::phone(row)?,
            person_code: field::person_code(row)?,
            is_distinct: field::is_yes(row, "distinct")?,
            region_code: field::code(row, "region_code")?,
            contact: ContactChange {
                email: removable(row.find("email"), parse_email)?,
                language: removable(row.find("language"), parse_language)?,
            },
        })
    }
}

/// None where the column is left out, and the inner none where the value is empty.
fn removable<T>(
    value: Option<&str>,
    parse: fn(&str) -> Result<T, Refusal>,
) -> Result<Option<Option<T>>, Refusal> {
    match value {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) => parse(text).map(|parsed| Some(Some(parsed))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        calendar::parse_date,
        import::{Kind, header::tests::with_file},
        language::Language,
    };

    const HEADER: &str = "name,birth_date,phone,region_code";

    fn column(line: &str) -> Option<String> {
        with_file(Kind::Register, HEADER, line, |row| {
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

    #[test]
    fn a_person_may_have_no_phone_a_code_and_an_unknown_day_of_birth() {
        let read = |line: &str| {
            let header = format!("{HEADER},person_code,distinct");
            with_file(Kind::Register, &header, line, |row| {
                let row = Register::parse(row, parse_date("2021-07-12").unwrap());
                row.map(|row| {
                    (row.birth_date.to_string(), row.phone, row.person_code, row.is_distinct)
                })
                .map_err(|fault| (fault.column.into_owned(), fault.detail.cause()))
            })
        };
        let good = |born: &str, phone: &str, code: Option<&str>, is_distinct| {
            Ok((born.to_owned(), phone.to_owned(), code.map(str::to_owned), is_distinct))
        };
        assert_eq!(
            read("김민지,1962-03-01,,11680, ＡB-01 ,예"),
            good("1962-03-01", "", Some("AB-01"), true)
        );
        for (born, expected) in [
            ("1950", "1950-00-00"),
            ("1950년", "1950-00-00"),
            ("1950-00-00", "1950-00-00"),
            ("19500000", "1950-00-00"),
            ("1950-03", "1950-03-00"),
            ("1950.3.", "1950-03-00"),
            ("1950년 3월", "1950-03-00"),
            ("1950/03/00", "1950-03-00"),
            ("１９５０", "1950-00-00"),
            ("19500301", "1950-03-01"),
        ] {
            assert_eq!(
                read(&format!("김민지,{born},,11680,,")),
                good(expected, "", None, false),
                "{born}"
            );
        }
        for (line, column, cause) in [
            ("김민지,1950-13,,11680,,", "birth_date", "birth_date_unreadable"),
            ("김민지,1950-00-05,,11680,,", "birth_date", "birth_date_unreadable"),
            ("김민지,1899,,11680,,", "birth_date", "birth_date_too_early"),
            ("김민지,2022,,11680,,", "birth_date", "birth_date_in_future"),
            ("김민지,23441,,11680,,", "birth_date", "date_serial"),
            ("김민지,1962-03-01,-,11680,,", "phone", "phone_digits"),
            ("김민지,1962-03-01,,11680,,maybe", "distinct", "must_be"),
            (&format!("김민지,1962-03-01,,11680,{},", "x".repeat(65)), "person_code", "too_long"),
        ] {
            assert_eq!(read(line), Err((column.to_owned(), cause)), "{line}");
        }
    }

    #[test]
    fn a_spelling_may_be_left_out_or_empty_and_must_be_a_name_else() {
        let names = |header: &str, line: &str| {
            with_file(Kind::Register, header, line, |row| {
                let today = parse_date("2021-07-12").unwrap();
                Register::parse(row, today).map(|row| (row.names.ko, row.names.en))
            })
        };
        let person = "김민지,1962-03-01,010-1234-5678,11680";
        assert_eq!(names(HEADER, person), Ok((None, None)));
        let header = format!("{HEADER},name_en");
        assert_eq!(names(&header, &format!("{person}, ")), Ok((None, None)));
        let english = Ok((None, Some("Kim Minji".to_owned())));
        assert_eq!(names(&header, &format!("{person},Kim  Minji")), english);
        let fault = names(&header, &format!("{person},{}", "x".repeat(201))).unwrap_err();
        assert_eq!(fault.column, "name_en");
    }

    #[test]
    fn an_address_and_a_language_may_be_left_out_or_empty_and_must_be_possible_else() {
        let contact = |columns: &str, values: &str| {
            let header = format!("{HEADER}{columns}");
            let line = format!("김민지,1962-03-01,010-1234-5678,11680{values}");
            with_file(Kind::Register, &header, &line, |row| {
                let today = parse_date("2021-07-12").unwrap();
                let parsed = Register::parse(row, today).map(|row| row.contact);
                parsed.map_err(|fault| fault.column.into_owned())
            })
        };
        let both = ",email,language";
        assert_eq!(contact("", ""), Ok(ContactChange::default()), "a file of before");
        let removed = ContactChange { email: Some(None), language: Some(None) };
        assert_eq!(contact(both, ", ,"), Ok(removed));
        let said = ContactChange {
            email: Some(Some("minji@example.org".to_owned())),
            language: Some(Some(Language::Korean)),
        };
        assert_eq!(contact(both, ", minji@example.org ,ko"), Ok(said));
        assert_eq!(contact(both, ",minji,ko"), Err("email".to_owned()));
        assert_eq!(contact(both, ",minji@example.org,Korean"), Err("language".to_owned()));
    }
}
