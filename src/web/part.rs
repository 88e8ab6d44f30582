//! What the parts of pages are made of: typed arguments for the macros in `templates/part/`, so
//! that a page cannot forget a label or an `autocomplete`.

use std::borrow::Cow;

use super::{
    form::FieldError,
    text::{Html, Texts},
};
use crate::{html::escape, words};

/// A text of a part: mostly out of a table, sometimes with facts in it.
pub type Text = Cow<'static, str>;

/// The first error of a field, or of a group of fields whose ids begin with the group's.
pub fn error_of<'a>(errors: &'a [FieldError], id: &str) -> Option<&'a str> {
    let is_of = |field: &str| {
        field.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    errors.iter().find(|error| is_of(error.field)).map(|error| error.text.as_str())
}

/// Whether this very input must be mended.
pub fn is_wrong(errors: &[FieldError], id: &str) -> bool {
    errors.iter().any(|error| error.field == id)
}

/// The id of a field that stands in several forms of a page: the first has the field's own.
pub fn id_at(id: &str, at: usize) -> String {
    match at {
        0 => id.to_owned(),
        at => format!("{id}-in-{}", at + 1),
    }
}

/// What is asked for in one line of text, which decides how telephones and browsers help with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    Text,
    /// A person's whole name, in one field.
    Name,
    Phone,
    Email,
    /// Out of a message. No `maxlength`: a pasted `012 345` would lose a digit.
    OneTimeCode,
    /// A number that no browser should remember: a booking's.
    Number,
    UserName,
    Password,
    NewPassword,
    /// What a scanner or the keyboard types at a clinic: digits, however they are set.
    Scan,
}

impl Input {
    pub fn kind(self) -> &'static str {
        match self {
            Self::Phone => "tel",
            Self::Email => "email",
            Self::Password | Self::NewPassword => "password",
            _ => "text",
        }
    }

    pub fn autocomplete(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "tel-national",
            Self::Email => "email",
            Self::OneTimeCode => "one-time-code",
            Self::UserName => "username",
            Self::Password => "current-password",
            Self::NewPassword => "new-password",
            Self::Text | Self::Number | Self::Scan => "off",
        }
    }

    /// Which keys a telephone shows; empty for all.
    pub fn keys(self) -> &'static str {
        match self {
            Self::OneTimeCode | Self::Number | Self::Scan => "numeric",
            _ => "",
        }
    }

    /// The class of its width.
    pub fn width(self) -> &'static str {
        match self {
            Self::OneTimeCode => "w6",
            Self::Phone | Self::Number => "w10",
            _ => "full",
        }
    }
}

/// One line of text. Its id is its name in the form.
#[derive(Clone, Debug)]
pub struct TextField {
    pub id: &'static str,
    pub label: Text,
    /// Empty for none.
    pub hint: Text,
    /// What was typed, as it was typed.
    pub value: String,
    pub input: Input,
    /// What the page is for: it has the focus from the beginning.
    pub is_focused: bool,
    /// The id of a sentence that explains it too; empty for none.
    pub about: &'static str,
}

impl TextField {
    /// What was typed into it so far.
    pub fn new(id: &'static str, label: impl Into<Text>, input: Input, value: &str) -> Self {
        let (label, value) = (label.into(), value.to_owned());
        Self { id, label, hint: "".into(), value, input, is_focused: false, about: "" }
    }

