//! A small campaign for tests, written straight into the database with its journal, so that
//! `verify` finds no discrepancy.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::{Asia::Seoul, Tz};
use dosebook::domain::{
    AllocationId, CampaignId, ClinicId, CourseId, PersonId, PoolId, ProductId, RegionId, SlotId,
    birth_date::BirthDate,
    check::Finding,
    keys::Keys,
    person_key::{match_key, name_key},
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool, query, query_scalar};
use uuid::Uuid;

use super::app::SECRET;

/// The zone of every clinic and of the campaign, unless set otherwise.
pub const ZONE: Tz = Seoul;
const VIAL: i32 = 10;

/// What to make. Everybody in it was born in 1962-1966 and may book at once.
#[derive(Clone)]
pub struct World {
    clinics: u32,
    seats: i32,
    doses: i32,
    people: u32,
    days: u32,
    slots_per_day: u32,
    cancel_until_hours: i16,
    opens_in: TimeDelta,
    state: i16,
    name: fn(u32) -> String,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    pub course_id: CourseId,
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    pub nation: PoolId,
    pub provinces: Vec<RegionId>,
    /// Two to each province, in the order of the provinces.
    pub districts: Vec<RegionId>,
    pub clinics: Vec<ClinicId>,
    /// By clinic, then by time.
    pub slots: Vec<Slot>,
    /// By clinic, then by day.
    pub allocations: Vec<Allocation>,
    pub people: Vec<Person>,
}

#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub slot_id: SlotId,
    pub clinic_id: ClinicId,
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug)]
pub struct Allocation {
    pub allocation_id: AllocationId,
    pub clinic_id: ClinicId,
    pub on_date: NaiveDate,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub person_id: PersonId,
    pub name: String,
    pub birth_date: NaiveDate,
    pub phone: String,
    pub region_id: RegionId,
}

impl Person {
    /// As whoever plays them in a browser knows them.
    pub fn written(&self) -> Value {
        let Self { person_id, name, birth_date, phone, .. } = self;
        json!({
            "person_id": person_id, "name": name, "birth_date": birth_date, "phone": phone,
        })
    }
}

impl From<&Person> for PersonId {
    fn from(person: &Person) -> Self {
        person.person_id
    }
}

/// Three clinics, ten seats to a slot, seven doses to a day, twenty people; open now.
pub async fn world(db: &PgPool) -> Made {
    World::new().make(db).await
}

impl Default for World {
    fn default() -> Self {
        Self {
            clinics: 3,
            seats: 10,
            doses: 7,
            people: 20,
            days: 4,
            slots_per_day: 2,
            cancel_until_hours: 48,
            opens_in: TimeDelta::hours(-1),
            state: 3,
            name: |number| format!("Citizen {}", number + 1),
        }
    }
}

impl World {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn clinics(mut self, clinics: u32) -> Self {
        self.clinics = clinics;
        self
    }

    /// Seats in each slot.
    pub fn seats(mut self, seats: i32) -> Self {
        self.seats = seats;
        self
    }

    /// Doses of each clinic on each day.
    pub fn doses(mut self, doses: i32) -> Self {
        self.doses = doses;
        self
    }

    pub fn people(mut self, people: u32) -> Self {
        self.people = people;
        self
    }

    /// How people are called, by their number from 0 on: each name once.
    pub fn named(mut self, name: fn(u32) -> String) -> Self {
        self.name = name;
        self
    }

    /// Days with slots, the first of them tomorrow.
    pub fn days(mut self, days: u32) -> Self {
        self.days = days;
        self
    }

    /// Slots of an hour each, from 09:00 (at most 10).
    pub fn slots_per_day(mut self, slots: u32) -> Self {
        self.slots_per_day = slots;
        self
    }

    pub fn cancel_until_hours(mut self, hours: i16) -> Self {
        self.cancel_until_hours = hours;
        self
    }

