//! One database folder and the server on it: made, started, waited for, stopped.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use sqlx::{
    Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::{net::UnixStream, process::Child};

use super::{
    account::Account,
    error::Error,
    programs::Programs,
    settings::{self, Durability},
};

pub(super) const SUPERUSER: &str = "postgres";

/// Where root keeps databases that PostgreSQL's user could not get at under the data folder.
const ELSEWHERE: &str = "/var/lib/dosebook";
/// Where sockets go whose path would be too long; the same at every start, so not from TMPDIR.
const SOCKETS_ELSEWHERE: &str = "/tmp";
const SOCKET: &str = ".s.PGSQL.5432";
/// `sockaddr_un.sun_path` holds 104 bytes on macOS and 108 on Linux, with a closing zero.
const SOCKET_PATH_BYTES_MAX: usize = 103;

/// Replaying 4 GB of WAL after a crash takes minutes on a slow disk.
const START_SECONDS_MAX: Duration = Duration::from_secs(600);
const RETRY_PAUSE: Duration = Duration::from_millis(500);
const POLL_PAUSE: Duration = Duration::from_millis(30);
const CONNECT_SECONDS_MAX: Duration = Duration::from_secs(5);
const STOP_SECONDS_MAX: &str = "120";
const LOG_BYTES_MAX: u64 = 16 << 20;
const TAIL_LINES: usize = 12;

/// `dosebook_app` is made here, so that the owner need not be able to make roles.
const ROLES: &str = "
do $$ begin
    if not exists (select from pg_roles where rolname = 'dosebook_owner') then
        create role dosebook_owner login;
    end if;
    if not exists (select from pg_roles where rolname = 'dosebook_app') then
        create role dosebook_app login;
    end if;
    grant dosebook_app to dosebook_owner;
end $$";

#[derive(Debug)]
pub(super) struct Cluster {
    /// Holds `db`, the log and the locks; belongs to the account that PostgreSQL runs as.
    home: PathBuf,
    pub(super) socket_dir: PathBuf,
    account: Account,
    programs: Programs,
}

