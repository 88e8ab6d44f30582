//! A day at the clinics, played small from end to end.

use dosebook::{
    db::Db,
    domain::keys::Keys,
    rehearsal::{
        Target,
        clinic_day::{ClinicDayConfig, play},
        clinic_day_page,
    },
};
use sqlx::{Connection, PgConnection};

use crate::support::{TestApp, World, app::SECRET};

#[tokio::test]
async fn a_day_is_played_to_its_closing_and_every_dose_is_accounted_for() {
    let app = TestApp::start().await;
    let world = World::new().clinics(3).days(2).slots_per_day(4).seats(20).doses(40).people(300);
    world.make(&app.db).await;
    app.refresh().await;
    let db = Db::new(app.database.options.clone(), 1);
    let mut owner = PgConnection::connect_with(&app.db.connect_options()).await.unwrap();
    let config = ClinicDayConfig {
        share: 1.0,
        target: Target::parse(&app.url, false).unwrap(),
        campaign_id: None,
        seed: 7,
        connections: 3,
    };
    let report =
        play(&db, &mut owner, (&Keys::new(&SECRET), &app.app.clock), config).await.unwrap();
    assert!(report.is_sound, "{}", report.text());
    assert_eq!((report.clinics, report.booked), (3, 120));
    let press = |what: &str| report.presses.iter().find(|press| press.what == what).unwrap();
    for what in ["arrive", "give", "no_show", "not_vaccinated", "undo", "cancel"] {
        let press = press(what);
        assert!(press.done > 0 && press.refused.is_empty(), "{press:?}");
    }
    let walk_ins = i64::try_from(press("walk_in").done).unwrap();
    assert_eq!(walk_ins, report.totals.walk_ins, "{:?}", press("walk_in"));
    assert_eq!(press("close").done, 3);
    assert!(report.totals.given > 80 && report.totals.left_over == 0, "{:?}", report.totals);
    app.refresh().await;
    let page = clinic_day_page::html(&report);
    assert!(page.contains("Every dose is accounted for") && page.contains("<svg"));
    assert!(!page.contains("<script"));
    // A second rehearsal finds today in the way, and says so.
    let config = ClinicDayConfig {
        share: 0.1,
        target: Target::parse(&app.url, false).unwrap(),
        campaign_id: None,
        seed: 8,
        connections: 3,
    };
    let again =
        play(&db, &mut owner, (&Keys::new(&SECRET), &app.app.clock), config).await.unwrap_err();
    assert!(again.to_string().contains("moved to today"), "{again:#}");
}
