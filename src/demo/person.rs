//! The invented people of the demonstration. Each is drawn from the seed and their number alone:
//! the first thousand are the same people at every scale.

use std::io;

use chrono::{Days, NaiveDate};
use serde::Deserialize;

use super::{region::District, scale::SEED};
use crate::random::{Random, Weights};

const FAMILY_NAMES: &str = include_str!("../../demo/family_names.csv");
const GIVEN_NAMES: &str = include_str!("../../demo/given_names.csv");

/// Who may book: born in 1962-1966, as announced for July 2021.
pub(super) const COHORT_BORN_FROM: NaiveDate = day(1962, 1, 1);
pub(super) const COHORT_BORN_TO: NaiveDate = day(1966, 12, 31);
/// The others in the register, to show a refusal: adults whose turn had not come.
const OTHERS_BORN_FROM: NaiveDate = day(1967, 1, 1);
const OTHERS_BORN_TO: NaiveDate = day(2002, 12, 31);

/// Seven digits behind 010-0 or 010-1.
const NUMBERS: u64 = 10_000_000;
/// Shares no factor with `NUMBERS`, so that no two people get one number.
const NUMBER_STEP: u64 = 7_654_321;

const CITIZENS: u64 = 1;
const OTHERS: u64 = 2;

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

/// An invented person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoPerson {
    /// In Hangul, as the register has it: the family name and right behind it the given name.
    pub name: String,
    /// In English letters, as many Koreans write their names; family name first.
    pub name_en: String,
    pub birth_date: NaiveDate,
    /// Eleven digits from 0100 or 0101: Korea gives out no mobile number whose exchange begins with
    /// 0 or 1, so these ring nowhere.
    pub phone: String,
    /// Its place among the districts.
    pub(super) district: usize,
}

#[derive(Deserialize)]
struct FamilyName {
    name: String,
    name_en: String,
    weight: u32,
}

#[derive(Deserialize)]
struct GivenName {
    name: String,
    name_en: String,
}

/// Draws people for these districts.
pub(super) struct People {
    family_names: Vec<FamilyName>,
    family_weights: Weights,
    given_names: Vec<GivenName>,
    districts: Weights,
}

impl People {
    /// # Errors
    /// A file of names that is built in cannot be read.
    pub(super) fn new(districts: &[District]) -> io::Result<Self> {
        let family_names = read::<FamilyName>(FAMILY_NAMES)?;
        Ok(Self {
            family_weights: Weights::new(family_names.iter().map(|family| family.weight)),
            family_names,
            given_names: read(GIVEN_NAMES)?,
            districts: Weights::new(districts.iter().map(|district| district.weight)),
        })
    }

    /// The `n`-th person of the cohort.
    pub(super) fn citizen(&self, n: u32) -> DemoPerson {
        self.draw(CITIZENS, n, COHORT_BORN_FROM, COHORT_BORN_TO)
    }

    /// The `n`-th person outside the cohort.
    pub(super) fn other(&self, n: u32) -> DemoPerson {
        self.draw(OTHERS, n, OTHERS_BORN_FROM, OTHERS_BORN_TO)
    }

