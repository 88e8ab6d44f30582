//! A row of a file of clinics.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::{cell::plain, fault::Fault, field, header::Row};
use crate::domain::{
    Detail,
    amenity::{AmenitiesChange, Amenity},
    calendar::zone_named,
    clinic::{DIRECTIONS_CHARS_MAX, PHONE_CHARS_MAX, is_phone_line},
    fact::Expected,
};

const NAME_CHARS_MAX: usize = 200;
const ADDRESS_CHARS_MAX: usize = 500;
/// What is said of an amenity; an empty value says that it is not known.
const YES: &str = "yes";
const NO: &str = "no";

#[derive(Clone, Debug, PartialEq)]
pub struct Clinic<'a> {
    pub code: Cow<'a, str>,
    pub name: &'a str,
    /// None leaves what a known clinic has; empty text removes it.
    pub name_ko: Option<&'a str>,
    pub name_en: Option<&'a str>,
    pub region_code: Cow<'a, str>,
    pub zone: Tz,
    pub address: &'a str,
    /// As it is to be shown; empty where there is none.
    pub phone: &'a str,
    /// Latitude and longitude in degrees (WGS 84).
    pub position: Option<(f64, f64)>,
    /// Those that have a column; an empty value makes one unknown.
    pub amenities: AmenitiesChange,
    /// None leaves what a known clinic has; empty text removes it.
    pub directions: Option<&'a str>,
    pub directions_ko: Option<&'a str>,
    pub directions_en: Option<&'a str>,
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
            amenities: amenities(row)?,
            directions: field::optional_text(row, "directions", DIRECTIONS_CHARS_MAX)?,
            directions_ko: field::optional_text(row, "directions_ko", DIRECTIONS_CHARS_MAX)?,
            directions_en: field::optional_text(row, "directions_en", DIRECTIONS_CHARS_MAX)?,
        })
    }
}

fn zone(row: &Row<'_>) -> Result<Tz, Fault> {
    zone_named(&plain(row.get("zone"))).ok_or_else(|| Fault::expected("zone", Expected::TimeZone))
}

fn phone<'a>(row: &Row<'a>) -> Result<&'a str, Fault> {
    let phone = row.get("phone");
    let expected = || Expected::PhoneLine { chars_max: PHONE_CHARS_MAX };
    if is_phone_line(phone) { Ok(phone) } else { Err(Fault::expected("phone", expected())) }
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
    let degrees = plain(row.get(column)).parse::<f64>().ok();
    degrees.filter(|degrees| degrees.abs() <= f64::from(max)).ok_or_else(|| {
        let (min, max) = (i64::from(-max), i64::from(max));
        Fault::expected(column, Expected::NumberBetween { min, max })
    })
}

fn amenities(row: &Row<'_>) -> Result<AmenitiesChange, Fault> {
    let columns = Amenity::ALL.iter().filter_map(|&one| Some((one, row.find(one.word())?)));
    let said = columns.map(|(amenity, text)| match plain(text).as_ref() {
        "" => Ok((amenity, None)),
        text if text.eq_ignore_ascii_case(YES) => Ok((amenity, Some(true))),
        text if text.eq_ignore_ascii_case(NO) => Ok((amenity, Some(false))),
        _ => Err(Fault::expected(amenity.word(), Expected::one_of([YES, NO]))),
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        amenity::Amenities,
        import::{
            Kind,
            header::tests::{with_file, with_row},
        },
    };

    const GOOD: &str = "C-1,강남의원,11680,Asia/Seoul,\"서울, 강남\",02-123-4567,37.5,127.03,,Gangnam,\
                        yes,No,,,,YES,강남역 3번 출구,,Exit 3";

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
            let known = Amenities::default().changed(&clinic.amenities);
            assert_eq!((known.step_free, known.accessible_toilet), (Some(true), Some(false)));
            assert_eq!((known.parking, known.wheelchair), (None, Some(true)));
            assert_eq!(clinic.amenities.len(), Amenity::ALL.len(), "an empty value is said too");
            let directions = (clinic.directions, clinic.directions_ko, clinic.directions_en);
            assert_eq!(directions, (Some("강남역 3번 출구"), Some(""), Some("Exit 3")));
        });
        assert_eq!(column(&GOOD.replace("37.5,127.03", ",")), None, "no position is lawful");
    }

    #[test]
    fn what_is_not_required_may_be_left_out() {
        let header = "code,name,region_code,zone,address,phone,latitude,longitude";
        let line = GOOD.split_once(",,Gangnam").unwrap().0;
        with_file(Kind::Clinics, header, line, |row| {
            let clinic = Clinic::parse(row).unwrap();
            assert_eq!((clinic.name_ko, clinic.name_en), (None, None));
            assert_eq!((clinic.amenities, clinic.directions), (Vec::new(), None));
        });
        let (header, line) = (format!("{header},parking"), format!("{line},no"));
        with_file(Kind::Clinics, &header, &line, |row| {
            let said = Clinic::parse(row).unwrap().amenities;
            assert_eq!(said, [(Amenity::Parking, Some(false))], "only what has a column");
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
            ("\"서울, 강남\"", "\"a\u{7}b\"", "address"),
            ("02-123-4567", "call", "phone"),
            ("37.5", "90.1", "latitude"),
            ("37.5", "NaN", "latitude"),
            ("37.5", "", "latitude"),
            ("127.03", "east", "longitude"),
            ("127.03", "", "longitude"),
            ("Gangnam", "\"a\u{7}b\"", "name_en"),
            ("No", "unknown", "accessible_toilet"),
            ("YES", "1", "wheelchair"),
            ("Exit 3", "\"a\u{7}b\"", "directions_en"),
        ] {
            assert_eq!(column(&GOOD.replace(from, to)).as_deref(), Some(at), "{to}");
        }
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        assert_eq!(column(&GOOD.replace("Gangnam", &long)).as_deref(), Some("name_en"));
        let long = "x".repeat(DIRECTIONS_CHARS_MAX + 1);
        assert_eq!(column(&GOOD.replace("Exit 3", &long)).as_deref(), Some("directions_en"));
    }
}
