//! Where else there is something to book: other times of a day, other days of a clinic, other
//! clinics near it. Every page that says no ends with it.

use chrono::NaiveDate;

use super::{check_path, choice::doses_of, times_path};
use crate::{
    board::{
        listing::{Filter, Listing},
        slot::Window,
        snapshot::Snapshot,
    },
    domain::{CampaignId, ClinicId, ProductId, SlotId},
    web::{page::Frame, text::Texts},
    words,
};

const TIMES_MAX: usize = 6;
const DAYS_MAX: usize = 6;
const CLINICS_MAX: usize = 6;

/// Links, each kind empty where there are none.
#[derive(Debug, Default)]
pub struct Elsewhere {
    pub times: Vec<Way>,
    pub days: Vec<Way>,
    pub clinics: Vec<Way>,
    /// Where one chooses anew.
    pub all: String,
}

/// A link, and what is there.
#[derive(Debug)]
pub struct Way {
    pub href: String,
    pub label: String,
    pub note: String,
}

/// Away from what: a clinic, perhaps a date there and a slot of it.
#[derive(Clone, Copy, Debug)]
pub struct Away<'a> {
    pub snapshot: &'a Snapshot,
    pub t: Texts,
    pub frame: Frame<'a>,
    pub campaign_id: CampaignId,
    pub clinic_id: ClinicId,
    pub date: Option<NaiveDate>,
}

impl Away<'_> {
    /// Other days of the clinic, and other clinics.
    pub fn elsewhere(&self) -> Elsewhere {
        let all = self.frame.to(&format!("/campaigns/{}/clinics", self.campaign_id));
        Elsewhere { times: Vec::new(), days: self.days(), clinics: self.clinics(), all }
    }

    /// The same with other times of the day, for the product. The snapshot may not know yet that
    /// the slot is taken.
    pub fn elsewhere_that_day(&self, product_id: ProductId, slot_id: SlotId) -> Elsewhere {
        Elsewhere { times: self.times(product_id, slot_id), ..self.elsewhere() }
    }

    fn times(&self, product_id: ProductId, except: SlotId) -> Vec<Way> {
        let Self { snapshot, t, clinic_id, campaign_id, .. } = *self;
        let day = self.date.and_then(|date| snapshot.day(clinic_id, campaign_id, date));
        let Some(day) = day.filter(|day| doses_of(day, product_id) > 0) else {
            return Vec::new();
        };
        let zone = snapshot.catalogue.clinic(clinic_id).map(|clinic| clinic.zone);
        let Some(zone) = zone else { return Vec::new() };
        // Those nearest to the time that was wanted come first, then all in the order of the day.
        let wanted = day.slots.iter().find(|slot| slot.slot_id == except);
        let wanted = wanted.map_or(day.as_of, |slot| slot.starts_at);
        let is_free = |slot: &&Window| slot.seats_left > 0 && slot.slot_id != except;
        let mut free: Vec<&Window> = day.slots.iter().filter(is_free).collect();
        free.sort_by_key(|slot| (slot.starts_at - wanted).abs());
        free.truncate(TIMES_MAX);
        free.sort_by_key(|slot| slot.starts_at);
        let way = |slot: &Window| Way {
            href: self.frame.to(&check_path(campaign_id, slot.slot_id, product_id)),
            label: words::time(t.language(), slot.starts_at, zone),
            note: t.places(i64::from(slot.seats_left)),
        };
        free.into_iter().map(way).collect()
    }

    fn days(&self) -> Vec<Way> {
        let days = self.snapshot.days_of(self.campaign_id, self.clinic_id).into_iter();
        let other = days.filter(|day| day.bookable > 0 && Some(day.date) != self.date);
        let way = |date, bookable| Way {
            href: self.href(self.clinic_id, date),
            label: words::coming_day(self.t.language(), date),
            note: self.t.doses(bookable),
        };
        other.take(DAYS_MAX).map(|day| way(day.date, day.bookable)).collect()
    }

    fn clinics(&self) -> Vec<Way> {
        let catalogue = &self.snapshot.catalogue;
        let site = catalogue.place_of(self.clinic_id).and_then(|at| catalogue.clinics.get(at));
        let Some(site) = site else { return Vec::new() };
        let near = site.point.or_else(|| catalogue.middle_of(site.clinic.region_id));
        let filter = Filter {
            only_bookable: true,
            near,
            limit: CLINICS_MAX + 1,
            ..Filter::all(self.campaign_id)
        };
        let found = self.snapshot.list(&filter);
        found.map(|listing| self.near(&listing, site.point.is_some())).unwrap_or_default()
    }

    fn near(&self, listing: &Listing<'_>, is_measured: bool) -> Vec<Way> {
        let lines = listing.clinics.iter().filter(|line| line.clinic.clinic_id != self.clinic_id);
        let ways = lines.filter_map(|line| {
            let clinic = self.snapshot.catalogue.clinic(line.clinic.clinic_id)?;
            let day = line.days.first()?;
            let (t, when) = (self.t, words::coming_day(self.t.language(), day.date));
            let far = line.distance_km.filter(|_| is_measured).map(|km| t.distance(km));
            let doses = t.doses(day.bookable);
            Some(Way {
                href: self.href(clinic.clinic_id, day.date),
                label: t.name(&clinic.name).to_owned(),
                note: far.into_iter().chain([when, doses]).collect::<Vec<_>>().join(" · "),
            })
        });
        ways.take(CLINICS_MAX).collect()
    }

    fn href(&self, clinic_id: ClinicId, date: NaiveDate) -> String {
        self.frame.to(&times_path(self.campaign_id, clinic_id, date))
    }
}
