//! Forms: what was typed comes in, and either values come out or the faults that the page shows
//! beside the fields and in the summary on top. What was typed stays.

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use chrono::NaiveDate;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use super::{guard, text::Texts};
use crate::{
    domain::{
        Code, Detail, Refusal,
        birth_date::BirthDate,
        booking_number::BookingNumber,
        fact::Sent,
        fold::plain,
        person::{parse_name, parse_phone},
        sign_in_code::SignInCode,
        typed::{DateFault, DatePart, TypedDate, digits, with_century},
    },
    http::{
        extract::{self, media_type},
        page::FORM,
        problem::Problem,
        state::App,
    },
    words,
};

/// The fields that somebody is known by, as they are called in forms.
pub const NAME: &str = "name";
pub const BIRTH: &str = "birth";
pub const PHONE: &str = "phone";
pub const CODE: &str = "code";
pub const NUMBER: &str = "number";
pub const REGION: &str = "region";

/// A field that must be mended, as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The `id` of the first input to mend, to which the error summary links.
    pub field: &'static str,
    /// In the language of the page: what is wrong and how to mend it.
    pub text: String,
}

/// What a page of ours has sent: names and values as they were typed. A form of another site gets
/// no further than here.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// As if these were typed.
    pub fn of(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// What was typed into the field; empty where it is not there.
    pub fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The same with another value of this field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.retain(|(given, _)| given != name);
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// A value that a page of ours has put there; none where it is not one.
    pub fn value<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).parse().ok()
    }

    /// Whether there is such a field, as a pressed button is one.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| given == name)
    }
}

impl FromRequest for Form {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_ours = match request.app_data::<Data<App>>() {
            Some(app) => guard::from_our_page(request.headers(), &app.site).map_err(Problem::from),
            None => Err(Problem::internal("the handler has no App")),
        };
        let is_form = media_type(request).eq_ignore_ascii_case(FORM);
        let payload = payload.take();
        Box::pin(async move {
            is_ours?;
            let body = extract::body(payload).await?;
            // A button alone sends nothing, and some programs then name no type.
            if !is_form && !body.is_empty() {
                let detail = Detail::WrongMediaType { sent: Sent::Body, media_type: FORM.into() };
                return Err(Problem::new(Code::UnsupportedMediaType, detail));
            }
            // No database keeps a text with a NUL in it, and nobody has typed one.
            let typed = form_urlencoded::parse(&body).into_owned();
            Ok(Self(typed.map(|(name, value)| (name, value.replace('\0', ""))).collect()))
        })
    }
}

/// Reads the fields of a form, and gathers what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    pub form: &'a Form,
    pub errors: Vec<FieldError>,
    t: Texts,
}

impl<'a> Reader<'a> {
    pub fn new(form: &'a Form, t: Texts) -> Self {
        Self { form, errors: Vec::new(), t }
    }

    /// A person's name, as it is kept.
    pub fn name(&mut self) -> Option<String> {
        let name = parse_name(self.form.text(NAME));
        self.read(name)
    }

    /// A phone number, digits only.
    pub fn phone(&mut self) -> Option<String> {
        let phone = parse_phone(self.form.text(PHONE));
        self.read(phone)
    }

    /// A date of birth of somebody who lives on `today`.
    pub fn birth_date(&mut self, today: NaiveDate) -> Option<BirthDate> {
        let day = self.day(BIRTH)?;
        self.read(BirthDate::new(day, today))
    }

    /// A day of birth as somebody says it at a desk, typed as a whole into one field.
    pub fn spoken_birth(&mut self, field: &'static str, today: NaiveDate) -> Option<NaiveDate> {
        let typed = self.form.text(field);
        let whole = with_century(typed, today).unwrap_or_else(|| typed.to_owned());
        match (TypedDate { year: &whole, month: "", day: "" }).read() {
            Ok(day) => Some(day),
            Err(DateFault::Missing) => self.fault(field, self.t.birth_not_said()),
            // A part of a day that is missing is one that cannot be read.
            Err(DateFault::PartMissing(_) | DateFault::Unreadable(_) | DateFault::Ambiguous) => {
                self.fault(field, self.t.birth_whole_unreadable())
            }
            Err(fault) => self.fault(field, date_error(self.t, fault).text),
        }
    }

