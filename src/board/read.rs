//! How the board reads: what is new since its read model, the catalogue, and all tables.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use sqlx::PgConnection;

use super::{
    catalogue::{Catalogue, Parts},
    read_model::{Broken, Kept, News, ReadModel, Tables},
    slot::Slots,
    snapshot::{Eligible, Snapshot},
};
use crate::{
    db::{
        self, Db,
        board::{Account, Lines, Moment},
    },
    domain::{AllocationId, ClinicId, slot::Slot},
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
    /// The catalogue moved.
    Moved,
}

/// What was read in one transaction.
pub(super) struct Read {
    parts: Parts,
    fresh: Fresh,
}

enum Fresh {
    /// Everything.
    Tables(Tables),
    /// What a read model that is known lacks.
    News(News),
}

impl Read {
    /// Whether it goes on from what is known.
    pub(super) const fn is_news(&self) -> bool {
        matches!(self.fresh, Fresh::News(_))
    }
}

/// What is new since the read model, unless the catalogue must be read.
pub(super) async fn look(db: &Db, model: &ReadModel, may_read: bool) -> Result<Look, db::Error> {
    db::in_tx_once(&db.jobs, "look at the journal", async |conn| {
        let moment = db::board::hold_still(conn).await?;
        let is_same_server = moment.server_started_at == model.moment.server_started_at;
        if !is_same_server || (may_read && moment.revision != model.moment.revision) {
            return Ok(Look::Moved);
        }
        // What is applied is no older than the catalogue that it is applied to; when that is read
        // again, the revision there tells.
        let moment = Moment { revision: model.moment.revision, ..moment };
        Ok(Look::News(Box::new(news(conn, model, moment).await?)))
    })
    .await
}

/// Reads the catalogue with what the known read model lacks; where none is known, or something
/// changed that nothing tells of, with all tables.
pub(super) async fn read(db: &Db, known: Option<&ReadModel>) -> Result<Read, Error> {
    let read = db::in_long_tx(&db.jobs, "read the board", READ_SECONDS_MAX, async |conn| {
        let moment = db::board::hold_still(conn).await?;
        let tells = |then: &Moment| {
            then.server_started_at == moment.server_started_at
                && then.revision.untold == moment.revision.untold
        };
        let fresh = match known.filter(|model| tells(&model.moment)) {
            Some(model) => Fresh::News(all_news(conn, model, moment).await?),
            None => Fresh::Tables(tables(conn, moment).await?),
        };
        Ok::<_, db::Error>(Read { parts: Parts::read(conn).await?, fresh })
    });
    Ok(read.await?)
}

/// The read model and its first snapshot, of what was read and of what it goes on from.
pub(super) async fn make(
    Read { parts, fresh }: Read,
    known: Option<ReadModel>,
    eligible: Arc<Eligible>,
) -> Result<(ReadModel, Snapshot), Error> {
    let made = tokio::task::spawn_blocking(move || {
        let catalogue = Arc::new(Catalogue::new(parts)?);
        let model = match (fresh, known) {
            (Fresh::Tables(tables), _) => ReadModel::new(catalogue, tables)?,
            (Fresh::News(news), Some(known)) => {
                let mut model = known.over(catalogue, &news.moment)?;
                model.apply(news)?;
                model
            }
            (Fresh::News(_), None) => return Err(Broken::NothingKnown),
        };
        let snapshot = Snapshot::new(&model, &eligible)?;
        Ok::<_, Broken>((model, snapshot))
    });
    Ok(made.await??)
}

async fn tables(conn: &mut PgConnection, moment: Moment) -> sqlx::Result<Tables> {
    let lines = count_lines(conn).await?;
    let revisions = db::board::slots_revisions(conn).await?;
    let clinic_ids = revisions.iter().map(|(clinic_id, _)| *clinic_id).collect();
    let mut read = read_slots(conn, &clinic_ids).await?;
    let kept = |(clinic_id, revision)| {
        let slots = Arc::new(read.remove(&clinic_id).unwrap_or_default());
        (clinic_id, Kept { revision, slots })
    };
    let slots = revisions.into_iter().map(kept).collect();
    let (accounts, pools) = (db::board::accounts(conn).await?, db::board::pools(conn).await?);
    Ok(Tables { moment, lines, accounts, pools, slots })
}

/// The journal's new lines, and what must be read for them.
async fn news(conn: &mut PgConnection, model: &ReadModel, moment: Moment) -> sqlx::Result<News> {
    let lines = db::board::lines_since(conn, &model.moment.position).await?;
    let wanted = model.wanted(&lines);
    let accounts = read_accounts(conn, model, &wanted.allocation_ids).await?;
    let pools = match wanted.has_new_pool {
        true => db::board::pools(conn).await?,
        false => Vec::new(),
    };
    let slots = read_slots(conn, &without_slot(&lines)).await?;
    Ok(News { moment, lines, accounts, pools, slots, revisions: Vec::new() })
}

/// The same, with the pools, and the slots of clinics that tell of a change or are not known.
async fn all_news(
    conn: &mut PgConnection,
    model: &ReadModel,
    moment: Moment,
) -> sqlx::Result<News> {
    let mut news = news(conn, model, moment).await?;
    news.pools = db::board::pools(conn).await?;
    news.revisions = db::board::slots_revisions(conn).await?;
    news.revisions.retain(|(id, revision)| model.slots_revision(*id) != Some(*revision));
    let stale = news.revisions.iter().map(|(clinic_id, _)| *clinic_id).collect();
    news.slots.extend(read_slots(conn, &stale).await?);
    Ok(news)
}

/// These allocations, which the read model lacks.
async fn read_accounts(
    conn: &mut PgConnection,
    model: &ReadModel,
    ids: &[i64],
) -> sqlx::Result<Vec<Account>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    if ids.len() < model.count_accounts() {
        return db::board::accounts_by_id(conn, ids).await;
    }
    // Most of them are new, as after the first file: to read all is faster.
    let mut accounts = db::board::accounts(conn).await?;
    accounts.retain(|account| ids.binary_search(&account.allocation_id.0).is_ok());
    Ok(accounts)
}

/// How many lines the whole journal has: those that are sealed were counted, and the others are
/// few.
async fn count_lines(conn: &mut PgConnection) -> sqlx::Result<i64> {
    let last = db::journal_seal::last(&mut *conn).await?;
    let sealed = last.as_ref().map_or(0, |last| last.lines_total);
    let to = last.map(|last| last.to).unwrap_or_default();
    Ok(sealed + db::journal_seal::count_above(conn, &to).await?)
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
