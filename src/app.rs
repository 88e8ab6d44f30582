//! The running service: what every handler may reach, and the order in which it starts and stops.

use std::sync::Arc;

use actix_web::{App as Actix, HttpServer, dev::Server, middleware, web::Data};

use crate::{
    api, clock::Clock, config::Service, db::Db, domain::keys::Keys, telemetry::Metrics, web,
};

/// Seconds that requests under way are given when the service stops.
const SHUTDOWN_SECONDS_MAX: u64 = 20;
/// Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn.
const BACKLOG: u32 = 4096;

/// What handlers share.
pub struct App {
    pub db: Db,
    pub keys: Keys,
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    /// Whether one-time codes may be shown on this machine instead of being sent.
    pub is_local: bool,
    /// Rings when a message has been put in the outbox by this process.
    pub outbox: tokio::sync::Notify,
}

/// Binds and starts the HTTP side; awaiting the result serves until it is stopped.
///
/// # Errors
/// When the address cannot be bound.
pub fn listen(
    app: Data<App>,
    service: &Service,
) -> std::io::Result<(Server, std::net::SocketAddr)> {
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(app.clone())
            .configure(api::routes)
            .configure(web::routes)
            .default_service(actix_web::web::to(api::not_found))
            .wrap(middleware::from_fn(api::log::answer))
    })
    .workers(service.workers())
    .backlog(BACKLOG)
    .shutdown_timeout(SHUTDOWN_SECONDS_MAX)
    .disable_signals()
    .bind(service.listen)?;
    let address = server.addrs().first().copied().unwrap_or(service.listen);
    Ok((server.run(), address))
}
