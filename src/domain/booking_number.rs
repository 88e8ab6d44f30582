//! The number of a booking, for people: ten digits, to be read out, typed and scanned. Digits
//! alone, because a hand scanner types letters into a Korean input method as Hangul.
//!
//! Nine digits follow from the booking's id by a keyed hash, so that nobody counts bookings or
//! makes up a number, and so that nothing is kept beside the id. The tenth is Damm's check digit:
//! it shows every single wrong digit and every two neighbours that changed places. Two bookings may
//! have one number (a thousand million for all of them), so whoever looks one up asks for something
//! else beside it, or is shown them all.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{BookingId, Detail, Refusal, fact::Expected, keys::BookingNumberKey};

/// Digits of a number, with the check digit.
pub const DIGITS: usize = 10;
/// Ten to the power of the digits before the check digit.
const NUMBERS: u64 = 1_000_000_000;

/// The quasigroup of order ten in H. Michael Damm, Total anti-symmetrische Quasigruppen, 2004.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// A number whose check digit is right.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BookingNumber(u64);

impl BookingNumber {
    /// The number of a booking: the same for ever, as its id and the secret are.
    pub fn of(key: &BookingNumberKey, booking_id: BookingId) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = key.mac(&[booking_id.0.as_bytes()]);
        let nine = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % NUMBERS;
        Self(nine * 10 + u64::from(check_digit(&format!("{nine:09}"))))
    }

    /// What somebody typed or scanned. Only digits count, also those of full width.
    ///
    /// # Errors
    /// Names `number`: not ten digits, or a check digit that shows a slip.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let digits: String = text.chars().filter_map(digit).collect();
        let wrong = || Refusal::expected("number", Expected::BookingNumber { digits: DIGITS });
        if digits.len() != DIGITS {
            return Err(wrong());
        }
        if check_digit(&digits) != 0 {
            return Err(Refusal::field("number", Detail::WrongCheckDigit));
        }
        digits.parse().map(Self).map_err(|_no_number| wrong())
    }

    /// Ten digits in a row, as in JSON and in a QR code.
    pub fn digits(self) -> String {
        format!("{:0DIGITS$}", self.0)
    }
}

/// A digit as itself, or as the digit that its full-width form stands for.
fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')),
        _ => None,
    }
}

/// The digit to put behind these; 0 where the last of them is the right one.
fn check_digit(digits: &str) -> u8 {
    digits.bytes().fold(0, |interim, byte| {
        let row = DAMM.get(usize::from(interim));
        let digit = usize::from(byte.wrapping_sub(b'0'));
        row.and_then(|row| row.get(digit)).copied().unwrap_or(interim)
    })
}

/// In groups, as people are shown it: 482 913 5507.
impl fmt::Display for BookingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second, last) = (self.0 / 10_000_000, self.0 / 10_000 % 1_000, self.0 % 10_000);
        write!(f, "{first:03} {second:03} {last:04}")
    }
}

/// With its number hidden: it opens a booking, together with a birth date and a phone.
impl fmt::Debug for BookingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BookingNumber(***)")
    }
}

impl Serialize for BookingNumber {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.digits())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::keys::Keys;

    fn number(secret: u8, id: u128) -> BookingNumber {
        let keys = Keys::new(&[secret; 32]);
        BookingNumber::of(&keys.booking_number, BookingId(Uuid::from_u128(id)))
    }

    fn cause(text: &str) -> &'static str {
        BookingNumber::parse(text).map_or_else(|refusal| refusal.detail.cause(), |_| "")
    }

    #[test]
    fn the_check_digit_is_damms() {
        // The example of the literature: 572 has the check digit 4.
        assert_eq!(check_digit("572"), 4);
        assert_eq!(check_digit("5724"), 0);
        for (at, row) in DAMM.iter().enumerate() {
            assert_eq!(row[at], 0, "a digit behind itself");
            assert_eq!(row.iter().collect::<HashSet<_>>().len(), 10, "every row has every digit");
            let column = DAMM.iter().map(|row| row[at]).collect::<HashSet<_>>();
            assert_eq!(column.len(), 10, "and every column");
        }
    }

    #[test]
    fn the_number_of_a_booking_never_changes() {
        // Frozen: printed on paper and sent in messages.
        assert_eq!(number(7, 1).to_string(), "548 905 1324");
        assert_ne!(number(8, 1), number(7, 1), "another secret");
        assert_ne!(number(7, 2), number(7, 1), "another booking");
    }

    #[test]
    fn numbers_do_not_tell_which_booking_came_first() {
        let drawn: Vec<_> = (0..200).map(|id| number(7, id)).collect();
        assert_eq!(drawn.iter().collect::<HashSet<_>>().len(), 200);
        let rising = drawn.windows(2).filter(|pair| pair[0].0 < pair[1].0).count();
        assert!((60..140).contains(&rising), "{rising} of 199 follow a smaller one");
        let high = drawn.iter().filter(|one| one.0 >= NUMBERS * 5).count();
        assert!((60..140).contains(&high), "{high} of 200 are in the upper half");
    }

    #[test]
    fn only_ten_digits_are_a_number() {
        for text in ["", "482 913 550", "482 913 55077", "사팔이구", "4829135a07"] {
            assert_eq!(cause(text), "must_be", "{text}");
        }
        assert_eq!(format!("{:?}", number(7, 1)), "BookingNumber(***)");
    }

    /// The full-width form of digits.
    fn wide(digits: &str) -> String {
        let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
        digits.chars().map(wide).collect()
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_it_is_written(id: u128) {
            let number = number(7, id);
            let (digits, groups) = (number.digits(), number.to_string());
            prop_assert_eq!((digits.len(), groups.len()), (10, 12));
            prop_assert_eq!(groups.replace(' ', ""), digits.as_str());
            let hyphens = groups.replace(' ', "-");
            for text in [&digits, &groups, &hyphens, &wide(&digits), &format!(" 번호: {groups}\n")] {
                prop_assert_eq!(BookingNumber::parse(text).unwrap(), number);
            }
            let json = serde_json::to_value(number).unwrap();
            prop_assert_eq!(json, serde_json::Value::from(digits));
        }

        #[test]
        fn every_single_wrong_digit_is_seen(id: u128) {
            let right = number(7, id).digits();
            for at in 0..DIGITS {
                for digit in '0'..='9' {
                    let mut typed = right.clone();
                    typed.replace_range(at..=at, &digit.to_string());
                    let expected = if typed == right { "" } else { "wrong_check_digit" };
                    prop_assert_eq!(cause(&typed), expected);
                }
            }
        }

        #[test]
        fn every_two_neighbours_that_changed_places_are_seen(id: u128) {
            let right = number(7, id).digits();
            for at in 0..DIGITS - 1 {
                let mut typed = right.clone().into_bytes();
                typed.swap(at, at + 1);
                let typed = String::from_utf8(typed).unwrap();
                let expected = if typed == right { "" } else { "wrong_check_digit" };
                prop_assert_eq!(cause(&typed), expected);
            }
        }
    }
}
