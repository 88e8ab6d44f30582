//! "Choose a place and a day": clinics of a district, or near somebody, with the days on which
//! something can be booked. What a clinic has for those who come is shown, and hides none.

use std::{fmt, str::FromStr, sync::Arc};

use actix_web::{HttpResponse, web::Data};
use askama::Template;
use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{
    InCampaign, campaign, chosen,
    map::{self, Pin},
    standing, times_path,
};
use crate::{
    board::{
        catalogue::{Card, Catalogue},
        listing::{Filter, Line, Listing},
        place::Point,
        snapshot::Snapshot,
    },
    domain::{
        CampaignId, ClinicId, RegionId, amenity::Amenity, calendar::local_date, clinic::Clinic,
    },
    flows::personal::Personal,
    http::{answer_cache::Whom, extract::Path, problem::Problem},
    web::{
        cut_off,
        form::FieldError,
        guard::SignedIn,
        home,
        page::{Frame, Visit},
        part::{Choice, LongSelect, Select, Step, chosen_of},
        region_field::place_options,
        text::{Html, Texts},
    },
    words,
};

/// Clinics on a page.
const CLINICS_MAX: usize = 20;
/// Days that are shown of a clinic; its own page has all.
const DAYS_MAX: usize = 4;
/// Clinics that are shown where a district has nothing.
const NEAREST_MAX: usize = 10;

/// Where somebody is, in hundredths of a degree: about a kilometre, because it stands in the
/// address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Near {
    latitude: i32,
    longitude: i32,
}

impl Near {
    fn degrees(self) -> (f64, f64) {
        (f64::from(self.latitude) / 100.0, f64::from(self.longitude) / 100.0)
    }

    fn point(self) -> Point {
        let (latitude, longitude) = self.degrees();
        Point::new(latitude, longitude)
    }
}

impl FromStr for Near {
    type Err = ();

    /// From degrees as browsers tell them, however exact.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (latitude, longitude) = text.split_once(',').ok_or(())?;
        Ok(Self { latitude: hundredths(latitude, 90)?, longitude: hundredths(longitude, 180)? })
    }
}

/// Digits are read, not computed with, so that what comes in rounded goes out as it came.
fn hundredths(text: &str, limit: i32) -> Result<i32, ()> {
    let text = text.trim();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || !are_digits(whole) || !are_digits(part) {
        return Err(());
    }
    let part = format!("{part:0<3}");
    let thousandths: i32 = part.chars().take(3).collect::<String>().parse().map_err(drop)?;
    let whole: i32 = whole.parse().map_err(drop)?;
    let rounded = whole * 100 + (thousandths + 5) / 10;
    (rounded <= limit * 100).then_some(sign * rounded).ok_or(())
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let degrees = |hundredths: i32| {
            let (sign, size) = (if hundredths < 0 { "-" } else { "" }, hundredths.unsigned_abs());
            format!("{sign}{}.{:02}", size / 100, size % 100)
        };
        write!(f, "{},{}", degrees(self.latitude), degrees(self.longitude))
    }
}

/// What is chosen, as the address says it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Chosen {
    region_id: Option<RegionId>,
    date: Option<NaiveDate>,
    /// Counts more than the region.
    near: Option<Near>,
    after: Option<ClinicId>,
    /// Clinics where all is booked are shown too.
    with_full: bool,
}

impl Chosen {
    fn read(query: &str, catalogue: &Catalogue) -> Self {
        let region_id = chosen(query, "region");
        Self {
            region_id: region_id.filter(|id| catalogue.regions.contains_key(id)),
            date: chosen(query, "date"),
            near: chosen(query, "near"),
            after: chosen(query, "after").filter(|id| catalogue.place_of(*id).is_some()),
            with_full: chosen::<u8>(query, "full") == Some(1),
        }
    }

    fn path(self, campaign_id: CampaignId) -> String {
        let parts = [
            self.near.map(|near| format!("near={near}")),
            self.region_id.filter(|_| self.near.is_none()).map(|id| format!("region={id}")),
            self.date.map(|date| format!("date={date}")),
            self.with_full.then(|| "full=1".to_owned()),
            self.after.map(|id| format!("after={id}")),
        ];
        let query = parts.into_iter().flatten().collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/campaigns/{campaign_id}/clinics{mark}{query}")
    }

    fn is_somewhere(self) -> bool {
        self.near.is_some() || self.region_id.is_some()
    }