    fn day(&mut self, group: &str) -> Option<NaiveDate> {
        let part = |name: &str| self.form.text(&format!("{group}-{name}"));
        let (year, month, day) = (part("year"), part("month"), part("day"));
        match (TypedDate { year, month, day }).read() {
            Ok(day) => Some(day),
            Err(fault) => {
                self.errors.push(date_error(self.t, fault));
                None
            }
        }
    }

    /// A one-time code of six digits, however they are set.
    pub fn code(&mut self) -> Option<SignInCode> {
        let digits = digits(self.form.text(CODE));
        if digits.is_empty() {
            return self.fault(CODE, self.t.code_missing());
        }
        SignInCode::parse(&digits).or_else(|| self.fault(CODE, self.t.code_digits()))
    }

    /// A booking's number, however it is set.
    pub fn number(&mut self) -> Option<BookingNumber> {
        let typed = plain(self.form.text(NUMBER));
        if typed.trim().is_empty() {
            return self.fault(NUMBER, self.t.number_missing());
        }
        self.read(BookingNumber::parse(&typed))
    }

    /// Notes a fault of a field.
    pub fn fault<T>(&mut self, field: &'static str, text: impl Into<String>) -> Option<T> {
        self.errors.push(FieldError { field, text: text.into() });
        None
    }

    /// A value, or the fault that it was refused for.
    pub fn read<T>(&mut self, value: Result<T, Refusal>) -> Option<T> {
        value
            .map_err(|refusal| {
                let error = error_of(self.t, &refusal).unwrap_or_else(|| FieldError {
                    field: "main",
                    text: words::refusal(self.t.language(), &refusal),
                });
                self.errors.push(error);
            })
            .ok()
    }
}

/// The refusal of a field, as a form shows it; none where no field of a form is to blame.
pub fn error_of(t: Texts, refusal: &Refusal) -> Option<FieldError> {
    let field = match refusal.field.as_deref()? {
        "name" => NAME,
        "phone" => PHONE,
        "number" => NUMBER,
        "birth_date" => first_of_birth(t),
        "region_id" => REGION,
        _ => return None,
    };
    let text = match (field, &refusal.detail) {
        (NAME, Detail::Empty) => t.name_missing().to_owned(),
        (NAME, Detail::TooLong { chars_max }) => t.name_long(*chars_max),
        (NAME, Detail::ControlCharacters) => t.name_unreadable().to_owned(),
        (PHONE, Detail::Empty) => t.phone_missing().to_owned(),
        (NUMBER, Detail::WrongCheckDigit) => t.number_slip().to_owned(),
        (NUMBER, _) => t.number_digits().to_owned(),
        (REGION, _) => t.region_unknown().to_owned(),
        _ => words::refusal(t.language(), refusal),
    };
    Some(FieldError { field, text })
}

/// The input of a date of birth that comes first in the language.
fn first_of_birth(t: Texts) -> &'static str {
    if t.is_korean() { "birth-year" } else { "birth-day" }
}

