//! Bookings beside what others do at the same time: files, a grant and a migration that wait,
//! floods and slow clients; and how long an administrator waits meanwhile until a campaign is
//! paused.

use std::{fmt::Write as _, future::Future, net::SocketAddr, time::Duration};

use dosebook::db::migration;
use sqlx::{Connection, Executor, PgConnection, migrate::Migrator};
use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::imports::{self, Mode};
use crate::{
    administrator::{self, Administrator},
    bench::Bench,
    booking_load::{BookingLoad, LoadHandle, Phase, Targets},
    flood::{self, Flood, Pace},
    report::{Goal, Run, median, number},
    service::{Service, Setup, status_kib},
    slow_clients,
    tally::ms,
    world::World,
};

/// Bookings a second, as in the goals.
const RATE: f64 = 5_000.0;
const CONNECTIONS: usize = 512;
const SETTLE_SECONDS: f64 = 3.0;
/// With nothing beside, before and after each state.
const FREE: Duration = Duration::from_secs(4);
/// What is looked at of a state that lasts as long as one likes.
const BESIDE: Duration = Duration::from_secs(6);
/// A migration is tried several times in so long.
const BESIDE_MIGRATION: Duration = Duration::from_secs(15);
/// After a state, until what it left is done.
const REST: Duration = Duration::from_secs(1);
/// From the beginning of a state or a free time until the campaign is paused.
const UNTIL_PAUSE: Duration = Duration::from_secs(1);
/// For what a client's end leaves in the service.
const UNTIL_GIVEN_BACK: Duration = Duration::from_secs(5);
/// No run is as long.
const SPAN_SECONDS: f64 = 600.0;

const GUESSERS: usize = 200;
const SEARCHERS: usize = 10;
const JUNK: Pace = Pace::Rate(2_000.0, 64);
const GRANT_SECONDS_MAX: Duration = Duration::from_secs(10);
const MEBIBYTE: f64 = 1024.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    SlowClients,
    DryRun,
    Import,
    Grant,
    Migration,
    Guessers,
    Searchers,
    Junk,
}

/// Slow clients come first: memory that a file has left would hide what theirs is.
const STATES: [State; 8] = [
    State::SlowClients,
    State::DryRun,
    State::Import,
    State::Grant,
    State::Migration,
    State::Guessers,
    State::Searchers,
    State::Junk,
];

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::SlowClients => "400 clients that never read, drip or stall",
            Self::DryRun => "a dry run of 200,000 allocations",
            Self::Import => "an import of 200,000 allocations",
            Self::Grant => "a grant that waits for its pool",
            Self::Migration => "a migration that waits for a reader",
            Self::Guessers => "200 guessers of passwords",
            Self::Searchers => "10 searchers of 500 clinics",
            Self::Junk => "2,000 junk tokens a second",
        }
    }
}

/// A span of the load's time, and the pause in it: seconds, and whether nothing of before was left.
#[derive(Clone, Copy)]
struct Watched {
    span: (Duration, Duration),
    pause: (f64, bool),
}

/// What slow clients cost.
#[derive(Clone, Copy, Default)]
struct Slow {
    /// Seconds until the last was hung up on.
    closed: f64,
    /// MiB of the service's own memory: before, at most, and after they were gone.
    memory: [f64; 3],
}

struct Outcome {
    /// By state: p99 in ms beside it, and in the free times before and after.
    booked: Vec<Run>,
    paused: Vec<(f64, bool)>,
    paused_free: f64,
    slow: Slow,
}

pub(crate) async fn measure(bench: &mut Bench) {
    let runs = i64::try_from(bench.runs).expect("few runs");
    administrator::add(bench.world().await).await;
    // A grant takes of it too.
    let file = imports::file(bench.world().await, runs + 1).await;
    let mut outcomes = Vec::new();
    for run in 1..=bench.runs {
        let outcome = one_run(bench.world().await, &file).await;
        for ((state, booked), paused) in STATES.iter().zip(&outcome.booked).zip(&outcome.paused) {
            println!(
                "run {run}: p99 {} ms beside {}, {} ms without; paused in {} s",
                number(booked.figure),
                state.name(),
                number(booked.baseline.unwrap_or_default()),
                number(paused.0),
            );
        }
        outcomes.push(outcome);
    }
    report(bench, &outcomes);
}

