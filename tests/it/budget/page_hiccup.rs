//! The same of pages and presses: whatever another transaction does at whichever statement, a page
//! is shown, without what was asked for in vain, or says when to come again; it never says that the
//! service has failed.

use std::collections::BTreeMap;

use super::{
    hiccup::{STATES, plan},
    route::{self, Step},
};
use crate::support::{TestApp, World, database::TestDatabase, fault::Faults};

/// Operators' steps are tried again for two seconds each time: one statement of so many fails.
const STEP_OF_OPERATORS: usize = 7;

fn step_of(route: &str) -> usize {
    let is_of_operators = route.starts_with("POST /admin/campaigns/{campaign_id}/")
        || route.starts_with("POST /admin/pools/{pool_id}/lines/");
    if is_of_operators { STEP_OF_OPERATORS } else { 1 }
}

/// Presses after which others find nothing any more.
fn is_last(step: &Step) -> bool {
    ["sign-out", "/cancel"].iter().any(|end| step.route.contains(end))
}

#[tokio::test]
async fn no_page_and_no_press_fails_because_of_another_transaction() {
    let mut database = TestDatabase::new().await;
    let faults = Faults::before(&mut database).await;
    let options = TestApp::with().connections(1).at_any_hour();
    let app = options.start_on(database.into()).await;
    let made = World::new().people(12).seats(20).doses(20).make(&app.db).await;
    let booking_id = route::book(&app, &made).await;
    let mut steps = route::steps(&app, &made, booking_id).await;
    // What is sent as it is read can only break off.
    steps.retain(|step| !step.route.ends_with("/journal.csv") && !step.route.ends_with("json"));
    steps.sort_by_key(is_last);
    let (mut refused, mut wrong) = (BTreeMap::new(), Vec::new());
    for (number, step) in steps.into_iter().enumerate() {
        for (count, nth) in (1..).step_by(step_of(&step.route)).enumerate() {
            let state = STATES[(number + count) % STATES.len()];
            faults.plant(plan(state, nth));
            let page = step.send().await;
            let met = faults.call_off();
            let Some(statement) = met.first() else {
                refused.insert(step.route.clone(), count);
                assert!(page.status < 500, "the control: {}: {}", step.route, page.main());
                break;
            };
            let is_told = page.status == 503 && !page.header("retry-after").is_empty();
            if page.status >= 500 && !is_told {
                let (route, status) = (&step.route, page.status);
                wrong.push(format!("{route}: {status} after {state} at {statement}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let statements: usize = refused.values().sum();
    assert!(statements > 250, "the control: {statements} were refused: {refused:?}");
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}
