//! What is today is the clinic's, and where no clinic is named the installation's: never the
//! campaign's, and never UTC's.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use dosebook::{clock::Clock, domain::calendar::start_of_day};
use serde_json::json;
use uuid::Uuid;

use crate::support::{Made, TestApp, World};

/// Two zones whose dates differ now: one in which the day is young, and one in which it is still
/// the day before.
fn east_and_west(now: DateTime<Utc>) -> (Tz, Tz) {
    let date = |zone: Tz| now.with_timezone(&zone).date_naive();
    let east = chrono_tz::Pacific::Kiritimati;
    let west = chrono_tz::Pacific::Pago_Pago;
    assert!(date(east) > date(west), "25 hours apart");
    (east, west)
}

/// The campaign is announced in this zone, and the first clinic is in that one, with a slot that
/// begins in a minute of its present day.
async fn world(app: &TestApp, campaign: Tz, clinic: Tz) -> (Made, crate::support::make::Slot) {
    let made = World::new().people(3).clinics(1).make(&app.db).await;
    let slot = made.slot(0, 1, 0);
    let starts_at = Utc::now() + TimeDelta::minutes(1);
    let today = Utc::now().with_timezone(&clinic).date_naive();
    sqlx::query("update campaign set zone = $1")
        .bind(campaign.name())
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query("update clinic set zone = $1").bind(clinic.name()).execute(&app.db).await.unwrap();
    sqlx::query("delete from slot where slot_id <> $1")
        .bind(slot.slot_id.0)
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query("update slot set on_date = $1, starts_at = $2, ends_at = $2 + interval '1 hour'")
        .bind(today)
        .bind(starts_at)
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query("update allocation set on_date = $1 where allocation_id = $2")
        .bind(today)
        .bind(made.allocation(0, 1).allocation_id.0)
        .execute(&app.db)
        .await
        .unwrap();
    (made, slot)
}

#[tokio::test]
async fn a_clinic_west_of_the_campaign_takes_bookings_for_its_own_evening() {
    let (east, west) = east_and_west(Utc::now());
    for (campaign, clinic) in [(east, west), (west, east), (west, west)] {
        let app = TestApp::with().lanes(1).start().await;
        let (made, slot) = world(&app, campaign, clinic).await;
        let body = made.booking(slot);
        let booked = app.citizen(&made.people[0]).put_booking(Uuid::now_v7(), &body).await;
        booked.ok(201);
        app.refresh().await;
        let supply = app.public().get(&format!("/v1/campaigns/{}/supply", made.campaign_id)).await;
        let supply = supply.ok(200);
        assert_eq!(supply["not_bookable"]["past_day"], 0, "{campaign} and {clinic}");
        // The control: with the clock of the database, not of anybody's zone, what has begun is
        // over.
        sqlx::query("update slot set starts_at = now() - interval '1 minute'")
            .execute(&app.db)
            .await
            .unwrap();
        let late = app.citizen(&made.people[1]).put_booking(Uuid::now_v7(), &body).await;
        late.problem(409, "slot_closed");
    }
}

#[tokio::test]
async fn who_is_born_today_is_no_fault_east_of_utc() {
    // One in the morning in Seoul: still the day before in UTC.
    let today = "2021-07-14".parse().unwrap();
    let now = start_of_day(today, chrono_tz::Asia::Seoul) + TimeDelta::hours(1);
    assert_ne!(now.date_naive(), today, "the control: in UTC it is the day before");
    let app = TestApp::with().clock(Clock::fixed(now)).start().await;
    World::new().people(1).make(&app.db).await;
    let admin = app.admin().await;
    let region: i32 =
        sqlx::query_scalar("select max(region_id) from region").fetch_one(&app.db).await.unwrap();
    let person = |born: &str, phone: &str| {
        let name = "Kim Saeromi";
        json!({"name": name, "birth_date": born, "phone": phone, "region_id": region})
    };
    admin.post("/v1/admin/persons", &person("2021-07-14", "010-1234-5678")).await.ok(201);
    let tomorrow = admin.post("/v1/admin/persons", &person("2021-07-15", "010-1234-5679")).await;
    let told = tomorrow.blames(422, "invalid_field", "birth_date");
    assert_eq!(told["cause"], "birth_date_in_future");
}
