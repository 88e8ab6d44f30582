//! Of which class each page and each press is: pages ask for the permission by hand, and each must.
//! The lanes are full here, so that everybody is refused who yields at all.

use std::collections::{BTreeMap, BTreeSet};

use dosebook::{http::class::Class, telemetry::AdmissionLabel};

use super::route;
use crate::{
    overload::{answers, ask_all, hold_lane},
    support::{TestApp, World, until},
};

/// Refused, with the time at which to come again.
const REFUSED: &[(Class, &[&str])] = &[
    (
        Class::Booking,
        &[
            "POST /bookings/{booking_id}/move",
            "POST /campaigns/{campaign_id}/check",
            "POST /clinic/{clinic_id}/bookings/{booking_id}",
            "POST /clinic/{clinic_id}/persons/{person_id}",
        ],
    ),
    (Class::Cancel, &["POST /bookings/{booking_id}/cancel"]),
    (Class::TryCode, &["POST /sign-in/code"]),
    (Class::SignIn, &["POST /sign-in/staff", "POST /invitation"]),
    (Class::AskCode, &["POST /sign-in"]),
    (Class::Read, &["GET /me", "GET /campaigns/{campaign_id}/eligibility"]),
    (Class::LookUp, &["POST /sign-in/number"]),
    (
        Class::Export,
        &[
            "GET /admin/supply/{campaign_id}/{file}",
            "GET /admin/looks",
            "GET /admin/journal",
            "GET /admin/journal.csv",
            "GET /admin/journal.ndjson",
            "GET /admin/imports",
            "POST /admin/imports/jobs/{job_id}",
        ],
    ),
    (Class::Upload, &["POST /admin/imports/{kind}"]),
];

/// Let in however many want to book.
const SERVED: &[(Class, &[&str])] = &[
    (
        Class::Afterwards,
        &[
            "GET /bookings/{booking_id}",
            "GET /bookings/{booking_id}/calendar.ics",
            "GET /bookings/{booking_id}/cancel",
        ],
    ),
    (
        Class::Desk,
        &[
            "GET /clinic/{clinic_id}",
            "GET /clinic/{clinic_id}/now",
            "POST /clinic/{clinic_id}/find",
            "GET /clinic/{clinic_id}/bookings/{booking_id}",
            "GET /clinic/{clinic_id}/persons/{person_id}",
            "GET /clinic/{clinic_id}/register",
            "POST /clinic/{clinic_id}/register",
            "POST /clinic/{clinic_id}/walk-in",
            "GET /clinic/{clinic_id}/close",
            "GET /clinic/{clinic_id}/week",
        ],
    ),
];

/// Shown without what the class would add.
const WITHOUT: &[(Class, &[&str])] = &[
    (Class::Read, &["GET /campaigns/{campaign_id}/check", "GET /campaigns/{campaign_id}/clinics"]),
    (Class::Export, &["GET /admin", "GET /admin/supply"]),
];

