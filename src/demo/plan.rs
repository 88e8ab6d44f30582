//! Which clinics there are, how many seats they have, and which of them gives how many doses on
//! which day. Pure: the same scale gives the same plan, and the sums are exact.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use super::{
    amenity::{self, Street},
    region::{Country, District},
    scale::{DOSES_PER_VIAL, SEED, Scale},
    text::bilingual,
};
use crate::{
    domain::{amenity::Amenities, language::Language, localized::Localized},
    random::{Random, apportion},
};

/// The first slots are this many days away: further than the 48 hours until which a cancelled dose
/// returns to everybody, so that whoever tries it on the day of loading sees it return.
const DAYS_UNTIL_FIRST_SLOT: u64 = 3;
/// Two weeks, which hold ten working days and two Saturdays wherever they begin.
const SLOT_DAYS: u64 = 14;
const OPEN_DAYS: usize = 12;

const MORNING: (u32, u32) = (9, 13);
const AFTERNOON: (u32, u32) = (14, 17);
const SLOT_MINUTES: i64 = 30;

/// Seats in each slot, and the share of vials that goes with them. Of ten clinics two have one
/// seat, five have two and three have three.
const SIZES: [(i32, u64); 10] =
    [(1, 4), (1, 4), (2, 5), (2, 5), (2, 5), (2, 5), (2, 5), (3, 7), (3, 7), (3, 7)];

const STREETS: [Street; 10] = [
    ("중앙로", "Jungang-ro"),
    ("시청로", "Sicheong-ro"),
    ("공원로", "Gongwon-ro"),
    ("학교로", "Hakgyo-ro"),
    ("시장로", "Sijang-ro"),
    ("햇빛로", "Haetbit-ro"),
    ("남산로", "Namsan-ro"),
    ("강변로", "Gangbyeon-ro"),
    ("솔밭로", "Solbat-ro"),
    ("역로", "Yeok-ro"),
];
/// A province that has no districts; its one line among them is the city itself.
const SEJONG: &str = "36110";

/// The number of a district's public health centre among its clinics.
const HEALTH_CENTRE: u32 = 1;

const CLINICS: u64 = 3;
/// The stream of what is drawn for the clinics beside their places.
const AMENITIES: u64 = 5;

/// Doses that a clinic gives on one of the open days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    /// Its place among the open days.
    pub(super) day: usize,
    /// Whole vials.
    pub(super) doses: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clinic {
    /// Its place among the districts.
    pub(super) district: usize,
    /// The district's code and a number within it.
    pub(super) code: String,
    pub(super) name: Localized,
    /// From the province down to the house, as Korea writes it.
    pub(super) address: String,
    /// Ten digits from 0700: no such number is given out.
    pub(super) phone: String,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) amenities: Amenities,
    /// None where nobody wrote them down.
    pub(super) directions: Option<Localized>,
    /// Seats in each of its slots.
    pub(super) seats: i32,
    /// In the order of days, one for each day at most.
    pub(super) grants: Vec<Grant>,
}

impl Clinic {
    pub(super) fn doses(&self) -> u32 {
        self.grants.iter().map(|grant| grant.doses).sum()
    }
}

