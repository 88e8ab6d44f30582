//! Opens a connection for the service. All lead to a server that can write: a standby is refused
//! when a connection to it is opened. A server that becomes one restarts, so no connection outlives
//! its turn.

use std::io;

use sqlx::{Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};

/// The service works as a role that owns nothing, whoever signed in. The settings end what hangs: a
/// lost client inside a transaction holds locks that others wait for. A client that falls silent is
/// noticed by the server within ten seconds; the settings for TCP are without effect on a unix
/// socket. A client that gave a statement up is noticed while that runs.
///
/// Whatever the server's default is, a commit that was acknowledged is on disk, and with a
/// synchronous standby on its disk too.
///
/// The answer says whether nothing can be written: on a standby, or where somebody has said so.
const SESSION_SETTINGS: &str = "set role dosebook_app; \
    set idle_in_transaction_session_timeout = '10s'; set lock_timeout = '5s'; set jit = off; \
    set timezone = 'UTC'; set tcp_keepalives_idle = '4s'; set tcp_keepalives_interval = '2s'; \
    set tcp_keepalives_count = 3; set tcp_user_timeout = '10s'; \
    set client_connection_check_interval = '2s'; \
    select set_config('synchronous_commit', case when current_setting('synchronous_commit') \
            in ('off', 'local') then 'on' else current_setting('synchronous_commit') end, false), \
        current_setting('transaction_read_only')::bool as is_read_only";

/// A connection in the service's role, to a server that can write.
///
/// # Errors
/// The server's; one of kind `ReadOnlyFilesystem` where it cannot write.
pub(super) async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut conn = PgConnection::connect_with(options).await?;
    let session = conn.fetch_one(SESSION_SETTINGS).await?;
    if session.try_get("is_read_only")? {
        let said = "the server is a standby, or was told not to write";
        return Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, said).into());
    }
    Ok(conn)
}
