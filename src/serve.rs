//! The running service: what every handler may reach, and the order in which it starts and stops.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, Once, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{
    App as Actix, HttpServer,
    dev::{Server, ServerHandle},
    middleware,
    web::Data,
};
use tokio::{
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
};

use crate::{
    api,
    board::Board,
    clock::Clock,
    config::{self, Service},
    db::Db,
    domain::{
        batch::Decide, code_cap::SharedCeiling, import::brake::Limits, keys::Keys, outbox::Queue,
        sign_in,
    },
    flows::{
        import::Imports,
        lane::{self, Bookings, Lanes, ReplyQueue},
        outbox::ShownCodes,
        personal::Personal,
        readiness::{self, Readiness},
        session::SignOuts,
        sign_in::{BATCH_MAX, SignInLane, SignInReplies, SignIns},
        staff_session::DeskDoor,
        staff_token::StaffTokens,
    },
    http::{
        self,
        answer_cache::AnswerCache,
        doors::{self, Doors},
        gates::Gates,
        import_job::ImportJobs,
        page::RefusalPages,
        request_id::RequestIds,
        server::Listening,
        state::App,
    },
    jobs::{self, outbox::Sender},
    messaging::{self, Providers},
    telemetry::Metrics,
    web,
    worker_pool::{WorkerPool, quarter_of_cores},
};

/// Seconds that requests under way are given when the service stops.
const SHUTDOWN_SECONDS_MAX: u64 = 20;
/// Costly answers that may wait for each thread that makes them: a few milliseconds each.
const ANSWERS_WAITING_MAX: usize = 128;
/// Whoever waits longer for one is refused.
const ANSWER_SECONDS_MAX: Duration = Duration::from_secs(3);

/// How much a file may do without being asked whether it is meant.
pub fn import_limits(import: &config::Import) -> Limits {
    Limits {
        changed_percent_max: import.changed_max,
        rejected_percent_max: import.rejected_max,
        missing_percent_max: import.missing_max,
        repeated_percent_max: import.repeated_max,
        rows_min: import.rows_min,
    }
}

/// What a service is built from.
pub struct Parts {
    pub db: Db,
    pub keys: Keys,
    pub clock: Clock,
    /// [`crate::domain::batch::decide`], save in a test that removes a guard.
    pub decide: Decide,
    /// [`crate::domain::sign_in::decide`], save in such a test.
    pub decide_sign_ins: sign_in::Decide,
    /// By what messages leave, if any does.
    pub messages: Option<messaging::Plan>,
}

