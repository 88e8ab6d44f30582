//! Tells people what has happened to their appointments: what the journal says, which days were
//! closed or opened, and what is tomorrow. It all goes into the outbox, in the transaction that
//! also notes how far that was told, so that each is told once.

use chrono::NaiveTime;

use super::Result;
use crate::{
    db::{
        self, Db, in_tx,
        notice::{Now, Ways},
    },
    domain::outbox::Queue,
};

/// Lines of the journal that one transaction tells: few enough to take milliseconds.
const LINES_MAX: i64 = 1_000;
/// Clinics of which one transaction reminds; at each are some hundreds of people.
const CLINICS_MAX: i64 = 20;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is nothing to tell.
    Nothing,
    /// Another node is telling.
    Elsewhere,
    /// So many messages were put into the outbox, and there may be more to tell.
    Told(i64),
}

/// Takes one step through what has been committed. In each span of the journal, closed days come
/// after the bookings: whoever is booked on one hears of the booking first.
///
/// # Errors
/// The database's: then nothing was told, and the next step begins at the same place.
pub async fn tell(db: &Db, now: Now, ways: Ways) -> Result<Progress> {
    in_tx(&db.jobs, "tell news", async |conn| {
        if !db::notice::is_news(conn).await? {
            return Ok(Progress::Nothing);
        }
        let Some(mut cursor) = db::notice::lock_cursor(conn).await? else {
            return Ok(Progress::Elsewhere);
        };
        let ahead = match cursor.ahead.take() {
            Some(ahead) => ahead,
            None => {
                cursor.done_id = 0;
                db::notice::look_ahead(conn).await?
            }
        };
        let told = db::notice::tell_lines(conn, (&cursor, &ahead), (now, ways), LINES_MAX).await?;
        if told.lines == LINES_MAX {
            return Ok(Progress::Told(told.messages));
        }
        let mut messages = told.messages;
        match db::notice::next_closure_change(conn, &ahead).await? {
            Some(change) => {
                messages += db::notice::tell_closure(conn, &change, (now, ways)).await?;
            }
            None => db::notice::arrive(conn).await?,
        }
        Ok(Progress::Told(messages))
    })
    .await
}

/// Reminds those who have an appointment tomorrow, at some of the clinics where it is this time of
/// the day.
///
/// # Errors
/// The database's: then nobody was reminded.
pub async fn remind(db: &Db, now: Now, at: NaiveTime, ways: Ways) -> Result<Progress> {
    in_tx(&db.jobs, "remind", async |conn| {
        let days = db::notice::due_reminders(conn, now, at, CLINICS_MAX).await?;
        if days.is_empty() {
            return Ok(Progress::Nothing);
        }
        if db::notice::lock_cursor(conn).await?.is_none() {
            return Ok(Progress::Elsewhere);
        }
        Ok(Progress::Told(db::notice::tell_reminders(conn, &days, (now, ways)).await?))
    })
    .await
}

/// Whether as many notices wait to be sent as should: the journal keeps the rest for as long.
///
/// # Errors
/// The database's.
pub async fn is_outbox_full(db: &Db, messages_max: i64) -> Result<bool> {
    Ok(db::outbox::are_more_due(&db.jobs, messages_max).await?)
}

/// The queue and the number of messages in it, and for how many seconds the first of them has been
/// due; of every queue.
///
/// # Errors
/// The database's.
pub async fn waiting(db: &Db) -> Result<Vec<(Queue, i64, i64)>> {
    let rows = db::outbox::waiting(&db.jobs).await?;
    let of = |queue: Queue| {
        let row = rows.iter().find(|row| row.queue == queue.number());
        row.map_or((queue, 0, 0), |row| (queue, row.messages, row.seconds))
    };
    Ok(Queue::ALL.map(of).to_vec())
}
