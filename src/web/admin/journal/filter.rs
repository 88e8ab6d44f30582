//! Which lines of the journal are wanted, as the form has them.

use chrono::{Days, NaiveDate, TimeZone};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::{
    db::{self, journal::Filter},
    domain::{CampaignId, PoolId, journal::Position, movement::Kind, staff_user::Username},
    http::problem::Problem,
    web::{
        admin::{field::day_of, moment},
        form::FieldError,
        part::{Input, TextField},
        staff_page::StaffVisitor,
        text::Texts,
    },
};

/// Every field as it was typed; empty is all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    pub campaign: String,
    pub kind: String,
    pub clinic: String,
    pub pool: String,
    pub user: String,
    pub from: String,
    pub until: String,
    pub before: String,
}

impl Wanted {
    /// By whose clock days begin and times are told: that of the clinic or campaign which is named,
    /// else that of the installation.
    ///
    /// # Errors
    /// The database's.
    pub async fn zone(&self, visitor: &StaffVisitor) -> Result<Tz, Problem> {
        let db = &visitor.visit.app.db.read;
        if let Some(code) = Some(self.clinic.trim()).filter(|code| !code.is_empty())
            && let Some(clinic) = db::clinic::find_by_code(db, code).await?
        {
            return Ok(clinic.zone);
        }
        let campaign_id = self.campaign.trim().parse().ok().map(CampaignId);
        if let Some(id) = campaign_id
            && let Some(campaign) = db::campaign::find(db, id).await?
        {
            return Ok(campaign.zone);
        }
        Ok(moment::zone(visitor))
    }

    /// The filter, with days by the clock of this zone, and what could not be understood.
    ///
    /// # Errors
    /// The database's.
    pub async fn filter(
        &self,
        visitor: &StaffVisitor,
        zone: Tz,
    ) -> Result<(Filter, Vec<FieldError>), Problem> {
        let t = visitor.t();
        let mut errors = Vec::new();
        let mut fault = |field: &'static str, text: &'static str| {
            errors.push(FieldError { field, text: text.to_owned() });
        };
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let midnight = |day: NaiveDate| {
            let at = day.and_time(chrono::NaiveTime::MIN);
            zone.from_local_datetime(&at).earliest().map(|at| at.to_utc())
        };
        let mut filter = Filter {
            campaign_id: self.campaign.trim().parse().ok().map(CampaignId),
            clinic_code: text(&self.clinic),
            kind: self.kind.trim().parse().ok().and_then(Kind::of),
            before: self.before.parse::<Position>().ok(),
            ..Filter::default()
        };
        if let Some(pool) = text(&self.pool) {
            filter.pool_id = pool.parse().ok().map(PoolId);
            if filter.pool_id.is_none() {
                fault("pool", t.journal_no_pool());
            }
        }
        if let Some(from) = text(&self.from) {
            filter.from = day_of(&from).and_then(midnight);
            if filter.from.is_none() {
                fault("from", t.admin_no_day());
            }
        }
        if let Some(until) = text(&self.until) {
            let next = day_of(&until).and_then(|day| day.checked_add_days(Days::new(1)));
            filter.until = next.and_then(midnight);
            if filter.until.is_none() {
                fault("until", t.admin_no_day());
            }
        }
        if let Some(user) = text(&self.user) {
            let db = &visitor.visit.app.db.read;
            filter.staff_user_id = match Username::parse(&user) {
                Ok(name) => db::staff_user::find_id(db, &name).await?,
                Err(_) => None,
            };
            if filter.staff_user_id.is_none() {
                fault("user", t.journal_no_user());
            }
        }
        Ok((filter, errors))
    }

    pub fn fields(&self, t: Texts) -> Vec<TextField> {
        let field =
            |id, label: &'static str, value: &str| TextField::new(id, label, Input::Text, value);
        vec![
            field("clinic", t.journal_clinic(), &self.clinic),
            field("pool", t.journal_pool_number(), &self.pool),
            field("user", t.journal_user(), &self.user),
            field("from", t.journal_from(), &self.from).hint(t.admin_day_hint()),
            field("until", t.journal_until(), &self.until).hint(t.admin_day_hint()),
        ]
    }

    /// As a query, to go on with the same filter.
    pub fn query(&self, before: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let all = [
            ("campaign", self.campaign.as_str()),
            ("kind", &self.kind),
            ("clinic", &self.clinic),
            ("pool", &self.pool),
            ("user", &self.user),
            ("from", &self.from),
            ("until", &self.until),
            ("before", before.unwrap_or_default()),
        ];
        for (name, value) in all.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

/// What a kind of movement is called.
pub fn kind_name(t: Texts, kind: Kind) -> &'static str {
    match kind {
        Kind::Book => t.move_book(),
        Kind::Cancel => t.move_cancel(),
        Kind::CancelLate => t.move_cancel_late(),
        Kind::NoShow => t.move_no_show(),
        Kind::Administer => t.move_administer(),
        Kind::WalkIn => t.move_walk_in(),
        Kind::OfferAgain => t.move_offer_again(),
        Kind::Waste => t.move_waste(),
        Kind::Hold => t.move_hold(),
        Kind::Confirm => t.move_confirm(),
        Kind::Release => t.move_release(),
        Kind::Correct => t.move_correct(),
        Kind::NotVaccinated => t.move_not_vaccinated(),
        Kind::CorrectWaste => t.move_correct_waste(),
        Kind::Withhold => t.move_withhold(),
        Kind::NotRecorded => t.move_not_recorded(),
        Kind::Receive => t.move_receive(),
        Kind::PassOn => t.move_pass_on(),
        Kind::Grant => t.move_grant(),
        Kind::Retract => t.move_retract(),
        Kind::Lose => t.move_lose(),
        Kind::SendBack => t.move_send_back(),
        Kind::CorrectReceipt => t.move_correct_receipt(),
        Kind::CorrectLoss => t.move_correct_loss(),
    }
}
