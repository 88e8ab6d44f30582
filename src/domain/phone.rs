//! Phone numbers of persons in any usual writing, down to digits that a person can type again.
//! Reasons given here never repeat the number.

use std::ops::RangeInclusive;

use super::{Detail, fold::plain};

/// Digits of a number with another country's code: 15 is the most that E.164 allows.
const FOREIGN_DIGITS: RangeInclusive<usize> = 7..=15;
/// The shortest and longest of Korea's.
const KOREAN_DIGITS: RangeInclusive<usize> = 9..=12;
const KOREA: &str = "82";

/// Prefixes of Korean numbers (Telecommunications Numbering Plan) and how many digits follow in
/// all.
const PREFIXES: &[(&str, RangeInclusive<usize>)] = &[
    ("010", 11..=11),
    ("011", 10..=11),
    ("016", 10..=11),
    ("017", 10..=11),
    ("018", 10..=11),
    ("019", 10..=11),
    ("02", 9..=10),
    ("031", 10..=11),
    ("032", 10..=11),
    ("033", 10..=11),
    ("041", 10..=11),
    ("042", 10..=11),
    ("043", 10..=11),
    ("044", 10..=11),
    ("051", 10..=11),
    ("052", 10..=11),
    ("053", 10..=11),
    ("054", 10..=11),
    ("055", 10..=11),
    ("061", 10..=11),
    ("062", 10..=11),
    ("063", 10..=11),
    ("064", 10..=11),
    ("030", 11..=12),
    ("050", 11..=12),
    ("070", 11..=11),
    ("080", 10..=11),
];

/// A number as it is kept: digits, a Korean one with its leading zero, another with its country
/// code. Full-width characters, dashes and spaces of all kinds are read, and what nobody sees is
/// not. What a spreadsheet dropped is put back where only one number can be meant: the zero of a
/// mobile number, the plus before 82.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<String, Detail> {
    let text = plain(text);
    let text = whole(text.trim());
    if text.is_empty() {
        return Err(Detail::Empty);
    }
    if is_rounded(text) {
        return Err(Detail::NumberInPowers);
    }
    let is_lawful = |c: char| c.is_ascii_digit() || " -().+".contains(c);
    let late_plus = text.chars().skip(1).any(|c| c == '+');
    if late_plus || !text.chars().all(is_lawful) {
        return Err(Detail::PhoneCharacters);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if text.starts_with('+') {
        return match digits.strip_prefix(KOREA) {
            Some(national) => korean(trunk(national)),
            None => foreign(digits),
        };
    }
    if let Some(national) = digits.strip_prefix("0082") {
        return korean(trunk(national));
    }
    if digits.starts_with('0') {
        return korean(digits);
    }
    without_prefix(&digits)
}

/// A number of those that were kept before they were read like this; one that cannot be one stays.
pub fn reread(kept: &str) -> String {
    read(kept).unwrap_or_else(|_impossible| kept.to_owned())
}

/// A number that is kept, as `read` reads it again.
pub fn written(kept: &str) -> String {
    if kept.starts_with('0') { kept.to_owned() } else { format!("+{kept}") }
}

/// Digits that begin neither with a zero nor after a plus.
fn without_prefix(digits: &str) -> Result<String, Detail> {
    let lost_plus = digits.strip_prefix(KOREA).map(trunk);
    if let Some(number) = lost_plus.and_then(|number| korean(number).ok()) {
        return Ok(number);
    }
    // Of other countries none has a number of ten digits or fewer that begins with these, without
    // its country code. Those of regions could also be meant without their area code.
    let is_mobile = ["10", "11", "16", "17", "18", "19"].iter().any(|one| digits.starts_with(one));
    if is_mobile && let Ok(number) = korean(format!("0{digits}")) {
        return Ok(number);
    }
    if FOREIGN_DIGITS.contains(&digits.len()) {
        return Err(Detail::PhoneStart);
    }
    let (digits_min, digits_max) = (*FOREIGN_DIGITS.start(), *FOREIGN_DIGITS.end());
    Err(Detail::PhoneDigits { digits_min, digits_max })
}

/// With the zero that is dialled within the country; some write it after the code too: +82 (0)10.
fn trunk(national: &str) -> String {
    format!("0{}", national.strip_prefix('0').unwrap_or(national))
}

fn korean(digits: String) -> Result<String, Detail> {
    let out_of = |range: &RangeInclusive<usize>| {
        let (digits_min, digits_max) = (*range.start(), *range.end());
        Detail::PhoneDigits { digits_min, digits_max }
    };
    if !KOREAN_DIGITS.contains(&digits.len()) {
        return Err(out_of(&KOREAN_DIGITS));
    }
    let known = PREFIXES.iter().find(|(prefix, _)| digits.starts_with(prefix));
    match known {
        None => Err(Detail::PhonePrefix),
        Some((_, length)) if length.contains(&digits.len()) => Ok(digits),
        Some((_, length)) => Err(out_of(length)),
    }
}

fn foreign(digits: String) -> Result<String, Detail> {
    if !FOREIGN_DIGITS.contains(&digits.len()) {
        let (digits_min, digits_max) = (*FOREIGN_DIGITS.start(), *FOREIGN_DIGITS.end());
        return Err(Detail::PhoneDigits { digits_min, digits_max });
    }
    // No country code begins with a zero.
    if digits.starts_with('0') { Err(Detail::PhonePrefix) } else { Ok(digits) }
}

