//! A PostgreSQL of the test's own with a standby, made from the installed programs, and a balancer
//! in front that leads to one of them, or to none.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use dosebook::db::MIGRATOR;
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{
    net::{TcpListener, UnixStream},
    sync::watch,
};

use super::database::TestDatabase;

/// On no other server.
const DATABASE: &str = "dosebook_pair";

/// Both servers; stopped when dropped.
pub struct Pair {
    pub primary: Server,
    pub standby: Server,
    pub balancer: Balancer,
    _folder: tempfile::TempDir,
}

impl Pair {
    /// With the service's schema, the standby following, the balancer leading to the primary.
    pub async fn start() -> Self {
        // A short path: a unix socket's may have 103 bytes.
        let folder = tempfile::Builder::new().prefix("pair-").tempdir_in("/tmp").unwrap();
        let (primary, standby) =
            (Server::in_folder(&folder, ("a", 5432)), Server::in_folder(&folder, ("b", 5433)));
        own(folder.path());
        primary.program("initdb", &["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]);
        primary.set("listen_addresses = ''\nfsync = off\nmax_connections = 100\n");
        primary.start();
        let mut conn = primary.connect("postgres").await;
        conn.execute(AssertSqlSafe(format!("create database {DATABASE}"))).await.unwrap();
        let mut inside = primary.connect(DATABASE).await;
        MIGRATOR.run(&mut inside).await.unwrap();
        inside.close().await.unwrap();
        let from = primary.sockets().to_str().unwrap();
        let how = ["-h", from, "-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync"];
        standby.program("pg_basebackup", &how);
        standby.set("");
        standby.start();
        let balancer = Balancer::start(Some(primary.socket())).await;
        Self { primary, standby, balancer, _folder: folder }
    }

    /// For a service behind the balancer.
    pub fn database(&self) -> Arc<TestDatabase> {
        let options = self.balancer.options("postgres", DATABASE);
        let pool = self.primary.pool();
        Arc::new(TestDatabase { name: DATABASE.to_owned(), options, pool })
    }
}

/// One server.
pub struct Server {
    folder: PathBuf,
    port: u16,
}

impl Server {
    fn in_folder(folder: &tempfile::TempDir, (name, port): (&str, u16)) -> Self {
        Self { folder: folder.path().join(name), port }
    }

    /// Beside both of them: what is in a server's own folder is copied.
    fn sockets(&self) -> &Path {
        self.folder.parent().unwrap()
    }

    fn socket(&self) -> PathBuf {
        self.sockets().join(format!(".s.PGSQL.{}", self.port))
    }

    /// Adds to its settings.
    fn set(&self, settings: &str) {
        let conf = self.folder.join("postgresql.conf");
        let (here, port) = (self.sockets().display(), self.port);
        let text = fs::read_to_string(&conf).unwrap();
        let text = format!("{text}\nport = {port}\nunix_socket_directories = '{here}'\n{settings}");
        fs::write(&conf, text).unwrap();
    }

    pub fn start(&self) {
        let log = self.folder.join("log");
        self.program("pg_ctl", &["start", "-s", "-w", "-l", log.to_str().unwrap()]);
    }

    pub fn stop(&self) {
        self.program("pg_ctl", &["stop", "-s", "-w", "-m", "immediate"]);
    }

    pub fn promote(&self) {
        self.program("pg_ctl", &["promote", "-s", "-w"]);
    }

    fn program(&self, name: &str, arguments: &[&str]) {
        let mut command = as_postgres(&bin().join(name));
        command.args(arguments).arg("-D").arg(&self.folder);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}");
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        let options = PgConnectOptions::new_without_pgpass();
        let options = options.socket(self.sockets()).port(self.port);
        options.username("postgres").database(database)
    }

    /// A superuser's connections to the service's database.
    pub fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(4).connect_lazy_with(self.options(DATABASE))
    }

    async fn connect(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&self.options(database)).await.unwrap()
    }

    /// What a statement answers, as text.
    pub async fn ask(&self, sql: &str) -> String {
        let mut conn = self.connect(DATABASE).await;
        let sql = format!("select ({sql})::text");
        let answer = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        answer
    }

    pub async fn run(&self, sql: &str) {
        let mut conn = self.connect(DATABASE).await;
        for one in sql.split(';') {
            conn.execute(AssertSqlSafe(one.to_owned())).await.unwrap();
        }
        conn.close().await.unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.folder.join("postmaster.pid").exists() {
            let mut stop = as_postgres(&bin().join("pg_ctl"));
            let stop = stop.args(["stop", "-s", "-w", "-m", "immediate", "-D"]).arg(&self.folder);
            let _ = stop.output();
        }
    }
}

/// Carries connections to the server that it leads to; cuts them when it leads elsewhere.
pub struct Balancer {
    address: SocketAddr,
    to: watch::Sender<Option<PathBuf>>,
}

impl Balancer {
    pub async fn start(to: Option<PathBuf>) -> Self {
        let (to, leads) = watch::channel(to);
        let listening = super::RUNTIME.spawn(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move {
                while let Ok((mut client, _)) = listener.accept().await {
                    let mut leads = leads.clone();
                    tokio::spawn(async move {
                        let to = leads.borrow_and_update().clone();
                        let Some(to) = to else { return };
                        let Ok(mut server) = UnixStream::connect(to).await else { return };
                        let carry = tokio::io::copy_bidirectional(&mut client, &mut server);
                        tokio::select! {
                            _ = carry => {}
                            _ = leads.changed() => {}
                        }
                    });
                }
            });
            address
        });
        Self { address: listening.await.unwrap(), to }
    }

    /// From now on it leads to this server.
    pub fn lead_to(&self, server: &Server) {
        self.to.send_replace(Some(server.socket()));
    }

    /// From now on it leads here: a unix socket, or to nobody.
    pub fn lead(&self, to: Option<PathBuf>) {
        self.to.send_replace(to);
    }

    pub fn options(&self, user: &str, database: &str) -> PgConnectOptions {
        let url = format!("postgres://{user}@{}/{database}?sslmode=disable", self.address);
        url.parse().unwrap()
    }
}

fn bin() -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgresql-bin");
    let output = Command::new(script).output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// PostgreSQL does not run as root.
fn as_postgres(program: &Path) -> Command {
    let mut command = match account() {
        None => Command::new(program),
        Some((uid, gid)) => {
            let mut command = Command::new("setpriv");
            let (uid, gid) = (uid.to_string(), gid.to_string());
            command.args(["--reuid", &uid, "--regid", &gid, "--clear-groups"]).arg(program);
            command
        }
    };
    command.env("LC_ALL", "C").current_dir("/");
    command
}

/// Whom it runs as, where that is not who we are.
fn account() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() != 0) {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |name: &str| {
        let line = passwd.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}

fn own(folder: &Path) {
    if let Some((uid, gid)) = account() {
        chown(folder, Some(uid), Some(gid)).unwrap();
    }
}
