//! What people ask before they book, at the scale of a nation: may I, which clinics, which times.
//! Each is read as fast as it is answered, beside static bytes of the same size, while somebody
//! books in every second, so that nothing that is kept lasts for longer.

use std::net::SocketAddr;

use dosebook::random::Random;

use crate::{
    bench::Bench,
    booking_load::{BookingLoad, Phase, Targets},
    read_load,
    report::{Goal, Run},
    service::{self, Service},
    shape::Shape,
    static_server::{StaticResponse, StaticServer},
    world::World,
};

/// 14,500 clinics and 4 million slots; people are few, because nobody asks for them.
const NATION: Shape = Shape {
    clinics: 14_500,
    slots_per_clinic: 276,
    slots_per_day: 20,
    doses: 10_000,
    people: 300_000,
    signed_in: 250_000,
};
const READERS: usize = 64;
const SETTLE_SECONDS: f64 = 0.5;
/// A measurement is no longer, so that all of them take no more than three minutes.
const SECONDS_MAX: f64 = 3.0;
/// Beside every read, so that the board changes each second.
const BOOKINGS: f64 = 50.0;
const CONNECTIONS: usize = 16;
/// Different requests of each kind that are sent in turns.
const REQUESTS: usize = 4_000;
/// Nine in ten people look at one of so many clinics.
const POPULAR: u32 = 725;
const DISTRICTS: u32 = 255;
/// Regions begin with the provinces.
const FIRST_DISTRICT: u32 = 18;

/// A kind of question, and what it is held against.
struct Kind {
    name: &'static str,
    goal: f64,
    requests: Vec<String>,
    /// Of a page, which of the kinds before it is the JSON with the same content; else it is held
    /// against static bytes.
    json: Option<usize>,
}

pub(crate) async fn measure(bench: &mut Bench) {
    bench.close().await;
    let mut world = World::build(NATION).await;
    let before = world.sums().await;
    let service = Service::start(world.data_dir());
    let kinds = kinds(service.address);
    let mut rows: Vec<Vec<Run>> = kinds.iter().map(|_| Vec::new()).collect();
    let mut evening = Evening { world: &world, first: 0, bookings: Vec::new() };
    let span = SECONDS_MAX.min(bench.seconds as f64);
    for run in 1..=bench.runs {
        let mut figures = Vec::new();
        for (kind, runs) in kinds.iter().zip(&mut rows) {
            let baseline = match kind.json {
                Some(json) => figures[json],
                None => of_bytes(service.address, &kind.requests[0], span).await,
            };
            let read = evening.read(&service, &kind.requests, span).await;
            println!("run {run}: {} {read:.0}/s, beside {baseline:.0}/s", kind.name);
            figures.push(read);
            runs.push(Run::beside(read, baseline));
        }
    }
    for (kind, runs) in kinds.iter().zip(&rows) {
        let beside =
            if kind.json.is_some() { "the JSON with the same content" } else { "static bytes" };
        let name = format!("{}, beside {beside}", kind.name);
        bench.report.row(&name, "reads/s", Goal::Times(kind.goal), runs);
    }
    fill(&mut evening, &service, span).await;
    let memory = [Run::alone(service.memory_mb())];
    let bookings = std::mem::take(&mut evening.bookings);
    service.stop();
    let name = "memory of the service at full scale, what is kept included, at most";
    bench.report.row(name, "MB", Goal::Most(500.0), &memory);
    bench.report.note(format!(
        "What people ask before they book is asked by {READERS} connections as fast as it is \
         answered, of 14,500 clinics with 4M slots, while {BOOKINGS} bookings/s change the board \
         every second: {REQUESTS} different birth dates, places and times; the clinics of a \
         district at random; the times of one of {POPULAR} clinics, and one in ten of any. Each \
         comes compressed, where it is longer than a packet."
    ));
    for acknowledged in &bookings {
        assert!(acknowledged.bookings > 0, "somebody booked beside every read");
    }
    let all = bookings.iter().map(|one| one.bookings).sum::<i64>();
    assert_eq!(world.sums().await.bookings - before.bookings, all, "bookings acknowledged");
    world.verify().await;
    world.close().await;
}

/// Reads, with bookings beside them.
struct Evening<'a> {
    world: &'a World,
    first: i64,
    bookings: Vec<crate::tally::Acknowledged>,
}

impl Evening<'_> {
    async fn read(&mut self, service: &Service, requests: &[String], span: f64) -> f64 {
        let phases = vec![Phase { span: SETTLE_SECONDS + span, rate: BOOKINGS }];
        let targets = Targets::Spread(self.world.shape);
        let citizens = self.world.citizens.clone();
        let bookings = BookingLoad::open_loop(citizens, targets, self.first, phases);
        let (bookings, read) = tokio::join!(
            bookings.run(service.address, CONNECTIONS),
            read_load::run_all(service.address, requests, READERS, (SETTLE_SECONDS, span)),
        );
        self.first = bookings.next();
        self.bookings.push(bookings.tally.acknowledged);
        read
    }
}

