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

/// So many clinics are looked at one by one, nearest first; then a look at all of them is cheaper.
const NEAR_MAX: usize = 2_000;
/// By so much of itself a distance may be wrong that orders clinics in the index.
const ROUNDING: f64 = 1e-9;

/// A clinic in the order of the list.
#[derive(Clone, Copy, Debug, PartialEq)]
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

    /// Those that the list begins with, in any order, and more of them where there are more.
    fn ranks(&self, filter: &Filter, today: &mut Today, after: Option<Rank>) -> Vec<Rank> {
        let (index, all) = (&self.catalogue.index, 0..self.catalogue.clinics.len());
        let is_listed = |place: &usize, today: &mut Today| self.rank(filter, today, after, *place);
        match (filter.near, filter.region_id) {
            (None, region_id) => {
                // By id, as their places are.
                let wanted = filter.limit.saturating_add(1);
                let first = after.map_or(0, |after| after.place + 1);
                match region_id {
                    None => {
                        let places = first..all.end;
                        places.filter_map(|place| is_listed(&place, today)).take(wanted).collect()
                    }
                    Some(id) => {
                        let places = index.of_region(id);
                        let from = places.partition_point(|place| *place < first);
                        let places = places.iter().skip(from);
                        places.filter_map(|place| is_listed(place, today)).take(wanted).collect()
                    }
                }
            }
            (Some(_), Some(id)) => {
                let places = index.of_region(id).iter();
                places.filter_map(|place| is_listed(place, today)).collect()
            }
            (Some(near), None) => self
                .nearest(filter, today, (near, after))
                .unwrap_or_else(|| all.filter_map(|place| is_listed(&place, today)).collect()),
        }
    }

    /// As `ranks`, from near to far; none where that would take longer than to look at all.
    fn nearest(
        &self,
        filter: &Filter,
        today: &mut Today,
        (near, after): (Point, Option<Rank>),
    ) -> Option<Vec<Rank>> {
        let index = &self.catalogue.index;
        let (mut ranks, mut enough) = (Vec::new(), None);
        for (looked_at, (place, distance)) in index.from_near(near).enumerate() {
            if enough.is_some_and(|enough| distance > enough) {
                return Some(ranks);
            }
            if looked_at == NEAR_MAX {
                return None;
            }
            ranks.extend(self.rank(filter, today, after, place));
            if enough.is_none() && ranks.len() > filter.limit {
                enough = Some(distance * (1.0 + ROUNDING) + f64::EPSILON * ROUNDING);
            }
        }
        let others = index.unlocated().iter();
        ranks.extend(others.filter_map(|place| self.rank(filter, today, after, *place)));
        Some(ranks)
    }

    /// The rank of a clinic, if it is listed after that one.
    fn rank(
        &self,
        filter: &Filter,
        today: &mut Today,
        after: Option<Rank>,
        place: usize,
    ) -> Option<Rank> {
        let (site, now) = (self.catalogue.clinics.get(place)?, self.clinics.get(place)?);
        let rank = rank(filter, place, site);
        if after.is_some_and(|after| after.order(&rank) != Ordering::Less) {
            return None;
        }
        matching(now, filter, today.of(site.clinic.zone)).any(|_| true).then_some(rank)
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc};

    use chrono_tz::Asia::Seoul;
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::{
        board::catalogue::tests::catalogue,
        domain::{
            ProductId,
            amenity::Amenities,
            clinic::{Clinic, Directions},
            eligibility::tests::{date, instant},
            region::Region,
        },
    };

    const CAMPAIGN: CampaignId = CampaignId(1);
    const TODAY: &str = "2021-07-14";

    /// Where a clinic lies, in which district, and how many doses it has on two days.
    type Lies = (Option<(f64, f64)>, i32, [i64; 2]);

    /// Two provinces (1, 2), with two districts each (11, 12, 21, 22).
    fn regions() -> Vec<Region> {
        let region = |id: i32, parent: Option<i32>| Region {
            region_id: RegionId(id),
            parent_id: parent.map(RegionId),
            code: id.to_string(),
            name: id.to_string().into(),
        };
        let districts = [11, 12, 21, 22].map(|id| region(id, Some(id / 10)));
        [region(1, None), region(2, None)].into_iter().chain(districts).collect()
    }

    /// The ids of clinics have gaps.
    fn snapshot(lies: &[Lies]) -> Snapshot {
        let clinic = |(at, &(point, region_id, _)): (usize, &Lies)| Clinic {
            clinic_id: ClinicId(at as i32 * 3 + 1),
            region_id: RegionId(region_id),
            code: at.to_string(),
            name: at.to_string().into(),
            zone: Seoul,
            address: String::new(),
            phone: String::new(),
            latitude: point.map(|(latitude, _)| latitude),
            longitude: point.map(|(_, longitude)| longitude),
            amenities: Amenities::default(),
            directions: Directions::default(),
        };
        let now = |&(_, _, doses): &Lies| {
            let day = |(days, open): (u64, i64)| ClinicDay {
                campaign_id: CAMPAIGN,
                date: date(TODAY) + chrono::Days::new(days),
                product_id: ProductId(1),
                open,
                seats_left: 3,
                bookable: open.min(3),
            };
            // None of one day alone: nothing was ever granted there.
            let days = (0..).zip(doses).filter(|(_, open)| *open >= 0).map(day);
            ClinicNow { days: days.collect(), slots: Arc::default() }
        };
        Snapshot {
            as_of: instant("2021-07-14T01:00:00Z"),
            version: 1,
            catalogue: Arc::new(catalogue(
                regions(),
                lies.iter().enumerate().map(clinic).collect(),
            )),
            supplies: BTreeMap::new(),
            clinics: lies.iter().map(now).collect(),
            cut_off_since: None,
        }
    }

    /// What a look at every clinic finds, from the nearest or the first on.
    fn by_scan(snapshot: &Snapshot, filter: &Filter) -> (Vec<ClinicId>, bool) {
        let today = &mut Today::new(snapshot.as_of);
        let sites = snapshot.catalogue.clinics.iter().zip(&snapshot.clinics).enumerate();
        let ranks = sites.filter_map(|(place, (site, now))| {
            let path = snapshot.catalogue.path(site.clinic.region_id);
            let is_inside = filter.region_id.is_none_or(|id| path.contains(&id));
            let is_listed = matching(now, filter, today.of(site.clinic.zone)).any(|_| true);
            (is_inside && is_listed).then(|| rank(filter, place, site))
        });
        let mut ranks: Vec<_> = ranks.collect();
        ranks.sort_by(Rank::order);
        if let Some(after) = filter.after.and_then(|id| snapshot.catalogue.place_of(id)) {
            let after = rank(filter, after, &snapshot.catalogue.clinics[after]);
            ranks.retain(|rank| after.order(rank) == Ordering::Less);
        }
        let is_more = ranks.len() > filter.limit;
        let ids = ranks.iter().take(filter.limit);
        let ids = ids.map(|rank| snapshot.catalogue.clinics[rank.place].clinic.clinic_id);
        (ids.collect(), is_more)
    }

    fn found(snapshot: &Snapshot, filter: &Filter) -> (Vec<ClinicId>, bool) {
        let listing = snapshot.list(filter).unwrap();
        let ids = listing.clinics.iter().map(|line| line.clinic.clinic_id).collect();
        (ids, listing.next_after.is_some())
    }

    /// In Korea, at the date line, at the poles, and on a grid where many are as far as each other.
    fn point() -> impl Strategy<Value = (f64, f64)> {
        prop_oneof![
            (34.0..38.0, 126.0..129.5),
            (-1.0..1.0, prop_oneof![179.0..180.0, -180.0..-179.0]),
            (prop_oneof![89.0..90.0, -90.0..-89.0], -180.0..180.0),
            (select(vec![37.5, 37.51, 37.52]), select(vec![127.0, 127.01, 127.02, -180.0, 180.0])),
        ]
    }

    fn lies() -> impl Strategy<Value = Lies> {
        let doses = || select(vec![-1_i64, 0, 0, 5, 9]);
        let point = prop_oneof![9 => point().prop_map(Some), 1 => Just(None)];
        (point, select(vec![11, 12, 21, 22, 2]), [doses(), doses()])
    }

    proptest! {
        #[test]
        fn the_index_finds_what_a_look_at_every_clinic_does(
            lies in vec(lies(), 1..120),
            near in option::of(point()),
            region_id in option::of(select(vec![1, 2, 11, 22, 99])),
            day in option::of(0..3_u64),
            only_bookable in any::<bool>(),
            limit in select(vec![1, 2, 7, 50, 500, usize::MAX]),
            after in option::of(0..120_usize),
        ) {
            let snapshot = snapshot(&lies);
            let after = after.and_then(|at| snapshot.catalogue.clinics.get(at));
            let filter = Filter {
                region_id: region_id.map(RegionId),
                date: day.map(|days| date(TODAY) + chrono::Days::new(days)),
                only_bookable,
                near: near.map(|(latitude, longitude)| Point::new(latitude, longitude)),
                after: after.map(|site| site.clinic.clinic_id),
                limit,
                ..Filter::all(CAMPAIGN)
            };
            prop_assert_eq!(found(&snapshot, &filter), by_scan(&snapshot, &filter));
        }
    }

    /// A nation, of which only the far end has anything: the look from near to far gives up.
    #[test]
    fn who_is_far_from_everything_finds_the_same() {
        let doses = |at: i32| if at > 9_000 { [5, 5] } else { [-1, -1] };
        let at = |at: i32| (34.0 + f64::from(at % 100) / 25.0, 126.0 + f64::from(at / 100) / 30.0);
        let lies: Vec<Lies> = (0..10_000).map(|n| (Some(at(n)), 11, doses(n))).collect();
        let snapshot = snapshot(&lies);
        for (latitude, longitude) in [(34.0, 126.0), (37.5, 129.3), (-33.9, -71.0), (90.0, 0.0)] {
            let near = Some(Point::new(latitude, longitude));
            let mut filter = Filter { near, limit: 20, ..Filter::all(CAMPAIGN) };
            for _ in 0..3 {
                let (ids, is_more) = found(&snapshot, &filter);
                assert_eq!((ids.clone(), is_more), by_scan(&snapshot, &filter));
                filter.after = ids.last().copied();
            }
            filter.only_bookable = true;
            filter.campaign_id = CampaignId(2);
            assert!(found(&snapshot, &filter).0.is_empty(), "the control");
        }
        assert!(snapshot.nearest_alone(34.0, 126.0).is_none(), "too far to go one by one");
        assert!(snapshot.nearest_alone(37.5, 129.3).is_some(), "the control");
    }

    impl Snapshot {
        fn nearest_alone(&self, latitude: f64, longitude: f64) -> Option<Vec<Rank>> {
            let filter = Filter { limit: 20, ..Filter::all(CAMPAIGN) };
            let today = &mut Today::new(self.as_of);
            self.nearest(&filter, today, (Point::new(latitude, longitude), None))
        }
    }

    #[test]
    fn the_middle_of_a_district_without_clinics_is_that_of_its_province() {
        let lies = [(Some((37.0, 127.0)), 11, [1, 1]), (Some((37.2, 127.2)), 12, [1, 1])];
        let snapshot = snapshot(&lies);
        let off = |id, latitude, longitude| {
            let middle = snapshot.catalogue.middle_of(RegionId(id))?;
            Some(place::kilometres(middle.chord_squared(Point::new(latitude, longitude))))
        };
        assert!(off(11, 37.0, 127.0).is_some_and(|km| km < 0.1));
        assert!(off(1, 37.1, 127.1).is_some_and(|km| km < 0.1));
        assert!(off(21, 37.1, 127.1).is_none(), "nothing in the whole province");
    }
}
