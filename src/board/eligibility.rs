//! The public question "may I book?", answered from memory by the function that a booking is judged
//! by. Nothing of it is kept, and it decides nothing: a booking is judged anew, on rows that are
//! locked and by the database's time.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use super::snapshot::Snapshot;
use crate::domain::{
    CampaignId, ClinicId, Detail, ProductId, Refusal, RegionId, applicant::AnonymousApplicant,
    birth_date::BirthDate, calendar::Local, cohort::Home, eligibility::judge_anonymous,
    verdict::Verdict,
};

/// Slots are made weeks ahead, and a second dose follows in months: a later day is a slip of the
/// pen.
const DAYS_AHEAD_MAX: u64 = 2 * 366;

/// Who asks about which dose.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub campaign_id: CampaignId,
    pub born_on: NaiveDate,
    /// Where the person lives; without it a cohort of a region counts as not theirs.
    pub region_id: Option<RegionId>,
    /// Days and birthdays then begin at midnight there, else by the installation's clock.
    pub clinic_id: Option<ClinicId>,
    /// The day of the appointment; without it the question is about today.
    pub on_date: Option<NaiveDate>,
    /// Without it any product of the campaign will do.
    pub product_id: Option<ProductId>,
}

impl Snapshot {
    /// Whether such a person may book at `now`, with all reasons for a no. `zone` says what is
    /// today where no clinic is named.
    ///
    /// # Errors
    /// `not_found` for a campaign, region or clinic that is not there or not public, with the
    /// field; `invalid_field` for an impossible date.
    pub fn may_book(
        &self,
        question: &Question,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> Result<Verdict, Refusal> {
        let &Question { campaign_id, born_on, region_id, clinic_id, on_date, product_id } =
            question;
        let card = self.catalogue.campaigns.get(&campaign_id);
        let card = card.ok_or_else(|| not_found("campaign_id"))?;
        let home = |id| self.home(id).ok_or_else(|| not_found("region_id"));
        let home = region_id.map(home).transpose()?;
        let clinic = |id| self.catalogue.clinic(id).ok_or_else(|| not_found("clinic_id"));
        let zone = clinic_id.map(clinic).transpose()?.map_or(zone, |clinic| clinic.zone);
        let here = Local { at: now, zone };
        let today = here.date();
        let last = today.checked_add_days(Days::new(DAYS_AHEAD_MAX));
        if on_date.zip(last).is_some_and(|(date, last)| date > last) {
            let detail = Detail::DateTooFar { days_max: DAYS_AHEAD_MAX };
            return Err(Refusal::field("on_date", detail));
        }
        let birth_date = BirthDate::new(born_on, today)?.date();
        let applicant = AnonymousApplicant { birth_date, home, on_date, product_id };
        Ok(judge_anonymous(&card.rules, card.campaign.state, &applicant, here))
    }

    fn home(&self, region_id: RegionId) -> Option<Home> {
        let region = self.catalogue.regions.get(&region_id)?;
        Some(Home { region_id, province_id: region.parent_id })
    }
}

fn not_found(field: &'static str) -> Refusal {
    Refusal { field: Some(field.into()), ..Refusal::not_found() }
}
