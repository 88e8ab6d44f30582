//! Opening hours as a rule: on these weekdays from this day to that one, slots of one length back
//! to back, without the breaks. What the rule says of a day is all the slots of that day.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    Detail,
    fact::{Counted, Expected},
    slot::{NewSlot, SEATS_MAX},
};

/// The longest series: a year and a day of a leap year.
pub const DAYS_MAX: u64 = 366;
/// The most slots that a series makes at one clinic.
pub const SLOTS_MAX: usize = 20_000;
/// Of one day.
pub const BREAKS_MAX: usize = 10;
/// Minutes of a slot.
pub const MINUTES_MIN: u16 = 5;
pub const MINUTES_MAX: u16 = 720;

const MINUTES_OF_DAY: u16 = 1440;

/// Days of the week, Monday first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

/// As in JSON and in files, Monday first.
pub const WEEKDAY_WORDS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Weekdays {
    pub const ALL: Self = Self(0b111_1111);
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b001_1111);

    pub fn has(self, day: Weekday) -> bool {
        self.0 & (1 << day.num_days_from_monday()) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With the days from the first to the second, both by their numbers from Monday, 0, and over
    /// the end of the week where the second comes first.
    #[must_use]
    pub fn with(self, first: usize, last: usize) -> Self {
        let length = (last + 7 - first % 7) % 7;
        (0..=length).fold(self, |days, ahead| Self(days.0 | 1 << ((first + ahead) % 7)))
    }

    /// The only day of this date.
    pub fn of(date: NaiveDate) -> Self {
        Self(1 << date.weekday().num_days_from_monday())
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        let days = WEEKDAY_WORDS.into_iter().enumerate();
        days.filter(move |(at, _)| self.0 & (1 << at) != 0).map(|(_, word)| word)
    }
}

impl Serialize for Weekdays {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.words())
    }
}

impl<'de> Deserialize<'de> for Weekdays {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        words.iter().try_fold(Self::default(), |days, word| {
            let at = WEEKDAY_WORDS.iter().position(|known| known == word);
            let at = at.ok_or_else(|| serde::de::Error::unknown_variant(word, &WEEKDAY_WORDS))?;
            Ok(days.with(at, at))
        })
    }
}

/// Minutes after midnight, as the clinic's clock shows them; `HH:MM` in JSON. 24:00 is the end of
/// the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute(pub u16);

impl Minute {
    /// What this text says; none where it is no time of day.
    pub fn parse(text: &str) -> Option<Self> {
        let (hours, minutes) = text.split_once(':')?;
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !(1..=2).contains(&hours.len()) || minutes.len() != 2 || !digits(hours) {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let at = hours * 60 + minutes;
        (minutes < 60 && at <= MINUTES_OF_DAY).then_some(Self(at))
    }

    fn on(self, date: NaiveDate) -> Option<chrono::NaiveDateTime> {
        let Self(minutes) = self;
        if minutes == MINUTES_OF_DAY {
            return Some(date.succ_opt()?.and_time(NaiveTime::MIN));
        }
        date.and_hms_opt(u32::from(minutes / 60), u32::from(minutes % 60), 0)
    }
}

impl std::fmt::Display for Minute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl Serialize for Minute {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Minute {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no time of day"))
    }
}

/// A part of the day in which nobody is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Break {
    pub from: Minute,
    pub to: Minute,
}

/// Opening hours, as they are saved. Times and days are the clinic's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    pub weekdays: Weekdays,
    pub opens: Minute,
    pub closes: Minute,
    pub slot_minutes: u16,
    pub seats_per_slot: i32,
    #[serde(default)]
    pub breaks: Vec<Break>,
    /// First and last day.
    pub from_date: NaiveDate,
    pub to_date: NaiveDate,
    /// Days of the series on which there are no slots.
    #[serde(default)]
    pub except: BTreeSet<NaiveDate>,
}

