//! The page that asks whether to end a rule.

use askama::Template;

use super::head::Head;
use crate::web::{staff_page::StaffFrame, text::Texts};

/// Whether to end one.
#[derive(Template)]
#[template(path = "admin/campaign/end.html")]
pub struct End<'a> {
    pub t: Texts,
    pub staff: StaffFrame<'a>,
    pub head: Head,
    pub changes: Vec<String>,
    pub heading: String,
    pub what: String,
    pub consequence: &'static str,
    pub action: String,
    pub back: String,
}
