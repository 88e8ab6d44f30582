//! Journeys by the pages: what they say, and where people go on from them.

use std::{borrow::Cow, time::Duration};

use uuid::Uuid;

use super::{
    browser::{CITIZEN, HOME, SENT, clinics},
    decoded::decoded,
    heard::{self, Heard, News, Shown},
    html::{address, field, form, links, selected},
    plan::JourneyPlan,
    visit::{End, Then, Visit},
};
use crate::{
    domain::{Code, RegionId, session},
    rehearsal::{
        load::Response,
        step::{RequestKind, Stage},
        tally::Reply,
    },
};

const BOOKINGS: &str = "/bookings/";
/// How links to a time begin, and to a clinic's day, in their campaign.
const TIME: &str = "check?slot=";
const CLINIC: &str = "clinics/";
/// How the district is called in the form of the list, and in its address.
const REGION: &str = "region";
/// What the page of a booking says of one that its person has cancelled, in both languages
/// (`words::standing`).
const CANCELLED: [&str; 2] = ["You cancelled this booking on ", "에 이 예약을 취소하셨습니다."];

/// What a page's status says: pages have sentences for people, and no codes.
pub(super) fn reply(step: RequestKind, response: Option<Response<'_>>) -> Reply {
    let Some(response) = response else { return Reply::Missing };
    let is_code =
        matches!(step, RequestKind::WrongCode | RequestKind::Session | RequestKind::UsedCode);
    let is_booking = matches!(step, RequestKind::Check | RequestKind::Book);
    // It has begun, or there is nothing left of it: only the clinic can cancel it.
    let is_cancel = step == RequestKind::Cancel;
    // Elsewhere no seat and no dose is asked for that could be gone.
    let is_place = is_booking || matches!(step, RequestKind::Clinics | RequestKind::Slots);
    match response.status {
        200..=299 | 303 | 304 => Reply::Done,
        422 if is_code => Reply::Refused(Code::WrongCredentials),
        403 if is_booking => Reply::Refused(Code::NotEligible),
        403 => Reply::Refused(Code::Forbidden),
        404 => Reply::Refused(Code::NotFound),
        409 if is_place => Reply::Gone,
        409 if is_cancel => Reply::Refused(Code::BookingEnded),
        429 => Reply::Refused(Code::TooManyRequests),
        500 => Reply::Refused(Code::Internal),
        503 if response.retry_after.is_some() => Reply::Refused(Code::Overloaded),
        503 => Reply::Refused(Code::Unavailable),
        status => Reply::Unexpected(status),
    }
}

/// What an answer means.
pub(super) fn read(
    plan: &JourneyPlan,
    visit: &mut Visit,
    (response, reply): (Response<'_>, Reply),
    now: Duration,
) -> Heard {
    let body = if is_read(visit.step, reply) { decoded(&response) } else { Cow::Borrowed(&[][..]) };
    // A page that cannot be read is none that anybody can go on from.
    let html = std::str::from_utf8(&body).unwrap_or_default();
    match (reply, visit.step) {
        (Reply::Done, _) => {
            let to = response.headers("location").next().map(local);
            let page = Page { response: &response, html, to };
            page.done(plan, visit, now).unwrap_or_else(|| Heard::end(End::Refused))
        }
        (Reply::Gone, _) => elsewhere(plan, visit, html),
        (Reply::Refused(Code::NotFound), RequestKind::Slots | RequestKind::Check) => {
            elsewhere(plan, visit, html)
        }
        (Reply::Refused(Code::WrongCredentials), RequestKind::WrongCode) => {
            keep_code_form(visit, html);
            Then::Go(RequestKind::Session).into()
        }
        (Reply::Refused(Code::WrongCredentials), RequestKind::Session) => heard::wrong_code(visit),
        (Reply::Refused(_), RequestKind::UsedCode) => Then::Follow(RequestKind::SignedIn).into(),
        (Reply::Refused(Code::NotEligible), _) => Heard::end(End::NotEligible),
        (_, RequestKind::Booking | RequestKind::Cancelled) => {
            Heard::news(Then::End(End::Refused), News::NotShown)
        }
        _ => Heard::end(End::Refused),
    }
}

/// Whether somebody looks for something on the page: decoding costs the generator more than all
/// else that it does.
fn is_read(step: RequestKind, reply: Reply) -> bool {
    match reply {
        Reply::Done => matches!(
            step,
            RequestKind::Question
                | RequestKind::CodePage
                | RequestKind::Clinics
                | RequestKind::Slots
                | RequestKind::Check
                | RequestKind::Booking
                | RequestKind::CancelPage
                | RequestKind::Cancelled
        ),
        _ => step != RequestKind::Session,
    }
}

/// Path and query of an address of ours.
fn local(location: &str) -> &str {
    let after_scheme = location.split_once("://").map_or(location, |(_, rest)| rest);
    match after_scheme.find('/') {
        Some(at) if location.contains("://") => after_scheme.get(at..).unwrap_or_default(),
        _ => location,
    }
}

struct Page<'a> {
    response: &'a Response<'a>,
    html: &'a str,
    /// Where it redirects to.
    to: Option<&'a str>,
}