/// What a series comes to at one clinic.
#[derive(Clone, Debug, Default)]
pub struct Laid {
    /// The days that the series speaks of, in order, those without slots too.
    pub days: Vec<NaiveDate>,
    /// By time.
    pub slots: Vec<NewSlot>,
    /// Windows that are left out, because clocks skip their start or end, or show it twice.
    pub left_out: u64,
}

impl Series {
    /// # Errors
    /// The member to blame, and why.
    pub fn check(&self) -> Result<(), (&'static str, Detail)> {
        let between = |min: i64, max: i64| Detail::MustBe {
            expected: Expected::WholeNumberBetween { min, max },
        };
        if self.closes <= self.opens {
            return Err(("closes", Detail::ClosesBeforeOpens));
        }
        if !(MINUTES_MIN..=MINUTES_MAX).contains(&self.slot_minutes) {
            return Err(("slot_minutes", between(MINUTES_MIN.into(), MINUTES_MAX.into())));
        }
        if !(0..=SEATS_MAX).contains(&self.seats_per_slot) {
            return Err(("seats_per_slot", between(0, SEATS_MAX.into())));
        }
        if self.breaks.len() > BREAKS_MAX || self.breaks.iter().any(|rest| rest.to <= rest.from) {
            return Err(("breaks", Detail::BreakReversed));
        }
        if self.to_date < self.from_date {
            return Err(("to_date", Detail::DatesReversed));
        }
        let days = (self.to_date - self.from_date).num_days().unsigned_abs() + 1;
        if days > DAYS_MAX {
            return Err(("to_date", Detail::TooManyDays { days_max: DAYS_MAX }));
        }
        let days = self.days().count();
        let slots = self.windows().len();
        if days == 0 {
            return Err(("weekdays", Detail::NoSuchDay));
        }
        if slots == 0 {
            return Err(("slot_minutes", Detail::NoSlotFits));
        }
        if days * slots > SLOTS_MAX {
            let max = i64::try_from(SLOTS_MAX).unwrap_or(i64::MAX);
            return Err(("slot_minutes", Detail::HowMany { of: Counted::Slots, min: 1, max }));
        }
        Ok(())
    }

    /// The days that it speaks of, in order.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> {
        let days = self.from_date.iter_days().take_while(|day| *day <= self.to_date);
        let most = usize::try_from(DAYS_MAX).unwrap_or(usize::MAX);
        days.take(most).filter(|day| self.weekdays.has(day.weekday()))
    }

    /// Whether it is how one day differs.
    pub fn is_of_one_day(&self) -> bool {
        self.from_date == self.to_date
    }

    /// The windows of each day, by time. After a break the next one begins at its end.
    fn windows(&self) -> Vec<(Minute, Minute)> {
        let mut windows = Vec::new();
        let mut at = self.opens.0;
        while let Some(end) = at.checked_add(self.slot_minutes).filter(|end| *end <= self.closes.0)
        {
            let meets = |rest: &&Break| rest.from.0 < end && at < rest.to.0;
            match self.breaks.iter().filter(meets).map(|rest| rest.to.0).max() {
                Some(to) => at = to,
                None => {
                    windows.push((Minute(at), Minute(end)));
                    at = end;
                }
            }
        }
        windows
    }

    /// Its slots after `now` at a clinic in this zone, on the days that `is_meant` leaves to it.
    /// Days that are over there are none of its days.
    pub fn lay(&self, zone: Tz, now: DateTime<Utc>, is_meant: impl Fn(NaiveDate) -> bool) -> Laid {
        let today = now.with_timezone(&zone).date_naive();
        let windows = self.windows();
        let mut laid = Laid::default();
        for day in self.days().filter(|day| *day >= today && is_meant(*day)) {
            laid.days.push(day);
            if self.except.contains(&day) {
                continue;
            }
            for &(from, to) in &windows {
                match instant(from, day, zone).zip(instant(to, day, zone)) {
                    Some((starts_at, ends_at)) if starts_at < ends_at => {
                        let seats = self.seats_per_slot;
                        let slot = NewSlot { on_date: day, starts_at, ends_at, seats };
                        laid.slots.extend((starts_at > now).then_some(slot));
                    }
                    _ => laid.left_out += 1,
                }
            }
        }
        laid
    }

    /// The same rule for this day alone.
    #[must_use]
    pub fn on_day(&self, date: NaiveDate) -> Self {
        Self {
            from_date: date,
            to_date: date,
            weekdays: Weekdays::of(date),
            except: self.except.iter().copied().filter(|day| *day == date).collect(),
            ..self.clone()
        }
    }
}