    /// When the window opens, from now; negative is in the past.
    pub fn opens_in(mut self, from_now: TimeDelta) -> Self {
        self.opens_in = from_now;
        self
    }

    /// 1 draft, 2 published, 3 open, 4 paused, 5 closed.
    pub fn state(mut self, state: i16) -> Self {
        self.state = state;
        self
    }

    /// Writes it all in one transaction.
    pub async fn make(self, db: &PgPool) -> Made {
        let mut tx = db.begin().await.expect("a transaction");
        let now: DateTime<Utc> =
            query_scalar("select clock_timestamp()").fetch_one(&mut *tx).await.expect("the time");
        let made = self.write(&mut tx, now).await;
        query("update catalogue set revision = revision + 1").execute(&mut *tx).await.unwrap();
        tx.commit().await.expect("the world is lawful");
        made
    }

    async fn write(&self, tx: &mut PgConnection, now: DateTime<Utc>) -> Made {
        let (provinces, districts) = regions(tx).await;
        let (course_id, product_id) = product(tx).await;
        let campaign_id = self.campaign(tx, (course_id, product_id), now).await;
        let mut made = Made {
            course_id,
            campaign_id,
            product_id,
            nation: PoolId(0),
            provinces,
            districts,
            clinics: Vec::new(),
            slots: Vec::new(),
            allocations: Vec::new(),
            people: Vec::new(),
        };
        self.clinics_of(tx, &mut made, now.with_timezone(&ZONE).date_naive()).await;
        self.pools(tx, &mut made).await;
        self.people_of(tx, &mut made).await;
        made
    }