impl Page<'_> {
    /// None where it is not what somebody on this way would see.
    fn done(&self, plan: &JourneyPlan, visit: &mut Visit, now: Duration) -> Option<Heard> {
        let heard = match visit.step {
            RequestKind::Landing => Then::Follow(RequestKind::Asset).into(),
            RequestKind::Asset if plan.asks(visit.citizen) => {
                Then::Go(RequestKind::QuestionForm).into()
            }
            RequestKind::Asset => heard::onwards(plan, visit, RequestKind::SignIn).into(),
            RequestKind::QuestionForm => Then::Go(RequestKind::Question).into(),
            RequestKind::Question => self.answered(plan, visit, now),
            RequestKind::SignIn => Then::Go(RequestKind::Code).into(),
            RequestKind::Code => {
                visit.path = self.to?.into();
                visit.cookie = self.cookie(SENT)?.into();
                Heard::news(Then::Follow(RequestKind::CodePage), News::Stage(Stage::CodeSent))
            }
            RequestKind::CodePage => {
                keep_code_form(visit, self.html);
                Then::Sms.into()
            }
            RequestKind::WrongCode => Heard::news(Then::End(End::Refused), News::SignedInWrongly),
            RequestKind::Session => self.signed_in(plan, visit)?,
            RequestKind::UsedCode => self.signed_in_again(visit),
            RequestKind::SignedIn => {
                visit.path = self.to?.into();
                Then::Follow(RequestKind::Clinics).into()
            }
            RequestKind::Clinics => self.choose_day(plan, visit),
            RequestKind::Slots => self.choose_slot(plan, visit),
            RequestKind::Check => self.checked(visit),
            RequestKind::Book => self.booked(visit)?,
            RequestKind::Booking | RequestKind::Cancelled => self.looked_at(plan, visit),
            RequestKind::CancelPage => {
                visit.path = address(form(self.html, &visit.path)?).into();
                Then::Go(RequestKind::Cancel).into()
            }
            RequestKind::Cancel => {
                visit.path = self.to.filter(|to| is_of(visit, to))?.into();
                Heard::news(Then::Follow(RequestKind::Cancelled), News::Cancelled)
            }
            _ => return None,
        };
        Some(heard)
    }

    /// A yes shows the way to sign in.
    fn answered(&self, plan: &JourneyPlan, visit: &mut Visit, now: Duration) -> Heard {
        let sign_in = format!("/{}/sign-in?", plan.language(visit.citizen));
        let Some(sign_in) = links(self.html, &sign_in).next() else {
            return heard::not_eligible(plan, now);
        };
        visit.path = address(sign_in).into();
        let then = heard::onwards(plan, visit, RequestKind::SignIn);
        Heard::news(then, News::Stage(Stage::Asked))
    }

    fn signed_in(&self, plan: &JourneyPlan, visit: &mut Visit) -> Option<Heard> {
        let token = self.cookie(CITIZEN)?;
        let person_id = session::claimed_person(token)?;
        visit.path = self.to?.into();
        visit.token = token.into();
        visit.home = self.cookie(HOME).unwrap_or_default().into();
        visit.cookie = "".into();
        let next = heard::signed_in(plan, visit, Then::Follow(RequestKind::SignedIn));
        Some(Heard::news(next, News::SignedIn(person_id)))
    }

    /// A form that is sent once more within seconds is the same session, as if an answer had been
    /// lost: another one would be a second session by one code.
    fn signed_in_again(&self, visit: &Visit) -> Heard {
        let then = Then::Follow(RequestKind::SignedIn);
        match self.cookie(CITIZEN) == Some(&*visit.token) {
            true => then.into(),
            false => Heard::news(then, News::SignedInTwice),
        }
    }

    /// A list, or the page that asks in which district to look: that is no list without clinics.
    fn choose_day(&self, plan: &JourneyPlan, visit: &mut Visit) -> Heard {
        if let Some(home) = self.cookie(HOME) {
            visit.home = home.into();
        }
        if let Some(to) = self.to.filter(|to| **to != *visit.path) {
            visit.path = to.into();
            return Then::Follow(RequestKind::Clinics).into();
        }
        if self.choose(plan, visit, CLINIC) {
            return Then::Go(RequestKind::Slots).into();
        }
        let Some(wish) = plan.wish else {
            let is_asked = selected(self.html, REGION).is_none() && !visit.path.contains(REGION);
            let own = plan.district(visit.citizen).filter(|_| is_asked);
            return match own {
                Some(own) => {
                    look_in(plan, visit, Some(own));
                    Then::Go(RequestKind::Clinics).into()
                }
                None => other_district(plan, visit),
            };
        };
        // Whoever wants this one clinic has its address.
        let language = plan.language(visit.citizen);
        visit.path = format!("/{language}{}/{}", clinics(plan), wish.clinic_id).into();
        Then::Go(RequestKind::Slots).into()
    }

    fn choose_slot(&self, plan: &JourneyPlan, visit: &mut Visit) -> Heard {
        match self.choose(plan, visit, TIME) {
            true => Heard::news(Then::Go(RequestKind::Check), News::Stage(Stage::TimeChosen)),
            false => elsewhere(plan, visit, self.html),
        }
    }

    /// Any of the links of the campaign that go on like this.
    fn choose(&self, plan: &JourneyPlan, visit: &mut Visit, path: &str) -> bool {
        choose(plan, visit, self.html, path)
    }

    /// The page has the form only while the campaign can be booked.
    fn checked(&self, visit: &mut Visit) -> Heard {
        if self.to.is_some_and(|to| to.contains(BOOKINGS)) {
            return Heard::end(End::BookedBefore);
        }
        let id = field(self.html, "booking_id");
        let Some(booking_id) = id.and_then(|id| id.parse::<Uuid>().ok()) else {
            return Then::Opening(RequestKind::Check).into();
        };
        visit.booking_id = Some(booking_id);
        visit.form = format!("booking_id={booking_id}").into();
        visit.slot_id = number_after(&visit.path, "slot=").unwrap_or(0);
        Then::Turn(RequestKind::Book).into()
    }

    fn booked(&self, visit: &mut Visit) -> Option<Heard> {
        let to = self.to.filter(|to| to.contains(BOOKINGS))?;
        if !is_of(visit, to) {
            return Some(Heard::end(End::BookedBefore));
        }
        visit.path = to.into();
        Some(Heard::news(Then::Follow(RequestKind::Booking), News::Booked))
    }

    /// The page of the booking: what is live can be cancelled there.
    fn looked_at(&self, plan: &JourneyPlan, visit: &mut Visit) -> Heard {
        let begin = format!("{}/cancel", visit.path);
        let cancel = links(self.html, &begin).next().filter(|_| self.to.is_none());
        let is_cancelled = CANCELLED.iter().any(|words| self.html.contains(words));
        let shown = match (cancel, is_cancelled) {
            (Some(_), false) => Shown::Live,
            (None, true) => Shown::Cancelled,
            _ => Shown::Nothing,
        };
        let heard = heard::looked_at(plan, visit, shown);
        if let (Then::Cancel(_), Some(href)) = (&heard.then, cancel) {
            visit.path = address(href).into();
        }
        heard
    }

    /// The value that the browser is to keep.
    fn cookie(&self, name: &str) -> Option<&str> {
        let mut set = self.response.headers("set-cookie");
        let value = set.find_map(|set| set.strip_prefix(name)?.strip_prefix('='))?;
        let value = value.split(';').next()?;
        Some(value).filter(|value| !value.is_empty())
    }
}

