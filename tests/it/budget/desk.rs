//! People without a booking, and bookings that staff make for people, once and again.

use serde_json::json;
use uuid::Uuid;

use super::Recorder;

pub async fn tell(recorder: &mut Recorder) {
    let made = recorder.made.clone();
    let (clinic, db) = (made.clinics[1], recorder.app.db.clone());
    let staff = recorder.app.staff(clinic).await;
    let (agent, _) = recorder.app.staff_user(5, None).await;
    made.begin_day(&db, 1, 1).await;
    let allocation = made.allocation(1, 1).allocation_id.0;
    let sql = "with moved as (
            update allocation set open = open - 9, spare = spare + 9 where allocation_id = $1),
        policy as (update campaign set walk_in = 3 where campaign_id = $2)
        insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, actor_role)
        values (15, 1, 4, 9, $1, 4)";
    sqlx::query(sql).bind(allocation).bind(made.campaign_id.0).execute(&db).await.unwrap();
    // The lane reads the rules before its first batch.
    let body = made.booking(made.slot(1, 2, 0));
    recorder.app.citizen(&made.people[30]).put_booking(Uuid::now_v7(), &body).await;
    let at = |path: &str| format!("/v1/clinics/{clinic}{path}");
    for n in 0..2 {
        let mut added = Vec::new();
        for part in ["A", "B", "C"] {
            let new = json!({
                "campaign_id": made.campaign_id, "name": format!("Desk {part}{n}"),
                "birth_date": "1963-04-05", "phone": "010-2345-6789",
                "region_id": made.districts[0],
            });
            let person = recorder.post(&staff, &at("/persons"), new).await;
            added.push(person["person_id"].clone());
        }
        let wanted = json!({ "name": format!("Desk A{n}"), "birth_date": "1963-04-05" });
        recorder.post(&staff, &at("/persons/find"), wanted.clone()).await;
        recorder.post(&agent, "/v1/persons/find", wanted).await;
        recorder.get(&staff, &at(&format!("/persons/{}", added[0]))).await;
        recorder.get(&staff, &at(&format!("/persons/{}/proposals", added[0]))).await;
        let anywhere = format!("/v1/persons/{}/proposals?clinic_id={clinic}", added[0]);
        recorder.get(&agent, &anywhere).await;
        let booking_id = Uuid::now_v7();
        let dose = json!({
            "person_id": added[0], "campaign_id": made.campaign_id, "product_id": made.product_id,
            "site": "left_arm", "lot": "EW0182", "answers": ["identity", "screening"],
        });
        let path = at(&format!("/walk-ins/{booking_id}"));
        recorder.put(&staff, &path, dose.clone()).await;
        recorder.case = Some("the same again");
        recorder.put(&staff, &path, dose).await;
        recorder.get(&staff, &at(&format!("/bookings/{booking_id}/next-dose"))).await;
        let assisted = |person: &serde_json::Value| {
            json!({
                "person_id": person, "campaign_id": made.campaign_id,
                "product_id": made.product_id, "slot_id": made.slot(1, 2, 1).slot_id,
                "reason": "Called", "consent": "person",
            })
        };
        let id = Uuid::now_v7();
        recorder.put(&staff, &at(&format!("/assisted-bookings/{id}")), assisted(&added[1])).await;
        let id = Uuid::now_v7();
        recorder.put(&agent, &format!("/v1/assisted-bookings/{id}"), assisted(&added[2])).await;
    }
}
