//! A campaign: drafted, of which the public knows nothing yet, changed, and taken from one state to
//! the next. Each step goes into the public history with its reason.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Result, barrier::Settled, check::check, constraint::named};
use crate::{
    db::{self, Db, in_tx, insist},
    domain::{
        CampaignId, Code, Detail, Refusal,
        campaign::{Campaign, NewCampaign, State, Step, too_many_doses},
        campaign_version::Target,
        check::{Check, Setup},
        day_policy::{DayPolicy, LeftOver, WalkIn},
        localized::{Localized, LocalizedChange},
        supply_history::Event,
    },
};

/// # Errors
/// `invalid_field` for an unknown course, a window that ends before it begins, or a bad code;
/// `already_exists` for a code that is taken.
pub async fn draft(db: &Db, new: NewCampaign) -> Result<Campaign> {
    in_tx(&db.write, "draft campaign", async |conn| {
        let id = db::campaign::insert(conn, &new).await.map_err(named)?;
        let campaign = db::campaign::find(&mut *conn, id).await?;
        db::catalogue::touch(conn).await?;
        Ok(campaign.ok_or_else(Refusal::not_found)?)
    })
    .await
}

/// What to change; none leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: LocalizedChange,
    pub opens_at: Option<DateTime<Utc>>,
    pub closes_at: Option<DateTime<Utc>>,
    pub cancel_until_hours: Option<i16>,
    pub bookings_per_day: Option<i16>,
    pub walk_in: Option<WalkIn>,
    pub left_over: Option<LeftOver>,
}

/// Window and the limits of cancelling and booking are rules: changing them makes a new version,
/// which bookings go by from the commit on: it is answered when no booking by the version before
/// can still be written. What is laid down for clinics' days is none: it is read when it is needed.
///
/// # Errors
/// `not_found`; `wrong_state` for a closed campaign; `invalid_field` for a window that ends before
/// it begins; `changed_meanwhile` for another version than the one that was seen.
pub async fn change(db: &Db, of: impl Into<Target>, change: Change) -> Result<Settled<Campaign>> {
    let target = of.into();
    let (campaign, is_rule) = in_tx(&db.write, "change campaign", async |conn| {
        let old = db::campaign::lock(conn, target.campaign_id)
            .await?
            .ok_or_else(Refusal::not_found)?
            .unless_closed()?;
        target.check(&old)?;
        let rules = |campaign: &Campaign| {
            let limits = (campaign.cancel_until_hours, campaign.bookings_per_day);
            (campaign.opens_at, campaign.closes_at, limits)
        };
        let mut campaign = Campaign {
            opens_at: change.opens_at.unwrap_or(old.opens_at),
            closes_at: change.closes_at.unwrap_or(old.closes_at),
            cancel_until_hours: change.cancel_until_hours.unwrap_or(old.cancel_until_hours),
            bookings_per_day: change.bookings_per_day.unwrap_or(old.bookings_per_day),
            name: old.name.clone().changed(change.name.clone()),
            day: DayPolicy {
                walk_in: change.walk_in.unwrap_or(old.day.walk_in),
                left_over: change.left_over.unwrap_or(old.day.left_over),
            },
            ..old.clone()
        };
        let is_rule = rules(&campaign) != rules(&old);
        if is_rule {
            campaign.rule_version += 1;
        }
        db::campaign::set(conn, &campaign).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok::<_, super::Error>((campaign, is_rule))
    })
    .await?;
    Ok(match is_rule {
        true => Settled::after(db, campaign).await,
        false => Settled::at_once(campaign),
    })
}

/// What became of a step that a check goes before.
pub enum Stepped {
    Done(Settled<Campaign>),
    /// The check found errors, or warnings that nobody has confirmed: nothing was changed.
    HeldUp(Check),
}

/// As `step`, unless a check finds something that stands in the way. `confirmed` are the codes of
/// warnings that whoever asks has read.
///
/// # Errors
/// Those of `step`.
pub async fn step_if_ready(
    db: &Db,
    (of, step): (impl Into<Target>, Step),
    reason: &Localized,
    setup: Setup,
    confirmed: &[String],
) -> Result<Stepped> {
    let target = of.into();
    let campaign_id = target.campaign_id;
    // What the state or the quota forbids is said first: a check would only distract from it.
    let state = insist(&db.operators, "may step", async |conn| {
        let campaign = db::campaign::find(&mut *conn, campaign_id).await?;
        let campaign = campaign.ok_or_else(Refusal::not_found)?;
        target.check(&campaign)?;
        let state = campaign.state;
        state.next(step)?;
        if step == Step::Publish {
            quota(conn, campaign_id).await?;
        }
        Ok::<_, super::Error>(state)
    })
    .await?;
    if state.checked_step() == Some(step) {
        let found = check(db, campaign_id, setup).await?;
        if found.holds_up(confirmed) {
            return Ok(Stepped::HeldUp(found));
        }
    }
    self::step(db, target, step, reason).await.map(Stepped::Done)
}

/// `reason` is shown to the public as it is. Pausing and closing are answered when no booking from
/// before can still be written.
///
/// # Errors
/// `not_found`; `wrong_state`; `quota_not_published` for publishing without doses and for opening
/// before publishing; `changed_meanwhile` for another version, or another limit, than was seen.
pub async fn step(
    db: &Db,
    of: impl Into<Target>,
    step: Step,
    reason: &Localized,
) -> Result<Settled<Campaign>> {
    let target = of.into();
    let campaign_id = target.campaign_id;
    let campaign = insist(&db.operators, "step campaign", async |conn| {
        let old = db::campaign::lock(conn, campaign_id).await?.ok_or_else(Refusal::not_found)?;
        target.check(&old)?;
        let state = old.state.next(step)?;
        let mut campaign = Campaign { state, state_reason: None, ..old.clone() };
        if matches!(state, State::Paused | State::Closed) {
            campaign.state_reason = Some(reason.clone());
        }
        if step == Step::Publish {
            let quota = quota(conn, campaign_id).await?;
            target.check_doses(quota)?;
            campaign.published_quota = Some(quota);
        }
        db::campaign::set(conn, &campaign).await?;
        let doses = campaign.published_quota.filter(|_| step == Step::Publish);
        let event = event(old.state, step);
        db::supply_history::insert(conn, campaign_id, event, doses, reason).await?;
        db::catalogue::touch(conn).await?;
        let campaign = db::campaign::find(conn, campaign_id).await?;
        Ok::<_, super::Error>(campaign.ok_or_else(Refusal::not_found)?)
    })
    .await?;
    Ok(match step {
        Step::Pause | Step::Close => Settled::after(db, campaign).await,
        Step::Publish | Step::Open => Settled::at_once(campaign),
    })
}

/// The limit that becomes public: the doses that the nation received for the campaign.
async fn quota(conn: &mut PgConnection, campaign_id: CampaignId) -> Result<i32> {
    let received = db::pool::received(conn, campaign_id).await?;
    match i32::try_from(received) {
        Ok(quota) if quota > 0 => Ok(quota),
        Ok(_) => Err(Refusal::new(Code::QuotaNotPublished, Detail::NothingReceived).into()),
        Err(_) => Err(too_many_doses().into()),
    }
}

fn event(from: State, step: Step) -> Event {
    match (step, from) {
        (Step::Publish, _) => Event::Published,
        (Step::Open, State::Paused) => Event::Resumed,
        (Step::Open, _) => Event::Opened,
        (Step::Pause, _) => Event::Paused,
        (Step::Close, _) => Event::Closed,
    }
}
