//! A day at the clinics, played over HTTP against a running service: people are booked, the day is
//! moved to today, and then each clinic goes through it: arrivals, doses, people who do not come,
//! wrong presses that are taken back, people without a booking, and the closing.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{NaiveDate, TimeDelta};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sqlx::PgConnection;
use tokio::time::sleep;
use uuid::{Builder, Uuid};

use super::{
    clinic_day_report::{ClinicDayReport, Played},
    load::connection::Connection,
    scenario::Aim,
    slots::BookableSlots,
    target::Target,
};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx, rehearsal::OpenCampaign},
    domain::{
        CampaignId, ClinicId, PersonId, ProductId, SlotId,
        keys::Keys,
        session::{StaffRole, citizen_token, staff_token, token_hash},
        staff_user::Username,
    },
    flows::{self, discrepancy::verify},
    random::Random,
};

/// Random streams: who comes, and what happens to them.
const PERSONS: u64 = 200;
const FATES: u64 = 201;
/// Persons without a booking who come to each clinic.
const WALK_INS: usize = 3;
/// The user at every clinic; nothing signs them in but the rehearsal itself.
const USERNAME: &str = "replay-clinic-day";

/// What is played, and where.
#[derive(Clone, Debug)]
pub struct ClinicDayConfig {
    /// Share of the day's open doses that are booked, more than 0 and at most 1.
    pub share: f64,
    pub target: Target,
    /// None: the only campaign that is open.
    pub campaign_id: Option<CampaignId>,
    pub seed: u64,
    /// Clinics that are at work at once.
    pub connections: usize,
}

/// What the day of one clinic begins with.
struct Clinic {
    clinic_id: ClinicId,
    product_id: ProductId,
    /// The present local date, which the day becomes.
    today: NaiveDate,
    /// Who books, and where.
    people: Vec<(PersonId, SlotId)>,
    walk_ins: Vec<PersonId>,
}

/// How often a request is sent again that the service had no room for, or that had no answer.
const TRIES_MAX: usize = 10;

/// What everybody at work has in hand.
struct Desk {
    target: Target,
    /// A session of somebody who may work at every clinic.
    staff: String,
    campaign_id: CampaignId,
    seed: u64,
    began: Instant,
    clock: Clock,
}

/// Plays the day with the most open doses. `owner` is the owner's way into the database, who alone
/// may move a day.
///
/// # Errors
/// A sentence for the operator: no service, no campaign, too few people, a day in the way.
pub async fn play(
    db: &Db,
    owner: &mut PgConnection,
    (keys, clock): (&Keys, &Clock),
    config: ClinicDayConfig,
) -> anyhow::Result<ClinicDayReport> {
    config.target.check().await?;
    let campaign = campaign(db, config.campaign_id).await?;
    let slots = BookableSlots::find(db, campaign.campaign_id, &Aim::AllClinics).await?;
    let date = fullest_date(&slots).context("no day has open doses")?;
    let clinics = clinics(db, &campaign, (&slots, date), &config).await?;
    let token = staff_token(keys, &format!("{:x}{:x}", getrandom::u64()?, getrandom::u64()?));
    staff_session(db, clock, &token).await?;
    let desk = || Desk {
        target: config.target.clone(),
        staff: token.clone(),
        campaign_id: campaign.campaign_id,
        seed: config.seed,
        began: Instant::now(),
        clock: clock.clone(),
    };
    let evening = desk();
    let booked = stream::iter(&clinics)
        .map(|clinic| Worker::new(&evening).book_all(keys, clinic))
        .buffer_unordered(config.connections);
    let booked: Vec<_> = booked.collect().await;
    db::rehearsal::move_day_to_today(owner, date)
        .await
        .context("the day cannot be moved to today: today has slots or doses already")?;
    // No line of the journal says that doses are another day's.
    db::catalogue::touch_untold(owner).await?;
    let desk = desk();
    let days = stream::iter(booked.iter().zip(0_u32..))
        .map(|((clinic, ids, _), n)| Worker::new(&desk).day(clinic, ids, n))
        .buffer_unordered(config.connections);
    let days: Vec<_> = days.collect().await;
    let seconds = desk.began.elapsed().as_secs_f64();
    end_session(db, clock, &token).await?;
    let ids: Vec<_> = clinics.iter().map(|clinic| clinic.clinic_id.0).collect();
    let totals = db::rehearsal::day_totals(&db.jobs, &ids).await?;
    let discrepancies = verify(db).await?;
    let booking = booked.into_iter().flat_map(|(.., played)| played);
    let presses = booking.chain(days.into_iter().flatten()).collect();
    let faults = discrepancies.iter().map(ToString::to_string).collect();
    let about = (campaign.name, date, clinics.len());
    Ok(ClinicDayReport::new(about, (presses, seconds), totals, faults))
}

