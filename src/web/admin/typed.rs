//! What administrators type: lines, numbers and days, each with its fault beside the field; and the
//! refusals of flows, as a form shows them.

use chrono::NaiveDate;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    db::idempotency_key::Keyed,
    domain::{Detail, Refusal, StaffUserId, fact::Expected, fold::plain, localized::Localized},
    flows,
    http::{field::Text, problem::Problem},
    web::{
        admin::field::{Pair, day_of},
        form::{FieldError, Form},
        part::{Input, TextField},
        text::Texts,
    },
    words,
};

/// The hidden field with the number of a press, so that it may come twice.
pub const KEY: &str = "key";
/// Why something is done.
pub const REASON: &str = "reason";

/// Reads the fields of a form, and gathers what is wrong.
pub struct Typed<'a> {
    pub form: &'a Form,
    pub errors: Vec<FieldError>,
    t: Texts,
    /// An earlier press with the number of this one was done, and asked for something else.
    is_spent: bool,
}

impl<'a> Typed<'a> {
    pub fn new(form: &'a Form, t: Texts) -> Self {
        Self { form, errors: Vec::new(), t, is_spent: false }
    }

    /// The form as it is shown again, and what is wrong with it. One whose number is spent gets
    /// another: by the old one it would be refused for ever.
    ///
    /// # Errors
    /// `internal` when the machine gives no random bytes.
    pub fn again(self) -> Result<(Form, Vec<FieldError>), Problem> {
        let form = self.form.clone();
        let form = if self.is_spent { form.with(KEY, mint()?.to_string()) } else { form };
        Ok((form, self.errors))
    }

    /// A line that must be there.
    pub fn line<const MAX: usize>(&mut self, id: &'static str) -> Option<String> {
        match Text::<MAX>::try_from(self.form.text(id).to_owned()) {
            Ok(text) => Some(text.0),
            Err(_) => self.expected(id, Expected::Line { chars_max: MAX }),
        }
    }

    /// A line that may be empty; the outer none is a fault.
    pub fn line_or_none<const MAX: usize>(&mut self, id: &'static str) -> Option<Option<String>> {
        if self.form.text(id).trim().is_empty() {
            return Some(None);
        }
        self.line::<MAX>(id).map(Some)
    }

    /// A text in Korean, English or both.
    pub fn pair<const MAX: usize>(&mut self, pair: Pair) -> Option<Localized> {
        let ko = self.line_or_none::<MAX>(pair.ko);
        let en = self.line_or_none::<MAX>(pair.en);
        let (ko, en) = (ko?, en?);
        if let Some(main) = ko.clone().or(en.clone()) {
            return Some(Localized::new(main, ko, en));
        }
        let field = if self.t.is_korean() { pair.ko } else { pair.en };
        self.errors.push(FieldError { field, text: self.t.admin_one_language().to_owned() });
        None
    }

    /// A whole number, however it is set.
    pub fn number(&mut self, id: &'static str, (min, max): (i32, i32)) -> Option<i32> {
        let typed: String =
            plain(self.form.text(id)).chars().filter(|c| !matches!(c, ',' | ' ')).collect();
        let number = typed.parse().ok().filter(|number| (min..=max).contains(number));
        let expected = Expected::WholeNumberBetween { min: min.into(), max: max.into() };
        number.or_else(|| self.expected(id, expected))
    }

    pub fn day(&mut self, id: &'static str) -> Option<NaiveDate> {
        day_of(self.form.text(id)).or_else(|| self.expected(id, Expected::Date))
    }

    /// One of those that the form offers.
    pub fn value<T: std::str::FromStr>(&mut self, id: &'static str) -> Option<T> {
        let value = self.form.value(id);
        value.or_else(|| self.refused(&Refusal::field(id, Detail::ValueImpossible)))
    }

    pub fn expected<T>(&mut self, id: &'static str, expected: Expected) -> Option<T> {
        self.refused(&Refusal::expected(id, expected))
    }

