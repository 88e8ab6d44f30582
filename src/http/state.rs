//! The state that all handlers share.

use std::{
    net::SocketAddr,
    sync::{Arc, Once, OnceLock},
};

use chrono::NaiveDate;
use tokio::sync::Notify;

use super::{
    answer_cache::AnswerCache, gates::Gates, import_job::ImportJobs, request_id::RequestIds,
    shelf::Shelf,
};
use crate::{
    board::Board,
    clock::Clock,
    config::{Block, Patience, Site},
    db::Db,
    domain::{ClinicId, calendar::local_date, code_cap::SharedCeiling, keys::Keys},
    flows::{
        import::Imports, lane::Lanes, outbox::ShownCodes, readiness::Readiness, session::SignOuts,
        sign_in::SignInLane, staff_session::DeskDoor,
    },
    messaging::Providers,
    telemetry::Metrics,
    worker_pool::WorkerPool,
};

/// What handlers share.
pub struct App {
    pub db: Db,
    pub keys: Keys,
    pub clock: Clock,
    pub lanes: Lanes,
    /// Where citizens are sent codes, and signed in by them.
    pub sign_ins: SignInLane,
    /// Whether something can be written.
    pub readiness: Readiness,
    pub board: Board,
    /// The public pages, made of the board.
    pub shelf: Shelf,
    pub metrics: Arc<Metrics>,
    pub gates: Gates,
    pub request_ids: RequestIds,
    /// Through which staff sign in.
    pub desk_door: DeskDoor,
    /// Makes answers that cost much.
    pub answers: WorkerPool,
    /// Answers that many ask for alike.
    pub kept: AnswerCache,
    pub imports: Imports,
    /// Files that administrators have sent by a page.
    pub import_jobs: ImportJobs,
    pub sign_outs: Arc<SignOuts>,
    /// One-time codes that are shown on this machine; none where they are not shown.
    pub shown_codes: Option<Arc<ShownCodes>>,
    /// Where they are shown, once it listens there.
    pub codes_page: OnceLock<SocketAddr>,
    pub trusted_proxies: Vec<Block>,
    /// How long clients are waited for.
    pub patience: Patience,
    /// Whether a proxy has been heard of that is not trusted: said once.
    pub stranger: Once,
    pub ceiling: SharedCeiling,
    pub site: Site,
    /// By what messages leave; none where none does.
    pub providers: Option<Arc<Providers>>,
    /// Notified when this process has put a message in the outbox.
    pub outbox: Arc<Notify>,
}

impl App {
    /// What is today where no clinic is named.
    pub fn today(&self) -> NaiveDate {
        local_date(self.clock.now(), self.site.zone)
    }

    /// What is today at a clinic; where no clinic is named, if the board does not know it yet.
    pub fn today_at(&self, clinic_id: ClinicId) -> NaiveDate {
        let board = self.board.now();
        let place = board.catalogue.place_of(clinic_id);
        let site = place.and_then(|place| board.catalogue.clinics.get(place));
        let zone = site.map_or(self.site.zone, |site| site.clinic.zone);
        local_date(self.clock.now(), zone)
    }

    /// After how many seconds somebody should come again who was told no for a reason of ours, and
    /// nothing says when it ends. Each is told a time of their own.
    pub fn seconds_until_again(&self) -> u64 {
        self.gates.seconds_until_again(self.board.cut_off_for())
    }
}
