//! What the clinics of a round have free, counted by region and by day, and where they are.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use crate::{
    board::snapshot::{ClinicNow, Snapshot},
    domain::{CampaignId, RegionId},
};

/// How many clinics have something free, and how many have nothing left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clinics {
    pub with: i64,
    pub without: i64,
}

/// A clinic's place on the map.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    pub latitude: f64,
    pub longitude: f64,
    pub free: i64,
    /// The province, or whatever the clinic's region lies in at last.
    pub region_id: RegionId,
}

/// Free doses: those that somebody can book, by doses and seats.
#[derive(Debug, Default)]
pub struct Tally {
    pub by_region: HashMap<RegionId, i64>,
    pub by_day: BTreeMap<NaiveDate, i64>,
    pub clinics: Clinics,
    pub clinics_by_region: HashMap<RegionId, Clinics>,
    pub dots: Vec<Dot>,
}

impl Clinics {
    fn count(&mut self, free: i64) {
        match free {
            ..=0 => self.without += 1,
            _ => self.with += 1,
        }
    }
}

impl Tally {
    /// Of the clinics that have doses of the campaign, even if all are booked.
    pub fn new(snapshot: &Snapshot, id: CampaignId) -> Self {
        let mut tally = Self::default();
        for (site, now) in snapshot.catalogue.clinics.iter().zip(&snapshot.clinics) {
            let Some(free) = tally.days(now, id) else { continue };
            let path = snapshot.catalogue.path(site.clinic.region_id);
            for &region_id in path {
                *tally.by_region.entry(region_id).or_default() += free;
                tally.clinics_by_region.entry(region_id).or_default().count(free);
            }
            tally.clinics.count(free);
            let clinic = &site.clinic;
            if let (Some(latitude), Some(longitude)) = (clinic.latitude, clinic.longitude) {
                let region_id = path.last().copied().unwrap_or(clinic.region_id);
                tally.dots.push(Dot { latitude, longitude, free, region_id });
            }
        }
        tally
    }

    /// Counts the days of a clinic; none where it has none. All products of a date share what is
    /// free on it.
    fn days(&mut self, clinic: &ClinicNow, id: CampaignId) -> Option<i64> {
        let mut sum = None;
        let mut last = None;
        for day in clinic.days.iter().filter(|day| day.campaign_id == id) {
            if last != Some(day.date) {
                last = Some(day.date);
                *sum.get_or_insert(0) += day.bookable;
                *self.by_day.entry(day.date).or_default() += day.bookable;
            }
        }
        sum
    }
}