/// Answered from memory; or they end a session, or are commands of administrators and presses of
/// one person of a clinic.
const ALWAYS: &[&str] = &[
    "GET ",
    "GET /",
    "GET /admin/campaigns/new",
    "POST /admin/campaigns/new",
    "GET /admin/campaigns/{campaign_id}",
    "GET /admin/campaigns/{campaign_id}/check",
    "GET /admin/campaigns/{campaign_id}/cohorts",
    "POST /admin/campaigns/{campaign_id}/cohorts",
    "GET /admin/campaigns/{campaign_id}/cohorts/{cohort_id}/end",
    "POST /admin/campaigns/{campaign_id}/cohorts/{cohort_id}/end",
    "GET /admin/campaigns/{campaign_id}/products",
    "POST /admin/campaigns/{campaign_id}/products",
    "POST /admin/campaigns/{campaign_id}/products/new",
    "GET /admin/campaigns/{campaign_id}/settings",
    "POST /admin/campaigns/{campaign_id}/settings",
    "GET /admin/campaigns/{campaign_id}/tranches",
    "POST /admin/campaigns/{campaign_id}/tranches",
    "GET /admin/campaigns/{campaign_id}/tranches/{tranche_id}/end",
    "POST /admin/campaigns/{campaign_id}/tranches/{tranche_id}/end",
    "GET /admin/campaigns/{campaign_id}/{step}",
    "POST /admin/campaigns/{campaign_id}/{step}",
    "GET /admin/clinics",
    "GET /admin/clinics/new",
    "POST /admin/clinics/new",
    "GET /admin/clinics/{clinic_id}",
    "GET /admin/clinics/{clinic_id}/closures",
    "POST /admin/clinics/{clinic_id}/closures",
    "GET /admin/clinics/{clinic_id}/closures/{date}",
    "POST /admin/clinics/{clinic_id}/closures/{date}/{press}",
    "GET /admin/clinics/{clinic_id}/correct",
    "POST /admin/clinics/{clinic_id}/correct",
    "GET /admin/clinics/{clinic_id}/hours",
    "POST /admin/clinics/{clinic_id}/hours",
    "GET /admin/imports/jobs/{job_id}",
    "GET /admin/imports/jobs/{job_id}/now",
    "GET /admin/imports/jobs/{job_id}/rejects.csv",
    "GET /admin/imports/{kind}",
    "GET /admin/imports/{kind}/template",
    "GET /admin/imports/{kind}/{import_id}",
    "GET /admin/imports/{kind}/{import_id}/rejects.csv",
    "GET /admin/persons",
    "POST /admin/persons",
    "GET /admin/persons/{person_id}",
    "GET /admin/persons/{person_id}/exclusions/{exclusion_id}/lift",
    "POST /admin/persons/{person_id}/exclusions/{exclusion_id}/lift",
    "GET /admin/persons/{person_id}/{press}",
    "POST /admin/persons/{person_id}/{press}",
    "GET /admin/pools",
    "GET /admin/pools/new",
    "POST /admin/pools/new",
    "GET /admin/pools/{pool_id}",
    "GET /admin/pools/{pool_id}/lines/{movement_id}",
    "POST /admin/pools/{pool_id}/lines/{movement_id}",
    "GET /admin/pools/{pool_id}/split",
    "POST /admin/pools/{pool_id}/split",
    "GET /admin/pools/{pool_id}/{press}",
    "POST /admin/pools/{pool_id}/{press}",
    "GET /admin/users",
    "POST /admin/users",
    "GET /admin/users/{user_id}/{change}",
    "POST /admin/users/{user_id}/{change}",
    "GET /assets/{file}",
    "GET /call-centre",
    "GET /campaigns/{campaign_id}",
    "GET /campaigns/{campaign_id}/clinics/{clinic_id}",
    "POST /campaigns/{campaign_id}/eligibility",
    "GET /campaigns/{campaign_id}/now",
    "POST /clinic/{clinic_id}/close",
    "GET /clinic/{clinic_id}/find",
    "GET /clinic/{clinic_id}/walk-in",
    "GET /invitation",
    "GET /now",
    "GET /sign-in",
    "GET /sign-in/code",
    "GET /sign-in/done",
    "GET /sign-in/number",
    "GET /sign-in/staff",
    "GET /sign-in/staff/done",
    "GET /sign-out",
    "POST /sign-out",
    "POST /sign-out/everywhere",
    "GET /sign-out/forget",
    "GET /sign-out/staff",
    "POST /sign-out/staff",
    "GET /staff",
    "GET /style",
];

/// What became of a request: by class and outcome, and whether it was refused.
type Seen = (BTreeSet<(&'static str, &'static str)>, bool);

fn counted(app: &TestApp) -> BTreeMap<(&'static str, &'static str), u64> {
    let all = Class::ALL
        .into_iter()
        .flat_map(|class| ["admitted", "refused"].map(|outcome| (class.terms().name, outcome)));
    all.map(|(class, outcome)| {
        let label = AdmissionLabel { class, outcome };
        ((class, outcome), app.app.metrics.admissions.get_or_create(&label).get())
    })
    .collect()
}

fn expected() -> BTreeMap<String, Seen> {
    let mut expected = BTreeMap::new();
    let mut add = |route: &str, seen: Seen| {
        assert_eq!(expected.insert(route.to_owned(), seen), None, "{route} twice");
    };
    for (classes, outcome, is_refused) in
        [(REFUSED, "refused", true), (SERVED, "admitted", false), (WITHOUT, "refused", false)]
    {
        for (class, routes) in classes {
            let of = BTreeSet::from([(class.terms().name, outcome)]);
            routes.iter().for_each(|route| add(route, (of.clone(), is_refused)));
        }
    }
    ALWAYS.iter().for_each(|route| add(route, (BTreeSet::new(), false)));
    expected
}

#[tokio::test]
async fn each_page_and_each_press_is_let_in_by_its_class() {
    let options = TestApp::with().lanes(1).batch(1).wait_ms(1);
    let (app, proxy) = options.start_behind_proxy().await;
    let made = World::new().people(70).seats(100).doses(100).make(&app.db).await;
    let booking_id = route::book(&app, &made).await;
    let steps = route::steps(&app, &made, booking_id).await;
    let mut asked = hold_lane(&app, &proxy, &made).await;
    asked.extend(ask_all(&app, &made, 12..62));
    until(|| app.app.metrics.lanes.queued.get() == 50).await;
    let (mut seen, mut mute) = (BTreeMap::new(), Vec::new());
    for step in steps {
        let before = counted(&app);
        let page = step.send().await;
        let now = counted(&app);
        let of = now.iter().filter(|(key, count)| before[*key] < **count).map(|(key, _)| *key);
        seen.insert(step.route, (of.collect::<BTreeSet<_>>(), page.status == 503));
        if page.status == 503 && page.header("retry-after").is_empty() {
            mute.push(page.at);
        }
    }
    let expected = expected();
    let wrong = seen.iter().filter(|(route, seen)| expected.get(*route) != Some(seen));
    let wrong: Vec<_> = wrong.map(|(route, seen)| format!("{route}: {seen:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(mute, [""; 0], "refused, and not told when to come again");
    let gone: Vec<_> = expected.keys().filter(|route| !seen.contains_key(*route)).collect();
    assert_eq!(gone, [""; 0], "there are no such routes");
    proxy.resume();
    answers(asked).await;
}