    async fn campaign(
        &self,
        tx: &mut PgConnection,
        (course_id, product_id): (CourseId, ProductId),
        now: DateTime<Utc>,
    ) -> CampaignId {
        let opens_at = now + self.opens_in;
        let id = query_scalar(
            "insert into campaign (code, name, course_id, state, opens_at, closes_at, zone,
                 cancel_until_hours, published_quota, published_at, state_reason)
             values ('test', 'Test campaign', $1, $2, $3, $3 + interval '30 days', $4, $5,
                 case when $2 > 1 then $6 end, case when $2 > 1 then clock_timestamp() end,
                 case when $2 > 3 then 'as the test has it' end)
             returning campaign_id",
        )
        .bind(course_id.0)
        .bind(self.state)
        .bind(opens_at)
        .bind(ZONE.name())
        .bind(self.cancel_until_hours)
        .bind(self.quota())
        .fetch_one(&mut *tx)
        .await
        .expect("a campaign");
        let sql = "insert into campaign_product (campaign_id, product_id) values ($1, $2)";
        query(sql).bind(id).bind(product_id.0).execute(&mut *tx).await.expect("its product");
        query(
            "insert into cohort (campaign_id, name, born_from, born_to, since_version)
             values ($1, '55 to 59', '1962-01-01', '1966-12-31', 1)",
        )
        .bind(id)
        .execute(&mut *tx)
        .await
        .expect("its cohort");
        if self.state > 1 {
            query(
                "insert into supply_history (campaign_id, event, doses, reason)
                 values ($1, 'published', $2, 'fixture'), ($1, 'received', $2, 'fixture')",
            )
            .bind(id)
            .bind(self.quota())
            .execute(&mut *tx)
            .await
            .expect("its history");
        }
        CampaignId(id)
    }

    /// Doses in whole vials, enough for every clinic and day.
    fn quota(&self) -> i32 {
        let needed = self.granted();
        (needed + VIAL - 1).max(VIAL) / VIAL * VIAL
    }

    fn granted(&self) -> i32 {
        self.doses * (self.clinics * self.days) as i32
    }

    async fn clinics_of(&self, tx: &mut PgConnection, made: &mut Made, today: NaiveDate) {
        for number in 0..self.clinics {
            let district = made.districts[number as usize % made.districts.len()];
            let id: i32 = query_scalar(
                "insert into clinic
                     (region_id, code, name, zone, address, phone, latitude, longitude)
                 values ($1, 'C' || $2::int, 'Clinic ' || $2::int, $3, $2::int || ' Main Street',
                     '02-000-0000', 37.5 + $2::int * 0.01, 127.0 + $2::int * 0.01)
                 returning clinic_id",
            )
            .bind(district.0)
            .bind(number as i32 + 1)
            .bind(ZONE.name())
            .fetch_one(&mut *tx)
            .await
            .expect("a clinic");
            made.clinics.push(ClinicId(id));
            let mut within = 0;
            for day in 1..=self.days {
                let on_date = today + Days::new(day.into());
                for hour in 9..9 + self.slots_per_day {
                    within += 1;
                    let local = on_date.and_hms_opt(hour, 0, 0).expect("an hour of the day");
                    made.slots.push(Slot {
                        slot_id: SlotId((i64::from(id) << 24) | within),
                        clinic_id: ClinicId(id),
                        on_date,
                        starts_at: ZONE.from_local_datetime(&local).unwrap().to_utc(),
                    });
                }
            }
        }
        let column = |pick: fn(&Slot) -> i64| made.slots.iter().map(pick).collect::<Vec<_>>();
        query(
            "insert into slot (slot_id, clinic_id, on_date, starts_at, ends_at, seats)
             select id, id >> 24, d, s, s + interval '1 hour', $4
             from unnest($1::bigint[], $2::date[], $3::timestamptz[]) t (id, d, s)",
        )
        .bind(column(|slot| slot.slot_id.0))
        .bind(made.slots.iter().map(|slot| slot.on_date).collect::<Vec<_>>())
        .bind(made.slots.iter().map(|slot| slot.starts_at).collect::<Vec<_>>())
        .bind(self.seats)
        .execute(&mut *tx)
        .await
        .expect("the slots");
        for &clinic_id in &made.clinics {
            for day in 1..=self.days {
                let id = (i64::from(clinic_id.0) << 24) | i64::from(day);
                made.allocations.push(Allocation {
                    allocation_id: AllocationId(id),
                    clinic_id,
                    on_date: today + Days::new(day.into()),
                });
            }
        }
    }

    /// The nation receives the quota and passes on to each province what its clinics are granted.
    async fn pools(&self, tx: &mut PgConnection, made: &mut Made) {
        let nation = pool(tx, made, (None, None)).await;
        made.nation = PoolId(nation);
        let sql = "update pool set received = $2, open = $2 where pool_id = $1";
        query(sql).bind(nation).bind(self.quota()).execute(&mut *tx).await.unwrap();
        query(
            "insert into movement
                 (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role, reason)
             values (20, 0, 7, $2, $1, 4, 'fixture')",
        )
        .bind(nation)
        .bind(self.quota())
        .execute(&mut *tx)
        .await
        .expect("the receipt");
        for province in made.provinces.clone() {
            let id = pool(tx, made, (Some(nation), Some(province.0))).await;
            grant(tx, made, (nation, id, province), self.doses).await;
        }
    }

    async fn people_of(&self, tx: &mut PgConnection, made: &mut Made) {
        let keys = Keys::new(&SECRET);
        let first = NaiveDate::from_ymd_opt(1962, 1, 1).unwrap();
        let (mut matches, mut names) = (Vec::new(), Vec::new());
        for number in 0..self.people {
            let birth_date = first + Days::new(u64::from(number) * 7 % 1826);
            let name = (self.name)(number);
            let phone = format!("010{number:08}");
            let born = BirthDate::new(birth_date, Utc::now().date_naive()).unwrap();
            matches.push(match_key(&keys.matching, &name, born, &phone).to_vec());
            names.push(Uuid::from_bytes(name_key(&keys.matching, &name, born)));
            let region_id = made.districts[number as usize % made.districts.len()];
            let person_id = PersonId(0);
            made.people.push(Person { person_id, name, birth_date, phone, region_id });
        }
        let of = |pick: fn(&Person) -> &str| {
            made.people.iter().map(|person| pick(person).to_owned()).collect::<Vec<_>>()
        };
        let ids: Vec<(Vec<u8>, i64)> = sqlx::query_as(
            "insert into person (match_key, birth_date, region_id, name, phone, name_key, fold)
             select *, 2 from unnest($1::bytea[], $2::date[], $3::int[], $4::text[], $5::text[],
                 $6::uuid[])
             returning match_key, person_id",
        )
        .bind(&matches)
        .bind(made.people.iter().map(|person| person.birth_date).collect::<Vec<_>>())
        .bind(made.people.iter().map(|person| person.region_id.0).collect::<Vec<_>>())
        .bind(of(|person| &person.name))
        .bind(of(|person| &person.phone))
        .bind(&names)
        .fetch_all(&mut *tx)
        .await
        .expect("the people");
        let ids: std::collections::HashMap<_, _> = ids.into_iter().collect();
        for (person, key) in made.people.iter_mut().zip(&matches) {
            person.person_id = PersonId(ids[key]);
        }
    }
}

