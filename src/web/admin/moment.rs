//! When something of the administration was, by the clock of the installation.

use chrono::{DateTime, Utc};

use crate::{web::staff_page::StaffVisitor, words};

/// Date and time to the second.
pub fn when(visitor: &StaffVisitor, at: DateTime<Utc>) -> String {
    words::second(visitor.t().language(), at, visitor.visit.app.site.zone)
}
