//! Cancelling on a journey, step by step and either way, what is noted of answers that do not come,
//! and how a browser gets from the question to the clinics of a district.

use std::time::Duration;

use chrono::{DateTime, NaiveDate};
use uuid::Uuid;

use super::{
    crowd::{Crowd, Turn},
    heard::{Heard, News},
    people::{Comer, People},
    plan::{JourneyPlan, Way, Wish},
    visit::{End, Then, Visit},
    way,
};
use crate::{
    domain::{CampaignId, ClinicId, PersonId, RegionId, keys::Keys, session::citizen_token},
    rehearsal::{
        citizens::AckState,
        curve::ArrivalCurve,
        load::{Completion, Response, Workload},
        scenario::Scenario,
        step::RequestKind,
        tally::Tally,
    },
};

const ID: Uuid = Uuid::from_u128(0x0190_9f7e_0000_7000_8000_0000_0000_0001);
const NOW: Duration = Duration::from_secs(9);

fn plan(way: Way, share: f64) -> JourneyPlan {
    let scenario = format!(
        "{{ title: One, seed: 1, citizens: 1, arrivals: [{{ seconds: 1, share: 1 }}],
            busy_times: 2, reloads: {{ share: 0, after_seconds: 1, times: 2 }},
            cancels: {{ share: {share}, after_seconds: 7 }} }}"
    );
    let scenario = Scenario::parse(&scenario).unwrap();
    let mut people = People::default();
    people.comers.push(Comer {
        person_id: PersonId(5),
        name: "김하나".into(),
        birth_date: NaiveDate::from_ymd_opt(1960, 2, 3).unwrap(),
        phone: "01012345678".into(),
        region_id: RegionId(11),
    });
    JourneyPlan {
        shares: scenario.shares(),
        curve: ArrivalCurve::new(&scenario, 1.0),
        scenario,
        people,
        campaign_id: CampaignId(1),
        wish: None,
        host: "127.0.0.1".to_owned(),
        way,
        style: String::new(),
        opening: Duration::ZERO,
        started_unix_millis: 0,
    }
}

/// Somebody who was told of their booking and is to make this request.
fn visit(plan: &JourneyPlan, step: RequestKind) -> Box<Visit> {
    let mut visit = Visit::new(plan, 0, 0);
    let path = format!("/{}/bookings/{ID}", plan.language(0));
    (visit.step, visit.booking_id, visit.path) = (step, Some(ID), path.into());
    Box::new(visit)
}

fn response<'a>(status: u16, head: &'a str, body: &'a str) -> Response<'a> {
    let retry_after = head.contains("Retry-After").then_some(3);
    Response { status, retry_after, head: head.as_bytes(), body: body.as_bytes() }
}

fn read(plan: &JourneyPlan, visit: &mut Visit, answer: Response<'_>) -> Heard {
    let reply = way::reply(plan.way, visit.step, Some(answer));
    way::read(plan, visit, (answer, reply), NOW)
}

fn written(plan: &JourneyPlan, visit: &Visit) -> String {
    let mut bytes = Vec::new();
    way::write(plan, visit, &mut bytes);
    String::from_utf8(bytes).unwrap()
}

#[track_caller]
fn assert_ends(heard: &Heard, end: End, news: Option<News>) {
    assert!(matches!(heard.then, Then::End(own) if own == end), "{heard:?}");
    assert_eq!(heard.news, news);
}

/// Pages of the booking: with the way to cancel it, and cancelled.
fn pages(plan: &JourneyPlan) -> (String, String) {
    let at = format!("/{}/bookings/{ID}", plan.language(0));
    (
        format!("<a href=\"{at}/calendar.ics\">x</a> <a href=\"{at}/cancel\">y</a>"),
        "<p>2021년 7월 26일 오전 9시에 이 예약을 취소하셨습니다. 다시 예약하실 수 있습니다.</p>"
            .to_owned(),
    )
}