/// The body of a step, with every warning of the check confirmed.
pub fn confirming(mut body: Value) -> Value {
    body["confirm"] = json!(Finding::CODES);
    body
}

impl Made {
    /// A slot by clinic, day (1 is tomorrow) and number within the day (0 is 09:00).
    pub fn slot(&self, clinic: usize, day: usize, number: usize) -> Slot {
        let clinic_id = self.clinics[clinic];
        let date = self.allocation(clinic, day).on_date;
        let of_day = |slot: &&Slot| slot.clinic_id == clinic_id && slot.on_date == date;
        *self.slots.iter().filter(of_day).nth(number).expect("a slot of that day")
    }

    /// The doses of a clinic on a day (1 is tomorrow).
    pub fn allocation(&self, clinic: usize, day: usize) -> Allocation {
        let clinic_id = self.clinics[clinic];
        let of_clinic = |allocation: &&Allocation| allocation.clinic_id == clinic_id;
        *self.allocations.iter().filter(of_clinic).nth(day - 1).expect("doses of that day")
    }

    /// Makes a day (1 is tomorrow) of a clinic the present one: its first slot has begun five
    /// minutes ago, and each further one begins two hours after the one before. For after booking.
    pub async fn begin_day(&self, db: &PgPool, clinic: usize, day: usize) {
        let Allocation { clinic_id, on_date, .. } = self.allocation(clinic, day);
        let mut tx = db.begin().await.expect("a transaction");
        query(
            "update slot s set on_date = (now() at time zone $3)::date,
                 starts_at = now() - interval '5 minutes' + n.n * interval '2 hours',
                 ends_at = now() + interval '55 minutes' + n.n * interval '2 hours'
             from (select slot_id, row_number() over (order by starts_at) - 1 as n from slot
                 where clinic_id = $1 and on_date = $2) n
             where s.slot_id = n.slot_id",
        )
        .bind(clinic_id.0)
        .bind(on_date)
        .bind(ZONE.name())
        .execute(&mut *tx)
        .await
        .expect("its slots");
        query(
            "update allocation set on_date = (now() at time zone $3)::date
             where clinic_id = $1 and on_date = $2",
        )
        .bind(clinic_id.0)
        .bind(on_date)
        .bind(ZONE.name())
        .execute(&mut *tx)
        .await
        .expect("its doses");
        query("update clinic set slots_revision = slots_revision + 1 where clinic_id = $1")
            .bind(clinic_id.0)
            .execute(&mut *tx)
            .await
            .expect("told");
        query("update catalogue set revision = revision + 1").execute(&mut *tx).await.unwrap();
        tx.commit().await.expect("the day begins");
    }

    /// The body of a request to book the slot.
    pub fn booking(&self, slot: Slot) -> Value {
        json!({
            "campaign_id": self.campaign_id,
            "slot_id": slot.slot_id,
            "product_id": self.product_id,
        })
    }
}

