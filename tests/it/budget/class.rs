//! Of which class each operation is: what costs a trip to the database is let in by one, so that a
//! new operation must be given one.

use std::collections::{BTreeMap, BTreeSet};

use dosebook::{http::class::Class, telemetry::AdmissionLabel};

use super::{BUDGETS, Recorder, story};
use crate::support::TestApp;

/// Operations of those who book, of clinics and of the call centre.
const CLASSES: &[(Class, &[&str])] = &[
    (
        Class::Booking,
        &[
            "put_booking",
            "move_booking",
            "put_step",
            "put_walk_in",
            "put_assisted_booking",
            "put_assisted_booking_anywhere",
        ],
    ),
    (Class::Cancel, &["delete_booking"]),
    (Class::TryCode, &["post_session"]),
    (Class::SignIn, &["post_staff_session", "post_invitation"]),
    (Class::AskCode, &["post_code"]),
    (Class::Read, &["get_me", "list_bookings", "list_alternatives", "list_history"]),
    (Class::LookUp, &["post_booking_code"]),
    (Class::Afterwards, &["get_booking"]),
    (
        Class::Desk,
        &[
            "get_schedule",
            "find_bookings",
            "get_day",
            "get_visit",
            "find_persons",
            "find_persons_anywhere",
            "post_person",
            "get_person_at_clinic",
            "list_proposals",
            "list_proposals_anywhere",
            "list_next_dose",
        ],
    ),
];

/// Let in whatever the load: they end a session, or are pressed by one person of a clinic a few
/// times a day; or a balancer asks, which shares the answer of a second with others.
const ALWAYS: &[&str] = &[
    "get_readiness",
    "delete_session",
    "delete_all_sessions",
    "delete_staff_session",
    "post_day_doses",
    "post_day_close",
    "post_day_reopen",
];

/// How many requests of each class were let in.
pub fn admitted(app: &TestApp) -> [u64; Class::ALL.len()] {
    Class::ALL.map(|class| {
        let label = AdmissionLabel { class: class.terms().name, outcome: "admitted" };
        app.app.metrics.admissions.get_or_create(&label).get()
    })
}

/// The classes of those that were let in since then.
pub fn since(app: &TestApp, before: &[u64; Class::ALL.len()]) -> BTreeSet<&'static str> {
    let now = admitted(app);
    let all = Class::ALL.into_iter().zip(now.into_iter().zip(before));
    all.filter(|(_, (now, before))| now > before).map(|(class, _)| class.terms().name).collect()
}

#[tokio::test]
async fn each_operation_is_let_in_by_its_class() {
    let mut recorder = Recorder::start().await;
    story::tell(&mut recorder).await;

    let mut expected: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (class, operations) in CLASSES {
        for operation in *operations {
            expected.insert(operation, BTreeSet::from([class.terms().name]));
        }
    }
    let mut wrong = Vec::new();
    for (name, trips) in BUDGETS.iter().filter(|(name, _)| !name.contains(':')) {
        let of = recorder.classes.get(*name).cloned().unwrap_or_default();
        let may_be = if *trips == 0 || ALWAYS.contains(name) {
            of.is_empty()
        } else if name.starts_with("admin_") {
            // Commands of administrators get through; what lists or loads much yields.
            of.iter().all(|class| ["export", "upload"].contains(class))
        } else {
            expected.get(name) == Some(&of)
        };
        if !may_be {
            wrong.push(format!("{name}: {of:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let exports = recorder.classes.values().filter(|of| of.contains("export")).count();
    assert!(exports > 5, "the control: {exports} exports were seen");
}