async fn of_bytes(address: SocketAddr, request: &str, span: f64) -> f64 {
    let response = StaticResponse::parse(&service::ask_bytes(address, request));
    let bytes = StaticServer::start(response);
    let read = read_load::run(bytes.address, request, READERS, (SETTLE_SECONDS, span)).await;
    bytes.stop().await;
    read
}

/// Asks for more different lists within seconds than are kept.
async fn fill(evening: &mut Evening<'_>, service: &Service, span: f64) {
    let mut random = Random::new(3);
    let lists = (0..100_000).map(|_| {
        let region = FIRST_DISTRICT + random.below(DISTRICTS);
        let (near, limit) = (place(&mut random), 400 + random.below(100));
        get(&match random.below(3) {
            0 => format!("/v1/campaigns/1/clinics?near={near}&limit={limit}"),
            1 => format!("/v1/campaigns/1/clinics?region={region}&limit={limit}"),
            _ => format!("/ko/campaigns/1/clinics?near={near}"),
        })
    });
    evening.read(service, &lists.collect::<Vec<_>>(), span).await;
}

fn kinds(address: SocketAddr) -> Vec<Kind> {
    let answer = service::ask(
        address,
        "GET /v1/campaigns/1/clinics?limit=1 HTTP/1.1\r\nHost: bench\r\n\r\n",
    );
    let days: Vec<&str> =
        answer.split("\"date\":\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(days.len() > 3, "a clinic with days: {answer}");
    let times: Vec<(u32, &str)> = {
        let mut random = Random::new(2);
        let clinic = |random: &mut Random| match random.below(10) {
            0 => 1 + random.below(14_500),
            _ => 1 + random.below(POPULAR),
        };
        (0..REQUESTS).map(|_| (clinic(&mut random), days[random.below(3) as usize])).collect()
    };
    let each = |path: &dyn Fn(u32, &str) -> String| {
        times.iter().map(|(clinic, day)| get(&path(*clinic, day))).collect::<Vec<_>>()
    };
    let regions = |path: &dyn Fn(u32) -> String| {
        (0..DISTRICTS).map(|n| get(&path(FIRST_DISTRICT + n))).collect::<Vec<_>>()
    };
    let slots =
        |clinic: u32, day: &str| format!("/v1/clinics/{clinic}/slots?campaign_id=1&date={day}");
    let page_of_times =
        |clinic: u32, day: &str| format!("/ko/campaigns/1/clinics/{clinic}?date={day}");
    let district = |region: u32| format!("/v1/campaigns/1/clinics?region={region}&limit=20");
    let page_of_district = |region: u32| format!("/ko/campaigns/1/clinics?region={region}");
    let mut random = Random::new(1);
    let near =
        (0..REQUESTS).map(|_| get(&format!("/v1/campaigns/1/clinics?near={}", place(&mut random))));
    let near = near.collect();
    let kind = |name, goal, requests| Kind { name, goal, requests, json: None };
    vec![
        kind("the question \"may I book?\"", 0.7, questions()),
        kind("clinics of a district", 0.35, regions(&district)),
        kind("times of a clinic", 0.5, each(&slots)),
        kind("nearest clinics", 0.1, near),
        Kind {
            name: "page of a district's clinics",
            goal: 0.7,
            requests: regions(&page_of_district),
            json: Some(1),
        },
        Kind {
            name: "page of a clinic's times",
            goal: 0.7,
            requests: each(&page_of_times),
            json: Some(2),
        },
    ]
}

/// A place in the country, as exact as it is asked for.
fn place(random: &mut Random) -> String {
    let hundredths = |random: &mut Random, from: f64, below: u32| {
        format!("{:.2}", from + f64::from(random.below(below)) / 100.0)
    };
    format!("{},{}", hundredths(random, 34.0, 290), hundredths(random, 126.0, 300))
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip, br\r\n\r\n")
}

/// Of people of every age, in every district, half of whom say where they live.
fn questions() -> Vec<String> {
    let mut random = Random::new(4);
    let question = |_| {
        let (year, month, day) =
            (1940 + random.below(66), 1 + random.below(12), 1 + random.below(28));
        let region = FIRST_DISTRICT + random.below(DISTRICTS);
        let region = match random.below(2) {
            0 => String::new(),
            _ => format!(r#", "region_id": {region}"#),
        };
        let body =
            format!(r#"{{"campaign_id": 1, "birth_date": "{year}-{month:02}-{day:02}"{region}}}"#);
        format!(
            "POST /v1/eligibility HTTP/1.1\r\nHost: bench\r\nAccept-Language: ko\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    (0..REQUESTS).map(question).collect()
}
