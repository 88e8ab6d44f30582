//! Journeys by the API: the requests, and what their answers say.

use std::{borrow::Cow, io::Write, time::Duration};

use serde::Deserialize;
use uuid::Uuid;

use super::{
    decoded::decoded,
    heard::{self, Heard, News, Shown},
    plan::JourneyPlan,
    visit::{End, Then, Visit},
};
use crate::{
    domain::{ClinicId, Code, PersonId},
    rehearsal::{
        load::Response,
        step::{RequestKind, Stage},
        tally::Reply,
    },
};

/// Clinics in a list.
const CLINICS: u8 = 20;

#[derive(Deserialize)]
struct Verdict {
    eligible: bool,
}

#[derive(Deserialize)]
struct Challenge {
    challenge_id: Uuid,
}

#[derive(Deserialize)]
struct Session<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    person_id: PersonId,
}

#[derive(Deserialize)]
struct Listing<'a> {
    #[serde(borrow)]
    clinics: Vec<Line<'a>>,
    next_after: Option<i32>,
}

#[derive(Deserialize)]
struct Line<'a> {
    clinic_id: i32,
    #[serde(borrow)]
    days: Vec<Day<'a>>,
}

#[derive(Deserialize)]
struct Day<'a> {
    #[serde(borrow)]
    date: Cow<'a, str>,
    bookable: i64,
}

#[derive(Deserialize)]
struct Slots {
    doses_open: Vec<DosesOpen>,
    slots: Vec<Slot>,
}

#[derive(Deserialize)]
struct DosesOpen {
    product_id: i32,
    open: i64,
}

#[derive(Deserialize)]
struct Slot {
    slot_id: i64,
    seats_left: i64,
}

#[derive(Deserialize)]
struct Seen<'a> {
    booking_id: Uuid,
    #[serde(borrow)]
    state: Cow<'a, str>,
}

