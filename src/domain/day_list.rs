//! Who comes to a clinic on a day, as its list shows them: no more of each person than finds them.

use chrono::{DateTime, NaiveDate, Utc};

use super::{BookingId, ProductId, booking::State, channel::Channel, localized::Localized};

/// One clinic, one local date.
#[derive(Clone, Debug)]
pub struct DayList {
    /// The database's time at which all of this was true.
    pub as_of: DateTime<Utc>,
    pub today: NaiveDate,
    /// By time.
    pub rows: Vec<DayRow>,
}

/// A booking of the day. Who cancelled is no business of the clinic any more.
#[derive(Clone, Debug)]
pub struct DayRow {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub booking_id: BookingId,
    pub channel: Channel,
    pub state: State,
    /// None: not here yet.
    pub arrived_at: Option<DateTime<Utc>>,
    pub product_id: ProductId,
    pub dose_number: i16,
    /// Whole: it is masked where it is shown.
    pub name: String,
}

/// What is going on with somebody at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attendance {
    /// Expected, later today.
    Awaited,
    /// Their time is over, and they are not here.
    Late,
    /// Checked in.
    Waiting,
    Given,
    NotVaccinated,
    NoShow,
}

impl DayRow {
    pub fn attendance(&self, now: DateTime<Utc>) -> Attendance {
        match self.state {
            State::Given => Attendance::Given,
            State::NotVaccinated => Attendance::NotVaccinated,
            State::NoShow | State::Cancelled => Attendance::NoShow,
            State::Booked | State::Held if self.arrived_at.is_some() => Attendance::Waiting,
            State::Booked | State::Held if self.ends_at <= now => Attendance::Late,
            State::Booked | State::Held => Attendance::Awaited,
        }
    }
}

/// A day among others: places and doses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayInShort {
    pub on_date: NaiveDate,
    pub seats: i64,
    pub taken: i64,
    pub granted: i64,
    pub open: i64,
    pub spare: i64,
    pub given: i64,
    pub lost: i64,
    /// Its account is closed.
    pub is_closed: bool,
}

/// What keeps people from coming on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shut {
    /// Why the clinic is closed on this day; none where it is not.
    pub reason: Option<Localized>,
    /// When the account of the day was closed, and by whom: none is the service itself.
    pub accounted: Option<(DateTime<Utc>, Option<String>)>,
    /// There are times on this day.
    pub has_hours: bool,
}

/// How the day stands, in numbers of people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Expected and not here yet, the late ones among them.
    pub awaited: i64,
    pub late: i64,
    /// Checked in, and not done with.
    pub waiting: i64,
    /// Of those who had booked.
    pub given: i64,
    pub walk_ins: i64,
    pub not_vaccinated: i64,
    pub no_shows: i64,
    /// When anything last happened to any of them; none on an empty day.
    pub last: Option<DateTime<Utc>>,
    /// Doses that are not given or lost yet, those that nobody is promised among them.
    pub on_hand: i64,
    pub spare: i64,
}

impl Pulse {
    /// Another one whenever a list of the day would say something else.
    pub fn turn(&self) -> String {
        let Self { awaited, late, waiting, given, walk_ins, not_vaccinated, no_shows, .. } = self;
        let Self { last, on_hand, spare, .. } = self;
        let last = last.map_or(0, |at| at.timestamp_micros());
        format!(
            "{awaited}.{late}.{waiting}.{given}.{walk_ins}.{not_vaccinated}.{no_shows}.{on_hand}.\
             {spare}.{last:x}"
        )
    }
}
