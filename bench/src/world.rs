//! The database of a measurement: a durable PostgreSQL of its own with clinics, slots, doses that
//! never run out, and people who are eligible. The service runs on the same folder.

use std::{
    fs::Permissions, os::unix::fs::PermissionsExt, path::Path, process::Command, sync::Arc,
    time::Instant,
};

use chrono::NaiveDate;
use dosebook::{
    config::{LogFormat, Storage},
    domain::keys::Keys,
    flows::{
        self,
        discrepancy::{Extent, verify_to},
    },
    store::Store,
};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};
use tempfile::TempDir;

use crate::{
    citizens::Citizens,
    dataset, paths,
    shape::{SPREAD, Shape},
    tally::Acknowledged,
};

/// A loopback address on which no other PostgreSQL listens: they take 127.0.0.1.
const TCP_HOST: &str = "127.83.77.1";

/// A folder for a database, removed with it. It is searchable, because PostgreSQL may run as
/// another user.
pub(crate) fn folder() -> TempDir {
    let wanted = std::env::temp_dir();
    let kind = Command::new("stat").args(["-f", "-c", "%T"]).arg(&wanted).output();
    let is_memory = kind.is_ok_and(|output| output.stdout.starts_with(b"tmpfs"));
    let target = paths::built().join("tmp");
    let parent = if is_memory { target } else { wanted };
    std::fs::create_dir_all(&parent).expect("a folder for it");
    tempfile::Builder::new()
        .prefix("dosebook-bench-")
        .permissions(Permissions::from_mode(0o711))
        .tempdir_in(parent)
        .expect("a temporary folder")
}

pub(crate) fn storage(data_dir: &Path) -> Storage {
    Storage {
        data_dir: data_dir.to_owned(),
        database_url: None,
        secret: None,
        pg_bin: None,
        log_format: LogFormat::Pretty,
    }
}

pub(crate) struct World {
    pub(crate) shape: Shape,
    pub(crate) citizens: Arc<Citizens>,
    pub(crate) root: PgConnection,
    store: Store,
    /// Dropped last: the server in it is stopped before.
    folder: Arc<TempDir>,
}

impl World {
    /// An empty ledger of this shape.
    pub(crate) async fn build(shape: Shape) -> Self {
        println!("loading {} people, {} slots …", shape.people, shape.slots());
        let folder = Arc::new(folder());
        let mut world = Self::open(shape, folder, None).await;
        let superuser = world.superuser();
        dataset::world(&mut world.root, &superuser, &shape).await;
        world
    }

    async fn open(shape: Shape, folder: Arc<TempDir>, citizens: Option<Arc<Citizens>>) -> Self {
        let store = Store::open(&storage(folder.path()), 2).await.expect("PostgreSQL starts");
        let citizens = citizens.unwrap_or_else(|| Arc::new(Citizens::sign_in(&store.keys, &shape)));
        let superuser = store.owner.clone().username("postgres");
        let root = PgConnection::connect_with(&superuser).await.expect("a connection");
        Self { shape, citizens, root, store, folder }
    }

    /// The database that is in a folder already; nobody is signed in.
    pub(crate) async fn adopt(folder: Arc<TempDir>) -> Self {
        let shape = Shape { clinics: 0, slots_per_clinic: 0, ..SPREAD };
        Self::open(shape, folder, Some(Arc::default())).await
    }

    /// The demonstration in a folder, and who of its people could book which slot.
    pub(crate) async fn demonstration(folder: Arc<TempDir>) -> (Self, Arc<Vec<(i64, i64)>>) {
        let mut world = Self::adopt(folder).await;
        let rows = sqlx::query(dataset::ROOM).fetch_all(&mut world.root).await.expect("room");
        let pairs: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let people = pairs.iter().map(|(person, _)| *person);
        world.citizens = Arc::new(Citizens::of(&world.store.keys, people));
        (world, Arc::new(pairs))
    }

    /// This world and another like it in a folder of its own.
    pub(crate) async fn split(self) -> (Self, Self) {
        let Self { shape, citizens, root, store, folder } = self;
        root.close().await.expect("closed");
        store.close().await;
        let other = Arc::new(self::folder());
        copy(folder.path(), other.path());
        let one = Self::open(shape, folder, Some(citizens.clone())).await;
        (one, Self::open(shape, other, Some(citizens)).await)
    }

