//! The private PostgreSQL: started, shared, killed, taken over, and never lost.

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use dosebook::{
    db::MIGRATOR,
    postgres::{Durability, Private},
};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;

use crate::support::{process::kill_9, until};

/// Names the folder in which the process of `a_service` starts the database.
const FOLDER: &str = "DOSEBOOK_TEST_FOLDER";

/// A folder that PostgreSQL's user may enter, also when the tests run as root.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    folder
}

async fn start(folder: &Path) -> Private {
    Private::start(folder, None, Durability::Durable).await.unwrap()
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options).await.unwrap()
}

async fn write(private: &Private, note: &str) {
    let mut conn = connect(&private.owner_options()).await;
    sqlx::query("create table if not exists note (text text)").execute(&mut conn).await.unwrap();
    sqlx::query("insert into note values ($1)").bind(note).execute(&mut conn).await.unwrap();
}

async fn read(private: &Private) -> Vec<String> {
    let mut conn = connect(&private.owner_options()).await;
    sqlx::query_scalar("select text from note order by 1").fetch_all(&mut conn).await.unwrap()
}

async fn show(private: &Private, setting: &str) -> String {
    let mut conn = connect(&private.superuser_options("postgres")).await;
    let sql = sqlx::AssertSqlSafe(format!("show {setting}"));
    sqlx::query_scalar(sql).fetch_one(&mut conn).await.unwrap()
}

/// The process id of the server, as long as there is one.
fn server(folder: &Path) -> Option<u32> {
    let text = fs::read_to_string(folder.join("postgres/db/postmaster.pid")).ok()?;
    text.lines().next()?.parse().ok()
}

/// Another process that starts the database in `folder` and then only lives.
struct Service(Child);

impl Service {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "postgres::a_service", "--nocapture"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let started = lines.map_while(Result::ok).any(|line| line.contains("the database is up"));
        assert!(started, "the service ended before it had started the database");
        Self(child)
    }

    fn kill_9(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Not a test of its own: what `Service` runs. Without a folder it does nothing.
#[tokio::test]
async fn a_service() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let private = start(&folder).await;
    write(&private, "by the service").await;
    println!("the database is up");
    let lived = std::io::read_to_string(std::io::stdin());
    drop((lived, private));
}

#[tokio::test]
async fn a_restart_keeps_what_was_written() {
    let folder = folder();
    let first = start(folder.path()).await;
    write(&first, "kept").await;
    first.stop().await.unwrap();
    assert_eq!(server(folder.path()), None, "stopped");
    let second = start(folder.path()).await;
    assert_eq!(read(&second).await, ["kept"]);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn it_is_durable_and_only_its_owner_can_reach_it() {
    let folder = folder();
    let private = start(folder.path()).await;
    for setting in ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"] {
        assert_eq!(show(&private, setting).await, "on", "{setting}");
    }
    assert_eq!(show(&private, "listen_addresses").await, "");
    let socket_dir = fs::metadata(private.socket_dir()).unwrap();
    assert_eq!(socket_dir.mode() & 0o777, 0o700);
    assert_ne!(socket_dir.uid(), 0, "PostgreSQL never runs as root");
    private.stop().await.unwrap();

    let disposable = Private::start(folder.path(), None, Durability::Disposable).await.unwrap();
    assert_eq!(show(&disposable, "fsync").await, "off", "control");
    disposable.stop().await.unwrap();
}

#[tokio::test]
async fn the_owner_migrates_and_the_application_owns_nothing() {
    let folder = folder();
    let private = start(folder.path()).await;
    let mut owner = connect(&private.owner_options()).await;
    MIGRATOR.run(&mut owner).await.unwrap();

    let mut app = connect(&private.app_options()).await;
    let owned = "select count(*) from pg_class where relowner = current_user::regrole";
    let count = sqlx::query_scalar::<_, i64>(owned);
    assert_eq!(count.fetch_one(&mut app).await.unwrap(), 0);
    let count = sqlx::query_scalar::<_, i64>(owned);
    assert!(count.fetch_one(&mut owner).await.unwrap() > 20, "control");
    sqlx::query("select * from movement").fetch_all(&mut app).await.unwrap();
    for forbidden in [
        "create table mine (x int)",
        "drop table movement",
        "delete from movement",
        "set role dosebook_owner",
    ] {
        let error = sqlx::query(forbidden).execute(&mut app).await.unwrap_err();
        let code = error.as_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "42501", "{forbidden}: {error}");
    }
    private.stop().await.unwrap();
}