/// The instant at which the clinic's clock shows this, if it does so exactly once.
fn instant(at: Minute, date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&at.on(date)?) {
        LocalResult::Single(at) => Some(at.to_utc()),
        LocalResult::None | LocalResult::Ambiguous(..) => None,
    }
}

/// The last day of so many from this one on, itself included.
pub fn last_of(from: NaiveDate, days: u64) -> NaiveDate {
    from.checked_add_days(Days::new(days.saturating_sub(1))).unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn minute(text: &str) -> Minute {
        Minute::parse(text).unwrap()
    }

    fn series() -> Series {
        Series {
            weekdays: Weekdays::WORKING,
            opens: minute("09:00"),
            closes: minute("18:00"),
            slot_minutes: 30,
            seats_per_slot: 5,
            breaks: vec![Break { from: minute("12:00"), to: minute("13:00") }],
            from_date: date("2026-12-07"),
            to_date: date("2026-12-20"),
            except: BTreeSet::from([date("2026-12-09")]),
        }
    }

    fn early() -> DateTime<Utc> {
        "2020-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_series_is_slots_back_to_back_without_breaks_and_free_days() {
        let series = series();
        series.check().unwrap();
        let laid = series.lay(Tz::Asia__Seoul, early(), |_| true);
        assert_eq!(laid.days.len(), 10, "two weeks of five days");
        assert_eq!(laid.slots.len(), 9 * 16, "one day is left out: sixteen half hours a day");
        let first = laid.slots.first().unwrap();
        assert_eq!(first.starts_at.to_rfc3339(), "2026-12-07T00:00:00+00:00");
        let local: Vec<_> =
            laid.slots.iter().take(8).map(|slot| slot.ends_at.to_rfc3339()).collect();
        assert_eq!(local[5], "2026-12-07T03:00:00+00:00", "up to noon");
        assert_eq!(local[6], "2026-12-07T04:30:00+00:00", "and on after one");
    }

    #[test]
    fn what_is_over_is_left_alone() {
        let now = "2026-12-08T00:10:00Z".parse().unwrap();
        let laid = series().lay(Tz::Asia__Seoul, now, |_| true);
        assert_eq!(laid.days.first(), Some(&date("2026-12-08")));
        assert_eq!(laid.slots.first().unwrap().starts_at.to_rfc3339(), "2026-12-08T00:30:00+00:00");
    }

    #[test]
    fn a_window_that_clocks_skip_or_show_twice_is_left_out() {
        let night = |day: &str| Series {
            opens: minute("01:00"),
            closes: minute("04:00"),
            slot_minutes: 60,
            breaks: Vec::new(),
            ..series().on_day(date(day))
        };
        let laid = |day| night(day).lay(Tz::Europe__Berlin, early(), |_| true);
        let control = laid("2027-03-27");
        assert_eq!((control.slots.len(), control.left_out), (3, 0), "the control");
        // 02:00 to 03:00 does not happen: one window ends, another starts in it.
        let spring = laid("2027-03-28");
        assert_eq!((spring.slots.len(), spring.left_out), (1, 2));
        // 02:00 to 03:00 happens twice; 03:00 does not.
        let autumn = laid("2027-10-31");
        assert_eq!((autumn.slots.len(), autumn.left_out), (1, 2));
    }

    #[test]
    fn what_cannot_be_names_its_member() {
        type Change = fn(&mut Series);
        let cases: [(&str, Change); 9] = [
            ("closes", |s| s.closes = s.opens),
            ("slot_minutes", |s| s.slot_minutes = 4),
            ("slot_minutes", |s| s.slot_minutes = 700),
            ("seats_per_slot", |s| s.seats_per_slot = -1),
            ("breaks", |s| s.breaks[0].to = s.breaks[0].from),
            ("to_date", |s| s.to_date = date("2026-12-06")),
            ("to_date", |s| s.to_date = date("2027-12-08")),
            ("weekdays", |s| s.weekdays = Weekdays::default()),
            ("slot_minutes", |s| {
                (s.slot_minutes, s.opens, s.closes) = (5, Minute(0), Minute(1440));
                s.to_date = date("2027-12-07");
            }),
        ];
        for (member, change) in cases {
            let mut one = series();
            change(&mut one);
            assert_eq!(one.check().unwrap_err().0, member);
        }
    }

    #[test]
    fn it_is_kept_as_json_and_read_again() {
        let kept = serde_json::to_value(series()).unwrap();
        assert_eq!(kept["weekdays"], serde_json::json!(["mon", "tue", "wed", "thu", "fri"]));
        assert_eq!(kept["opens"], "09:00");
        assert_eq!(serde_json::from_value::<Series>(kept).unwrap(), series());
        assert_eq!(
            Weekdays::default().with(5, 0).words().collect::<Vec<_>>(),
            ["mon", "sat", "sun"]
        );
        for none in ["", "9", "24:01", "09:60", "9:5", "-1:00", "+9:00"] {
            assert_eq!(Minute::parse(none), None, "{none}");
        }
        assert_eq!(minute("24:00"), Minute(1440));
    }

    fn any_series() -> impl Strategy<Value = Series> {
        let rest = (0_u16..1440, 1_u16..300).prop_map(|(from, long)| Break {
            from: Minute(from),
            to: Minute((from + long).min(1440)),
        });
        let breaks = prop::collection::vec(rest, 0..4);
        (1_u8..128, 0_u16..1200, 5_u16..240, 5_u16..120, breaks, 0_u64..2_000, 0_u64..60).prop_map(
            |(weekdays, opens, long, slot_minutes, breaks, from, days)| {
                let from_date = last_of(date("2024-01-01"), from);
                Series {
                    weekdays: Weekdays(weekdays),
                    opens: Minute(opens),
                    closes: Minute((opens + long).min(1440)),
                    slot_minutes,
                    seats_per_slot: 3,
                    breaks,
                    from_date,
                    to_date: last_of(from_date, days),
                    except: BTreeSet::new(),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn slots_are_apart_within_the_hours_and_off_the_breaks(
            series in any_series(),
            zone in prop::sample::select(vec![
                Tz::Asia__Seoul, Tz::Europe__Berlin, Tz::America__New_York,
                Tz::Australia__Lord_Howe,
            ]),
        ) {
            let laid = series.lay(zone, early(), |_| true);
            let each = series.windows().len();
            let left_out = usize::try_from(laid.left_out).unwrap();
            prop_assert_eq!(laid.slots.len() + left_out, laid.days.len() * each);
            prop_assert!(laid.slots.is_sorted_by(|a, b| a.ends_at <= b.starts_at));
            for slot in &laid.slots {
                let local = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
                let (from, to) = (local(slot.starts_at), local(slot.ends_at));
                prop_assert_eq!(from.date(), slot.on_date);
                prop_assert!(series.weekdays.has(slot.on_date.weekday()));
                prop_assert!(series.opens.on(slot.on_date).unwrap() <= from);
                prop_assert!(to <= series.closes.on(slot.on_date).unwrap());
                for rest in &series.breaks {
                    let (start, end) = (rest.from.on(slot.on_date), rest.to.on(slot.on_date));
                    prop_assert!(to <= start.unwrap() || end.unwrap() <= from);
                }
            }
        }
    }
}