/// A service that answers.
pub struct Serving {
    pub app: Data<App>,
    pub address: SocketAddr,
    /// Where one-time codes are shown, if they are.
    pub codes_address: Option<SocketAddr>,
    servers: Vec<(ServerHandle, JoinHandle<io::Result<()>>)>,
    lanes: [lane::Running; 2],
    /// What runs beside the requests; ends when dropped.
    jobs: JoinSet<()>,
    /// What sends messages; ends when told to stop and what was under way is settled.
    senders: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Serving {
    /// Starts lanes and jobs on the current runtime, and answers on the address.
    ///
    /// # Errors
    /// When the settings contradict each other, the board or the ended sessions cannot be read, or
    /// an address cannot be bound.
    pub async fn start(parts: Parts, service: &Service) -> io::Result<Self> {
        let Parts { db, keys, clock, decide, decide_sign_ins, messages } = parts;
        let codes_page = service.codes_page().map_err(io::Error::other)?;
        let shown_codes = codes_page.map(|_| Arc::new(ShownCodes::default()));
        let board = Board::open(db.clone()).await.map_err(io::Error::other)?;
        let sign_outs = Arc::new(SignOuts::default());
        sign_outs.refresh(&db, &keys, &clock).await.map_err(io::Error::other)?;
        let maker = web::shelf::Maker::new(service.site.clone())?;
        let shelf = maker.shelf(board.now())?;
        let metrics = Arc::new(Metrics::new(&db.metrics));
        let decides = (decide, decide_sign_ins);
        let (lanes, sign_ins, running) = start_lanes((&db, &clock), decides, service, &metrics);
        let outbox = Arc::new(Notify::new());
        let providers = messages
            .map(|plan| Arc::new(Providers::new(plan, &keys, clock.clone(), metrics.clone())));
        let busy = lane::Busy::new(metrics.clone(), service.lanes, Instant::now());
        let limits = import_limits(&service.import);
        let imports = Imports::new(db.clone(), keys.clone(), limits, Some(busy));
        let import_jobs = ImportJobs::of(clock.id());
        let app = Data::new(App {
            db,
            keys,
            clock,
            lanes,
            sign_ins,
            readiness: Readiness::default(),
            board,
            shelf,
            gates: Gates::new(&metrics),
            answers: answers(&metrics, service.lanes),
            metrics,
            request_ids: RequestIds::default(),
            desk_door: DeskDoor::default(),
            kept: AnswerCache::default(),
            imports,
            import_jobs,
            sign_outs,
            shown_codes,
            codes_page: OnceLock::new(),
            trusted_proxies: service.trusted_proxies.clone(),
            patience: service.patience,
            providers,
            stranger: Once::new(),
            ceiling: SharedCeiling::new(service.codes_per_minute),
            site: service.site.clone(),
            outbox,
        });
        let (server, address) = listen(app.clone(), service)?;
        let page = codes_page.map(|page| listen_locally(app.clone(), page)).transpose()?;
        let codes_address =
            page.as_ref().map(|(_, address)| *app.codes_page.get_or_init(|| *address));
        let for_metrics = ("show metrics", "--metrics-listen");
        let metrics = service
            .metrics_listen
            .map(|address| listen_apart(app.clone(), address, api::metrics_routes, for_metrics));
        let apart = page.into_iter().chain(metrics.transpose()?).map(|(server, _)| server);
        let servers = std::iter::once(server).chain(apart);
        let servers = servers.map(|server| (server.handle(), tokio::spawn(server))).collect();
        let (stop, stopped) = watch::channel(false);
        let mut jobs = start_jobs(&app, maker);
        let grace = Duration::from_secs(u64::from(service.close_day_after) * 3600);
        let metrics = app.metrics.clone();
        jobs.spawn(jobs::day_close::run(app.db.clone(), grace, metrics));
        let senders = start_senders(&app, &mut jobs, stopped);
        Ok(Self { app, address, codes_address, servers, lanes: running, jobs, senders, stop })
    }

    /// Takes no new requests, lets those under way finish, then empties the lanes.
    pub async fn stop(mut self) {
        for (server, served) in self.servers {
            server.stop(true).await;
            match served.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the server ended badly"),
                Err(error) => tracing::error!(%error, "the server ended badly"),
            }
        }
        self.app.lanes.stop();
        self.app.sign_ins.stop();
        for lanes in self.lanes {
            lanes.join().await;
        }
        self.stop.send_replace(true);
        while let Some(ended) = self.senders.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a sender of messages ended badly");
            }
        }
        self.jobs.shutdown().await;
    }
}

/// Starts what writes bookings, and what signs people in.
fn start_lanes(
    (db, clock): (&Db, &Clock),
    (decide, decide_sign_ins): (Decide, sign_in::Decide),
    service: &Service,
    metrics: &Arc<Metrics>,
) -> (Lanes, SignInLane, [lane::Running; 2]) {
    let limits = lane::Limits {
        lanes: service.lanes,
        queue: service.queue,
        wait_max: Duration::from_millis(service.wait_ms),
        batch: service.batch,
    };
    let (lanes, booking) = Lanes::start(db, limits, || Bookings::new(decide), metrics.clone());
    let limits = lane::Limits { lanes: 1, batch: limits.batch.min(BATCH_MAX), ..limits };
    let work = || SignIns::new(clock.clone(), decide_sign_ins);
    let (sign_ins, signing_in) = Lanes::start(db, limits, work, metrics.clone());
    (lanes, sign_ins, [booking, signing_in])
}

/// The threads for answers that cost much, and are made for one client each. Whoever books goes
/// first.
fn answers(metrics: &Arc<Metrics>, lanes: usize) -> WorkerPool {
    let threads = quarter_of_cores();
    let busy = Mutex::new(lane::Busy::new(metrics.clone(), lanes, Instant::now()));
    let is_busy =
        move || busy.lock().unwrap_or_else(PoisonError::into_inner).look(Instant::now()).0;
    let queue = ANSWERS_WAITING_MAX * threads;
    WorkerPool::start_resting("answers", threads, queue, ANSWER_SECONDS_MAX, is_busy)
}

/// How the board's job asks whether bookings can be written.
fn reach(app: &Data<App>) -> jobs::board::Reach {
    let (asked, lanes) = (app.clone(), app.clone());
    jobs::board::Reach {
        is_doubtful: Box::new(move || {
            lanes.lanes.is_any_cut_off() || lanes.sign_ins.is_any_cut_off()
        }),
        can_write: Box::new(move || {
            let app = asked.clone();
            Box::pin(async move {
                app.readiness.can_write(&app.db).await.is_ok()
                    && readiness::has_room(&app.db).await.is_ok()
            })
        }),
    }
}

/// Puts the pages of a snapshot on the shelf.
fn publish(app: &Data<App>, maker: web::shelf::Maker) -> jobs::page::Publish {
    let app = app.clone();
    Arc::new(move |snapshot| {
        let pages = maker.pages(snapshot, Some(&app.shelf.pages()))?;
        app.shelf.put(pages);
        Ok(())
    })
}

