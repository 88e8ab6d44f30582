//! What a series of doses protects against.

use serde::Serialize;

use super::CourseId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Course {
    pub course_id: CourseId,
    pub code: String,
    pub name: String,
}
