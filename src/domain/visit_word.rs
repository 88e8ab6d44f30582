//! The words of a visit: what a step does, why nothing was given, where it was injected, and what
//! must be answered before.

use serde::Deserialize;

use super::numbered::numbered;

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $number:literal, $word:literal;)*
    })*) => {$(
        numbered! {
            $(#[$meta])*
            #[derive(PartialOrd, Ord, Deserialize)]
            $name { $($(#[$variant_meta])* $variant = $number,)* }
        }

        impl $name {
            /// As in JSON.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What a word means.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    )*};
}

words! {
    /// What a step did.
    StepKind {
        /// The person is there.
        Arrive = 1, "arrive";
        Give = 2, "give";
        NoShow = 3, "no_show";
        /// Came, and was not vaccinated.
        NotVaccinated = 4, "not_vaccinated";
        /// Cancelled by the clinic for its person.
        Cancel = 5, "cancel";
        /// Takes back an earlier step.
        Undo = 6, "undo";
        /// Given to somebody who came without a booking.
        WalkIn = 7, "walk_in";
        /// Booked for a person by staff.
        Assist = 8, "assist";
    }

    /// Why somebody who came was not vaccinated.
    NotGiven {
        /// Did not want it today.
        Refused = 1, "refused";
        /// Not well enough today.
        Unwell = 2, "unwell";
        /// Must not have it: the person is excluded from the course until that is lifted.
        Contraindicated = 3, "contraindicated";
        /// Has had this dose elsewhere.
        AlreadyHad = 4, "already_had";
        /// The service closed the day, and nobody had written down what happened.
        NotRecorded = 5, "not_recorded";
    }

    /// Where a dose was injected.
    Site {
        LeftArm = 1, "left_arm";
        RightArm = 2, "right_arm";
        LeftThigh = 3, "left_thigh";
        RightThigh = 4, "right_thigh";
        Other = 9, "other";
    }

    /// What must be answered before a dose is given: each is a question that only somebody who sees
    /// the person can answer.
    Warning {
        /// Name and day of birth were asked, and are those of the booking.
        Identity = 1, "identity";
        /// Asked whether unwell, allergic or pregnant.
        Screening = 2, "screening";
        /// The dose before was another product.
        ProductDiffers = 3, "product_differs";
        /// The dose before was had elsewhere, and nobody knows when.
        IntervalUnknown = 4, "interval_unknown";
        /// Much earlier or later than the appointment.
        NotTheirSlot = 5, "not_their_slot";
        /// The dose before is on no record.
        PreviousDoseMissing = 6, "previous_dose_missing";
        /// The register may have the person twice.
        PossibleDuplicate = 7, "possible_duplicate";
        /// Only the year or the month of birth is known.
        BirthDateImprecise = 8, "birth_date_imprecise";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_a_number_of_its_own() {
        for &kind in StepKind::ALL {
            assert_eq!(StepKind::of(kind.number()), Some(kind));
            assert_eq!(StepKind::named(kind.word()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
        for &reason in NotGiven::ALL {
            assert_eq!(NotGiven::of(reason.number()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
        }
        for &site in Site::ALL {
            assert_eq!(Site::of(site.number()), Some(site));
            assert_eq!(serde_json::to_value(site).unwrap(), site.word());
        }
        for &warning in Warning::ALL {
            assert_eq!(Warning::of(warning.number()), Some(warning));
            assert_eq!(serde_json::to_value(warning).unwrap(), warning.word());
        }
        assert_eq!((StepKind::of(0), NotGiven::of(6), Site::of(5)), (None, None, None));
        assert_eq!(Warning::named("identify"), None);
    }
}