async fn campaign(db: &Db, wanted: Option<CampaignId>) -> anyhow::Result<OpenCampaign> {
    let mut open = db::rehearsal::open_campaigns(&db.jobs).await?;
    open.retain(|campaign| wanted.is_none_or(|id| campaign.campaign_id == id));
    if open.len() > 1 {
        bail!("{} campaigns are open: choose one by --campaign", open.len());
    }
    open.pop().context("no campaign is open: `dosebook demo` loads one")
}

fn fullest_date(slots: &BookableSlots) -> Option<NaiveDate> {
    let mut dates: Vec<_> = slots.days.iter().map(|day| day.on_date).collect();
    dates.sort_unstable();
    dates.dedup();
    let open = |date: &NaiveDate| {
        let days = slots.days.iter().filter(|day| day.on_date == *date);
        days.map(|day| u64::from(day.open)).sum::<u64>()
    };
    dates.into_iter().max_by_key(open)
}

/// Who books at which clinic, drawn from those who may.
async fn clinics(
    db: &Db,
    campaign: &OpenCampaign,
    (slots, date): (&BookableSlots, NaiveDate),
    config: &ClinicDayConfig,
) -> anyhow::Result<Vec<Clinic>> {
    let mut persons = db::rehearsal::persons(&db.jobs, campaign.campaign_id).await?;
    let mut random = Random::of(config.seed, PERSONS, 0);
    for n in (1..persons.len()).rev() {
        persons.swap(n, random.index(n + 1));
    }
    let mut clinics = Vec::new();
    for day in slots.days.iter().filter(|day| day.on_date == date) {
        let share = (f64::from(day.open) * config.share).ceil();
        let wanted = (0..day.open).take_while(|n| f64::from(*n) < share).count();
        let own = slots.of_day(day);
        let walk_ins = persons.split_off(persons.len().saturating_sub(WALK_INS));
        let people = persons.split_off(persons.len().saturating_sub(wanted));
        if people.len() < wanted {
            bail!("there are too few people who may book: take a smaller --share");
        }
        let people = people.into_iter().zip(own.iter().copied().cycle()).collect();
        let (clinic_id, product_id) = (day.clinic_id, day.product_id);
        let today = db::schedule::today(&db.jobs, clinic_id).await?.context("a clinic is gone")?;
        clinics.push(Clinic { clinic_id, product_id, today, people, walk_ins });
    }
    Ok(clinics)
}

/// An administrator, who may work at every clinic, and a session of theirs.
async fn staff_session(db: &Db, clock: &Clock, token: &str) -> anyhow::Result<()> {
    let name = Username::parse(USERNAME).map_err(flows::Error::from)?;
    let made = in_tx(&db.write, "rehearse a user", async |conn| {
        let made = db::staff_user::insert(conn, &name, None, StaffRole::Administrator).await?;
        let known = match made {
            Some(id) => Some(id),
            None => db::staff_user::find_id(&mut *conn, &name).await?,
        };
        if let Some(id) = known {
            let expires_at = clock.now() + TimeDelta::hours(12);
            db::staff_user::insert_session(conn, &token_hash(token), id, expires_at).await?;
        }
        Ok::<_, flows::Error>(known)
    });
    made.await?.map(drop).context("the rehearsal's user cannot be made")
}

