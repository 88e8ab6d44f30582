//! Makes keys of persons anew after an upgrade and after corrections, little by little: whoever has
//! not had their turn is found under the key of the form before.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    db::Db,
    domain::keys::MatchKey,
    flows::{self, person_key::CHUNK},
    supervisor::{Backoff, caught},
    telemetry::Metrics,
};

/// Between looks for somebody who waits.
const PERIOD: Duration = Duration::from_secs(2);
/// Between transactions while many wait, so that a register of millions is done in minutes and
/// others have the database meanwhile.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs until it is dropped, which it may be at any time.
pub async fn run(db: Db, key: MatchKey, metrics: Arc<Metrics>) {
    let mut backoff = Backoff::default();
    let mut made = 0_usize;
    let mut is_counted = false;
    loop {
        let pause = match caught("person keys", &metrics, some(&db, &key, &metrics)).await {
            Some(seen) => {
                backoff.reset();
                made += seen;
                if seen == 0 && (made > 0 || !is_counted) {
                    is_counted = count(&db, &metrics, std::mem::take(&mut made)).await;
                }
                if seen < usize::try_from(CHUNK).unwrap_or(usize::MAX) { PERIOD } else { PAUSE }
            }
            None => backoff.next_pause(),
        };
        sleep(pause).await;
    }
}

/// How many keys were looked at.
async fn some(db: &Db, key: &MatchKey, metrics: &Metrics) -> usize {
    match flows::person_key::make_some_anew(db, key).await {
        Ok(Some(done)) => {
            metrics.person_keys_made.inc_by(u64::try_from(done.seen).unwrap_or(0));
            done.seen
        }
        Ok(None) => 0,
        Err(error) => {
            tracing::warn!(%error, "keys of persons cannot be made anew");
            0
        }
    }
}

/// Says how many persons share a key with another; whether that could be counted.
async fn count(db: &Db, metrics: &Metrics, made: usize) -> bool {
    match crate::db::person_key::count_shared(&db.jobs).await {
        Ok(shared) => {
            metrics.person_keys_shared.set(shared);
            if made > 0 {
                tracing::info!(made, shared, "keys of persons were made anew");
            }
            true
        }
        Err(error) => {
            tracing::warn!(%error, "persons who share a key cannot be counted");
            false
        }
    }
}