/// Without the decimals that programs add to numbers: `1020000200.0`.
fn whole(text: &str) -> &str {
    match text.split_once('.') {
        Some((digits, zeros))
            if digits.len() >= *KOREAN_DIGITS.start()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && !zeros.is_empty()
                && zeros.len() <= 2
                && zeros.bytes().all(|byte| byte == b'0') =>
        {
            digits
        }
        _ => text,
    }
}

/// `1.02E+09`: what a spreadsheet shows of a number that is too long for its column.
fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    mantissa.parse::<f64>().is_ok() && exponent.parse::<i32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_writings_of_one_number_are_one() {
        for text in [
            "01020000200",
            "010-2000-0200",
            "010 2000 0200",
            "010.2000.0200",
            "(010) 2000-0200",
            "010-20000200",
            "1020000200",
            "10-2000-0200",
            "1020000200.0",
            "821020000200",
            "8201020000200",
            "82-10-2000-0200",
            "+821020000200",
            "+82 10-2000-0200",
            "+82 (0)10-2000-0200",
            "+82-010-2000-0200",
            "0082 10 2000 0200",
            " 010-2000-0200 ",
            "０１０－２０００－０２００",
            "＋８２ １０－２０００－０２００",
            "010–2000—0200",
            "\u{202a}010\u{a0}2000\u{3000}0200\u{202c}",
            "010\u{b7}2000\u{30fb}0200",
        ] {
            assert_eq!(read(text), Ok("01020000200".into()), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_kept_whole() {
        for (text, number) in [
            ("011-200-0200", "0112000200"),
            ("112000200", "0112000200"),
            ("02-700-0001", "027000001"),
            ("02-2700-0001", "0227000001"),
            ("82-2-700-0001", "027000001"),
            ("031-700-0001", "0317000001"),
            ("064-7000-0001", "06470000001"),
            ("070-1234-5678", "07012345678"),
            ("0505-1234-5678", "050512345678"),
            ("+1 415 555 0100", "14155550100"),
            ("+44 20 7946 0958", "442079460958"),
            ("+850 2 381 1234", "85023811234"),
        ] {
            assert_eq!(read(text), Ok(number.into()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_a_number_is_named() {
        let digits = |digits_min, digits_max| Detail::PhoneDigits { digits_min, digits_max };
        for (text, detail) in [
            ("", Detail::Empty),
            ("1.02E+09", Detail::NumberInPowers),
            ("1,02E+09", Detail::PhoneCharacters),
            ("1.020000201E10", Detail::NumberInPowers),
            ("call me", Detail::PhoneCharacters),
            ("010-2000-0200, 010-2000-0201", Detail::PhoneCharacters),
            ("010-2000-0200/1", Detail::PhoneCharacters),
            ("010+20000200", Detail::PhoneCharacters),
            ("-", digits(7, 15)),
            ("1234", digits(7, 15)),
            ("010", digits(9, 12)),
            ("010-2000-020", digits(11, 11)),
            ("010-2000-02000", digits(11, 11)),
            ("102000020", Detail::PhoneStart),
            ("+82 10 2000 020", digits(11, 11)),
            ("02-700-001", digits(9, 12)),
            ("000-0000-0000", Detail::PhonePrefix),
            ("099-1234-5678", Detail::PhonePrefix),
            ("0014155550100", digits(9, 12)),
            ("001415555010", Detail::PhonePrefix),
            ("4155550100", Detail::PhoneStart),
            ("14155550100", Detail::PhoneStart),
            ("27000001", Detail::PhoneStart),
            ("317000001", Detail::PhoneStart),
            ("1588-0000", Detail::PhoneStart),
            ("+0 12345678", Detail::PhonePrefix),
            ("+1234", digits(7, 15)),
            ("+1234567890123456", digits(7, 15)),
            ("1234567890123456", digits(7, 15)),
            ("010-1234-5678.0", digits(11, 11)),
        ] {
            assert_eq!(read(text), Err(detail), "{text}");
        }
    }

    #[test]
    fn a_number_that_was_read_is_read_the_same_again() {
        for text in ["1020000200", "+82 2 700 0001", "0505-1234-5678", "+1 415 555 0100"] {
            let number = read(text).unwrap();
            assert_eq!(read(&written(&number)), Ok(number.clone()));
        }
        for text in ["1020000200", "+82 2 700 0001", "0505-1234-5678"] {
            let number = read(text).unwrap();
            assert_eq!(read(&number), Ok(number.clone()), "of another country it is refused");
            assert_eq!(read(&format!("+82 {number}")), Ok(number));
        }
    }

    #[test]
    fn what_was_kept_is_mended_where_only_one_number_can_be_meant() {
        for (kept, number) in [
            ("01020000200", "01020000200"),
            ("1020000200", "01020000200"),
            ("821020000200", "01020000200"),
            ("14155550100", "14155550100"),
            ("16175550100", "16175550100"),
            ("1234567", "1234567"),
            ("", ""),
        ] {
            assert_eq!(reread(kept), number);
        }
    }
}
