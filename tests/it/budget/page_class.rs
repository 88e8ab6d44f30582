//! Of which class each page and each press is: pages ask for the permission by hand, and each must.
//! The lanes are full here, so that everybody is refused who yields at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    time::{Duration, Instant},
};

use dosebook::{http::class::Class, telemetry::AdmissionLabel};
use tokio::task::JoinHandle;

use super::{
    office::Office,
    press_admin::CAMPAIGNS,
    route::{self, Step},
};
use crate::{
    overload::{answers, ask_all, hold_lane},
    support::{Answer, Made, TestApp, World, proxy::Proxy, until},
};

/// Those who fill the lane come anew after so many steps, or after so long.
const STEPS_MAX: usize = 20;
const STAY_MAX: Duration = Duration::from_secs(2);
/// So many wait in the lane when it is full.
const WAITING: i64 = 50;

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
    "GET /admin/campaigns/{campaign_id}/publish",
    "GET /admin/campaigns/{campaign_id}/open",
    "GET /admin/campaigns/{campaign_id}/pause",
    "GET /admin/campaigns/{campaign_id}/close",
    "POST /admin/campaigns/{campaign_id}/publish",
    "POST /admin/campaigns/{campaign_id}/open",
    "POST /admin/campaigns/{campaign_id}/pause",
    "POST /admin/campaigns/{campaign_id}/close",
    "GET /admin/clinics",
    "GET /admin/clinics/new",
    "POST /admin/clinics/new",
    "GET /admin/clinics/{clinic_id}",
    "GET /admin/clinics/{clinic_id}/closures",
    "POST /admin/clinics/{clinic_id}/closures",
    "GET /admin/clinics/{clinic_id}/closures/{date}",
    "POST /admin/clinics/{clinic_id}/closures/{date}/tick",
    "POST /admin/clinics/{clinic_id}/closures/{date}/cancel",
    "POST /admin/clinics/{clinic_id}/closures/{date}/open",
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
    "GET /admin/persons/{person_id}/correct",
    "GET /admin/persons/{person_id}/merge",
    "GET /admin/persons/{person_id}/mark",
    "POST /admin/persons/{person_id}/correct",
    "POST /admin/persons/{person_id}/merge",
    "POST /admin/persons/{person_id}/mark",
    "GET /admin/pools",
    "GET /admin/pools/new",
    "POST /admin/pools/new",
    "GET /admin/pools/{pool_id}",
    "GET /admin/pools/{pool_id}/lines/{movement_id}",
    "POST /admin/pools/{pool_id}/lines/{movement_id}",
    "GET /admin/pools/{pool_id}/split",
    "POST /admin/pools/{pool_id}/split",
    "GET /admin/pools/{pool_id}/receive",
    "GET /admin/pools/{pool_id}/transfer",
    "GET /admin/pools/{pool_id}/lose",
    "GET /admin/pools/{pool_id}/below",
    "POST /admin/pools/{pool_id}/receive",
    "POST /admin/pools/{pool_id}/transfer",
    "POST /admin/pools/{pool_id}/lose",
    "POST /admin/pools/{pool_id}/below",
    "GET /admin/users",
    "POST /admin/users",
    "GET /admin/users/{user_id}/reset",
    "GET /admin/users/{user_id}/disable",
    "GET /admin/users/{user_id}/enable",
    "POST /admin/users/{user_id}/reset",
    "POST /admin/users/{user_id}/disable",
    "POST /admin/users/{user_id}/enable",
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

/// What was seen of each request, and what is wrong with an answer whatever its class.
#[derive(Default)]
struct Look {
    seen: BTreeMap<String, Seen>,
    mute: Vec<String>,
    /// Presses that nothing refused, and that were not done.
    undone: Vec<String>,
}

