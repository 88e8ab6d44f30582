//! The long ones: `make test-stall`.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    process::Command,
    time::Duration,
};

use dosebook::postgres::{Durability, Private};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::support::process::kill_9;

/// Longer than a start is tried for that somebody waits for.
const FOR_LONG: Duration = Duration::from_secs(20);
/// The server is looked for every half second, and recovers.
const BACK_SECONDS_MAX: Duration = Duration::from_secs(10);

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

async fn comes_back(private: &Private) {
    let back = async {
        while !answers(private).await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(BACK_SECONDS_MAX, back).await.expect("it is started again");
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
    comes_back(&private).await;
    private.stop().await.unwrap();
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
}

impl Drop for Small {
    fn drop(&mut self) {
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
    let ballast = disk.0.path().join("ballast");
    let filled = Command::new("dd")
        .args(["if=/dev/zero", "bs=64k", "status=none", &format!("of={}", ballast.display())])
        .status();
    assert!(!filled.unwrap().success(), "the control: nothing more fits");
    // Writes until the log needs another file: the server falls over, and cannot start.
    let fill =
        "insert into note select repeat(md5(i::text), 100) from generate_series(1, 200000) i";
    let failed = timeout(Duration::from_secs(60), sqlx::query(fill).execute(&mut conn)).await;
    assert!(failed.expect("in time").is_err(), "the control: the disk is full");
    let pid = fs::read_to_string(disk.0.path().join("postgres/db/postmaster.pid"));
    if let Some(pid) = pid.ok().as_deref().and_then(|text| text.lines().next()) {
        kill_9(pid);
    }
    let since = Instant::now();
    while since.elapsed() < FOR_LONG {
        sleep(Duration::from_millis(500)).await;
    }
    fs::remove_file(&ballast).unwrap();
    comes_back(&private).await;
    let mut conn = PgConnection::connect_with(&private.owner_options()).await.unwrap();
    let kept: i64 = sqlx::query_scalar("select count(*) from note where text = 'before'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    conn.close().await.unwrap();
    private.stop().await.unwrap();
}
