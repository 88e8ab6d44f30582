//! The same of pages and presses: whatever another transaction does at whichever statement, a page
//! is shown, without what was asked for in vain, or says when to come again; it never says that the
//! service has failed. A press is done or not, and what is said of it is so: also where the answer
//! to a commit is lost.

use std::collections::BTreeMap;

use super::{
    hiccup::{STATES, plan},
    office::Office,
    press::{ANEW_EACH_TIME, CITIZENS, DESKS, Press, WITHOUT_STATEMENTS, Who},
    press_admin::{CAMPAIGNS, DOSES, FILES_AND_USERS, PERSONS, PLACES},
    route::{self, Step},
};
use crate::support::{
    Made, Page, TestApp, World,
    database::TestDatabase,
    fault::{Fault, Faults, Plan},
};

/// Operators' steps are tried again for two seconds each time: one statement of so many fails.
const STEP_OF_OPERATORS: usize = 7;
const OF_OPERATORS: [&str; 5] = [
    "/campaigns/{campaign_id}/publish",
    "/campaigns/{campaign_id}/open",
    "/campaigns/{campaign_id}/pause",
    "/campaigns/{campaign_id}/close",
    "/lines/{movement_id}",
];
/// Who could not take their seal away leaves it to the sweep.
const UNSEAL: &str = "update person set sealed_at = null where sealed_at is not null";
/// What is said only of a press that was not done.
const CLAIMS: [&str; 4] =
    ["Nothing was", "Nothing has been", "This press did nothing", "was not moved"];
/// Pages that say who is signed in: nobody is told anything else while that is not known.
const LOOKED_UP: [&str; 2] = ["GET /sign-out/staff", "GET /sign-in/staff/done"];
/// Pages that have nothing to show here, each with its reason.
const WITHOUT_A_PAGE: &[(&str, &str)] = &[
    ("GET /sign-in/code", "no code was asked for with this browser"),
    ("GET /admin/campaigns/{campaign_id}/open", "it is not published"),
    ("GET /admin/campaigns/{campaign_id}/pause", "it is not open"),
    ("GET /admin/campaigns/{campaign_id}/close", "it is not published"),
    ("GET /admin/imports/jobs/{job_id}/rejects.csv", "no row was rejected"),
    ("GET /admin/imports/{kind}/{import_id}/rejects.csv", "no row was rejected"),
];

struct Stage {
    app: TestApp,
    made: Made,
    faults: Faults,
}

impl Stage {
    async fn set() -> Self {
        let mut database = TestDatabase::new().await;
        let faults = Faults::before(&mut database).await;
        let options = TestApp::with().connections(1).at_any_hour();
        let app = options.start_on(database.into()).await;
        let made = World::new().people(700).seats(700).doses(700).cancel_until_hours(0);
        let made = made.make(&app.db).await;
        Self { app, made, faults }
    }

    /// With so many who are booked for today.
    async fn office(&self, today: usize) -> Office<'_> {
        Office::set(&self.app, &self.made, (0, today)).await
    }

    /// The answer to a press that meets this, the statement that met it, and how often the press is
    /// done then.
    async fn send(
        &self,
        (office, step): (&Office<'_>, &Step),
        plan: Plan,
    ) -> (Page, Option<String>, Option<i64>) {
        self.faults.plant(plan);
        let page = step.send().await;
        let met = self.faults.call_off();
        office.run(UNSEAL).await;
        (page, met.into_iter().next(), step.done(office).await)
    }

    async fn is_sound(&self) {
        assert_eq!(dosebook::flows::discrepancy::verify(&self.app.app.db).await.unwrap(), []);
    }
}

/// What is wrong with any answer while others are in the way: it is no fault of the service, nor of
/// who asks.
fn fault(page: &Page) -> Option<String> {
    let is_told = !page.header("retry-after").is_empty();
    match page.status {
        ..400 => None,
        429 | 503 if is_told => None,
        429 | 503 => Some(format!("{} without Retry-After", page.status)),
        _ => Some(format!("{}: {}", page.status, page.main())),
    }
}