async fn end_session(db: &Db, clock: &Clock, token: &str) -> anyhow::Result<()> {
    in_tx(&db.write, "rehearse signing out", async |conn| {
        let hash = token_hash(token);
        Ok::<_, flows::Error>(db::staff_user::revoke_session(conn, &hash, clock.now()).await?)
    })
    .await?;
    Ok(())
}

impl Desk {
    /// An id as clients make them: the time, and what is random.
    fn id(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let mut random = [0; 10];
        // Without random bytes an id may come twice; the service refuses it then.
        let _ = getrandom::fill(&mut random);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// Somebody at work, with a connection of their own.
struct Worker<'a> {
    desk: &'a Desk,
    connection: Option<Connection>,
    played: Vec<Played>,
}

/// A request before it is written.
struct Asked<'a> {
    what: &'static str,
    method: &'a str,
    path: String,
    token: &'a str,
    body: Option<Value>,
    /// Whether any version is changed.
    takes_any: bool,
}

impl<'a> Worker<'a> {
    fn new(desk: &'a Desk) -> Self {
        Self { desk, connection: None, played: Vec::new() }
    }

    /// Asks until there is an answer, and notes how long that took and what came of it.
    async fn ask(&mut self, asked: Asked<'_>) -> Option<Value> {
        let began = Instant::now();
        let bytes = self.written(&asked);
        let mut code = "unreachable".to_owned();
        let mut answer = None;
        for _ in 0..TRIES_MAX {
            let Some((status, retry_after, value)) = self.send(&bytes).await else { continue };
            if status == 503 {
                code = problem(&value);
                sleep(Duration::from_secs(retry_after)).await;
                continue;
            }
            code = if status < 300 { String::new() } else { problem(&value) };
            answer = (status < 300).then_some(value);
            break;
        }
        let at = self.desk.began.elapsed().as_secs_f64();
        let took = began.elapsed().as_secs_f64() * 1_000.0;
        self.played.push(Played { what: asked.what, at, took, code });
        answer
    }

