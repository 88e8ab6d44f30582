//! The state that all handlers share.

use std::sync::Arc;

use tokio::sync::Notify;

use super::{gates::Gates, request_id::RequestIds, shelf::Shelf};
use crate::{
    board::Board,
    clock::Clock,
    config::Site,
    db::Db,
    domain::keys::Keys,
    flows::{import::Imports, lane::Lanes, password::Passwords},
    telemetry::Metrics,
};

/// What handlers share.
pub struct App {
    pub db: Db,
    pub keys: Keys,
    pub clock: Clock,
    pub lanes: Lanes,
    pub board: Board,
    /// The public pages, made of the board.
    pub shelf: Shelf,
    pub metrics: Arc<Metrics>,
    pub gates: Gates,
    pub request_ids: RequestIds,
    pub passwords: Passwords,
    pub imports: Imports,
    pub site: Site,
    /// Whether one-time codes may be shown on this machine instead of being sent.
    pub is_local: bool,
    /// Notified when this process has put a message in the outbox.
    pub outbox: Arc<Notify>,
}
