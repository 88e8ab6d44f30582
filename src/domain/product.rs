//! A vaccine: how old one must be for it, and how far apart its doses are given.

use chrono::NaiveDate;

use super::{ProductId, calendar, localized::Localized};

/// A vaccine, with the ages that it is for and the days between its doses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub product_id: ProductId,
    /// URI of the code system; CVX unless said otherwise.
    pub code_system: String,
    pub code: String,
    pub name: Localized,
    pub doses_per_vial: i16,
    /// The youngest age, in completed months on the appointment date.
    pub age_months_min: i16,
    /// The oldest age, in completed months on the appointment date (included); none is no limit.
    pub age_months_max: Option<i16>,
    pub doses_in_series: i16,
    /// Days that must pass between two doses of a series.
    pub interval_days_min: i16,
}

/// A product before it has an id.
#[derive(Clone, Debug)]
pub struct NewProduct {
    /// None: CVX.
    pub code_system: Option<String>,
    pub code: String,
    pub name: Localized,
    pub doses_per_vial: i16,
    pub age_months_min: i16,
    pub age_months_max: Option<i16>,
    pub doses_in_series: i16,
    pub interval_days_min: i16,
}

/// How an age stands to a product's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgeFit {
    TooYoung,
    Fits,
    TooOld,
}

impl Product {
    /// Whether someone born on `birth` may be given this product on the local day `on`.
    pub fn age_fit(&self, birth: NaiveDate, on: NaiveDate) -> AgeFit {
        let months = calendar::months_reached(birth, on);
        if months < i32::from(self.age_months_min) {
            AgeFit::TooYoung
        } else if self.age_months_max.is_some_and(|max| months > i32::from(max)) {
            AgeFit::TooOld
        } else {
            AgeFit::Fits
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(age_months_min: i16, age_months_max: Option<i16>) -> Product {
        Product {
            product_id: ProductId(1),
            code_system: "http://hl7.org/fhir/sid/cvx".to_owned(),
            code: "207".to_owned(),
            name: "Moderna".into(),
            doses_per_vial: 10,
            age_months_min,
            age_months_max,
            doses_in_series: 2,
            interval_days_min: 28,
        }
    }

    #[test]
    fn both_age_limits_are_included() {
        let born = "2004-02-29".parse().unwrap();
        let fit = |product: &Product, on: &str| product.age_fit(born, on.parse().unwrap());
        let adults = product(18 * 12, None);
        assert_eq!(fit(&adults, "2022-02-28"), AgeFit::TooYoung);
        assert_eq!(fit(&adults, "2022-03-01"), AgeFit::Fits);
        assert_eq!(fit(&adults, "2122-03-01"), AgeFit::Fits);
        // up to and with 11 years and 11 months
        let children = product(6, Some(12 * 12 - 1));
        assert_eq!(fit(&children, "2004-08-28"), AgeFit::TooYoung);
        assert_eq!(fit(&children, "2004-08-29"), AgeFit::Fits);
        assert_eq!(fit(&children, "2016-02-28"), AgeFit::Fits);
        assert_eq!(fit(&children, "2016-02-29"), AgeFit::TooOld);
    }
}
