//! The three fields for a date of birth.

use super::{
    form::{BIRTH, Form},
    part::DateField,
    text::Texts,
};

/// The fields for a date of birth, as they were typed.
pub fn birth_field(t: Texts, form: &Form) -> DateField {
    let part = |name: &str| form.text(&format!("{BIRTH}-{name}")).to_owned();
    DateField {
        id: BIRTH,
        legend: t.birth_label().into(),
        hint: t.birth_hint().into(),
        year: part("year"),
        month: part("month"),
        day: part("day"),
        is_birth_date: true,
    }
}
