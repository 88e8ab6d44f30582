//! Where somebody who is signed in lives, so that they see the clinics there without choosing.
//! Their browser keeps it from signing in on: nothing is looked up where all come at once, and they
//! see clinics while the database is busy or away.
//!
//! It is from the register, and nobody has chosen to show it: so it is sealed, and nobody is sent
//! to an address that has it, which histories and the logs of proxies would keep.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, time::Duration},
};
use chrono::{DateTime, Utc};

use super::{host_cookie, page::Visit, seal};
use crate::{
    board::snapshot::Snapshot,
    domain::{PersonId, RegionId, keys::SealKey, session::Session},
    flows::personal::Personal,
    http::{
        admission::{self, admit},
        problem::Problem,
    },
};

/// Kept as the session is, and for as long.
const COOKIE: &str = "__Host-home";
/// What is sealed means nothing in another place.
const PURPOSE: &[u8] = b"home";

/// The district where whoever is signed in lives, if that can be told at once: it only saves them
/// choosing it. With what the browser is to keep of it, where it keeps nothing.
pub async fn find(
    visit: &Visit,
    personal: &Personal,
    session: Session,
    snapshot: &Snapshot,
) -> (Option<RegionId>, Option<Cookie<'static>>) {
    let (app, person_id) = (&visit.app, session.person_id);
    let is_known = |region_id: &RegionId| snapshot.catalogue.regions.contains_key(region_id);
    if let Some(region_id) = kept(&visit.request, &app.keys.seal, person_id) {
        return (Some(region_id).filter(is_known), None);
    }
    // While the database is away nobody is looked up.
    if snapshot.cut_off_since.is_some() {
        return (None, None);
    }
    let Ok(_admitted) = admit::<admission::Read>(app) else { return (None, None) };
    let Ok(Some(person)) = personal.person(person_id).await else { return (None, None) };
    let whose = (person_id, person.region_id);
    let keep = keep(&app.keys.seal, whose, (session.expires_at, app.clock.now()));
    (Some(person.region_id).filter(is_known), keep.ok())
}

/// What the browser keeps of this person, and of nobody else who has signed in with it.
fn kept(request: &HttpRequest, key: &SealKey, person_id: PersonId) -> Option<RegionId> {
    opened(request.cookie(COOKIE)?.value(), key, person_id)
}

fn opened(sealed: &str, key: &SealKey, person_id: PersonId) -> Option<RegionId> {
    let text = seal::open(key, PURPOSE, sealed)?;
    let (of, region_id): (PersonId, RegionId) = serde_json::from_slice(&text).ok()?;
    (of == person_id).then_some(region_id)
}

/// Has the browser keep it until the session is over.
///
/// # Errors
/// `internal` when the machine gives no random bytes.
pub fn keep(
    key: &SealKey,
    whose: (PersonId, RegionId),
    (until, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Cookie<'static>, Problem> {
    let text = serde_json::to_vec(&whose).map_err(Problem::internal)?;
    let seconds = (until - now).num_seconds().max(0);
    Ok(host_cookie::lax(COOKIE, seal::close(key, PURPOSE, text)?, Duration::seconds(seconds)))
}

/// Takes the cookie away.
pub fn forget() -> Cookie<'static> {
    host_cookie::lax(COOKIE, String::new(), Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use data_encoding::BASE64URL_NOPAD;

    use super::*;
    use crate::domain::keys::Keys;

    #[test]
    fn where_somebody_lives_is_read_here_alone_and_of_them_alone() {
        let (key, now) = (Keys::new(&[7; 32]).seal, DateTime::UNIX_EPOCH);
        let whose = (PersonId(42), RegionId(18));
        let made = keep(&key, whose, (now + TimeDelta::hours(12), now)).unwrap();
        let sealed = made.value();
        assert_eq!(opened(sealed, &key, PersonId(42)), Some(RegionId(18)), "the control");
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).unwrap();
        assert!(!bytes.windows(7).any(|text| text == b"[42,18]"), "{bytes:?}");
        let again = keep(&key, whose, (now, now)).unwrap();
        assert_ne!(sealed, again.value(), "the same twice is not the same");
        assert_eq!(opened(sealed, &key, PersonId(43)), None, "somebody else");
        assert_eq!(opened(sealed, &Keys::new(&[8; 32]).seal, PersonId(42)), None, "elsewhere");
        for text in ["", "AAAA", "[42,18]", "not base64!"] {
            assert_eq!(opened(text, &key, PersonId(42)), None, "{text}");
        }
        let attributes = "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=43200";
        assert_eq!(made.to_string(), format!("{COOKIE}={sealed}; {attributes}"));
        assert!(forget().to_string().ends_with("Path=/; Max-Age=0"), "{}", forget());
    }
}
