//! Days as people type them: with dashes, dots or strokes, with or without zeros in front, or as
//! eight digits. The year comes first and has four digits, so that nothing is ambiguous.

use chrono::NaiveDate;

use crate::domain::fold::plain;

/// The day that is meant; none where no day is, or more than one could be.
pub fn parse(typed: &str) -> Option<NaiveDate> {
    let text = plain(typed);
    let text = text.trim().trim_end_matches(['.', '일']);
    let (year, month, day) = if text.chars().count() == 8 && digits(text) {
        (text.get(..4)?, text.get(4..6)?, text.get(6..)?)
    } else {
        let mut parts = text.split(['-', '.', '/', '년', '월']).map(str::trim);
        let parts = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        let (year, month, day, None) = parts else { return None };
        (year, month, day)
    };
    let is_short = |part: &str| part.len() <= 2 && digits(part);
    if year.len() != 4 || !digits(year) || !is_short(month) || !is_short(day) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_however_it_is_set() {
        let day = NaiveDate::from_ymd_opt(2026, 12, 3);
        for typed in [
            "2026-12-03",
            "2026-12-3",
            "2026.12.03",
            "2026. 12. 3.",
            "2026/12/3",
            "20261203",
            " ２０２６-１２-０３ ",
            "2026년 12월 3일",
        ] {
            assert_eq!(parse(typed), day, "{typed}");
        }
    }

    #[test]
    fn what_could_be_another_day_is_none() {
        for typed in [
            "",
            "03/12/2026",
            "26-12-03",
            "261203",
            "2026-13-01",
            "2026-02-30",
            "2026-12",
            "next week",
            "2026-12-03-04",
            "2026-123-1",
            "-2026-1-1",
            "2026120",
            "+026-12-03",
        ] {
            assert_eq!(parse(typed), None, "{typed}");
        }
    }
}
