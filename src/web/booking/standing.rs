//! Why nobody can book in a campaign now. The booking itself is decided in its lane; this only
//! spares people a press that must fail.

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        campaign::{Campaign, State},
        verdict::Reason,
    },
    web::text::Texts,
    words,
};

/// A sentence or two; none where booking is open.
pub fn why_not(t: Texts, campaign: &Campaign, now: DateTime<Utc>) -> Option<String> {
    let (opens_at, closes_at, zone) = (campaign.opens_at, campaign.closes_at, campaign.zone);
    let reason = campaign.state_reason.as_ref().map(|reason| t.name(reason));
    let reason = match (campaign.state, reason) {
        (State::Paused, Some(reason)) => return Some(t.paused_because(reason)),
        (State::Closed, Some(reason)) => return Some(t.closed_because(reason)),
        (State::Paused, None) => Reason::CampaignPaused {},
        (State::Closed, None) => Reason::CampaignClosed {},
        (State::Open, _) if (opens_at..closes_at).contains(&now) => return None,
        _ if closes_at <= now => Reason::WindowClosed { closes_at, zone },
        _ => Reason::WindowNotOpen { opens_at, zone, is_late: opens_at <= now },
    };
    Some(words::reason(t.language(), &reason))
}

/// When `why_not` says something else by itself; none is never.
pub fn changes_at(campaign: &Campaign, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    [campaign.opens_at, campaign.closes_at].into_iter().filter(|at| *at > now).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        CampaignId, CourseId, day_policy::DayPolicy, language::Language, localized::Localized,
    };

    fn said(state: State, reason: Option<&str>, now: &str) -> Option<String> {
        let in_korean = |text: &str| Localized::new(text.to_owned(), Some("점검".to_owned()), None);
        let campaign = Campaign {
            campaign_id: CampaignId(1),
            code: "c".to_owned(),
            name: "C".into(),
            course_id: CourseId(1),
            dose_number: 1,
            state,
            opens_at: "2021-07-01T00:00:00Z".parse().unwrap(),
            closes_at: "2021-09-01T00:00:00Z".parse().unwrap(),
            cancel_until_hours: 48,
            bookings_per_day: 5,
            zone: chrono_tz::Asia::Seoul,
            rule_version: 1,
            published_quota: None,
            published_at: None,
            state_reason: reason.map(in_korean),
            day: DayPolicy::default(),
        };
        why_not(Texts(Language::Korean), &campaign, now.parse().unwrap())
    }

    #[test]
    fn people_hear_why_nobody_can_book() {
        let (before, during, after) =
            ("2021-06-30T00:00:00Z", "2021-07-02T00:00:00Z", "2021-09-02T00:00:00Z");
        assert_eq!(said(State::Open, None, during), None, "the control");
        for (state, reason, now, part) in [
            (State::Published, None, before, "예약은 2021년 7월 1일(목) 오전 9시에 시작합니다."),
            (State::Published, None, during, "아직 예약이 시작되지 않았습니다."),
            (State::Open, None, before, "시작합니다."),
            (State::Open, None, after, "마감되었습니다."),
            (State::Paused, Some("repairs"), during, "사유: 점검"),
            (State::Closed, Some("over"), during, "사유: 점검"),
            (State::Paused, None, during, "잠시 멈추었습니다."),
            (State::Closed, None, during, "종료되었습니다."),
        ] {
            let said = said(state, reason, now).unwrap();
            assert!(said.contains(part), "{state:?}: {said}");
        }
    }
}
