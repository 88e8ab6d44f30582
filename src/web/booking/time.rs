//! "Choose a time": a clinic's day, its times by the hour with the seats that are left, the doses
//! that are left, and which of the two runs out first.

use actix_web::HttpResponse;
use askama::Template;
use chrono::{NaiveDate, Timelike};

use super::{
    AtClinic, campaign, check_path,
    choice::{doses_of, product},
    chosen,
    clinic::Facts,
    elsewhere::{Away, Elsewhere},
    standing, times_path,
};
use crate::{
    board::{catalogue::Card, day, slot::Window, snapshot::Snapshot},
    domain::{ProductId, Refusal, calendar::local_date, clinic::Clinic, product::Product},
    http::{answer_cache::Whom, extract::Path, problem::Problem},
    web::{
        cut_off,
        page::{Frame, Visit},
        part::Step,
        text::Texts,
    },
    words,
};

#[derive(Template)]
#[template(path = "booking/time.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    campaign: &'a str,
    back: String,
    clinic: Facts<'a>,
    why_not: Option<String>,
    cut_off: Option<String>,
    date: Option<String>,
    previous: Option<Step>,
    next: Option<Step>,
    /// The vaccine, and the others of which doses are left that day.
    product: &'a str,
    products: Vec<(String, String)>,
    /// What is left, and what of it runs out first.
    left: Option<Left>,
    parts: Vec<Part>,
    /// Why there is nothing to choose, and where there is.
    nothing: Option<(String, Elsewhere)>,
}

struct Left {
    bookable: String,
    /// Which of doses and places binds.
    limit: String,
}

/// An hour, or half a day where hours have one time each.
struct Part {
    heading: String,
    times: Vec<Time>,
}

struct Time {
    label: String,
    places: String,
    /// None where nothing is left of it.
    href: Option<String>,
}

/// A day of a clinic: the one that is asked for, or the first on which something can be booked.
///
/// # Errors
/// `not_found` for an unknown clinic or a campaign that is not public.
pub async fn get_times(
    visit: Visit,
    Path(AtClinic { campaign_id, clinic_id }): Path<AtClinic>,
) -> Result<HttpResponse, Problem> {
    let snapshot = visit.app.board.now();
    let card = campaign(&snapshot, campaign_id)?;
    let clinic = snapshot.catalogue.clinic(clinic_id).ok_or_else(Refusal::not_found)?;
    let query = visit.request.query_string();
    let now = visit.app.clock.now();
    let why_not = standing::why_not(visit.t, &card.campaign, now);
    let at = At { t: visit.t, frame: visit.frame(), snapshot: &snapshot, card, clinic };
    let cut_off = cut_off::sentence(visit.t, &visit.app.site, &snapshot);
    let page = at.page(chosen(query, "date"), chosen(query, "product"), (why_not, cut_off));
    let until = standing::changes_at(&card.campaign, now);
    visit.show_to_all(&page, (&snapshot, Whom::Everybody), until)
}

/// A clinic of a campaign.
struct At<'a> {
    t: Texts,
    frame: Frame<'a>,
    snapshot: &'a Snapshot,
    card: &'a Card,
    clinic: &'a Clinic,
}

