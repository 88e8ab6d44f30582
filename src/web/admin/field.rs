//! Fields of administrators' forms: lines, figures, days and moments, each read with its bounds.

use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{
    domain::{Code, localized::Localized},
    http::problem::Problem,
    web::{
        day,
        form::{FieldError, Form, Reader},
        part::{Input, Text, TextField},
        text::Texts,
    },
    words,
};

/// Reasons, as the journal and the public history keep them.
pub const REASON_CHARS_MAX: usize = 500;
/// What a database and a human can both work with.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9000;

/// A text in Korean and English: the ids of its two fields.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub ko: &'static str,
    pub en: &'static str,
}

pub const NAME: Pair = Pair { ko: "name_ko", en: "name_en" };
pub const REASON: Pair = Pair { ko: "reason_ko", en: "reason_en" };

impl Pair {
    /// The two fields, the one in the language of the page first.
    pub fn fields(self, t: Texts, (ko, en): (Text, Text), form: &Form) -> [TextField; 2] {
        let field =
            |id: &'static str, label: Text| TextField::new(id, label, Input::Text, form.text(id));
        let (ko, en) = (field(self.ko, ko), field(self.en, en));
        if t.is_korean() { [ko, en] } else { [en, ko] }
    }

    /// The text in the languages in which it was given; one is enough.
    pub fn read(self, reader: &mut Reader<'_>, t: Texts, chars_max: usize) -> Option<Localized> {
        let first = if t.is_korean() { self.ko } else { self.en };
        let ko = optional(reader, t, self.ko, chars_max)?;
        let en = optional(reader, t, self.en, chars_max)?;
        match ko.clone().or(en.clone()) {
            Some(main) => Some(Localized::new(main, ko, en)),
            None => reader.fault(first, t.admin_one_language()),
        }
    }

    /// What a form shows of a text that is there.
    pub fn of(self, text: &Localized) -> [(&'static str, String); 2] {
        let main = |own: &Option<String>| own.clone().unwrap_or_default();
        let has_none = text.ko.is_none() && text.en.is_none();
        let is_korean = text.main.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c));
        match (has_none, is_korean) {
            (true, true) => [(self.ko, text.main.clone()), (self.en, String::new())],
            (true, false) => [(self.ko, String::new()), (self.en, text.main.clone())],
            _ => [(self.ko, main(&text.ko)), (self.en, main(&text.en))],
        }
    }
}

/// A field of one line, as it was typed.
pub fn text(id: &'static str, label: impl Into<Text>, form: &Form) -> TextField {
    TextField::new(id, label, Input::Text, form.text(id))
}

/// A field for a number, as it was typed.
pub fn short(id: &'static str, label: impl Into<Text>, form: &Form) -> TextField {
    TextField::new(id, label, Input::Number, form.text(id))
}

/// A line that must be there.
pub fn line(
    reader: &mut Reader<'_>,
    t: Texts,
    id: &'static str,
    chars_max: usize,
) -> Option<String> {
    match optional(reader, t, id, chars_max)? {
        Some(line) => Some(line),
        None => reader.fault(id, t.admin_missing()),
    }
}

/// A line that may be left empty; the outer none is a fault.
pub fn optional(
    reader: &mut Reader<'_>,
    t: Texts,
    id: &'static str,
    chars_max: usize,
) -> Option<Option<String>> {
    let line = reader.form.text(id).trim().to_owned();
    if line.chars().count() > chars_max || line.chars().any(char::is_control) {
        return reader.fault(id, t.admin_too_long(chars_max));
    }
    Some(Some(line).filter(|line| !line.is_empty()))
}

/// A whole number within bounds.
pub fn number<N: FromStr + PartialOrd + ToString>(
    reader: &mut Reader<'_>,
    t: Texts,
    id: &'static str,
    bounds: std::ops::RangeInclusive<N>,
) -> Option<N> {
    let typed: String = reader.form.text(id).chars().filter(|c| !",\u{20}".contains(*c)).collect();
    let read = typed.parse().ok().filter(|number| bounds.contains(number));
    read.or_else(|| {
        let (min, max) = (bounds.start().to_string(), bounds.end().to_string());
        reader.fault(id, t.admin_between(&min, &max))
    })
}

/// A day as `2026-12-01`; empty where that is allowed.
pub fn optional_day(
    reader: &mut Reader<'_>,
    t: Texts,
    id: &'static str,
) -> Option<Option<NaiveDate>> {
    let typed = reader.form.text(id).trim().to_owned();
    if typed.is_empty() {
        return Some(None);
    }
    let day = day_of(&typed);
    day.map(Some).or_else(|| reader.fault(id, t.admin_no_day()))
}

/// A day in one of the ways in which it is typed; none where it is no day.
pub fn day_of(typed: &str) -> Option<NaiveDate> {
    day::parse(typed).filter(|day| YEARS.contains(&day.year()))
}