fn json(state: &str) -> String {
    format!(r#"{{"booking_id":"{ID}","number":"1","state":"{state}","standing":{{}}}}"#)
}

#[test]
fn who_thinks_better_of_it_cancels_by_the_pages() {
    let plan = plan(Way::Pages, 1.0);
    let (live, cancelled) = pages(&plan);
    let mut visit = visit(&plan, RequestKind::Booking);
    let at = visit.path.to_string();
    let heard = read(&plan, &mut visit, response(200, "", &live));
    assert!(matches!(heard.then, Then::Cancel(RequestKind::CancelPage)), "{heard:?}");
    assert_eq!(*visit.path, format!("{at}/cancel"));

    visit.step = RequestKind::CancelPage;
    assert!(written(&plan, &visit).starts_with(&format!("GET {at}/cancel HTTP/1.1\r\n")));
    let form = format!("<form method=\"post\" action=\"{at}/cancel\"><button>x</button></form>");
    let heard = read(&plan, &mut visit, response(200, "", &form));
    assert!(matches!(heard.then, Then::Go(RequestKind::Cancel)), "{heard:?}");

    visit.step = RequestKind::Cancel;
    let press = written(&plan, &visit);
    assert!(press.starts_with(&format!("POST {at}/cancel HTTP/1.1\r\n")), "{press}");
    assert!(press.contains("Origin: http://127.0.0.1\r\n"), "{press}");
    assert!(press.ends_with("Content-Length: 0\r\n\r\n"), "{press}");
    let head = format!("HTTP/1.1 303 See Other\r\nLocation: {at}\r\n\r\n");
    let heard = read(&plan, &mut visit, response(303, &head, ""));
    assert!(matches!(heard.then, Then::Follow(RequestKind::Cancelled)), "{heard:?}");
    assert_eq!((heard.news, &*visit.path), (Some(News::Cancelled), at.as_str()));

    visit.step = RequestKind::Cancelled;
    let heard = read(&plan, &mut visit, response(200, "", &cancelled));
    assert_ends(&heard, End::Cancelled, None);
}

#[test]
fn who_thinks_better_of_it_cancels_by_the_api() {
    let plan = plan(Way::Api, 1.0);
    let mut visit = visit(&plan, RequestKind::Booking);
    let heard = read(&plan, &mut visit, response(200, "", &json("booked")));
    assert!(matches!(heard.then, Then::Cancel(RequestKind::Cancel)), "{heard:?}");
    visit.step = RequestKind::Cancel;
    let request = written(&plan, &visit);
    assert!(request.starts_with(&format!("DELETE /v1/bookings/{ID} HTTP/1.1\r\n")), "{request}");
    let heard = read(&plan, &mut visit, response(200, "", &json("cancelled")));
    assert!(matches!(heard.then, Then::Go(RequestKind::Cancelled)), "{heard:?}");
    assert_eq!(heard.news, Some(News::Cancelled));
    visit.step = RequestKind::Cancelled;
    assert!(written(&plan, &visit).starts_with(&format!("GET /v1/bookings/{ID} ")));
    let heard = read(&plan, &mut visit, response(200, "", &json("cancelled")));
    assert_ends(&heard, End::Cancelled, None);
}

#[test]
fn who_does_not_think_better_of_it_keeps_the_booking() {
    for way in [Way::Api, Way::Pages] {
        let plan = plan(way, 0.0);
        let (page, _) = pages(&plan);
        let live = if way == Way::Api { json("booked") } else { page };
        let heard = read(&plan, &mut visit(&plan, RequestKind::Booking), response(200, "", &live));
        assert_ends(&heard, End::Booked, None);
    }
}

#[test]
fn what_is_shown_wrongly_is_a_fault() {
    use RequestKind::{Booking, Cancelled};

    for way in [Way::Api, Way::Pages] {
        let plan = plan(way, 1.0);
        let (mut live, mut cancelled) = pages(&plan);
        let mut both = format!("{live}{cancelled}");
        if way == Way::Api {
            (live, cancelled) = (json("booked"), json("cancelled"));
            both = json("booked").replace(&ID.to_string(), &Uuid::nil().to_string());
        }
        let of = |step, body: &str| {
            let mut visit = visit(&plan, step);
            let heard = read(&plan, &mut visit, response(200, "", body));
            let Then::End(end) = heard.then else { panic!("{heard:?}") };
            (visit.end(end), heard.news)
        };
        assert_eq!(of(Cancelled, &cancelled), (End::Cancelled, None), "the control");
        assert_eq!(of(Cancelled, &live), (End::Cancelled, Some(News::ShownLive)));
        assert_eq!(of(Cancelled, "x"), (End::Cancelled, Some(News::NotShown)));
        assert_eq!(of(Cancelled, &both), (End::Cancelled, Some(News::NotShown)));
        assert_eq!(of(Booking, &cancelled), (End::Refused, Some(News::ShownCancelled)));
        assert_eq!(of(Booking, "x"), (End::Refused, Some(News::NotShown)));
        assert_eq!(of(Booking, &both), (End::Refused, Some(News::NotShown)));
        let gone = response(404, "", r#"{"code":"not_found"}"#);
        for (step, end) in [(Booking, End::Refused), (Cancelled, End::Cancelled)] {
            let mut visit = visit(&plan, step);
            let heard = read(&plan, &mut visit, gone);
            assert_eq!((visit.end(End::Refused), heard.news), (end, Some(News::NotShown)));
        }
    }
}

#[test]
fn what_cannot_be_cancelled_stays_booked() {
    let problem = r#"{"code":"booking_ended"}"#;
    let head = format!("HTTP/1.1 303 See Other\r\nLocation: /ko/bookings/{ID}\r\n\r\n");
    for (way, step, answer) in [
        (Way::Api, RequestKind::Cancel, response(409, "", problem)),
        (Way::Pages, RequestKind::Cancel, response(409, "", "<h1>x</h1>")),
        (Way::Pages, RequestKind::CancelPage, response(303, &head, "")),
    ] {
        let plan = plan(way, 1.0);
        let mut visit = visit(&plan, step);
        let heard = read(&plan, &mut visit, answer);
        assert_ends(&heard, End::Refused, None);
        assert_eq!(visit.end(End::Refused), End::NotCancelled, "{way:?} {step:?}");
    }
}

/// A crowd of one, who is about to cancel.
fn crowd(way: Way) -> (Crowd, Box<Visit>) {
    let mut crowd = Crowd::new(plan(way, 1.0), Tally::new().unwrap(), Box::new(|_| {}));
    let Some((_, Turn::Ask(mut own))) = crowd.next_arrival() else { panic!("nobody comes") };
    own.ack = crowd.notes.booked(0, ID, 3);
    let Visit { booking_id, path, .. } = *visit(&crowd.plan, RequestKind::Cancel);
    (own.step, own.booking_id, own.path) = (RequestKind::Cancel, booking_id, path);
    (crowd, own)
}

/// Sends the request, and has it answered so. Returns the request, and what is next.
fn send(
    crowd: &mut Crowd,
    visit: Box<Visit>,
    answer: Option<Response<'_>>,
) -> (String, Option<(Duration, Box<Visit>)>) {
    let (turn, mut bytes) = (Turn::Ask(visit), Vec::new());
    crowd.write(&turn, &mut bytes);
    assert_eq!(crowd.notes.acks[0].state, AckState::MayBeCancelled, "until it is answered");
    let completion = Completion { response: answer, due: NOW, sent: NOW, done: NOW };
    let next = crowd.completed(turn, &completion).map(|(pause, turn)| match turn {
        Turn::Ask(visit) => (pause, visit),
        Turn::Waited { .. } => panic!("no message is waited for"),
    });
    (String::from_utf8(bytes).unwrap(), next)
}

#[test]
fn a_press_to_cancel_that_is_not_answered_is_sent_again_the_same() {
    for way in [Way::Api, Way::Pages] {
        let (mut crowd, visit) = crowd(way);
        let (first, next) = send(&mut crowd, visit, None);
        assert!(first.contains(&ID.to_string()), "{first}");
        assert_eq!(crowd.notes.acks[0].state, AckState::MayBeCancelled);
        let (pause, visit) = next.expect("once more");
        assert_eq!((pause, crowd.tally.resends), (Duration::ZERO, 1));
        let busy = response(503, "Retry-After: 3\r\n", r#"{"code":"overloaded"}"#);
        let (again, next) = send(&mut crowd, visit, Some(busy));
        assert_eq!(again, first);
        // The first may have come true all the same.
        assert_eq!(crowd.notes.acks[0].state, AckState::MayBeCancelled);
        let (pause, visit) = next.expect("once more");
        let asked = Duration::from_secs(3);
        assert!(pause >= asked && pause <= asked * 2, "{pause:?}");
        let head = format!("HTTP/1.1 303 See Other\r\nLocation: {}\r\n\r\n", visit.path);
        let done = match way {
            Way::Api => response(200, "", "{}"),
            Way::Pages => response(303, &head, ""),
        };
        let (again, next) = send(&mut crowd, visit, Some(done));
        assert_eq!(again, first);
        assert_eq!(crowd.notes.acks[0].state, AckState::Cancelled);
        assert_eq!(crowd.notes.acks[0].cancelled_at, NOW);
        assert_eq!(next.map(|(_, visit)| visit.step), Some(RequestKind::Cancelled));
    }
}

#[test]
fn a_no_to_a_press_to_cancel_is_noted_as_what_it_says() {
    let busy = |code| response(503, "Retry-After: 3\r\n", code);
    let (crowded, away) = (r#"{"code":"overloaded"}"#, r#"{"code":"unavailable"}"#);
    for (way, body, state) in [
        // It was not taken in.
        (Way::Api, crowded, AckState::Booked),
        // Nobody knows.
        (Way::Api, away, AckState::MayBeCancelled),
        // The page may be either.
        (Way::Pages, "<p>x</p>", AckState::MayBeCancelled),
    ] {
        let (mut crowd, mut visit) = crowd(way);
        for _ in 0..2 {
            let (_, next) = send(&mut crowd, visit, Some(busy(body)));
            assert_eq!(crowd.notes.acks[0].state, state, "{way:?} {body}");
            visit = next.expect("once more").1;
        }
        let (_, next) = send(&mut crowd, visit, Some(busy(body)));
        assert!(next.is_none() && crowd.is_over(), "nobody comes back for ever");
        assert_eq!((crowd.notes.acks[0].state, crowd.tally.gave_up), (state, 1));
        assert_eq!(crowd.notes.ends.get("not_cancelled"), Some(&1), "{:?}", crowd.notes.ends);
    }
    let (mut crowd, visit) = crowd(Way::Api);
    let no = response(409, "", r#"{"code":"booking_ended"}"#);
    let (_, next) = send(&mut crowd, visit, Some(no));
    assert!(next.is_none());
    assert_eq!((crowd.notes.acks[0].state, crowd.tally.gave_up), (AckState::Booked, 0));
    assert_eq!(crowd.notes.ends.get("not_cancelled"), Some(&1));
}

#[test]
fn cancelling_waits_as_long_as_the_scenario_says() {
    let (mut crowd, mut visit) = crowd(Way::Api);
    visit.step = RequestKind::Booking;
    let mut bytes = Vec::new();
    let turn = Turn::Ask(visit);
    crowd.write(&turn, &mut bytes);
    let body = json("booked");
    let answer = Some(response(200, "", &body));
    let completion = Completion { response: answer, due: NOW, sent: NOW, done: NOW };
    let Some((pause, Turn::Ask(visit))) = crowd.completed(turn, &completion) else {
        panic!("nothing follows")
    };
    assert_eq!((pause, visit.step), (Duration::from_secs(7), RequestKind::Cancel));
    assert_eq!(crowd.notes.acks[0].state, AckState::Booked);
}

#[test]
fn who_wants_one_clinic_looks_for_it_alone() {
    let wish = Wish { clinic_id: ClinicId(7), region_id: RegionId(22) };
    let by_pages = JourneyPlan { wish: Some(wish), ..plan(Way::Pages, 0.0) };
    let mut visit = visit(&by_pages, RequestKind::Clinics);
    let at = format!("/{}/campaigns/1/clinics", by_pages.language(0));
    let others = format!("<a href=\"{at}/77?date=2021-07-26\"><a href=\"{at}/8?date=2021-07-26\">");
    let heard = read(&by_pages, &mut visit, response(200, "", &others));
    assert!(matches!(heard.then, Then::Go(RequestKind::Slots)), "{heard:?}");
    assert_eq!(*visit.path, format!("{at}/7"), "its own address");
    let own = format!("{others}<a href=\"{at}/7?date=2021-07-27\">");
    read(&by_pages, &mut visit, response(200, "", &own));
    assert_eq!(*visit.path, format!("{at}/7?date=2021-07-27"));

    let by_api = JourneyPlan { wish: Some(wish), ..plan(Way::Api, 0.0) };
    visit.step = RequestKind::Districts;
    read(&by_api, &mut visit, response(200, "", "[]"));
    assert_eq!(&*visit.path, "&region=22");
    visit.step = RequestKind::Clinics;
    let line = |id: i32, bookable: i32| {
        format!(r#"{{"clinic_id":{id},"days":[{{"date":"2021-07-26","bookable":{bookable}}}]}}"#)
    };
    let list =
        |lines: &str, after: &str| format!(r#"{{"clinics":[{lines}],"next_after":{after}}}"#);
    let body = list(&line(6, 9), "6");
    let heard = read(&by_api, &mut visit, response(200, "", &body));
    assert!(matches!(heard.then, Then::Go(RequestKind::Clinics)), "reads on: {heard:?}");
    assert_eq!(&*visit.path, "&region=22&after=6");
    let body = list(&format!("{},{}", line(7, 0), line(9, 5)), "9");
    let heard = read(&by_api, &mut visit, response(200, "", &body));
    assert!(matches!(heard.then, Then::Look(RequestKind::Clinics)), "nothing there: {heard:?}");
    assert_eq!(&*visit.path, "&region=22");
    let body = list(&line(7, 1), "null");
    let heard = read(&by_api, &mut visit, response(200, "", &body));
    assert!(matches!(heard.then, Then::Go(RequestKind::Slots)), "{heard:?}");
    assert_eq!((visit.clinic_id, &*visit.path), (7, "2021-07-26"));
}

#[test]
fn the_district_of_the_question_goes_on_to_the_list() {
    let plan = plan(Way::Pages, 0.0);
    let language = plan.language(0);
    let mut visit = Visit::new(&plan, 0, 0);
    visit.step = RequestKind::SignIn;
    let unasked = written(&plan, &visit);
    let next = "next=%2Fcampaigns%2F1%2Fclinics";
    assert!(unasked.starts_with(&format!("GET /{language}/sign-in?{next} ")), "{unasked}");

    visit.step = RequestKind::Question;
    let link = format!("/{language}/sign-in?{next}%3Fregion%3D11");
    let heard = read(&plan, &mut visit, response(200, "", &format!("<a href=\"{link}\">x</a>")));
    assert!(matches!(heard.then, Then::Go(RequestKind::SignIn)), "{heard:?}");
    visit.step = RequestKind::SignIn;
    assert!(written(&plan, &visit).starts_with(&format!("GET {link} ")));
    for path in [link, format!("/{language}/sign-in/code?{next}%3Fregion%3D11")] {
        (visit.step, visit.path) = (RequestKind::Code, path.into());
        let form = written(&plan, &visit);
        assert!(form.ends_with(&format!("&{next}%3Fregion%3D11")), "{form}");
    }
}

#[test]
fn a_browser_keeps_where_somebody_lives() {
    let plan = plan(Way::Pages, 0.0);
    let token = citizen_token(&Keys::new(&[7; 32]), PersonId(5), DateTime::UNIX_EPOCH);
    let mut visit = visit(&plan, RequestKind::Session);
    let head = format!(
        "HTTP/1.1 303 See Other\r\nLocation: /ko/x\r\n\
         Set-Cookie: __Host-citizen={token}; Path=/\r\n\
         Set-Cookie: __Host-home=sealed; Path=/\r\n\r\n"
    );
    let heard = read(&plan, &mut visit, response(303, &head, ""));
    assert_eq!(heard.news, Some(News::SignedIn(PersonId(5))));
    for (step, keeps) in [(RequestKind::Clinics, true), (RequestKind::UsedCode, false)] {
        visit.step = step;
        let cookies = format!("Cookie: __Host-citizen={token}; __Host-home=sealed\r\n");
        assert_eq!(written(&plan, &visit).contains(&cookies), keeps, "{step:?}");
        assert_eq!(written(&plan, &visit).contains("sealed"), keeps, "another browser has none");
    }
}

/// The page that asks for a district, and the one that has been asked for one.
fn district(chosen: Option<i32>) -> String {
    let mark = |region| if chosen == Some(region) { " selected" } else { "" };
    let option = |region| format!("<option value=\"{region}\"{}>x</option>", mark(region));
    let options = [11, 12].map(option).concat();
    format!("<select id=\"region\" name=\"region\"><option value=\"\">x</option>{options}</select>")
}

#[test]
fn who_is_asked_for_a_district_has_not_looked_in_vain() {
    let plan = plan(Way::Pages, 0.0);
    let mut visit = visit(&plan, RequestKind::Clinics);
    let list = format!("/{}/campaigns/1/clinics", plan.language(0));
    visit.path = list.as_str().into();
    let own = format!("{list}?region=11&date=");
    let head = format!("HTTP/1.1 303 See Other\r\nLocation: {list}?region=12\r\n\r\n");
    let heard = read(&plan, &mut visit, response(303, &head, ""));
    assert!(matches!(heard.then, Then::Follow(RequestKind::Clinics)), "{heard:?}");
    assert_eq!(*visit.path, format!("{list}?region=12"));

    visit.path = list.as_str().into();
    let heard = read(&plan, &mut visit, response(200, "", &district(None)));
    assert!(matches!(heard.then, Then::Go(RequestKind::Clinics)), "{heard:?}");
    assert_eq!(*visit.path, *own, "where they live");
    // The controls: a district that has nothing, wherever it was chosen, and a page of nothing.
    for (path, page) in [(&own, district(Some(11))), (&list, district(Some(11)))] {
        visit.path = path.as_str().into();
        let heard = read(&plan, &mut visit, response(200, "", &page));
        assert!(matches!(heard.then, Then::Look(RequestKind::Clinics)), "{heard:?}");
    }
    visit.path = own.as_str().into();
    let heard = read(&plan, &mut visit, response(200, "", "x"));
    assert!(matches!(heard.then, Then::Look(RequestKind::Clinics)), "{heard:?}");
}
