//! A line of the journal with the names that people know things by.

use chrono::NaiveDate;

use super::{localized::Localized, movement::Entry};

/// What a line is about, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalLine {
    pub entry: Entry,
    /// None where no user of ours moved the doses.
    pub username: Option<String>,
    /// Of a line of an allocation: its clinic, and the day in the clinic's zone.
    pub clinic_code: Option<String>,
    pub on_date: Option<NaiveDate>,
    pub campaign_code: String,
    pub product: Localized,
}
