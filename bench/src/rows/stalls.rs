//! How long after a stall everybody is served again: a hot row that was locked, backends that stood
//! still, a PostgreSQL that fell over, and one that was stopped and started again.

use std::{
    net::SocketAddr,
    process::Command,
    time::{Duration, Instant},
};

use dosebook::postgres::{Durability, Private};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::{sleep, timeout},
};

use super::overload::connections;
use crate::{
    administrator::{self, Administrator, STEP_SECONDS_MAX, try_sign_in},
    bench::Bench,
    booking_load::{BookingLoad, LoadHandle, Phase, Targets},
    report::{Goal, Run, median, number},
    service::{Service, try_ask},
    tally::Tally,
    world::World,
};

/// Bookings a second that are offered all the time.
const RATE: f64 = 1_500.0;
const SETTLE_SECONDS: f64 = 2.0;
const CALM: Duration = Duration::from_secs(2);
const STALL: Duration = Duration::from_secs(10);
/// In which everybody must come to be served, and stay so.
const AFTER: Duration = Duration::from_secs(6);
/// No run is as long.
const SPAN_SECONDS: f64 = 600.0;
/// A booking that takes longer is not served well.
const WELL_MICROS: u64 = 250_000;
/// Bookings are looked at in steps of so much.
const STEP: Duration = Duration::from_millis(100);
/// Between the end of one request and the next.
const ASK_PAUSE: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug)]
enum Stall {
    Lock,
    Stopped,
    FallenOver,
    Restarted,
}

const STALLS: [Stall; 4] = [Stall::Lock, Stall::Stopped, Stall::FallenOver, Stall::Restarted];

impl Stall {
    fn name(self) -> &'static str {
        match self {
            Self::Lock => "served again after a hot slot was locked for 10 s",
            Self::Stopped => "served again after all backends stood still for 10 s",
            Self::FallenOver => "served again after PostgreSQL fell over",
            Self::Restarted => "served again after PostgreSQL was stopped for 10 s",
        }
    }
}

/// What is asked besides bookings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// A citizen's own person.
    Person,
    /// A session of staff.
    SignIn,
    /// A campaign is paused and opened in turns.
    Step,
}

const ASKED: [Asked; 3] = [Asked::Person, Asked::SignIn, Asked::Step];

/// A request and its end, in the time of the load.
#[derive(Clone, Copy, Debug)]
struct Look {
    began: Duration,
    ended: Duration,
    is_good: bool,
}

/// How long after its end each was served again, in seconds: bookings, then those of `ASKED`.
type Recovery = [f64; 4];

pub(crate) async fn measure(bench: &mut Bench) {
    let mut runs = [const { Vec::new() }; STALLS.len()];
    for run in 1..=bench.runs {
        for (nth, recovery) in one_run(bench.world().await).await.into_iter().enumerate() {
            let [booking, person, sign_in, step] = recovery.map(number);
            println!(
                "run {run}: {}: bookings {booking} s, reads {person} s, sign-in {sign_in} s, pause \
                 {step} s",
                STALLS[nth].name()
            );
            runs[nth].push(recovery);
        }
    }
    for (stall, runs) in STALLS.iter().zip(&runs) {
        let longest = runs.iter().map(|run| Run::alone(run.iter().copied().fold(0.0, f64::max)));
        let longest: Vec<_> = longest.collect();
        bench.report.row(stall.name(), "s", Goal::Most(2.0), &longest);
    }
    let each = STALLS.iter().zip(&runs).map(|(stall, runs)| {
        let of = |nth: usize| number(median(runs.iter().map(|run| run[nth]).collect()));
        format!("{:?} {}, {}, {}, {}", stall, of(0), of(1), of(2), of(3))
    });
    let each: Vec<_> = each.collect();
    bench.report.note(format!(
        "Served again is everybody: nine of ten bookings due in each tenth of a second take {} ms \
         at most, and all that waited are answered; a citizen's own page, signing in as staff, and \
         pausing and opening a campaign, each asked ten times a second or as often as answered, \
         succeed. In seconds, in this order, medians: {}. {} bookings a second are offered \
         throughout; the service is never restarted. The end of a restart is the first connection \
         that PostgreSQL takes. A full disk needs a file system of its own: `make test-stall`.",
        WELL_MICROS / 1000,
        each.join("; "),
        number(RATE),
    ));
}

