//! What the database's named constraints mean to whoever asked. The rule stands once, in the
//! schema; here stand the field and the words. A flow that writes what somebody typed passes its
//! errors through `named`.

use super::Error;
use crate::{
    db::error::{Failure, classify},
    domain::{Code, Refusal},
};

/// Constraint, field, what to say.
type Named = (&'static str, &'static str, &'static str);

const TAKEN: &[Named] = &[
    ("region_code_key", "code", "A region has this code."),
    ("clinic_code_key", "code", "A clinic has this code."),
    ("product_code_key", "code", "A product has this code in this code system."),
    ("course_code_key", "code", "A course has this code."),
    ("campaign_code_key", "code", "A campaign has this code."),
    ("roster_code_key", "code", "A roster has this code."),
    ("pool_node_key", "region_id", "The campaign has a pool of this product there."),
    ("slot_key", "slots", "The clinic has a slot that starts at one of these instants."),
    ("person_match_key", "name", "The register has a person of this name, birth date and phone."),
    (
        "person_spelling_key",
        "name",
        "The register has a person of this name, birth date and phone.",
    ),
];

const IMPOSSIBLE: &[Named] = &[
    ("region_code_check", "code", "A code has 1 to 32 letters, digits or hyphens."),
    ("clinic_code_check", "code", "A code has 1 to 32 letters, digits or hyphens."),
    ("roster_code_check", "code", "A code has 1 to 32 letters, digits or hyphens."),
    ("course_code_check", "code", "A code has 1 to 64 small letters, digits or hyphens."),
    ("campaign_code_check", "code", "A code has 1 to 64 small letters, digits or hyphens."),
    ("clinic_position_check", "latitude", "Give latitude and longitude, both in degrees."),
    ("product_doses_per_vial_check", "doses_per_vial", "A vial holds at least one dose."),
    ("product_doses_in_series_check", "doses_in_series", "A series has at least one dose."),
    ("product_interval_check", "interval_days_min", "Days cannot be negative."),
    ("product_age_check", "age_months_max", "Ages are at least 0, the lower one first."),
    ("campaign_dose_number_check", "dose_number", "Doses are numbered 1 to 20."),
    ("campaign_window_check", "closes_at", "A campaign closes after it opens."),
    ("campaign_cancel_until_check", "cancel_until_hours", "Give 0 to 1000 hours."),
    ("cohort_birth_range_check", "born_to", "The range of birth dates ends before it begins."),
    ("cohort_names_someone_check", "born_from", "Name birth dates, a roster or a region."),
    ("tranche_digits_check", "birth_day_digits", "Give 1 to 10 different digits, 0 to 9."),
    ("slot_window_check", "slots", "A slot ends after it starts."),
    ("slot_seats_check", "seats", "A slot has at least as many seats as are taken."),
    ("allocation_channel_check", "channel", "Channels are 1 web, 2 phone, 3 walk-in."),
    ("region_parent_id_fkey", "parent_id", "There is no such region."),
    ("clinic_region_id_fkey", "region_id", "There is no such region."),
    ("campaign_course_id_fkey", "course_id", "There is no such course."),
    ("cohort_roster_id_fkey", "roster_id", "There is no such roster."),
    ("cohort_region_id_fkey", "region_id", "There is no such region."),
    ("pool_region_id_fkey", "region_id", "There is no such region."),
    ("person_region_id_fkey", "region_id", "There is no such region."),
];

/// A refusal that names the field, where a named constraint says no; else the error as it is.
pub(super) fn named(error: sqlx::Error) -> Error {
    let refused = match classify(&error) {
        Failure::Unique(constraint) | Failure::Constraint(constraint) => refusal(constraint),
        _ => None,
    };
    refused.map_or_else(|| error.into(), Error::Refused)
}

fn refusal(constraint: &str) -> Option<Refusal> {
    let find = |table: &[Named]| {
        let row = table.iter().find(|(name, ..)| *name == constraint);
        row.map(|(_, field, detail)| Refusal::field(*field, *detail))
    };
    let taken = find(TAKEN).map(|refusal| Refusal { code: Code::AlreadyExists, ..refusal });
    taken.or_else(|| find(IMPOSSIBLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constraint_stands_in_the_schema() {
        let schema = concat!(
            include_str!("../../migrations/0001_place.sql"),
            include_str!("../../migrations/0002_campaign.sql"),
            include_str!("../../migrations/0003_person.sql"),
            include_str!("../../migrations/0004_ledger.sql"),
            include_str!("../../migrations/0011_spellings.sql"),
        );
        for (name, ..) in TAKEN.iter().chain(IMPOSSIBLE) {
            // PostgreSQL names a foreign key after its table and column.
            let is_there = match name.strip_suffix("_fkey") {
                Some(column) => {
                    let split = |(table, column): (&str, &str)| {
                        schema.split(&format!("create table {table} (")).nth(1).is_some_and(
                            |rest| {
                                let body = rest.split("\n)").next().unwrap_or_default();
                                body.contains(&format!("    {column} int"))
                            },
                        )
                    };
                    column.split_once('_').is_some_and(split)
                }
                None => schema.contains(&format!("constraint {name} ")),
            };
            assert!(is_there, "{name}");
        }
    }

    #[test]
    fn what_is_taken_and_what_cannot_be_differ() {
        assert_eq!(refusal("clinic_code_key").unwrap().code, Code::AlreadyExists);
        let bad = refusal("clinic_code_check").unwrap();
        assert_eq!((bad.code, bad.field.as_deref()), (Code::InvalidField, Some("code")));
        assert_eq!(refusal("pool_balances_check"), None, "a fault of ours stays a fault");
    }
}
