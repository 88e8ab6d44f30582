//! When something of the administration was, by the clock of its zone.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{web::staff_page::StaffVisitor, words};

/// By whose clock the pages tell when something was done.
pub const ZONE: Tz = chrono_tz::Asia::Seoul;

/// Date and time to the second.
pub fn when(visitor: &StaffVisitor, at: DateTime<Utc>) -> String {
    words::second(visitor.t().language(), at, ZONE)
}