/// All stalls one after the other, beside one load.
async fn one_run(world: &mut World) -> Vec<Recovery> {
    administrator::add(world).await;
    let campaign = world.add_quiet_campaign().await;
    let before = world.sums().await;
    let service = Service::start(world.data_dir());
    let phases =
        vec![Phase { span: SETTLE_SECONDS, rate: RATE }, Phase { span: SPAN_SECONDS, rate: RATE }];
    let load = BookingLoad::open_loop(world.citizens.clone(), Targets::Hot(world.shape), 0, phases);
    let load = load.replayed();
    let handle = load.handle();
    let asking: Vec<_> = {
        let token = world.citizens.token(world.citizens.count() - 1);
        let token = String::from_utf8(token.to_vec()).expect("a token");
        let administrator = Administrator::sign_in(service.address);
        let asker = Asker { address: service.address, token, administrator, campaign };
        ASKED.map(|asked| asker.clone().start(asked, handle.clone())).into()
    };
    let driving = async {
        sleep(Duration::from_secs_f64(SETTLE_SECONDS)).await;
        let mut ends = Vec::new();
        for stall in STALLS {
            sleep(CALM).await;
            ends.push(Box::pin(go_through(world, stall, &handle)).await);
            sleep(AFTER).await;
        }
        handle.end();
        ends
    };
    let (load, ends) = tokio::join!(load.run(service.address, connections()), driving);
    let mut looks = Vec::new();
    for asking in asking {
        looks.push(asking.await.expect("asked"));
    }
    service.stop();
    world.reconnect().await;
    world.check(before, &load.tally.acknowledged).await;
    let of = |end: &Duration| {
        let asked = |nth: usize| asked_again(&looks[nth], *end);
        [booked_again(&load.tally, *end), asked(0), asked(1), asked(2)]
    };
    ends.iter().map(of).collect()
}

/// Returns when the stall is over, and when that was.
async fn go_through(world: &World, stall: Stall, load: &LoadHandle) -> Duration {
    match stall {
        Stall::Lock => {
            let mut holder = connect(&world.superuser()).await.expect("connected");
            let slot = Targets::Hot(world.shape).slot(0);
            holder.execute("begin").await.expect("begun");
            let doses = "select from allocation a where exists (
                    select from slot s where s.slot_id = $1
                        and s.clinic_id = a.clinic_id and s.on_date = a.on_date)
                for no key update";
            let seats = "select from slot where slot_id = $1 for no key update";
            for sql in [seats, doses] {
                let locked = sqlx::query(sql).bind(slot).execute(&mut holder).await;
                assert!(locked.expect("locked").rows_affected() > 0, "the control: a row");
            }
            sleep(STALL).await;
            holder.close().await.expect("closed");
        }
        Stall::Stopped => {
            let mut root = connect(&world.superuser()).await.expect("connected");
            let sql = "select string_agg(pid::text, ' ') from pg_stat_activity
                       where starts_with(application_name, 'dosebook')";
            let pids: String = sqlx::query_scalar(sql).fetch_one(&mut root).await.expect("pids");
            signal("STOP", &pids);
            sleep(STALL).await;
            signal("CONT", &pids);
        }
        Stall::FallenOver => {
            signal("QUIT", &world.postmaster().to_string());
            until_connected(world, false).await;
            until_connected(world, true).await;
        }
        Stall::Restarted => {
            signal("INT", &world.postmaster().to_string());
            until_connected(world, false).await;
            sleep(STALL).await;
            let starting = Private::start(world.data_dir(), None, Durability::Durable);
            let answering = async {
                until_connected(world, true).await;
                load.elapsed()
            };
            let (started, end) = tokio::join!(starting, answering);
            // Others use it: it goes on without this one.
            started.expect("started").stop().await.expect("left to the others");
            return end;
        }
    }
    load.elapsed()
}

