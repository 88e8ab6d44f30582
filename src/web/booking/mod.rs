//! From choosing a place to the booking and its end: one file a page, in the order in which people
//! see them.

pub mod booked;
pub mod cancel;
pub mod check;
pub mod choice;
pub mod clinic;
pub mod elsewhere;
pub mod map;
pub mod place;
pub mod refused;
pub mod relocate;
pub mod standing;
pub mod time;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::{
    board::{catalogue::Card, snapshot::Snapshot},
    domain::{BookingId, CampaignId, ClinicId, ProductId, Refusal, SlotId},
};

/// The campaign that a path names.
#[derive(Clone, Copy, Deserialize)]
pub struct InCampaign {
    campaign_id: CampaignId,
}

/// The clinic that a path names within a campaign.
#[derive(Clone, Copy, Deserialize)]
pub struct AtClinic {
    campaign_id: CampaignId,
    clinic_id: ClinicId,
}

/// The booking that a path names.
#[derive(Clone, Copy, Deserialize)]
pub struct OfBooking {
    booking_id: BookingId,
}

/// A campaign that is public.
///
/// # Errors
/// `not_found`: a draft looks as if it did not exist.
fn campaign(snapshot: &Snapshot, id: CampaignId) -> Result<&Card, Refusal> {
    snapshot.catalogue.campaigns.get(&id).ok_or_else(Refusal::not_found)
}

/// The value of a parameter in a query string; none where it is not there or cannot be read. What
/// is chosen on these pages stands in their addresses, and an address that somebody has cut or
/// mistyped is one with less chosen.
fn chosen<T: std::str::FromStr>(query: &str, name: &str) -> Option<T> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(given, _)| given == name).and_then(|(_, value)| value.parse().ok())
}

/// The page of a clinic's day, after the language.
fn times_path(campaign_id: CampaignId, clinic_id: ClinicId, date: NaiveDate) -> String {
    format!("/campaigns/{campaign_id}/clinics/{clinic_id}?date={date}")
}

/// The page on which a slot is checked and booked, after the language.
fn check_path(campaign_id: CampaignId, slot_id: SlotId, product_id: ProductId) -> String {
    format!("/campaigns/{campaign_id}/check?slot={slot_id}&product={product_id}")
}
