//! Which clinics have something: asked for by region, date and distance, answered from memory.

use std::{cmp::Ordering, collections::HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::{
    availability::ClinicDay,
    catalogue::Site,
    place::{self, Point},
    snapshot::{ClinicNow, Snapshot},
    view::ClinicView,
};
use crate::domain::{CampaignId, ClinicId, RegionId};

/// What is asked for. Past days are never listed.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    pub campaign_id: CampaignId,
    /// This region and all that lies in it.
    pub region_id: Option<RegionId>,
    pub date: Option<NaiveDate>,
    /// Only days on which something can be booked; else also those on which all is booked.
    pub only_bookable: bool,
    /// Nearest first; else by id.
    pub near: Option<Point>,
    /// Only what comes after this clinic in that order.
    pub after: Option<ClinicId>,
    pub limit: usize,
}

impl Filter {
    /// Everything that is listed for a campaign.
    pub fn all(campaign_id: CampaignId) -> Self {
        Self {
            campaign_id,
            region_id: None,
            date: None,
            only_bookable: false,
            near: None,
            after: None,
            limit: usize::MAX,
        }
    }
}

/// Clinics that have doses of the campaign on any day from today on, even if all are booked.
#[derive(Debug, Serialize)]
pub struct Listing<'a> {
    pub campaign_id: CampaignId,
    pub as_of: DateTime<Utc>,
    pub version: i64,
    pub clinics: Vec<Line<'a>>,
    /// Ask for what comes after this clinic; none at the end.
    pub next_after: Option<ClinicId>,
}

#[derive(Debug, Serialize)]
pub struct Line<'a> {
    #[serde(flatten)]
    pub clinic: ClinicView<'a>,
    /// None where no distance was asked for, or the clinic's place is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
    pub days: Vec<DayLine>,
}

#[derive(Debug, Serialize)]
pub struct DayLine {
    pub date: NaiveDate,
    /// Open doses of this campaign for the web, of every tranche.
    pub open: i64,
    /// Free seats in slots that have not begun, which all campaigns at the clinic share.
    pub seats_left: i64,
    /// Doses that somebody can book: of products that are offered, for everybody or a tranche that
    /// is open, and no more than there are seats.
    pub bookable: i64,
}

/// A clinic in the order of the list.
#[derive(Clone, Copy)]
struct Rank {
    /// Square of the chord; infinite where it is not known, zero where nobody asked.
    distance: f64,
    place: usize,
}

impl Rank {
    fn order(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then(self.place.cmp(&other.place))
    }
}

impl Snapshot {
    /// The clinics asked for. None if there is no clinic `after`.
    pub fn list(&self, filter: &Filter) -> Option<Listing<'_>> {
        let after = match filter.after {
            None => None,
            Some(id) => {
                let place = self.catalogue.place_of(id)?;
                Some(rank(filter, place, self.catalogue.clinics.get(place)?))
            }
        };
        let today = &mut Today::new(self.as_of);
        let mut ranks = self.ranks(filter, today, after);
        let is_more = ranks.len() > filter.limit;
        if is_more {
            ranks.select_nth_unstable_by(filter.limit, Rank::order);
            ranks.truncate(filter.limit);
        }
        ranks.sort_unstable_by(Rank::order);
        let lines = ranks.iter().filter_map(|rank| self.line(filter, today, *rank));
        let clinics: Vec<_> = lines.collect();
        let last = clinics.last().map(|line| line.clinic.clinic_id);
        Some(Listing {
            campaign_id: filter.campaign_id,
            as_of: self.as_of,
            version: self.version,
            clinics,
            next_after: last.filter(|_| is_more),
        })
    }

    /// The days of one clinic that are listed for a campaign, in order; none for an unknown clinic.
    pub fn days_of(&self, campaign_id: CampaignId, clinic_id: ClinicId) -> Vec<DayLine> {
        let found = self.catalogue.place_of(clinic_id);
        let site = found.and_then(|place| self.catalogue.clinics.get(place));
        let now = found.and_then(|place| self.clinics.get(place));
        let Some((site, now)) = site.zip(now) else { return Vec::new() };
        let today = Today::new(self.as_of).of(site.clinic.zone);
        by_date(matching(now, &Filter::all(campaign_id), today))
    }

    fn ranks(&self, filter: &Filter, today: &mut Today, after: Option<Rank>) -> Vec<Rank> {
        let sites = self.catalogue.clinics.iter().zip(&self.clinics).enumerate();
        let ranks = sites.filter_map(|(place, (site, now))| {
            let path = self.catalogue.path(site.clinic.region_id);
            let is_inside = filter.region_id.is_none_or(|region_id| path.contains(&region_id));
            if !is_inside || !matching(now, filter, today.of(site.clinic.zone)).any(|_| true) {
                return None;
            }
            let rank = rank(filter, place, site);
            let is_after = after.is_none_or(|after| after.order(&rank) == Ordering::Less);
            is_after.then_some(rank)
        });
        ranks.collect()
    }

    fn line(&self, filter: &Filter, today: &mut Today, rank: Rank) -> Option<Line<'_>> {
        let site = self.catalogue.clinics.get(rank.place)?;
        let days = matching(self.clinics.get(rank.place)?, filter, today.of(site.clinic.zone));
        let is_measured = filter.near.is_some() && rank.distance.is_finite();
        Some(Line {
            clinic: (&site.clinic).into(),
            distance_km: is_measured.then(|| place::kilometres(rank.distance)),
            days: by_date(days),
        })
    }
}

/// Adds the products of each day, which share its seats and what can be booked.
fn by_date<'a>(days: impl Iterator<Item = &'a ClinicDay>) -> Vec<DayLine> {
    let mut lines: Vec<DayLine> = Vec::new();
    for &ClinicDay { date, open, seats_left, bookable, .. } in days {
        match lines.last_mut() {
            Some(line) if line.date == date => line.open += open,
            _ => lines.push(DayLine { date, open, seats_left, bookable }),
        }
    }
    lines
}

/// The days of a clinic that are asked for.
fn matching<'a>(
    clinic: &'a ClinicNow,
    filter: &Filter,
    today: NaiveDate,
) -> impl Iterator<Item = &'a ClinicDay> + use<'a> {
    let Filter { campaign_id, date, only_bookable, .. } = *filter;
    clinic.days.iter().filter(move |day| {
        day.campaign_id == campaign_id
            && day.date >= today
            && (day.bookable > 0 || !only_bookable)
            && date.is_none_or(|date| date == day.date)
    })
}

fn rank(filter: &Filter, place: usize, site: &Site) -> Rank {
    let distance = filter
        .near
        .map_or(0.0, |near| site.point.map_or(f64::INFINITY, |point| near.chord_squared(point)));
    Rank { distance, place }
}

/// The local date in each zone that comes up.
struct Today {
    at: DateTime<Utc>,
    dates: HashMap<Tz, NaiveDate>,
}

impl Today {
    fn new(at: DateTime<Utc>) -> Self {
        Self { at, dates: HashMap::new() }
    }

    fn of(&mut self, zone: Tz) -> NaiveDate {
        let at = self.at;
        *self.dates.entry(zone).or_insert_with(|| at.with_timezone(&zone).date_naive())
    }
}
