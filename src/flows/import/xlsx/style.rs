//! Numbers that are dates: which formats say so, and which date is meant.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveTime};
use quick_xml::events::Event;

use super::{package::Package, xml::attribute};
use crate::flows::import::loader::Stop;

const SECONDS_PER_DAY: f64 = 86_400.0;
/// 31 December 9999, the last day that spreadsheets know.
const SERIAL_MAX: f64 = 2_958_466.0;

/// Which formats of cells are dates, and from when days are counted.
pub(super) struct Dates {
    /// By the number of the format that a cell names.
    pub(super) styles: Vec<bool>,
    pub(super) is_1904: bool,
}

impl Dates {
    pub(super) fn is_date(&self, style: usize) -> bool {
        self.styles.get(style).copied().unwrap_or(false)
    }

    /// A number of days as a date, a time, or both; none where there is no such day.
    pub(super) fn text(&self, serial: f64) -> Option<String> {
        if !(0.0..SERIAL_MAX).contains(&serial) {
            return None;
        }
        // To the second: 10:20 is a fraction without end.
        let seconds = whole((serial * SECONDS_PER_DAY).round())?;
        let (days, seconds) = (seconds / 86_400, u32::try_from(seconds % 86_400).ok()?);
        let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)?;
        if days == 0 && serial < 1.0 {
            return Some(time.format("%H:%M:%S").to_string());
        }
        let date = self.day(days)?;
        Some(match seconds {
            0 => date.to_string(),
            _ => format!("{date}T{}", time.format("%H:%M:%S")),
        })
    }

    fn day(&self, days: u64) -> Option<NaiveDate> {
        let (year, days) = match (self.is_1904, days) {
            (true, days) => (1904, days + 1),
            // 29 February 1900, which never was.
            (false, 60) => return None,
            (false, days) if days > 60 => (1900, days - 1),
            (false, days) => (1900, days),
        };
        NaiveDate::from_ymd_opt(year, 1, 1)?.checked_add_days(Days::new(days.checked_sub(1)?))
    }
}

/// A number without decimals.
fn whole(number: f64) -> Option<u64> {
    format!("{number:.0}").parse().ok()
}

/// Of each format of cells whether it is a date.
///
/// # Errors
/// The part is damaged or too large.
pub(super) fn read(package: &mut Package, name: Option<&str>) -> Result<Vec<bool>, Stop> {
    let mut styles = Vec::new();
    let Some(name) = name.filter(|name| package.has(name)) else { return Ok(styles) };
    let mut own: HashMap<u32, bool> = HashMap::new();
    let mut is_of_cells = false;
    let mut part = package.small(name)?;
    loop {
        match part.next()? {
            Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                "numFmt" => {
                    let code = attribute(&element, "formatCode").unwrap_or_default();
                    own.insert(number(attribute(&element, "numFmtId")), is_date_format(&code));
                }
                "cellXfs" => is_of_cells = true,
                "xf" if is_of_cells => {
                    let format = number(attribute(&element, "numFmtId"));
                    let is_date = own.get(&format).copied();
                    styles.push(is_date.unwrap_or_else(|| is_date_number(format)));
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => {
                is_of_cells = false;
            }
            Event::Eof => return Ok(styles),
            _ => {}
        }
    }
}

fn number(text: Option<String>) -> u32 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The formats that have numbers and no code in the file: of everywhere, and of East Asia.
fn is_date_number(format: u32) -> bool {
    matches!(format, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a format shows years, months, days, hours or seconds. What is quoted, escaped or a
/// colour is text.
fn is_date_format(code: &str) -> bool {
    let mut characters = code.chars();
    while let Some(c) = characters.next() {
        match c {
            // What follows is for negative numbers.
            ';' => return false,
            '"' => while characters.next().is_some_and(|c| c != '"') {},
            '\\' | '_' | '*' => drop(characters.next()),
            '[' => {
                let inner: String = characters.by_ref().take_while(|&c| c != ']').collect();
                let inner = inner.to_ascii_lowercase();
                // Hours, minutes or seconds beyond a day.
                if !inner.is_empty() && inner.chars().all(|c| "hms".contains(c)) {
                    return true;
                }
            }
            c if "ymdhsYMDHS".contains(c) => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(serial: f64, is_1904: bool) -> Option<String> {
        Dates { styles: Vec::new(), is_1904 }.text(serial)
    }

    #[test]
    fn days_are_counted_as_spreadsheets_do() {
        for (serial, of_1900, of_1904) in [
            (1.0, Some("1900-01-01"), Some("1904-01-02")),
            (59.0, Some("1900-02-28"), Some("1904-02-29")),
            (60.0, None, Some("1904-03-01")),
            (61.0, Some("1900-03-01"), Some("1904-03-02")),
            (23_441.0, Some("1964-03-05"), Some("1968-03-06")),
            (44_391.0, Some("2021-07-14"), Some("2025-07-15")),
            (44_391.375, Some("2021-07-14T09:00:00"), Some("2025-07-15T09:00:00")),
            // 10:20, as a spreadsheet stores it
            (46_363.430_555_555_555, Some("2026-12-07T10:20:00"), Some("2030-12-08T10:20:00")),
            (44_391.999_999_9, Some("2021-07-15"), Some("2025-07-16")),
            (0.375, Some("09:00:00"), Some("09:00:00")),
            (-1.0, None, None),
            (1e300, None, None),
            (f64::NAN, None, None),
        ] {
            assert_eq!(text(serial, false).as_deref(), of_1900, "{serial}");
            assert_eq!(text(serial, true).as_deref(), of_1904, "{serial}");
        }
    }

    #[test]
    fn formats_of_dates_are_known() {
        for code in [
            "yyyy-mm-dd",
            "YYYY/MM/DD",
            "yyyy\"년\" m\"월\" d\"일\"",
            "yyyy\\.mm\\.dd",
            "[$-412]yyyy\"년\" m\"월\" d\"일\" dddd;@",
            "m/d/yy h:mm",
            "h:mm AM/PM",
            "[h]:mm:ss",
            "yyyy-mm-dd;@",
            "[Red]yyyy",
        ] {
            assert!(is_date_format(code), "{code}");
        }
        for code in [
            "General",
            "0",
            "0.00",
            "#,##0",
            "@",
            "0\"days\"",
            "[Red]0",
            "[$₩-412]#,##0",
            "0.00E+00",
            "000\\-0000\\-0000",
            "0;yyyy",
            "_-* #,##0_-",
            "0\\d",
            "",
        ] {
            assert!(!is_date_format(code), "{code}");
        }
        assert!(is_date_number(14) && is_date_number(31) && !is_date_number(49));
    }
}
