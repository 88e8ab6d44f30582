//! Looks at a campaign before it is published or opened.

use super::Result;
use crate::{
    db::{self, Db, in_tx},
    domain::{
        CampaignId, Refusal,
        check::{Check, Finding, Setup, Survey},
        fact::Noun,
    },
};

/// Counting goes over the whole register, which takes a second or two for 3.5 million persons. A
/// step must not hang on it.
const COUNT_SECONDS_MAX: u64 = 8;

/// What is missing or odd, and how many people there are for how many doses.
///
/// # Errors
/// `not_found`.
pub async fn check(db: &Db, campaign_id: CampaignId, setup: Setup) -> Result<Check> {
    in_tx(&db.read, "check campaign", async |conn| {
        let campaign = db::campaign::find(&mut *conn, campaign_id).await?;
        let campaign = campaign.ok_or_else(|| Refusal::unknown(Noun::Campaign))?;
        let now = db::check::now(conn).await?;
        let rules = db::check::rules(conn, campaign_id).await?;
        let capacity = db::check::capacity(conn, campaign_id).await?;
        let seconds_max = COUNT_SECONDS_MAX;
        let homes = db::check::homes(conn, campaign_id, seconds_max).await?;
        Ok(Check::new(Survey { campaign, now, rules, capacity, homes, seconds_max, setup }))
    })
    .await
}

/// The same without counting people, which takes seconds: for lists of campaigns.
///
/// # Errors
/// `not_found`.
pub async fn glance(db: &Db, campaign_id: CampaignId, setup: Setup) -> Result<Check> {
    in_tx(&db.read, "glance at campaign", async |conn| {
        let campaign = db::campaign::find(&mut *conn, campaign_id).await?;
        let campaign = campaign.ok_or_else(|| Refusal::unknown(Noun::Campaign))?;
        let now = db::check::now(conn).await?;
        let rules = db::check::rules(conn, campaign_id).await?;
        let capacity = db::check::capacity(conn, campaign_id).await?;
        let survey = Survey { campaign, now, rules, capacity, homes: None, seconds_max: 0, setup };
        let mut check = Check::new(survey);
        check.findings.retain(|found| !matches!(found, Finding::PeopleNotCounted { .. }));
        Ok(check)
    })
    .await
}
