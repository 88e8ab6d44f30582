//! What is said of a row that cannot be loaded. Nothing of it repeats a value from the file: many
//! are personal.

use std::borrow::Cow;

use crate::domain::{
    Code, Detail, Refusal,
    fact::{By, Expected, Noun},
};

/// Why a row, or a column of the header, cannot be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The column to blame; several are separated by commas.
    pub column: Cow<'static, str>,
    pub code: Code,
    pub detail: Detail,
}

impl Fault {
    pub fn new(code: Code, column: impl Into<Cow<'static, str>>, detail: Detail) -> Self {
        Self { column: column.into(), code, detail }
    }

    /// An impossible value.
    pub fn field(column: &'static str, detail: Detail) -> Self {
        Self::new(Code::InvalidField, column, detail)
    }

    /// A value that is not of the kind that belongs there.
    pub fn expected(column: &'static str, expected: Expected) -> Self {
        Self::field(column, Detail::MustBe { expected })
    }

    /// A code that names nothing.
    pub fn no_such(column: &'static str, what: Noun) -> Self {
        Self::new(Code::NotFound, column, Detail::NoSuch { what, by: By::Code })
    }

    /// The file as a whole cannot be read.
    pub fn file(detail: Detail) -> Self {
        Self::new(Code::MalformedFile, "", detail)
    }

    /// The row as a whole cannot be read.
    pub fn malformed(detail: Detail) -> Self {
        Self::new(Code::MalformedRow, "", detail)
    }
}

impl From<Refusal> for Fault {
    /// The field of the refusal is the column.
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.field.unwrap_or_default(), refusal.detail)
    }
}
