//! Counts and waits as people read them.

use crate::domain::language::Language;

/// A count with commas between groups of three digits.
pub fn count(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        grouped.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// As `count`, for lengths.
pub(super) fn length(number: usize) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX))
}

/// How long to wait: in seconds up to two minutes, in minutes up to two hours, else in hours; never
/// less than it is.
pub fn wait(language: Language, seconds: u64) -> String {
    let (number, unit, korean) = match seconds {
        ..120 => (seconds, "second", "초"),
        120..7_200 => (seconds.div_ceil(60), "minute", "분"),
        7_200.. => (seconds.div_ceil(3_600), "hour", "시간"),
    };
    let plural = if number == 1 { "" } else { "s" };
    let number = count(number);
    match language {
        Language::English => format!("{number} {unit}{plural}"),
        Language::Korean => format!("{number}{korean}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_a_unit_that_suits_it() {
        for (seconds, english, korean) in [
            (1, "1 second", "1초"),
            (119, "119 seconds", "119초"),
            (121, "3 minutes", "3분"),
            (900, "15 minutes", "15분"),
            (7_200, "2 hours", "2시간"),
            (86_399, "24 hours", "24시간"),
        ] {
            assert_eq!(wait(Language::English, seconds), english);
            assert_eq!(wait(Language::Korean, seconds), korean);
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (65_536, "65,536"),
            (10_000_000, "10,000,000"),
            (-90, "-90"),
            (-1_000, "-1,000"),
        ] {
            assert_eq!(count(number), text);
        }
        assert_eq!(length(1_024), "1,024");
    }
}