    /// With a hint below its label.
    pub fn hint(self, hint: impl Into<Text>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// The ids that explain the input, for `aria-describedby`.
    pub fn described_by(&self, errors: &[FieldError]) -> String {
        let own = described_by(self.id, &self.hint, errors);
        [self.about, &own].map(str::to_owned).join(" ").trim().to_owned()
    }
}

fn described_by(id: &str, hint: &str, errors: &[FieldError]) -> String {
    let hint = (!hint.is_empty()).then(|| format!("{id}-hint"));
    let error = error_of(errors, id).map(|_| format!("{id}-error"));
    let ids: Vec<String> = [hint, error].into_iter().flatten().collect();
    ids.join(" ")
}

/// A day in three fields, named `id-year`, `id-month` and `id-day`.
#[derive(Clone, Debug)]
pub struct DateField {
    pub id: &'static str,
    pub legend: Text,
    /// One for the group.
    pub hint: Text,
    pub year: String,
    pub month: String,
    pub day: String,
    /// Whether browsers may fill in the day of birth.
    pub is_birth_date: bool,
}

/// One of the three fields of a day.
#[derive(Clone, Debug)]
pub struct DatePart<'a> {
    pub id: String,
    pub label: &'static str,
    pub value: &'a str,
    pub autocomplete: &'static str,
    pub width: &'static str,
}

impl DateField {
    pub fn described_by(&self, errors: &[FieldError]) -> String {
        described_by(self.id, &self.hint, errors)
    }

    /// In the order of the language: year, month, day in Korean; day, month, year in English.
    pub fn parts(&self, t: Texts) -> Vec<DatePart<'_>> {
        let part = |name: &str, label, value, width, autocomplete| DatePart {
            id: format!("{}-{name}", self.id),
            label,
            value,
            autocomplete: if self.is_birth_date { autocomplete } else { "off" },
            width,
        };
        let mut parts = vec![
            part("year", t.year(), self.year.as_str(), "w4", "bday-year"),
            part("month", t.month(), self.month.as_str(), "w2", "bday-month"),
            part("day", t.day(), self.day.as_str(), "w2", "bday-day"),
        ];
        if !t.is_korean() {
            parts.reverse();
        }
        parts
    }
}

/// One of several.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub label: Text,
    /// Empty for none.
    pub hint: Text,
}

/// A list of radio buttons. The first has the id of the group.
#[derive(Clone, Debug)]
pub struct Radios {
    pub id: &'static str,
    pub legend: Text,
    pub hint: Text,
    pub choices: Vec<Choice>,
    /// The value that is chosen; empty for none.
    pub chosen: String,
}

impl Radios {
    pub fn described_by(&self, errors: &[FieldError]) -> String {
        described_by(self.id, &self.hint, errors)
    }

    /// The id of the radio button at this place.
    pub fn id_of(&self, at: &usize) -> String {
        match at {
            0 => self.id.to_owned(),
            at => format!("{}-{}", self.id, at + 1),
        }
    }
}

/// A list to choose from that is too long for radio buttons: a district.
#[derive(Clone, Debug)]
pub struct Select {
    pub id: &'static str,
    pub label: Text,
    pub hint: Text,
    /// Under their headings; without a heading where that is empty.
    pub groups: Vec<(String, Vec<Choice>)>,
    pub chosen: String,
}

impl Select {
    /// With the chosen one marked.
    pub fn options(&self) -> Html {
        chosen_of(&options(&self.groups), &self.chosen)
    }

    pub fn described_by(&self, errors: &[FieldError]) -> String {
        described_by(self.id, &self.hint, errors)
    }
}

/// A list to choose from that is the same on many pages: a district. Its options are written once.
#[derive(Clone, Debug)]
pub struct LongSelect {
    pub id: &'static str,
    pub label: Text,
    pub hint: Text,
    /// With the chosen one marked.
    pub options: Html,
}

impl LongSelect {
    pub fn options(&self) -> &Html {
        &self.options
    }

    pub fn described_by(&self, errors: &[FieldError]) -> String {
        described_by(self.id, &self.hint, errors)
    }
}

/// The options of a list, none of them chosen, under their headings.
pub fn options(groups: &[(String, Vec<Choice>)]) -> String {
    let mut html = String::new();
    for (heading, choices) in groups {
        if !heading.is_empty() {
            html += &format!("<optgroup label=\"{}\">", escape(heading));
        }
        for choice in choices {
            let (value, label) = (escape(&choice.value), escape(&choice.label));
            html += &format!("<option value=\"{value}\">{label}</option>");
        }
        if !heading.is_empty() {
            html += "</optgroup>";
        }
    }
    html
}

