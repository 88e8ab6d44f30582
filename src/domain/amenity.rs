//! What a clinic has for those who come. What is not known stays unknown, and is never taken for a
//! no; nothing here decides which clinics are shown.

use serde::{Deserialize, Serialize};

macro_rules! amenities {
    ($($(#[$about:meta])* $name:ident, $word:ident;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Amenity { $($(#[$about])* $name),* }

        impl Amenity {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As in files, in JSON and in the database.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($word)),*
                }
            }
        }

        /// Of each whether the clinic has it; none where that is not known.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Amenities {
            $($(#[$about])* pub $word: Option<bool>),*
        }

        impl Amenities {
            pub const fn get(&self, amenity: Amenity) -> Option<bool> {
                match amenity {
                    $(Amenity::$name => self.$word),*
                }
            }

            /// Sets one; none makes it unknown.
            #[must_use]
            pub const fn with(mut self, amenity: Amenity, is_there: Option<bool>) -> Self {
                match amenity {
                    $(Amenity::$name => self.$word = is_there),*
                }
                self
            }
        }
    };
}

amenities! {
    /// From the street to the chair without a step, by ramp or lift where there is one.
    StepFree, step_free;
    /// A toilet for people in wheelchairs.
    AccessibleToilet, accessible_toilet;
    /// Places for the cars of those who come.
    Parking, parking;
    /// An induction loop for hearing aids.
    HearingLoop, hearing_loop;
    /// Somebody who interprets into sign language, there or by video.
    SignLanguage, sign_language;
    /// A wheelchair that can be borrowed for the visit.
    Wheelchair, wheelchair;
}

/// What to change of a clinic's amenities: those that are named, each to what is said of it.
pub type AmenitiesChange = Vec<(Amenity, Option<bool>)>;

impl Amenities {
    #[must_use]
    pub fn changed(self, change: &[(Amenity, Option<bool>)]) -> Self {
        change.iter().fold(self, |all, &(amenity, is_there)| all.with(amenity, is_there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_not_no() {
        let known = Amenities::default()
            .with(Amenity::Parking, Some(false))
            .with(Amenity::StepFree, Some(true));
        assert_eq!(known.get(Amenity::Parking), Some(false));
        assert_eq!(known.get(Amenity::StepFree), Some(true));
        assert_eq!(known.get(Amenity::HearingLoop), None);
        let forgotten =
            known.changed(&[(Amenity::Parking, None), (Amenity::Wheelchair, Some(true))]);
        assert_eq!(forgotten.get(Amenity::Parking), None);
        assert_eq!((forgotten.step_free, forgotten.wheelchair), (Some(true), Some(true)));
    }

    #[test]
    fn each_is_written_by_its_word() {
        for &amenity in Amenity::ALL {
            let only = Amenities::default().with(amenity, Some(true));
            let json = serde_json::to_value(only).unwrap();
            assert_eq!(json[amenity.word()], true);
            assert_eq!(json.as_object().unwrap().len(), Amenity::ALL.len(), "null is written too");
            assert_eq!(serde_json::from_value::<Amenities>(json).unwrap(), only);
        }
        // What the database keeps leaves out the unknown.
        let kept = serde_json::from_str::<Amenities>(r#"{"parking": false}"#).unwrap();
        assert_eq!(kept, Amenities::default().with(Amenity::Parking, Some(false)));
    }
}
