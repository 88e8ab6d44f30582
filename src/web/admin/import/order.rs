//! In which order an administrator who begins sends files.

use crate::domain::import::Kind;

/// Kinds of files, in the order in which an empty installation needs them.
pub(super) const IN_ORDER: [Kind; 8] = [
    Kind::Regions,
    Kind::Clinics,
    Kind::Register,
    Kind::Users,
    Kind::Roster,
    Kind::Hours,
    Kind::Slots,
    Kind::Allocations,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_is_listed_once() {
        for kind in Kind::ALL {
            assert_eq!(IN_ORDER.iter().filter(|one| *one == kind).count(), 1, "{kind}");
        }
    }
}
