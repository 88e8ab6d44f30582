//! Tells people what has happened to their appointments: what the journal says, which days were
//! closed or opened, and what is tomorrow. It all goes into the outbox, in the transaction that
//! also notes how far that was told, so that each is told once.

use std::collections::VecDeque;

use chrono::NaiveTime;

use super::Result;
use crate::{
    db::{
        self, Db, in_tx_once,
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

/// Snapshots that were taken while nothing could be told, in their order. Each ends a span of the
/// journal of its own: a step reads one span, however much has been committed since.
#[derive(Debug, Default)]
pub struct Marks {
    /// The snapshot that all others are later than: where the cursor is, or is going.
    from: String,
    later: VecDeque<String>,
}

/// Snapshots that are kept: an hour's. Spans are long afterwards, and right as ever.
const MARKS_MAX: usize = 14_400;

impl Marks {
    /// Adds a snapshot that was taken with the cursor at `from`.
    fn add(&mut self, from: String, now: String) {
        if self.from != from {
            *self = Self { from, later: VecDeque::new() };
        }
        let last = self.later.back().unwrap_or(&self.from);
        if *last != now && self.later.len() < MARKS_MAX {
            self.later.push_back(now);
        }
    }

    /// The next after `seen`; none where another process has moved the cursor, or where none was
    /// taken.
    fn next(&self, seen: &str) -> Option<&str> {
        let next = self.later.front().filter(|_| self.from == seen)?;
        Some(next)
    }

    /// The cursor goes to `ahead`.
    fn go(&mut self, ahead: &str) {
        let is_next = self.later.pop_front().is_some_and(|next| next == ahead);
        if !is_next {
            self.later.clear();
        }
        ahead.clone_into(&mut self.from);
    }
}

/// Notes what has been committed by now, while nothing can be told of it.
///
/// # Errors
/// The database's.
pub async fn mark(db: &Db, marks: &mut Marks) -> Result<()> {
    if let Some((cursor, now)) = db::notice::mark(&db.jobs).await? {
        marks.add(cursor.ahead.unwrap_or(cursor.seen), now);
    }
    Ok(())
}

/// Takes one step through what has been committed. In each span of the journal, closed days come
/// after the bookings: whoever is booked on one hears of the booking first.
///
/// # Errors
/// The database's: then nothing was told, and the next step begins at the same place.
pub async fn tell(db: &Db, marks: &mut Marks, now: Now, ways: Ways) -> Result<Progress> {
    let mut gone = None;
    let progress: Result<Progress> = in_tx_once(&db.jobs, "tell news", async |conn| {
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
                let ahead = db::notice::look_ahead(conn, marks.next(&cursor.seen)).await?;
                gone.insert(ahead).clone()
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
    .await;
    if let (Ok(_), Some(ahead)) = (&progress, gone) {
        marks.go(&ahead);
    }
    progress
}

/// Reminds those who have an appointment tomorrow, at some of the clinics where it is this time of
/// the day.
///
/// # Errors
/// The database's: then nobody was reminded.
pub async fn remind(db: &Db, now: Now, at: NaiveTime, ways: Ways) -> Result<Progress> {
    in_tx_once(&db.jobs, "remind", async |conn| {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(from: &str, later: &[&str]) -> Marks {
        let mut marks = Marks::default();
        later.iter().for_each(|now| marks.add(from.to_owned(), (*now).to_owned()));
        marks
    }

    #[test]
    fn snapshots_are_taken_up_in_their_order() {
        let mut marks = marks("1", &["2", "2", "3"]);
        assert_eq!(marks.next("1"), Some("2"));
        marks.go("2");
        marks.add("2".to_owned(), "4".to_owned());
        assert_eq!(marks.next("2"), Some("3"), "each once");
        marks.go("3");
        assert_eq!(marks.next("3"), Some("4"));
        marks.go("4");
        assert_eq!(marks.next("4"), None);
    }

    #[test]
    fn a_cursor_that_another_process_has_moved_forgets_them() {
        let mut other = marks("1", &["2", "3"]);
        assert_eq!(other.next("7"), None, "what is behind is never gone back to");
        other.go("8");
        assert_eq!(other.next("8"), None);
        let mut other = marks("1", &["2", "3"]);
        other.add("7".to_owned(), "9".to_owned());
        assert_eq!(other.next("1"), None);
        assert_eq!(other.next("7"), Some("9"));
    }
}
