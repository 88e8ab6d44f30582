//! Which version of a campaign a change is meant for: two administrators at once do not overwrite
//! what the other has done without having seen it.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use super::{CampaignId, Code, Detail, Refusal, campaign::Campaign, campaign_state::State};

/// What a campaign was when somebody looked at it. Doses are not part of it: they come while people
/// work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    pub rule_version: i32,
    pub state: State,
    /// Of the names.
    names: u32,
    /// Of the window and the other settings.
    settings: u32,
}

impl Version {
    pub fn of(campaign: &Campaign) -> Self {
        let Campaign { rule_version, state, ref name, .. } = *campaign;
        let (opens, closes) = (campaign.opens_at, campaign.closes_at);
        let (hours, day) = (campaign.cancel_until_hours, &campaign.day);
        let per_day = campaign.bookings_per_day;
        let settings = format!("{opens:?} {closes:?} {hours} {per_day} {day:?}");
        Self { rule_version, state, names: mark(&format!("{name:?}")), settings: mark(&settings) }
    }

    /// Whether the other one has other names, or other settings.
    pub fn differs(self, other: Self) -> (bool, bool) {
        (self.names != other.names, self.settings != other.settings)
    }
}

/// Four bytes tell two versions of one campaign apart.
fn mark(text: &str) -> u32 {
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let [first, second, third, fourth, ..] = hash;
    u32::from_be_bytes([first, second, third, fourth])
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule_version, state, names, settings } = self;
        write!(f, "{rule_version}-{}-{names:08x}-{settings:08x}", i16::from(*state))
    }
}

/// A text that is no version.
#[derive(Debug, thiserror::Error)]
#[error("expected a version of a campaign")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let parts: Vec<_> = text.split('-').collect();
        let [rule_version, state, names, settings] = *parts else { return Err(NoVersion) };
        let number: i16 = state.parse().map_err(|_none| NoVersion)?;
        let mark = |text: &str| u32::from_str_radix(text, 16).map_err(|_none| NoVersion);
        Ok(Self {
            rule_version: rule_version.parse().map_err(|_none| NoVersion)?,
            state: State::try_from(number).map_err(|_none| NoVersion)?,
            names: mark(names)?,
            settings: mark(settings)?,
        })
    }
}

/// The campaign that a change is meant for, as far as whoever asks has seen it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub campaign_id: CampaignId,
    /// None: whatever it is.
    pub seen: Option<Version>,
    /// The doses that were shown as the limit to be published; none: whatever they are.
    pub doses: Option<i32>,
}

impl From<CampaignId> for Target {
    fn from(campaign_id: CampaignId) -> Self {
        Self { campaign_id, seen: None, doses: None }
    }
}

impl Target {
    /// # Errors
    /// `changed_meanwhile` for a campaign that is not as it was seen.
    pub fn check(&self, now: &Campaign) -> Result<(), Refusal> {
        match self.seen {
            Some(seen) if seen != Version::of(now) => Err(changed()),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// `changed_meanwhile` for a limit other than the one that was shown.
    pub fn check_doses(&self, now: i32) -> Result<(), Refusal> {
        match self.doses {
            Some(shown) if shown != now => Err(changed()),
            _ => Ok(()),
        }
    }
}

fn changed() -> Refusal {
    Refusal::new(Code::ChangedMeanwhile, Detail::RecordChanged)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::domain::{CourseId, day_policy::DayPolicy};

    fn campaign() -> Campaign {
        Campaign {
            campaign_id: CampaignId(1),
            code: "C".into(),
            name: "A round".into(),
            course_id: CourseId(1),
            dose_number: 1,
            state: State::Draft,
            opens_at: DateTime::UNIX_EPOCH,
            closes_at: DateTime::UNIX_EPOCH + TimeDelta::days(1),
            cancel_until_hours: 48,
            bookings_per_day: 5,
            zone: chrono_tz::Asia::Seoul,
            rule_version: 3,
            published_quota: None,
            published_at: None,
            state_reason: None,
            day: DayPolicy::default(),
        }
    }

    #[test]
    fn a_version_is_read_as_it_is_written() {
        let version = Version::of(&campaign());
        assert_eq!(version.to_string().parse::<Version>().unwrap(), version);
        for text in ["", "3", "3-1-0", "3-9-0-0", "x-1-0-0", "3-1-0-0-0", "3-1-zz-0"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn whatever_an_administrator_changes_makes_another_version() {
        let (old, seen) = (campaign(), Version::of(&campaign()));
        let at = Target { seen: Some(seen), ..CampaignId(1).into() };
        at.check(&old).expect("the control");
        at.check(&Campaign { published_quota: Some(7), ..old.clone() }).expect("doses came");
        for new in [
            Campaign { name: "Another".into(), ..old.clone() },
            Campaign { state: State::Published, ..old.clone() },
            Campaign { rule_version: 4, ..old.clone() },
            Campaign { opens_at: DateTime::UNIX_EPOCH + TimeDelta::hours(1), ..old.clone() },
            Campaign { cancel_until_hours: 24, ..old.clone() },
        ] {
            let refusal = at.check(&new).expect_err("changed");
            assert_eq!(refusal.code, Code::ChangedMeanwhile);
            Target::from(CampaignId(1)).check(&new).expect("who has seen nothing is not asked");
        }
    }

    #[test]
    fn a_limit_is_published_as_it_was_shown() {
        let at = Target { doses: Some(100), ..CampaignId(1).into() };
        at.check_doses(100).expect("the control");
        at.check_doses(110).expect_err("ten came");
        Target::from(CampaignId(1)).check_doses(110).expect("none was shown");
    }
}