fn report(bench: &mut Bench, outcomes: &[Outcome]) {
    let report = &mut bench.report;
    for (nth, state) in STATES.iter().enumerate() {
        let name = format!("booking beside {}, p99", state.name());
        let runs: Vec<_> = outcomes.iter().map(|outcome| outcome.booked[nth]).collect();
        report.row(&name, "ms", Goal::TimesMax(2.0), &runs);
    }
    let longest = |outcome: &Outcome| {
        Run::alone(outcome.paused.iter().map(|pause| pause.0).fold(0.0, f64::max))
    };
    let name = "a campaign is paused in each of these states, the longest";
    report.row(name, "s", Goal::Most(3.0), &outcomes.iter().map(longest).collect::<Vec<_>>());
    let slow: Vec<_> = outcomes.iter().map(|outcome| outcome.slow).collect();
    let closed: Vec<_> = slow.iter().map(|slow| Run::alone(slow.closed)).collect();
    report.row("slow clients are hung up on, the last", "s", Goal::Most(20.0), &closed);
    let kept: Vec<_> =
        slow.iter().map(|slow| Run::alone(slow.memory[2] - slow.memory[0])).collect();
    report.row("memory that slow clients leave behind", "MiB", Goal::Most(20.0), &kept);
    let median_of = |of: &dyn Fn(&Outcome) -> f64| median(outcomes.iter().map(of).collect());
    let mut pauses = String::new();
    for (nth, state) in STATES.iter().enumerate() {
        let seconds = number(median_of(&|outcome| outcome.paused[nth].0));
        write!(pauses, "beside {} {seconds}; ", state.name()).expect("a line");
    }
    let unsettled =
        outcomes.iter().flat_map(|outcome| &outcome.paused).filter(|pause| !pause.1).count();
    let memory = [0, 1, 2].map(|nth| number(median_of(&|outcome| outcome.slow.memory[nth])));
    report.note(format!(
        "{} bookings a second throughout; each state stands between two times without any, whose \
         bookings are its baseline; who is refused counts as having waited a second. An \
         administrator pauses another campaign and opens it again in each; seconds until the \
         answer: {pauses}beside none {}. {unsettled} answers said that what was decided before may \
         still be written.",
        number(RATE),
        number(median_of(&|outcome| outcome.paused_free)),
    ));
    report.note(format!(
        "Slow clients: a third ask for the contract 2,000 times and never read, a third drip a \
         body, a third stop within a head. The service's own memory (RssAnon) was {} MiB before, \
         {} at most, and {} five seconds after the last was hung up on, beside bookings all the \
         time. Guessers come from addresses of their own, each again when answered; searchers ask \
         for clinics near a place at random, in Brotli.",
        memory[0], memory[1], memory[2],
    ));
}

/// What the states share.
struct Scene {
    address: SocketAddr,
    pid: u32,
    administrator: Administrator,
    campaign: i64,
    load: LoadHandle,
}

/// All states, and free times between them, beside one load.
async fn one_run(world: &mut World, file: &str) -> Outcome {
    let campaign = world.add_quiet_campaign().await;
    let before = world.sums().await;
    let service = Service::start_as(world.data_dir(), &Setup::default().behind_proxy());
    let phases =
        vec![Phase { span: SETTLE_SECONDS, rate: RATE }, Phase { span: SPAN_SECONDS, rate: RATE }];
    let targets = Targets::Spread(world.shape);
    let load = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
    let scene = Scene {
        address: service.address,
        pid: service.pid(),
        administrator: Administrator::sign_in(service.address),
        campaign,
        load: load.handle(),
    };
    let mut slow = Slow::default();
    let driving = async {
        sleep(Duration::from_secs_f64(SETTLE_SECONDS)).await;
        let (mut free, mut beside) = (vec![scene.watch(sleep(FREE)).await], Vec::new());
        for state in STATES {
            beside.push(Box::pin(scene.go_through(world, state, file, &mut slow)).await);
            sleep(REST).await;
            free.push(scene.watch(sleep(FREE)).await);
        }
        scene.load.end();
        (free, beside)
    };
    let (load, (free, beside)) = tokio::join!(load.run(service.address, CONNECTIONS), driving);
    service.stop();
    world.check(before, &load.tally.acknowledged).await;
    let p99 = |spans: &[_]| ms(&load.tally.waited(spans), 99.0);
    let booked = beside.iter().enumerate().map(|(nth, watched)| {
        Run::beside(p99(&[watched.span]), p99(&[free[nth].span, free[nth + 1].span]))
    });
    Outcome {
        booked: booked.collect(),
        paused: beside.iter().map(|watched| watched.pause).collect(),
        paused_free: median(free.iter().map(|watched| watched.pause.0).collect()),
        slow,
    }
}

impl Scene {
    /// Watches over something until it is over; the campaign is paused meanwhile.
    async fn watch(&self, over: impl Future<Output = ()>) -> Watched {
        let began = self.load.elapsed();
        let (administrator, campaign) = (self.administrator.clone(), self.campaign);
        let pausing = async {
            sleep(UNTIL_PAUSE).await;
            spawn_blocking(move || administrator.pause(campaign)).await.expect("paused")
        };
        let ((), pause) = tokio::join!(over, pausing);
        Watched { span: (began, self.load.elapsed()), pause }
    }

