//! Signs a citizen in with the code that was sent to their phone, and out again: here or
//! everywhere.
//!
//! A session proves itself. Those that were ended before their time every process keeps in memory:
//! its own at once, those of others as [`SignOuts::refresh`] finds them.

use std::sync::{PoisonError, RwLock};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Result, session_key,
    sign_in::{self, SignInLane, SignInReplies},
};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx, session::Seen},
    domain::{
        Code, Detail, PersonId, Refusal, RegionId,
        code_cap::{Caller, TryCounts},
        keys::Keys,
        language::Language,
        session::{CITIZEN_SESSION_HOURS, EndedSession, EndedSessions, Session, SessionKeys},
        sign_in::{Opened, Outcome, Request, Typed},
        sign_in_code::SignInCode,
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
    /// Where they live, as the register has it.
    pub home: Option<RegionId>,
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
/// decoy's or nobody's: they all look the same. `too_many_requests` and `overloaded` as
/// [`try_code`].
pub async fn sign_in(
    lane: (&SignInLane, &SignInReplies),
    keys: &Keys,
    clock: &Clock,
    answer: Answer<'_>,
) -> Result<CitizenSession> {
    let wrong = || Refusal::new(Code::WrongCredentials, Detail::WrongCode);
    let code = SignInCode::parse(answer.code).ok_or_else(wrong)?;
    match attempt(lane, keys, (&answer, &code)).await? {
        Outcome::SignedIn(opened) => Ok(session(keys, clock, &answer, opened)),
        _ => Err(wrong().into()),
    }
}

/// Tries a code for somebody who reads what became of it. It tells nothing about the register: the
/// code of a decoy is as often tried, and as soon over. The same code again within a minute is the
/// same session: a press whose answer was lost is pressed once more.
///
/// # Errors
/// `too_many_requests` where a cap of [`crate::domain::code_cap`] is reached: the code is not
/// looked at then. `overloaded` where it would take too long.
pub async fn try_code(
    lane: (&SignInLane, &SignInReplies),
    keys: &Keys,
    clock: &Clock,
    answer: Answer<'_>,
) -> Result<Tried> {
    let Some(code) = SignInCode::parse(answer.code) else { return Ok(Tried::Over) };
    let opened = match attempt(lane, keys, (&answer, &code)).await? {
        Outcome::SignedIn(opened) | Outcome::Over { before: Some(opened) } => opened,
        Outcome::Wrong { tries_left } => return Ok(Tried::Wrong { tries_left }),
        _ => return Ok(Tried::Over),
    };
    let session = session(keys, clock, &answer, opened);
    // Told again, it may have been ended since.
    let is_open = answer.sign_outs.open(keys, &session.token, clock.now()).is_some();
    Ok(if is_open { Tried::SignedIn(session) } else { Tried::Over })
}

/// What became of the try.
///
/// # Errors
/// Its refusal.
async fn attempt(
    lane: (&SignInLane, &SignInReplies),
    keys: &Keys,
    (answer, code): (&Answer<'_>, &SignInCode),
) -> Result<Outcome> {
    let challenge_id = answer.challenge_id;
    let typed = Typed {
        challenge_id,
        code_hash: code.hash(&keys.code, challenge_id),
        counts: TryCounts::new(&keys.cap, answer.caller),
        language: answer.language,
    };
    sign_in::submit(lane, Request::Try(typed)).await
}

fn session(keys: &Keys, clock: &Clock, answer: &Answer<'_>, opened: Opened) -> CitizenSession {
    let Opened { person_id, opened_at, home } = opened;
    let expires_at = expiry(opened_at);
    let token = answer.sign_outs.token(keys, (person_id, expires_at), clock.now());
    CitizenSession { token, expires_at, person_id, home }
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
