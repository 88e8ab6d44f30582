//! The headline: what can be booked now, by whom. Supply, list and slots say the same, and it is
//! what booking grants.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use dosebook::{
    db::{self, Db},
    domain::{
        BookingId, PersonId, ProductId, SlotId,
        batch::{Outcome, Request, decide},
        booking::Book,
    },
    flows::lane::transaction::{self, KnownRules, Locks},
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, query, query_scalar, raw_sql};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::support::{Made, TestApp, World, make};

async fn supply(app: &TestApp, made: &Made) -> Value {
    let path = format!("/v1/campaigns/{}/supply", made.campaign_id);
    let supply = app.public().get(&path).await.ok(200);
    let rest = supply["not_bookable"].as_object().unwrap().values();
    let rest: i64 = rest.map(|doses| doses.as_i64().unwrap()).sum();
    let all = supply["bookable"]["doses"].as_i64().unwrap() + rest;
    assert_eq!(supply["totals"]["open"], all, "{supply}");
    supply
}

async fn headline(app: &TestApp, made: &Made) -> i64 {
    supply(app, made).await["bookable"]["doses"].as_i64().unwrap()
}

/// What the list of clinics says can be booked, in all; each day as its slots say it.
async fn listed(app: &TestApp, made: &Made) -> i64 {
    let path = format!("/v1/campaigns/{}/clinics?limit=500", made.campaign_id);
    let list = app.public().get(&path).await.ok(200);
    let mut sum = 0;
    for clinic in list["clinics"].as_array().unwrap() {
        for day in clinic["days"].as_array().unwrap() {
            let (id, date) = (&clinic["clinic_id"], day["date"].as_str().unwrap());
            let query = format!("campaign_id={}&date={date}", made.campaign_id);
            let slots = app.public().get(&format!("/v1/clinics/{id}/slots?{query}")).await.ok(200);
            assert_eq!(slots["bookable"], day["bookable"], "{clinic} {slots}");
            let windows = slots["slots"].as_array().unwrap().iter();
            let left: i64 = windows.map(|window| window["seats_left"].as_i64().unwrap()).sum();
            assert_eq!(day["seats_left"], left, "{clinic} {slots}");
            sum += day["bookable"].as_i64().unwrap();
        }
    }
    sum
}

async fn execute(app: &TestApp, sql: String) {
    raw_sql(AssertSqlSafe(sql)).execute(&app.db).await.unwrap();
}

async fn tranche(app: &TestApp, made: &Made, digits: &[i16], opens_in: &str, since: i32) -> i32 {
    let sql = "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
               values ($1, 'Tranche', $2, clock_timestamp() + $3::text::interval, $4)
               returning tranche_id";
    let tranche = query_scalar(sql).bind(made.campaign_id.0).bind(digits);
    tranche.bind(opens_in).bind(since).fetch_one(&app.db).await.unwrap()
}

async fn another_product(app: &TestApp) -> ProductId {
    let sql = "insert into product (code, name, doses_per_vial) values ('208', 'Comirnaty', 6)
               returning product_id";
    ProductId(query_scalar(sql).fetch_one(&app.db).await.unwrap())
}

#[tokio::test]
async fn the_headline_counts_only_what_can_be_booked() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    assert_eq!(headline(&app, &made).await, 84, "the control: nothing is in the way");

    let open = tranche(&app, &made, &[0, 1, 2, 3, 4], "-1 hour", 1).await;
    let coming = tranche(&app, &made, &[5, 6, 7, 8, 9], "1 day", 1).await;
    let of_other_rules = tranche(&app, &made, &[0], "-1 hour", 2).await;
    let product = another_product(&app).await;
    let doses = |clinic, day, set: String| {
        let id = made.allocation(clinic, day).allocation_id;
        format!("update allocation set {set} where allocation_id = {id};")
    };
    let slots = |clinic, day, set: &str| {
        let ids = [0, 1].map(|number| made.slot(clinic, day, number).slot_id.to_string());
        format!("update slot set {set} where slot_id in ({});", ids.join(","))
    };
    let begun = made.slot(2, 1, 0).slot_id;
    let changes = [
        doses(0, 1, "on_date = on_date - 2".to_owned()),
        slots(0, 2, "is_closed = true"),
        slots(1, 1, "seats = 2"),
        doses(1, 2, "channel = 2".to_owned()),
        doses(1, 3, format!("tranche_id = {coming}")),
        doses(1, 4, format!("tranche_id = {open}")),
        slots(2, 1, "seats = 5"),
        format!("update slot set starts_at = now() - interval '1 hour' where slot_id = {begun};"),
        doses(2, 2, format!("product_id = {product}")),
        doses(2, 3, format!("tranche_id = {of_other_rules}")),
    ];
    execute(&app, changes.concat()).await;
    app.refresh().await;
    let supply = supply(&app, &made).await;
    let rest = json!({
        "past_day": 7, "closed_day": 7, "other_channel": 7, "product_not_offered": 7,
        "tranche_of_nobody": 7, "tranche_not_open": 7, "no_seats": 3 + 2,
    });
    assert_eq!(supply["not_bookable"], rest);
    assert_eq!(supply["totals"]["open"], 84);
    assert_eq!((&supply["bookable"]["doses"], listed(&app, &made).await), (&json!(37), 37));
    let tranches = supply["bookable"]["by_tranche"].as_array().unwrap();
    let tranches: Vec<_> = tranches
        .iter()
        .map(|one| json!([one["tranche_id"], one["is_open"], one["doses"], one["own_doses"]]))
        .collect();
    assert_eq!(tranches, [json!([open, true, 37, 7]), json!([coming, false, 37, 7])]);
    assert_eq!(supply["bookable"]["is_open"], true);
}

