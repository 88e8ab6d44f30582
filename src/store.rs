//! Opens what a command works on: the database (a private one, or the one named) and the secret
//! that belongs to it. They are opened together because one is of no use without the other.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    str::FromStr,
};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use crate::{
    config::Storage,
    db::{self, Db, migration, safety::Risks},
    domain::keys::{Keys, SECRET_BYTES},
    postgres::{Durability, Private},
};

/// A table that is read within a moment, in bytes.
const SMALL_BYTES: i64 = 64 << 20;

/// An open database, migrated, with its keys.
pub struct Store {
    pub db: Db,
    pub keys: Keys,
    /// The owner's way in: for migrations and `analyze`, never for serving.
    pub owner: PgConnectOptions,
    private: Option<Private>,
}

impl Store {
    /// Starts the private PostgreSQL unless a database is named, brings the schema up to date and
    /// checks that the secret is the one that this database was made with.
    ///
    /// # Errors
    /// In words for an operator: no PostgreSQL, no connection, another secret.
    pub async fn open(storage: &Storage, connections: u32) -> anyhow::Result<Self> {
        Self::start(storage, connections, Purpose::Use).await
    }

    async fn start(storage: &Storage, connections: u32, purpose: Purpose) -> anyhow::Result<Self> {
        fs::create_dir_all(&storage.data_dir)
            .with_context(|| format!("cannot make {}", storage.data_dir.display()))?;
        let keys = Keys::new(&secret(storage)?);
        let (owner, app, private) = match &storage.database_url {
            Some(url) => {
                let options = PgConnectOptions::from_str(url).context("DATABASE_URL")?;
                (options.clone(), options, None)
            }
            None => {
                let bin = storage.pg_bin.as_deref();
                let private = Private::start(&storage.data_dir, bin, Durability::Durable).await?;
                (private.owner_options(), private.app_options(), Some(private))
            }
        };
        let opened = match purpose {
            Purpose::Use => bring_up_to_date(&owner, &keys).await,
            Purpose::Look => check(&owner, &keys).await,
        };
        let store = Self { db: Db::new(app, connections), keys, owner, private };
        if let Err(error) = opened {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// As `open`, on a database that is left as it is: nothing is migrated, nothing is locked.
    ///
    /// # Errors
    /// As `open`, and when the schema or the secret is not the one that this program has.
    pub async fn look_into(storage: &Storage) -> anyhow::Result<Self> {
        Self::start(storage, 1, Purpose::Look).await
    }

    /// Has every row checked that was there before a constraint was; bookings go on meanwhile. On
    /// a large database it takes minutes. Says how many constraints were checked.
    ///
    /// # Errors
    /// When a row breaks one, or the database fails.
    pub async fn validate(&self) -> anyhow::Result<usize> {
        let mut conn = PgConnection::connect_with(&self.owner).await?;
        let checked = migration::validate(&mut conn, None).await?;
        conn.close().await?;
        Ok(checked)
    }

    /// Closes the pools and stops the PostgreSQL that `open` started, if any.
    pub async fn close(self) {
        self.db.close().await;
        if let Some(private) = self.private
            && let Err(error) = private.stop().await
        {
            tracing::error!(%error, "the private PostgreSQL did not stop cleanly");
        }
    }
}

/// What a command wants of the database.
enum Purpose {
    Use,
    Look,
}

async fn check(owner: &PgConnectOptions, keys: &Keys) -> anyhow::Result<()> {
    let mut conn = PgConnection::connect_with(owner).await.context("cannot reach the database")?;
    let known: i64 = db::MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0);
    let there = db::catalogue::schema_version(&mut conn).await.context("there is no schema")?;
    if there != known {
        bail!("the schema has version {there}, and this program is made for {known}");
    }
    if !db::catalogue::has_secret(&mut conn, &keys.fingerprint()).await? {
        bail!("this database was made with another secret");
    }
    conn.close().await?;
    Ok(())
}

async fn bring_up_to_date(owner: &PgConnectOptions, keys: &Keys) -> anyhow::Result<()> {
    migration::run(owner).await.context("cannot bring the schema up to date")?;
    let mut conn = PgConnection::connect_with(owner).await.context("cannot reach the database")?;
    if !db::catalogue::claim_secret(&mut conn, &keys.fingerprint()).await? {
        bail!(
            "this database was made with another secret: give the same --secret (or \
             DATA_DIR/secret) \
             to every process that uses it"
        );
    }
    warn_of(db::safety::risks(&mut conn).await?);
    if let Err(error) = migration::validate(&mut conn, Some(SMALL_BYTES)).await {
        tracing::warn!(%error, "old rows are not checked yet: dosebook migrate checks them");
    }
    conn.close().await?;
    Ok(())
}

/// A server that may lose what it has acknowledged is not accepted in silence.
fn warn_of(risks: Risks) {
    if risks.commits_early {
        tracing::warn!(
            "the server's default is synchronous_commit = off: this service sets it to on for \
             its own connections; other programs may lose what they have written"
        );
    }
    if risks.never_syncs {
        tracing::warn!(
            "the server runs with fsync or full_page_writes off: a loss of power destroys the \
             database, and bookings that people were told of"
        );
    }
}

fn secret(storage: &Storage) -> anyhow::Result<[u8; SECRET_BYTES]> {
    let path = storage.data_dir.join("secret");
    let text = match &storage.secret {
        Some(text) => text.clone(),
        None if path.exists() => fs::read_to_string(&path).context("cannot read the secret")?,
        None => make_secret(&path)?,
    };
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok();
    let Some(secret) = bytes.and_then(|bytes| bytes.try_into().ok()) else {
        bail!("the secret must be {} hexadecimal digits", 2 * SECRET_BYTES);
    };
    Ok(secret)
}

/// The whole secret appears under its name or nothing does, and it stays through a loss of power:
/// without it the register could never be matched again.
fn make_secret(path: &Path) -> anyhow::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).context("no randomness for a secret")?;
    let folder = path.parent().context("the secret has no folder")?;
    let mut file = tempfile::NamedTempFile::new_in(folder).context("cannot write the secret")?;
    writeln!(file, "{}", data_encoding::HEXLOWER.encode(&bytes))?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => fs::File::open(folder)?.sync_all()?,
        // Another command was first with its own.
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(refused) => return Err(refused.error).context("cannot write the secret"),
    }
    fs::read_to_string(path).context("cannot read the secret")
}