    fn filter(self, campaign_id: CampaignId) -> Filter {
        Filter {
            region_id: self.region_id.filter(|_| self.near.is_none()),
            date: self.date,
            only_bookable: !self.with_full,
            near: self.near.map(Near::point),
            after: self.after,
            limit: CLINICS_MAX,
            ..Filter::all(campaign_id)
        }
    }
}

#[derive(Template)]
#[template(path = "booking/place.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    campaign: &'a str,
    here: String,
    supply: String,
    why_not: Option<String>,
    cut_off: Option<String>,
    /// None: what cannot be read counts as not chosen.
    errors: Vec<FieldError>,
    district: LongSelect,
    day: Select,
    /// To which the script adds where the browser is.
    near: String,
    found: Option<Found>,
}

/// What there is at the place that was chosen.
struct Found {
    heading: String,
    places: Vec<Place>,
    first: Option<Step>,
    next: Option<Step>,
    /// The same days and more, where only one day was asked for.
    any_day: Option<String>,
    with_full: Option<String>,
    /// The nearest where there is nothing here.
    others: Vec<Place>,
    /// Whichever of the two are shown, by their numbers.
    map: Option<Html>,
}

/// A clinic of the list.
struct Place {
    /// From 1 on each page, in the list and on the map.
    number: usize,
    /// Latitude and longitude, where they are known.
    at: Option<(f64, f64)>,
    name: String,
    address: String,
    /// How far it is, where that was asked for.
    far: Option<String>,
    /// What it has for those who come; empty where nothing is known.
    has: String,
    days: Vec<Day>,
    /// All days, where not all are shown.
    more: Option<String>,
}

struct Day {
    href: String,
    label: String,
    doses: String,
}

/// The form, and below it the clinics of what is chosen. Who is signed in and has chosen nothing
/// gets the page of the district where they live, as everybody does who chooses it; who is not, or
/// where that is not known, the page that asks for a district.
///
/// # Errors
/// `not_found` for a campaign that is not public.
pub async fn get_clinics(
    visit: Visit,
    personal: Data<Personal>,
    signed_in: Option<SignedIn>,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let snapshot = visit.app.board.now();
    let card = campaign(&snapshot, campaign_id)?;
    let query = visit.request.query_string();
    let mut asked = Chosen::read(query, &snapshot.catalogue);
    // A browser's history needs no more exact place than the page does.
    let near = chosen::<String>(query, "near");
    if asked.near.is_some_and(|rounded| near != Some(rounded.to_string())) {
        return Ok(visit.see_other(&asked.path(campaign_id)));
    }
    let (mut at, mut keep) = (visit.frame().here.to_owned(), None);
    if let (false, Some(SignedIn(session))) = (asked.is_somewhere(), signed_in) {
        (asked.region_id, keep) = home::find(&visit, &personal, session, &snapshot).await;
        if asked.region_id.is_some() {
            // The page that whoever chooses it gets, under their address for it.
            at = asked.path(campaign_id);
        }
    }
    let mut response = list(&visit, &snapshot, card, (asked, &at))?;
    if let Some(cookie) = keep {
        response.add_cookie(&cookie).map_err(Problem::internal)?;
    }
    Ok(response)
}

/// The page at this address, as it is kept, or made to be kept. Nothing on it depends on who asks.
fn list(
    visit: &Visit,
    snapshot: &Arc<Snapshot>,
    card: &Card,
    (asked, at): (Chosen, &str),
) -> Result<HttpResponse, Problem> {
    if let Some(kept) = visit.kept(at) {
        return Ok(kept);
    }
    // Who is signed in may be shown another page at the address of the one that only asks.
    let whom = if asked.is_somewhere() { Whom::Everybody } else { Whom::Strangers };
    let until = standing::changes_at(&card.campaign, visit.app.clock.now());
    visit.show_to_all_at(at, &page(visit, snapshot, card, (asked, at)), (snapshot, whom), until)
}

fn page<'a>(
    visit: &'a Visit,
    snapshot: &'a Snapshot,
    card: &'a Card,
    (asked, at): (Chosen, &'a str),
) -> Page<'a> {
    let (t, id) = (visit.t, card.campaign.campaign_id);
    let frame = Frame::new(t, &visit.app.site, at);
    let here = Chosen { near: None, region_id: None, after: None, date: None, ..asked };
    let near = Chosen { date: asked.date, ..here }.path(id);
    let mark = if near.contains('?') { "&" } else { "?" };
    let list = List { t, frame, snapshot, card, zone: visit.app.site.zone };
    Page {
        t,
        frame,
        campaign: t.name(&card.campaign.name),
        here: frame.to(&format!("/campaigns/{id}/clinics")),
        supply: frame.to(&format!("/campaigns/{id}")),
        why_not: standing::why_not(t, &card.campaign, visit.app.clock.now()),
        cut_off: cut_off::sentence(t, &visit.app.site, snapshot),
        errors: Vec::new(),
        district: district(visit, snapshot, asked.region_id),
        day: list.day(asked.date),
        near: frame.to(&format!("{near}{mark}")),
        found: asked.is_somewhere().then(|| list.found(asked)),
    }
}