/// The request that is due. Writing to memory cannot fail.
pub(super) fn write(plan: &JourneyPlan, visit: &Visit, into: &mut Vec<u8>) {
    let campaign = plan.campaign_id;
    let (method, path, body) = match visit.step {
        RequestKind::Landing => ("GET", format!("/v1/campaigns/{campaign}/supply"), None),
        RequestKind::Question => ("POST", "/v1/eligibility".to_owned(), question(plan, visit)),
        RequestKind::Code => ("POST", "/v1/auth/codes".to_owned(), claim(plan, visit)),
        RequestKind::WrongCode | RequestKind::Session | RequestKind::UsedCode => {
            let challenge = visit.challenge.unwrap_or_default();
            let code = visit.typed_code();
            let body = format!(r#"{{"challenge_id":"{challenge}","code":"{code}"}}"#);
            ("POST", "/v1/auth/sessions".to_owned(), Some(body))
        }
        RequestKind::Districts => ("GET", "/v1/regions".to_owned(), None),
        RequestKind::Clinics => {
            let path = format!("/v1/campaigns/{campaign}/clinics?limit={CLINICS}{}", visit.path);
            ("GET", path, None)
        }
        RequestKind::Slots => {
            let (clinic, date) = (visit.clinic_id, &visit.path);
            let path = format!("/v1/clinics/{clinic}/slots?campaign_id={campaign}&date={date}");
            ("GET", path, None)
        }
        RequestKind::Check => ("GET", "/v1/me".to_owned(), None),
        RequestKind::Book => {
            let (slot, product) = (visit.slot_id, visit.product_id);
            let body =
                format!(r#"{{"campaign_id":{campaign},"slot_id":{slot},"product_id":{product}}}"#);
            ("PUT", booking(visit), Some(body))
        }
        RequestKind::Cancel => ("DELETE", booking(visit), None),
        _ => ("GET", booking(visit), None),
    };
    let (host, from) = (&plan.host, plan.address(visit.citizen));
    let language = plan.language(visit.citizen).tag();
    let _ = write!(
        into,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {from}\r\n\
         Accept-Encoding: gzip\r\nAccept-Language: {language}\r\n",
    );
    if !visit.token.is_empty() && visit.step != RequestKind::UsedCode {
        let _ = write!(into, "Authorization: Bearer {}\r\n", visit.token);
    }
    if let Some(body) = &body {
        let length = body.len();
        let _ = write!(into, "Content-Type: application/json\r\nContent-Length: {length}\r\n");
    }
    let _ = write!(into, "\r\n{}", body.unwrap_or_default());
}

fn booking(visit: &Visit) -> String {
    format!("/v1/bookings/{}", visit.booking_id.unwrap_or_default())
}

fn question(plan: &JourneyPlan, visit: &Visit) -> Option<String> {
    let comer = plan.people.get(visit.citizen)?;
    Some(format!(
        r#"{{"campaign_id":{},"birth_date":"{}","region_id":{}}}"#,
        plan.campaign_id, comer.birth_date, comer.region_id,
    ))
}

/// Who is in no register has somebody's name with another syllable.
fn claim(plan: &JourneyPlan, visit: &Visit) -> Option<String> {
    let comer = plan.people.get(visit.citizen)?;
    let other = if plan.is_stranger(visit.citizen) { "현" } else { "" };
    let name = serde_json::to_string(&format!("{}{other}", comer.name)).ok()?;
    Some(format!(
        r#"{{"name":{name},"birth_date":"{}","phone":"{}"}}"#,
        comer.birth_date, comer.phone,
    ))
}

/// What an answer means.
pub(super) fn read(
    plan: &JourneyPlan,
    visit: &mut Visit,
    (response, reply): (Response<'_>, Reply),
    now: Duration,
) -> Heard {
    let Reply::Refused(code) = reply else {
        // Decoding costs the generator more than all else that it does.
        let is_read = matches!(
            visit.step,
            RequestKind::Question
                | RequestKind::Code
                | RequestKind::Session
                | RequestKind::Clinics
                | RequestKind::Slots
                | RequestKind::Booking
                | RequestKind::Cancelled
        );
        let body = if is_read { decoded(&response) } else { Cow::Borrowed(&[][..]) };
        // An answer that cannot be read is none that anybody can go on with.
        return done(plan, visit, &body, now).unwrap_or_else(|| Heard::end(End::Refused));
    };
    match visit.step {
        RequestKind::WrongCode if code == Code::WrongCredentials => {
            Then::Go(RequestKind::Session).into()
        }
        RequestKind::Session if code == Code::WrongCredentials => heard::wrong_code(visit),
        RequestKind::UsedCode => Then::Go(RequestKind::Districts).into(),
        RequestKind::Book => match heard::not_booked(code) {
            None => look_again(plan, visit),
            Some(heard) => heard,
        },
        RequestKind::Booking | RequestKind::Cancelled => {
            Heard::news(Then::End(End::Refused), News::NotShown)
        }
        _ => Heard::end(End::Refused),
    }
}

fn done(plan: &JourneyPlan, visit: &mut Visit, body: &[u8], now: Duration) -> Option<Heard> {
    let heard = match visit.step {
        RequestKind::Landing if plan.asks(visit.citizen) => Then::Go(RequestKind::Question).into(),
        RequestKind::Landing => heard::onwards(plan, visit, RequestKind::Code).into(),
        RequestKind::Question => match serde_json::from_slice::<Verdict>(body).ok()?.eligible {
            true => {
                let then = heard::onwards(plan, visit, RequestKind::Code);
                Heard::news(then, News::Stage(Stage::Asked))
            }
            false => heard::not_eligible(plan, now),
        },
        RequestKind::Code => {
            let challenge: Challenge = serde_json::from_slice(body).ok()?;
            visit.challenge = Some(challenge.challenge_id);
            Heard::news(Then::Sms, News::Stage(Stage::CodeSent))
        }
        RequestKind::WrongCode => Heard::news(Then::End(End::Refused), News::SignedInWrongly),
        RequestKind::Session => {
            let session: Session<'_> = serde_json::from_slice(body).ok()?;
            visit.token = session.token.into();
            let next = heard::signed_in(plan, visit, Then::Go(RequestKind::Districts));
            Heard::news(next, News::SignedIn(session.person_id))
        }
        RequestKind::UsedCode => Heard::news(Then::Go(RequestKind::Districts), News::SignedInTwice),
        RequestKind::Districts => {
            let region = plan.district(visit.citizen)?;
            visit.path = format!("&region={region}").into();
            Then::Go(RequestKind::Clinics).into()
        }
        RequestKind::Clinics => choose_day(plan, visit, &serde_json::from_slice(body).ok()?),
        RequestKind::Slots => choose_slot(plan, visit, &serde_json::from_slice(body).ok()?),
        RequestKind::Check => Then::Turn(RequestKind::Book).into(),
        RequestKind::Book => Heard::news(Then::Go(RequestKind::Booking), News::Booked),
        RequestKind::Booking | RequestKind::Cancelled => {
            heard::looked_at(plan, visit, shown(visit, body))
        }
        RequestKind::Cancel => Heard::news(Then::Go(RequestKind::Cancelled), News::Cancelled),
        _ => return None,
    };
    Some(heard)
}

/// What the answer says of the booking that the visit has in hand.
fn shown(visit: &Visit, body: &[u8]) -> Shown {
    match serde_json::from_slice::<Seen<'_>>(body) {
        Ok(seen) if Some(seen.booking_id) != visit.booking_id => Shown::Nothing,
        Ok(seen) if seen.state == "booked" => Shown::Live,
        Ok(seen) if seen.state == "cancelled" => Shown::Cancelled,
        _ => Shown::Nothing,
    }
}

/// A clinic and a day with something to book; else the next of the list, and after the last of the
/// district those of the country.
fn choose_day(plan: &JourneyPlan, visit: &mut Visit, listing: &Listing<'_>) -> Heard {
    let is_wanted =
        |line: &&Line<'_>| plan.wish.is_none_or(|wish| wish.clinic_id == ClinicId(line.clinic_id));
    let days = listing.clinics.iter().filter(is_wanted).flat_map(|line| {
        let open = line.days.iter().filter(|day| day.bookable > 0);
        open.map(|day| (line.clinic_id, &day.date))
    });
    if let Some((clinic_id, date)) = visit.choose(days) {
        visit.clinic_id = clinic_id;
        visit.path = date.as_ref().into();
        return Then::Go(RequestKind::Slots).into();
    }
    if plan.wish.is_some() {
        let is_found = listing.clinics.iter().any(|line| is_wanted(&line));
        return read_on(plan, visit, listing.next_after.filter(|_| !is_found));
    }
    let region = plan.district(visit.citizen);
    let is_home = visit.path.starts_with("&region");
    let last = listing.clinics.last().map(|line| line.clinic_id);
    visit.path = match (listing.next_after, region.filter(|_| is_home)) {
        (Some(after), Some(region)) => format!("&region={region}&after={after}").into(),
        (Some(after), None) => format!("&after={after}").into(),
        (None, _) => last.map_or_else(String::new, |last| format!("&after={last}")).into(),
    };
    Then::Look(RequestKind::Clinics).into()
}

/// In the list of the district up to the only clinic that will do; from its beginning once there is
/// no more.
fn read_on(plan: &JourneyPlan, visit: &mut Visit, after: Option<i32>) -> Heard {
    let (Some(region), Some(after)) = (plan.district(visit.citizen), after) else {
        return look_again(plan, visit);
    };
    visit.path = format!("&region={region}&after={after}").into();
    Then::Go(RequestKind::Clinics).into()
}

fn choose_slot(plan: &JourneyPlan, visit: &mut Visit, day: &Slots) -> Heard {
    let product = day.doses_open.iter().filter(|doses| doses.open > 0).max_by_key(|d| d.open);
    let free = day.slots.iter().filter(|slot| slot.seats_left > 0).map(|slot| slot.slot_id);
    let slot_id = visit.choose(free);
    let (Some(product), Some(slot_id)) = (product, slot_id) else {
        return look_again(plan, visit);
    };
    visit.slot_id = slot_id;
    visit.product_id = product.product_id;
    visit.booking_id = Some(new_id(plan, visit));
    Heard::news(Then::Go(RequestKind::Check), News::Stage(Stage::TimeChosen))
}

/// At the district's list again.
fn look_again(plan: &JourneyPlan, visit: &mut Visit) -> Heard {
    let region = plan.district(visit.citizen);
    visit.path = region.map_or_else(String::new, |region| format!("&region={region}")).into();
    Then::Look(RequestKind::Clinics).into()
}

/// A booking id as clients make it: the time and what is random.
fn new_id(plan: &JourneyPlan, visit: &mut Visit) -> Uuid {
    let bytes = [visit.random.next_u64(), visit.random.next_u64()].map(u64::to_be_bytes);
    let mut of_id = [0; 10];
    of_id.iter_mut().zip(bytes.into_iter().flatten()).for_each(|(to, from)| *to = from);
    uuid::Builder::from_unix_timestamp_millis(plan.started_unix_millis, &of_id).into_uuid()
}
