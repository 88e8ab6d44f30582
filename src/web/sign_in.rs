//! "Who are you?", by name and phone or by the number of a booking: whoever it is gets a code on
//! their phone, and nobody learns from the answer who is in the register or has booked.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Data,
};
use askama::Template;
use chrono::{Datelike, NaiveDate};

use super::{
    birth_field::birth_field,
    cut_off,
    form::{FieldError, Form, NAME, NUMBER, PHONE, Reader},
    guard::{self, Keeping, SignedIn},
    next::Next,
    page::{Frame, Visit},
    part::{DateField, Input, TextField},
    sent::{Sent, Way},
    sign_in_code::{self, Said},
    text::Texts,
};
use crate::{
    api::sign_in_code::{send_booking_code, send_code},
    config::Site,
    domain::{
        Code, Detail, birth_date::BirthDate, booking_number::BookingNumber, code_cap::Caller,
        keys::MatchKey, person_key::Sought, phone, sign_in_code::Challenge,
    },
    flows::{self, booking_number::NumberClaim, sign_in::SignInReplies},
    http::{
        admission::{self, admit},
        answer_cache::Whom,
        caller::CalledFrom,
        problem::Problem,
        state::App,
    },
    words,
};

/// In the query where somebody comes back to mend what they typed.
const CHANGE: &str = "change";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    title: &'static str,
    why: &'static str,
    /// Where the form goes.
    to: String,
    errors: Vec<FieldError>,
    /// What stands in the way, sentence by sentence.
    warnings: Vec<String>,
    /// The name, or the number of a booking.
    first: TextField,
    birth: DateField,
    phone: Option<TextField>,
    next: &'a str,
    /// In so many seconds the script presses again by itself.
    seconds: Option<u64>,
    /// The other way to be found: where, and what the link to it says.
    other: (String, &'static str),
}

/// The fields of a way, as they were typed.
fn page<'a>(t: Texts, site: &'a Site, here: &'a str, at: (Way, &Form, &'a Next)) -> Page<'a> {
    let (way, typed, next) = at;
    let field = |id, label: &'static str, hint: &'static str, input| {
        TextField::new(id, label, input, typed.text(id)).hint(hint)
    };
    let frame = Frame::new(t, site, here);
    let (name, phone) = (
        || field(NAME, t.name_label(), t.name_hint(), Input::Name),
        || field(PHONE, t.phone_label(), t.phone_hint(), Input::Phone),
    );
    let number = || field(NUMBER, t.booking_number(), t.number_hint(), Input::Number);
    let (title, why, first, phone, other) = match way {
        Way::Person => {
            let other = (Way::Booking, t.number_known());
            (t.sign_in_title(), t.sign_in_why(), name(), Some(phone()), other)
        }
        Way::Booking => {
            let other = (Way::Person, t.number_not_known());
            (t.number_title(), t.number_why(), number(), None, other)
        }
    };
    Page {
        t,
        frame,
        title,
        why,
        to: frame.to(way.path()),
        errors: Vec::new(),
        warnings: Vec::new(),
        first,
        birth: birth_field(t, typed),
        phone,
        next: next.asked_for().unwrap_or_default(),
        seconds: None,
        other: (frame.to(&next.with_next(other.0.path())), other.1),
    }
}

/// Asks who somebody is; who has signed in already goes on.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_sign_in(
    visit: Visit,
    signed_in: Option<SignedIn>,
) -> Result<HttpResponse, Problem> {
    let next = Next::of_query(visit.request.query_string());
    if signed_in.is_some() {
        return Ok(visit.see_other(next.as_str()));
    }
    ask(&visit, Way::Person, &next)
}

/// Asks for the number of a booking, also who has signed in: it may be another person's.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_by_number(visit: Visit) -> Result<HttpResponse, Problem> {
    ask(&visit, Way::Booking, &Next::of_query(visit.request.query_string()))
}