fn date_error(t: Texts, fault: DateFault) -> FieldError {
    let field = |part| match part {
        DatePart::Year => "birth-year",
        DatePart::Month => "birth-month",
        DatePart::Day => "birth-day",
    };
    let (field, text) = match fault {
        DateFault::Missing => (first_of_birth(t), t.birth_missing()),
        DateFault::Ambiguous => (first_of_birth(t), t.birth_ambiguous()),
        DateFault::NoSuchDay => (first_of_birth(t), t.birth_no_such_day()),
        DateFault::ShortYear => ("birth-year", t.birth_short_year()),
        DateFault::PartMissing(part) => {
            let text = match part {
                DatePart::Year => t.birth_year_missing(),
                DatePart::Month => t.birth_month_missing(),
                DatePart::Day => t.birth_day_missing(),
            };
            (field(part), text)
        }
        DateFault::Unreadable(part) => {
            let text = match part {
                DatePart::Year => t.birth_year_unreadable(),
                DatePart::Month => t.birth_month_unreadable(),
                DatePart::Day => t.birth_day_unreadable(),
            };
            (field(part), text)
        }
    };
    FieldError { field, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    fn form(fields: &[(&str, &str)]) -> Form {
        Form(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    fn today() -> NaiveDate {
        "2021-07-12".parse().expect("a day")
    }

    const T: Texts = Texts(Language::English);

    #[test]
    fn what_was_typed_well_becomes_values() {
        let typed = form(&[
            ("name", "  김\u{3000}민지\u{200b} "),
            ("birth-year", "１９６２"),
            ("birth-month", "Mar"),
            ("birth-day", "1"),
            ("phone", "０１０–１２３４–５６７８"),
            ("code", "인증번호 [０12 345]"),
        ]);
        let mut reader = Reader::new(&typed, T);
        assert_eq!(reader.name().as_deref(), Some("김 민지"));
        assert_eq!(
            reader.birth_date(today()).map(|date| date.to_string()),
            Some("1962-03-01".into())
        );
        assert_eq!(reader.phone().as_deref(), Some("01012345678"));
        assert_eq!(reader.code().map(|code| code.as_str().to_owned()).as_deref(), Some("012345"));
        assert_eq!(reader.errors, []);
    }

    #[test]
    fn no_name_is_refused_for_a_letter() {
        for name in
            ["Zoë O’Neill-Åström", "Nguyễn Thị", "X", "王", "김", "D'Arcy Jr.", "محمد", "🙂"]
        {
            let typed = form(&[("name", name)]);
            assert_eq!(Reader::new(&typed, T).name().as_deref(), Some(name));
        }
    }

    #[test]
    fn every_fault_is_gathered_and_leads_to_its_field() {
        for (language, first) in
            [(Language::English, "birth-day"), (Language::Korean, "birth-year")]
        {
            let empty = Form::default();
            let mut reader = Reader::new(&empty, Texts(language));
            assert!(reader.name().is_none() && reader.birth_date(today()).is_none());
            assert!(reader.phone().is_none() && reader.code().is_none());
            let fields: Vec<_> = reader.errors.iter().map(|error| error.field).collect();
            assert_eq!(fields, ["name", first, "phone", "code"]);
        }
        for (fields, at) in [
            (&[("birth-year", "62"), ("birth-month", "3"), ("birth-day", "1")], "birth-year"),
            (&[("birth-year", "1962"), ("birth-month", ""), ("birth-day", "1")], "birth-month"),
            (&[("birth-year", "1962"), ("birth-month", "3"), ("birth-day", "x")], "birth-day"),
            (&[("birth-year", "1962"), ("birth-month", "2"), ("birth-day", "30")], "birth-day"),
            (&[("birth-year", "2021"), ("birth-month", "7"), ("birth-day", "13")], "birth-day"),
            (&[("birth-year", "1899"), ("birth-month", "7"), ("birth-day", "13")], "birth-day"),
        ] {
            let typed = form(fields);
            let mut reader = Reader::new(&typed, T);
            assert_eq!(reader.birth_date(today()), None);
            let fields: Vec<_> = reader.errors.iter().map(|error| error.field).collect();
            assert_eq!(fields, [at], "{typed:?}");
        }
        for code in ["12345", "1234567", "abc"] {
            let typed = form(&[("code", code)]);
            assert!(Reader::new(&typed, T).code().is_none(), "{code}");
        }
    }

    #[test]
    fn faults_repeat_no_value_and_are_said_in_both_languages() {
        let typed = form(&[
            ("name", "secret\u{1}"),
            ("birth-year", "secret"),
            ("birth-month", "1"),
            ("birth-day", "1"),
            ("phone", "call secret"),
            ("code", "secret"),
        ]);
        let mut said = Vec::new();
        for language in Language::ALL {
            let mut reader = Reader::new(&typed, Texts(language));
            let _ = (reader.name(), reader.birth_date(today()), reader.phone(), reader.code());
            assert_eq!(reader.errors.len(), 4);
            said.extend(reader.errors.into_iter().map(|error| error.text));
        }
        assert!(said.iter().all(|text| !text.contains("secret")), "{said:?}");
        let different: std::collections::HashSet<_> = said.iter().collect();
        assert_eq!(different.len(), 8, "{said:?}");
    }
}
