//! Presses of administrators: campaigns and files, doses, clinics and persons.

use super::press::{Before, Press, Who::Administrator};

const fn press(route: &'static str, before: Before) -> Press {
    Press { before, ..Press::by(Administrator, route) }
}

const STEP: &[(&str, &str)] =
    &[("*", "on"), ("reason_en", "As announced"), ("reason_ko", "예고한 대로")];
const HISTORY: &str = "select count(*) from supply_history where campaign_id = {campaign_id}";
const CHANGES: &str = "select count(*) from person_change where person_id = {person_id}";
const SAID: &str = "select count(*) from movement where reason = 'Test {n}'";
const REASON: (&str, &str) = ("reason", "Test {n}");
const CLOSED_DAY: &str = "/admin/clinics/{clinic_id}/closures/{date}";

/// Campaigns, and what is laid down in them.
pub const CAMPAIGNS: &[Press] = &[
    Press {
        fields: &[
            ("name_en", "Flu {n}"),
            ("code", "flu-{n}"),
            ("course", "covid-19"),
            ("opens_at", "{today} 00:00"),
            ("closes_at", "{far} 18:00"),
        ],
        done: "select count(*) from campaign where code = 'flu-{n}'",
        ..press("POST /admin/campaigns/new", Before::Nothing)
    },
    Press {
        fields: &[("name_en", "Cohort {n}"), ("born_from", "1970-01-01")],
        done: "select count(*) from cohort where name = 'Cohort {n}'",
        ..press("POST /admin/campaigns/{campaign_id}/cohorts", Before::Nothing)
    },
    Press {
        done: "select count(*) from cohort
            where cohort_id = {cohort_id} and until_version is not null",
        ..press("POST /admin/campaigns/{campaign_id}/cohorts/{cohort_id}/end", Before::Cohort)
    },
    Press {
        fields: &[("product_{product_id}", "on")],
        ..press("POST /admin/campaigns/{campaign_id}/products", Before::Nothing)
    },
    Press {
        page: "/admin/campaigns/{campaign_id}/products",
        fields: &[("name_en", "Vaccine {n}"), ("code", "v-{n}")],
        done: "select count(*) from product where code = 'v-{n}'",
        ..press("POST /admin/campaigns/{campaign_id}/products/new", Before::Nothing)
    },
    Press {
        fields: &[("name_en", "Test {n}"), ("walk_in", "anybody"), ("left_over", "pool")],
        done: "select count(*) from campaign
            where campaign_id = {campaign_id} and name_en = 'Test {n}'",
        ..press("POST /admin/campaigns/{campaign_id}/settings", Before::Nothing)
    },
    Press {
        fields: &[("*", "on"), ("name_en", "Turn {n}")],
        done: "select count(*) from tranche where name = 'Turn {n}'",
        ..press("POST /admin/campaigns/{campaign_id}/tranches", Before::Nothing)
    },
    Press {
        done: "select count(*) from tranche
            where tranche_id = {tranche_id} and until_version is not null",
        ..press("POST /admin/campaigns/{campaign_id}/tranches/{tranche_id}/end", Before::Tranche)
    },
    Press {
        fields: STEP,
        done: HISTORY,
        ..press("POST /admin/campaigns/{campaign_id}/publish", Before::State(1))
    },
    Press {
        fields: STEP,
        done: HISTORY,
        ..press("POST /admin/campaigns/{campaign_id}/open", Before::State(2))
    },
    Press {
        fields: STEP,
        done: HISTORY,
        ..press("POST /admin/campaigns/{campaign_id}/pause", Before::State(3))
    },
    Press {
        fields: STEP,
        done: HISTORY,
        ..press("POST /admin/campaigns/{campaign_id}/close", Before::State(3))
    },
];

/// Files and users.
pub const FILES_AND_USERS: &[Press] = &[
    press("POST /admin/imports/{kind}", Before::Nothing),
    Press {
        mark: Some(("load", "on")),
        ..press("POST /admin/imports/jobs/{job_id}", Before::File)
    },
    Press {
        fields: &[("username", "user-{n}"), ("role", "call_centre")],
        status: 200,
        done: "select count(*) from staff_user where username = 'user-{n}'",
        ..press("POST /admin/users", Before::Nothing)
    },
    Press {
        status: 200,
        done: "select count(*) from staff_invitation where staff_user_id = {user_id}",
        ..press("POST /admin/users/{user_id}/reset", Before::User(true))
    },
    Press {
        done: "select count(*) from staff_user where staff_user_id = {user_id} and not is_active",
        ..press("POST /admin/users/{user_id}/disable", Before::User(true))
    },
    Press {
        done: "select count(*) from staff_user where staff_user_id = {user_id} and is_active",
        ..press("POST /admin/users/{user_id}/enable", Before::User(false))
    },
];

