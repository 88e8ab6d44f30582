//! What the demonstration's clinics have for those who come, and how they are found. Of some it is
//! not known, as of real ones.

use super::text::bilingual;
use crate::{
    domain::{amenity::Amenities, localized::Localized},
    random::Random,
};

/// A street by its name in Hangul and as Korea romanises it.
pub(super) type Street = (&'static str, &'static str);

/// Of a hundred clinics, how many have it and how many have it not; of the others nobody knows.
type Share = (u32, u32);

const ACCESSIBLE_TOILET: Share = (45, 35);
const PARKING: Share = (55, 35);
const HEARING_LOOP: Share = (5, 45);
const SIGN_LANGUAGE: Share = (3, 47);
const WHEELCHAIR: Share = (35, 35);
const STEP_FREE_ON_THE_GROUND: Share = (75, 10);
const LIFT: Share = (75, 25);
/// Clinics in a hundred of which nobody wrote down how to find them.
const WITHOUT_DIRECTIONS: u32 = 5;

/// Draws a clinic's amenities and directions. A public health centre is on the ground floor and has
/// all but, perhaps, a hearing loop.
pub(super) fn draw(
    random: &mut Random,
    street: Street,
    is_health_centre: bool,
) -> (Amenities, Option<Localized>) {
    let minutes = 2 + random.below(8);
    if is_health_centre {
        let amenities = Amenities {
            step_free: Some(true),
            accessible_toilet: Some(true),
            parking: Some(true),
            hearing_loop: known(random, (60, 20)),
            sign_language: Some(true),
            wheelchair: Some(true),
        };
        return (amenities, Some(directions((street, minutes), (1, true), amenities)));
    }
    let floor = 1 + random.below(4);
    let has_lift = known(random, LIFT).unwrap_or(false);
    let step_free = match floor {
        1 => known(random, STEP_FREE_ON_THE_GROUND),
        _ if has_lift => known(random, (85, 0)),
        _ => Some(false),
    };
    let amenities = Amenities {
        step_free,
        accessible_toilet: known(random, ACCESSIBLE_TOILET),
        parking: known(random, PARKING),
        hearing_loop: known(random, HEARING_LOOP),
        sign_language: known(random, SIGN_LANGUAGE),
        wheelchair: known(random, WHEELCHAIR),
    };
    let is_written = random.below(100) >= WITHOUT_DIRECTIONS;
    let directions = directions((street, minutes), (floor, has_lift), amenities);
    (amenities, is_written.then_some(directions))
}

fn known(random: &mut Random, (yes, no): Share) -> Option<bool> {
    match random.below(100) {
        drawn if drawn < yes => Some(true),
        drawn if drawn < yes + no => Some(false),
        _ => None,
    }
}

fn directions(
    ((street, street_en), minutes): (Street, u32),
    (floor, has_lift): (u32, bool),
    amenities: Amenities,
) -> Localized {
    let mut ko = format!("{street} 버스 정류장에서 걸어서 {minutes}분, 건물 {floor}층입니다.");
    let mut en = format!("{minutes} minutes on foot from the bus stop on {street_en}, ");
    match (floor, has_lift) {
        (1, _) => en += "on the ground floor.",
        (_, true) => {
            ko += " 승강기가 있습니다.";
            en += &format!("on floor {floor}. There is a lift.");
        }
        (_, false) => {
            ko += " 승강기 없이 계단으로 올라갑니다.";
            en += &format!("on floor {floor}. There are stairs and no lift.");
        }
    }
    if amenities.parking == Some(true) {
        ko += " 주차장은 건물 뒤에 있습니다.";
        en += " The car park is behind the building.";
    }
    bilingual(ko, en)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{amenity::Amenity, clinic::DIRECTIONS_CHARS_MAX};

    const STREET: Street = ("중앙로", "Jungang-ro");

    #[test]
    fn of_each_amenity_some_have_it_some_have_not_and_of_some_it_is_not_known() {
        let mut random = Random::new(7);
        let drawn: Vec<_> = (0..500).map(|_| draw(&mut random, STREET, false).0).collect();
        for &amenity in Amenity::ALL {
            for known in [Some(true), Some(false), None] {
                let is_there = drawn.iter().any(|one| one.get(amenity) == known);
                assert!(is_there, "{} {known:?}", amenity.word());
            }
        }
        let (centre, _) = draw(&mut random, STREET, true);
        assert_eq!((centre.step_free, centre.sign_language), (Some(true), Some(true)));
    }

    #[test]
    fn directions_and_amenities_do_not_contradict_each_other() {
        let mut random = Random::new(7);
        let mut written = 0;
        for _ in 0..500 {
            let (amenities, directions) = draw(&mut random, STREET, false);
            let Some(Localized { main, ko: None, en: Some(en) }) = directions else { continue };
            written += 1;
            assert!(main.contains("중앙로") && main.ends_with("니다."), "{main}");
            assert!(en.contains("Jungang-ro") && en.is_ascii(), "{en}");
            assert!(
                main.chars().count() <= DIRECTIONS_CHARS_MAX && en.len() <= DIRECTIONS_CHARS_MAX
            );
            assert_eq!(en.contains("car park"), amenities.parking == Some(true), "{en}");
            if en.contains("no lift") {
                assert_eq!(amenities.step_free, Some(false), "{en}");
            }
        }
        assert!((450..500).contains(&written), "{written}");
    }
}
