//! A proxy between a service and its PostgreSQL that can do what networks and servers do: stall,
//! cut connections, and fall silent. It tells connections apart by their application's name.

use std::io;

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

use super::{
    database::TestDatabase,
    wire::{message, redirected},
};

/// The lanes' connections; the names of all of them begin so.
pub const LANES: &str = "dosebook lane";

/// The server's word that a transaction is committed.
const COMMITTED: &[u8] = b"COMMIT\0";

/// What happens to connections.
#[derive(Clone, Copy, Default)]
struct Rules {
    /// Connections of applications whose name begins so forward nothing for now.
    stalled: Option<&'static str>,
    /// They are to be stalled when the next commit of theirs has been told.
    stalls_at_commit: Option<&'static str>,
    /// The present connections of those applications, counted by their numbers, forward nothing
    /// ever again, and stay open.
    silenced: Option<(&'static str, u64)>,
    /// The same, closed.
    cut: Option<(&'static str, u64)>,
    /// All connections are closed, and new ones as soon as they come.
    is_away: bool,
    /// How many connections there have been.
    connections: u64,
    /// Directions of connections in which bytes are being held back.
    held_back: usize,
}

pub struct Proxy(watch::Sender<Rules>);

impl Proxy {
    /// Puts itself in front of the database: connections made with its options from now on go
    /// through it, those of its pool do not.
    pub async fn before(database: &mut TestDatabase) -> Self {
        let (rules, _) = watch::channel(Rules::default());
        let (server, shared) = (database.options.clone(), rules.clone());
        let listening = super::RUNTIME.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("its address");
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, server.clone(), shared.clone()));
                }
            });
            address
        });
        database.options = redirected(&database.options, listening.await.expect("a listener"));
        Self(rules)
    }

    /// Forwards nothing on the connections of these applications, those to come included.
    pub fn stall(&self, application: &'static str) {
        self.0.send_modify(|rules| rules.stalled = Some(application));
    }

    /// Forwards again, beginning with what was held back.
    pub fn resume(&self) {
        self.0.send_modify(|rules| rules.stalled = None);
    }

    /// Whether a connection has sent something that is being held back.
    pub fn holds_back(&self) -> bool {
        self.0.borrow().held_back > 0
    }

    /// Forwards until one of these applications has been told of a commit, then stalls them.
    pub fn resume_until_commit(&self, application: &'static str) {
        self.0.send_modify(|rules| {
            (rules.stalled, rules.stalls_at_commit) = (None, Some(application));
        });
    }

    /// Closes the present connections of these applications.
    pub fn cut(&self, application: &'static str) {
        self.0.send_modify(|rules| rules.cut = Some((application, rules.connections)));
    }

    /// Closes all connections, and from now on those that come: the database is away.
    pub fn go_away(&self) {
        self.0.send_modify(|rules| rules.is_away = true);
    }

    /// Takes connections again.
    pub fn come_back(&self) {
        self.0.send_modify(|rules| rules.is_away = false);
    }

    /// Lets the present connections of these applications fall silent, for both sides.
    pub fn silence(&self, application: &'static str) {
        self.0.send_modify(|rules| rules.silenced = Some((application, rules.connections)));
    }
}

async fn carry(
    client: TcpStream,
    server: PgConnectOptions,
    rules: watch::Sender<Rules>,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    if let Some(folder) = server.get_socket() {
        let path = folder.join(format!(".s.PGSQL.{}", server.get_port()));
        return between(client, UnixStream::connect(path).await?, rules).await;
    }
    let address = (server.get_host(), server.get_port());
    let server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    between(client, server, rules).await
}

/// One connection, and the rules.
struct Gate {
    rules: watch::Sender<Rules>,
    /// What the client said first; names its application.
    start: String,
    number: u64,
}

impl Gate {
    fn new(rules: watch::Sender<Rules>, start: &[u8]) -> Self {
        let mut number = 0;
        rules.send_modify(|rules| {
            rules.connections += 1;
            number = rules.connections;
        });
        Self { rules, start: String::from_utf8_lossy(start).into_owned(), number }
    }

    fn is_of(&self, application: Option<&str>) -> bool {
        let named = |name| self.start.contains(&format!("application_name\0{name}"));
        application.is_some_and(named)
    }

    fn is_among(&self, those: Option<(&'static str, u64)>) -> bool {
        those.is_some_and(|(name, last)| self.number <= last && self.is_of(Some(name)))
    }

    /// Returns when this connection may forward.
    async fn opens(&self) -> io::Result<()> {
        let is_open = |rules: &Rules| !self.is_of(rules.stalled) && !self.is_among(rules.silenced);
        if is_open(&self.rules.borrow()) {
            return Ok(());
        }
        let _held = Held::new(&self.rules);
        let opened = self.rules.subscribe().wait_for(is_open).await.map(drop);
        opened.map_err(|_closed| io::ErrorKind::BrokenPipe.into())
    }

    /// Returns when this connection is cut.
    async fn is_cut(&self) -> io::Result<()> {
        let is_cut = |rules: &Rules| rules.is_away || self.is_among(rules.cut);
        let cut = self.rules.subscribe().wait_for(is_cut).await.map(drop);
        cut.map_err(|_closed| io::ErrorKind::BrokenPipe.into())
    }

    /// Forwards in one direction until its end.
    async fn pass(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let mut length = from.read(&mut buffer).await?;
            self.opens().await?;
            if length == 0 {
                return Ok(());
            }
            if buffer[..length].windows(COMMITTED.len()).any(|part| part == COMMITTED) {
                // Without its second word, perhaps in a piece of its own, nobody goes on.
                while !is_ready(&buffer[..length]) {
                    match from.read(&mut buffer[length..]).await? {
                        0 => break,
                        more => length += more,
                    }
                }
                self.rules.send_modify(|rules| {
                    if self.is_of(rules.stalls_at_commit) {
                        rules.stalled = rules.stalls_at_commit.take();
                    }
                });
            }
            to.write_all(&buffer[..length]).await?;
            to.flush().await?;
        }
    }
}

/// Whether the last of it is the server's word that it is ready for the next statement.
fn is_ready(bytes: &[u8]) -> bool {
    bytes.len().checked_sub(6).is_some_and(|at| bytes[at..].starts_with(b"Z\0\0\0\x05"))
}

/// A direction that holds bytes back, until it forwards them or its connection is closed.
struct Held<'a>(&'a watch::Sender<Rules>);

impl<'a> Held<'a> {
    fn new(rules: &'a watch::Sender<Rules>) -> Self {
        rules.send_modify(|rules| rules.held_back += 1);
        Self(rules)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|rules| rules.held_back -= 1);
    }
}

async fn between<S: AsyncRead + AsyncWrite>(
    mut client: TcpStream,
    server: S,
    rules: watch::Sender<Rules>,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    let start = message(&mut from_client, None).await?;
    let gate = Gate::new(rules, &start);
    let there = async {
        gate.opens().await?;
        to_server.write_all(&start).await?;
        gate.pass(&mut from_client, &mut to_server).await
    };
    tokio::select! {
        cut = gate.is_cut() => cut,
        ended = there => ended,
        ended = gate.pass(&mut from_server, &mut to_client) => ended,
    }
}
