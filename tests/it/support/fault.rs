//! A proxy between a service and its PostgreSQL that meets one statement: it closes the connection
//! before the server has heard of the statement, or when the server has done it and nobody has been
//! told, or it has the server refuse it. So a test reaches every point of a transaction, one after
//! the other, and not only those that it happens to hit.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

use super::{
    database::TestDatabase,
    wire::{JOBS, Statements, message, redirected},
};

/// What becomes of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed, and the server has not heard of it.
    CutBefore,
    /// The connection is closed when the server has answered, before the service hears of it.
    CutAfter,
    /// The server refuses it with this SQLSTATE.
    Refused(&'static str),
}

/// Which statement meets a fault.
#[derive(Clone, Copy)]
pub struct Plan {
    /// On connections of applications whose name begins so, but of no background job.
    pub application: &'static str,
    pub fault: Fault,
    /// What a statement on a lane's connection meets, where that is something else.
    pub of_lanes: Option<Fault>,
    /// Commits that go through before any statement is counted.
    pub commits: usize,
    /// The statement, from 1.
    pub nth: usize,
    /// Whether every statement after it meets the same fault, too.
    pub lasts: bool,
    /// Whether connections that are made after a fault wait until the plan is called off.
    pub keeps_out: bool,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    /// Whether commits alone are counted.
    is_of_commits: bool,
    commits: usize,
    statements: usize,
    /// The statements that have met the fault.
    met: Vec<String>,
    /// How many of them the server is still at.
    under_way: usize,
}

pub struct Faults(watch::Sender<State>);

impl Faults {
    /// Puts itself in front of the database: connections made with its options from now on go
    /// through it, those of its pool do not.
    pub async fn before(database: &mut TestDatabase) -> Self {
        let (state, _) = watch::channel(State::default());
        let (server, shared) = (database.options.clone(), state.clone());
        let listening = super::RUNTIME.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("its address");
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(carry(client, server.clone(), Faults(shared.clone())));
                }
            });
            address
        });
        database.options = redirected(&database.options, listening.await.expect("a listener"));
        Self(state)
    }

    /// Statements are counted from now on.
    pub fn plant(&self, plan: Plan) {
        self.0.send_replace(State { plan: Some(plan), ..State::default() });
    }

    /// The same of commits alone: the nth of the plan is the nth commit.
    pub fn plant_at_commit(&self, plan: Plan) {
        let is_of_commits = true;
        self.0.send_replace(State { plan: Some(plan), is_of_commits, ..State::default() });
    }

    /// Whether a statement has met its fault, and the server is done with it.
    pub fn has_met(&self) -> bool {
        let state = self.0.borrow();
        !state.met.is_empty() && state.under_way == 0
    }

    /// The statement that has met the fault, or the first of them.
    pub fn met(&self) -> Option<String> {
        self.0.borrow().met.first().cloned()
    }

    /// Keeps nobody out any more.
    pub fn let_in(&self) {
        self.0.send_modify(|state| {
            state.plan = state.plan.map(|plan| Plan { keeps_out: false, ..plan });
        });
    }

    /// From now on nothing fails. Gives the statements that have met the fault.
    pub fn call_off(&self) -> Vec<String> {
        self.0.send_replace(State::default()).met
    }

    /// Counts a statement. Gives the fault that it meets.
    fn meet(&self, start: &str, statement: &str) -> Option<Fault> {
        let mut fault = None;
        self.0.send_if_modified(|state| {
            let Some(plan) = state.plan.filter(|plan| plan.is_about(start)) else { return false };
            if state.commits < plan.commits {
                state.commits += usize::from(is_commit(statement));
                return false;
            }
            if state.is_of_commits && !is_commit(statement) {
                return false;
            }
            let planned = plan.of_lanes.filter(|_| is_lane(start)).unwrap_or(plan.fault);
            if is_never_refused(statement) && matches!(planned, Fault::Refused(_)) {
                return false;
            }
            state.statements += 1;
            let is_it = state.statements == plan.nth || plan.lasts && state.statements > plan.nth;
            if is_it {
                fault = Some(planned);
                state.met.push(statement.to_owned());
                state.under_way += usize::from(planned == Fault::CutAfter);
            }
            is_it
        });
        fault
    }

    /// The server has answered a statement whose answer nobody hears.
    fn settle(&self) {
        self.0.send_modify(|state| state.under_way = state.under_way.saturating_sub(1));
    }

    /// Returns when a connection of this application may be made.
    async fn lets_in(&self, start: &str) -> io::Result<()> {
        let is_open = |state: &State| {
            let plan = state.plan.filter(|plan| plan.keeps_out && plan.is_about(start));
            plan.is_none() || state.met.is_empty()
        };
        let opened = self.0.subscribe().wait_for(is_open).await.map(drop);
        opened.map_err(|_closed| io::ErrorKind::BrokenPipe.into())
    }
}

