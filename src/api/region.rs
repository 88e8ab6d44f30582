//! Provinces and districts.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::negotiate;
use crate::app::App;

/// All of them, by id.
pub async fn list_regions(app: Data<App>, request: HttpRequest) -> HttpResponse {
    negotiate::send(&request, &app.board.now().catalogue.region_list)
}