impl<'a> At<'a> {
    fn page(
        &self,
        date: Option<NaiveDate>,
        product_id: Option<ProductId>,
        (why_not, cut_off): (Option<String>, Option<String>),
    ) -> Page<'a> {
        let (t, frame, campaign_id) = (self.t, self.frame, self.card.campaign.campaign_id);
        let days = self.snapshot.days_of(campaign_id, self.clinic.clinic_id);
        let bookable: Vec<NaiveDate> =
            days.iter().filter(|day| day.bookable > 0).map(|day| day.date).collect();
        let date = date.or_else(|| bookable.first().copied());
        let clinic_id = self.clinic.clinic_id;
        let day = date.and_then(|date| self.snapshot.day(clinic_id, campaign_id, date));
        let product = product(self.card, day.as_ref(), product_id);
        let id = product.map(|product| product.product_id);
        let left = day.as_ref().zip(id).and_then(|(day, id)| self.left(day, id));
        let step = |date: Option<&NaiveDate>| date.map(|date| self.step(*date, product_id));
        let is_open = why_not.is_none();
        Page {
            t,
            frame,
            campaign: t.name(&self.card.campaign.name),
            back: frame
                .to(&format!("/campaigns/{campaign_id}/clinics?region={}", self.clinic.region_id)),
            clinic: Facts::new(t, self.clinic),
            why_not,
            cut_off,
            date: date.map(|date| t.date(date)),
            previous: step(bookable.iter().rev().find(|day| date.is_some_and(|at| **day < at))),
            next: step(bookable.iter().find(|day| date.is_some_and(|at| **day > at))),
            product: product.map(|product| t.name(&product.name)).unwrap_or_default(),
            products: day.as_ref().map(|day| self.products(day, id)).unwrap_or_default(),
            parts: match (&day, id, &left) {
                (Some(day), Some(id), Some(_)) => self.parts(day, id, is_open),
                _ => Vec::new(),
            },
            nothing: left.is_none().then(|| (self.nothing(day.as_ref()), self.elsewhere(date))),
            left,
        }
    }

    fn step(&self, date: NaiveDate, product_id: Option<ProductId>) -> Step {
        let path = times_path(self.card.campaign.campaign_id, self.clinic.clinic_id, date);
        let product = product_id.map(|id| format!("&product={id}")).unwrap_or_default();
        Step {
            href: self.frame.to(&format!("{path}{product}")),
            label: words::coming_day(self.t.language(), date),
        }
    }

    /// The other products of which there are doses on the day.
    fn products(&self, day: &day::Day<'_>, shown: Option<ProductId>) -> Vec<(String, String)> {
        let others = self.card.rules.products.iter().filter(|product| {
            Some(product.product_id) != shown && doses_of(day, product.product_id) > 0
        });
        let link = |product: &Product| {
            let path = times_path(day.campaign_id, day.clinic_id, day.date);
            let href = self.frame.to(&format!("{path}&product={}", product.product_id));
            (href, self.t.name(&product.name).to_owned())
        };
        others.map(link).collect()
    }

    /// What can be booked of the product, unless that is nothing.
    fn left(&self, day: &day::Day<'_>, product_id: ProductId) -> Option<Left> {
        let t = self.t;
        let doses = doses_of(day, product_id);
        let places: i64 = day.slots.iter().map(|slot| i64::from(slot.seats_left)).sum();
        let bookable = day.bookable.min(doses);
        if bookable <= 0 {
            return None;
        }
        let (of_doses, of_places) = (t.doses(doses), t.places(places));
        let limit = if bookable < doses.min(places) {
            // Of a tranche whose turn is yet to come.
            t.some_doses_wait(&of_doses, &of_places)
        } else if doses < places {
            t.doses_bind(&of_doses, &of_places)
        } else if places < doses {
            t.places_bind(&of_doses, &of_places)
        } else {
            t.both_bind(&of_doses, &of_places)
        };
        Some(Left { bookable: t.can_be_booked(&t.doses(bookable)), limit })
    }

    /// By the hour; by half days where no hour has two times.
    fn parts(&self, day: &day::Day<'_>, product_id: ProductId, is_open: bool) -> Vec<Part> {
        let hour = |slot: &Window| slot.starts_at.with_timezone(&self.clinic.zone).hour();
        let by_hour = day.slots.chunk_by(|a, b| hour(a) == hour(b));
        let has_two = by_hour.clone().any(|slots| slots.len() > 1);
        let part = |slots: &[Window]| {
            let of = slots.first().map_or(0, hour);
            let heading = match (has_two, of < 12) {
                (true, _) => self.t.hour(of),
                (false, true) => self.t.morning().to_owned(),
                (false, false) => self.t.afternoon().to_owned(),
            };
            let times = slots.iter().map(|slot| self.time(slot, product_id, is_open)).collect();
            Part { heading, times }
        };
        if has_two {
            by_hour.map(part).collect()
        } else {
            let half = |slot: &Window| hour(slot) < 12;
            day.slots.chunk_by(|a, b| half(a) == half(b)).map(part).collect()
        }
    }

    fn time(&self, slot: &Window, product_id: ProductId, is_open: bool) -> Time {
        let t = self.t;
        let is_free = slot.seats_left > 0;
        let path = check_path(self.card.campaign.campaign_id, slot.slot_id, product_id);
        Time {
            label: words::time(t.language(), slot.starts_at, self.clinic.zone),
            places: match is_free {
                true => t.places(i64::from(slot.seats_left)),
                false => t.full().to_owned(),
            },
            href: (is_free && is_open).then(|| self.frame.to(&path)),
        }
    }

    /// Why nothing can be booked on the day.
    fn nothing(&self, day: Option<&day::Day<'_>>) -> String {
        let t = self.t;
        let Some(day) = day else { return t.clinic_has_nothing().to_owned() };
        let date = words::date(t.language(), day.date);
        let places: i64 = day.slots.iter().map(|slot| i64::from(slot.seats_left)).sum();
        let is_past = day.date < local_date(self.snapshot.as_of, self.clinic.zone);
        let has_doses = day.doses_open.iter().any(|doses| doses.open > 0);
        if is_past {
            t.day_is_past(&date)
        } else if day.slots.is_empty() {
            t.day_has_no_times(&date)
        } else if day.slots.iter().all(|slot| slot.is_closed) {
            t.day_is_closed(&date)
        } else if places == 0 {
            t.day_is_full(&date)
        } else if has_doses && day.bookable == 0 {
            t.doses_wait(&date)
        } else {
            t.time_but_no_doses(&date)
        }
    }

    fn elsewhere(&self, date: Option<NaiveDate>) -> Elsewhere {
        let away = Away {
            snapshot: self.snapshot,
            t: self.t,
            frame: self.frame,
            campaign_id: self.card.campaign.campaign_id,
            clinic_id: self.clinic.clinic_id,
            date,
        };
        away.elsewhere()
    }
}