impl Plan {
    /// Whether a connection that began so is one of those that are meant.
    fn is_about(&self, start: &str) -> bool {
        is_of(start, self.application) && !is_of(start, JOBS)
    }
}

/// Whether a connection that began so is of an application whose name begins so.
fn is_of(start: &str, application: &str) -> bool {
    start.contains(&format!("application_name\0{application}"))
}

fn is_lane(start: &str) -> bool {
    is_of(start, "dosebook lane") || is_of(start, "dosebook sign-in")
}

/// What waits for nobody, and so is not refused because of another transaction.
fn is_never_refused(statement: &str) -> bool {
    ["begin", "rollback", "set "].iter().any(|word| statement.starts_with(word))
}

/// Whether a transaction ends by it: a busy lane begins the next one with the same statement.
pub fn is_commit(statement: &str) -> bool {
    statement.starts_with("commit")
}

async fn carry(client: TcpStream, server: PgConnectOptions, faults: Faults) -> io::Result<()> {
    client.set_nodelay(true)?;
    if let Some(folder) = server.get_socket() {
        let path = folder.join(format!(".s.PGSQL.{}", server.get_port()));
        return between(client, UnixStream::connect(path).await?, faults).await;
    }
    let address = (server.get_host(), server.get_port());
    let server = TcpStream::connect(address).await?;
    server.set_nodelay(true)?;
    between(client, server, faults).await
}

async fn between<S: AsyncRead + AsyncWrite>(
    mut client: TcpStream,
    server: S,
    faults: Faults,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = tokio::io::split(server);
    // Nobody is to hear what the server answers next.
    let is_secret = AtomicBool::new(false);
    let there = async {
        let start = message(&mut from_client, None).await?;
        let application = String::from_utf8_lossy(&start).into_owned();
        faults.lets_in(&application).await?;
        to_server.write_all(&start).await?;
        to_server.flush().await?;
        let mut known = Statements::default();
        // What belongs to a statement that was refused in its place.
        let mut skips = false;
        loop {
            let kind = from_client.read_u8().await?;
            let mut message = message(&mut from_client, Some(kind)).await?;
            if skips {
                skips = kind != b'S';
                continue;
            }
            let statement = known.read(kind, &message[5..]).unwrap_or_default();
            let is_asked = !statement.is_empty();
            match is_asked.then(|| faults.meet(&application, &statement)).flatten() {
                None => {}
                Some(Fault::CutBefore) => return Ok(()),
                Some(Fault::CutAfter) => is_secret.store(true, Ordering::SeqCst),
                // What was to end a COPY ends it as failed.
                Some(Fault::Refused(_)) if kind == b'c' => message = b"f\0\0\0\x05\0".to_vec(),
                Some(Fault::Refused(state)) => {
                    (message, skips) = (refusal(state, &statement), kind != b'Q');
                }
            }
            to_server.write_all(&message).await?;
            to_server.flush().await?;
        }
    };
    let back = async {
        loop {
            let kind = from_server.read_u8().await?;
            let message = message(&mut from_server, Some(kind)).await?;
            match (is_secret.load(Ordering::SeqCst), kind) {
                // It is ready for the next one.
                (true, b'Z') => return Ok(()),
                (true, _) => {}
                (false, _) => {
                    to_client.write_all(&message).await?;
                    to_client.flush().await?;
                }
            }
        }
    };
    let ended = tokio::select! {
        ended = there => ended,
        ended = back => ended,
    };
    if is_secret.load(Ordering::SeqCst) {
        faults.settle();
    }
    ended
}

/// A statement that the server refuses in the place of this one, as a message. A commit that is
/// refused ends its transaction, and begins no other.
fn refusal(state: &str, statement: &str) -> Vec<u8> {
    let before = if is_commit(statement) { "rollback; " } else { "" };
    let raise = format!("raise exception 'planted' using errcode = '{state}'");
    let sql = format!("{before}do $$ begin {raise}; end $$\0");
    let length = u32::try_from(sql.len() + 4).expect("a short statement");
    [b"Q", &length.to_be_bytes()[..], sql.as_bytes()].concat()
}
