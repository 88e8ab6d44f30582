//! Korea's provinces and districts as of July 2021: official codes and names, the number of
//! inhabitants in thousands (rounded) as weight, and the place of the district's hall.

use std::{collections::HashMap, io};

use serde::Deserialize;

use super::text::bilingual;
use crate::domain::localized::Localized;

const REGIONS: &str = include_str!("../../demo/regions.csv");

#[derive(Deserialize)]
struct Line {
    code: String,
    /// None for a province.
    parent_code: Option<String>,
    name: String,
    name_en: String,
    /// Inhabitants in thousands; None for a province, which has those of its districts.
    weight: Option<u32>,
    latitude: f64,
    longitude: f64,
}

#[derive(Debug, PartialEq)]
pub(super) struct Province {
    pub(super) code: String,
    /// In Hangul, and as Korea romanises it.
    pub(super) name: Localized,
}

#[derive(Debug, PartialEq)]
pub(super) struct District {
    pub(super) code: String,
    /// In Hangul, and as Korea romanises it.
    pub(super) name: Localized,
    /// Its place among the provinces.
    pub(super) province: usize,
    pub(super) weight: u32,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
}

#[derive(Debug, PartialEq)]
pub(super) struct Country {
    pub(super) provinces: Vec<Province>,
    pub(super) districts: Vec<District>,
}

impl Country {
    /// # Errors
    /// The file that is built in cannot be read: a line is not as above, or names an unknown
    /// parent.
    pub(super) fn read() -> io::Result<Self> {
        let (mut provinces, mut districts, mut places) = (Vec::new(), Vec::new(), HashMap::new());
        for line in csv::Reader::from_reader(REGIONS.as_bytes()).into_deserialize() {
            let Line { code, parent_code, name, name_en, weight, latitude, longitude } = line?;
            let name = bilingual(name, name_en);
            let Some(parent) = parent_code else {
                places.insert(code.clone(), provinces.len());
                provinces.push(Province { code, name });
                continue;
            };
            let province = *places.get(&parent).ok_or_else(|| {
                io::Error::other(format!("district {code} names no earlier province"))
            })?;
            let weight = weight.unwrap_or(0);
            districts.push(District { code, name, province, weight, latitude, longitude });
        }
        Ok(Self { provinces, districts })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn korea_has_17_provinces_and_229_districts() {
        let country = Country::read().unwrap();
        assert_eq!((country.provinces.len(), country.districts.len()), (17, 229));
        let mut per_province = vec![0; 17];
        country.districts.iter().for_each(|district| per_province[district.province] += 1);
        assert_eq!(per_province, [25, 16, 8, 10, 5, 5, 5, 1, 31, 18, 11, 15, 14, 22, 23, 18, 2]);
    }

    #[test]
    fn every_code_is_its_own_and_begins_with_its_provinces() {
        let country = Country::read().unwrap();
        let mut codes = HashSet::new();
        for province in &country.provinces {
            assert!(codes.insert(&province.code), "{} twice", province.code);
        }
        for district in &country.districts {
            assert!(codes.insert(&district.code), "{} twice", district.code);
            let province = &country.provinces[district.province];
            assert!(district.code.starts_with(&province.code), "{}", district.code);
        }
    }

    #[test]
    fn each_place_has_its_korean_and_its_english_name() {
        let country = Country::read().unwrap();
        let names = |name: &Localized| {
            assert!(name.main.chars().all(|c| ('가'..='힣').contains(&c)), "{name:?}");
            let en = name.en.clone().unwrap();
            assert!(en.is_ascii(), "{name:?}");
            (name.main.clone(), en)
        };
        for province in &country.provinces {
            let (name, _) = names(&province.name);
            let kinds = ["특별시", "광역시", "특별자치시", "도"];
            assert!(kinds.iter().any(|kind| name.ends_with(kind)), "{name}");
        }
        for district in &country.districts {
            let (name, en) = names(&district.name);
            let kinds = [('구', "-gu"), ('시', "-si"), ('군', "-gun")];
            let is_one = |(ko, kind): &(char, &str)| name.ends_with(*ko) && en.ends_with(kind);
            assert!(kinds.iter().any(is_one), "{name} {en}");
        }
        for (code, name, en) in [
            ("11110", "종로구", "Jongno-gu"),
            ("28177", "미추홀구", "Michuhol-gu"),
            ("45110", "전주시", "Jeonju-si"),
            ("48120", "창원시", "Changwon-si"),
        ] {
            let found = country.districts.iter().find(|district| district.code == code).unwrap();
            assert_eq!(found.name, bilingual(name, en));
        }
    }

    #[test]
    fn no_province_has_two_districts_of_one_name() {
        let country = Country::read().unwrap();
        let mut names = HashSet::new();
        for district in &country.districts {
            assert!(names.insert((district.province, &district.name)), "{:?} twice", district.name);
        }
    }

    #[test]
    fn every_district_has_people_and_lies_in_korea() {
        let country = Country::read().unwrap();
        for district in &country.districts {
            assert!((9..=1_200).contains(&district.weight), "{:?}", district.name);
            assert!((33.0..38.7).contains(&district.latitude), "{:?}", district.name);
            assert!((126.2..131.0).contains(&district.longitude), "{:?}", district.name);
        }
        let thousands: u32 = country.districts.iter().map(|district| district.weight).sum();
        // 51.7 million in mid-2021.
        assert_eq!(thousands, 51_701);
    }
}
