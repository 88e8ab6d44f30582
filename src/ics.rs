//! Calendar files (RFC 5545, methods by RFC 5546): an appointment put into a calendar, changed or
//! taken out.

use chrono::TimeDelta;
use icalendar::{Alarm, Calendar, Class, Component, Event, EventLike, EventStatus, Trigger};

use crate::{
    domain::notice::Notice,
    words::{Letterhead, calendar_entry},
};

/// What the program calls itself in them.
const PRODUCT: &str = "-//dosebook//dosebook//EN";

/// A file and the method that stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFile {
    pub method: &'static str,
    pub content: String,
}

/// The file that brings a calendar up to date with the news: the appointment keeps its booking's
/// id, and what happened later has the larger number. `number` is the booking's, for people;
/// `organizer` the address of the pages.
pub fn calendar_file(
    head: Letterhead<'_>,
    notice: &Notice,
    number: &str,
    organizer: Option<&str>,
) -> CalendarFile {
    let appointment = &notice.appointment;
    let (title, text, alarm) = calendar_entry(head, appointment, number);
    let takes_place = notice.takes_place();
    let clinic = appointment.clinic.in_language(head.language);
    let mut event = Event::with_uid(&appointment.booking_id.to_string());
    event
        .timestamp(notice.happened_at)
        .sequence(notice.sequence())
        .starts(appointment.starts_at)
        .ends(appointment.ends_at)
        .class(Class::Private)
        .summary(&plain(&title))
        .description(&plain(&text))
        .location(&plain(&format!("{clinic}, {}", appointment.address)))
        .status(if takes_place { EventStatus::Confirmed } else { EventStatus::Cancelled });
    if let Some(organizer) = organizer {
        event.add_property("ORGANIZER", organizer);
    }
    if takes_place {
        let mut alarm = Alarm::display(&plain(&alarm), Trigger::before_start(TimeDelta::days(1)));
        // Its own words for a day, and nothing that is another each time.
        alarm.add_property("TRIGGER", "-P1D").timestamp(notice.happened_at);
        alarm.uid(&format!("{}-alarm", appointment.booking_id));
        event.alarm(alarm);
    }
    let method = if takes_place { "PUBLISH" } else { "CANCEL" };
    let mut calendar = Calendar::empty();
    for (name, value) in
        [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN"), ("METHOD", method)]
    {
        calendar.append_property((name, value));
    }
    calendar.push(event.done());
    CalendarFile { method, content: calendar.to_string() }
}

/// Without characters that end a line where none may end; line feeds are written as `\n` by the
/// library.
fn plain(text: &str) -> String {
    text.trim_end().chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        language::Language,
        notice::{News, samples},
        sms_length::SmsStandard,
    };

    fn file(notice: &Notice) -> CalendarFile {
        let head = Letterhead {
            language: Language::Korean,
            issuer: "질병관리청",
            host: Some("book.example.kr"),
            helpline: None,
            standard: SmsStandard::Korean,
        };
        calendar_file(head, notice, "482 913 5507", Some("https://book.example.kr"))
    }

    /// Folded lines made whole again.
    fn lines(file: &CalendarFile) -> Vec<String> {
        let unfolded = file.content.replace("\r\n ", "");
        unfolded.split_terminator("\r\n").map(str::to_owned).collect()
    }

    fn value(lines: &[String], name: &str) -> Vec<String> {
        let values = lines.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        values.map(str::to_owned).collect()
    }

    #[test]
    fn an_appointment_goes_into_the_calendar_with_an_alarm_the_day_before() {
        let booked = file(&samples::notice(News::Booked));
        let lines = lines(&booked);
        let id = "00000000-0000-0000-0000-000000000007";
        assert_eq!(value(&lines, "UID"), [id.to_owned(), format!("{id}-alarm")]);
        for (name, expected) in [
            ("METHOD", "PUBLISH"),
            ("SEQUENCE", "0"),
            ("DTSTART", "20210726T053000Z"),
            ("DTEND", "20210726T060000Z"),
            ("STATUS", "CONFIRMED"),
            ("SUMMARY", "예방접종: 코로나19 1차"),
            ("LOCATION", "중구보건소\\, 서울 중구 다산로 39길 16"),
            ("ORGANIZER", "https://book.example.kr"),
            ("TRIGGER", "-P1D"),
        ] {
            assert_eq!(value(&lines, name), [expected], "{name} in {lines:#?}");
        }
        assert_eq!(value(&lines, "DTSTAMP"), ["20210712T110000Z"; 2], "and no other time");
        assert!(value(&lines, "DESCRIPTION")[0].contains("예약번호: 482 913 5507"), "{lines:#?}");
        assert!(booked.content.split("\r\n").all(|line| line.len() <= 75), "{}", booked.content);
        assert!(!booked.content.replace("\r\n", "").contains(['\r', '\n']));
    }

    #[test]
    fn what_does_not_take_place_goes_out_again_and_what_does_after_all_comes_back() {
        let mut notice = samples::notice(News::Closed);
        let closed = file(&notice);
        let cancelled = lines(&closed);
        assert_eq!(closed.method, "CANCEL");
        assert_eq!(value(&cancelled, "METHOD"), ["CANCEL"]);
        assert_eq!(value(&cancelled, "STATUS"), ["CANCELLED"]);
        assert_eq!(value(&cancelled, "SEQUENCE"), ["655200"]);
        assert!(!closed.content.contains("VALARM"));
        notice.news = News::Opened;
        notice.happened_at += TimeDelta::hours(1);
        let opened = file(&notice);
        assert_eq!(value(&lines(&opened), "SEQUENCE"), ["658800"]);
        assert_eq!(opened.method, "PUBLISH");
    }

    #[test]
    fn nothing_in_a_name_begins_a_line_of_its_own() {
        let mut notice = samples::notice(News::Booked);
        let name = "A\r\nATTENDEE:mailto:x@example.kr\u{2028}\nB";
        notice.appointment.clinic = name.into();
        let lines = lines(&file(&notice));
        assert_eq!(value(&lines, "ATTENDEE"), Vec::<String>::new(), "{lines:#?}");
        assert!(value(&lines, "LOCATION")[0].starts_with("A\\nATTENDEE"), "{lines:#?}");
    }
}