async fn regions(tx: &mut PgConnection) -> (Vec<RegionId>, Vec<RegionId>) {
    let (mut provinces, mut districts) = (Vec::new(), Vec::new());
    for number in 1..=2 {
        let province = region(tx, None, format!("P{number}")).await;
        provinces.push(province);
        for part in 1..=2 {
            districts.push(region(tx, Some(province), format!("P{number}D{part}")).await);
        }
    }
    (provinces, districts)
}

async fn region(tx: &mut PgConnection, parent: Option<RegionId>, code: String) -> RegionId {
    let sql = "insert into region (parent_id, code, name) values ($1, $2, 'Region ' || $2)
               returning region_id";
    let id = query_scalar(sql).bind(parent.map(|id| id.0)).bind(code).fetch_one(tx).await;
    RegionId(id.expect("a region"))
}

async fn product(tx: &mut PgConnection) -> (CourseId, ProductId) {
    let sql = "insert into course (code, name) values ('covid-19', 'COVID-19') returning course_id";
    let course = query_scalar(sql).fetch_one(&mut *tx).await.expect("a course");
    let product = query_scalar(
        "insert into product (code, name, doses_per_vial, age_months_min, doses_in_series,
             interval_days_min)
         values ('207', 'Moderna', $1, 216, 2, 28) returning product_id",
    )
    .bind(VIAL as i16)
    .fetch_one(&mut *tx)
    .await
    .expect("a product");
    (CourseId(course), ProductId(product))
}

async fn pool(
    tx: &mut PgConnection,
    made: &Made,
    (parent, region): (Option<i32>, Option<i32>),
) -> i32 {
    query_scalar(
        "insert into pool (campaign_id, product_id, parent_id, region_id)
         values ($1, $2, $3, $4) returning pool_id",
    )
    .bind(made.campaign_id.0)
    .bind(made.product_id.0)
    .bind(parent)
    .bind(region)
    .fetch_one(tx)
    .await
    .expect("a pool")
}

/// Passes doses on to the province and grants them to its clinics, each step with its journal line.
async fn grant(
    tx: &mut PgConnection,
    made: &Made,
    (nation, province, region): (i32, i32, RegionId),
    doses: i32,
) {
    if doses == 0 {
        return;
    }
    let clinics: Vec<i32> = query_scalar(
        "select clinic_id from clinic join region using (region_id) where parent_id = $1",
    )
    .bind(region.0)
    .fetch_all(&mut *tx)
    .await
    .expect("the clinics of the province");
    let here: Vec<&Allocation> =
        made.allocations.iter().filter(|one| clinics.contains(&one.clinic_id.0)).collect();
    query(
        "with it as (
             select * from unnest($1::bigint[], $2::date[]) t (id, d)),
         granted as (
             insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
                 pool_id, granted, open)
             select id, id >> 24, $3, $4, d, $5, $7::int, $7::int from it),
         passed_on as (
             update pool set open = open - (select count(*) * $7::int from it),
                 passed_on = passed_on + (select count(*) * $7::int from it)
             where pool_id = $6),
         received as (
             update pool set received = (select count(*) * $7::int from it),
                 passed_on = (select count(*) * $7::int from it)
             where pool_id = $5)
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, from_pool_id,
             to_pool_id, actor_role, reason)
         select 21, 7, 7, (count(*) * $7::int)::int, null::bigint, $6, $5, 4, 'fixture'
         from it having count(*) > 0
         union all
         select 22, 7, 1, $7::int, id, $5, null, 4, 'fixture' from it",
    )
    .bind(here.iter().map(|one| one.allocation_id.0).collect::<Vec<_>>())
    .bind(here.iter().map(|one| one.on_date).collect::<Vec<_>>())
    .bind(made.campaign_id.0)
    .bind(made.product_id.0)
    .bind(province)
    .bind(nation)
    .bind(doses)
    .execute(tx)
    .await
    .expect("the grants");
}