fn district(visit: &Visit, snapshot: &Snapshot, region_id: Option<RegionId>) -> LongSelect {
    let t = visit.t;
    let options = place_options(t, &visit.app.shelf, snapshot);
    let chosen = region_id.map(|id| id.to_string()).unwrap_or_default();
    LongSelect {
        id: "region",
        label: t.district_column().into(),
        hint: t.district_hint().into(),
        options: chosen_of(&options, &chosen),
    }
}

/// Makes lists of one campaign's clinics.
struct List<'a> {
    t: Texts,
    frame: Frame<'a>,
    snapshot: &'a Snapshot,
    card: &'a Card,
    /// What is today where no clinic is named.
    zone: Tz,
}

impl List<'_> {
    /// The days on which there are doses anywhere, and one that was asked for.
    fn day(&self, asked: Option<NaiveDate>) -> Select {
        let (t, campaign) = (self.t, &self.card.campaign);
        let today = local_date(self.snapshot.as_of, self.zone);
        let published = self.snapshot.supplies.get(&campaign.campaign_id);
        let days = published.map(|published| published.supply.by_day.as_slice());
        let open = days.unwrap_or_default().iter().filter(|day| day.doses.open > 0);
        let open = open.map(|day| day.date).filter(|date| *date >= today);
        let mut dates: Vec<NaiveDate> = open.chain(asked).collect();
        dates.sort_unstable();
        dates.dedup();
        let any = Choice { value: String::new(), label: t.any_day().into(), hint: "".into() };
        let choice = |date: NaiveDate| Choice {
            value: date.to_string(),
            label: words::coming_day(t.language(), date).into(),
            hint: "".into(),
        };
        Select {
            id: "date",
            label: t.day_of_appointment().into(),
            hint: "".into(),
            groups: vec![(
                String::new(),
                [any].into_iter().chain(dates.into_iter().map(choice)).collect(),
            )],
            chosen: asked.map(|date| date.to_string()).unwrap_or_default(),
        }
    }

    fn found(&self, asked: Chosen) -> Found {
        let (t, id) = (self.t, self.card.campaign.campaign_id);
        let listing = self.snapshot.list(&asked.filter(id));
        let next_after = listing.as_ref().and_then(|listing| listing.next_after);
        let places = listing.map(|listing| self.places(&listing)).unwrap_or_default();
        let is_first = asked.after.is_none();
        let to = |chosen: Chosen| self.frame.to(&chosen.path(id));
        let has_none = places.is_empty() && is_first;
        let step = |label: &str, chosen| Step { href: to(chosen), label: label.to_owned() };
        let from_start = Chosen { after: None, ..asked };
        let others = if has_none { self.nearest(asked) } else { Vec::new() };
        let heading = self.heading(asked);
        let shown = if places.is_empty() { &others } else { &places };
        Found {
            map: self.map(shown, asked, &heading),
            heading,
            first: (!is_first).then(|| step(t.nearest_again(), from_start)),
            next: next_after
                .map(|after| step(t.more_clinics(), Chosen { after: Some(after), ..asked })),
            any_day: (has_none && asked.date.is_some())
                .then(|| to(Chosen { date: None, ..from_start })),
            with_full: (!asked.with_full && next_after.is_none())
                .then(|| to(Chosen { with_full: true, ..from_start })),
            others,
            places,
        }
    }

    /// Of those whose place is known.
    fn map(&self, places: &[Place], asked: Chosen, heading: &str) -> Option<Html> {
        let pins: Vec<Pin> = places
            .iter()
            .filter_map(|place| {
                let (latitude, longitude) = place.at?;
                let is_open = !place.days.is_empty();
                Some(Pin { number: place.number, latitude, longitude, is_open })
            })
            .collect();
        let near = asked.near.map(Near::degrees);
        let title = self.t.pins_title(heading);
        let about = if near.is_some() { self.t.pins_about_near() } else { self.t.pins_about() };
        map::draw(&pins, near, map::Words { title: &title, about })
    }

    fn heading(&self, asked: Chosen) -> String {
        let t = self.t;
        let region = asked.region_id.and_then(|id| self.snapshot.catalogue.regions.get(&id));
        let place = match (asked.near, region) {
            (None, Some(region)) => t.clinics_in(t.name(&region.name)),
            _ => t.clinics_near_you().to_owned(),
        };
        match asked.date {
            None => place,
            Some(date) => t.on_that_day(&place, &words::coming_day(t.language(), date)),
        }
    }

    /// The nearest clinics with something to book, on the day or else on any.
    fn nearest(&self, asked: Chosen) -> Vec<Place> {
        let catalogue = &self.snapshot.catalogue;
        let middle = || asked.region_id.and_then(|id| catalogue.middle_of(id));
        let near = asked.near.map(Near::point).or_else(middle);
        let on = |date| {
            let filter = Filter {
                date,
                near,
                only_bookable: true,
                limit: NEAREST_MAX,
                ..Filter::all(self.card.campaign.campaign_id)
            };
            self.snapshot.list(&filter).map(|listing| self.places(&listing)).unwrap_or_default()
        };
        let places = on(asked.date);
        if places.is_empty() && asked.date.is_some() { on(None) } else { places }
    }

    fn places(&self, listing: &Listing<'_>) -> Vec<Place> {
        let lines = listing.clinics.iter().zip(1..);
        lines.filter_map(|(line, number)| self.place(line, number)).collect()
    }

    fn place(&self, line: &Line<'_>, number: usize) -> Option<Place> {
        let t = self.t;
        let clinic = self.snapshot.catalogue.clinic(line.clinic.clinic_id)?;
        let path = |date| {
            self.frame.to(&times_path(self.card.campaign.campaign_id, clinic.clinic_id, date))
        };
        let bookable = line.days.iter().filter(|day| day.bookable > 0);
        let days: Vec<_> = bookable
            .map(|day| Day {
                href: path(day.date),
                label: words::coming_day(t.language(), day.date),
                doses: t.doses(day.bookable),
            })
            .collect();
        let more = days.get(DAYS_MAX).map(|day| day.href.clone());
        Some(Place {
            number,
            at: clinic.latitude.zip(clinic.longitude),
            name: t.name(&clinic.name).to_owned(),
            address: clinic.address.clone(),
            far: line.distance_km.map(|km| t.distance(km)),
            has: has(t, clinic),
            days: days.into_iter().take(DAYS_MAX).collect(),
            more,
        })
    }
}

