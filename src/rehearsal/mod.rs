//! Rehearsal: a crowd out of a scenario comes to a running service, and what it was told is held
//! against the database afterwards.
//!
//! `scenario` says who comes and what they do, `curve` when. `world` reads whom and where,
//! `sign_in` makes tokens, `plan` is all that is known before. `crowd` is the hot way, `tally` what
//! is noted on it. Then `check` asks the database, and `report` says it all: by `table` as text, by
//! `page` and `plot` as HTML, and as JSON.

pub mod check;
pub mod crowd;
pub mod curve;
pub mod figure;
pub mod load;
pub mod page;
pub mod plan;
pub mod plot;
pub mod report;
pub mod scenario;
pub mod sign_in;
pub mod table;
pub mod tally;
pub mod target;
pub mod world;

use std::time::Duration;

use chrono::{DateTime, Utc};

pub use self::{check::Checked, report::Report, scenario::Scenario, target::Target};
use self::{
    check::Told,
    crowd::{Play, Progress},
    curve::Curve,
    plan::{Crowd, Plan},
    tally::Tally,
    world::Places,
};
use crate::{
    clock::Clock,
    db::{self, Db},
    domain::{CampaignId, keys::Keys},
    random::Dice,
};

/// Streams of the dice; those of single people begin above.
const PEOPLE: u64 = 100;
const PLACES: u64 = 101;

/// What is played, and where.
#[derive(Clone, Debug)]
pub struct Order {
    /// As it was asked for.
    pub name: String,
    pub scenario: Scenario,
    /// Of the scenario's people; more than 0, at most 1.
    pub share: f64,
    pub target: Target,
    /// None is the only one that is open.
    pub campaign_id: Option<CampaignId>,
}

/// Everything that has to be ready before the clock starts.
pub struct Prepared {
    pub plan: Plan,
    pub campaign: db::rehearsal::Campaign,
    /// Open doses on the web, of the whole campaign.
    pub open: u64,
    pub doses_aimed_at: u64,
    order: Order,
}

/// What happened.
pub struct Played {
    pub facts: Facts,
    pub plan: Plan,
    pub tally: Tally,
    pub told: Told,
    pub started_at: DateTime<Utc>,
}

/// What the report repeats of the order and of what was there.
#[derive(Clone, Debug)]
pub struct Facts {
    pub order: Order,
    pub campaign: db::rehearsal::Campaign,
    pub open: u64,
    pub doses_aimed_at: u64,
}

/// Reads people and places, signs everybody in and decides where each will book.
///
/// # Errors
/// In words for an operator.
pub async fn prepare(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    order: Order,
) -> anyhow::Result<Prepared> {
    order.target.check().await?;
    let scenario = order.scenario.clone();
    let curve = Curve::new(&scenario, order.share);
    let campaign = world::campaign(db, order.campaign_id).await?;
    let campaign_id = campaign.campaign_id;
    let open = db::rehearsal::open_doses(&db.read, campaign_id).await?;
    let places = Places::find(db, campaign_id, &scenario.aim).await?;
    let mut dice = Dice::of(scenario.seed, PEOPLE, 0);
    let people = world::people(db, campaign_id, curve.citizens(), &mut dice).await?;
    let mut tokens = sign_in::minted(keys, clock, &people)?;
    if let (Some(person_id), Some(token)) = (people.first(), tokens.first()) {
        sign_in::is_known(&order.target, *person_id, token).await?;
    }
    let by_code = usize::try_from(scenario.sign_in_by_code)?.min(people.len());
    let signed_in = people.get(..by_code).unwrap_or_default();
    let signed_in = sign_in::by_code(db, &order.target, signed_in).await?;
    tokens.iter_mut().zip(signed_in).for_each(|(minted, own)| *minted = own);
    let mut dice = Dice::of(scenario.seed, PLACES, 0);
    let places_first = people.iter().map(|_| places.draw(&mut dice)).collect();
    let doses_aimed_at = places.open();
    let plan = Plan {
        scenario,
        curve,
        places,
        crowd: Crowd { people, tokens, places_first },
        campaign_id,
        host: order.target.host.clone(),
        opening_unix_millis: 0,
    };
    Ok(Prepared { plan, campaign, open: u64::try_from(open)?, doses_aimed_at, order })
}

impl Prepared {
    /// How many will come.
    pub fn citizens(&self) -> u32 {
        self.plan.curve.citizens()
    }

    /// Lets them come, on a thread of their own.
    ///
    /// # Errors
    /// In words for an operator: the service went away.
    pub async fn play(self, db: &Db, clock: &Clock, progress: Progress) -> anyhow::Result<Played> {
        let Self { mut plan, campaign, open, doses_aimed_at, order } = self;
        let since = db::rehearsal::now(&db.read).await?;
        let started_at = clock.now();
        let opening = i64::try_from(plan.opening().as_millis())?;
        plan.opening_unix_millis = u64::try_from(started_at.timestamp_millis() + opening)?;
        let crowd = load::Crowd {
            address: order.target.address,
            connections: plan.scenario.connections,
            span_max: Duration::from_secs_f64(plan.scenario.seconds_max),
        };
        let play = Play::new(plan, Tally::new()?, progress);
        let play = tokio::task::spawn_blocking(move || crowd.come(play)).await??;
        let Play { plan, tally, acks, doubtful, under_way, arrived, .. } = play;
        // What was cut off at the end is not known either.
        let doubtful = doubtful.into_iter().chain(under_way).collect();
        let told = Told { since, arrived, acks, doubtful };
        let facts = Facts { order, campaign, open, doses_aimed_at };
        Ok(Played { facts, plan, tally, told, started_at })
    }
}

impl Played {
    /// Holds what people were told against the database.
    pub async fn check(&self, db: &Db) -> anyhow::Result<Checked> {
        Ok(check::check(db, &self.plan, &self.told).await?)
    }
}
