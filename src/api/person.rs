//! What the register says about whoever is signed in; nobody sees anybody else here.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};

use super::{
    principal::Citizen,
    problem::Problem,
    turn::{self, Turn},
};
use crate::{app::App, db, domain::Refusal};

/// The session's own person.
///
/// # Errors
/// `unauthenticated`.
pub async fn get_me(
    _: Turn<turn::Read>,
    app: Data<App>,
    Citizen(id): Citizen,
) -> Result<HttpResponse, Problem> {
    let person = db::person::find(&app.db.read, id).await?.ok_or_else(Refusal::not_found)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(person))
}