/// What a clinic is known to have.
fn has(t: Texts, clinic: &Clinic) -> String {
    let there = Amenity::ALL.iter().filter(|&&one| clinic.amenities.get(one) == Some(true));
    let names = there.map(|&one| words::amenity_name(t.language(), one));
    names.collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_to_a_kilometre() {
        for (given, kept) in [
            ("37.57,126.98", "37.57,126.98"),
            ("37.566535,126.977969", "37.57,126.98"),
            ("37.5,127", "37.50,127.00"),
            (" -33.8688, 151.2093 ", "-33.87,151.21"),
            ("0,0", "0.00,0.00"),
            ("-0.004,-0.005", "0.00,-0.01"),
            ("90,-180", "90.00,-180.00"),
            ("89.996,179.996", "90.00,180.00"),
        ] {
            let near: Near = given.parse().expect(given);
            assert_eq!(near.to_string(), kept);
            assert_eq!(kept.parse(), Ok(near), "{given} twice");
        }
        for bad in
            ["", "37.5", "37.5,", ",127", "90.01,0", "0,180.01", "1e1,2", "+1,2", "NaN,0", "1,2,3"]
        {
            assert!(bad.parse::<Near>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_keeps_what_is_chosen() {
        let all = Chosen {
            region_id: Some(RegionId(18)),
            date: "2021-07-26".parse().ok(),
            near: None,
            after: Some(ClinicId(7)),
            with_full: true,
        };
        let path = "/campaigns/1/clinics?region=18&date=2021-07-26&full=1&after=7";
        assert_eq!(all.path(CampaignId(1)), path);
        let near = Chosen { near: "37.5,127".parse().ok(), ..all };
        let path = "/campaigns/1/clinics?near=37.50,127.00&date=2021-07-26&full=1&after=7";
        assert_eq!(near.path(CampaignId(1)), path);
        assert_eq!(Chosen::default().path(CampaignId(1)), "/campaigns/1/clinics");
    }
}
