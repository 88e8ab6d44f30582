//! How the board reads: what is new since its read model, and the tables anew.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use sqlx::PgConnection;

use super::{
    catalogue::{Catalogue, Parts},
    read_model::{Broken, Kept, News, ReadModel, Tables},
    slot::{self, Slots},
    snapshot::{Eligible, Snapshot},
};
use crate::{
    db::{
        self, Db,
        board::{Account, Lines, Moment, changes_by_allocation, seats_by_slot},
    },
    domain::{AllocationId, ClinicId, slot::Slot, supply::Buckets},
};

/// Everything is read in so long at most: 14,500 clinics with 4 million slots take some seconds.
const READ_SECONDS_MAX: Duration = Duration::from_secs(60);
/// Clinics whose slots are read in one statement: some hundred thousand rows, held in memory
/// beside the packed ones.
const CLINICS_AT_ONCE: usize = 500;

/// Why the board could not be brought up to date; the last snapshot stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("database: {0}")]
    Db(#[from] db::Error),
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// What a look at the journal brought.
pub(super) enum Look {
    News(Box<News>),
    /// The tables must be read.
    Moved,
}

/// What an earlier read model knew, so that not everything must be read again.
pub(super) struct Known {
    moment: Moment,
    /// Lines that the journal had then: counting goes on from there.
    lines: i64,
    slots: HashMap<ClinicId, Kept>,
    accounts: Vec<Account>,
}

impl From<&ReadModel> for Known {
    fn from(model: &ReadModel) -> Self {
        let (slots, accounts) = (model.slots(), model.accounts());
        Self { moment: model.moment.clone(), lines: model.version, slots, accounts }
    }
}

/// What the journal's new lines leave of what was known.
#[derive(Default)]
struct Carried {
    /// Lines that the journal has.
    lines: i64,
    slots: HashMap<ClinicId, Kept>,
    /// None where all of them must be read.
    accounts: Option<Vec<Account>>,
}

/// What is new since the read model, unless the tables must be read.
pub(super) async fn look(db: &Db, model: &ReadModel, may_read: bool) -> Result<Look, db::Error> {
    db::in_tx_once(&db.jobs, "look at the journal", async |conn| {
        let moment = db::board::hold_still(conn).await?;
        let is_same_server = moment.server_started_at == model.moment.server_started_at;
        if !is_same_server || (may_read && moment.revision != model.moment.revision) {
            return Ok(Look::Moved);
        }
        let lines = db::board::lines_since(conn, &model.moment.position).await?;
        let wanted = model.wanted(&lines);
        let accounts = match wanted.allocation_ids.as_slice() {
            [] => Vec::new(),
            ids => db::board::accounts_by_id(conn, ids).await?,
        };
        let pools = match wanted.has_new_pool {
            true => db::board::pools(conn).await?,
            false => Vec::new(),
        };
        let slots = read_slots(conn, &without_slot(&lines)).await?;
        // What is applied is no older than the catalogue that it is applied to; when that is read
        // again, the revision there tells.
        let moment = Moment { revision: model.moment.revision, ..moment };
        Ok(Look::News(Box::new(News { moment, lines, accounts, pools, slots })))
    })
    .await
}

/// Reads the tables, but for the slots and allocations that are known and that nothing has changed
/// but what the journal tells.
pub(super) async fn read(
    db: &Db,
    known: Option<Known>,
    eligible: Arc<Eligible>,
) -> Result<(ReadModel, Snapshot), Error> {
    let is_known = known.is_some();
    match read_tables(db, known, eligible.clone()).await {
        // Perhaps what was known was wrong: the tables have the last word.
        Err(Error::Broken(broken)) if is_known => {
            tracing::error!(%broken, "nothing that was known is kept");
            read_tables(db, None, eligible).await
        }
        done => done,
    }
}

async fn read_tables(
    db: &Db,
    known: Option<Known>,
    eligible: Arc<Eligible>,
) -> Result<(ReadModel, Snapshot), Error> {
    let (parts, tables) =
        db::in_long_tx(&db.jobs, "read the board", READ_SECONDS_MAX, async |conn| {
            let moment = db::board::hold_still(conn).await?;
            let known =
                known.filter(|then| then.moment.server_started_at == moment.server_started_at);
            let Carried { lines, slots, accounts } = match known {
                Some(known) => carry_on(conn, &moment, known).await?,
                None => Carried { lines: count_lines(conn).await?, ..Carried::default() },
            };
            let slots = complete(conn, slots).await?;
            let parts = Parts::read(conn).await?;
            let accounts = match accounts {
                Some(accounts) => accounts,
                None => db::board::accounts(conn).await?,
            };
            let pools = db::board::pools(conn).await?;
            Ok::<_, db::Error>((parts, Tables { moment, lines, accounts, pools, slots }))
        })
        .await?;
    let made = tokio::task::spawn_blocking(move || {
        let catalogue = Arc::new(Catalogue::new(parts)?);
        let model = ReadModel::new(catalogue, tables)?;
        let snapshot = Snapshot::new(&model, &eligible)?;
        Ok::<_, Broken>((model, snapshot))
    });
    Ok(made.await??)
}

/// How many lines the whole journal has: those that are sealed were counted, and the others are
/// few.
async fn count_lines(conn: &mut PgConnection) -> sqlx::Result<i64> {
    let last = db::journal_seal::last(&mut *conn).await?;
    let sealed = last.as_ref().map_or(0, |last| last.lines_total);
    let to = last.map(|last| last.to).unwrap_or_default();
    Ok(sealed + db::journal_seal::count_above(conn, &to).await?)
}

/// Carries on what is known, unless something changed that nothing tells of.
async fn carry_on(conn: &mut PgConnection, now: &Moment, known: Known) -> sqlx::Result<Carried> {
    let new = db::board::lines_since(conn, &known.moment.position).await?;
    let lines = known.lines + new.iter().map(|new| new.lines).sum::<i64>();
    if now.revision.untold != known.moment.revision.untold {
        return Ok(Carried { lines, ..Carried::default() });
    }
    let slots = carry_slots(known.slots, &new, now);
    let accounts = carry_accounts(conn, known.accounts, &new).await?;
    Ok(Carried { lines, slots, accounts })
}

/// What the new lines leave of the slots.
fn carry_slots(
    mut slots: HashMap<ClinicId, Kept>,
    new: &[Lines],
    now: &Moment,
) -> HashMap<ClinicId, Kept> {
    for clinic_id in without_slot(new) {
        slots.remove(&clinic_id);
    }
    for (slot_id, seats) in seats_by_slot(new) {
        if let Some(kept) = slots.get_mut(&slot_id.clinic())
            && let Err(broken) = kept.take_seats(slot_id, seats)
        {
            tracing::error!(%broken, "the clinic's slots are read again");
            slots.remove(&slot_id.clinic());
        }
    }
    let first_date = slot::first_date(now.as_of);
    for kept in slots.values_mut().filter(|kept| kept.slots.reach_before(first_date)) {
        Arc::make_mut(&mut kept.slots).forget_before(first_date);
    }
    slots
}

/// What the new lines leave of the allocations, with those that only these lines name; none where
/// all must be read. Where an allocation is, and for whom, changes only untold, and none is made
/// without a line.
async fn carry_accounts(
    conn: &mut PgConnection,
    mut accounts: Vec<Account>,
    new: &[Lines],
) -> sqlx::Result<Option<Vec<Account>>> {
    let mut changes = changes_by_allocation(new);
    if let Err(broken) = change_known(&mut accounts, &mut changes) {
        tracing::error!(%broken, "the allocations are read again");
        return Ok(None);
    }
    // Most of them are new, as after the first file: reading all is faster.
    if changes.len() > accounts.len() {
        return Ok(None);
    }
    let ids: Vec<_> = changes.keys().map(|id| id.0).collect();
    if !ids.is_empty() {
        // These come with what the lines did to them.
        accounts.extend(db::board::accounts_by_id(conn, &ids).await?);
    }
    Ok(Some(accounts))
}

/// Takes the changes of these allocations out of all changes, and applies them.
///
/// # Errors
/// When one of them does not balance then.
fn change_known(
    accounts: &mut [Account],
    changes: &mut HashMap<AllocationId, Buckets>,
) -> Result<(), Broken> {
    for account in accounts {
        if changes.is_empty() {
            break;
        }
        let Some(change) = changes.remove(&account.allocation_id) else { continue };
        account.buckets += change;
        if !account.buckets.balance() {
            return Err(Broken::Unbalanced(account.allocation_id));
        }
    }
    Ok(())
}

/// Reads the slots of clinics that tell of a change, or are not among the known.
async fn complete(
    conn: &mut PgConnection,
    mut known: HashMap<ClinicId, Kept>,
) -> sqlx::Result<HashMap<ClinicId, Kept>> {
    let mut revisions = db::board::slots_revisions(conn).await?;
    revisions.retain(|(id, revision)| known.get(id).is_none_or(|kept| kept.revision != *revision));
    let stale = revisions.iter().map(|(clinic_id, _)| *clinic_id).collect();
    let mut read = read_slots(conn, &stale).await?;
    for (clinic_id, revision) in revisions {
        let slots = Arc::new(read.remove(&clinic_id).unwrap_or_default());
        known.insert(clinic_id, Kept { revision, slots });
    }
    Ok(known)
}

/// Clinics where the lines do not say whose seats they take: an older program wrote them.
fn without_slot(lines: &[Lines]) -> BTreeSet<ClinicId> {
    let lines = lines.iter().filter(|line| line.seats() != 0 && line.slot_id.is_none());
    lines.filter_map(|line| line.allocation_id.map(AllocationId::clinic)).collect()
}

/// The slots of each of these clinics.
async fn read_slots(
    conn: &mut PgConnection,
    clinic_ids: &BTreeSet<ClinicId>,
) -> sqlx::Result<HashMap<ClinicId, Slots>> {
    let mut slots: HashMap<_, _> = clinic_ids.iter().map(|id| (*id, Slots::default())).collect();
    let clinic_ids: Vec<_> = clinic_ids.iter().map(|id| id.0).collect();
    let clinic_of = |slot: &Slot| slot.slot_id.clinic();
    for clinic_ids in clinic_ids.chunks(CLINICS_AT_ONCE) {
        let mut rows = db::board::slots(conn, clinic_ids).await?;
        rows.sort_unstable_by_key(clinic_of);
        for rows in rows.chunk_by_mut(|a, b| clinic_of(a) == clinic_of(b)) {
            if let Some(clinic_id) = rows.first().map(clinic_of) {
                slots.insert(clinic_id, Slots::new(rows));
            }
        }
    }
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::domain::{CampaignId, ProductId, availability::Audience};

    fn account(id: i64) -> Account {
        Account {
            allocation_id: AllocationId(id),
            clinic_id: ClinicId(1),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            on_date: NaiveDate::default(),
            audience: Audience::Everybody,
            buckets: Buckets { granted: 7, open: 7, ..Buckets::default() },
        }
    }

    /// What so many bookings come to, for three allocations of which the last is not known.
    fn book(doses: i64) -> Result<(Vec<i64>, Vec<AllocationId>), Broken> {
        let change = Buckets { open: -doses, booked: doses, ..Buckets::default() };
        let mut changes = HashMap::from([(AllocationId(2), change), (AllocationId(3), change)]);
        let mut accounts = [account(1), account(2)];
        change_known(&mut accounts, &mut changes)?;
        let open = accounts.iter().map(|account| account.buckets.open).collect();
        Ok((open, changes.into_keys().collect()))
    }

    #[test]
    fn allocations_that_are_known_change_and_others_are_left() {
        assert_eq!(book(7).unwrap(), (vec![7, 0], vec![AllocationId(3)]));
        assert!(matches!(book(8), Err(Broken::Unbalanced(AllocationId(2)))), "the control");
    }
}