/// Whether this is the address of the booking that the visit has in hand.
fn is_of(visit: &Visit, to: &str) -> bool {
    let id = to.split_once(BOOKINGS).and_then(|(_, id)| id.parse::<Uuid>().ok());
    id.is_some() && id == visit.booking_id
}

fn choose(plan: &JourneyPlan, visit: &mut Visit, html: &str, path: &str) -> bool {
    let language = plan.language(visit.citizen);
    let wish = plan.wish.filter(|_| path == CLINIC);
    let wish = wish.map_or_else(String::new, |wish| format!("{}?", wish.clinic_id));
    let begin = format!("/{language}/campaigns/{}/{path}{wish}", plan.campaign_id);
    let chosen = visit.choose(links(html, &begin));
    if let Some(href) = chosen {
        visit.path = address(href).into();
    }
    chosen.is_some()
}

/// Where a page that has nothing sends people: another time, another day or clinic, or the list.
fn elsewhere(plan: &JourneyPlan, visit: &mut Visit, html: &str) -> Heard {
    if choose(plan, visit, html, TIME) {
        return Then::Look(RequestKind::Check).into();
    }
    if choose(plan, visit, html, CLINIC) {
        return Then::Look(RequestKind::Slots).into();
    }
    visit.path = format!("/{}{}", plan.language(visit.citizen), clinics(plan)).into();
    Then::Look(RequestKind::Clinics).into()
}

