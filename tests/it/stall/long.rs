//! The long ones: `make test-stall`.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use data_encoding::HEXLOWER;
use dosebook::{
    domain::{keys::Keys, session},
    postgres::{Durability, Private},
};
use reqwest::Method;
use sqlx::{Connection, PgConnection, PgPool};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::support::{
    Client, Made, World,
    app::SECRET,
    process::{Service, kill_9},
};

/// Longer than a start is tried for that somebody waits for.
const FOR_LONG: Duration = Duration::from_secs(20);
/// A start that is tried on is given up by then.
const ENDS_SECONDS_MAX: Duration = Duration::from_secs(60);
/// A server that was killed makes sure of each of its files before it answers: on a disk that
/// others use, that is seconds.
const RECOVERY_SECONDS_MAX: Duration = Duration::from_secs(10);
/// Everybody is served again so soon after a stall.
const BACK_SECONDS_MAX: Duration = Duration::from_secs(2);

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    folder
}

async fn answers(private: &Private) -> bool {
    let conn = PgConnection::connect_with(&private.owner_options()).await;
    match conn {
        Ok(conn) => conn.close().await.is_ok(),
        Err(_) => false,
    }
}

async fn comes_back(private: &Private, within: Duration) {
    let back = async {
        while !answers(private).await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(within, back).await.expect("it is started again");
}

#[tokio::test]
#[ignore = "it takes half a minute: make test-stall"]
async fn a_server_that_cannot_start_for_long_is_started_when_it_can() {
    let folder = folder();
    let private = Private::start(folder.path(), None, Durability::Durable).await.unwrap();
    let db = folder.path().join("postgres/db");
    let conf = db.join("postgresql.conf");
    let good = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, format!("{good}\nno_such_setting = 1\n")).unwrap();
    let pid = fs::read_to_string(db.join("postmaster.pid")).unwrap();
    kill_9(pid.lines().next().unwrap());
    let since = Instant::now();
    while since.elapsed() < FOR_LONG {
        assert!(!answers(&private).await, "the control: it cannot start");
        sleep(Duration::from_millis(500)).await;
    }
    fs::write(&conf, good).unwrap();
    comes_back(&private, RECOVERY_SECONDS_MAX).await;
    private.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "it takes half a minute: make test-stall"]
async fn a_service_whose_server_dies_at_every_start_ends_and_says_why() {
    let folder = folder();
    Private::start(folder.path(), None, Durability::Durable).await.unwrap().stop().await.unwrap();
    let log = folder.path().join("postgres/db/pg_wal");
    let away = folder.path().join("postgres/pg_wal");
    fs::rename(&log, &away).unwrap();
    let mut serve = tokio::process::Command::from(dosebook(folder.path()));
    let ended = serve.args(["serve", "--listen", "127.0.0.1:0"]).kill_on_drop(true).output();
    let output = timeout(ENDS_SECONDS_MAX, ended).await.expect("it ends").unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("pg_wal"), "the end of its log: {complaint}");
    fs::rename(&away, &log).unwrap();
    let control = Private::start(folder.path(), None, Durability::Durable).await.unwrap();
    assert!(answers(&control).await);
    control.stop().await.unwrap();
}

/// The program on a folder, with a PostgreSQL of its own there.
fn dosebook(data_dir: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_dosebook"));
    program.env_remove("DATABASE_URL").env("DOSEBOOK_SECRET", HEXLOWER.encode(&SECRET));
    program.arg("--data-dir").arg(data_dir);
    program
}

/// A file system of its own, as only root may make one.
struct Small(TempDir);

impl Small {
    fn new() -> Self {
        let folder = folder();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=200m,mode=0711", "dosebook-test"])
            .arg(folder.path())
            .status();
        assert!(mounted.unwrap().success(), "a file system of 200 MB: this test is for root");
        Self(folder)
    }

    /// To the last byte, and again whatever was freed since.
    fn fill(&self) {
        let to = format!("of={}", self.0.path().join("ballast").display());
        let filled = Command::new("dd")
            .args(["if=/dev/zero", "bs=64k", "status=none", "oflag=append", "conv=notrunc", &to])
            .stderr(std::process::Stdio::null())
            .status();
        assert!(!filled.unwrap().success(), "the control: nothing more fits");
    }

    fn free(&self) {
        fs::remove_file(self.0.path().join("ballast")).unwrap();
    }

