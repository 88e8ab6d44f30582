//! Why there is no private PostgreSQL, in words for whoever must mend it.

use std::{io, path::PathBuf};

/// Why there is no private PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "{found}; dosebook needs the programs of PostgreSQL {major_min} or later. Install them:\n  \
         Debian, Ubuntu:  apt-get install -y postgresql\n  \
         Fedora, RHEL:    dnf install -y postgresql-server\n  \
         Alpine:          apk add postgresql\n  \
         macOS:           brew install postgresql@17\n\
         or say with PG_BIN where they are, or name a server with DATABASE_URL"
    )]
    Missing { found: String, major_min: u32 },
    #[error(
        "the database in {path} was made by PostgreSQL {made_by}, whose programs are not here: \
         install PostgreSQL {made_by}, or say with PG_BIN where it is"
    )]
    OtherMajor { path: PathBuf, made_by: String },
    #[error("{path} belongs to user {owner}: start dosebook as that user, as root, or elsewhere")]
    Foreign { path: PathBuf, owner: u32 },
    #[error("user {user}, as whom PostgreSQL runs, cannot get at {path}: allow others to enter it")]
    Unreachable { path: PathBuf, user: u32 },
    #[error("{path}: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("another process has been starting or stopping the database in {path} for too long")]
    Busy { path: PathBuf },
    #[error("{program} failed: {said}")]
    Program { program: String, said: String },
    #[error("PostgreSQL does not start; {log} ends with:\n{tail}")]
    DoesNotStart { log: PathBuf, tail: String },
    #[error("the private database answers with an error: {0}")]
    Database(#[from] sqlx::Error),
    #[error("work on another thread: {0}")]
    Task(#[from] tokio::task::JoinError),
}