/// Doses above the clinic.
pub const DOSES: &[Press] = &[
    Press {
        page: "/admin/pools/new?campaign={campaign_id}",
        fields: &[("product_id", "{new_product_id}")],
        done: "select count(*) from pool where product_id = {new_product_id}",
        ..press("POST /admin/pools/new", Before::Product)
    },
    Press {
        fields: &[REASON],
        done: SAID,
        ..press("POST /admin/pools/{pool_id}/lines/{movement_id}", Before::Receipt)
    },
    Press {
        through: &[("over", "regions"), ("by", "equal"), ("doses", "40")],
        fields: &[REASON, ("carry_out", "yes")],
        // A line for each of two provinces.
        done: "select count(*) / 2 from movement where reason = 'Test {n}'",
        ..press("POST /admin/pools/{pool_id}/split", Before::Receipt)
    },
    Press {
        fields: &[("doses", "10"), REASON],
        done: SAID,
        ..press("POST /admin/pools/{pool_id}/receive", Before::Nothing)
    },
    Press {
        fields: &[("to_pool_id", "{province_pool_id}"), ("doses", "10"), REASON],
        done: SAID,
        ..press("POST /admin/pools/{pool_id}/transfer", Before::Receipt)
    },
    Press {
        fields: &[("doses", "10"), REASON],
        done: SAID,
        ..press("POST /admin/pools/{pool_id}/lose", Before::Receipt)
    },
    Press {
        fields: &[("region_id", "{new_region_id}")],
        done: "select count(*) from pool where region_id = {new_region_id}",
        ..press("POST /admin/pools/{pool_id}/below", Before::Region)
    },
];

/// Clinics and their days.
pub const PLACES: &[Press] = &[
    Press {
        fields: &[
            ("code", "N{n}"),
            ("name_en", "New Clinic {n}"),
            ("region_id", "{district_id}"),
            ("address", "1 New Street"),
            ("phone", "02-000-0001"),
            ("latitude", "37.5"),
            ("longitude", "127"),
        ],
        done: "select count(*) from clinic where code = 'N{n}'",
        ..press("POST /admin/clinics/new", Before::Nothing)
    },
    Press {
        fields: &[("name_en", "Clinic {n}"), ("address", "{n} Side Street")],
        done: "select count(*) from clinic where address = '{n} Side Street'",
        ..press("POST /admin/clinics/{clinic_id}/correct", Before::Nothing)
    },
    Press {
        fields: &[
            ("from_date", "{far}"),
            ("to_date", "{far}"),
            ("opens", "22:00"),
            ("closes", "23:00"),
            ("breaks", ""),
            ("*", "yes"),
            ("save", "yes"),
        ],
        ..press("POST /admin/clinics/{clinic_id}/hours", Before::Nothing)
    },
    Press {
        fields: &[("from_date", "{closing_date}"), ("reason_en", "Snow {n}"), ("close", "yes")],
        done: "select count(*) from clinic_closure where reason = 'Snow {n}'",
        ..press("POST /admin/clinics/{clinic_id}/closures", Before::Nothing)
    },
    Press {
        page: CLOSED_DAY,
        fields: &[("told-{booking_id}", "phone")],
        done: "select count(*) from booking_told where booking_id = '{booking_id}'",
        ..press("POST /admin/clinics/{clinic_id}/closures/{date}/tick", Before::Lost)
    },
    Press {
        page: CLOSED_DAY,
        fields: &[("reason_en", "Snow")],
        done: "select count(*) from booking where booking_id = '{booking_id}' and state = 3",
        ..press("POST /admin/clinics/{clinic_id}/closures/{date}/cancel", Before::Lost)
    },
    Press {
        page: CLOSED_DAY,
        done: "select 1 - count(*) from clinic_closure
            where clinic_id = {clinic_id} and on_date = '{date}'",
        ..press("POST /admin/clinics/{clinic_id}/closures/{date}/open", Before::Lost)
    },
];

/// Persons of the register.
pub const PERSONS: &[Press] = &[
    Press {
        fields: &[("name", "{name}"), ("birth_date", "{birth_date}"), REASON],
        status: 200,
        done: "select count(*) from person_look",
        ..press("POST /admin/persons", Before::Person)
    },
    Press {
        fields: &[REASON],
        done: "select count(*) from exclusion
            where exclusion_id = {exclusion_id} and lifted_at is not null",
        ..press("POST /admin/persons/{person_id}/exclusions/{exclusion_id}/lift", Before::Excluded)
    },
    Press {
        fields: &[("name", "Corrected {n}"), REASON],
        done: CHANGES,
        ..press("POST /admin/persons/{person_id}/correct", Before::Person)
    },
    Press {
        fields: &[("into_person_id", "{other_person_id}"), REASON],
        done: "select count(*) from person
            where person_id = {person_id} and merged_into is not null",
        ..press("POST /admin/persons/{person_id}/merge", Before::Pair)
    },
    Press {
        fields: &[("mark", "moved_away"), REASON],
        done: CHANGES,
        ..press("POST /admin/persons/{person_id}/mark", Before::Person)
    },
    // What a lane then says of the booking is told beside the mark, which is done.
    Press {
        fields: &[("mark", "moved_away"), ("cancel_bookings", "yes"), REASON],
        done: CHANGES,
        ..press("POST /admin/persons/{person_id}/mark: with cancelling", Before::Booked)
    },
];