    async fn go_through(
        &self,
        world: &World,
        state: State,
        file: &str,
        slow: &mut Slow,
    ) -> Watched {
        match state {
            State::SlowClients => self.slow_clients(slow).await,
            State::DryRun => self.watch(self.file(Mode::Tried, file)).await,
            State::Import => self.watch(self.file(Mode::Loaded, file)).await,
            State::Grant => self.grant(world).await,
            State::Migration => self.migration(world).await,
            State::Guessers => {
                let pace = Pace::Clients(GUESSERS);
                self.flood(Flood::new(flood::guesses(), pace, &[401, 429, 503])).await
            }
            State::Searchers => {
                let pace = Pace::Clients(SEARCHERS);
                self.flood(Flood::new(flood::searches(), pace, &[200, 503])).await
            }
            State::Junk => self.flood(Flood::new(flood::junk(), JUNK, &[401, 503])).await,
        }
    }

    async fn file(&self, mode: Mode, file: &str) {
        let (address, file) = (self.address, file.to_owned());
        let seconds = spawn_blocking(move || imports::send(address, mode, &file)).await;
        println!("{mode:?} in {:.1} s", seconds.expect("sent"));
    }

    async fn flood(&self, flood: Flood) -> Watched {
        let handle = flood.handle();
        let over = async {
            sleep(BESIDE).await;
            handle.end();
        };
        let (flood, watched) = tokio::join!(flood.run(self.address), self.watch(over));
        let Flood { answered, broken, .. } = flood;
        println!("{answered} answered, {broken} broken off");
        assert!(answered > 0, "the control: they come");
        watched
    }

    async fn slow_clients(&self, slow: &mut Slow) -> Watched {
        let memory = || status_kib(self.pid, "RssAnon:") / MEBIBYTE;
        let before = memory();
        let mut most = before;
        let address = self.address;
        let coming = async {
            let mut coming = spawn_blocking(move || slow_clients::come(address));
            loop {
                tokio::select! {
                    closed = &mut coming => break slow.closed = closed.expect("closed"),
                    () = sleep(Duration::from_millis(100)) => most = f64::max(most, memory()),
                }
            }
        };
        let watched = self.watch(coming).await;
        sleep(UNTIL_GIVEN_BACK).await;
        slow.memory = [before, most, memory()];
        println!("slow clients: {:?} MiB", slow.memory);
        watched
    }

    /// Somebody keeps the pool, and an administrator grants of it again and again.
    async fn grant(&self, world: &World) -> Watched {
        let mut holder = PgConnection::connect_with(&world.superuser()).await.expect("connected");
        holder.execute("begin; select from pool where pool_id = 1 for update").await.expect("kept");
        let (administrator, load) = (self.administrator.clone(), self.load.clone());
        let until = self.load.elapsed() + BESIDE;
        let granting = async {
            let granting = spawn_blocking(move || {
                let path = format!("/v1/admin/allocations/{}/grants", (1 << 24) + 1);
                let body = r#"{"doses":10,"reason":"a rehearsal"}"#;
                let mut answers = Vec::new();
                while load.elapsed() < until {
                    let answer = administrator.post(&path, body, GRANT_SECONDS_MAX);
                    answers.push(answer.expect("an answer"));
                }
                answers
            });
            let answers = granting.await.expect("granted");
            let is_held_up = answers.iter().all(|(status, _)| *status == 503);
            assert!(is_held_up, "the control: the pool is not free: {answers:?}");
            println!("{} grants held up", answers.len());
        };
        let watched = self.watch(granting).await;
        holder.close().await.expect("closed");
        watched
    }

    /// Somebody reads for long, and a migration wants what bookings need for itself.
    async fn migration(&self, world: &World) -> Watched {
        let folder = tempfile::tempdir().expect("a folder");
        let sql = "lock table booking, slot, allocation in access exclusive mode";
        std::fs::write(folder.path().join("0001_lock.sql"), sql).expect("written");
        let mut migrator = Migrator::new(folder.path()).await.expect("migrations");
        migrator.set_ignore_missing(true).dangerous_set_table_name("bench_migrations");
        let mut reader = PgConnection::connect_with(&world.superuser()).await.expect("connected");
        let read = "begin; select from booking limit 1; select from slot limit 1";
        reader.execute(read).await.expect("read");
        let owner = world.owner();
        let began = Instant::now();
        let over = async {
            sleep(BESIDE_MIGRATION).await;
            reader.close().await.expect("closed");
        };
        let migrating = async {
            let limit = Duration::from_secs(60);
            migration::run_all(&migrator, &owner, limit).await.expect("migrated");
            began.elapsed()
        };
        let (watched, took) = tokio::join!(self.watch(over), migrating);
        assert!(took >= BESIDE_MIGRATION, "the control: it waits for the reader");
        println!("migrated after {:.1} s", took.as_secs_f64());
        let mut owner = PgConnection::connect_with(&owner).await.expect("connected");
        owner.execute("drop table bench_migrations").await.expect("dropped");
        owner.close().await.expect("closed");
        watched
    }
}
