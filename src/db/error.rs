//! Why the database did not do it: the one place that knows SQLSTATEs, and our own limits by name.
//! <https://www.postgresql.org/docs/current/errcodes-appendix.html>

use std::time::Duration;

/// Why a transaction came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused a statement, or could not be reached.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
    /// Every connection was in use, or none could be made, for as long as this.
    #[error("no connection for the transaction {name:?} within {limit:?}")]
    AcquireTimeout { name: &'static str, limit: Duration },
    /// The transaction outlived our own limit; its connection was given up with it.
    #[error("the transaction {name:?} outlived its limit of {limit:?}")]
    TransactionTimeout { name: &'static str, limit: Duration },
}

impl Error {
    /// What kind of failure this is.
    pub fn failure(&self) -> Failure<'_> {
        match self {
            Self::Sqlx(error) => classify(error),
            Self::AcquireTimeout { .. } | Self::TransactionTimeout { .. } => Failure::OutOfTime,
        }
    }
}

/// A failure by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<'a> {
    /// No server can write for now: the connection is lost, the server stops, starts, is out of
    /// resources, or has become a standby (read only).
    Unavailable,
    /// One of our own limits ran out, on a connection or on a transaction.
    OutOfTime,
    /// The statement was cancelled: by an operator, or by a `statement_timeout` of theirs.
    Canceled,
    /// Another transaction was first: serialization failure or deadlock.
    Conflict,
    /// Another transaction held a row longer than `lock_timeout`.
    LockTimeout,
    /// A row with the same key is there; the name of the constraint or unique index.
    Unique(&'a str),
    /// Another constraint is violated; its name, empty where it has none (`not null`).
    Constraint(&'a str),
    /// A fault of ours, or of the server's set-up: trying again does not help.
    Bug,
}

impl Failure<'_> {
    /// Whether the same request may succeed later, without anybody changing anything.
    pub fn may_pass(self) -> bool {
        match self {
            Self::Unavailable
            | Self::OutOfTime
            | Self::Canceled
            | Self::Conflict
            | Self::LockTimeout => true,
            Self::Unique(_) | Self::Constraint(_) | Self::Bug => false,
        }
    }
}

/// What kind of failure the driver or the server reports.
pub fn classify(error: &sqlx::Error) -> Failure<'_> {
    use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
    match error {
        Database(said) => {
            let state = said.code().unwrap_or_default();
            by_state(&state, said.constraint().unwrap_or_default())
        }
        PoolTimedOut => Failure::OutOfTime,
        // After a protocol error the connection is out of step; another one is not.
        Io(_) | Tls(_) | Protocol(_) | PoolClosed | WorkerCrashed => Failure::Unavailable,
        _ => Failure::Bug,
    }
}

/// Whether the connection is of no more use after this error: it is closed, out of step, or leads
/// to a server that stops or cannot write.
pub fn is_lost(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Database, Io, Protocol, Tls, WorkerCrashed};
    match error {
        Database(said) => is_last_word(&said.code().unwrap_or_default()),
        Io(_) | Tls(_) | Protocol(_) | WorkerCrashed => true,
        _ => false,
    }
}

/// Whether a server that says so closes the connection, or should not be asked again.
fn is_last_word(state: &str) -> bool {
    // read_only_sql_transaction; idle_in_transaction_session_timeout, transaction_timeout;
    // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout
    let last = ["25006", "25P03", "25P04", "57P01", "57P02", "57P03", "57P04", "57P05"];
    // connection exception
    last.contains(&state) || state.starts_with("08")
}

