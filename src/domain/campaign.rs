//! One booking round and the lawful steps of its life.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub use super::campaign_state::{State, Step, UnknownState};
use super::{
    CampaignId, Code, CourseId, Detail, Refusal, day_policy::DayPolicy, fact::Noun,
    localized::Localized,
};

impl State {
    /// The state after `step`.
    ///
    /// # Errors
    /// `QuotaNotPublished` for opening a draft: the limit is known before anyone can book.
    /// `WrongState` for every other step that this state does not allow.
    pub fn next(self, step: Step) -> Result<Self, Refusal> {
        match (self, step) {
            (Self::Draft, Step::Publish) => Ok(Self::Published),
            (Self::Published | Self::Paused, Step::Open) => Ok(Self::Open),
            (Self::Open, Step::Pause) => Ok(Self::Paused),
            (Self::Published | Self::Open | Self::Paused, Step::Close) => Ok(Self::Closed),
            (Self::Draft, Step::Open) => {
                Err(Refusal::new(Code::QuotaNotPublished, Detail::QuotaFirst))
            }
            (state, step) => {
                Err(Refusal::new(Code::WrongState, Detail::StepNotAllowed { state, step }))
            }
        }
    }

    /// The step before which a campaign in this state is checked. Resuming is none: what was good
    /// enough to open is so afterwards, and an outage is no time for questions.
    pub fn checked_step(self) -> Option<Step> {
        match self {
            Self::Draft => Some(Step::Publish),
            Self::Published => Some(Step::Open),
            Self::Open | Self::Paused | Self::Closed => None,
        }
    }
}

/// A booking round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    pub campaign_id: CampaignId,
    pub code: String,
    pub name: Localized,
    pub course_id: CourseId,
    pub dose_number: i16,
    pub state: State,
    /// The first instant at which a dose can be booked.
    pub opens_at: DateTime<Utc>,
    /// The first instant at which no dose can be booked any more.
    pub closes_at: DateTime<Utc>,
    /// Until this many hours before the slot a cancelled dose returns to everybody.
    pub cancel_until_hours: i16,
    /// Bookings that a person may make in it on one day.
    pub bookings_per_day: i16,
    /// The zone in which this campaign's times are announced.
    pub zone: Tz,
    /// Goes up with every change of window, cohorts, tranches or products.
    pub rule_version: i32,
    pub published_quota: Option<i32>,
    pub published_at: Option<DateTime<Utc>>,
    /// Why booking is paused or closed: shown to the public as it stands.
    pub state_reason: Option<Localized>,
    pub day: DayPolicy,
}

/// A campaign before it has an id; it starts as a draft.
#[derive(Clone, Debug)]
pub struct NewCampaign {
    pub code: String,
    pub name: Localized,
    pub course_id: CourseId,
    pub dose_number: i16,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub cancel_until_hours: i16,
    pub bookings_per_day: i16,
    pub zone: Tz,
    pub day: DayPolicy,
}

impl Campaign {
    /// The campaign, for whoever is about to change it.
    ///
    /// # Errors
    /// `wrong_state` for a closed campaign.
    pub fn unless_closed(self) -> Result<Self, Refusal> {
        if self.state == State::Closed {
            return Err(Refusal::new(Code::WrongState, Detail::CampaignClosed));
        }
        Ok(self)
    }

    /// Raises the published quota by doses that were received.
    ///
    /// # Errors
    /// `invalid_field` naming `doses` where the sum cannot be counted.
    pub fn raise_quota(&mut self, doses: i32) -> Result<(), Refusal> {
        if let Some(quota) = self.published_quota {
            self.published_quota = Some(quota.checked_add(doses).ok_or_else(too_many_doses)?);
        }
        Ok(())
    }

    /// Lowers the published quota by doses that were not received after all.
    ///
    /// # Errors
    /// `wrong_state` where nothing would be left of a public campaign's quota.
    pub fn lower_quota(&mut self, doses: i32) -> Result<(), Refusal> {
        if let Some(quota) = self.published_quota {
            if doses >= quota {
                return Err(Refusal::new(Code::WrongState, Detail::QuotaGone));
            }
            self.published_quota = Some(quota - doses);
        }
        Ok(())
    }
}

/// The doses of a campaign go beyond what its quota can hold.
pub fn too_many_doses() -> Refusal {
    Refusal::field("doses", Detail::Uncountable { what: Noun::Campaign })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_and_its_number_are_one_to_one() {
        for state in State::ALL {
            assert_eq!(State::try_from(i16::from(state)).unwrap(), state);
        }
        for number in [i16::MIN, 0, 6, i16::MAX] {
            assert!(State::try_from(number).is_err(), "{number}");
        }
    }

    #[test]
    fn a_state_is_written_as_one_word() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.word());
        }
    }

    #[test]
    fn only_the_lawful_steps_are_taken() {
        use State::{Closed, Draft, Open, Paused, Published};
        let lawful = [
            (Draft, Step::Publish, Published),
            (Published, Step::Open, Open),
            (Published, Step::Close, Closed),
            (Open, Step::Pause, Paused),
            (Open, Step::Close, Closed),
            (Paused, Step::Open, Open),
            (Paused, Step::Close, Closed),
        ];
        for from in State::ALL {
            for step in [Step::Publish, Step::Open, Step::Pause, Step::Close] {
                let to = lawful.iter().find(|l| (l.0, l.1) == (from, step)).map(|l| l.2);
                assert_eq!(from.next(step).ok(), to, "{from:?} {step:?}");
            }
        }
    }

    #[test]
    fn a_campaign_opens_once_and_never_without_its_quota() {
        let code = |state: State| state.next(Step::Open).unwrap_err().code;
        assert_eq!(code(State::Open), Code::WrongState);
        assert_eq!(code(State::Closed), Code::WrongState);
        assert_eq!(code(State::Draft), Code::QuotaNotPublished);
    }
}