impl Look {
    async fn at(&mut self, app: &TestApp, step: Step, done: Option<u16>) {
        let before = counted(app);
        let page = step.send().await;
        let now = counted(app);
        let waiting = app.app.metrics.lanes.queued.get();
        assert_eq!(waiting, WAITING, "{}, the control: the lane is full", step.route);
        let of = now.iter().filter(|(key, count)| before[*key] < **count).map(|(key, _)| *key);
        let is_refused = [429, 503].contains(&page.status);
        if is_refused && page.header("retry-after").is_empty() {
            self.mute.push(page.at.clone());
        }
        if !is_refused && done.is_some_and(|done| page.status != done) {
            self.undone.push(format!("{}: {}: {}", step.route, page.status, page.main()));
        }
        self.seen.insert(step.route, (of.collect(), page.status == 503));
    }
}

/// Those who fill the lane. Some ten seconds after it was held it would give them up, and let in
/// who is to be refused: so they are let go long before that, and come anew. They book nothing:
/// the slot that they want has begun.
struct Crowd<'a> {
    app: &'a TestApp,
    made: &'a Made,
    proxy: &'a Proxy,
    asked: Vec<JoinHandle<Answer>>,
    since: Instant,
    steps: usize,
}

impl<'a> Crowd<'a> {
    async fn come(app: &'a TestApp, made: &'a Made, proxy: &'a Proxy) -> Self {
        let since = Instant::now();
        let mut asked = hold_lane(app, proxy, made).await;
        asked.extend(ask_all(app, made, 12..62));
        until(|| app.app.metrics.lanes.queued.get() == WAITING).await;
        Self { app, made, proxy, asked, since, steps: 0 }
    }

    /// Lets them go, and has them all answered: what they count is no part of a step.
    async fn go(&mut self) {
        self.proxy.resume();
        answers(mem::take(&mut self.asked)).await;
    }

    /// Before each step.
    async fn stay(&mut self) {
        if self.steps == STEPS_MAX || self.since.elapsed() > STAY_MAX {
            self.go().await;
            *self = Self::come(self.app, self.made, self.proxy).await;
        }
        self.steps += 1;
    }
}

#[tokio::test]
async fn each_page_and_each_press_is_let_in_by_its_class() {
    route::assert_complete().await;
    let options = TestApp::with().lanes(1).batch(1).wait_ms(1);
    let (app, proxy) = options.start_behind_proxy().await;
    let made = World::new().people(140).seats(100).doses(100).make(&app.db).await;
    // The first of them fill the lane.
    let mut office = Office::set(&app, &made, (62, 4)).await;
    let pages = route::pages(&mut office).await;
    let (mut presses, mut of_campaigns) = (Vec::new(), Vec::new());
    let all = route::PRESSES.concat();
    // Of one of several presses of a route it is enough here.
    for press in all.iter().filter(|press| !press.route.contains(": ")) {
        let is_split = press.route == "POST /admin/pools/{pool_id}/split";
        if is_split || CAMPAIGNS.iter().any(|one| one.route == press.route) {
            of_campaigns.push(*press);
        } else {
            presses.push((route::press(&mut office, press).await, press.status));
        }
    }
    let mut crowd = Crowd::come(&app, &made, &proxy).await;
    let mut look = Look::default();
    for page in pages {
        crowd.stay().await;
        look.at(&app, page, None).await;
    }
    for (press, done) in presses {
        crowd.stay().await;
        look.at(&app, press, Some(done)).await;
    }
    // Each of these is about what others change, and needs no lane to be made ready.
    for press in of_campaigns {
        let step = route::press(&mut office, &press).await;
        crowd.stay().await;
        look.at(&app, step, Some(press.status)).await;
    }
    crowd.go().await;
    let (expected, Look { seen, mute, undone }) = (expected(), look);
    let wrong = seen.iter().filter(|(route, seen)| expected.get(*route) != Some(seen));
    let wrong: Vec<_> = wrong.map(|(route, seen)| format!("{route}: {seen:?}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(mute, [""; 0], "refused, and not told when to come again");
    assert!(undone.is_empty(), "let in, and not done:\n{}", undone.join("\n"));
    let gone: Vec<_> = expected.keys().filter(|route| !seen.contains_key(*route)).collect();
    assert_eq!(gone, [""; 0], "there are no such routes");
}
