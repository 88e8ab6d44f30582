//! Journeys from end to end: prepare, run, check.

use std::{
    collections::HashSet,
    net::TcpListener,
    time::{Duration, Instant},
};

use anyhow::Context;
use chrono::{DateTime, Utc};

use super::{
    crowd::Crowd,
    html,
    notes::Notes,
    people::{People, Wanted},
    plan::{JourneyPlan, Way, Wish},
};
use crate::{
    clock::Clock,
    db::{self, Db, rehearsal::OpenCampaign},
    domain::{CampaignId, SlotId, language::Language},
    random::Random,
    rehearsal::{
        check::{self, CheckResult, Told},
        citizens::Progress,
        curve::{ArrivalCurve, whole},
        load::{LoadGenerator, connection::Connection},
        replay::open_campaign,
        scenario::{Aim, Scenario},
        slots::BookableSlots,
        tally::Tally,
        target::Target,
    },
};

/// Random stream of the whole replay; those of single citizens are in `plan`.
const PERSONS: u64 = 102;

/// What is played, and where.
#[derive(Debug)]
pub struct JourneyConfig {
    /// The scenario's name or file, as it was given.
    pub name: String,
    pub scenario: Scenario,
    /// Share of the scenario's citizens, more than 0 and at most 1.
    pub share: f64,
    pub target: Target,
    /// None: the only campaign that is open, or will open by itself.
    pub campaign_id: Option<CampaignId>,
    pub way: Way,
    /// Where the service sends its text messages.
    pub gateway: TcpListener,
}

/// Everything that has to be ready before the clock starts.
pub struct PreparedJourneys {
    pub plan: JourneyPlan,
    pub campaign: OpenCampaign,
    /// When the campaign opens, for those who wait for it; none where it is open.
    opens_at: Option<Instant>,
    /// Open doses of the whole campaign that can be booked on the web.
    pub doses_open: u64,
    /// Those of the clinics that people want.
    pub doses_aimed_at: u64,
    config: JourneyConfig,
}

/// What was there before the replay, and what happened in it.
pub struct FinishedJourneys {
    pub config: JourneyConfig,
    pub campaign: OpenCampaign,
    pub doses_open: u64,
    pub doses_aimed_at: u64,
    pub plan: JourneyPlan,
    pub tally: Tally,
    pub notes: Notes,
    /// The database's time before the start.
    pub since: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
}

/// Draws those who come.
///
/// # Errors
/// A sentence for the operator.
pub async fn prepare(db: &Db, config: JourneyConfig) -> anyhow::Result<PreparedJourneys> {
    config.target.check().await?;
    let scenario = config.scenario.clone();
    let shares = scenario.shares();
    let curve = ArrivalCurve::new(&scenario, config.share);
    let campaign = open_campaign(db, config.campaign_id, true).await?;
    let opens_in = u64::try_from(campaign.opens_in_ms).unwrap_or(0);
    let opens_at = Instant::now() + Duration::from_millis(opens_in);
    let campaign_id = campaign.campaign_id;
    let doses_open = db::rehearsal::open_doses(&db.jobs, campaign_id).await?;
    let doses_open = u64::try_from(doses_open)?;
    let wish = wish(db, campaign_id, &scenario.aim).await?;
    let doses_aimed_at = wish.map_or(doses_open, |(_, doses)| doses);
    let all = curve.citizens();
    let not_eligible = whole(f64::from(all) * shares.not_eligible);
    let mut random = Random::of(scenario.seed, PERSONS, 0);
    let people = People::draw(db, campaign_id, Wanted { all, not_eligible }, &mut random).await?;
    let plan = JourneyPlan {
        style: style(&config.target).await?,
        scenario,
        shares,
        curve,
        people,
        campaign_id,
        wish: wish.map(|(wish, _)| wish),
        host: config.target.host.clone(),
        way: config.way,
        opening: JourneyPlan::lead(&shares),
        started_unix_millis: 0,
    };
    let opens_at = (opens_in > 0).then_some(opens_at);
    Ok(PreparedJourneys { plan, campaign, opens_at, doses_open, doses_aimed_at, config })
}

/// The only clinic that people want, and its open doses; none where every clinic will do.
async fn wish(db: &Db, campaign_id: CampaignId, aim: &Aim) -> anyhow::Result<Option<(Wish, u64)>> {
    if *aim == Aim::AllClinics {
        return Ok(None);
    }
    let slots = BookableSlots::find(db, campaign_id, aim).await?;
    let wish = slots.days.first().map(|day| {
        let (clinic_id, region_id) = (day.clinic_id, day.region_id);
        (Wish { clinic_id, region_id }, slots.doses())
    });
    Ok(wish)
}

