//! Courses: what a series of doses protects against.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};

use super::{ByAdministrator, NameChange, Page, created, list, localized, ok};
use crate::{
    board::view::NameView,
    db,
    domain::{
        CourseId,
        course::{Course, NewCourse},
    },
    flows,
    http::{
        extract::{Json, Path, Query},
        field::Text,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourseRequest {
    code: Text<64>,
    name: Text<100>,
    name_ko: Option<Text<100>>,
    name_en: Option<Text<100>>,
}

impl From<CourseRequest> for NewCourse {
    fn from(new: CourseRequest) -> Self {
        let CourseRequest { code, name, name_ko, name_en } = new;
        Self { code: code.0, name: localized(name, name_ko, name_en) }
    }
}

#[derive(Serialize)]
struct CourseView<'a> {
    course_id: CourseId,
    code: &'a str,
    #[serde(flatten)]
    name: NameView<'a>,
}

impl<'a> From<&'a Course> for CourseView<'a> {
    fn from(course: &'a Course) -> Self {
        let Course { course_id, code, name } = course;
        Self { course_id: *course_id, code, name: name.into() }
    }
}

pub async fn list_courses(
    app: Data<App>,
    ByAdministrator { what: Query(page), .. }: ByAdministrator<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = CourseId(page.after.unwrap_or(0));
    let courses = db::course::list(&app.db.read, after, page.limit.0).await?;
    list("courses", &courses, page.limit, CourseView::from, |course| course.course_id.0)
}

/// # Errors
/// Those of `flows::course::add`.
pub async fn post_course(
    app: Data<App>,
    ByAdministrator { what: Json(new), .. }: ByAdministrator<Json<CourseRequest>>,
) -> Result<HttpResponse, Problem> {
    let course = flows::course::add(&app.db, new.into()).await?;
    Ok(created(&CourseView::from(&course)))
}

/// # Errors
/// Those of `flows::course::rename`.
pub async fn patch_course(
    app: Data<App>,
    request: ByAdministrator<(Path<CourseId>, Json<NameChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(course_id), Json(change)) = request.what;
    let course = flows::course::rename(&app.db, course_id, change.into()).await?;
    Ok(ok(&CourseView::from(&course)))
}