#[tokio::test]
async fn a_slot_that_begins_takes_its_seats_along_without_any_movement() {
    let app = TestApp::start().await;
    let made = World::new().clinics(1).days(1).slots_per_day(2).seats(3).make(&app.db).await;
    let (slot, version) = (made.slot(0, 1, 0).slot_id, async || {
        app.app.board.now().supplies[&made.campaign_id].supply.version
    });
    let begins_in = async |from_now: &str| {
        let sql = "update slot set starts_at = clock_timestamp() + $2::text::interval
                   where slot_id = $1 returning starts_at";
        let begins = query_scalar(sql).bind(slot.0).bind(from_now).fetch_one(&app.db);
        let begins: DateTime<Utc> = begins.await.unwrap();
        app.refresh().await;
        begins
    };
    begins_in("1 hour").await;
    let before = version().await;
    assert_eq!((headline(&app, &made).await, listed(&app, &made).await), (6, 6));
    // To read the board anew moves nothing: its version counts the lines of the journal.
    let begins = begins_in("1 s").await;
    let mut last = (6, app.app.board.now().as_of);
    while last.1 < begins {
        assert_eq!(last.0, 6, "at {} of {begins}", last.1);
        app.tick().await;
        // The picture may change in between, but only from the one to the other.
        let supply = supply(&app, &made).await;
        let as_of = supply["as_of"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        last = (supply["bookable"]["doses"].as_i64().unwrap(), as_of.max(last.1));
        if app.app.board.now().as_of >= begins {
            break;
        }
    }
    assert_eq!((headline(&app, &made).await, listed(&app, &made).await), (3, 3));
    assert_eq!(version().await, before, "the control: nothing was booked");
}

#[tokio::test]
async fn a_tranche_and_a_window_that_open_are_seen_without_any_movement() {
    let app = TestApp::start().await;
    let made = World::new().clinics(1).days(1).opens_in(TimeDelta::hours(1)).make(&app.db).await;
    tranche(&app, &made, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "1 hour", 1).await;
    app.refresh().await;
    let seen = async || {
        let bookable = supply(&app, &made).await["bookable"].clone();
        (bookable["doses"].clone(), bookable["is_open"].clone())
    };
    assert_eq!(seen().await, (json!(0), json!(false)));
    let soon = "update tranche set opens_at = clock_timestamp() + interval '1 s';
                update campaign set opens_at = clock_timestamp() + interval '1 s';";
    execute(&app, soon.to_owned()).await;
    app.refresh().await;
    let opens_at = "select max(greatest(t.opens_at, c.opens_at)) from tranche t, campaign c";
    let opens_at: DateTime<Utc> = query_scalar(opens_at).fetch_one(&app.db).await.unwrap();
    loop {
        app.tick().await;
        let now: DateTime<Utc> = query_scalar("select now()").fetch_one(&app.db).await.unwrap();
        if now >= opens_at {
            break;
        }
    }
    app.tick().await;
    assert_eq!(seen().await, (json!(7), json!(true)));
}

const CLINICS: usize = 3;
/// From yesterday on.
const DAYS: usize = 4;
const SLOTS_PER_DAY: usize = 2;
/// In each tranche there are more people than doses in all.
const PEOPLE: u32 = 100;
const CELLS_MAX: usize = 12;
const DOSES_MAX: i32 = 3;

/// For whom doses are: everybody, one of three tranches, or the telephone.
const EVERYBODY: usize = 3;
const TELEPHONE: usize = 4;

/// Doses of a clinic's day.
#[derive(Clone, Debug)]
struct Cell {
    clinic: usize,
    day: usize,
    product: usize,
    audience: usize,
    doses: i32,
}

#[derive(Clone, Debug)]
struct RandomWorld {
    cells: Vec<Cell>,
    /// Of each slot: by clinic, day and number.
    seats: Vec<i32>,
    /// Of each clinic's day.
    closed: Vec<bool>,
    has_tranches: bool,
    is_first_open: bool,
    /// Who comes: one tranche, or everybody.
    who: Option<usize>,
    /// The order in which slots and products are tried.
    order: Vec<(usize, usize)>,
}

fn cell() -> impl Strategy<Value = Cell> {
    // Every other dose is for everybody, today or later.
    let audience = prop_oneof![3 => Just(EVERYBODY), 3 => 0..3usize, 1 => Just(TELEPHONE)];
    let day = prop_oneof![1 => Just(0usize), 5 => 1..DAYS];
    (0..CLINICS, day, 0..2usize, audience, 1..=DOSES_MAX).prop_map(
        |(clinic, day, product, audience, doses)| Cell { clinic, day, product, audience, doses },
    )
}

fn world() -> impl Strategy<Value = RandomWorld> {
    let slots = CLINICS * DAYS * SLOTS_PER_DAY;
    let order: Vec<_> = (0..slots).flat_map(|slot| [(slot, 0), (slot, 1)]).collect();
    (
        prop::collection::vec(cell(), 1..=CELLS_MAX),
        prop::collection::vec(0..=3i32, slots),
        prop::collection::vec(prop::bool::weighted(0.15), CLINICS * DAYS),
        prop::bool::weighted(0.7),
        prop::bool::weighted(0.8),
        prop_oneof![2 => Just(None), 1 => (0..3usize).prop_map(Some)],
        Just(order).prop_shuffle(),
    )
        .prop_map(|(cells, seats, closed, has_tranches, is_first_open, who, order)| {
            let mut known = BTreeSet::new();
            let key = |cell: &Cell| (cell.clinic, cell.day, cell.product, cell.audience);
            let mut cells = cells;
            cells.retain(|cell| known.insert(key(cell)));
            RandomWorld { cells, seats, closed, has_tranches, is_first_open, who, order }
        })
}

/// A random world in the database.
struct Real {
    app: TestApp,
    made: Made,
    products: [ProductId; 2],
    slots: Vec<SlotId>,
    tranches: Vec<i32>,
}

impl Real {
    async fn new(world: &RandomWorld) -> Self {
        let app = TestApp::start().await;
        let made = World::new().clinics(3).days(1).doses(0).people(PEOPLE).make(&app.db).await;
        let products = [made.product_id, another_product(&app).await];
        let mut tranches = Vec::new();
        if world.has_tranches {
            let first = if world.is_first_open { "-1 hour" } else { "1 hour" };
            tranches.push(tranche(&app, &made, &[0, 1, 2, 3, 4], first, 1).await);
            tranches.push(tranche(&app, &made, &[5, 6, 7, 8, 9], "2 hours", 1).await);
            // Nobody: the others are earlier.
            tranches.push(tranche(&app, &made, &[1, 9], "3 hours", 1).await);
        } else {
            // Of rules that are not yet in force.
            for _ in 0..3 {
                tranches.push(tranche(&app, &made, &[1, 2], "-1 hour", 2).await);
            }
        }
        let mut real = Self { app, made, products, slots: Vec::new(), tranches };
        real.write(world).await;
        real.app.refresh().await;
        real
    }

    async fn write(&mut self, world: &RandomWorld) {
        let Made { campaign_id, .. } = self.made;
        let today = self.made.allocation(0, 1).on_date - Days::new(1);
        let mut sql = format!(
            "update slot set seats = 0; delete from allocation;
             insert into campaign_product values ({campaign_id}, {});",
            self.products[1],
        );
        for (at, &seats) in world.seats.iter().enumerate() {
            let (clinic_day, number) = (at / SLOTS_PER_DAY, at % SLOTS_PER_DAY);
            let (clinic, day) = (clinic_day / DAYS, clinic_day % DAYS);
            let slot_id =
                SlotId((i64::from(self.made.clinics[clinic].0) << 24) | (1000 + at as i64));
            // Today's first slot has begun.
            let hours = match (day, number) {
                (0, _) => -24,
                (1, 0) => -1,
                _ => 2 + 24 * (day as i64 - 1),
            };
            let (date, minutes) = (date(today, day), 60 * hours + number as i64);
            sql += &format!(
                "insert into slot
                     (slot_id, clinic_id, on_date, starts_at, ends_at, seats, is_closed)
                 values ({slot_id}, {slot_id} >> 24, '{date}', now() + interval '{minutes} min',
                     now() + interval '{minutes} min' + interval '1 min', {seats}, {});",
                world.closed[clinic_day],
            );
            self.slots.push(slot_id);
        }
        for (at, cell) in world.cells.iter().enumerate() {
            let clinic_id = self.made.clinics[cell.clinic];
            let tranche = self.tranches.get(cell.audience).filter(|_| cell.audience < EVERYBODY);
            let tranche = tranche.map_or("null".to_owned(), ToString::to_string);
            sql += &format!(
                "insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
                     tranche_id, channel, pool_id, granted, open)
                 values (({clinic_id}::bigint << 24) + 1000 + {at}, {clinic_id}, {campaign_id}, {},
                     '{}', {tranche}, {}, {}, {doses}, {doses});",
                self.products[cell.product],
                date(today, cell.day),
                if cell.audience == TELEPHONE { 2 } else { 1 },
                self.made.nation,
                doses = cell.doses,
            );
        }
        self.app.db.execute(raw_sql(AssertSqlSafe(sql))).await.unwrap();
        query("update catalogue set revision = revision + 1").execute(&self.app.db).await.unwrap();
    }

    /// Lets people come one after the other, each of whom takes the first of what there is, in this
    /// order. Says how many were booked.
    async fn book(&self, world: &RandomWorld) -> i64 {
        let db = Db::new(self.app.database.options.clone(), 2);
        let mut conn = db.connect("availability").await.unwrap();
        conn.execute(db::PLANNER_SETTINGS).await.unwrap();
        let request = |person_id: PersonId, &(slot, product): &(usize, usize)| {
            Request::Book(Book {
                booking_id: BookingId(Uuid::now_v7()),
                person_id,
                campaign_id: self.made.campaign_id,
                slot_id: self.slots[slot],
                product_id: self.products[product],
            })
        };
        let coming = self.made.people.iter().filter(|person| {
            let digit = person.birth_date.to_string().chars().last().unwrap();
            world.who.is_none_or(|who| !world.has_tranches || who == usize::from(digit > '4'))
        });
        let requests: Vec<_> = coming
            .flat_map(|person| world.order.iter().map(|try_| request(person.person_id, try_)))
            .collect();
        let (mut left, mut booked, mut known) = (requests.as_slice(), 0, KnownRules::default());
        while !left.is_empty() {
            let some = &left[..left.len().min(480)];
            let run = transaction::run(&mut conn, &mut known, decide, some, Locks::Wait).await;
            let outcomes = run.unwrap().outcomes;
            booked += outcomes.iter().filter(|one| matches!(one, Outcome::Booked(_))).count();
            left = &left[outcomes.len()..];
        }
        booked as i64
    }
}

