//! What the database's named constraints mean to whoever asked. The rule stands once, in the
//! schema; here stand the field and the cause. A flow that writes what somebody typed passes its
//! errors through `named`.

use super::Error;
use crate::{
    db::error::{Failure, classify},
    domain::{
        Code, Detail, Refusal,
        fact::{By, Expected, Noun},
        slot::HOURS_MAX,
    },
};

/// Constraint, field, what is wrong.
type Named = (&'static str, &'static str, fn() -> Detail);

const TAKEN: &[Named] = &[
    ("region_code_key", "code", || taken(Noun::Region)),
    ("clinic_code_key", "code", || taken(Noun::Clinic)),
    ("product_code_key", "code", || Detail::Taken { what: Noun::Product, by: By::CodeInSystem }),
    ("course_code_key", "code", || taken(Noun::Course)),
    ("campaign_code_key", "code", || taken(Noun::Campaign)),
    ("roster_code_key", "code", || taken(Noun::Roster)),
    ("pool_node_key", "region_id", || Detail::PoolThere),
    ("slot_key", "slots", || Detail::SlotStartsThen),
    ("person_match_key", "name", || Detail::InRegister),
    ("person_code_key", "person_code", || Detail::PersonCodeInRegister),
    ("person_spelling_key", "name", || Detail::InRegister),
];

const IMPOSSIBLE: &[Named] = &[
    ("region_code_check", "code", || must_be(Expected::Code { chars_max: 32 })),
    ("clinic_code_check", "code", || must_be(Expected::Code { chars_max: 32 })),
    ("roster_code_check", "code", || must_be(Expected::Code { chars_max: 32 })),
    ("course_code_check", "code", || must_be(Expected::SmallCode { chars_max: 64 })),
    ("campaign_code_check", "code", || must_be(Expected::SmallCode { chars_max: 64 })),
    ("clinic_position_check", "latitude", || Detail::HalfPosition),
    ("product_doses_per_vial_check", "doses_per_vial", || at_least(1)),
    ("product_doses_in_series_check", "doses_in_series", || at_least(1)),
    ("product_interval_check", "interval_days_min", || at_least(0)),
    ("product_age_check", "age_months_max", || Detail::AgesReversed),
    ("campaign_dose_number_check", "dose_number", || between(1, 20)),
    ("campaign_window_check", "closes_at", || Detail::ClosesBeforeOpening),
    ("campaign_cancel_until_check", "cancel_until_hours", || between(0, 1000)),
    ("campaign_bookings_per_day_check", "bookings_per_day", || between(1, 100)),
    ("cohort_birth_range_check", "born_to", || Detail::BirthDatesReversed),
    ("cohort_names_someone_check", "born_from", || Detail::CohortOfNobody),
    ("tranche_digits_check", "birth_day_digits", || must_be(Expected::Digits)),
    ("slot_window_check", "slots", || Detail::SlotLength { hours_max: HOURS_MAX }),
    ("slot_seats_check", "seats", || Detail::FewerSeatsThanTaken),
    ("allocation_channel_check", "channel", || must_be(Expected::Channel)),
    ("region_parent_id_fkey", "parent_id", || no_such(Noun::Region)),
    ("clinic_region_id_fkey", "region_id", || no_such(Noun::Region)),
    ("campaign_course_id_fkey", "course_id", || no_such(Noun::Course)),
    ("cohort_roster_id_fkey", "roster_id", || no_such(Noun::Roster)),
    ("cohort_region_id_fkey", "region_id", || no_such(Noun::Region)),
    ("pool_region_id_fkey", "region_id", || no_such(Noun::Region)),
    ("person_region_id_fkey", "region_id", || no_such(Noun::Region)),
];

fn taken(what: Noun) -> Detail {
    Detail::Taken { what, by: By::Code }
}

fn no_such(what: Noun) -> Detail {
    Detail::NoSuch { what, by: By::Id }
}

fn must_be(expected: Expected) -> Detail {
    Detail::MustBe { expected }
}

fn at_least(min: i64) -> Detail {
    must_be(Expected::WholeNumberFrom { min })
}

fn between(min: i64, max: i64) -> Detail {
    must_be(Expected::WholeNumberBetween { min, max })
}

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
        row.map(|(_, field, detail)| Refusal::field(*field, detail()))
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
            include_str!("../../migrations/0022_person_key_indexes.sql"),
            include_str!("../../migrations/0027_booking_limit.sql"),
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
                None => ["constraint", "unique index"]
                    .iter()
                    .any(|kind| schema.contains(&format!("{kind} {name} "))),
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
