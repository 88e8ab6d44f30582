//! A request that its client has given a key is done once: sent again, it is answered as the first
//! time. A request that was refused did nothing, and is decided anew.

use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;

use super::{Error, Result};
use crate::{
    db::{self, idempotency_key::Keyed},
    domain::{Detail, Refusal},
};

/// The header that the key comes in.
pub const HEADER: &str = "Idempotency-Key";
/// How long a key is remembered.
pub const DAYS_KEPT: i64 = 30;

/// Does the work, unless the same request did it before. Comes first in its transaction: whoever
/// sends the same key at the same time waits here, and holds nothing.
///
/// # Errors
/// Those of the work; `invalid_field` where the key came with another request.
pub(super) async fn once<T: Serialize + DeserializeOwned>(
    conn: &mut PgConnection,
    keyed: Option<&Keyed>,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    let Some(keyed) = keyed else { return work(conn).await };
    if !db::idempotency_key::claim(conn, keyed).await? {
        let earlier = db::idempotency_key::find(conn, keyed).await?;
        let earlier = earlier.filter(|earlier| earlier.is_same);
        let reused = || Refusal::field(HEADER, Detail::KeyReused);
        db::safety::wait_at_commit(conn).await?;
        return serde_json::from_value(earlier.ok_or_else(reused)?.answer).map_err(kept);
    }
    let done = work(conn).await?;
    let answer = serde_json::to_value(&done).map_err(kept)?;
    db::idempotency_key::settle(conn, keyed.key, &answer).await?;
    Ok(done)
}

fn kept(error: serde_json::Error) -> Error {
    std::io::Error::other(error).into()
}
