//! A replay from end to end: prepare, run, check.

use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};

use super::{
    check::{self, CheckResult, ClientLog},
    citizens::{CitizenWorkload, Progress},
    curve::ArrivalCurve,
    load::LoadGenerator,
    plan::{Citizens, Plan},
    scenario::Scenario,
    sign_in,
    slots::BookableSlots,
    tally::Tally,
    target::Target,
};
use crate::{
    clock::Clock,
    db::{self, Db, rehearsal::OpenCampaign},
    domain::{CampaignId, PersonId, keys::Keys},
    random::Random,
};

/// Random streams of the whole replay; those of single citizens are in `plan`.
const PERSONS: u64 = 100;
const SLOTS: u64 = 101;

/// What is replayed, and where.
#[derive(Clone, Debug)]
pub struct ReplayConfig {
    /// The scenario's name or file, as it was given.
    pub name: String,
    pub scenario: Scenario,
    /// Share of the scenario's citizens, more than 0 and at most 1.
    pub share: f64,
    pub target: Target,
    /// Where the service shows one-time codes.
    pub codes: Target,
    /// None: the only campaign that is open.
    pub campaign_id: Option<CampaignId>,
}

/// Everything that has to be ready before the clock starts.
pub struct PreparedReplay {
    pub plan: Plan,
    pub campaign: OpenCampaign,
    /// Open doses of the whole campaign that can be booked on the web.
    pub doses_open: u64,
    /// Open doses of the slots that citizens aim at.
    pub doses_aimed_at: u64,
    config: ReplayConfig,
}

/// What was there before the replay, and what happened in it.
pub struct FinishedReplay {
    pub config: ReplayConfig,
    pub campaign: OpenCampaign,
    pub doses_open: u64,
    pub doses_aimed_at: u64,
    pub plan: Plan,
    pub tally: Tally,
    pub log: ClientLog,
    pub started_at: DateTime<Utc>,
}

/// Reads persons and slots, signs the citizens in, and draws a slot for each.
///
/// # Errors
/// A sentence for the operator.
pub async fn prepare(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    config: ReplayConfig,
) -> anyhow::Result<PreparedReplay> {
    config.target.check().await?;
    let scenario = config.scenario.clone();
    let curve = ArrivalCurve::new(&scenario, config.share);
    let campaign = open_campaign(db, config.campaign_id, false).await?;
    let campaign_id = campaign.campaign_id;
    let doses_open = db::rehearsal::open_doses(&db.jobs, campaign_id).await?;
    let slots = BookableSlots::find(db, campaign_id, &scenario.aim).await?;
    let mut random = Random::of(scenario.seed, PERSONS, 0);
    let person_ids = draw_persons(db, campaign_id, curve.citizens(), &mut random).await?;
    let mut tokens = sign_in::issue_tokens(keys, clock, &person_ids)?;
    if let (Some(person_id), Some(token)) = (person_ids.first(), tokens.first()) {
        sign_in::check_token(&config.target, *person_id, token).await?;
    }
    let by_code = usize::try_from(scenario.sign_in_by_code)?.min(person_ids.len());
    let by_code = person_ids.get(..by_code).unwrap_or_default();
    let by_code = sign_in::sign_in_by_code(db, &config.target, &config.codes, by_code).await?;
    tokens.iter_mut().zip(by_code).for_each(|(issued, own)| *issued = own);
    let mut random = Random::of(scenario.seed, SLOTS, 0);
    let first_slots = person_ids.iter().map(|_| slots.draw(&mut random)).collect();
    let doses_aimed_at = slots.doses();
    let plan = Plan {
        scenario,
        curve,
        slots,
        citizens: Citizens { person_ids, tokens, first_slots },
        campaign_id,
        host: config.target.host.clone(),
        opening_unix_millis: 0,
    };
    let doses_open = u64::try_from(doses_open)?;
    Ok(PreparedReplay { plan, campaign, doses_open, doses_aimed_at, config })
}

/// The open campaign with this id, or the only one; where `may_wait`, also one whose window is yet
/// to begin.
pub(super) async fn open_campaign(
    db: &Db,
    wanted: Option<CampaignId>,
    may_wait: bool,
) -> anyhow::Result<OpenCampaign> {
    let mut open = db::rehearsal::open_campaigns(&db.jobs).await?;
    open.retain(|campaign| may_wait || campaign.opens_in_ms <= 0);
    if let Some(id) = wanted {
        open.retain(|campaign| campaign.campaign_id == id);
        return open.pop().with_context(|| format!("campaign {id} is not open"));
    }
    match open.len() {
        0 => bail!("no campaign is open: `dosebook demo` loads one"),
        1 => open.pop().context("no campaign is open"),
        n => bail!("{n} campaigns are open: choose one by --campaign"),
    }
}

/// `count` of the persons who may book, in random order.
async fn draw_persons(
    db: &Db,
    campaign_id: CampaignId,
    count: u32,
    random: &mut Random,
) -> anyhow::Result<Vec<PersonId>> {
    let mut persons = db::rehearsal::persons(&db.jobs, campaign_id).await?;
    let count = usize::try_from(count)?;
    if persons.len() < count {
        bail!(
            "{count} people are to come, and {} are there who may book and have not: \
             take a smaller --share, or load a larger register",
            persons.len(),
        );
    }
    for n in 0..count {
        let other = n + random.index(persons.len() - n);
        persons.swap(n, other);
    }
    persons.truncate(count);
    persons.shrink_to_fit();
    Ok(persons)
}

impl PreparedReplay {
    /// How many citizens will arrive.
    pub fn citizens(&self) -> u32 {
        self.plan.curve.citizens()
    }

    /// Generates the load, on a thread of its own.
    ///
    /// # Errors
    /// A sentence for the operator: the service cannot be reached.
    pub async fn run(
        self,
        db: &Db,
        clock: &Clock,
        progress: Progress,
    ) -> anyhow::Result<FinishedReplay> {
        let Self { mut plan, campaign, doses_open, doses_aimed_at, config } = self;
        let since = db::rehearsal::now(&db.jobs).await?;
        let started_at = clock.now();
        let opening = i64::try_from(plan.opening().as_millis())?;
        plan.opening_unix_millis = u64::try_from(started_at.timestamp_millis() + opening)?;
        let generator = LoadGenerator {
            address: config.target.address,
            connections: plan.scenario.connections,
            duration_max: Duration::from_secs_f64(plan.scenario.seconds_max),
        };
        let workload = CitizenWorkload::new(plan, Tally::new()?, progress);
        let workload = tokio::task::spawn_blocking(move || generator.run(workload)).await??;
        let CitizenWorkload { plan, tally, acks, in_doubt, in_flight, arrived, .. } = workload;
        // The outcome of requests that were cut off at the end is unknown too.
        let in_doubt = in_doubt.into_iter().chain(in_flight).collect();
        let log = ClientLog { since, arrived, acks, in_doubt };
        Ok(FinishedReplay {
            config,
            campaign,
            doses_open,
            doses_aimed_at,
            plan,
            tally,
            log,
            started_at,
        })
    }
}

impl FinishedReplay {
    /// Compares what the citizens were told with the database.
    ///
    /// # Errors
    /// The database's.
    pub async fn check(&self, db: &Db) -> anyhow::Result<CheckResult> {
        Ok(check::check(db, &self.plan, &self.log).await?)
    }
}