    /// The server's process, where one runs or has died without cleaning up.
    fn server(&self) -> Option<String> {
        let text = fs::read_to_string(self.0.path().join("postgres/db/postmaster.pid")).ok()?;
        text.lines().next().map(str::to_owned)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        if let Some(pid) = self.server() {
            let _ = Command::new("sh").args(["-c", &format!("kill -QUIT {pid}")]).status();
        }
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
#[ignore = "it fills a file system of its own, as root: make test-stall"]
async fn a_full_disk_is_survived_when_it_is_freed() {
    let disk = Small::new();
    let private = Private::start(disk.0.path(), None, Durability::Durable).await.unwrap();
    let mut conn = PgConnection::connect_with(&private.owner_options()).await.unwrap();
    sqlx::query("create table note (text text)").execute(&mut conn).await.unwrap();
    sqlx::query("insert into note values ('before')").execute(&mut conn).await.unwrap();
    disk.fill();
    // Writes until the log needs another file: the server falls over, and cannot start.
    let fill =
        "insert into note select repeat(md5(i::text), 100) from generate_series(1, 200000) i";
    let failed = timeout(Duration::from_secs(60), sqlx::query(fill).execute(&mut conn)).await;
    assert!(failed.expect("in time").is_err(), "the control: the disk is full");
    if let Some(pid) = disk.server() {
        kill_9(pid);
    }
    let since = Instant::now();
    while since.elapsed() < FOR_LONG {
        sleep(Duration::from_millis(500)).await;
    }
    disk.free();
    comes_back(&private, BACK_SECONDS_MAX).await;
    let mut conn = PgConnection::connect_with(&private.owner_options()).await.unwrap();
    let kept: i64 = sqlx::query_scalar("select count(*) from note where text = 'before'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    conn.close().await.unwrap();
    private.stop().await.unwrap();
}

/// A whole service on the small file system, and people who book one after the other.
struct Evening {
    service: Service,
    disk: Small,
    made: Made,
    http: reqwest::Client,
    /// Who books next, under which id.
    next: (usize, Uuid),
    acknowledged: Vec<(usize, Uuid)>,
}

impl Evening {
    /// The service alone looks after its server when this returns.
    async fn begin() -> Self {
        let disk = Small::new();
        let service = Service::private(disk.0.path());
        let postgres = Private::start(disk.0.path(), None, Durability::Durable).await.unwrap();
        let db = PgPool::connect_with(postgres.superuser_options("dosebook")).await.unwrap();
        let world = World::new().doses(500).seats(500).people(1_000);
        let made = world.make(&db).await;
        db.close().await;
        postgres.stop().await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let next = (0, Uuid::now_v7());
        Self { service, disk, made, http, next, acknowledged: Vec::new() }
    }

    fn client(&self, person: usize) -> Client {
        let expires_at = Utc::now() + TimeDelta::hours(1);
        let person_id = self.made.people[person].person_id;
        let token = session::citizen_token(&Keys::new(&SECRET), person_id, expires_at);
        Client::new(&self.service.url, Some(token), self.http.clone())
    }

    /// Whether it was acknowledged. If not, it is refused with a time to come back, and the next
    /// try is the same request.
    async fn book(&mut self) -> bool {
        let (person, id) = self.next;
        let body = self.made.booking(self.made.slots[person % self.made.slots.len()]);
        let request = self.client(person).request(Method::PUT, &format!("/v1/bookings/{id}"));
        let answer = request.json(&body).send().await;
        if answer.status == 503 {
            assert!(answer.retry_after() > 0);
            return false;
        }
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        self.acknowledged.push((person, id));
        self.next = (person + 1, Uuid::now_v7());
        true
    }

    async fn book_until_refused(&mut self) {
        while self.book().await {
            assert!(self.next.0 < self.made.people.len(), "the control: the disk is full");
        }
    }

    /// Frees the disk: the booking that was refused is made so soon.
    async fn is_served_again(&mut self) {
        self.disk.free();
        let since = Instant::now();
        while !self.book().await {
            assert!(since.elapsed() < BACK_SECONDS_MAX, "still refused");
            sleep(Duration::from_millis(50)).await;
        }
        let took = since.elapsed();
        assert!(took < BACK_SECONDS_MAX, "{took:?}");
        eprintln!("served again {} ms after the disk was freed", took.as_millis());
    }
}

#[tokio::test]
#[ignore = "it fills a file system of its own, as root: make test-stall"]
async fn who_is_refused_on_a_full_disk_books_within_two_seconds_of_its_end() {
    let mut evening = Evening::begin().await;
    for _ in 0..20 {
        assert!(evening.book().await, "the control: bookings go on");
    }
    evening.disk.fill();
    evening.book_until_refused().await;
    evening.is_served_again().await;

    // And so where the server falls over meanwhile, and finds no room to start.
    evening.disk.fill();
    evening.book_until_refused().await;
    kill_9(evening.disk.server().expect("a server"));
    let since = Instant::now();
    while since.elapsed() < FOR_LONG {
        evening.disk.fill();
        assert!(!evening.book().await, "the control: nothing can be written");
        sleep(Duration::from_millis(500)).await;
    }
    evening.is_served_again().await;

    for _ in 0..20 {
        assert!(evening.book().await, "and goes on");
    }
    for (person, id) in &evening.acknowledged {
        let booking = evening.client(*person).get(&format!("/v1/bookings/{id}")).await.ok(200);
        assert_eq!(booking["state"], "booked", "nothing that was acknowledged is lost");
    }
    let verified = dosebook(evening.disk.0.path()).arg("verify").output().unwrap();
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success() && said.contains("0 discrepancies"), "{said}");
}