fn ask(visit: &Visit, way: Way, next: &Next) -> Result<HttpResponse, Problem> {
    let (t, app, here) = (visit.t, &visit.app, next.with_next(way.path()));
    let query = visit.request.query_string();
    let is_change = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == CHANGE);
    let sent = Sent::of_cookie(&visit.request, &app.keys.seal, app.clock.now());
    let typed = sent.filter(|sent| is_change && sent.way == way).map(|sent| sent.typed);
    let is_kept = guard::keeping(visit.request.headers(), &app.site) == Keeping::Likely;
    // Then nothing on the page is about whoever asks.
    let is_for_all = is_kept && typed.is_none() && next.is_common();
    if is_for_all && let Some(kept) = visit.kept(&here) {
        return Ok(kept);
    }
    let snapshot = app.board.now();
    let mut page = page(t, &app.site, &here, (way, &typed.unwrap_or_default(), next));
    if !is_kept {
        page.warnings.push(t.not_kept_doubtful().to_owned());
        page.warnings.push(other_address(t, &app.site));
    }
    page.warnings.extend(cut_off::sentence(t, &app.site, &snapshot));
    // What is said above it must not be passed over.
    page.first.is_focused = page.warnings.is_empty();
    match is_for_all {
        // Who has typed something before, or has signed in, is answered otherwise.
        true => visit.show_to_all_at(&here, &page, (&snapshot, Whom::Strangers), None),
        false => visit.show(&page),
    }
}

fn other_address(t: Texts, site: &Site) -> String {
    match &site.public_url {
        Some(url) if site.is_behind_tls() => t.not_kept_go(url.as_str()),
        _ => t.not_kept_https().to_owned(),
    }
}

/// Sends a code, and leads to the page that asks for it. The answer and the way to it are the same
/// for a person who is not in the register.
///
/// # Errors
/// `forbidden` for a form of another site; what fails is logged, and said on the page.
pub async fn post_sign_in(
    visit: Visit,
    caller: CalledFrom,
    replies: Data<SignInReplies>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    post((&visit, &replies), Way::Person, caller, &form).await
}

/// The same by the number of a booking, whether there is one or not.
///
/// # Errors
/// As `post_sign_in`.
pub async fn post_by_number(
    visit: Visit,
    caller: CalledFrom,
    replies: Data<SignInReplies>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    post((&visit, &replies), Way::Booking, caller, &form).await
}