fn date(today: NaiveDate, day: usize) -> NaiveDate {
    today - Days::new(1) + Days::new(day as u64)
}

/// Says what was open of whatever kind, and how many were booked.
async fn compare(world: RandomWorld) -> Result<(i64, i64), TestCaseError> {
    let real = Real::new(&world).await;
    let (app, made) = (&real.app, &real.made);
    let before = supply(app, made).await;
    let headline = before["bookable"]["doses"].as_i64().unwrap();
    prop_assert_eq!(listed(app, made).await, headline, "the list");
    let expected = match world.who.filter(|_| world.has_tranches) {
        None => headline,
        Some(who) => {
            let tranche = &before["bookable"]["by_tranche"][who];
            prop_assert_eq!(&tranche["tranche_id"], real.tranches[who]);
            if tranche["is_open"] == true { tranche["doses"].as_i64().unwrap() } else { 0 }
        }
    };
    let booked = real.book(&world).await;
    prop_assert_eq!(booked, expected, "{}", before);
    app.tick().await;
    let after = supply(app, made).await["bookable"]["doses"].as_i64().unwrap();
    prop_assert_eq!(after, headline - booked);
    prop_assert_eq!(listed(app, made).await, after, "the list afterwards");
    Ok((before["totals"]["open"].as_i64().unwrap(), booked))
}

#[test]
fn the_headline_is_what_people_can_book_one_after_the_other() {
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    let runtime = Runtime::new().unwrap();
    let (differ, books) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let outcome = TestRunner::new(config).run(&world(), |world| {
        let (open, booked) = runtime.block_on(compare(world))?;
        differ.set(differ.get() + i32::from(open != booked));
        books.set(books.get() + i32::from(booked > 0));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let (differ, books) = (differ.get(), books.get());
    assert!(differ >= 12, "the control: of 24 worlds all doses could be booked but in {differ}");
    assert!(books >= 6, "the control: something could be booked in {books} of 24 worlds");
}