/// Where neither the district nor its neighbours have anything, people look where others live.
fn other_district(plan: &JourneyPlan, visit: &mut Visit) -> Heard {
    let other = visit.random.below(plan.curve.citizens());
    look_in(plan, visit, plan.people.get(other).map(|comer| comer.region_id));
    Then::Look(RequestKind::Clinics).into()
}

/// The list that the form leads to with this district chosen.
fn look_in(plan: &JourneyPlan, visit: &mut Visit, region: Option<RegionId>) {
    let query = region.map_or_else(String::new, |region| format!("?{REGION}={region}&date="));
    visit.path = format!("/{}{}{query}", plan.language(visit.citizen), clinics(plan)).into();
}

/// What the page for the code carries unseen.
fn keep_code_form(visit: &mut Visit, html: &str) {
    let value = |name| field(html, name).unwrap_or_default();
    visit.form = format!("challenge={}&sent={}", value("challenge"), value("sent")).into();
}

fn number_after(path: &str, mark: &str) -> Option<i64> {
    let (_, after) = path.split_once(mark)?;
    after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            PersonId,
            booking_standing::{Next, Standing},
            language::Language,
        },
        words,
    };

    #[test]
    fn a_location_is_read_with_and_without_its_host() {
        assert_eq!(local("/ko/me?a=1"), "/ko/me?a=1");
        assert_eq!(local("http://127.0.0.1:8080/ko/me"), "/ko/me");
        assert_eq!(number_after("/ko/campaigns/1/check?slot=201&product=2", "slot="), Some(201));
    }

    #[test]
    fn the_status_of_a_page_is_what_it_says() {
        let of = |step, status, retry_after| {
            reply(step, Some(Response { status, retry_after, head: b"", body: b"" }))
        };
        assert_eq!(of(RequestKind::Book, 303, None), Reply::Done);
        assert_eq!(of(RequestKind::Book, 409, None), Reply::Gone);
        for step in [RequestKind::Code, RequestKind::Session, RequestKind::WrongCode] {
            assert_eq!(of(step, 409, None), Reply::Unexpected(409), "no seat and no dose");
        }
        let wrong = Reply::Refused(Code::WrongCredentials);
        assert_eq!(of(RequestKind::Session, 422, None), wrong);
        assert_eq!(of(RequestKind::Code, 422, None), Reply::Unexpected(422));
        assert_eq!(of(RequestKind::Slots, 503, Some(2)), Reply::Refused(Code::Overloaded));
        assert_eq!(of(RequestKind::Cancel, 409, None), Reply::Refused(Code::BookingEnded));
        assert_eq!(of(RequestKind::Cancel, 503, None), Reply::Refused(Code::Unavailable));
        assert_eq!(reply(RequestKind::Book, None), Reply::Missing);
    }

    #[test]
    fn a_booking_that_was_cancelled_is_known_by_its_words() {
        let zone = chrono_tz::Asia::Seoul;
        let at = chrono::DateTime::UNIX_EPOCH;
        let said = |standing: &Standing, language| words::standing(language, standing, Next::Come);
        for (words, language) in CANCELLED.into_iter().zip([Language::English, Language::Korean]) {
            let cancelled = Standing::Cancelled { cancelled_at: at, zone };
            assert!(said(&cancelled, language).contains(words), "{words}");
            let ahead = Standing::Ahead { starts_at: at, zone };
            assert!(!said(&ahead, language).contains(words), "{words}");
        }
    }

    #[test]
    fn the_person_of_a_session_is_the_one_that_it_was_made_for() {
        let keys = crate::domain::keys::Keys::new(&[7; 32]);
        let token = session::citizen_token(&keys, PersonId(42), chrono::DateTime::UNIX_EPOCH);
        assert_eq!(session::claimed_person(&token), Some(PersonId(42)));
        assert_eq!(session::claimed_person("c1.x"), None);
    }
}