fn start_jobs(app: &Data<App>, maker: web::shelf::Maker) -> JoinSet<()> {
    let metrics = || app.metrics.clone();
    let mut jobs = JoinSet::new();
    jobs.spawn(jobs::board::run(app.board.clone(), metrics(), reach(app)));
    jobs.spawn(jobs::page::run(app.board.clone(), metrics(), publish(app, maker)));
    jobs.spawn(jobs::sweep::run(app.db.clone(), app.clock.clone(), metrics()));
    let key = app.keys.matching.clone();
    jobs.spawn(jobs::person_key::run(app.db.clone(), key, metrics()));
    let (db, board) = (app.db.clone(), app.board.clone());
    jobs.spawn(jobs::journal_seal::run(db, board, app.lanes.count(), metrics()));
    let sign_outs = app.sign_outs.clone();
    let with = (app.keys.clone(), app.clock.clone());
    jobs.spawn(jobs::session::run(app.db.clone(), with, sign_outs, metrics()));
    jobs
}

/// Starts what tells people of their appointments and what sends messages, where any can leave.
fn start_senders(app: &App, jobs: &mut JoinSet<()>, stop: watch::Receiver<bool>) -> JoinSet<()> {
    let mut senders = JoinSet::new();
    let Some(providers) = app.providers.clone() else { return senders };
    let sender = Sender {
        db: app.db.clone(),
        clock: app.clock.clone(),
        providers,
        metrics: app.metrics.clone(),
        lanes: app.lanes.count(),
        queued: app.outbox.clone(),
        told: Arc::default(),
        stop,
    };
    jobs.spawn(jobs::notice::run(sender.clone()));
    match app.shown_codes.clone() {
        Some(shown) => drop(jobs.spawn(jobs::outbox::show_codes(sender.clone(), shown))),
        None => drop(senders.spawn(jobs::outbox::send(sender.clone(), Queue::Codes))),
    }
    senders.spawn(jobs::outbox::send(sender.clone(), Queue::Texts));
    senders.spawn(jobs::outbox::send(sender, Queue::Mails));
    senders
}

/// The pages that answer only on this machine.
fn listen_locally(app: Data<App>, page: SocketAddr) -> io::Result<(Server, SocketAddr)> {
    listen_apart(app, page, web::local_routes, ("show codes", "--codes-listen"))
}

/// An address of its own for a few routes. What fails is said with what it is for and its flag.
fn listen_apart(
    app: Data<App>,
    page: SocketAddr,
    routes: fn(&mut actix_web::web::ServiceConfig),
    (what, flag): (&str, &str),
) -> io::Result<(Server, SocketAddr)> {
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(app.clone())
            .configure(routes)
            .default_service(actix_web::web::to(http::route::not_found))
            .wrap(middleware::from_fn(http::access_log::answer))
    })
    .workers(1)
    // A page that is open asks again and again; nobody waits for it.
    .shutdown_timeout(1)
    .disable_signals()
    .bind(page)
    .map_err(|error| named(error, what, page, flag))?;
    let address = server.addrs().first().copied().unwrap_or(page);
    Ok((server.run(), address))
}

fn listen(app: Data<App>, service: &Service) -> io::Result<(Server, SocketAddr)> {
    let refusals = RefusalPages { site: service.site.clone(), make: web::error::render };
    let refusals = Data::new(refusals);
    let listening = Listening {
        address: service.listen,
        threads: service.workers(),
        connections_max: doors::in_all(service.clients),
        shutdown_seconds_max: SHUTDOWN_SECONDS_MAX,
        patience: service.patience,
        doors: Doors::new(service.clients_from_address, service.trusted_proxies.clone()),
        metrics: app.metrics.clone(),
    };
    let make = move || {
        let routes = Actix::new()
            .app_data(app.clone())
            .app_data(refusals.clone())
            .app_data(Data::new(<ReplyQueue>::spawn()))
            .app_data(Data::new(SignInReplies::spawn()))
            .app_data(Data::new(StaffTokens::new(app.db.look_ups.clone())))
            .app_data(Data::new(Personal::new(&app.db.look_ups)))
            .configure(api::routes)
            .configure(web::routes)
            .default_service(actix_web::web::to(http::route::not_found))
            .wrap(middleware::from_fn(http::unread_body::drain))
            .wrap(middleware::from_fn(http::head::as_get))
            .wrap(middleware::from_fn(http::access_log::answer));
        http::prerendered::before(app.clone(), routes)
    };
    let (server, address) = http::server::run(listening, make)
        .map_err(|error| named(error, "answer", service.listen, "--listen"))?;
    Ok((server, address))
}

fn named(error: io::Error, what: &str, address: SocketAddr, flag: &str) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {what} on {address} ({flag}): {error}"))
}
