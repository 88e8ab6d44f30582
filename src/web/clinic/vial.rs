//! What this browser's desk gave last: lot and site of injection, so that they are not typed again
//! for each person of the same vial. It names nobody.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, time::Duration},
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        ProductId,
        visit::{LOT_CHARS_MAX, Site},
    },
    web::host_cookie,
};

const COOKIE: &str = "__Host-vial";
/// A working day.
const KEPT_HOURS: i64 = 10;

/// Lot and site of the dose that was given last.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Vial {
    product_id: ProductId,
    pub site: Site,
    pub lot: String,
}

impl Vial {
    pub fn new(product_id: ProductId, site: Site, lot: &str) -> Self {
        Self { product_id, site, lot: lot.to_owned() }
    }

    /// What the browser has for the product. Another one has other vials.
    pub fn of(request: &HttpRequest, product_id: ProductId) -> Option<Self> {
        let cookie = request.cookie(COOKIE)?;
        let text = BASE64URL_NOPAD.decode(cookie.value().as_bytes()).ok()?;
        let vial: Self = serde_json::from_slice(&text).ok()?;
        let is_lawful = vial.lot.chars().count() <= LOT_CHARS_MAX;
        Some(vial).filter(|vial| is_lawful && vial.product_id == product_id)
    }

    /// Has the browser keep it.
    pub fn keep(&self) -> Cookie<'static> {
        let text = serde_json::to_vec(self).unwrap_or_default();
        host_cookie::strict(COOKIE, BASE64URL_NOPAD.encode(&text), Duration::hours(KEPT_HOURS))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_desk_keeps_the_vial_of_a_product() {
        let vial = Vial::new(ProductId(7), Site::RightArm, "EW 0182/가");
        let request = TestRequest::default().cookie(vial.keep()).to_http_request();
        assert_eq!(Vial::of(&request, ProductId(7)), Some(vial));
        assert_eq!(Vial::of(&request, ProductId(8)), None, "another product");
        let forged = Cookie::new(COOKIE, "nonsense");
        let request = TestRequest::default().cookie(forged).to_http_request();
        assert_eq!(Vial::of(&request, ProductId(7)), None);
    }
}
