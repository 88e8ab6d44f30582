//! Signs a citizen in with the code that was sent to their phone, and out again: here or
//! everywhere.
//!
//! A session proves itself. Those that were ended before their time every process keeps in memory:
//! its own at once, those of others as [`SignOuts::refresh`] finds them.

use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Result, session_key};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx, session::Seen},
    domain::{
        Code, Detail, PersonId, Refusal,
        code_cap::{Caller, TryCounts, seconds_until},
        keys::Keys,
        language::Language,
        session::{CITIZEN_SESSION_HOURS, EndedSession, EndedSessions, Session, SessionKeys},
        sign_in_code::{REPEAT_SECONDS, SignInCode},
    },
};

/// A session that is being opened at this moment, by another process with a clock of its own, is
/// opened no later than this after now.
const BEING_OPENED_SECONDS: i64 = 20;

/// A citizen's session, as it is told to them.
#[derive(Clone, Debug)]
pub struct CitizenSession {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub person_id: PersonId,
}

/// A challenge, and what somebody says its code is.
pub struct Answer<'a> {
    pub challenge_id: Uuid,
    pub code: &'a str,
    pub caller: &'a Caller,
    /// By whose keys the session is opened.
    pub sign_outs: &'a SignOuts,
    /// Of the page that it was written on: messages to the person are in it from then on.
    pub language: Option<Language>,
}

/// What became of a code that somebody tried.
#[derive(Clone, Debug)]
pub enum Tried {
    SignedIn(CitizenSession),
    /// It can be tried so many times more.
    Wrong {
        tries_left: i16,
    },
    /// The challenge has expired, or was used, replaced, tried too often, or never made.
    Over,
}

/// Uses the code up. Each try at an open challenge counts, whatever comes of it.
///
/// # Errors
/// `wrong_credentials` for a code that is wrong, expired, used, replaced, tried too often, a
/// decoy's or nobody's: they all look the same. `too_many_requests` as [`try_code`].
pub async fn sign_in(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    answer: Answer<'_>,
) -> Result<CitizenSession> {
    let wrong = || Refusal::new(Code::WrongCredentials, Detail::WrongCode);
    let code = SignInCode::parse(answer.code).ok_or_else(wrong)?;
    let (tried, _) = attempt(db, keys, clock, (&answer, &code)).await?;
    match tried {
        Tried::SignedIn(session) => Ok(session),
        Tried::Wrong { .. } | Tried::Over => Err(wrong().into()),
    }
}

/// Tries a code for somebody who reads what became of it. It tells nothing about the register: the
/// code of a decoy is as often tried, and as soon over. The same code again within
/// [`REPEAT_SECONDS`] is the same session: a press whose answer was lost is pressed once more.
///
/// # Errors
/// `too_many_requests` where a cap of [`crate::domain::code_cap`] is reached: the code is not
/// looked at then.
pub async fn try_code(db: &Db, keys: &Keys, clock: &Clock, answer: Answer<'_>) -> Result<Tried> {
    let Some(code) = SignInCode::parse(answer.code) else { return Ok(Tried::Over) };
    let (tried, repeated) = attempt(db, keys, clock, (&answer, &code)).await?;
    Ok(match (tried, repeated) {
        (Tried::Over, Some(session)) => Tried::SignedIn(session),
        (tried, _) => tried,
    })
}

/// What became of the try and, where the code was over, the session that it has opened just before.
async fn attempt(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    (answer, code): (&Answer<'_>, &SignInCode),
) -> Result<(Tried, Option<CitizenSession>)> {
    let challenge_id = answer.challenge_id;
    let hash = code.hash(&keys.code, challenge_id);
    let counts = TryCounts::new(&keys.cap, answer.caller);
    // As exact as the database keeps it: the same session is told by its time.
    let now = clock.now().trunc_subsecs(6);
    let since = now - TimeDelta::seconds(REPEAT_SECONDS);
    // The refusal of a wrong one comes after the commit: a rollback would forget the attempt.
    let (tried, repeated) = in_tx(&db.write, "sign in", async |conn| {
        db::code_cap::wait_for_turn_of(conn, challenge_id).await?;
        if let Some(until) = db::code_cap::of_tries(conn, challenge_id, &counts, now).await? {
            return Err(too_many_tries(until, now).into());
        }
        let tried = db::sign_in_code::attempt(conn, challenge_id, &hash, &counts, now).await?;
        let repeated = match (tried.person_id, tried.tries_left) {
            (None, None) => {
                db::sign_in_code::signed_in_since(conn, challenge_id, &hash, since).await?
            }
            _ => None,
        };
        if let (Some(person_id), Some(language)) = (tried.person_id, answer.language) {
            db::person::set_language(&mut *conn, person_id, language).await?;
        }
        Ok::<_, super::Error>((tried, repeated))
    })
    .await?;
    let session = |person_id, opened_at| {
        let expires_at = expiry(opened_at);
        let token = answer.sign_outs.token(keys, (person_id, expires_at), now);
        CitizenSession { token, expires_at, person_id }
    };
    let repeated = repeated.map(|(person_id, opened_at)| session(person_id, opened_at));
    let tried = match (tried.person_id, tried.tries_left) {
        (Some(person_id), _) => Tried::SignedIn(session(person_id, now)),
        (None, Some(tries_left)) if tries_left > 0 => Tried::Wrong { tries_left },
        (None, _) => Tried::Over,
    };
    Ok((tried, repeated))
}

/// When a session expires that is opened now.
fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    (now + TimeDelta::hours(CITIZEN_SESSION_HOURS)).trunc_subsecs(0)
}

