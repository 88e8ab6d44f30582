//! When something of the administration was, by the clock of its zone.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{web::staff_page::StaffVisitor, words};

/// By whose clock pages tell what belongs to no clinic and no campaign.
pub fn zone(visitor: &StaffVisitor) -> Tz {
    visitor.visit.app.site.zone
}

/// Date and time to the second, by that clock.
pub fn when(visitor: &StaffVisitor, at: DateTime<Utc>) -> String {
    words::second(visitor.t().language(), at, zone(visitor))
}