#[tokio::test]
async fn two_folders_live_side_by_side() {
    let (one, two) = (folder(), folder());
    let first = start(one.path()).await;
    let second = start(two.path()).await;
    write(&first, "first").await;
    write(&second, "second").await;
    first.stop().await.unwrap();
    assert_eq!(read(&second).await, ["second"]);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn whoever_leaves_last_stops_the_server() {
    let folder = folder();
    let first = start(folder.path()).await;
    write(&first, "shared").await;
    let pid = server(folder.path());
    let second = start(folder.path()).await;
    assert_eq!(server(folder.path()), pid, "attached");
    second.stop().await.unwrap();
    assert_eq!(read(&first).await, ["shared"], "the second left it to the first");

    let third = start(folder.path()).await;
    first.stop().await.unwrap();
    assert_eq!(read(&third).await, ["shared"], "the first left it to the third");
    assert_eq!(server(folder.path()), pid);
    third.stop().await.unwrap();
    assert_eq!(server(folder.path()), None);
}

#[tokio::test]
async fn two_that_start_at_once_share_one_server() {
    let folder = folder();
    let (first, second) = tokio::join!(start(folder.path()), start(folder.path()));
    write(&first, "one server").await;
    assert_eq!(read(&second).await, ["one server"]);
    first.stop().await.unwrap();
    second.stop().await.unwrap();
    assert_eq!(server(folder.path()), None);
}

#[tokio::test]
async fn a_start_that_is_dropped_leaves_no_server_behind() {
    let folder = folder();
    drop(start(folder.path()).await);
    assert_eq!(server(folder.path()), None);
}

#[tokio::test]
async fn the_server_of_a_killed_service_is_taken_over() {
    let folder = folder();
    Service::start(folder.path()).kill_9();
    let pid = server(folder.path()).expect("it was left running");
    let next = start(folder.path()).await;
    assert_eq!(server(folder.path()), Some(pid), "attached");
    assert_eq!(read(&next).await, ["by the service"]);
    next.stop().await.unwrap();
    assert_eq!(server(folder.path()), None, "taken over, so stopped");
}

#[tokio::test]
async fn service_and_server_killed_together_lose_nothing() {
    let folder = folder();
    let service = Service::start(folder.path());
    kill_9(server(folder.path()).unwrap());
    service.kill_9();
    let next = start(folder.path()).await;
    assert_eq!(read(&next).await, ["by the service"]);
    next.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_is_started_again_under_its_service() {
    let folder = folder();
    let private = start(folder.path()).await;
    write(&private, "before").await;
    let pid = server(folder.path()).unwrap();
    kill_9(pid);
    // A start waits until the server answers, whoever brings it up.
    let second = start(folder.path()).await;
    assert_eq!(read(&private).await, ["before"]);
    assert_ne!(server(folder.path()), Some(pid), "control: it was another server");
    second.stop().await.unwrap();
    private.stop().await.unwrap();
    assert_eq!(server(folder.path()), None);
}

/// Returns when there is another server than this one, and it answers.
async fn another(folder: &Path, private: &Private, than: u32) {
    let back = async {
        while server(folder).is_none_or(|pid| pid == than)
            || PgConnection::connect_with(&private.owner_options()).await.is_err()
        {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, back).await.expect("it is started again");
}

#[tokio::test]
async fn a_server_is_looked_after_by_whoever_uses_it() {
    let folder = folder();
    let starter = Service::start(folder.path());
    let private = start(folder.path()).await;
    starter.kill_9();
    let first = server(folder.path()).expect("the control: it was left running");
    kill_9(first);
    another(folder.path(), &private, first).await;
    assert_eq!(read(&private).await, ["by the service"]);
    private.stop().await.unwrap();
    assert_eq!(server(folder.path()), None);
}

#[tokio::test]
async fn a_server_that_was_taken_over_is_started_again_too() {
    let folder = folder();
    Service::start(folder.path()).kill_9();
    let private = start(folder.path()).await;
    let first = server(folder.path()).expect("the control: attached");
    kill_9(first);
    another(folder.path(), &private, first).await;
    let second = server(folder.path()).unwrap();
    kill_9(second);
    another(folder.path(), &private, second).await;
    assert_eq!(read(&private).await, ["by the service"], "again and again");
    private.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_stopped_by_hand_stays_stopped_until_it_is_started() {
    let folder = folder();
    let private = start(folder.path()).await;
    write(&private, "kept").await;
    let pid = server(folder.path()).unwrap();
    let stop = Command::new("sh").args(["-c", &format!("kill -INT {pid}")]).status().unwrap();
    assert!(stop.success());
    let is_gone = || !Path::new(&format!("/proc/{pid}")).exists();
    until(|| is_gone() && server(folder.path()).is_none()).await;
    // Longer than it takes to be missed.
    let since = std::time::Instant::now();
    until(|| since.elapsed() > std::time::Duration::from_secs(1)).await;
    assert_eq!(server(folder.path()), None);
    // Somebody starts it, and from then on it is looked after again.
    let second = start(folder.path()).await;
    let pid = server(folder.path()).unwrap();
    kill_9(pid);
    another(folder.path(), &private, pid).await;
    assert_eq!(read(&private).await, ["kept"]);
    second.stop().await.unwrap();
    private.stop().await.unwrap();
}

#[tokio::test]
async fn a_deep_folder_finds_its_socket_again() {
    let folder = folder();
    let deep = folder.path().join("d".repeat(60)).join("e".repeat(60));
    let first = start(&deep).await;
    write(&first, "deep").await;
    let socket_dir = first.socket_dir().to_owned();
    assert!(!socket_dir.starts_with(folder.path()), "control: too long for a socket");
    let second = start(&deep).await;
    assert_eq!(read(&second).await, ["deep"]);
    first.stop().await.unwrap();
    second.stop().await.unwrap();
    fs::remove_dir(socket_dir).unwrap();
}

#[tokio::test]
async fn a_folder_that_only_root_may_enter_is_no_obstacle() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    let first = start(folder.path()).await;
    write(&first, "kept").await;
    first.stop().await.unwrap();
    let second = start(folder.path()).await;
    assert_eq!(read(&second).await, ["kept"]);
    second.stop().await.unwrap();

    let elsewhere = fs::read_link(folder.path().join("postgres"));
    let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
    assert_eq!(elsewhere.is_ok(), is_root, "control: only root has to go elsewhere");
    clear(folder.path());
    let afresh = start(folder.path()).await;
    write(&afresh, "new").await;
    assert_eq!(read(&afresh).await, ["new"], "what lies elsewhere belonged to the folder before");
    afresh.stop().await.unwrap();
    if let Ok(elsewhere) = elsewhere {
        fs::remove_dir_all(elsewhere).unwrap();
        fs::remove_dir_all(fs::read_link(folder.path().join("postgres")).unwrap()).unwrap();
    }
}

/// As `rm -rf` does: links go, and what they lead to stays.
fn clear(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() { fs::remove_file(path) } else { fs::remove_dir_all(path) }.unwrap();
    }
}

#[tokio::test]
async fn a_start_that_fails_says_why() {
    let folder = folder();
    start(folder.path()).await.stop().await.unwrap();
    let conf = folder.path().join("postgres/db/postgresql.conf");
    let good = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, good + "\nno_such_setting = 1\n").unwrap();
    let failed = Private::start(folder.path(), None, Durability::Durable).await;
    let error = failed.unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
    // And a service that finds it so ends.
    let mut serve = tokio::process::Command::new(env!("CARGO_BIN_EXE_dosebook"));
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path());
    let ended = serve.env_remove("DATABASE_URL").kill_on_drop(true).output();
    let limit = std::time::Duration::from_secs(60);
    let output = tokio::time::timeout(limit, ended).await.expect("it ends").unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("no_such_setting"), "{complaint}");
}