/// Where the style sheet of the landing page lies.
async fn style(target: &Target) -> anyhow::Result<String> {
    let request = format!("GET /{} HTTP/1.1\r\nHost: {}\r\n\r\n", Language::Korean, target.host);
    let mut connection = Connection::open(target.address).await?;
    let response = connection.ask(request.as_bytes()).await?;
    let page = std::str::from_utf8(response.body)?;
    let found = html::links(page, "/assets/").find(|href| href.ends_with(".css"));
    Ok(found.context("the landing page has no style sheet")?.to_owned())
}

impl PreparedJourneys {
    /// How many people will come.
    pub fn citizens(&self) -> u32 {
        self.plan.curve.citizens()
    }

    /// How long it takes until the first come: where the campaign is yet to open, they come before
    /// that.
    pub fn wait(&self) -> Duration {
        let lead = JourneyPlan::lead(&self.plan.shares);
        let to_opening = self.opens_at.map(|at| at.saturating_duration_since(Instant::now()));
        to_opening.map_or(Duration::ZERO, |to_opening| to_opening.saturating_sub(lead))
    }

    /// Waits until the first come, and generates the load on a thread of its own.
    ///
    /// # Errors
    /// A sentence for the operator: the service cannot be reached.
    pub async fn run(
        self,
        db: &Db,
        clock: &Clock,
        progress: Progress,
    ) -> anyhow::Result<FinishedJourneys> {
        tokio::time::sleep(self.wait()).await;
        let Self { mut plan, campaign, doses_open, doses_aimed_at, config, opens_at } = self;
        if let Some(at) = opens_at {
            plan.opening = at.saturating_duration_since(Instant::now());
        }
        let since = db::rehearsal::now(&db.jobs).await?;
        let started_at = clock.now();
        plan.started_unix_millis = u64::try_from(started_at.timestamp_millis())?;
        let generator = LoadGenerator {
            address: config.target.address,
            connections: plan.scenario.connections,
            duration_max: plan.opening + Duration::from_secs_f64(plan.scenario.seconds_max),
        };
        let gateway = config.gateway.try_clone()?;
        let crowd = Crowd::new(plan, Tally::new()?, progress);
        let play = move || generator.run_with(crowd, Some(gateway));
        let crowd = tokio::task::spawn_blocking(play).await??;
        let Crowd { plan, mut tally, mut notes, .. } = crowd;
        // The outcome of presses that were cut off at the end is unknown too.
        let cut_off = std::mem::take(&mut notes.in_flight);
        notes.in_doubt.extend(cut_off);
        notes.faults.without_time = tally.without_time();
        count_cancelled(db, since, &notes, &mut tally).await?;
        Ok(FinishedJourneys {
            config,
            campaign,
            doses_open,
            doses_aimed_at,
            plan,
            tally,
            notes,
            since,
            started_at,
        })
    }
}

/// Puts the cancellations into the timeline. Nobody is told on the way whether their dose is open
/// to everybody again: the journal is asked.
async fn count_cancelled(
    db: &Db,
    since: DateTime<Utc>,
    notes: &Notes,
    tally: &mut Tally,
) -> sqlx::Result<()> {
    if notes.all_cancelled().next().is_none() {
        return Ok(());
    }
    let returned = db::rehearsal::returned_since(&db.jobs, since).await?;
    let returned: HashSet<_> = returned.into_iter().collect();
    for ack in notes.all_cancelled() {
        tally.cancelled(ack.cancelled_at, returned.contains(&ack.booking_id));
    }
    Ok(())
}

impl FinishedJourneys {
    /// Compares what people were told with the database.
    ///
    /// # Errors
    /// The database's.
    pub async fn check(&self, db: &Db) -> anyhow::Result<CheckResult> {
        let told = self.notes.acks.iter().map(|ack| Told {
            citizen: ack.citizen,
            booking_id: ack.booking_id,
            slot_id: Some(SlotId(ack.slot_id)),
            state: ack.state,
        });
        let person_ids = self.plan.people.person_ids();
        let about = (self.plan.campaign_id, self.since);
        let in_doubt = &self.notes.in_doubt;
        Ok(check::compare_all(db, about, &person_ids, (told.collect(), in_doubt)).await?)
    }
}
