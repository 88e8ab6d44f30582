//! HTTP: what every route needs and no resource owns. Resources stand in `api`, pages in `web`.

pub mod access_log;
pub mod admission;
pub mod caller;
pub mod extract;
pub mod field;
pub mod gates;
pub mod head;
pub mod idempotency_key;
pub mod if_match;
pub mod import_job;
pub mod language;
mod named;
pub mod negotiate;
pub mod page;
pub mod prerendered;
pub mod principal;
pub mod problem;
pub mod reason;
pub mod request_id;
pub mod route;
pub mod shelf;
pub mod state;
pub mod unread_body;
pub mod upload;
