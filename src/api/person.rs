//! What the register says about whoever is signed in; nobody sees anybody else here.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};

use crate::{
    db,
    domain::Refusal,
    http::{
        admission::{self, Admitted},
        principal::Citizen,
        problem::Problem,
        state::App,
    },
};

/// The session's own person.
///
/// # Errors
/// `unauthenticated`.
pub async fn get_me(
    _: Admitted<admission::Read>,
    app: Data<App>,
    Citizen(id): Citizen,
) -> Result<HttpResponse, Problem> {
    let person = db::person::find(&app.db.read, id).await?.ok_or_else(Refusal::not_found)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(person))
}
