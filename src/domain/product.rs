//! A vaccine: how old one must be for it, and how far apart its doses are given.

use chrono::NaiveDate;
use serde::Serialize;

use super::{ProductId, calendar};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    pub product_id: ProductId,
    /// URI of the code system; CVX unless said otherwise.
    pub code_system: String,
    pub code: String,
    pub name: String,
    pub doses_per_vial: i16,
    /// The youngest age, in completed months on the appointment date.
    pub age_months_min: i16,
    /// The oldest age, in completed months on the appointment date (included); none is no limit.
    pub age_months_max: Option<i16>,
    pub doses_in_series: i16,
    /// Days that must pass between two doses of a series.
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
