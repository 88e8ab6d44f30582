//! Pages of administrators that are made of blocks: figures, tables with a picture, forms. One
//! template writes them all, so that each has the same names, labels and errors.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

use crate::{
    http::problem::Problem,
    web::{
        form::FieldError,
        part::{Bar, Choice, Radios, Row, Select, Step, TextField, Tone},
        staff_page::{StaffFrame, StaffVisitor},
        text::{Html, Texts},
    },
};

/// A page before it is written.
#[derive(Default)]
pub struct Page {
    pub heading: String,
    /// Where one came from, after the language; empty for nowhere.
    pub back: String,
    pub blocks: Vec<Block>,
    pub errors: Vec<FieldError>,
}

/// A part of a page.
pub enum Block {
    Heading(String),
    Text(String),
    Warning(String),
    /// Labels and numbers.
    Figures(Vec<(String, String)>),
    Rows(Vec<Row>),
    Table(Table),
    Picture(Html),
    /// Addresses after the language, and what they are called; the first is the main one.
    Links(Vec<(String, String)>),
    /// The same, none of them the main one.
    Ways(Vec<(String, String)>),
    Form(Form),
    Steps(Option<Step>, Option<Step>),
}

/// A table with its name.
pub struct Table {
    pub id: &'static str,
    pub caption: String,
    /// What a column is called, and whether it holds numbers.
    pub head: Vec<(String, bool)>,
    pub rows: Vec<Vec<Cell>>,
}

/// What stands in a table. The first of a row is its head.
pub enum Cell {
    Text(String),
    Number(String),
    /// An address after the language.
    Link(String, String),
    Bar(Bar),
    Tag(String, Tone),
    Choose(Choose),
}

/// A choice within a row.
pub struct Choose {
    pub name: String,
    /// For those who hear only this field.
    pub label: String,
    /// Values and words.
    pub choices: Vec<(String, String)>,
    pub chosen: String,
}

/// A form; it is sent to `action`, after the language.
pub struct Form {
    pub action: String,
    /// Asks, and changes nothing: its fields stand in the address.
    pub asks: bool,
    pub hidden: Vec<(&'static str, String)>,
    pub fields: Vec<Field>,
    /// Said above the buttons; empty for nothing.
    pub note: String,
    /// The name of each (empty for the plain one), what it says, and how it looks.
    pub buttons: Vec<(&'static str, String, Look)>,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Main,
    Quiet,
    Harm,
}

impl Look {
    fn class(self) -> &'static str {
        match self {
            Self::Main => "button",
            Self::Quiet => "button quiet",
            Self::Harm => "button harm",
        }
    }
}

/// What is asked for.
pub enum Field {
    Text(TextField),
    Radios(Radios),
    Select(Select),
    /// Id, label, and whether it is ticked.
    Check(&'static str, String, bool),
    /// Several of them, with what they are together.
    Checks(String, Vec<(&'static str, String, bool)>),
    Table(Table),
}

#[derive(Template)]
#[template(path = "admin/blocks.html")]
struct Written<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    heading: String,
    back: String,
    blocks: Vec<Block>,
    errors: Vec<FieldError>,
}

impl Page {
    pub fn new(heading: impl Into<String>, back: impl Into<String>) -> Self {
        Self { heading: heading.into(), back: back.into(), ..Self::default() }
    }

    pub fn add(&mut self, block: Block) -> &mut Self {
        self.blocks.push(block);
        self
    }

    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.add(Block::Text(text.into()))
    }

    pub fn heading(&mut self, text: impl Into<String>) -> &mut Self {
        self.add(Block::Heading(text.into()))
    }

    /// The page; one with errors says that it was not done.
    ///
    /// # Errors
    /// `internal` if it cannot be written.
    pub fn show(self, visitor: &StaffVisitor) -> Result<HttpResponse, Problem> {
        let status = match self.errors.is_empty() {
            true => StatusCode::OK,
            false => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let Self { heading, back, blocks, errors } = self;
        let written =
            Written { t: visitor.t(), staff: visitor.frame(), heading, back, blocks, errors };
        visitor.show_as(status, &written)
    }
}

impl Table {
    /// Columns of text and then columns of numbers.
    pub fn new(
        id: &'static str,
        caption: impl Into<String>,
        words: &[&str],
        numbers: &[&str],
    ) -> Self {
        let words = words.iter().map(|label| ((*label).to_owned(), false));
        let numbers = numbers.iter().map(|label| ((*label).to_owned(), true));
        let head = words.chain(numbers).collect();
        Self { id, caption: caption.into(), head, rows: Vec::new() }
    }
}

impl Form {
    /// With one button.
    pub fn new(action: impl Into<String>, button: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            asks: false,
            hidden: Vec::new(),
            fields: Vec::new(),
            note: String::new(),
            buttons: vec![("", button.into(), Look::Main)],
        }
    }

    #[must_use]
    pub fn hidden(mut self, name: &'static str, value: impl ToString) -> Self {
        self.hidden.push((name, value.to_string()));
        self
    }

    #[must_use]
    pub fn field(mut self, field: impl Into<Field>) -> Self {
        self.fields.push(field.into());
        self
    }
}

impl From<TextField> for Field {
    fn from(field: TextField) -> Self {
        Self::Text(field)
    }
}

impl From<Radios> for Field {
    fn from(field: Radios) -> Self {
        Self::Radios(field)
    }
}

impl From<Select> for Field {
    fn from(field: Select) -> Self {
        Self::Select(field)
    }
}

/// Something to choose.
pub fn choice(value: impl ToString, label: impl Into<String>) -> Choice {
    Choice { value: value.to_string(), label: label.into().into(), hint: "".into() }
}

/// A list to choose from, without headings.
pub fn select(
    id: &'static str,
    label: &'static str,
    choices: Vec<Choice>,
    chosen: impl ToString,
) -> Select {
    let groups = vec![(String::new(), choices)];
    Select { id, label: label.into(), hint: "".into(), groups, chosen: chosen.to_string() }
}

/// Radio buttons.
pub fn radios(
    id: &'static str,
    legend: &'static str,
    choices: Vec<Choice>,
    chosen: impl ToString,
) -> Radios {
    Radios { id, legend: legend.into(), hint: "".into(), choices, chosen: chosen.to_string() }
}

impl Cell {
    fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Bar(_))
    }
}
