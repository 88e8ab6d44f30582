//! A clinic's local date as its staff account for it: who was expected and what became of them,
//! and where each dose of the day is.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    AllocationId, ClinicId, Code, Detail, Refusal, StaffUserId, day_policy::LeftOver, grant::Grant,
};

/// A day, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    pub clinic_id: ClinicId,
    pub date: NaiveDate,
    /// The clinic's date now, and the name of its zone.
    pub today: NaiveDate,
    pub zone: String,
    /// When the first and the last slot of the day begin; none where it has none.
    pub slots: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// None: the day is open.
    pub closed: Option<Closed>,
    /// How the last closing was taken back, if it was.
    pub reopened: Option<Reopened>,
    pub people: People,
    /// By id.
    pub doses: Vec<DayDoses>,
}

/// How a day was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub at: DateTime<Utc>,
    /// None is the service itself.
    pub by: Option<By>,
    /// What staff wrote about differences.
    pub note: Option<String>,
    /// Doses of the day, before any of them left it.
    pub granted: i32,
    /// Doses that went back to their pools, and that the clinic's next day got.
    pub returned: i32,
    pub kept: i32,
}

/// How a closing was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reopened {
    pub at: DateTime<Utc>,
    pub by: Option<By>,
    pub reason: String,
}

/// A user of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    pub staff_user_id: StaffUserId,
    pub username: String,
}

/// People by what became of them. Those who cancelled in time are not among them, and walk-ins are
/// counted apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// Checked in, whatever came after.
    pub arrived: i32,
    /// Checked in, and nothing was written down since.
    pub waiting: i32,
    /// Booked, and not here.
    pub to_come: i32,
    pub given: i32,
    /// Came, and were not vaccinated.
    pub not_vaccinated: i32,
    pub no_shows: i32,
    /// Cancelled so late that the dose stayed at the clinic.
    pub cancelled: i32,
    /// Waited when the service closed the day.
    pub not_recorded: i32,
    pub walk_ins: i32,
}

impl People {
    /// Everybody who had a promise for the day.
    pub fn expected(&self) -> i32 {
        self.waiting
            + self.to_come
            + self.given
            + self.not_vaccinated
            + self.no_shows
            + self.cancelled
            + self.not_recorded
    }
}

/// Doses of one kind on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayDoses {
    pub grant: Grant,
    pub doses_per_vial: i16,
    pub left_over: LeftOver,
    /// Where doses go that are kept for the clinic's next day: the next that has doses of the same
    /// kind from the same pool, is not closed, and is not over.
    pub next: Option<NextDay>,
}

/// The clinic's next day with doses of the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextDay {
    pub allocation_id: AllocationId,
    pub on_date: NaiveDate,
}

impl DayDoses {
    /// Doses that are promised to nobody and were not given.
    pub fn left(&self) -> i32 {
        self.grant.open + self.grant.spare
    }

    /// What becomes of its whole vials in the evening.
    pub fn fate(&self) -> LeftOver {
        match self.left_over {
            LeftOver::NextDay if self.next.is_none() => LeftOver::Pool,
            policy => policy,
        }
    }
}

impl Day {
    /// Names exactly this state of the day: another one has another version.
    pub fn version(&self) -> String {
        let written = serde_json::to_vec(self).unwrap_or_default();
        let hash: [u8; 32] = Sha256::digest(written).into();
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// # Errors
    /// `wrong_state` for a day that is closed.
    pub fn unless_closed(&self) -> Result<(), Refusal> {
        match self.closed {
            Some(_) => Err(accounted(self.date)),
            None => Ok(()),
        }
    }

    /// # Errors
    /// `changed_meanwhile` where the day is not as whoever asks has seen it; none takes any.
    pub fn unless_changed(&self, seen: Option<&str>) -> Result<(), Refusal> {
        match seen {
            Some(seen) if seen != self.version() => {
                Err(Refusal::new(Code::ChangedMeanwhile, Detail::DayChanged))
            }
            _ => Ok(()),
        }
    }
}

/// That nothing of the day changes any more.
pub fn accounted(on_date: NaiveDate) -> Refusal {
    Refusal::new(Code::WrongState, Detail::DayAccounted { on_date })
}
