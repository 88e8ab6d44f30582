//! Forms: what was wrong with a field, in the words that the page shows beside it and in the
//! summary on top.

/// A field that must be mended, as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The `id` of the first input to mend, to which the error summary links.
    pub field: &'static str,
    /// In the language of the page: what is wrong and how to mend it.
    pub text: String,
}