/// Which sessions were ended before their time, and by which keys they are told, as far as this
/// process has heard.
#[derive(Debug, Default)]
pub struct SignOuts {
    known: RwLock<Known>,
    /// Held while the table is read.
    seen: tokio::sync::Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Known {
    ended: EndedSessions,
    keys: SessionKeys,
}

impl SignOuts {
    /// The session of this token, unless it is forged or cut, has expired or was ended.
    pub fn open(&self, keys: &Keys, token: &str, now: DateTime<Utc>) -> Option<Session> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let session = known.keys.open(keys, token, now)?;
        (!known.ended.contain(session)).then_some(session)
    }

    fn token(&self, keys: &Keys, session: (PersonId, DateTime<Utc>), now: DateTime<Utc>) -> String {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.keys.token(keys, session, now)
    }

    /// Takes in what this and other processes have ended since the last look.
    pub async fn refresh(&self, db: &Db, keys: &Keys, clock: &Clock) -> Result<()> {
        let mut seen = self.seen.lock().await;
        let (mut ended, mut now_seen) = db::session::list_ended_since(&db.jobs, &seen).await?;
        if now_seen.server_started_at != seen.server_started_at {
            (ended, now_seen) = db::session::list_ended_since(&db.jobs, &Seen::default()).await?;
        }
        let session_keys = session_key::read(db, keys).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        ended.into_iter().for_each(|ended| known.ended.add(ended));
        known.ended.forget_expired(clock.now());
        known.keys = session_keys;
        *seen = now_seen;
        Ok(())
    }

    /// This process need not wait to hear of it.
    pub(super) fn add(&self, ended: EndedSession) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).ended.add(ended);
    }
}

/// Ends this session. One that has ended stays so.
pub async fn sign_out(db: &Db, sign_outs: &SignOuts, session: Session) -> Result<()> {
    end(db, sign_outs, EndedSession { session, with_earlier: false }).await
}

/// Ends all sessions of the person that were opened until now, this one among them.
pub async fn sign_out_everywhere(
    db: &Db,
    sign_outs: &SignOuts,
    clock: &Clock,
    session: Session,
) -> Result<()> {
    // The clock of another process may have been ahead when it opened this one.
    let expires_at = expiry(clock.now()).max(session.expires_at);
    let session = Session { expires_at, ..session };
    end(db, sign_outs, EndedSession { session, with_earlier: true }).await
}

/// Ends, in somebody's transaction, all sessions that the person has or is just being given. Tell
/// [`SignOuts::add`] after the commit.
pub(super) async fn end_all(
    conn: &mut PgConnection,
    clock: &Clock,
    person_id: PersonId,
) -> Result<EndedSession> {
    let expires_at = expiry(clock.now()) + TimeDelta::seconds(BEING_OPENED_SECONDS);
    let session = Session { person_id, expires_at };
    let ended = EndedSession { session, with_earlier: true };
    db::session::end(conn, ended).await?;
    Ok(ended)
}

async fn end(db: &Db, sign_outs: &SignOuts, ended: EndedSession) -> Result<()> {
    in_tx(&db.write, "sign out", async |conn| {
        db::session::end(conn, ended).await.map_err(db::Error::from)
    })
    .await?;
    sign_outs.add(ended);
    Ok(())
}

/// The refusal of a try, or of a code to try, until `until`.
pub(super) fn too_many_tries(until: DateTime<Utc>, now: DateTime<Utc>) -> Refusal {
    let retry_after = seconds_until(until, now);
    Refusal::new(Code::TooManyRequests, Detail::TooManyTries { retry_after })
}
