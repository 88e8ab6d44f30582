//! A proxy between a service and its PostgreSQL that records the statements: one for each round
//! trip that a request waits for. A statement is one however it is sent; a COPY is two, its begin
//! and its end. Left out are round trips that no request waits for (the pool's check of a
//! connection that is given back) and those that happen once (a connection's first use of a
//! statement).

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
};

use super::database::TestDatabase;

/// The connections of background jobs: no request waits for them.
pub const JOBS: &str = "dosebook jobs";

/// The statements since the last call of `take`, in order.
#[derive(Clone, Default)]
pub struct Wire(Arc<Mutex<Vec<String>>>);

impl Wire {
    /// Puts itself in front of the database: connections made with its options from now on are
    /// recorded, those of its pool are not.
    pub async fn before(database: &mut TestDatabase) -> Self {
        let wire = Self::default();
        let (server, recorder) = (database.options.clone(), wire.clone());
        let listening = super::RUNTIME.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("its address");
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(recorder.clone().carry(client, server.clone()));
                }
            });
            address
        });
        database.options = redirected(&database.options, listening.await.expect("a listener"));
        wire
    }

    /// The statements since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Forwards until either side closes its connection.
    async fn carry(self, client: TcpStream, server: PgConnectOptions) -> io::Result<()> {
        if let Some(folder) = server.get_socket() {
            let path = folder.join(format!(".s.PGSQL.{}", server.get_port()));
            return self.between(client, UnixStream::connect(path).await?).await;
        }
        let address = (server.get_host(), server.get_port());
        let server = TcpStream::connect(address).await?;
        // A statement goes in several messages, of which the last is answered.
        server.set_nodelay(true)?;
        self.between(client, server).await
    }

    async fn between<S: AsyncRead + AsyncWrite>(
        self,
        mut client: TcpStream,
        server: S,
    ) -> io::Result<()> {
        client.set_nodelay(true)?;
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = tokio::io::split(server);
        let there = async {
            let start = message(&mut from_client, None).await?;
            let is_job = String::from_utf8_lossy(&start).contains(JOBS);
            to_server.write_all(&start).await?;
            let mut known = Statements::default();
            loop {
                let kind = from_client.read_u8().await?;
                let message = message(&mut from_client, Some(kind)).await?;
                if let Some(asked) = known.read(kind, &message[5..]).filter(|_| !is_job) {
                    self.0.lock().unwrap().push(asked);
                }
                to_server.write_all(&message).await?;
                to_server.flush().await?;
            }
        };
        let back = tokio::io::copy(&mut from_server, &mut to_client);
        tokio::select! {
            ended = there => ended,
            ended = back => ended.map(drop),
        }
    }
}

/// The same database by way of this address, without encryption.
pub fn redirected(options: &PgConnectOptions, address: SocketAddr) -> PgConnectOptions {
    let url = options.to_url_lossy();
    let database = options.get_database().expect("a database");
    let user = [url.username(), url.password().unwrap_or_default()].join(":");
    let url = format!("postgres://{user}@{address}/{database}?sslmode=disable");
    url.parse().expect("a database's URL")
}

/// The next whole message: its kind, if it has one, its length, and its content.
pub async fn message(from: &mut (impl AsyncRead + Unpin), kind: Option<u8>) -> io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let mut message: Vec<u8> = kind.into_iter().chain(length.to_be_bytes()).collect();
    let head = message.len();
    message.resize(head + length as usize - 4, 0);
    from.read_exact(&mut message[head..]).await?;
    Ok(message)
}

/// The state of one connection: prepared statements, and the one that is bound.
/// Messages: <https://www.postgresql.org/docs/15/protocol-message-formats.html>
#[derive(Default)]
pub struct Statements {
    statements: HashMap<String, String>,
    bound: String,
}

impl Statements {
    /// The statement that this message runs, if the service must wait for it.
    pub fn read(&mut self, kind: u8, said: &[u8]) -> Option<String> {
        let mut texts = said.split(|byte| *byte == 0).map(|text| {
            let text = String::from_utf8_lossy(text);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        let mut text = || texts.next().unwrap_or_default();
        match kind {
            b'P' => {
                let name = text();
                self.statements.insert(name, text());
                None
            }
            b'B' => {
                text();
                self.bound = text();
                None
            }
            b'E' => Some(self.statements[&self.bound].clone()),
            b'Q' => Some(text()),
            b'c' => Some("end of the copy".to_owned()),
            _ => None,
        }
    }
}