    fn draw(&self, stream: u64, n: u32, born_from: NaiveDate, born_to: NaiveDate) -> DemoPerson {
        let mut random = Random::of(SEED, stream, n);
        let family = self.family_names.get(self.family_weights.draw(&mut random));
        let given = self.given_names.get(random.index(self.given_names.len()));
        let days = u32::try_from((born_to - born_from).num_days()).unwrap_or(0);
        let exchange = if stream == CITIZENS { '0' } else { '1' };
        let number = (u64::from(n) + 1) * NUMBER_STEP % NUMBERS;
        let (name, name_en) = match (family, given) {
            (Some(family), Some(given)) => (
                format!("{}{}", family.name, given.name),
                format!("{} {}", family.name_en, given.name_en),
            ),
            _ => (String::new(), String::new()),
        };
        DemoPerson {
            name,
            name_en,
            birth_date: born_from + Days::new(u64::from(random.below(days + 1))),
            phone: format!("010{exchange}{number:07}"),
            district: self.districts.draw(&mut random),
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(names: &str) -> io::Result<Vec<T>> {
    let lines = csv::Reader::from_reader(names.as_bytes()).into_deserialize();
    Ok(lines.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::Datelike;

    use super::*;
    use crate::{demo::region::Country, domain::language::Language};

    fn people() -> (Country, People) {
        let country = Country::read().unwrap();
        let people = People::new(&country.districts).unwrap();
        (country, people)
    }

    #[test]
    fn the_same_people_come_out_every_time() {
        let (country, people) = people();
        let shown = |person: DemoPerson| {
            let DemoPerson { name, name_en, birth_date, phone, district } = person;
            let district = country.districts[district].name.in_language(Language::English);
            format!("{name} {name_en} {birth_date} {phone} {district}")
        };
        assert_eq!(
            shown(people.citizen(0)),
            "정성민 Jung Sung-min 1966-07-26 01007654321 Haeundae-gu"
        );
        assert_eq!(
            shown(people.citizen(3_523_999)),
            "임정희 Lim Jung-hee 1963-12-23 01007204000 Yongin-si"
        );
        assert_eq!(shown(people.other(0)), "김영진 Kim Young-jin 1976-04-16 01017654321 Pohang-si");
    }

    #[test]
    fn the_cohort_is_born_on_every_day_of_its_five_years_and_on_no_other() {
        let (_, people) = people();
        let born: HashSet<_> = (0..50_000).map(|n| people.citizen(n).birth_date).collect();
        assert_eq!(born.len(), 5 * 365 + 1, "1964 had a 29 February");
        assert!(born.iter().all(|date| (1962..=1966).contains(&date.year())));
        assert!((0..1_000).all(|n| (1967..=2002).contains(&people.other(n).birth_date.year())));
    }

    #[test]
    fn no_two_people_share_a_phone_and_none_rings() {
        let (_, people) = people();
        let phones: HashSet<_> = (0..100_000)
            .map(|n| people.citizen(n).phone)
            .chain((0..1_000).map(|n| people.other(n).phone))
            .collect();
        assert_eq!(phones.len(), 101_000);
        let is_fictional = |phone: &String| {
            phone.len() == 11 && (phone.starts_with("0100") || phone.starts_with("0101"))
        };
        assert!(phones.iter().all(is_fictional));
        // The step walks through all numbers before it comes back to the first.
        assert_eq!(NUMBERS, 10_u64.pow(7));
        assert!([2, 5].into_iter().all(|factor| !NUMBER_STEP.is_multiple_of(factor)));
    }

    #[test]
    fn names_are_plain_enough_for_any_file() {
        let (_, people) = people();
        assert_eq!((people.family_names.len(), people.given_names.len()), (50, 100));
        let family = people.family_names.iter().map(|one| (&one.name, &one.name_en));
        let given = people.given_names.iter().map(|one| (&one.name, &one.name_en));
        let mut names = HashSet::new();
        for (at, (name, name_en)) in family.chain(given).enumerate() {
            let syllables = if at < 50 { 1 } else { 2 };
            assert_eq!(name.chars().count(), syllables, "{name}");
            assert!(name.chars().all(|c| ('가'..='힣').contains(&c)), "{name}");
            let is_latin = name_en.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
            assert!(!name_en.is_empty() && is_latin, "{name_en}");
            assert!(names.insert(name) && names.insert(name_en), "{name} {name_en} twice");
        }
    }

    #[test]
    fn people_live_where_the_country_lives() {
        let (country, people) = people();
        let mut in_seoul = 0;
        for n in 0..20_000 {
            let district = &country.districts[people.citizen(n).district];
            in_seoul += u32::from(country.provinces[district.province].name.main == "서울특별시");
        }
        // 18.5 % of the inhabitants.
        assert!((3_500..3_900).contains(&in_seoul), "{in_seoul}");
    }
}
