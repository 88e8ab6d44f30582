//! The running service: what every handler may reach, and the order in which it starts and stops.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, Once, OnceLock},
    time::Duration,
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
    domain::{batch::Decide, code_cap::Ceiling, import::brake::Limits, keys::Keys, outbox::Queue},
    flows::{
        import::Imports,
        lane::{self, Lanes, ReplyQueue},
        outbox::ShownCodes,
        password::Passwords,
        readiness::Readiness,
        session::SignOuts,
    },
    http::{
        self, gates::Gates, import_job::ImportJobs, page::RefusalPages, request_id::RequestIds,
        state::App,
    },
    jobs::{self, outbox::Sender},
    messaging::{self, Providers},
    telemetry::Metrics,
    web,
};

/// Seconds that requests under way are given when the service stops.
const SHUTDOWN_SECONDS_MAX: u64 = 20;
/// Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn.
const BACKLOG: u32 = 4096;

/// A page that is open asks again now and then; a connection made anew each time costs more than
/// one that waits. Longer than what balancers in front keep theirs (60 s), so that they are the
/// ones to hang up.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

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
    lanes: lane::Running,
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
        let Parts { db, keys, clock, decide, messages } = parts;
        let codes_page = service.codes_page().map_err(io::Error::other)?;
        let shown_codes = codes_page.map(|_| Arc::new(ShownCodes::default()));
        let board = Board::open(db.clone()).await.map_err(io::Error::other)?;
        let sign_outs = Arc::new(SignOuts::default());
        sign_outs.refresh(&db, &clock).await.map_err(io::Error::other)?;
        let maker = web::shelf::Maker::new(service.site.clone())?;
        let shelf = maker.shelf(board.now())?;
        let metrics = Arc::new(Metrics::new(&db.metrics));
        let limits = lane::Limits {
            lanes: service.lanes,
            queue: service.queue,
            wait_max: Duration::from_millis(service.wait_ms),
            batch: service.batch,
        };
        let (lanes, running) = Lanes::start(&db, limits, decide, metrics.clone());
        let outbox = Arc::new(Notify::new());
        let providers = messages
            .map(|plan| Arc::new(Providers::new(plan, &keys, clock.clone(), metrics.clone())));
        let imports = Imports::new(db.clone(), keys.clone(), import_limits(&service.import));
        let import_jobs = ImportJobs::of(clock.id());
        let app = Data::new(App {
            db,
            keys,
            clock,
            lanes,
            readiness: Readiness::default(),
            board,
            shelf,
            metrics,
            gates: Gates::default(),
            request_ids: RequestIds::default(),
            passwords: Passwords::default(),
            imports,
            import_jobs,
            sign_outs,
            shown_codes,
            codes_page: OnceLock::new(),
            trusted_proxies: service.trusted_proxies.clone(),
            providers,
            stranger: Once::new(),
            ceiling: Mutex::new(Ceiling::new(service.codes_per_minute)),
            site: service.site.clone(),
            outbox,
        });
        let (server, address) = listen(app.clone(), service)?;
        let page = codes_page.map(|page| listen_locally(app.clone(), page)).transpose()?;
        let codes_address =
            page.as_ref().map(|(_, address)| *app.codes_page.get_or_init(|| *address));
        let servers = std::iter::once(server).chain(page.map(|(server, _)| server));
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
        self.lanes.join().await;
        self.stop.send_replace(true);
        while let Some(ended) = self.senders.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a sender of messages ended badly");
            }
        }
        self.jobs.shutdown().await;
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
    jobs.spawn(jobs::board::run(app.board.clone(), metrics()));
    jobs.spawn(jobs::page::run(app.board.clone(), metrics(), publish(app, maker)));
    jobs.spawn(jobs::sweep::run(app.db.clone(), app.clock.clone(), metrics()));
    let key = app.keys.matching.clone();
    jobs.spawn(jobs::person_key::run(app.db.clone(), key, metrics()));
    let (db, board) = (app.db.clone(), app.board.clone());
    jobs.spawn(jobs::journal_seal::run(db, board, app.lanes.count(), metrics()));
    let sign_outs = app.sign_outs.clone();
    jobs.spawn(jobs::session::run(app.db.clone(), app.clock.clone(), sign_outs, metrics()));
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
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(app.clone())
            .configure(web::local_routes)
            .default_service(actix_web::web::to(http::route::not_found))
            .wrap(middleware::from_fn(http::access_log::answer))
    })
    .workers(1)
    // A page that is open asks again and again; nobody waits for it.
    .shutdown_timeout(1)
    .disable_signals()
    .bind(page)
    .map_err(|error| named(error, "show codes", page, "--codes-listen"))?;
    let address = server.addrs().first().copied().unwrap_or(page);
    Ok((server.run(), address))
}

fn listen(app: Data<App>, service: &Service) -> io::Result<(Server, SocketAddr)> {
    let refusals = RefusalPages { site: service.site.clone(), make: web::error::render };
    let refusals = Data::new(refusals);
    let server = HttpServer::new(move || {
        let routes = Actix::new()
            .app_data(app.clone())
            .app_data(refusals.clone())
            .app_data(Data::new(ReplyQueue::spawn()))
            .configure(api::routes)
            .configure(web::routes)
            .default_service(actix_web::web::to(http::route::not_found))
            .wrap(middleware::from_fn(http::unread_body::drain))
            .wrap(middleware::from_fn(http::head::as_get))
            .wrap(middleware::from_fn(http::access_log::answer));
        http::prerendered::before(app.clone(), routes)
    })
    .workers(service.workers())
    .backlog(BACKLOG)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(SHUTDOWN_SECONDS_MAX)
    .disable_signals()
    .bind(service.listen)
    .map_err(|error| named(error, "answer", service.listen, "--listen"))?;
    let address = server.addrs().first().copied().unwrap_or(service.listen);
    Ok((server.run(), address))
}

fn named(error: io::Error, what: &str, address: SocketAddr, flag: &str) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {what} on {address} ({flag}): {error}"))
}
