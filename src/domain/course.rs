//! What a series of doses protects against.

use super::{CourseId, localized::Localized};

/// What a series of doses protects against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub course_id: CourseId,
    pub code: String,
    pub name: Localized,
}

/// A course before it has an id.
#[derive(Clone, Debug)]
pub struct NewCourse {
    pub code: String,
    pub name: Localized,
}
