//! The page at /ko/style: every component once, in the state in which it is hardest to get right.

use askama::Template;
use chrono::NaiveDate;

use super::{
    booking::map::{self, Pin},
    error_summary,
    form::FieldError,
    page::Frame,
    part::{
        Bar, Choice, DateField, Input, LongSelect, Radios, Row, Select, Step, TextField, Tone,
        chosen_of, options,
    },
    text::{Html, Texts},
};
use crate::config::Site;

#[derive(Template)]
#[template(path = "style.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    errors: Vec<FieldError>,
    name: TextField,
    phone: TextField,
    code: TextField,
    birth: DateField,
    district: Select,
    region: LongSelect,
    how: Radios,
    rows: Vec<Row>,
    cut_off: Option<String>,
    tags: [(&'static str, Tone); 4],
    regions: [(&'static str, Bar); 2],
    map: Option<Html>,
    previous: Option<Step>,
    next: Option<Step>,
}

fn field(id: &'static str, label: &'static str, value: &str, input: Input) -> TextField {
    TextField::new(id, label, input, value)
}

/// Three clinics in the middle of Seoul, of which one has nothing left.
fn map(t: Texts) -> Option<Html> {
    let pin =
        |number, latitude, longitude| Pin { number, latitude, longitude, is_open: number != 3 };
    let pins = [pin(1, 37.5665, 126.978), pin(2, 37.5796, 126.977), pin(3, 37.5512, 126.9882)];
    let (title, about) = (t.pins_title(t.clinics_near_you()), t.pins_about_near());
    map::draw(&pins, Some((37.56, 126.97)), map::Words { title: &title, about })
}

fn choice(value: &str, label: &'static str, hint: &'static str) -> Choice {
    Choice { value: value.to_owned(), label: label.into(), hint: hint.into() }
}

/// The page in this language.
///
/// # Errors
/// Those of the template.
pub fn render(t: Texts, site: &Site) -> askama::Result<String> {
    let day = NaiveDate::from_ymd_opt(2021, 7, 26).unwrap_or_default();
    let step = |date: Option<NaiveDate>| {
        date.map(|date| Step { href: "#main".to_owned(), label: t.date(date) })
    };
    let districts = vec![choice("1", t.sample_seoul(), ""), choice("2", t.sample_busan(), "")];
    let region = LongSelect {
        id: "region",
        label: t.district_column().into(),
        hint: t.district_hint().into(),
        options: chosen_of(&options(&[(String::new(), districts.clone())]), "2"),
    };
    let how = vec![
        choice("message", t.sample_message(), t.sample_message_hint()),
        choice("letter", t.sample_letter(), ""),
    ];
    let bar = |part| Bar { part, whole: 190_000 };
    let name = field("name", t.name_label(), "", Input::Name);
    let page = Page {
        t,
        frame: Frame::new(t, site, "/style"),
        errors: vec![
            FieldError { field: "name", text: t.name_missing().to_owned() },
            FieldError { field: "birth-year", text: t.birth_short_year().to_owned() },
        ],
        name: name.hint(t.name_hint()),
        phone: field("phone", t.phone_label(), "010-0765-4321", Input::Phone),
        code: field("code", t.code_label(), "012 345", Input::OneTimeCode),
        birth: DateField {
            id: "birth",
            legend: t.birth_label().into(),
            hint: t.birth_hint().into(),
            year: "64".to_owned(),
            month: "9".to_owned(),
            day: "3".to_owned(),
            is_birth_date: true,
        },
        district: Select {
            id: "district",
            label: t.district_column().into(),
            hint: "".into(),
            groups: vec![(String::new(), districts)],
            chosen: "2".to_owned(),
        },
        region,
        how: Radios {
            id: "how",
            legend: t.sample_how().into(),
            hint: "".into(),
            choices: how,
            chosen: "message".to_owned(),
        },
        rows: vec![
            Row::new(t.booking_where(), t.sample_clinic()).changed_at("#main", t.the_place()),
            Row::new(t.booking_when(), t.date(day)).changed_at("#main", t.the_time()),
        ],
        cut_off: Some(t.cut_off(&t.date(day), "20:00:07")),
        tags: [
            (t.dose_booked(), Tone::Plain),
            (t.dose_given(), Tone::Good),
            (t.tag_paused(), Tone::Wait),
            (t.booking_cancelled(), Tone::Bad),
        ],
        regions: [(t.sample_seoul(), bar(190_000)), (t.sample_busan(), bar(74_000))],
        map: map(t),
        previous: step(day.pred_opt()),
        next: step(day.succ_opt()),
    };
    page.render().map(error_summary::named)
}
