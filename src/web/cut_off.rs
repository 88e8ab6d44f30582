//! What pages say while the database is away: they answer from memory, and nothing can be booked.

use super::text::Texts;
use crate::{board::snapshot::Snapshot, config::Site, words};

/// A few sentences; none while nothing is known of that.
pub fn sentence(t: Texts, site: &Site, snapshot: &Snapshot) -> Option<String> {
    snapshot.cut_off_since?;
    // With its day: it may have been away since yesterday, and pages stay open over midnight.
    let day =
        words::coming_day(t.language(), snapshot.as_of.with_timezone(&site.zone).date_naive());
    Some(t.cut_off(&day, &words::second(t.language(), snapshot.as_of, site.zone)))
}

/// What is added to the name of a page's content, so that an open page learns of it.
pub fn turn(snapshot: &Snapshot) -> &'static str {
    if snapshot.cut_off_since.is_some() { ".cut-off" } else { "" }
}
