//! A row of a file of clinics.

use std::ops::RangeInclusive;

use chrono_tz::Tz;

use super::{fault::Fault, field, header::Row};
use crate::domain::{Detail, calendar::zone_named, fact::Expected};

const NAME_CHARS_MAX: usize = 200;
const ADDRESS_CHARS_MAX: usize = 300;
/// Short numbers such as Korea's 1339 have four digits.
const PHONE_DIGITS: RangeInclusive<usize> = 3..=15;
const PHONE_CHARS_MAX: usize = 30;

#[derive(Clone, Debug, PartialEq)]
pub struct Clinic<'a> {
    pub code: &'a str,
    pub name: &'a str,
    /// None leaves what a known clinic has; empty text removes it.
    pub name_ko: Option<&'a str>,
    pub name_en: Option<&'a str>,
    pub region_code: &'a str,
    pub zone: Tz,
    pub address: &'a str,
    /// As it is to be shown.
    pub phone: &'a str,
    /// Latitude and longitude in degrees (WGS 84).
    pub position: Option<(f64, f64)>,
}

impl<'a> Clinic<'a> {
    /// # Errors
    /// Names the first column with an impossible value.
    pub fn parse(row: &Row<'a>) -> Result<Self, Fault> {
        Ok(Self {
            code: field::code(row, "code")?,
            name: field::text(row, "name", NAME_CHARS_MAX)?,
            name_ko: field::optional_text(row, "name_ko", NAME_CHARS_MAX)?,
            name_en: field::optional_text(row, "name_en", NAME_CHARS_MAX)?,
            region_code: field::code(row, "region_code")?,
            zone: zone(row)?,
            address: field::text(row, "address", ADDRESS_CHARS_MAX)?,
            phone: phone(row)?,
            position: position(row)?,
        })
    }
}

fn zone(row: &Row<'_>) -> Result<Tz, Fault> {
    zone_named(row.get("zone")).ok_or_else(|| Fault::expected("zone", Expected::TimeZone))
}

fn phone<'a>(row: &Row<'a>) -> Result<&'a str, Fault> {
    let phone = field::text(row, "phone", PHONE_CHARS_MAX)?;
    let digits = phone.bytes().filter(u8::is_ascii_digit).count();
    let is_lawful = |c: char| c.is_ascii_digit() || " -().+".contains(c);
    if !phone.chars().all(is_lawful) {
        return Err(Fault::field("phone", Detail::PhoneCharacters));
    }
    if PHONE_DIGITS.contains(&digits) {
        return Ok(phone);
    }
    let (digits_min, digits_max) = (*PHONE_DIGITS.start(), *PHONE_DIGITS.end());
    Err(Fault::field("phone", Detail::PhoneDigits { digits_min, digits_max }))
}

fn position(row: &Row<'_>) -> Result<Option<(f64, f64)>, Fault> {
    match (row.get("latitude"), row.get("longitude")) {
        ("", "") => Ok(None),
        ("", _) => Err(Fault::field("latitude", Detail::HalfPosition)),
        (_, "") => Err(Fault::field("longitude", Detail::HalfPosition)),
        _ => Ok(Some((degrees(row, "latitude", 90)?, degrees(row, "longitude", 180)?))),
    }
}

fn degrees(row: &Row<'_>, column: &'static str, max: i16) -> Result<f64, Fault> {
    let degrees = row.get(column).parse::<f64>().ok();
    degrees.filter(|degrees| degrees.abs() <= f64::from(max)).ok_or_else(|| {
        let (min, max) = (i64::from(-max), i64::from(max));
        Fault::expected(column, Expected::NumberBetween { min, max })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{
        Kind,
        header::tests::{with_file, with_row},
    };

    const GOOD: &str =
        "C-1,강남의원,11680,Asia/Seoul,\"서울, 강남\",02-123-4567,37.5,127.03,,Gangnam";

    fn column(line: &str) -> Option<String> {
        with_row(Kind::Clinics, line, |row| {
            Clinic::parse(row).err().map(|fault| fault.column.into_owned())
        })
    }

    #[test]
    fn a_good_row_is_read() {
        with_row(Kind::Clinics, GOOD, |row| {
            let clinic = Clinic::parse(row).unwrap();
            assert_eq!(clinic.address, "서울, 강남");
            assert_eq!((clinic.zone, clinic.position), (Tz::Asia__Seoul, Some((37.5, 127.03))));
            assert_eq!((clinic.name_ko, clinic.name_en), (Some(""), Some("Gangnam")));
        });
        assert_eq!(column(&GOOD.replace("37.5,127.03", ",")), None, "no position is lawful");
    }

    #[test]
    fn names_in_languages_may_be_left_out() {
        let header = "code,name,region_code,zone,address,phone,latitude,longitude";
        let line = GOOD.strip_suffix(",,Gangnam").unwrap();
        with_file(Kind::Clinics, header, line, |row| {
            let clinic = Clinic::parse(row).unwrap();
            assert_eq!((clinic.name_ko, clinic.name_en), (None, None));
        });
    }

    #[test]
    fn an_impossible_value_names_its_column() {
        for (from, to, at) in [
            ("C-1", "C 1", "code"),
            ("강남의원", "", "name"),
            ("11680", "", "region_code"),
            ("Asia/Seoul", "Asia/Soul", "zone"),
            ("Asia/Seoul", "KST+9", "zone"),
            ("\"서울, 강남\"", "", "address"),
            ("\"서울, 강남\"", "\"a\nb\"", "address"),
            ("02-123-4567", "call", "phone"),
            ("37.5", "90.1", "latitude"),
            ("37.5", "NaN", "latitude"),
            ("37.5", "", "latitude"),
            ("127.03", "east", "longitude"),
            ("127.03", "", "longitude"),
            ("Gangnam", "\"a\nb\"", "name_en"),
        ] {
            assert_eq!(column(&GOOD.replace(from, to)).as_deref(), Some(at), "{to}");
        }
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        assert_eq!(column(&GOOD.replace("Gangnam", &long)).as_deref(), Some("name_en"));
    }
}
