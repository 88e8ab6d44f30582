//! Courses: what a series of doses protects against.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{Asked, Page, created, list};
use crate::{
    db,
    domain::CourseId,
    flows,
    http::{
        extract::{Json, Query},
        field::Text,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCourse {
    code: Text<64>,
    name: Text<100>,
}

pub async fn list_courses(
    app: Data<App>,
    Asked { what: Query(page), .. }: Asked<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = CourseId(page.after.unwrap_or(0));
    let courses = db::course::list(&app.db.read, after, page.limit.0).await?;
    list("courses", &courses, page.limit, |course| course.course_id.0)
}

/// # Errors
/// Those of `flows::course::add`.
pub async fn post_course(
    app: Data<App>,
    Asked { what: Json(new), .. }: Asked<Json<NewCourse>>,
) -> Result<HttpResponse, Problem> {
    let course = flows::course::add(&app.db, new.code.0, new.name.0).await?;
    Ok(created(&course))
}