async fn post(
    (visit, replies): (&Visit, &SignInReplies),
    way: Way,
    CalledFrom(caller): CalledFrom,
    form: &Form,
) -> Result<HttpResponse, Problem> {
    let (t, app, site) = (visit.t, &visit.app, &visit.app.site);
    // From the page for the code it comes as it was sent.
    let earlier = Sent::of_form(form, &app.keys.seal, app.clock.now());
    if let (Some(sent), true) = (&earlier, form.has(CHANGE)) {
        return change(visit, way, sent);
    }
    let typed = earlier.as_ref().map_or(form, |sent| &sent.typed);
    let next = earlier.as_ref().map(|sent| sent.next.clone());
    let next = next.or_else(|| Next::parse(form.text("next"))).unwrap_or_default();
    let here = next.with_next(way.path());
    let mut page = page(t, site, &here, (way, typed, &next));
    if guard::keeping(visit.request.headers(), site) == Keeping::Impossible {
        page.warnings = vec![t.not_kept().to_owned(), other_address(t, site)];
        return visit.show_as(StatusCode::FORBIDDEN, &page);
    }
    let mut reader = Reader::new(typed, t);
    let by = (way, &app.keys.matching, app.today());
    let Some(claim) = Claim::read(&mut reader, by) else {
        page.errors = reader.errors;
        return visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    match claim.send((app, replies), &caller).await {
        Ok(Challenge { challenge_id, .. }) => {
            let sent = Sent { challenge_id, next, way, typed: claim.typed() };
            sign_in_code::ask(visit, &sent)
        }
        Err(problem) => refused(visit, earlier, page, &problem),
    }
}

/// Back to what was typed, to mend it.
fn change(visit: &Visit, way: Way, sent: &Sent) -> Result<HttpResponse, Problem> {
    let path = sent.next.with_next(way.path());
    let mark = if path.contains('?') { '&' } else { '?' };
    sign_in_code::go(visit, sent, &format!("{path}{mark}{CHANGE}=1"))
}

/// Who somebody says they are, or whose booking they say it is.
enum Claim {
    Person { sought: Sought, name: String, birth_date: BirthDate, phone: String },
    Booking { number: BookingNumber, birth_date: BirthDate },
}

impl Claim {
    /// None where a field must be mended; the reader has all such.
    fn read(
        reader: &mut Reader<'_>,
        (way, key, today): (Way, &MatchKey, NaiveDate),
    ) -> Option<Self> {
        match way {
            Way::Person => {
                let read = (reader.name(), reader.birth_date(today), reader.phone());
                let (Some(name), Some(birth_date), Some(phone)) = read else { return None };
                let typed = |field| reader.form.text(field);
                let sought = Sought::typed(key, typed(NAME), birth_date, typed(PHONE));
                Some(Self::Person { sought, name, birth_date, phone })
            }
            Way::Booking => {
                let read = (reader.number(), reader.birth_date(today));
                let (Some(number), Some(birth_date)) = read else { return None };
                Some(Self::Booking { number, birth_date })
            }
        }
    }

    async fn send(
        &self,
        (app, replies): (&App, &SignInReplies),
        caller: &Caller,
    ) -> Result<Challenge, Problem> {
        match self {
            Self::Person { sought, phone, .. } => {
                let _admitted = admit::<admission::AskCode>(app)?;
                let claim = flows::sign_in_code::Claim { sought, phone, caller };
                send_code((app, replies), claim).await
            }
            Self::Booking { number, birth_date } => {
                let admitted = admit::<admission::LookUp>(app)?;
                let claim = NumberClaim { number: *number, birth_date: *birth_date, caller };
                send_booking_code((app, replies), (claim, admitted)).await
            }
        }
    }

    /// The fields of the form that say it.
    fn typed(&self) -> Form {
        let (first, birth_date, phone) = match self {
            Self::Person { name, birth_date, phone, .. } => {
                ((NAME, name.clone()), birth_date, Some((PHONE, phone::written(phone))))
            }
            Self::Booking { number, birth_date } => {
                ((NUMBER, number.to_string()), birth_date, None)
            }
        };
        let date = birth_date.date();
        let parts = [
            ("birth-year", date.year().to_string()),
            ("birth-month", date.month().to_string()),
            ("birth-day", date.day().to_string()),
        ];
        Form::of([first].into_iter().chain(parts).chain(phone))
    }
}

/// What stood in the way, on the page that keeps what was typed. Where an earlier code can still be
/// used, that is the page where it is written.
fn refused(
    visit: &Visit,
    earlier: Option<Sent>,
    mut page: Page<'_>,
    problem: &Problem,
) -> Result<HttpResponse, Problem> {
    problem.log(None);
    let (t, refusal) = (visit.t, &problem.refusal);
    let seconds = problem.retry_after().unwrap_or_else(|| visit.app.seconds_until_again());
    let status = StatusCode::from_u16(refusal.code.status()).map_err(Problem::internal)?;
    let (said, wait) = (words::refusal(t.language(), refusal), words::wait(t.language(), seconds));
    // Where no way to send codes is set, nobody waits for one.
    let is_away = refusal.code == Code::Unavailable && refusal.detail != Detail::CodesNotSent;
    // Where a code may have been made, another one is asked for by hand alone: it would replace the
    // first, and count.
    page.seconds = Some(seconds).filter(|_| refusal.code == Code::Overloaded);
    page.warnings = match refusal.code {
        Code::Overloaded => vec![t.sign_in_busy(&wait)],
        Code::TooManyRequests => vec![said, t.code_helps().to_owned()],
        Code::Unavailable if is_away => vec![t.sign_in_unavailable(&wait)],
        Code::Internal => vec![t.sign_in_failed().to_owned()],
        _ => vec![said],
    };
    let earlier = earlier.filter(|sent| !sent.has_expired(visit.app.clock.now()));
    let mut response = match earlier.filter(|_| refusal.code == Code::TooManyRequests) {
        Some(sent) => {
            page.warnings.push(t.code_earlier_works().to_owned());
            let said = Said { warnings: page.warnings, ..Said::default() };
            sign_in_code::show(visit, &sent, (status, said))?
        }
        None => visit.show_as(status, &page)?,
    };
    if matches!(refusal.code.status(), 503 | 429) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}
