//! People who have signed in before the measurement begins, as they would before an opening.

use chrono::{TimeDelta, Utc};
use dosebook::domain::{PersonId, keys::Keys, session};

use crate::shape::Shape;

/// Longer than any bench.
const SESSION_HOURS: i64 = 6;

/// The tokens of the first arrivals, one after the other: all have the same length.
#[derive(Default)]
pub(crate) struct Citizens {
    tokens: Vec<u8>,
    token_bytes: usize,
}

impl Citizens {
    pub(crate) fn sign_in(keys: &Keys, shape: &Shape) -> Self {
        Self::of(keys, (0..shape.signed_in).map(|nth| shape.person(nth)))
    }

    pub(crate) fn of(keys: &Keys, people: impl Iterator<Item = i64>) -> Self {
        let expires_at = Utc::now() + TimeDelta::hours(SESSION_HOURS);
        let mut tokens = Vec::new();
        let mut token_bytes = 0;
        for person in people {
            let token = session::citizen_token(keys, PersonId(person), expires_at);
            token_bytes = token.len();
            tokens.extend_from_slice(token.as_bytes());
        }
        Self { tokens, token_bytes }
    }

    pub(crate) fn count(&self) -> i64 {
        (self.tokens.len() / self.token_bytes.max(1)) as i64
    }

    /// The token of the nth arrival.
    pub(crate) fn token(&self, nth: i64) -> &[u8] {
        let at = nth as usize * self.token_bytes;
        &self.tokens[at..at + self.token_bytes]
    }
}