/// A day on which clinics are open, with the beginnings and ends of its slots.
#[derive(Debug)]
pub(super) struct OpenDay {
    pub(super) date: NaiveDate,
    pub(super) windows: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

/// The clinics of a scale, with all its doses.
pub(super) fn clinics(country: &Country, scale: Scale) -> Vec<Clinic> {
    let mut clinics = sites(country, scale.clinics);
    let shares: Vec<u64> = clinics.iter().map(|(_, share)| *share).collect();
    let vials = apportion(scale.doses / DOSES_PER_VIAL, &shares);
    for (n, ((clinic, _), vials)) in (0..).zip(clinics.iter_mut().zip(vials)) {
        clinic.grants = spread(vials, &mut Random::of(SEED, CLINICS + 1, n));
    }
    clinics.into_iter().map(|(clinic, _)| clinic).collect()
}

/// Clinics by inhabitants, at least one for each district where there are enough of them; each with
/// the share of vials that is due to it.
fn sites(country: &Country, count: u32) -> Vec<(Clinic, u64)> {
    let districts = u32::try_from(country.districts.len()).unwrap_or(u32::MAX);
    let first = u32::from(count >= districts);
    let weights: Vec<u64> = country.districts.iter().map(|d| u64::from(d.weight)).collect();
    let more = apportion(count - first * districts, &weights);
    let mut sites = Vec::new();
    for (place, (district, more)) in country.districts.iter().zip(more).enumerate() {
        let here = first + more;
        for number in 1..=here {
            let n = u32::try_from(sites.len()).unwrap_or(u32::MAX);
            let mut random = Random::of(SEED, CLINICS, n);
            let (seats, share) = SIZES.get(random.index(SIZES.len())).copied().unwrap_or((1, 1));
            let (site, street) = site(country, place, district, &mut random);
            let is_health_centre = number == HEALTH_CENTRE;
            let (amenities, directions) =
                amenity::draw(&mut Random::of(SEED, AMENITIES, n), street, is_health_centre);
            let clinic = Clinic {
                code: format!("{}-{number:03}", district.code),
                name: name(district, number),
                phone: format!("070-0{:03}-{:03}", n / 1_000, n % 1_000),
                seats,
                amenities,
                directions,
                ..site
            };
            // In thousandths of an inhabitant, so that dividing loses nothing that matters.
            sites.push((clinic, share * u64::from(district.weight) * 1_000_000 / u64::from(here)));
        }
    }
    sites
}

/// Each district has a public health centre, and numbered clinics beside it.
fn name(district: &District, number: u32) -> Localized {
    let (ko, en) = (&district.name.main, district.name.in_language(Language::English));
    match number {
        HEALTH_CENTRE => bilingual(format!("{ko} 보건소"), format!("{en} Public Health Center")),
        _ => bilingual(format!("{ko} 제{number}의원"), format!("{en} Clinic {number}")),
    }
}

/// A clinic somewhere in the district, still without name, seats and doses, and its street.
fn site(
    country: &Country,
    place: usize,
    district: &District,
    random: &mut Random,
) -> (Clinic, Street) {
    // Degrees around the district's hall: a borough of a city, a town, a county.
    let around = match district.name.main.chars().last() {
        Some('구') => 0.015,
        Some('시') => 0.03,
        _ => 0.05,
    };
    let mut near = |centre: f64| {
        let offset = f64::from(random.below(2_001)) / 1_000.0 - 1.0;
        ((centre + offset * around) * 1e5).round() / 1e5
    };
    let (latitude, longitude) = (near(district.latitude), near(district.longitude));
    let house = 1 + random.below(200);
    let named = STREETS.get(random.index(STREETS.len())).copied().unwrap_or_default();
    let (street, _) = named;
    let province = country.provinces.get(district.province).map_or("", |p| p.name.main.as_str());
    let address = match district.code.as_str() {
        SEJONG => format!("{province} {street} {house}"),
        _ => format!("{province} {} {street} {house}", district.name.main),
    };
    let site = Clinic {
        district: place,
        code: String::new(),
        name: Localized::default(),
        address,
        phone: String::new(),
        latitude,
        longitude,
        amenities: Amenities::default(),
        directions: None,
        seats: 0,
        grants: Vec::new(),
    };
    (site, named)
}

/// Puts a clinic's vials on three to eight of the open days, as evenly as whole vials go.
fn spread(vials: u32, random: &mut Random) -> Vec<Grant> {
    let mut days: Vec<usize> = (0..OPEN_DAYS).collect();
    let mut chosen = Vec::new();
    for _ in 0..(3 + random.below(6)).min(vials) {
        chosen.push(days.swap_remove(random.index(days.len())));
    }
    let shares = apportion(vials, &vec![1; chosen.len()]);
    let mut grants: Vec<_> = chosen
        .into_iter()
        .zip(shares)
        .map(|(day, vials)| Grant { day, doses: vials * DOSES_PER_VIAL })
        .collect();
    grants.sort_by_key(|grant| grant.day);
    grants
}

/// The working days and Saturday mornings of the two weeks of slots that follow `today`, a local
/// date of `zone`. Lunch is from 13 to 14; public holidays are not known here.
pub(super) fn open_days(today: NaiveDate, zone: Tz) -> Vec<OpenDay> {
    (DAYS_UNTIL_FIRST_SLOT..DAYS_UNTIL_FIRST_SLOT + SLOT_DAYS)
        .map(|days| today + Days::new(days))
        .filter(|date| date.weekday() != Weekday::Sun)
        .map(|date| {
            let mut windows = windows(date, MORNING, zone);
            if date.weekday() != Weekday::Sat {
                windows.extend(self::windows(date, AFTERNOON, zone));
            }
            OpenDay { date, windows }
        })
        .collect()
}

fn windows(
    date: NaiveDate,
    (from, to): (u32, u32),
    zone: Tz,
) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let at = |hour| {
        let local = date.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?);
        zone.from_local_datetime(&local).single().map(|at| at.to_utc())
    };
    // Korea has had no summer time since 1988: each hour of a day is there once.
    let (Some(from), Some(to)) = (at(from), at(to)) else { return Vec::new() };
    let step = TimeDelta::minutes(SLOT_MINUTES);
    std::iter::successors(Some(from), |at| Some(*at + step))
        .take_while(|at| *at + step <= to)
        .map(|at| (at, at + step))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono_tz::Asia::Seoul;

    use super::*;

    fn plan(scale: Scale) -> (Country, Vec<Clinic>) {
        let country = Country::read().unwrap();
        let clinics = clinics(&country, scale);
        (country, clinics)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_dose_is_granted_in_whole_vials_and_every_clinic_is_there() {
        let small = Scale { people: 1_000, doses: 230, clinics: 10 };
        for scale in [small, Scale::tenth(), Scale::full()] {
            let (_, clinics) = plan(scale);
            assert_eq!(clinics.len(), scale.clinics as usize);
            assert_eq!(clinics.iter().map(Clinic::doses).sum::<u32>(), scale.doses);
            assert!(clinics.iter().all(|clinic| clinic.doses() > 0));
            for grant in clinics.iter().flat_map(|clinic| &clinic.grants) {
                assert!(grant.doses > 0 && grant.doses.is_multiple_of(DOSES_PER_VIAL));
                assert!(grant.day < OPEN_DAYS);
            }
        }
    }

    #[test]
    fn the_same_plan_comes_out_every_time() {
        let (country, clinics) = plan(Scale::tenth());
        assert_eq!((country, clinics.clone()), plan(Scale::tenth()));
        let mut seoul_doses = 0;
        let mut seoul_clinics = 0;
        for clinic in clinics.iter().filter(|clinic| clinic.code.starts_with("11")) {
            seoul_doses += clinic.doses();
            seoul_clinics += 1;
        }
        assert_eq!((seoul_clinics, seoul_doses), (251, 15_150));
    }

    #[test]
    fn clinics_have_korean_names_and_addresses_and_english_names_beside_them() {
        let (_, clinics) = plan(Scale::tenth());
        let centre = bilingual("종로구 보건소", "Jongno-gu Public Health Center");
        assert_eq!(clinics[0].name, centre);
        assert_eq!(clinics[1].name, bilingual("종로구 제2의원", "Jongno-gu Clinic 2"));
        assert!(clinics[0].address.starts_with("서울특별시 종로구 "), "{}", clinics[0].address);
        let sejong = clinics.iter().find(|clinic| clinic.code.starts_with(SEJONG)).unwrap();
        assert!(!sejong.address.contains("세종시"), "{}", sejong.address);
    }

    #[test]
    fn every_district_has_a_clinic_and_every_clinic_its_own_code_and_phone() {
        for scale in [Scale::tenth(), Scale::full()] {
            let (country, clinics) = plan(scale);
            let districts: HashSet<_> = clinics.iter().map(|clinic| clinic.district).collect();
            assert_eq!(districts.len(), country.districts.len());
            let codes: HashSet<_> = clinics.iter().map(|clinic| &clinic.code).collect();
            let phones: HashSet<_> = clinics.iter().map(|clinic| &clinic.phone).collect();
            assert_eq!((codes.len(), phones.len()), (clinics.len(), clinics.len()));
        }
    }

    #[test]
    fn doses_bind_before_seats_in_all_but_seats_bind_at_some_clinics() {
        let (_, clinics) = plan(Scale::tenth());
        let days = open_days(day("2021-07-12"), Seoul);
        let (mut seats_in_all, mut bookable, mut bound_clinics) = (0, 0, HashSet::new());
        for clinic in &clinics {
            for (place, day) in days.iter().enumerate() {
                let seats = clinic.seats as u32 * day.windows.len() as u32;
                seats_in_all += seats;
                for grant in clinic.grants.iter().filter(|grant| grant.day == place) {
                    bookable += grant.doses.min(seats);
                    if grant.doses > seats {
                        bound_clinics.insert(&clinic.code);
                    }
                }
            }
        }
        assert_eq!((seats_in_all, bookable, bound_clinics.len()), (476_424, 79_430, 260));
    }

    #[test]
    fn the_two_weeks_hold_ten_working_days_and_two_saturdays_whenever_they_begin() {
        for days_later in 0..400 {
            let today = day("2021-07-12") + Days::new(days_later);
            let days = open_days(today, Seoul);
            assert_eq!(days.len(), OPEN_DAYS);
            let slots: Vec<_> = days.iter().map(|day| day.windows.len()).collect();
            assert_eq!(slots.iter().filter(|&&slots| slots == 14).count(), 10, "{slots:?}");
            assert_eq!(slots.iter().filter(|&&slots| slots == 8).count(), 2, "{slots:?}");
            assert!(days[0].date >= today + Days::new(DAYS_UNTIL_FIRST_SLOT));
        }
    }

    #[test]
    fn slots_are_at_local_hours_and_do_not_overlap() {
        let days = open_days(day("2021-07-12"), Seoul);
        let first = days[0].windows[0];
        assert_eq!(first.0.to_rfc3339(), "2021-07-15T00:00:00+00:00", "09:00 in Seoul");
        let last = *days[0].windows.last().unwrap();
        assert_eq!(last.1.to_rfc3339(), "2021-07-15T08:00:00+00:00", "17:00 in Seoul");
        for day in &days {
            assert!(day.windows.windows(2).all(|pair| pair[0].1 <= pair[1].0));
            assert!(
                day.windows
                    .iter()
                    .all(|(at, _)| { at.with_timezone(&Seoul).date_naive() == day.date })
            );
        }
    }
}