/// What came of the presses, by their route: how many statements failed, and what is wrong.
#[derive(Default)]
struct Found {
    failed: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Found {
    fn blame(&mut self, press: &Press, what: impl std::fmt::Display) {
        self.wrong.push(format!("{}: {what}", press.route));
    }

    /// What is wrong with the answer to a press that met a statement, done so often before and
    /// after.
    fn look(&mut self, press: &Press, page: &Page, (what, counts): (&str, [Option<i64>; 2])) {
        if let Some(fault) = fault(page) {
            self.blame(press, format!("{fault} after {what}"));
        }
        let [Some(before), Some(after)] = counts else { return };
        let is_done = after > before;
        if page.status == press.status && !is_done {
            self.blame(press, format!("is told as done after {what}, and is not"));
        }
        if is_done && CLAIMS.iter().any(|claim| page.main().contains(claim)) {
            self.blame(press, format!("is done, and not told after {what}: {}", page.main()));
        }
        if after > before + 1 {
            self.blame(press, format!("is done {} times after {what}", after - before));
        }
    }

    /// Where nothing fails any more, after so many statements.
    fn end(&mut self, press: &Press, page: &Page, (failed, counts): (usize, [Option<i64>; 2])) {
        let [before, after] = counts;
        if page.status != press.status || after != before.map(|before| before + 1) {
            let (status, main) = (page.status, page.main());
            self.blame(press, format!("is not done: {status} {before:?} {after:?} {main}"));
        }
        self.failed.insert(press.route, failed);
    }

    fn assert_right(self) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }

    /// Presses go further than to the look at who is signed in.
    fn assert_reached(&self, presses: &[Press]) {
        for press in presses.iter().filter(|press| !press.is_among(WITHOUT_STATEMENTS)) {
            let least = if matches!(press.who, Who::Staff | Who::Administrator) { 2 } else { 1 };
            let failed = self.failed[press.route];
            assert!(failed >= least, "the control: {}: {failed} statements", press.route);
        }
    }
}