    /// The same world, whose PostgreSQL has started again and answers on a loopback address too.
    pub(crate) async fn listen_on_tcp(mut self) -> Self {
        let set = format!("alter system set listen_addresses = '{TCP_HOST}'");
        self.root.execute(sqlx::AssertSqlSafe(set)).await.expect("set");
        let Self { shape, citizens, root, store, folder } = self;
        root.close().await.expect("closed");
        store.close().await;
        Self::open(shape, folder, Some(citizens)).await
    }

    /// How a service reaches the database by TCP, once it listens there.
    pub(crate) fn tcp_url(&self) -> String {
        let (owner, database) = (self.store.owner.get_username(), "dosebook");
        format!("postgres://{owner}@{TCP_HOST}:5432/{database}?sslmode=disable")
    }

    /// How a service reaches the database by its unix socket, as a URL.
    pub(crate) fn unix_url(&self) -> String {
        self.store.owner.to_url_lossy().to_string()
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn superuser(&self) -> PgConnectOptions {
        self.store.owner.clone().username("postgres")
    }

    /// `psql -h` takes it.
    pub(crate) fn socket_dir(&self) -> &Path {
        self.store.owner.get_socket().expect("a socket")
    }

    /// As the role that owns the schema: for migrations.
    pub(crate) fn owner(&self) -> PgConnectOptions {
        self.store.owner.clone()
    }

    /// Connects anew, after a restart of PostgreSQL.
    pub(crate) async fn reconnect(&mut self) {
        self.root = PgConnection::connect_with(&self.superuser()).await.expect("a connection");
    }

    /// Another campaign that is open and that nobody books in, whoever runs this how often.
    pub(crate) async fn add_quiet_campaign(&mut self) -> i64 {
        dataset::quiet_campaign(&mut self.root).await
    }

    /// Empties the ledger; everything is on disk, statistics are fresh. No service may run on it.
    pub(crate) async fn reset(&mut self) {
        dataset::reset(&mut self.root).await;
    }

    /// Books for the first so many arrivals, in one transaction.
    pub(crate) async fn add_bookings(&mut self, count: i64) {
        let superuser = self.superuser();
        dataset::bookings(&mut self.root, &superuser, &self.shape, (0, count)).await;
    }

    /// The people of the first so many arrivals can sign in: by what `dataset::claim` says of them.
    pub(crate) async fn register(&mut self, count: i64) {
        let people: Vec<_> = (0..count).map(|nth| self.shape.person(nth)).collect();
        dataset::register(&mut self.root, &self.store.keys, &people).await;
    }

    /// Nobody has asked for a code.
    pub(crate) async fn forget_codes(&mut self) {
        self.root.execute("truncate sign_in_code, code_cap, outbox").await.expect("empty");
    }

    /// The bodies of the messages with codes that wait to be sent.
    pub(crate) async fn codes(&mut self) -> Vec<String> {
        let sql = "select body from outbox where kind = 'sign_in_code' and not is_decoy";
        let rows = sqlx::query(sql).fetch_all(&mut self.root).await.expect("messages");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// How many codes there are that belong to somebody, and how many of them are used up.
    pub(crate) async fn codes_used(&mut self) -> (i64, i64) {
        let sql = "select count(*) filter (where person_id > 0), count(signed_in_at)
                   from sign_in_code";
        let row = sqlx::query(sql).fetch_one(&mut self.root).await.expect("counts");
        (row.get(0), row.get(1))
    }

    /// The keys of this world's service.
    pub(crate) fn keys(&self) -> &Keys {
        &self.store.keys
    }

    /// The present day begins at some clinics, with so many bookings; see `dataset::day`.
    pub(crate) async fn begin_day(&mut self, bookings: i64) {
        dataset::day(&mut self.root, &self.store.keys, &self.shape, bookings).await;
    }

    /// The first clinic gets bookings of others on the day that was begun, until it has so many.
    /// Returns the date. The ledger is not whole then: nothing but looking is measured.
    pub(crate) async fn fill_day(&mut self, bookings: i64) -> NaiveDate {
        dataset::fill_day(&mut self.root, bookings).await
    }

    /// The process of which each connection's is a child.
    pub(crate) fn postmaster(&self) -> u32 {
        let file = self.data_dir().join("postgres/db/postmaster.pid");
        let text = std::fs::read_to_string(file).expect("PostgreSQL runs");
        text.lines().next().and_then(|pid| pid.parse().ok()).expect("its number")
    }

    /// Stops the bench unless exactly so many check-ins and doses are in the database.
    pub(crate) async fn check_day(&mut self, (arrived, given): (i64, i64)) {
        let sql = "select count(*) filter (where arrived_at is not null),
                       count(*) filter (where state = 2),
                       (select count(*) from visit_step) from booking";
        let row = sqlx::query(sql).fetch_one(&mut self.root).await.expect("counts");
        let there: (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(there, (arrived, given, arrived + given), "presses there, and acknowledged");
    }

    /// Cancels every tenth booking, and says how many those were.
    pub(crate) async fn cancel_every_tenth(&mut self) -> u64 {
        dataset::cancel_every_tenth(&mut self.root).await
    }

    /// What the bookings in the ledger add up to.
    pub(crate) async fn sums(&mut self) -> Sums {
        let sql = "select count(*), count(distinct person_id),
                       coalesce(sum(person_id), 0)::bigint, coalesce(sum(slot_id), 0)::text
                   from booking where state = 1";
        let row = sqlx::query(sql).fetch_one(&mut self.root).await.expect("sums");
        let slots: String = row.get(3);
        Sums {
            bookings: row.get(0),
            people: row.get(1),
            person_ids: i128::from(row.get::<i64, _>(2)),
            slot_ids: slots.parse().expect("a number"),
        }
    }

    /// Stops the bench unless exactly the acknowledged bookings were added, nobody has two, and
    /// everything else agrees.
    pub(crate) async fn check(&mut self, before: Sums, acknowledged: &Acknowledged) {
        self.count(before, acknowledged).await;
        self.verify().await;
    }

    /// As `check`, without `verify`.
    pub(crate) async fn count(&mut self, before: Sums, acknowledged: &Acknowledged) {
        let now = self.sums().await;
        assert_eq!(now.bookings, now.people, "a person with two bookings");
        assert_eq!(
            now.bookings - before.bookings,
            acknowledged.bookings,
            "bookings in the database, and acknowledged"
        );
        assert_eq!(now.person_ids - before.person_ids, acknowledged.person_ids, "other people");
        assert_eq!(now.slot_ids - before.slot_ids, acknowledged.slot_ids, "other slots");
    }

    /// Adds so many lines to the journal, and seals them.
    pub(crate) async fn lengthen(&mut self, lines: i64) {
        let superuser = self.superuser();
        dataset::receipts(&mut self.root, &superuser, lines).await;
        let (db, block) = (&self.store.db, flows::journal_seal::LINES_MAX);
        while flows::journal_seal::seal_next(db, block).await.expect("sealed").is_some() {}
    }

    /// Seconds that `dosebook verify` takes; stops the bench if it finds anything.
    pub(crate) async fn verify_present(&mut self) -> f64 {
        let began = Instant::now();
        let found = verify_to(&self.store.db, Extent::Present).await.expect("verify");
        assert!(found.is_empty(), "{found:?}");
        began.elapsed().as_secs_f64()
    }

    /// Stops the bench if `dosebook verify --full` would find anything.
    pub(crate) async fn verify(&mut self) {
        let found = flows::discrepancy::verify(&self.store.db).await.expect("verify");
        assert!(found.is_empty(), "{found:?}");
    }

    /// Bytes of WAL written so far, and bookings in the ledger.
    pub(crate) async fn written(&mut self) -> (f64, f64) {
        let sql = "select (pg_current_wal_insert_lsn() - '0/0')::float8,
                       (select sum(booked) from allocation)::float8";
        let row = sqlx::query(sql).fetch_one(&mut self.root).await.expect("lsn");
        (row.get(0), row.get(1))
    }

    /// Updates of the counter tables so far, and how many of them were in place (HOT). Backends
    /// report theirs when they end at the latest.
    pub(crate) async fn updates(&mut self) -> (i64, i64) {
        let sql = "select sum(n_tup_upd)::bigint, sum(n_tup_hot_upd)::bigint
                   from pg_stat_user_tables where relname in ('slot', 'allocation')";
        let row = sqlx::query(sql).fetch_one(&mut self.root).await.expect("statistics");
        (row.get(0), row.get(1))
    }

    pub(crate) async fn close(self) {
        self.root.close().await.expect("closed");
        self.store.close().await;
    }
}

/// What the bookings of a ledger add up to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sums {
    pub(crate) bookings: i64,
    people: i64,
    person_ids: i128,
    slot_ids: i128,
}

/// Copies a folder with everything in it; what the file system can share is shared.
pub(crate) fn copy(from: &Path, to: &Path) {
    let mut cp = Command::new("cp");
    cp.args(["-a", "--reflink=auto"]).arg(from.join(".")).arg(to);
    assert!(cp.status().expect("cp").success(), "the folder is copied");
}
