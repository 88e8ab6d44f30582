//! What a campaign's doses have come to: the figures by which administrators decide.

use chrono::NaiveDate;

use super::{CampaignId, ClinicId};

/// Doses of a campaign, summed up over pools, clinics and days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CampaignSum {
    /// Into the pools of the nation.
    pub received: i64,
    /// In pools, granted to no clinic.
    pub in_pools: i64,
    pub granted: i64,
    /// From today on, by the clinics' calendars: free to be booked, and promised to people.
    pub open: i64,
    pub booked: i64,
    /// On all days.
    pub given: i64,
    pub lost: i64,
    /// Of days that are over: doses that nobody has accounted for, and on how many days of how many
    /// clinics.
    pub unaccounted: i64,
    pub days_open: i64,
    pub clinics_open: i64,
}

/// The sums of one campaign.
pub type SumOf = (CampaignId, CampaignSum);

/// People of a clinic's day who lost their appointment and have not heard of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnheardDay {
    pub clinic_id: ClinicId,
    pub clinic_code: String,
    /// In the clinic's zone.
    pub on_date: NaiveDate,
    pub people: i64,
}

/// A rule that came or went since a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// A cohort; else a tranche.
    pub is_cohort: bool,
    pub is_added: bool,
    pub name: super::localized::Localized,
}
