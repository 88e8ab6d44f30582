//! The rules of a campaign as one value: its window, whom it is for, and what it gives.

use std::ops::BitOr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{CampaignId, CourseId, ProductId, cohort::Cohort, product::Product, tranche::Tranche};

/// The rules of one campaign in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub campaign_id: CampaignId,
    pub version: i32,
    pub course_id: CourseId,
    pub dose_number: i16,
    /// The first instant of the window; `closes_at` is the first instant after it.
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub cancel_until_hours: i16,
    /// Bookings that a person may make on one day.
    pub bookings_per_day: i16,
    /// By which the window and the tranches are announced. What is today is the clinic's.
    pub zone: Tz,
    /// One of them must hold; with none, nobody is eligible.
    pub cohorts: Vec<Cohort>,
    /// With none, the campaign opens for everybody at once.
    pub tranches: Vec<Tranche>,
    /// What the campaign offers.
    pub products: Vec<Product>,
}

/// What rules want to know of a person beside the day of birth, the region and the doses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub province: bool,
    pub rosters: bool,
}

impl Rules {
    /// A product that the campaign offers.
    pub fn product(&self, product_id: ProductId) -> Option<&Product> {
        self.products.iter().find(|product| product.product_id == product_id)
    }

    /// What must be known of whoever asks.
    pub fn needs(&self) -> Needs {
        Needs {
            province: self.cohorts.iter().any(|cohort| cohort.region_id.is_some()),
            rosters: self.cohorts.iter().any(|cohort| cohort.roster_id.is_some()),
        }
    }
}

impl BitOr for Needs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { province: self.province || other.province, rosters: self.rosters || other.rosters }
    }
}
