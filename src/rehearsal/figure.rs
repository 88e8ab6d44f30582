//! Numbers as text.

use std::fmt::Display;

/// 352400 as 352,400.
pub fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The nearest float; exact below 2^53.
pub fn float(number: u64) -> f64 {
    const HALF: f64 = 4_294_967_296.0;
    let high = u32::try_from(number >> 32).unwrap_or(u32::MAX);
    let low = u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    f64::from(high) * HALF + f64::from(low)
}

/// To about three digits: 0.42, 7.31, 52.4, 1,204.
pub fn rounded(number: f64) -> String {
    match number {
        number if number < 10.0 => format!("{number:.2}"),
        number if number < 100.0 => format!("{number:.1}"),
        number => grouped(format!("{number:.0}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(80_640), "80,640");
        assert_eq!(grouped(3_524_000), "3,524,000");
    }

    #[test]
    fn floats_are_near() {
        assert_eq!(float(397_876), 397_876.0);
        assert_eq!(float(1 << 40), 1_099_511_627_776.0);
    }

    #[test]
    fn milliseconds_keep_three_digits() {
        let shown = [0.417, 7.312, 52.44, 1_204.4].map(rounded);
        assert_eq!(shown, ["0.42", "7.31", "52.4", "1,204"]);
    }
}
