//! Bookings beside a row that another transaction has locked: who wants another slot does not wait.

use sqlx::{Connection, Executor, PgConnection};

use crate::{
    bench::Bench,
    booking_load::{BookingLoad, Phase, Targets},
    report::{Goal, Run, median, number},
    service::Service,
    tally::{PhaseTally, ms},
    world::World,
};

/// Enough that a request hardly ever waits for a connection.
const CONNECTIONS: usize = 2_048;
/// Of the peak. Those who want the locked slot wait or come again all the time.
const SHARE: f64 = 0.5;
const SETTLE_SECONDS: f64 = 2.0;
/// Longer than the service lets anybody wait for a lock.
const SPAN_SECONDS: f64 = 12.0;

pub(crate) async fn measure(bench: &mut Bench) {
    let rate = bench.peak().await * SHARE;
    let (mut runs, mut refused) = (Vec::new(), Vec::new());
    for run in 1..=bench.runs {
        let free = booked(bench.world().await, rate, false).await;
        let beside = booked(bench.world().await, rate, true).await;
        let (free_ms, ms) = (ms(&free.booked, 99.0), ms(&beside.booked, 99.0));
        let locked_out = beside.refused.len();
        println!("run {run}: p99 {ms:.0} ms, without the lock {free_ms:.0} ms");
        println!("run {run}: {locked_out} refused, without the lock {}", free.refused.len());
        assert!(locked_out > 0, "the control: somebody wants the locked slot");
        runs.push(Run::beside(ms, free_ms));
        refused.push(locked_out as f64);
    }
    let name = "booking beside a locked slot, at half the peak, p99";
    bench.report.row(name, "ms", Goal::Most(300.0), &runs);
    bench.report.note(format!(
        "Half the peak is {} a second; another transaction is left open, with the lock of one \
         slot, and without any in the baseline: that alone keeps old versions of counters from \
         being pruned. {} requests were refused, those for the locked slot after their longest \
         wait.",
        number(rate),
        number(median(refused)),
    ));
}

/// How bookings went beside a transaction that is left open, with or without the slot's lock.
async fn booked(world: &mut World, rate: f64, is_locked: bool) -> PhaseTally {
    let before = world.sums().await;
    let service = Service::start(world.data_dir());
    let mut holder = PgConnection::connect_with(&world.superuser()).await.expect("connected");
    holder.execute("begin; select pg_current_xact_id()").await.expect("begun");
    if is_locked {
        let sql = "select from slot where slot_id = $1 for no key update";
        let locked = sqlx::query(sql).bind(world.shape.slot(0));
        locked.execute(&mut holder).await.expect("locked");
    }
    let phases = vec![Phase { span: SETTLE_SECONDS, rate }, Phase { span: SPAN_SECONDS, rate }];
    let targets = Targets::Spread(world.shape);
    let bookings = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
    let mut tally = bookings.run(service.address, CONNECTIONS).await.tally;
    holder.close().await.expect("closed");
    service.stop();
    world.check(before, &tally.acknowledged).await;
    tally.phases.swap_remove(1)
}