fn by_state<'a>(state: &str, constraint: &'a str) -> Failure<'a> {
    match state {
        // query_canceled
        "57014" => Failure::Canceled,
        // lock_not_available
        "55P03" => Failure::LockTimeout,
        // unique_violation
        "23505" => Failure::Unique(constraint),
        // read_only_sql_transaction on a standby; then two that end the connection:
        // idle_in_transaction_session_timeout, transaction_timeout
        "25006" | "25P03" | "25P04" => Failure::Unavailable,
        _ => match state.get(..2) {
            // transaction rollback
            Some("40") => Failure::Conflict,
            // integrity constraint violation
            Some("23") => Failure::Constraint(constraint),
            // connection exception, insufficient resources, operator intervention
            Some("08" | "53" | "57") => Failure::Unavailable,
            _ => Failure::Bug,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_of_sqlstates_has_one_meaning() {
        let table = [
            ("08000", Failure::Unavailable),         // connection_exception
            ("08006", Failure::Unavailable),         // connection_failure
            ("0A000", Failure::Bug),                 // feature_not_supported
            ("22003", Failure::Bug),                 // numeric_value_out_of_range
            ("22P02", Failure::Bug),                 // invalid_text_representation
            ("23502", Failure::Constraint("named")), // not_null_violation
            ("23503", Failure::Constraint("named")), // foreign_key_violation
            ("23505", Failure::Unique("named")),     // unique_violation
            ("23514", Failure::Constraint("named")), // check_violation
            ("25006", Failure::Unavailable),         // read_only_sql_transaction
            ("25P02", Failure::Bug),                 // in_failed_sql_transaction
            ("25P03", Failure::Unavailable),         // idle_in_transaction_session_timeout
            ("25P04", Failure::Unavailable),         // transaction_timeout
            ("28P01", Failure::Bug),                 // invalid_password
            ("3D000", Failure::Bug),                 // invalid_catalog_name
            ("40001", Failure::Conflict),            // serialization_failure
            ("40P01", Failure::Conflict),            // deadlock_detected
            ("42501", Failure::Bug),                 // insufficient_privilege
            ("42601", Failure::Bug),                 // syntax_error
            ("42P01", Failure::Bug),                 // undefined_table
            ("53100", Failure::Unavailable),         // disk_full
            ("53200", Failure::Unavailable),         // out_of_memory
            ("53300", Failure::Unavailable),         // too_many_connections
            ("54001", Failure::Bug),                 // statement_too_complex
            ("55P03", Failure::LockTimeout),         // lock_not_available
            ("57014", Failure::Canceled),            // query_canceled
            ("57P01", Failure::Unavailable),         // admin_shutdown
            ("57P02", Failure::Unavailable),         // crash_shutdown
            ("57P03", Failure::Unavailable),         // cannot_connect_now
            ("58030", Failure::Bug),                 // io_error: a disk must be looked at
            ("P0001", Failure::Bug),                 // raise_exception
            ("XX000", Failure::Bug),                 // internal_error
            ("", Failure::Bug),
        ];
        for (state, failure) in table {
            assert_eq!(by_state(state, "named"), failure, "{state}");
        }
    }

    #[test]
    fn only_what_passes_by_itself_is_worth_another_try() {
        for passing in ["08006", "25006", "40001", "40P01", "53300", "55P03", "57014", "57P01"] {
            assert!(by_state(passing, "").may_pass(), "{passing}");
        }
        for lasting in ["22003", "23503", "23505", "42601", "58030", "XX000"] {
            assert!(!by_state(lasting, "").may_pass(), "{lasting}");
        }
    }

    #[test]
    fn a_connection_is_kept_unless_it_is_lost() {
        for lost in ["08006", "25006", "25P03", "57P01", "57P02", "57P03"] {
            assert!(is_last_word(lost), "{lost}");
        }
        for kept in ["23505", "40P01", "53100", "55P03", "57014", "XX000", ""] {
            assert!(!is_last_word(kept), "{kept}");
        }
        assert!(is_lost(&sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())));
        // What a balancer without a server comes to.
        assert!(is_lost(&sqlx::Error::Protocol("unexpected response from SSLRequest".into())));
        assert!(!is_lost(&sqlx::Error::RowNotFound), "the control");
    }

    #[test]
    fn what_the_driver_says_itself_has_a_meaning_too() {
        let broken = sqlx::Error::Io(std::io::ErrorKind::BrokenPipe.into());
        assert_eq!(classify(&broken), Failure::Unavailable);
        assert_eq!(classify(&sqlx::Error::PoolClosed), Failure::Unavailable);
        assert_eq!(classify(&sqlx::Error::PoolTimedOut), Failure::OutOfTime);
        assert_eq!(classify(&sqlx::Error::RowNotFound), Failure::Bug);
        assert_eq!(classify(&sqlx::Error::Decode("7 is no state".into())), Failure::Bug);
        let limit = Duration::from_secs(1);
        let ours = Error::TransactionTimeout { name: "test", limit };
        assert_eq!(ours.failure(), Failure::OutOfTime);
        assert_eq!(ours.to_string(), "the transaction \"test\" outlived its limit of 1s");
    }
}
