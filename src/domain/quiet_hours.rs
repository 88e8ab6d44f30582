//! The hours in which nobody's telephone is to ring for what can wait.

use chrono::{DateTime, Days, NaiveTime, Utc};
use chrono_tz::Tz;

use super::calendar::{instant_of, local_date};

/// From a time of day until another, over midnight if the first is the later one. In the zone of
/// the clinic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: NaiveTime,
    until: NaiveTime,
}

impl Default for QuietHours {
    /// 21:00 to 08:00. Korea's law asks for consent to advertise in these hours (Act on Promotion
    /// of Information and Communications Network Utilization, article 50(3)); nobody minds that
    /// other messages keep them too.
    fn default() -> Self {
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        Self { from: hour(21), until: hour(8) }
    }
}

impl QuietHours {
    /// Reads "21:00-08:00".
    pub fn parse(text: &str) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let hours = Self { from: time(from)?, until: time(until)? };
        (hours.from != hours.until).then_some(hours)
    }

    /// When they end, if they include this instant.
    pub fn end(&self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let (date, time) = (local_date(at, zone), at.with_timezone(&zone).time());
        let ends_on = match (self.from < self.until, time >= self.from, time < self.until) {
            (true, true, true) | (false, _, true) => date,
            (false, true, false) => date.checked_add_days(Days::new(1))?,
            (true, ..) | (false, false, false) => return None,
        };
        Some(instant_of(ends_on.and_time(self.until), zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(hours: &str, at: &str, zone: Tz) -> Option<String> {
        let hours = QuietHours::parse(hours).expect(hours);
        hours.end(at.parse().expect(at), zone).map(|end| end.to_rfc3339())
    }

    #[test]
    fn they_end_in_the_morning_of_the_clinic() {
        let night = "21:00-08:00";
        let seoul = |at| end(night, at, Tz::Asia__Seoul);
        assert_eq!(seoul("2021-07-14T11:59:59Z"), None, "20:59:59");
        let morning = Some("2021-07-14T23:00:00+00:00".to_owned());
        for at in ["2021-07-14T12:00:00Z", "2021-07-14T15:30:00Z", "2021-07-14T22:59:59Z"] {
            assert_eq!(seoul(at), morning, "{at}");
        }
        assert_eq!(seoul("2021-07-14T23:00:00Z"), None, "08:00");
        assert_eq!(QuietHours::parse(night), Some(QuietHours::default()));
    }

    #[test]
    fn they_may_lie_within_a_day() {
        let noon = |at| end("12:00-13:30", at, Tz::UTC);
        assert_eq!(noon("2021-07-14T11:59:00Z"), None);
        assert_eq!(noon("2021-07-14T12:00:00Z").as_deref(), Some("2021-07-14T13:30:00+00:00"));
        assert_eq!(noon("2021-07-14T13:30:00Z"), None);
    }

    #[test]
    fn they_end_after_the_gap_where_clocks_go_forward() {
        // Berlin, 28 March 2021: 02:00 becomes 03:00.
        let end = end("22:00-02:30", "2021-03-27T23:00:00Z", Tz::Europe__Berlin);
        assert_eq!(end.as_deref(), Some("2021-03-28T01:00:00+00:00"));
    }

    #[test]
    fn what_are_no_hours_is_none() {
        for wrong in ["", "21:00", "21:00-21:00", "21-8", "25:00-08:00", "21:00–08:00"] {
            assert_eq!(QuietHours::parse(wrong), None, "{wrong}");
        }
    }
}
