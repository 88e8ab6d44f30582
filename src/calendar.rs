//! The calendar file of a booking (iCalendar, RFC 5545), for a page to offer and a message to
//! attach. A later file of the same booking replaces the earlier one in whoever's calendar.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Alarm, Calendar, Component, Event, EventLike, EventStatus, Property};

use crate::domain::BookingId;

/// The media type; the file is UTF-8.
pub const MEDIA_TYPE: &str = "text/calendar; charset=utf-8";
/// Its name where it is saved or attached.
pub const FILE_NAME: &str = "vaccination.ics";

const PRODUCT: &str = "-//dosebook//booking//EN";
/// So long before the appointment the calendar reminds of it.
const REMINDER: TimeDelta = TimeDelta::days(1);

/// An appointment as a calendar shows it. The texts are in the language of its reader.
#[derive(Clone, Debug)]
pub struct Appointment<'a> {
    pub booking_id: BookingId,
    /// What it is for, in a few words.
    pub summary: &'a str,
    /// What to know before going, line by line.
    pub description: &'a str,
    /// Name and address of the clinic.
    pub location: &'a str,
    /// Degrees north and east (WGS 84), where they are known.
    pub position: Option<(f64, f64)>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// The page of the booking, where pages have a public address.
    pub url: Option<&'a str>,
    /// When it became as it is.
    pub changed_at: DateTime<Utc>,
    /// How often it has changed since it was booked.
    pub changes: u32,
    pub is_cancelled: bool,
}

/// The file. Instants are written in UTC, which every calendar shows by the clock of its reader.
pub fn file(appointment: &Appointment<'_>) -> String {
    let method = if appointment.is_cancelled { "CANCEL" } else { "PUBLISH" };
    let mut calendar = Calendar::empty();
    for (name, value) in
        [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN"), ("METHOD", method)]
    {
        calendar.append_property(Property::new(name, value));
    }
    calendar.push(event(appointment));
    calendar.to_string()
}

fn event(appointment: &Appointment<'_>) -> Event {
    let mut event = Event::new();
    event
        .uid(&appointment.booking_id.to_string())
        .sequence(appointment.changes)
        .timestamp(appointment.changed_at)
        .summary(&plain(appointment.summary))
        .description(&plain(appointment.description))
        .location(&plain(appointment.location))
        .starts(appointment.starts_at)
        .ends(appointment.ends_at);
    if let Some((north, east)) = appointment.position {
        event.add_property("GEO", format!("{north:.6};{east:.6}"));
    }
    if let Some(url) = appointment.url {
        event.url(url);
    }
    if appointment.is_cancelled {
        event.status(EventStatus::Cancelled);
    } else {
        event.status(EventStatus::Confirmed);
        let mut reminder = Alarm::display(&plain(appointment.summary), -REMINDER);
        // Left to itself, the library makes these up anew each time.
        reminder
            .uid(&format!("{}-reminder", appointment.booking_id))
            .timestamp(appointment.changed_at);
        event.alarm(reminder);
    }
    event.done()
}

/// Without control characters, of which only the end of a line can be written.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use icalendar::DatePerhapsTime;

    use super::*;

    const DESCRIPTION: &str = "예약번호 482 913 5507\n신분증; 마스크, 그리고\\";

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn appointment() -> Appointment<'static> {
        Appointment {
            booking_id: BookingId(uuid::Uuid::from_u128(7)),
            summary: "예방접종: 모더나 1차",
            description: DESCRIPTION,
            location: "중구보건소, 서울특별시 중구 다산로39길 16, 1층 예방접종실 (약수역 3번 출구)",
            position: Some((37.554_678, 127.01)),
            starts_at: instant("2021-07-26T05:30:00Z"),
            ends_at: instant("2021-07-26T06:00:00Z"),
            url: Some("https://book.example.kr/ko/bookings/7"),
            changed_at: instant("2021-07-12T11:00:03.25Z"),
            changes: 0,
            is_cancelled: false,
        }
    }

    fn read(file: &str) -> (Calendar, Event) {
        let calendar: Calendar = file.parse().unwrap();
        let event = calendar.events().next().unwrap().clone();
        (calendar, event)
    }

    #[test]
    fn what_is_written_can_be_read() {
        let file = file(&appointment());
        let (calendar, event) = read(&file);
        assert_eq!(calendar.property_value("METHOD"), Some("PUBLISH"));
        assert_eq!(event.get_uid(), Some("00000000-0000-0000-0000-000000000007"));
        assert_eq!(event.get_sequence(), Some(0));
        assert_eq!(event.get_status(), Some(EventStatus::Confirmed));
        assert_eq!(event.get_summary(), Some("예방접종: 모더나 1차"));
        assert_eq!(event.get_description(), Some(DESCRIPTION));
        assert_eq!(event.get_location(), Some(appointment().location));
        assert_eq!(event.get_start(), Some(DatePerhapsTime::from(appointment().starts_at)));
        assert_eq!(event.get_end(), Some(DatePerhapsTime::from(appointment().ends_at)));
        assert_eq!(event.get_url(), appointment().url);
        assert_eq!(event.property_value("GEO"), Some("37.554678;127.010000"));
        assert!(file.contains("\r\nTRIGGER:-PT86400S\r\n"), "{file}");
    }

    #[test]
    fn the_same_booking_is_the_same_file() {
        assert_eq!(file(&appointment()), file(&appointment()));
        assert_eq!(file(&appointment()).matches("UID:").count(), 2);
        assert_eq!(file(&appointment()).matches("DTSTAMP:20210712T110003Z").count(), 2);
    }

    #[test]
    fn lines_are_as_short_and_end_as_the_format_asks() {
        let file = file(&appointment());
        assert!(file.ends_with("END:VCALENDAR\r\n"));
        for line in file.split("\r\n") {
            assert!(line.len() <= 75, "{} bytes: {line}", line.len());
            assert!(!line.contains(['\r', '\n']), "{line:?}");
        }
    }

    #[test]
    fn a_cancelled_one_takes_the_place_of_the_one_that_was_booked() {
        let cancelled = Appointment { changes: 1, is_cancelled: true, ..appointment() };
        let (calendar, event) = read(&file(&cancelled));
        assert_eq!(calendar.property_value("METHOD"), Some("CANCEL"));
        assert_eq!(event.get_uid(), read(&file(&appointment())).1.get_uid());
        assert_eq!(event.get_sequence(), Some(1));
        assert_eq!(event.get_status(), Some(EventStatus::Cancelled));
        assert!(!file(&cancelled).contains("VALARM"), "nobody is reminded of it");
    }

    #[test]
    fn a_text_cannot_write_lines_of_its_own() {
        let bad = "x\r\nATTENDEE:mailto:a@example.org\u{b}";
        let one = file(&Appointment { summary: bad, location: bad, ..appointment() });
        let (_, event) = read(&one);
        assert_eq!(event.get_summary(), Some("x\nATTENDEE:mailto:a@example.org"));
        assert!(event.get_attendees().is_empty());
        assert!(!one.contains("\nATTENDEE"), "{one}");
    }
}