#[tokio::test]
async fn no_page_fails_because_of_another_transaction() {
    let stage = Stage::set().await;
    let mut office = stage.office(2).await;
    let mut steps = route::pages(&mut office).await;
    // What is sent as it is read can only break off.
    steps.retain(|step| !step.route.ends_with("/journal.csv") && !step.route.ends_with("json"));
    let (mut failed, mut wrong) = (BTreeMap::new(), Vec::new());
    for (number, step) in steps.iter().enumerate() {
        let route = step.route.as_str();
        let has_page = !WITHOUT_A_PAGE.iter().any(|(without, _)| *without == route);
        for nth in 1.. {
            let state = STATES[(number + nth) % STATES.len()];
            stage.faults.plant(plan(state, nth));
            let page = step.send().await;
            let met = stage.faults.call_off();
            let Some(statement) = met.first() else {
                failed.insert(route.to_owned(), nth - 1);
                if page.status >= 400 && has_page {
                    wrong.push(format!("{route}: {} without a hiccup", page.status));
                }
                break;
            };
            let what = format!("{route}: {state} at {statement}");
            if has_page || page.status >= 500 {
                wrong.extend(fault(&page).map(|fault| format!("{what}: {fault}")));
            }
            if LOOKED_UP.contains(&route) && page.status != 503 {
                wrong.push(format!("{what}: {}: {}", page.status, page.main()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for route in LOOKED_UP {
        assert!(failed[route] > 0, "the control: {route} looks who is signed in");
    }
    let statements: usize = failed.values().sum();
    assert!(statements > 150, "the control: {statements} failed: {failed:?}");
    stage.is_sound().await;
}

/// From the nth statement of each press on, all are refused.
async fn refuse(presses: &[Press]) {
    let stage = Stage::set().await;
    let (mut office, mut found) = (stage.office(6).await, Found::default());
    for (number, press) in presses.iter().enumerate() {
        let step = route::press(&mut office, press).await;
        let before = step.done(&office).await;
        let is_of_operators = OF_OPERATORS.iter().any(|end| press.route.ends_with(end));
        let stride = if is_of_operators { STEP_OF_OPERATORS } else { 1 };
        for (count, nth) in (1..).step_by(stride).enumerate() {
            let state = STATES[(number + count) % STATES.len()];
            let (page, met, after) = stage.send((&office, &step), plan(state, nth)).await;
            let Some(statement) = met else {
                found.end(press, &page, (count, [before, after]));
                break;
            };
            let what = format!("{state} at {statement}");
            found.look(press, &page, (&what, [before, after]));
            // Done without a statement that was asked for in vain.
            if after != before || page.status == press.status {
                found.failed.insert(press.route, count + 1);
                break;
            }
        }
    }
    found.assert_reached(presses);
    found.assert_right();
    stage.is_sound().await;
}

#[tokio::test]
async fn no_press_of_people_and_desks_fails_because_of_another_transaction() {
    refuse(&[CITIZENS, DESKS, FILES_AND_USERS].concat()).await;
}

#[tokio::test]
async fn no_press_of_campaigns_and_doses_fails_because_of_another_transaction() {
    refuse(&[CAMPAIGNS, DOSES].concat()).await;
}

#[tokio::test]
async fn no_press_of_clinics_and_persons_fails_because_of_another_transaction() {
    refuse(&[PLACES, PERSONS].concat()).await;
}

/// One statement of each press is refused, and what is tried again goes through: each time of a
/// press of its own.
async fn refuse_once(presses: &[Press]) {
    let stage = Stage::set().await;
    let (mut office, mut found) = (stage.office(60).await, Found::default());
    for (number, press) in presses.iter().enumerate() {
        for nth in 1.. {
            let step = route::press(&mut office, press).await;
            let before = step.done(&office).await;
            let state = STATES[(number + nth) % STATES.len()];
            let once = Plan { lasts: false, ..plan(state, nth) };
            let (page, met, after) = stage.send((&office, &step), once).await;
            let Some(statement) = met else {
                found.end(press, &page, (nth - 1, [before, after]));
                break;
            };
            let what = format!("{state} at {statement} once");
            found.look(press, &page, (&what, [before, after]));
            // What runs beside such a press is no part of it.
            if page.status == press.status && press.is_among(WITHOUT_STATEMENTS) {
                break;
            }
        }
    }
    found.assert_reached(presses);
    found.assert_right();
    stage.is_sound().await;
}

#[tokio::test]
async fn a_statement_of_people_and_desks_that_fails_once_is_no_fault() {
    refuse_once(&[CITIZENS, DESKS, FILES_AND_USERS].concat()).await;
}

#[tokio::test]
async fn a_statement_of_campaigns_and_doses_that_fails_once_is_no_fault() {
    refuse_once(&[CAMPAIGNS, DOSES].concat()).await;
}

#[tokio::test]
async fn a_statement_of_clinics_and_persons_that_fails_once_is_no_fault() {
    refuse_once(&[PLACES, PERSONS].concat()).await;
}

/// The answer to one commit of each press is lost. Nobody is told that nothing was done, and who
/// sends the same form again has it done once.
async fn lose_commits(presses: &[Press]) {
    let stage = Stage::set().await;
    let (mut office, mut found) = (stage.office(20).await, Found::default());
    let known = presses.iter().filter(|press| !press.is_among(WITHOUT_STATEMENTS));
    for press in known {
        for nth in 1.. {
            let step = route::press(&mut office, press).await;
            let before = step.done(&office).await;
            let fault = Fault::CutAfter;
            let (of_lanes, lasts) = (None, false);
            stage.faults.plant_at_commit(Plan { fault, of_lanes, lasts, ..plan("", nth) });
            let page = step.send().await;
            if stage.faults.call_off().is_empty() {
                found.end(press, &page, (nth - 1, [before, step.done(&office).await]));
                break;
            }
            office.run(UNSEAL).await;
            let what = format!("the answer to commit {nth} was lost");
            found.look(press, &page, (&what, [before, step.done(&office).await]));
            if page.status != 503 && page.status != press.status {
                found.blame(press, format!("{} after {what}: {}", page.status, page.main()));
            }
            let again = step.send().await;
            if again.status >= 500 {
                found.blame(press, format!("{} where it is sent again", again.status));
            }
            let done = step.done(&office).await.zip(before).map(|(after, before)| after - before);
            if !press.is_among(ANEW_EACH_TIME) && done.is_some_and(|done| done != 1) {
                let main = again.main();
                found.blame(press, format!("is done {done:?} times after {what}: {main}"));
            }
        }
    }
    let commits: usize = found.failed.values().sum();
    let lost = &found.failed;
    assert!(commits * 10 > presses.len() * 7, "the control: {commits} were lost: {lost:?}");
    found.assert_right();
    stage.is_sound().await;
}

#[tokio::test]
async fn a_press_of_people_and_desks_is_done_once_where_its_answer_is_lost() {
    lose_commits(&[CITIZENS, DESKS, FILES_AND_USERS].concat()).await;
}

#[tokio::test]
async fn a_press_of_campaigns_and_doses_is_done_once_where_its_answer_is_lost() {
    lose_commits(&[CAMPAIGNS, DOSES].concat()).await;
}

#[tokio::test]
async fn a_press_of_clinics_and_persons_is_done_once_where_its_answer_is_lost() {
    lose_commits(&[PLACES, PERSONS].concat()).await;
}
