//! Doses in whole vials, as they move above the clinic.

use super::{Code, Detail, Refusal, fact::Counted};

/// Doses that fill whole vials. Above the clinic no vial is opened, so only these move there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vials(i32);

impl Vials {
    /// The most that one movement carries: three times what all of Korea received in July 2021.
    pub const DOSES_MAX: i32 = 10_000_000;

    /// # Errors
    /// `invalid_field` outside 1 to `DOSES_MAX`, `not_whole_vials` where a vial would be broken.
    pub fn new(doses: i32, doses_per_vial: i16) -> Result<Self, Refusal> {
        if !(1..=Self::DOSES_MAX).contains(&doses) {
            let detail =
                Detail::HowMany { of: Counted::Doses, min: 1, max: Self::DOSES_MAX.into() };
            return Err(Refusal::field("doses", detail));
        }
        if doses.checked_rem(i32::from(doses_per_vial)) != Some(0) {
            let detail = Detail::VialBroken { doses_per_vial };
            let refusal = Refusal { code: Code::NotWholeVials, ..Refusal::field("doses", detail) };
            return Err(refusal.with("doses_per_vial", doses_per_vial));
        }
        Ok(Self(doses))
    }

    /// How many doses they hold.
    pub const fn doses(self) -> i32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_vial_does_not_move() {
        assert_eq!(Vials::new(20, 10).unwrap().doses(), 20);
        let refusal = Vials::new(15, 10).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (Code::NotWholeVials, Some("doses")));
        for doses in [i32::MIN, -10, 0, Vials::DOSES_MAX + 10, i32::MAX] {
            assert_eq!(Vials::new(doses, 1).unwrap_err().code, Code::InvalidField, "{doses}");
        }
    }
}
