//! Clinics whose day has begun, for stories in a browser: each has a desk of its own.

use dosebook::{
    domain::ClinicId,
    flows::staff_user::{self, Post},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Made, Person, TestApp, World};

/// People who are booked at each desk for today, and for the day after.
const TODAY: usize = 9;
const NEXT: usize = 3;
/// People of the register who have no booking, for each desk.
const WALKERS: usize = 3;
/// Doses of each clinic for those who come a second time.
const SECOND: i32 = 10;
const EACH: usize = TODAY + NEXT + WALKERS;
const PASSWORD: &str = "a lamp in the window";

/// Makes so many at the service, and says what a story must know of them.
pub async fn desks(app: &TestApp, count: usize) -> (Made, Value) {
    let world = World::new()
        .clinics(count as u32)
        .days(3)
        .seats(20)
        .doses(14)
        .people((count * EACH) as u32)
        .named(name)
        .cancel_until_hours(0);
    let made = world.make(&app.db).await;
    rename(&app.db).await;
    second_doses(&app.db, &made).await;
    let mut desks = Vec::new();
    for (clinic, people) in made.people.chunks(EACH).enumerate() {
        desks.push(desk(app, &made, clinic, people).await);
    }
    let call = ["call-ko", "call-en"];
    for username in call {
        staff_user::add(&app.app.db, username, PASSWORD, Post::CallCentre).await.expect("a user");
    }
    let mut invited = Vec::new();
    for username in ["invited-ko", "invited-en"] {
        let user = json!({ "username": username, "role": "staff", "clinic_id": made.clinics[0] });
        let user = app.admin().await.post("/v1/admin/users", &user).await.ok(201);
        invited.push(json!({ "username": username, "token": user["invitation"]["token"] }));
    }
    app.refresh().await;
    let world = json!({
        "url": app.url,
        "password": PASSWORD,
        "call": call,
        "invited": invited,
        "desks": desks,
    });
    (made, world)
}

fn known(person: &Person) -> Value {
    let Person { name, birth_date, phone, .. } = person;
    json!({ "name": name, "birth_date": birth_date, "phone": phone })
}

/// Names as people have them, each once.
fn name(number: u32) -> String {
    const FAMILY: [char; 10] = ['김', '이', '박', '최', '정', '강', '조', '윤', '장', '임'];
    const FIRST: [char; 6] = ['민', '서', '지', '현', '영', '은'];
    const LAST: [char; 5] = ['수', '희', '호', '정', '숙'];
    let at = number as usize;
    let parts = [FAMILY[at % 10], FIRST[at / 10 % 6], LAST[at / 60 % 5]];
    parts.iter().collect()
}

async fn rename(db: &PgPool) {
    for sql in [
        "update clinic set name = '행복' || clinic_id || '의원', name_ko = '행복' || clinic_id || '의원',
             name_en = 'Haengbok Clinic ' || clinic_id",
        "update region set name = n.name, name_ko = n.name, name_en = n.en
         from (values (1, '서울특별시', 'Seoul'), (2, '강남구', 'Gangnam-gu'),
             (3, '종로구', 'Jongno-gu'), (4, '경기도', 'Gyeonggi-do'), (5, '수원시', 'Suwon-si'),
             (6, '성남시', 'Seongnam-si')) n (region_id, name, en)
         where region.region_id = n.region_id",
        "update campaign set name = '코로나19 1차', name_ko = '코로나19 1차',
             name_en = 'COVID-19, first dose', walk_in = 3",
        "update product set name_ko = '모더나', name_en = 'Moderna', interval_days_min = 1",
    ] {
        sqlx::query(sql).execute(db).await.expect(sql);
    }
}

/// A campaign for the dose after, with doses at each clinic on its last day.
async fn second_doses(db: &PgPool, made: &Made) {
    let last = made.allocation(0, 3).on_date;
    let sql = "with c as (
            insert into campaign (code, name, name_ko, name_en, course_id, dose_number, state,
                opens_at, closes_at, zone, cancel_until_hours, published_quota, published_at)
            select 'second', '코로나19 2차', '코로나19 2차', 'COVID-19, second dose', course_id, 2,
                state, opens_at, closes_at, zone, cancel_until_hours, $4, published_at
            from campaign where campaign_id = $1 returning campaign_id),
        p as (insert into campaign_product (campaign_id, product_id)
            select campaign_id, $2 from c),
        o as (insert into cohort (campaign_id, name, born_from, born_to, since_version)
            select campaign_id, '55 to 59', '1962-01-01', '1966-12-31', 1 from c),
        h as (insert into supply_history (campaign_id, event, doses, reason)
            select campaign_id, event, $4, 'fixture' from c,
                unnest(array['published', 'received']) e (event)),
        n as (insert into pool (campaign_id, product_id, received, passed_on)
            select campaign_id, $2, $4, $4 from c returning pool_id, campaign_id),
        a as (insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
                pool_id, granted, open)
            select a.allocation_id + 100, a.clinic_id, n.campaign_id, $2, a.on_date, n.pool_id,
                $5, $5
            from allocation a, n where a.on_date = $3
            returning allocation_id, pool_id)
        insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
            to_pool_id, actor_role, reason)
        select 20, 0, 7, $4, null::bigint, null::int, pool_id, 4, 'fixture' from n
        union all
        select 22, 7, 1, $5, allocation_id, pool_id, null, 4, 'fixture' from a";
    let all = SECOND * made.clinics.len() as i32;
    let made = sqlx::query(sql).bind(made.campaign_id.0).bind(made.product_id.0).bind(last);
    made.bind(all).bind(SECOND).execute(db).await.expect("the second doses");
    let revision = "update catalogue set revision = revision + 1";
    sqlx::query(revision).execute(db).await.expect("told");
}

/// People are booked, and the day begins. Day 2 becomes today: there is a day after it.
async fn desk(app: &TestApp, made: &Made, clinic: usize, people: &[Person]) -> Value {
    let clinic_id = made.clinics[clinic];
    let (today, rest) = people.split_at(TODAY);
    let (next, walkers) = rest.split_at(NEXT);
    let booked = bookings(app, made, (clinic, 2), today).await;
    let later = bookings(app, made, (clinic, 1), next).await;
    made.begin_day(&app.db, clinic, 2).await;
    let username = user(app, clinic_id).await;
    let walkers: Vec<_> = walkers.iter().map(known).collect();
    json!({
        "clinic_id": clinic_id,
        "username": username,
        "booked": booked,
        "later": later,
        "walkers": walkers,
    })
}

async fn user(app: &TestApp, clinic_id: ClinicId) -> String {
    let username = format!("desk-{clinic_id}");
    staff_user::add(&app.app.db, &username, PASSWORD, Post::At(clinic_id)).await.expect("a user");
    username
}

async fn bookings(
    app: &TestApp,
    made: &Made,
    (clinic, day): (usize, usize),
    people: &[Person],
) -> Vec<Value> {
    let mut booked = Vec::new();
    for person in people {
        let (id, body) = (Uuid::now_v7(), made.booking(made.slot(clinic, day, 0)));
        app.citizen(person).put_booking(id, &body).await.ok(201);
        let mut told = known(person);
        told["booking_id"] = json!(id);
        told["number"] = json!(app.number(id).to_string());
        booked.push(told);
    }
    booked
}