/// A moment as `2026-12-01 09:00` by the clock of the zone.
pub fn moment(
    reader: &mut Reader<'_>,
    t: Texts,
    id: &'static str,
    zone: Tz,
) -> Option<DateTime<Utc>> {
    let typed = reader.form.text(id).trim().replace('T', " ");
    let plain = typed.replace(['.', '/'], "-");
    let at = NaiveDateTime::parse_from_str(&plain, "%Y-%m-%d %H:%M").ok();
    let at = at.filter(|at| YEARS.contains(&at.year()));
    match at.map(|at| zone.from_local_datetime(&at).earliest()) {
        Some(Some(at)) => Some(at.to_utc()),
        Some(None) => reader.fault(id, t.admin_no_such_hour()),
        None => reader.fault(id, t.admin_no_moment()),
    }
}

/// A moment as a form shows it.
pub fn moment_text(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// Puts a refusal of a flow beside the field that it names, or above the form.
///
/// # Errors
/// The problem itself, where it is no refusal of what was typed.
pub fn refused(
    reader: &mut Reader<'_>,
    t: Texts,
    problem: Problem,
    fields: &[&'static str],
) -> Result<(), Problem> {
    let code = problem.refusal.code;
    let is_typed = (400..500).contains(&code.status())
        && !matches!(code, Code::NotFound | Code::Overloaded | Code::ChangedMeanwhile);
    if !is_typed {
        return Err(problem);
    }
    let named = problem.refusal.field.as_deref().unwrap_or_default();
    let (whole, last) = (named.replace('.', "_"), named.rsplit('.').next().unwrap_or_default());
    let called = |name: &str| fields.iter().find(|id| **id == name).copied();
    let field = called(&whole).or_else(|| called(last)).unwrap_or("main");
    reader.errors.push(FieldError { field, text: words::refusal(t.language(), &problem.refusal) });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    const T: Texts = Texts(Language::English);

    fn form(id: &'static str, typed: &str) -> Form {
        Form::of([(id, typed.to_owned())])
    }

    #[test]
    fn days_and_moments_are_read_as_they_are_typed() {
        let zone = chrono_tz::Asia::Seoul;
        for typed in
            ["2026-12-01 09:00", " 2026-12-1 9:00 ", "2026.12.01 09:00", "2026-12-01T09:00"]
        {
            let form = form("at", typed);
            let mut reader = Reader::new(&form, T);
            let at = moment(&mut reader, T, "at", zone).expect(typed);
            assert_eq!(at.to_rfc3339(), "2026-12-01T00:00:00+00:00");
            assert_eq!(moment_text(at, zone), "2026-12-01 09:00");
        }
        for typed in
            ["", "2026-12-01", "soon", "2026-02-30 09:00", "2026-12-01 25:00", "1-1-1 00:00"]
        {
            let form = form("at", typed);
            let mut reader = Reader::new(&form, T);
            assert_eq!(moment(&mut reader, T, "at", zone), None, "{typed}");
            assert_eq!(reader.errors.len(), 1);
        }
        for (typed, day) in [("2026-12-01", true), ("2026. 12. 1.", true), ("2026-02-30", false)] {
            assert_eq!(day_of(typed).is_some(), day, "{typed}");
        }
    }

    #[test]
    fn an_hour_that_the_clock_leaves_out_is_no_moment() {
        let zone = chrono_tz::Europe::Berlin;
        let form = form("at", "2026-03-29 02:30");
        let mut reader = Reader::new(&form, T);
        assert_eq!(moment(&mut reader, T, "at", zone), None);
        let outside = Form::of([("at", "2026-03-29 03:30".to_owned())]);
        assert!(moment(&mut Reader::new(&outside, T), T, "at", zone).is_some(), "the control");
    }

    #[test]
    fn one_language_is_enough_and_none_is_not() {
        for (ko, en, main) in [("가", "a", Some("가")), ("", "a", Some("a")), ("", " ", None)] {
            let form = Form::of([("name_ko", ko.to_owned()), ("name_en", en.to_owned())]);
            let mut reader = Reader::new(&form, T);
            let read = NAME.read(&mut reader, T, 10);
            assert_eq!(read.as_ref().map(|text| text.main.as_str()), main);
            assert_eq!(reader.errors.is_empty(), main.is_some());
            if let Some(read) = read {
                let shown = Form::of(NAME.of(&read));
                assert_eq!((shown.text("name_ko"), shown.text("name_en")), (ko, en));
            }
        }
    }

    #[test]
    fn figures_have_bounds() {
        for (typed, read) in
            [("48", Some(48)), ("1,0", Some(10)), ("", None), ("x", None), ("99", None)]
        {
            let form = form("hours", typed);
            let mut reader = Reader::new(&form, T);
            assert_eq!(number(&mut reader, T, "hours", 0_i16..=72), read, "{typed}");
        }
    }
}