impl Cluster {
    /// Finds or makes the folders. Starts nothing.
    pub(super) async fn open(data_dir: &Path, bin_dir: Option<&Path>) -> Result<Self, Error> {
        let (data_dir, bin_dir) = (data_dir.to_owned(), bin_dir.map(Path::to_owned));
        let opened = tokio::task::spawn_blocking(move || {
            let me = Account::find().map_err(at(&data_dir))?;
            let home = home(&data_dir, me)?;
            let account = owner_of(&home.join("db"), me)?.unwrap_or(me);
            let programs = programs(&home, bin_dir.as_deref())?;
            let socket_dir = socket_dir(&home, account)?;
            Ok(Self { home, socket_dir, account, programs })
        });
        opened.await?
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    pub(super) fn options(&self, role: &str, database: &str) -> PgConnectOptions {
        // Everything is said, because the environment may speak of another server.
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(5432)
            .username(role)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// Makes the database unless it is there, and writes its settings.
    pub(super) async fn make(&self, durability: Durability) -> Result<(), Error> {
        let db = self.file("db");
        if !db.join("PG_VERSION").exists() {
            // Under another name until it is whole: an initdb that was killed leaves half a folder.
            let new = self.file("db.new");
            if new.exists() {
                fs::remove_dir_all(&new).map_err(at(&new))?;
            }
            let mut initdb = self.account.command(self.programs.path("initdb"));
            initdb.arg("-D").arg(&new);
            initdb.args(["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--data-checksums"]);
            initdb.arg("--no-instructions");
            // Only Linux has this locale everywhere.
            initdb.arg(if cfg!(target_os = "linux") { "--locale=C.UTF-8" } else { "--locale=C" });
            if durability == Durability::Disposable {
                initdb.arg("--no-sync");
            }
            run(initdb).await?;
            let conf = new.join("postgresql.conf");
            let text = fs::read_to_string(&conf).map_err(at(&conf))?;
            fs::write(&conf, text + "\ninclude = 'dosebook.conf'\n").map_err(at(&conf))?;
            fs::rename(&new, &db).map_err(at(&db))?;
            File::open(&self.home).and_then(|home| home.sync_all()).map_err(at(&self.home))?;
        }
        let conf = db.join("dosebook.conf");
        let text =
            |has_lz4| settings::file(durability, &self.socket_dir, settings::memory(), has_lz4);
        fs::write(&conf, text(true)).and_then(|()| self.account.own(&conf)).map_err(at(&conf))?;
        if self.check_settings().await.is_err() {
            // Built without lz4, or there is a real fault, and then it is told here.
            fs::write(&conf, text(false)).map_err(at(&conf))?;
            self.check_settings().await?;
        }
        Ok(())
    }

    async fn check_settings(&self) -> Result<(), Error> {
        let mut postgres = self.account.command(self.programs.path("postgres"));
        postgres.arg("-D").arg(self.file("db")).args(["-C", "wal_compression"]);
        run(postgres).await
    }

    /// Waits until the server answers, and starts it when nobody does; one that dies as soon as it
    /// is started, for as long as `retry_for`. Returns the server if it is this process's child.
    pub(super) async fn bring_up(&self, retry_for: Duration) -> Result<Option<Child>, Error> {
        let since = Instant::now();
        let mut died_at: Option<Instant> = None;
        let mut child: Option<Child> = None;
        loop {
            match self.try_connect().await {
                ServerState::Ready => {
                    let lives = |child: &mut Child| matches!(child.try_wait(), Ok(None));
                    let ours = child.as_mut().is_some_and(lives);
                    return Ok(child.filter(|_| ours));
                }
                ServerState::NotYet => {}
                ServerState::Failed(error) => return Err(error.into()),
                ServerState::Nobody => {
                    let exited = match &mut child {
                        Some(child) => child.try_wait().map_err(at(&self.home))?.is_some(),
                        None => true,
                    };
                    if exited && child.is_some() {
                        if died_at.get_or_insert_with(Instant::now).elapsed() > retry_for {
                            return Err(self.does_not_start());
                        }
                        tokio::time::sleep(RETRY_PAUSE).await;
                    }
                    if exited {
                        child = Some(self.spawn()?);
                    }
                }
            }
            if since.elapsed() > START_SECONDS_MAX {
                return Err(self.does_not_start());
            }
            tokio::time::sleep(POLL_PAUSE).await;
        }
    }

    /// Whether a server listens, however it answers.
    pub(super) async fn is_answered(&self) -> bool {
        let connecting = UnixStream::connect(self.socket_dir.join(SOCKET));
        match tokio::time::timeout(CONNECT_SECONDS_MAX, connecting).await {
            Ok(connected) => connected.is_ok(),
            // Its queue is full: it stands still, and is there.
            Err(_elapsed) => true,
        }
    }

    /// Whether the server was told to stop and did, as opposed to one that died.
    pub(super) async fn was_stopped(&self) -> bool {
        let mut program = self.account.command(self.programs.path("pg_controldata"));
        program.arg("-D").arg(self.file("db"));
        let output = tokio::process::Command::from(program).output().await;
        output.is_ok_and(|output| says_shut_down(&String::from_utf8_lossy(&output.stdout)))
    }

    async fn try_connect(&self) -> ServerState {
        let options = self.options(SUPERUSER, "postgres");
        let connecting = PgConnection::connect_with(&options);
        match tokio::time::timeout(CONNECT_SECONDS_MAX, connecting).await {
            Ok(Ok(conn)) => {
                drop(conn.close().await);
                ServerState::Ready
            }
            Ok(Err(error)) => ServerState::from(error),
            Err(_elapsed) => ServerState::NotYet,
        }
    }

    fn spawn(&self) -> Result<Child, Error> {
        let log = self.file("postgres.log");
        if fs::metadata(&log).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
            fs::rename(&log, self.file("postgres.log.1")).map_err(at(&log))?;
        }
        let out = OpenOptions::new().create(true).append(true).open(&log).map_err(at(&log))?;
        let err = out.try_clone().map_err(at(&log))?;
        let mut postgres = self.account.command(self.programs.path("postgres"));
        postgres.arg("-D").arg(self.file("db")).stdout(out).stderr(err);
        // Its own group: Ctrl-C reaches the service first, which drains and then stops the server.
        let mut postgres = tokio::process::Command::from(postgres);
        postgres.process_group(0).kill_on_drop(false).spawn().map_err(at(&log))
    }

    fn does_not_start(&self) -> Error {
        let log = self.file("postgres.log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default();
        Error::DoesNotStart { tail: tail.join("\n"), log }
    }

    /// Makes roles and database unless they are there.
    pub(super) async fn furnish(&self) -> Result<(), Error> {
        let mut conn = PgConnection::connect_with(&self.options(SUPERUSER, "postgres")).await?;
        conn.execute(ROLES).await?;
        let is_there = sqlx::query_scalar!(
            r#"/* postgres::cluster::furnish */
               select exists (select from pg_database where datname = 'dosebook') as "exists!""#
        );
        if !is_there.fetch_one(&mut conn).await? {
            conn.execute("create database dosebook owner dosebook_owner").await?;
        }
        conn.close().await?;
        Ok(())
    }

    /// Waits until the server is down; one that is down already is no error.
    pub(super) fn stop(&self) -> Result<(), Error> {
        let mut pg_ctl = self.account.command(self.programs.path("pg_ctl"));
        pg_ctl.args(["stop", "-w", "-m", "fast", "-t", STOP_SECONDS_MAX, "-D"]);
        pg_ctl.arg(self.file("db"));
        let name = pg_ctl.get_program().to_string_lossy().into_owned();
        let output = pg_ctl.output().map_err(at(Path::new(&name)))?;
        if output.status.success() || !self.file("db/postmaster.pid").exists() {
            return Ok(());
        }
        Err(failure(name, &output))
    }
}

/// What an attempt to connect tells of the server.
enum ServerState {
    Ready,
    /// It starts, recovers or stops.
    NotYet,
    Nobody,
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for ServerState {
    fn from(error: sqlx::Error) -> Self {
        /// `cannot_connect_now`
        const NOT_NOW: &str = "57P03";
        match &error {
            sqlx::Error::Io(io) => match io.kind() {
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => Self::Nobody,
                // It died while it was greeting.
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                    Self::NotYet
                }
                _ => Self::Failed(error),
            },
            sqlx::Error::Database(said) if said.code().as_deref() == Some(NOT_NOW) => Self::NotYet,
            _ => Self::Failed(error),
        }
    }
}

/// The folder of the database and what belongs to it: `postgres` in the data folder, or a link
/// there to one elsewhere when PostgreSQL's user cannot get at the data folder (it is in root's
/// home).
fn home(data_dir: &Path, account: Account) -> Result<PathBuf, Error> {
    // Searchable, because PostgreSQL's user must get through; what is secret inside says so itself.
    make_folder(data_dir, 0o711)?;
    let data_dir = fs::canonicalize(data_dir).map_err(at(data_dir))?;
    let wanted = data_dir.join("postgres");
    if let Ok(elsewhere) = fs::read_link(&wanted) {
        make_home(&elsewhere, account)?;
        return Ok(elsewhere);
    }
    if wanted.exists() || account.can_enter(&data_dir) {
        make_home(&wanted, account)?;
        let owner = owner_of(&wanted, account)?.unwrap_or(account);
        if !owner.can_enter(&data_dir) {
            return Err(Error::Unreachable { user: owner.uid(), path: data_dir });
        }
        return Ok(wanted);
    }
    if let Account::Own { uid } = account {
        return Err(Error::Unreachable { user: uid, path: data_dir });
    }
    link_elsewhere(&data_dir, &wanted, account)
}

/// Makes a home where PostgreSQL's user can get at it, and a link to it. One that is there already
/// is left alone: it belonged to a data folder that was removed, and so was its secret.
fn link_elsewhere(data_dir: &Path, wanted: &Path, account: Account) -> Result<PathBuf, Error> {
    make_folder(Path::new(ELSEWHERE), 0o711)?;
    let name = short_name(data_dir);
    let numbered = |number| Path::new(ELSEWHERE).join(format!("{name}-{number}"));
    let free = (1..=u32::MAX).map(numbered).find(|path| !path.exists());
    let elsewhere = free.unwrap_or_else(|| numbered(0));
    make_home(&elsewhere, account)?;
    match symlink(&elsewhere, wanted) {
        Ok(()) => {}
        // Another start was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return fs::read_link(wanted).map_err(at(wanted));
        }
        Err(error) => return Err(at(wanted)(error)),
    }
    tracing::info!(
        path = %elsewhere.display(),
        "the database is kept here, because PostgreSQL's user cannot enter the data folder"
    );
    Ok(elsewhere)
}

/// A home with a database in it keeps its owner.
fn make_home(path: &Path, account: Account) -> Result<(), Error> {
    make_folder(path, 0o700)?;
    if path.join("db").exists() { Ok(()) } else { account.own(path).map_err(at(path)) }
}

/// The account that owns `folder`, or none when there is no such folder.
fn owner_of(folder: &Path, me: Account) -> Result<Option<Account>, Error> {
    let Ok(folder_is) = fs::metadata(folder) else { return Ok(None) };
    // Root's own is not given away yet.
    if folder_is.uid() == 0 && me.uid() != 0 {
        return match me {
            Account::Other { .. } => Ok(None),
            Account::Own { .. } => Err(Error::Foreign { path: folder.to_owned(), owner: 0 }),
        };
    }
    let account = me.owner_of(folder_is.uid(), folder_is.gid());
    let foreign = || Error::Foreign { path: folder.to_owned(), owner: folder_is.uid() };
    account.map(Some).ok_or_else(foreign)
}

fn programs(home: &Path, bin_dir: Option<&Path>) -> Result<Programs, Error> {
    let version = fs::read_to_string(home.join("db/PG_VERSION")).unwrap_or_default();
    let made_by: Option<u32> = version.trim().parse().ok();
    Programs::find(bin_dir, made_by).map_err(|error| match made_by {
        Some(_) => Error::OtherMajor { path: home.to_owned(), made_by: version.trim().to_owned() },
        None => error,
    })
}

/// Beside the database, or in a folder with a short name that follows from the database's.
fn socket_dir(home: &Path, account: Account) -> Result<PathBuf, Error> {
    let beside = home.join("run");
    let is_short = beside.join(SOCKET).as_os_str().len() <= SOCKET_PATH_BYTES_MAX;
    let folder = if is_short {
        beside
    } else {
        Path::new(SOCKETS_ELSEWHERE).join(format!("dosebook-{}", short_name(home)))
    };
    make_folder(&folder, 0o700)?;
    let found = fs::symlink_metadata(&folder).map_err(at(&folder))?;
    let is_ours = found.is_dir() && [account.uid(), 0].contains(&found.uid());
    // Anybody can make folders where long paths go: only our own can hold our server's socket.
    if !is_ours {
        return Err(Error::Foreign { path: folder, owner: found.uid() });
    }
    account.own(&folder).map_err(at(&folder))?;
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).map_err(at(&folder))?;
    Ok(folder)
}

/// Sixteen hexadecimal digits that stand for a path.
fn short_name(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What `pg_controldata` says of a database that was closed in order.
fn says_shut_down(said: &str) -> bool {
    let state = said.lines().find_map(|line| line.strip_prefix("Database cluster state:"));
    state.is_some_and(|state| state.trim() == "shut down")
}

fn make_folder(path: &Path, mode: u32) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(at(path))
}

/// Runs a program to its end.
async fn run(command: Command) -> Result<(), Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = tokio::process::Command::from(command).output().await;
    let output = output.map_err(at(Path::new(&name)))?;
    if output.status.success() { Ok(()) } else { Err(failure(name, &output)) }
}

fn failure(program: String, output: &Output) -> Error {
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Error::Program { program, said }
}

fn at(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Folder { path: path.clone(), source }
}
