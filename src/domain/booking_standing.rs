//! How a booking stands now, and what its person can do next: for whoever comes back to one that
//! was cancelled or whose time has passed.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use super::{
    booking::{Booking, State},
    campaign::{self, Campaign},
    closure::{Disruption, Lost},
    localized::Localized,
    visit_word::NotGiven,
};

/// How it stands, with its facts, as which alone it is serialised. Zones are those in which
/// instants are to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Standing {
    /// The appointment is still to come, or under way.
    Ahead {
        starts_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
    },
    /// The appointment is over, and nobody has written down what became of it.
    Past {
        starts_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
    },
    /// The dose was given.
    Given { on_date: NaiveDate },
    /// It stands, but the clinic gives nothing at its time: it is closed on that day, or has given
    /// up the time. It is whole again when the time comes back.
    Lost {
        starts_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
        #[serde(serialize_with = "main_text")]
        reason: Option<Localized>,
    },
    /// Its person cancelled it.
    Cancelled {
        cancelled_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
    },
    /// The administration cancelled it, because the clinic could not keep it.
    CancelledFor {
        cancelled_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
        #[serde(serialize_with = "main_text")]
        reason: Option<Localized>,
    },
    /// Its person was expected and did not come.
    Missed { on_date: NaiveDate },
    /// Its person came and was not vaccinated, or nobody wrote down what happened.
    NotVaccinated { on_date: NaiveDate, reason: NotGiven },
}

/// What its person can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum Next {
    /// To come.
    Come,
    /// To choose another time or clinic; the booking stands until then.
    Choose,
    /// Nothing is left to do.
    Nothing,
    /// To call the clinic, which alone can say that the dose was not given.
    CallClinic,
    /// To book again: booking is open.
    BookAgain,
    /// To book again from then on.
    BookLater {
        opens_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
    },
    /// To wait: booking is held up, or has not been opened yet.
    Wait,
    /// To wait for another campaign: this one is over, or not there.
    AnotherCampaign,
}

impl Standing {
    /// How the booking stands at `now`; zones are shown as `zone` has them.
    pub fn of(booking: &Booking, by: &Disruption, zone: Tz, now: DateTime<Utc>) -> Self {
        let Booking { on_date, starts_at, ends_at, .. } = *booking;
        match booking.state {
            State::Booked | State::Held if now < ends_at => match &by.lost {
                Some(Lost { reason }) => Self::Lost { starts_at, zone, reason: reason.clone() },
                None => Self::Ahead { starts_at, zone },
            },
            State::Booked | State::Held => Self::Past { starts_at, zone },
            State::Given => Self::Given { on_date },
            State::NoShow => Self::Missed { on_date },
            State::NotVaccinated => {
                let reason = booking.not_given.unwrap_or(NotGiven::NotRecorded);
                Self::NotVaccinated { on_date, reason }
            }
            State::Cancelled => {
                let cancelled_at = booking.ended_at.unwrap_or(booking.booked_at);
                match &by.cancelled_because {
                    Some(why) => {
                        Self::CancelledFor { cancelled_at, zone, reason: Some(why.clone()) }
                    }
                    None => Self::Cancelled { cancelled_at, zone },
                }
            }
        }
    }

    /// The `code` member; never changes once published.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ahead { .. } => "ahead",
            Self::Past { .. } => "past",
            Self::Given { .. } => "given",
            Self::Lost { .. } => "lost",
            Self::Cancelled { .. } => "cancelled",
            Self::CancelledFor { .. } => "cancelled_for",
            Self::Missed { .. } => "missed",
            Self::NotVaccinated { .. } => "not_vaccinated",
        }
    }

    /// What can be done next, in the booking's campaign as it is now.
    pub fn next(&self, campaign: Option<&Campaign>, now: DateTime<Utc>) -> Next {
        match self {
            Self::Ahead { .. } => Next::Come,
            Self::Given { .. } => Next::Nothing,
            Self::Past { .. } => Next::CallClinic,
            Self::Lost { .. } => Next::Choose,
            Self::NotVaccinated {
                reason: NotGiven::Contraindicated | NotGiven::AlreadyHad,
                ..
            } => Next::Nothing,
            Self::Cancelled { .. }
            | Self::CancelledFor { .. }
            | Self::Missed { .. }
            | Self::NotVaccinated { .. } => again(campaign, now),
        }
    }
}

fn again(campaign: Option<&Campaign>, now: DateTime<Utc>) -> Next {
    let Some(&Campaign { state, opens_at, closes_at, zone, .. }) = campaign else {
        return Next::AnotherCampaign;
    };
    match state {
        campaign::State::Draft | campaign::State::Closed => Next::AnotherCampaign,
        _ if now >= closes_at => Next::AnotherCampaign,
        campaign::State::Paused => Next::Wait,
        _ if now < opens_at => Next::BookLater { opens_at, zone },
        campaign::State::Published => Next::Wait,
        campaign::State::Open => Next::BookAgain,
    }
}

fn main_text<S: Serializer>(reason: &Option<Localized>, to: S) -> Result<S::Ok, S::Error> {
    reason.as_ref().map(|reason| &reason.main).serialize(to)
}