async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let connecting = timeout(Duration::from_secs(1), PgConnection::connect_with(options));
    connecting.await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// Waits until PostgreSQL takes a connection, or none any more.
async fn until_connected(world: &World, wanted: bool) {
    let began = Instant::now();
    while connect(&world.superuser()).await.is_ok() != wanted {
        assert!(began.elapsed() < Duration::from_secs(120), "PostgreSQL stops, and starts");
        sleep(Duration::from_millis(10)).await;
    }
}

fn signal(name: &str, pids: &str) {
    // One that has ended meanwhile does not count.
    let script = format!("kill -{name} {pids} 2>/dev/null");
    Command::new("sh").args(["-c", &script]).status().expect("a shell");
}

#[derive(Clone)]
struct Asker {
    address: SocketAddr,
    /// Of a citizen who books nothing.
    token: String,
    administrator: Administrator,
    /// In which nobody books.
    campaign: i64,
}

impl Asker {
    /// Asks again and again until the load is over.
    fn start(self, asked: Asked, handle: LoadHandle) -> JoinHandle<Vec<Look>> {
        spawn_blocking(move || {
            let mut looks = Vec::new();
            let mut step = "pause";
            while !handle.is_over() {
                let began = handle.elapsed();
                let is_good = match asked {
                    Asked::Person => self.person(),
                    Asked::SignIn => try_sign_in(self.address, STEP_SECONDS_MAX).is_ok(),
                    Asked::Step => {
                        let told = self.administrator.step(self.campaign, step, STEP_SECONDS_MAX);
                        // Whoever heard nothing of the last step hears here that it was done.
                        if matches!(told, Ok(200 | 409)) {
                            step = if step == "pause" { "open" } else { "pause" };
                        }
                        matches!(told, Ok(200 | 409))
                    }
                };
                looks.push(Look { began, ended: handle.elapsed(), is_good });
                std::thread::sleep(ASK_PAUSE);
            }
            if asked == Asked::Step {
                self.administrator.open(self.campaign);
            }
            looks
        })
    }

    fn person(&self) -> bool {
        let request = format!(
            "GET /v1/me HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        );
        try_ask(self.address, &request, STEP_SECONDS_MAX).is_ok_and(|(status, _)| status == 200)
    }
}

/// Seconds after `end` until all who waited were answered, and the first good answer after which
/// none is bad.
fn asked_again(looks: &[Look], end: Duration) -> f64 {
    let seen: Vec<_> =
        looks.iter().filter(|look| look.ended > end && look.began < end + AFTER).collect();
    let last_bad = seen.iter().rposition(|look| !look.is_good);
    let first_good = last_bad.map_or(0, |nth| nth + 1);
    match seen.get(first_good) {
        Some(look) => (look.ended - end).as_secs_f64(),
        None => AFTER.as_secs_f64(),
    }
}

/// Seconds after `end` until bookings are served well, and all who waited are answered.
fn booked_again(tally: &Tally, end: Duration) -> f64 {
    let micros = |time: Duration| time.as_micros() as u64;
    let (end, step) = (micros(end), micros(STEP));
    let steps = micros(AFTER) / step;
    let is_bad = |nth: &u64| {
        let from = end + nth * step;
        let due = tally.last.iter().filter(|(due, _)| (from..from + step).contains(due));
        let (mut all, mut well) = (0, 0);
        for (_, took) in due {
            all += 1;
            well += usize::from(took.is_some_and(|took| took <= WELL_MICROS));
        }
        well * 10 < all * 9
    };
    let served = (0..steps).rev().find(is_bad).map_or(0, |nth| (nth + 1) * step);
    let answered = tally.last.iter().filter(|(due, _)| *due < end);
    let answered = answered.filter_map(|(due, took)| Some(due + (*took)?)).max().unwrap_or(0);
    served.max(answered.saturating_sub(end)) as f64 / 1e6
}
