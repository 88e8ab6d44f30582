//! A row of a file of slots. Times come with an offset, or as the clinic's own wall clock shows
//! them.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{date, fault::Fault, field, header::Row};
use crate::domain::{
    Detail,
    calendar::local_date,
    slot::{HOURS_MAX, SEATS_MAX},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The date of `starts_at` in the clinic's zone.
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub seats: i32,
}

impl Slot {
    /// # Errors
    /// Names the first column with an impossible value.
    pub fn parse(row: &Row<'_>, zone: Tz) -> Result<Self, Fault> {
        let at = |column: &'static str| {
            date::instant(row.get(column), zone).map_err(|detail| Fault::field(column, detail))
        };
        let (starts_at, ends_at) = (at("starts_at")?, at("ends_at")?);
        if ends_at <= starts_at || ends_at - starts_at > Duration::hours(HOURS_MAX) {
            return Err(Fault::field("ends_at", Detail::SlotLength { hours_max: HOURS_MAX }));
        }
        let seats = field::number(row, "seats", 0..=SEATS_MAX)?;
        Ok(Self { on_date: local_date(starts_at, zone), starts_at, ends_at, seats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{Kind, header::tests::with_row};

    fn parse(line: &str, zone: Tz) -> Result<Slot, Fault> {
        with_row(Kind::Slots, line, |row| Slot::parse(row, zone))
    }

    fn column(line: &str) -> Option<String> {
        parse(line, Tz::Europe__Berlin).err().map(|fault| fault.column.into_owned())
    }

    #[test]
    fn local_time_and_offset_mean_the_same_instant() {
        let local = parse("C,2021-07-26T00:30,2021-07-26T01:00,5", Tz::Asia__Seoul).unwrap();
        let line = "C,2021-07-25T15:30:00Z,2021-07-26T01:00:00+09:00,5";
        assert_eq!(local, parse(line, Tz::Asia__Seoul).unwrap());
        assert_eq!(local.on_date.to_string(), "2021-07-26", "the clinic's date, not UTC's");
    }

    #[test]
    fn a_time_that_clocks_skip_or_show_twice_is_refused() {
        // Berlin: 02:00 to 03:00 is skipped on 28 March 2021 and comes twice on 31 October 2021.
        assert_eq!(column("C,2021-03-28T01:59,2021-03-28T03:00,5"), None, "the control");
        assert_eq!(column("C,2021-03-28T02:30,2021-03-28T04:00,5").as_deref(), Some("starts_at"));
        assert_eq!(column("C,2021-03-28T01:30,2021-03-28T02:30,5").as_deref(), Some("ends_at"));
        assert_eq!(column("C,2021-10-31T02:30,2021-10-31T04:00,5").as_deref(), Some("starts_at"));
        let second = "C,2021-10-31T02:30:00+01:00,2021-10-31T04:00,5";
        assert_eq!(column(second), None, "an offset says which");
    }

    #[test]
    fn an_impossible_value_names_its_column() {
        for start in ["2021-02-29T09:00", "2021-07-26", "2021-07-26 25:00", "26.7.2021 9:00", ""] {
            let found = column(&format!("C,{start},2021-07-26T10:00,5"));
            assert_eq!(found.as_deref(), Some("starts_at"), "{start}");
        }
        for end in ["2021-07-26T09:00", "2021-07-26T08:59", "2021-07-27T09:01"] {
            let found = column(&format!("C,2021-07-26T09:00,{end},5"));
            assert_eq!(found.as_deref(), Some("ends_at"), "{end}");
        }
        for seats in ["-1", "5.5", "+5", "", "10001", "99999999999"] {
            let found = column(&format!("C,2021-07-26T09:00,2021-07-26T10:00,{seats}"));
            assert_eq!(found.as_deref(), Some("seats"), "{seats}");
        }
    }
}
