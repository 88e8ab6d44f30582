//! The server: as actix-web makes it, on connections that wait for nobody for ever.

use std::{fmt, io, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol, Request, Response, body::MessageBody};
use actix_server::{Server, ServerBuilder};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::dev::AppConfig;
use socket2::{Domain, Protocol as Transport, Socket, Type};
use tokio::net::TcpStream;

use super::{
    connection::{Connection, Hand, Watch},
    doors::Doors,
    paced_log::PacedLog,
};
use crate::{
    config::Patience,
    telemetry::{ClosedLabel, Metrics},
};

/// Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn.
const BACKLOG: u32 = 4096;
/// A page that is open asks again now and then; a connection made anew each time costs more than
/// one that waits. Longer than what balancers in front keep theirs (60 s), so that they are the
/// ones to hang up.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// From accepting a connection to the last byte of its first head.
const FIRST_HEAD: Duration = Duration::from_secs(5);
/// For the bytes that the kernel has of an answer to be taken by the client's machine.
const UNREAD: Duration = Duration::from_secs(15);
/// Bytes of an answer that the kernel keeps for a client: with a hundred milliseconds to its
/// machine and back, more than a megabyte a second.
const SEND_BUFFER: usize = 128 * 1024;

/// Where and how to listen.
pub struct Listening {
    pub address: SocketAddr,
    pub threads: usize,
    pub connections_max: usize,
    /// Seconds that requests under way are given when the service stops.
    pub shutdown_seconds_max: u64,
    pub patience: Patience,
    pub doors: Arc<Doors>,
    pub metrics: Arc<Metrics>,
}

/// Answers with what `make` gives on each thread; the address is the one that was bound.
///
/// # Errors
/// When the address cannot be bound.
pub fn run<F, I, S, B>(listening: Listening, make: F) -> io::Result<(Server, SocketAddr)>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let listener = bind(listening.address)?;
    let address = listener.local_addr()?;
    let each = listening.connections_max.div_ceil(listening.threads.max(1));
    let builder = ServerBuilder::new()
        .workers(listening.threads)
        .max_concurrent_connections(each)
        .shutdown_timeout(listening.shutdown_seconds_max)
        .disable_signals();
    let stop = builder.graceful_shutdown_signal();
    let Listening { patience, doors, metrics, .. } = listening;
    let malformed = Arc::new(PacedLog::default());
    let builder = builder.listen("http", listener, move || {
        let (stop, metrics, doors) = (stop.clone(), metrics.clone(), doors.clone());
        let watch = Watch::spawn(patience, metrics.clone());
        let routes = make().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(FIRST_HEAD)
            .on_connect_ext(|io: &Connection, data| {
                data.insert::<Rc<Hand>>(io.hand());
            })
            .finish(map_config(routes, |()| AppConfig::default()));
        let entrance = Entrance { watch, doors, metrics: metrics.clone() };
        let entrance = Rc::new(entrance);
        let malformed = malformed.clone();
        fn_service(move |io: TcpStream| {
            let entrance = entrance.clone();
            async move { entrance.enter(io) }
        })
        .and_then(http)
        .map_err(move |error| note(&error, &metrics, &malformed))
    })?;
    Ok((builder.run(), address))
}

fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Transport::TCP))?;
    socket.set_reuse_address(true)?;
    // What is accepted inherits it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(BACKLOG).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Where connections of one thread come in.
struct Entrance {
    watch: Rc<Watch>,
    doors: Arc<Doors>,
    metrics: Arc<Metrics>,
}

type Entered = (Connection, Protocol, Option<SocketAddr>);

impl Entrance {
    fn enter(&self, io: TcpStream) -> Result<Entered, DispatchError> {
        let peer = io.peer_addr()?;
        let Some(ticket) = self.doors.enter(peer.ip()) else {
            self.metrics.closed.get_or_create(&ClosedLabel { why: "crowded" }).inc();
            return Err(io::Error::from(io::ErrorKind::ConnectionRefused).into());
        };
        io.set_nodelay(true)?;
        #[cfg(target_os = "linux")]
        socket2::SockRef::from(&io).set_tcp_user_timeout(Some(UNREAD))?;
        Ok((self.watch.watch(io, ticket), Protocol::Http1, Some(peer)))
    }
}

/// Strangers can send as much that is no HTTP as they like: it is counted, and told once a minute.
fn note(error: &DispatchError, metrics: &Metrics, log: &PacedLog) {
    if let DispatchError::Parse(error) = error {
        metrics.malformed.inc();
        if let Some(times) = log.due() {
            tracing::warn!(%error, times, "connections were closed that did not speak HTTP");
        }
    }
}