    fn written(&self, asked: &Asked<'_>) -> Vec<u8> {
        let Asked { method, path, token, body, takes_any, .. } = asked;
        let body = body.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n",
            self.desk.target.host,
        );
        if *takes_any {
            head.push_str("If-Match: *\r\n");
        }
        if !body.is_empty() {
            head.push_str("Content-Type: application/json\r\n");
        }
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    /// The status, the seconds to wait and the body; none where the connection broke.
    async fn send(&mut self, bytes: &[u8]) -> Option<(u16, u64, Value)> {
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.is_closed() => connection,
            _ => Connection::open(self.desk.target.address).await.ok()?,
        };
        let response = connection.ask(bytes).await.ok()?;
        let value = serde_json::from_slice(response.body).unwrap_or_default();
        let answer = (response.status, response.retry_after.unwrap_or(1), value);
        self.connection = Some(connection);
        Some(answer)
    }

    /// Everybody of a clinic books; whose booking was taken is who comes.
    async fn book_all(
        mut self,
        keys: &Keys,
        clinic: &'a Clinic,
    ) -> (&'a Clinic, Vec<Uuid>, Vec<Played>) {
        let mut ids = Vec::new();
        for &(person_id, slot_id) in &clinic.people {
            let id = self.desk.id();
            let token = citizen_token(keys, person_id, self.desk.clock.now() + TimeDelta::hours(1));
            let body = json!({
                "campaign_id": self.desk.campaign_id, "slot_id": slot_id,
                "product_id": clinic.product_id,
            });
            let booking = Asked {
                what: "book",
                method: "PUT",
                path: format!("/v1/bookings/{id}"),
                token: &token,
                body: Some(body),
                takes_any: false,
            };
            if self.ask(booking).await.is_some() {
                ids.push(id);
            }
        }
        (clinic, ids, self.played)
    }

    /// The day of one clinic, from the first arrival to the closing.
    async fn day(mut self, clinic: &Clinic, ids: &[Uuid], n: u32) -> Vec<Played> {
        let mut random = Random::of(self.desk.seed, FATES, n);
        for id in ids {
            self.visit(clinic.clinic_id, *id, random.below(100)).await;
        }
        for person_id in &clinic.walk_ins {
            let path = format!("/v1/clinics/{}/walk-ins/{}", clinic.clinic_id, self.desk.id());
            let body = json!({
                "person_id": person_id, "campaign_id": self.desk.campaign_id,
                "product_id": clinic.product_id, "site": "left_arm", "lot": "R-1",
                "answers": ["identity", "screening"],
            });
            self.staff("walk_in", "PUT", path, Some(body)).await;
        }
        let path = format!("/v1/clinics/{}/days/{}", clinic.clinic_id, clinic.today);
        self.staff("summary", "GET", path.clone(), None).await;
        self.staff("close", "POST", format!("{path}/close"), Some(json!({}))).await;
        self.played
    }

    /// What happens with one booking: most are given their dose; some do not come, are not
    /// vaccinated or cancel, and some are pressed wrongly first.
    async fn visit(&mut self, clinic: ClinicId, id: Uuid, fate: u32) {
        match fate {
            // Left for the closing.
            0..=2 => return,
            3..=4 => {
                self.step(clinic, id, "no_show", json!({})).await;
                return;
            }
            5 => {
                self.step(clinic, id, "cancel", json!({})).await;
                return;
            }
            6..=7 => {
                self.step(clinic, id, "arrive", json!({})).await;
                let reason = json!({ "reason": "unwell" });
                self.step(clinic, id, "not_vaccinated", reason).await;
                return;
            }
            // Somebody else was meant.
            8 => {
                if let Some(step) = self.step(clinic, id, "no_show", json!({})).await {
                    self.step(clinic, id, "undo", json!({ "undoes": step })).await;
                }
            }
            _ => {}
        }
        self.step(clinic, id, "arrive", json!({})).await;
        let given = self.give(clinic, id).await;
        if let (9, Some(step)) = (fate, given) {
            self.step(clinic, id, "undo", json!({ "undoes": step })).await;
            self.give(clinic, id).await;
        }
    }

    /// Looks at the visit, answers what must be asked, and gives.
    async fn give(&mut self, clinic: ClinicId, id: Uuid) -> Option<Uuid> {
        let path = format!("/v1/clinics/{clinic}/bookings/{id}");
        let visit = self.staff("look", "GET", path, None).await?;
        let warnings = visit.get("warnings").and_then(Value::as_array);
        let codes = warnings.into_iter().flatten().filter_map(|one| one.get("code").cloned());
        let codes: Vec<_> = codes.collect();
        let body = json!({ "answers": codes, "site": "left_arm", "lot": "R-1" });
        self.step(clinic, id, "give", body).await
    }

    /// One press; its id, where it was made.
    async fn step(
        &mut self,
        clinic: ClinicId,
        id: Uuid,
        step: &'static str,
        mut body: Value,
    ) -> Option<Uuid> {
        let step_id = self.desk.id();
        if let Some(members) = body.as_object_mut() {
            members.insert("step".to_owned(), step.into());
        }
        let path = format!("/v1/clinics/{clinic}/bookings/{id}/steps/{step_id}");
        self.staff(step, "PUT", path, Some(body)).await.map(|_| step_id)
    }

    async fn staff(
        &mut self,
        what: &'static str,
        method: &str,
        path: String,
        body: Option<Value>,
    ) -> Option<Value> {
        let token = &self.desk.staff;
        self.ask(Asked { what, method, path, token, body, takes_any: what == "close" }).await
    }
}

/// By which code, and for which cause, something was refused.
fn problem(value: &Value) -> String {
    let member = |name| value.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", member("code"), member("cause")).trim().to_owned()
}
