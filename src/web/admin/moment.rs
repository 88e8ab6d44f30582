//! When something of the administration was, by the clock of the installation.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::web::staff_page::StaffVisitor;

/// By whose clock pages tell what belongs to no clinic and no campaign.
pub fn zone(visitor: &StaffVisitor) -> Tz {
    visitor.visit.app.site.zone
}

/// Date and time to the second, by that clock.
pub fn when(visitor: &StaffVisitor, at: DateTime<Utc>) -> String {
    when_in(zone(visitor), at)
}

/// As `2026-12-01 09:00:07`: long lists are looked through by it, and it sorts, in every language.
pub fn when_in(zone: Tz, at: DateTime<Utc>) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}
