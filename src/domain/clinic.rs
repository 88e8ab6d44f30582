//! A vaccination site: where it is, what it has for those who come, and the days on which it gives
//! nothing.

use chrono::NaiveDate;
use chrono_tz::Tz;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::{ClinicId, RegionId, amenity::Amenities, language::Language, localized::Localized};

/// Bytes of a version: it is told from another one, and proves nothing.
const VERSION_BYTES: usize = 12;

/// Longest directions in characters, as `clinic_directions_check` has it.
pub const DIRECTIONS_CHARS_MAX: usize = 500;

/// Longest phone line in characters: two numbers with extensions.
pub const PHONE_CHARS_MAX: usize = 50;
/// Short numbers such as Korea's 119 have three.
const PHONE_DIGITS_MIN: usize = 3;

/// Whether this can be shown as how a clinic is called: one number or several, ranges, extensions,
/// or nothing. It is for people to read, so it is kept as it was written.
pub fn is_phone_line(text: &str) -> bool {
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let is_short = text.chars().count() <= PHONE_CHARS_MAX && !text.chars().any(char::is_control);
    text.is_empty() || is_short && digits >= PHONE_DIGITS_MIN
}

/// A vaccination site.
#[derive(Clone, Debug, PartialEq)]
pub struct Clinic {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub code: String,
    pub name: Localized,
    /// Appointment dates, ages and closures are judged in this zone.
    pub zone: Tz,
    pub address: String,
    pub phone: String,
    /// Degrees north (WGS 84); given together with the longitude or not at all.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    pub amenities: Amenities,
    pub directions: Directions,
}

impl Clinic {
    /// Changes with whatever is changed: so that whoever corrects a clinic has seen what is there.
    pub fn version(&self) -> String {
        let hash = Sha256::digest(format!("{self:?}"));
        BASE64URL_NOPAD.encode(hash.get(..VERSION_BYTES).unwrap_or_default())
    }
}

/// A clinic before it has an id.
#[derive(Clone, Debug)]
pub struct NewClinic {
    pub region_id: RegionId,
    pub code: String,
    pub name: Localized,
    pub zone: Tz,
    pub address: String,
    pub phone: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub amenities: Amenities,
    pub directions: Directions,
}

impl NewClinic {
    /// The clinic, once it has its id.
    pub fn with_id(self, clinic_id: ClinicId) -> Clinic {
        Clinic {
            clinic_id,
            region_id: self.region_id,
            code: self.code,
            name: self.name,
            zone: self.zone,
            address: self.address,
            phone: self.phone,
            latitude: self.latitude,
            longitude: self.longitude,
            amenities: self.amenities,
            directions: self.directions,
        }
    }
}

/// How to find a clinic, in a few sentences; each part may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directions {
    pub main: Option<String>,
    pub ko: Option<String>,
    pub en: Option<String>,
}

/// What to change of directions. The outer none leaves a part as it is, the inner one removes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectionsChange {
    pub main: Option<Option<String>>,
    pub ko: Option<Option<String>>,
    pub en: Option<Option<String>>,
}

impl Directions {
    /// Those in the language, or the main ones.
    pub fn in_language(&self, language: Language) -> Option<&str> {
        let own = match language {
            Language::English => &self.en,
            Language::Korean => &self.ko,
        };
        own.as_deref().or(self.main.as_deref())
    }

    /// The directions after a change.
    #[must_use]
    pub fn changed(self, change: DirectionsChange) -> Self {
        Self {
            main: change.main.unwrap_or(self.main),
            ko: change.ko.unwrap_or(self.ko),
            en: change.en.unwrap_or(self.en),
        }
    }
}

/// A day on which a clinic gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    pub clinic_id: ClinicId,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    pub reason: Localized,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_what_people_can_call() {
        for phone in [
            "",
            "1339",
            "119",
            "02-700-0001",
            "+82-2-700-0003",
            "02-700-0004, 02-700-0005",
            "02-700-0006/7",
            "02-700-0008~9",
            "02-700-0010 (ext. 3)",
            "02-700-0010 내선 3",
            "02–700–0011",
            "０２－７００－００１２",
            "평일 02-700-0013",
        ] {
            assert!(is_phone_line(phone), "{phone}");
        }
        let long = "0".repeat(51);
        for phone in ["call", "-", "12", "없음", "02-700\n0001", long.as_str()] {
            assert!(!is_phone_line(phone), "{phone}");
        }
    }

    #[test]
    fn directions_may_be_in_one_language_alone() {
        let some = |text: &str| Some(text.to_owned());
        let main = Directions { main: some("시청역 3번 출구"), ko: None, en: None };
        assert_eq!(main.in_language(Language::English), Some("시청역 3번 출구"));
        let both = main.changed(DirectionsChange {
            en: Some(some("City Hall station, exit 3")),
            ..DirectionsChange::default()
        });
        assert_eq!(both.in_language(Language::English), Some("City Hall station, exit 3"));
        assert_eq!(both.in_language(Language::Korean), Some("시청역 3번 출구"));
        let none = DirectionsChange { main: Some(None), ..DirectionsChange::default() };
        assert_eq!(both.changed(none).in_language(Language::Korean), None);
    }
}