    /// Notes a refusal beside the field that it blames, or on top.
    pub fn refused<T>(&mut self, refusal: &Refusal) -> Option<T> {
        let text = match refusal.detail {
            Detail::KeyReused => {
                self.is_spent = true;
                self.t.staff_earlier_done().to_owned()
            }
            _ => words::refusal(self.t.language(), refusal),
        };
        let field = refusal.field.as_deref().and_then(known).unwrap_or("main");
        self.errors.push(FieldError { field, text });
        None
    }

    /// What was done; a refusal of what was typed is noted.
    ///
    /// # Errors
    /// Every other error, also a refusal that is about the service: what was typed is none of its
    /// reasons, and may be sent again.
    pub fn done<T>(&mut self, done: flows::Result<T>) -> Result<Option<T>, Problem> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(flows::Error::Refused(refusal)) if refusal.code.status() < 500 => {
                Ok(self.refused(&refusal))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The id of the input that a refusal's field is called by on these pages.
fn known(field: &str) -> Option<&'static str> {
    const IDS: &[&str] = &[
        "doses",
        "reason",
        "reason_ko",
        "reason_en",
        "directions_ko",
        "directions_en",
        "to_pool_id",
        "region_id",
        "product_id",
        "from_date",
        "to_date",
        "over",
        "by",
        "tranche_id",
        "name",
        "name_ko",
        "name_en",
        "zone",
        "address",
        "phone",
        "latitude",
        "longitude",
        "opens",
        "closes",
        "slot_minutes",
        "seats_per_slot",
        "weekdays",
        "birth_date",
        "email",
        "into_person_id",
        "number",
        "person_code",
        "except",
        "code",
    ];
    IDS.iter().copied().find(|id| *id == field).or_else(|| {
        // A part of a list is mended in the field of the whole.
        let whole = field.split(['[', '.']).next()?;
        IDS.iter().copied().find(|id| *id == whole)
    })
}

/// A line of text, as it was typed.
pub fn text(id: &'static str, label: &'static str, form: &Form) -> TextField {
    TextField::new(id, label, Input::Text, form.text(id))
}

/// A number or a day, as it was typed.
pub fn short(id: &'static str, label: &'static str, form: &Form) -> TextField {
    TextField::new(id, label, Input::Number, form.text(id))
}

/// A number for a press that is not made yet.
///
/// # Errors
/// `internal` when the machine gives no random bytes.
pub fn mint() -> Result<Uuid, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Problem::internal)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// The press as it is recognised again; none where the form has lost its number.
pub fn keyed(form: &Form, by: StaffUserId, asked: &Value) -> Option<Keyed> {
    let fingerprint = Sha256::digest(asked.to_string()).into();
    form.value(KEY).map(|key| Keyed { key, by, fingerprint })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Code, language::Language};

    const T: Texts = Texts(Language::English);

    #[test]
    fn what_is_wrong_with_the_service_is_no_fault_of_what_was_typed() {
        let form = Form::of([("doses", "10".to_owned())]);
        for &code in Code::ALL {
            let mut typed = Typed::new(&form, T);
            let done = typed.done(Err::<(), _>(Refusal::from(code).into()));
            let is_of_service = code.status() >= 500;
            assert_eq!(done.is_err(), is_of_service, "{code:?}");
            assert_eq!(typed.errors.len(), usize::from(!is_of_service), "{code:?}");
        }
        assert_eq!(Typed::new(&form, T).done(Ok(7)).expect("done"), Some(7));
    }

    #[test]
    fn a_form_whose_number_is_spent_gets_another() {
        let key = mint().expect("a number").to_string();
        let form = Form::of([(KEY, key.clone()), ("doses", "10".to_owned())]);
        let shown = |detail| {
            let mut typed = Typed::new(&form, T);
            typed.refused::<()>(&Refusal::field("doses", detail));
            let (shown, errors) = typed.again().expect("the form");
            assert_eq!((shown.text("doses"), errors.len()), ("10", 1));
            (shown.text(KEY).to_owned(), errors)
        };
        assert_eq!(shown(Detail::ValueImpossible).0, key, "the control: it was not done");
        let (another, errors) = shown(Detail::KeyReused);
        assert_ne!(another, key);
        another.parse::<Uuid>().expect("a number");
        assert!(errors.iter().any(|error| error.text.contains("was done")), "{errors:?}");
    }
}
