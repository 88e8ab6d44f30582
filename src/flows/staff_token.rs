//! Who holds a staff token. Every press at a clinic asks.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{
    Result,
    batched_lookup::{BatchedLookup, Lookup},
};
use crate::{
    db::{self, Pool},
    domain::session::StaffUser,
};

/// Looks tokens up for one HTTP thread.
#[derive(Clone)]
pub struct StaffTokens(BatchedLookup<Tokens>);

struct Tokens;

impl Lookup for Tokens {
    type Key = [u8; 32];
    type Found = (StaffUser, DateTime<Utc>);

    async fn find(
        db: &Pool,
        hashes: &[[u8; 32]],
    ) -> sqlx::Result<HashMap<[u8; 32], (StaffUser, DateTime<Utc>)>> {
        db::staff_user::find_by_sessions(db, hashes).await
    }
}

impl StaffTokens {
    pub fn new(db: Pool) -> Self {
        Self(BatchedLookup::new(db))
    }

    /// The active user of the session with this token's hash that is neither revoked nor expired at
    /// `now`. A session that is revoked before this is called is not found.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn find(&self, hash: [u8; 32], now: DateTime<Utc>) -> Result<Option<StaffUser>> {
        let found = self.0.find(hash).await?;
        Ok(found.filter(|(_, expires_at)| *expires_at > now).map(|(user, _)| user))
    }
}
