//! A clinic's day: its slots, and the doses that can be booked on it, answered from memory.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{
    availability::ClinicDay,
    slot::{self, Window},
    snapshot::Snapshot,
    view::ClinicView,
};
use crate::domain::{CampaignId, ClinicId, ProductId, SlotId};

/// A clinic's day as everybody may see it, for one campaign.
#[derive(Debug, Serialize)]
pub struct Day<'a> {
    pub clinic_id: ClinicId,
    /// Where it is, and what it has for those who come.
    pub clinic: ClinicView<'a>,
    pub campaign_id: CampaignId,
    pub date: NaiveDate,
    pub as_of: DateTime<Utc>,
    /// What can be booked on this date, of all products: as in the list of clinics.
    pub bookable: i64,
    /// Open doses for the web on this date, of every tranche, whatever the slot.
    pub doses_open: Vec<DosesOpen>,
    /// By time; none of a date before yesterday (UTC).
    pub slots: Vec<Window>,
}

/// Open doses of a product for the web.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DosesOpen {
    pub product_id: ProductId,
    pub open: i64,
}

impl Snapshot {
    /// A slot and its date; none if it is not known, or of a date long past.
    pub fn slot(&self, slot_id: SlotId) -> Option<(NaiveDate, Window)> {
        let clinic_id = slot_id.clinic();
        let clinic = self.clinics.get(self.catalogue.place_of(clinic_id)?)?;
        clinic.slots.find(clinic_id, slot_id.number(), self.as_of)
    }

    /// The day of a clinic. None if there is no such clinic, or no such public campaign.
    pub fn day(
        &self,
        clinic_id: ClinicId,
        campaign_id: CampaignId,
        date: NaiveDate,
    ) -> Option<Day<'_>> {
        let place = self.catalogue.place_of(clinic_id)?;
        let (site, clinic) = (self.catalogue.clinics.get(place)?, self.clinics.get(place)?);
        self.supplies.get(&campaign_id)?;
        let is_asked_for = |day: &&ClinicDay| (day.campaign_id, day.date) == (campaign_id, date);
        let doses: Vec<_> = clinic.days.iter().filter(is_asked_for).collect();
        // What is still known of earlier dates depends on when they were last read.
        let is_kept = date >= slot::first_date(self.as_of);
        Some(Day {
            clinic_id,
            clinic: (&site.clinic).into(),
            campaign_id,
            date,
            as_of: self.as_of,
            bookable: doses.first().map_or(0, |day| day.bookable),
            doses_open: doses
                .iter()
                .map(|day| DosesOpen { product_id: day.product_id, open: day.open })
                .collect(),
            slots: match is_kept {
                true => clinic.slots.windows(clinic_id, date, self.as_of).collect(),
                false => Vec::new(),
            },
        })
    }
}