/// These options, with the one of this value chosen, if it is among them.
pub fn chosen_of(options: &str, value: &str) -> Html {
    let option = format!("<option value=\"{}\"", escape(value));
    Html(match options.split_once(&option) {
        Some((before, after)) => format!("{before}{option} selected{after}"),
        None => options.to_owned(),
    })
}

/// A line of a summary list.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: Text,
    pub value: String,
    /// What a telephone dials for it; empty for what is no number.
    pub dial: String,
    /// Where it is changed, and what is changed there, for those who hear only the link.
    pub change: Option<(String, Text)>,
}

impl Row {
    pub fn new(key: impl Into<Text>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into(), dial: String::new(), change: None }
    }

    /// A telephone number, to be pressed.
    pub fn phone(key: impl Into<Text>, number: &str) -> Self {
        let dial = number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        Self { dial, ..Self::new(key, number) }
    }

    pub fn changed_at(mut self, href: impl Into<String>, what: impl Into<Text>) -> Self {
        self.change = Some((href.into(), what.into()));
        self
    }
}

/// A state as a word with a shape; never told by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Wait,
    Bad,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "tag",
            Self::Good => "tag good",
            Self::Wait => "tag wait",
            Self::Bad => "tag bad",
        }
    }
}

/// The page before or after this one.
#[derive(Clone, Debug)]
pub struct Step {
    pub href: String,
    /// What is there: a day, a page's number.
    pub label: String,
}

/// A number with a bar as long as its share of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    pub part: i64,
    pub whole: i64,
}

impl Bar {
    pub fn number(&self) -> String {
        words::count(self.part)
    }

    /// Lengths are attributes: a `style` would be blocked.
    pub fn picture(&self) -> Html {
        let share = match self.whole {
            ..=0 => 0,
            whole => self.part.clamp(0, whole).saturating_mul(100) / whole,
        };
        // Something is never drawn as nothing.
        let share = if self.part > 0 { share.max(1) } else { share };
        Html(format!(
            "<svg class=\"bar\" viewBox=\"0 0 100 1\" preserveAspectRatio=\"none\" \
             aria-hidden=\"true\"><path d=\"M0 0h{share}v1H0z\"/></svg>"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    fn error(field: &'static str) -> FieldError {
        FieldError { field, text: field.to_owned() }
    }

    #[test]
    fn a_group_shows_the_errors_of_its_parts() {
        let errors = [error("birth-year"), error("name")];
        assert_eq!(error_of(&errors, "birth"), Some("birth-year"));
        assert_eq!(error_of(&errors, "name"), Some("name"));
        assert_eq!(error_of(&errors, "bir"), None, "another id");
        assert!(is_wrong(&errors, "birth-year") && !is_wrong(&errors, "birth-day"));
    }

    #[test]
    fn a_day_is_asked_for_in_the_order_of_the_language() {
        let field = DateField {
            id: "birth",
            legend: "".into(),
            hint: "h".into(),
            year: "1964".into(),
            month: "9".into(),
            day: "3".into(),
            is_birth_date: true,
        };
        let ids = |language| {
            field.parts(Texts(language)).into_iter().map(|part| part.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(Language::Korean), ["birth-year", "birth-month", "birth-day"]);
        assert_eq!(ids(Language::English), ["birth-day", "birth-month", "birth-year"]);
        assert_eq!(field.described_by(&[]), "birth-hint");
        assert_eq!(field.described_by(&[error("birth-day")]), "birth-hint birth-error");
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        let length = |part, whole| {
            let bar = Bar { part, whole }.picture().to_string();
            let (_, rest) = bar.split_once("M0 0h").unwrap();
            rest.split_once('v').unwrap().0.parse::<u32>().unwrap()
        };
        assert_eq!(
            [length(0, 10), length(5, 10), length(10, 10), length(11, 10)],
            [0, 50, 100, 100]
        );
        assert_eq!(length(1, 1_000_000), 1, "something is not nothing");
        assert_eq!(length(1, 0), 1);
        assert_eq!(length(0, 0), 0);
    }
}
