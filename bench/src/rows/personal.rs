//! Pages that are made for one person, as many as possible, beside the JSON with the same content.

use std::net::SocketAddr;

use crate::{
    bench::Bench,
    read_load,
    report::{Goal, Run},
    service::{self, Service},
};

const READERS: usize = 64;
const SETTLE_SECONDS: f64 = 1.0;
const BOOKING_ID: &str = "01900000-0000-7000-8000-00000000b00c";
/// The first slot of the first clinic.
const SLOT: i64 = (1 << 24) + 1;

/// A page, and the request for what it says.
struct Pair {
    name: &'static str,
    page: String,
    json: String,
}

pub(crate) async fn measure(bench: &mut Bench) {
    let span = (SETTLE_SECONDS, bench.seconds as f64);
    let mut rows: Vec<(&str, Vec<Run>)> = Vec::new();
    for run in 1..=bench.runs {
        let world = bench.world().await;
        let token = |nth| String::from_utf8(world.citizens.token(nth).to_vec()).expect("ASCII");
        let (booked, about_to) = (token(0), token(1));
        let service = Service::start(world.data_dir());
        for pair in pairs(service.address, (&booked, &about_to)) {
            let Pair { name, page, json } = pair;
            let of_json = read_load::run(service.address, &json, READERS, span).await;
            let of_page = read_load::run(service.address, &page, READERS, span).await;
            println!("run {run}: {name} {of_page:.0}/s, JSON {of_json:.0}/s");
            let ran = Run::beside(of_page, of_json);
            match rows.iter_mut().find(|(of, _)| *of == name) {
                Some((_, runs)) => runs.push(ran),
                None => rows.push((name, vec![ran])),
            }
        }
        service.stop();
    }
    for (name, runs) in rows {
        let name = format!("{name}, for one person, beside the JSON with the same content");
        bench.report.row(&name, "reads/s", Goal::Times(0.7), &runs);
    }
    bench.report.note(format!(
        "Pages for one person are read by {READERS} connections as fast as they are answered; the \
         page of the check is held against the question whether somebody may book, which it asks \
         too, beside slot and doses."
    ));
}

/// The pages of somebody who books the slot, which is done here, and of somebody who is about to.
fn pairs(address: SocketAddr, (booked, about_to): (&str, &str)) -> Vec<Pair> {
    let common = "Host: bench\r\nAccept-Encoding: gzip, br\r\n";
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\n{common}\r\n");
    let page = |path: &str, token: &str| {
        format!("GET {path} HTTP/1.1\r\n{common}Cookie: __Host-citizen={token}\r\n\r\n")
    };
    let bearer = |token: &str| format!("{common}Authorization: Bearer {token}\r\n");
    let send = |(method, path): (&str, &str), token: &str, body: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\n{}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            bearer(token),
            body.len()
        )
    };
    let clinics = get("/v1/campaigns/1/clinics?region=18&limit=20");
    let answer = service::ask(
        address,
        "GET /v1/campaigns/1/clinics?limit=1 HTTP/1.1\r\nHost: bench\r\n\r\n",
    );
    let date = date(&answer);
    let check = page(&format!("/ko/campaigns/1/check?slot={SLOT}&product=1"), about_to);
    let may_i = send(
        ("POST", "/v1/eligibility"),
        about_to,
        r#"{"campaign_id": 1, "birth_date": "1964-05-05"}"#,
    );
    let body = format!(r#"{{"campaign_id": 1, "slot_id": {SLOT}, "product_id": 1}}"#);
    let path = format!("/v1/bookings/{BOOKING_ID}");
    let put = send(("PUT", &path), booked, &body).replace("Accept-Encoding: gzip, br\r\n", "");
    let answer = service::ask(address, &put);
    assert!(answer.contains("\"booked\""), "{answer}");
    let booking = format!("GET {path} HTTP/1.1\r\n{}\r\n", bearer(booked));
    vec![
        Pair {
            name: "page of a district's clinics",
            page: page("/ko/campaigns/1/clinics?region=18", about_to),
            json: clinics,
        },
        Pair {
            name: "page of a clinic's times",
            page: page(&format!("/ko/campaigns/1/clinics/1?date={date}"), about_to),
            json: get(&format!("/v1/clinics/1/slots?campaign_id=1&date={date}")),
        },
        Pair { name: "page of the check", page: check, json: may_i },
        Pair {
            name: "page of a booking",
            page: page(&format!("/ko/bookings/{BOOKING_ID}"), booked),
            json: booking,
        },
    ]
}

/// The first day that is named.
fn date(answer: &str) -> &str {
    let (_, from) = answer.split_once("\"date\":\"").expect("a day");
    from.split_once('"').expect("its end").0
}
