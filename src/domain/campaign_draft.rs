//! A campaign with all that it stands on, drafted in one go: the course, the products with the
//! doses that have been delivered, and who may book.

use super::{
    CourseId, Detail, Refusal,
    campaign::NewCampaign,
    cohort::NewCohort,
    course::NewCourse,
    fact::Counted,
    product::{NewProduct, Product},
    tranche::NewTranche,
};

/// A draft is written down by hand: more than this would come from a program, which has the
/// resources one by one.
pub const PRODUCTS_MAX: usize = 10;
pub const RULES_MAX: usize = 50;

/// A product, and the doses of it that the nation has received.
#[derive(Clone, Debug)]
pub struct DraftProduct {
    pub product: NewProduct,
    /// In whole vials; 0 is none yet.
    pub doses: i32,
}

/// What is to be drafted.
#[derive(Clone, Debug)]
pub struct CampaignDraft {
    /// Its course is the one named here.
    pub course: NewCourse,
    /// All but the course.
    pub campaign: NewCampaign,
    pub products: Vec<DraftProduct>,
    pub cohorts: Vec<NewCohort>,
    pub tranches: Vec<NewTranche>,
}

impl CampaignDraft {
    /// # Errors
    /// Names the list that has too few or too many entries.
    pub fn check(&self) -> Result<(), Refusal> {
        let products = (self.products.len(), 1, PRODUCTS_MAX, Counted::Products);
        let cohorts = (self.cohorts.len(), 0, RULES_MAX, Counted::Entries);
        let tranches = (self.tranches.len(), 0, RULES_MAX, Counted::Entries);
        for (field, (found, min, max, of)) in
            [("products", products), ("cohorts", cohorts), ("tranches", tranches)]
        {
            if !(min..=max).contains(&found) {
                let bound = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
                let detail = Detail::HowMany { of, min: bound(min), max: bound(max) };
                return Err(Refusal::field(field, detail));
            }
        }
        Ok(())
    }
}

impl NewProduct {
    /// Whether a known product with this code is this one, whatever it is called.
    pub fn is(&self, known: &Product) -> bool {
        let Product {
            doses_per_vial,
            age_months_min,
            age_months_max,
            doses_in_series,
            interval_days_min,
            ..
        } = *known;
        (self.doses_per_vial, self.age_months_min, self.age_months_max)
            == (doses_per_vial, age_months_min, age_months_max)
            && (self.doses_in_series, self.interval_days_min)
                == (doses_in_series, interval_days_min)
    }
}

/// A campaign's course before it is known.
pub const NO_COURSE: CourseId = CourseId(0);