fn zone_name<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone.name())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{
        AllocationId, BookingId, CampaignId, ClinicId, CourseId, PersonId, ProductId, SlotId,
        channel::Channel, day_policy::DayPolicy,
    };

    const ZONE: Tz = Tz::Asia__Seoul;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    /// From the tenth hour to the eleventh.
    fn booking(state: State) -> Booking {
        Booking {
            booking_id: BookingId(uuid::Uuid::nil()),
            person_id: PersonId(1),
            campaign_id: CampaignId(1),
            product_id: ProductId(1),
            course_id: CourseId(1),
            dose_number: 1,
            state,
            clinic_id: ClinicId(7),
            slot_id: SlotId::of(ClinicId(7), 3),
            allocation_id: AllocationId((7 << 24) | 9),
            rule_version: 1,
            on_date: at(10).date_naive(),
            starts_at: at(10),
            ends_at: at(11),
            booked_at: at(0),
            ended_at: State::ENDED.contains(&state).then(|| at(5)),
            channel: Channel::Web,
            arrived_at: None,
            not_given: None,
        }
    }

    /// Open from the second hour to the twentieth.
    fn campaign(state: campaign::State) -> Campaign {
        Campaign {
            campaign_id: CampaignId(1),
            code: "c".into(),
            name: "C".into(),
            course_id: CourseId(1),
            dose_number: 1,
            state,
            opens_at: at(2),
            closes_at: at(20),
            cancel_until_hours: 48,
            bookings_per_day: 5,
            zone: ZONE,
            rule_version: 1,
            published_quota: Some(1),
            published_at: None,
            state_reason: None,
            day: DayPolicy::default(),
        }
    }

    #[test]
    fn a_booking_is_ahead_until_its_end_and_then_past() {
        let standing =
            |hours| Standing::of(&booking(State::Booked), &Disruption::default(), ZONE, at(hours));
        assert_eq!(standing(9), Standing::Ahead { starts_at: at(10), zone: ZONE });
        assert_eq!(standing(10).code(), "ahead", "under way");
        assert_eq!(standing(11), Standing::Past { starts_at: at(10), zone: ZONE });
        assert_eq!(standing(9).next(None, at(9)), Next::Come);
        assert_eq!(standing(11).next(None, at(11)), Next::CallClinic);
    }

    #[test]
    fn what_has_ended_says_when_and_whether_one_can_book_again() {
        let cancelled =
            Standing::of(&booking(State::Cancelled), &Disruption::default(), ZONE, at(6));
        assert_eq!(cancelled, Standing::Cancelled { cancelled_at: at(5), zone: ZONE });
        let given = Standing::of(&booking(State::Given), &Disruption::default(), ZONE, at(12));
        assert_eq!(given.next(None, at(12)), Next::Nothing);
        let missed = Standing::of(&booking(State::NoShow), &Disruption::default(), ZONE, at(12));
        assert_eq!(missed.code(), "missed");
        let came = |reason| {
            let booking = Booking { not_given: Some(reason), ..booking(State::NotVaccinated) };
            Standing::of(&booking, &Disruption::default(), ZONE, at(12))
        };
        assert_eq!(came(NotGiven::Unwell).code(), "not_vaccinated");
        for reason in [NotGiven::Contraindicated, NotGiven::AlreadyHad] {
            assert_eq!(came(reason).next(None, at(12)), Next::Nothing, "{reason:?}");
        }
        use campaign::State::{Closed, Draft, Open, Paused, Published};
        let later = Next::BookLater { opens_at: at(2), zone: ZONE };
        for (state, hours, next) in [
            (Open, 6, Next::BookAgain),
            (Open, 1, later),
            (Open, 20, Next::AnotherCampaign),
            (Published, 1, later),
            (Published, 6, Next::Wait),
            (Paused, 6, Next::Wait),
            (Paused, 1, Next::Wait),
            (Paused, 20, Next::AnotherCampaign),
            (Closed, 6, Next::AnotherCampaign),
            (Draft, 6, Next::AnotherCampaign),
        ] {
            for standing in [&cancelled, &missed, &came(NotGiven::Unwell)] {
                let found = standing.next(Some(&campaign(state)), at(hours));
                assert_eq!(found, next, "{state:?} {hours}");
            }
        }
        assert_eq!(cancelled.next(None, at(6)), Next::AnotherCampaign);
    }

    #[test]
    fn what_others_did_to_a_booking_is_told_from_what_its_person_did() {
        let reason = Some(Localized::from("Snow"));
        let lost =
            Disruption { lost: Some(Lost { reason: reason.clone() }), cancelled_because: None };
        let standing = |state, hours| Standing::of(&booking(state), &lost, ZONE, at(hours));
        let expected = Standing::Lost { starts_at: at(10), zone: ZONE, reason: reason.clone() };
        assert_eq!(standing(State::Booked, 6), expected);
        assert_eq!(expected.next(None, at(6)), Next::Choose);
        assert_eq!(standing(State::Booked, 11).code(), "past", "nobody can choose any more");
        assert_eq!(standing(State::Given, 12).code(), "given", "given all the same");
        assert_eq!(standing(State::Cancelled, 6).code(), "cancelled", "its person moved first");
        let by_others = Disruption { lost: None, cancelled_because: reason.clone() };
        let cancelled = Standing::of(&booking(State::Cancelled), &by_others, ZONE, at(6));
        assert_eq!(cancelled, Standing::CancelledFor { cancelled_at: at(5), zone: ZONE, reason });
        let open = campaign(campaign::State::Open);
        assert_eq!(cancelled.next(Some(&open), at(6)), Next::BookAgain);
    }
}
