//! What a lane decides. Its queue, its batches, what it does when a batch fails or somebody holds a
//! lock, and how it answers are the same whatever that is.

use std::{fmt::Debug, future::Future};

use sqlx::PgConnection;

use super::{
    chain::Chain,
    transaction::{self, Done, KnownRules, Locks},
};
use crate::{
    domain::{
        SlotId,
        batch::{Decide, Outcome, Request},
    },
    telemetry::{BatchMetrics, Metrics},
};

/// What a lane decides, and how it does so in one transaction.
pub trait Work: Send + Sync + 'static {
    type Request: Clone + Debug + Send + Sync + 'static;
    type Outcome: Debug + Send + 'static;

    /// The task in logs and metrics, and the name of its connection.
    const TASK: &'static str;
    /// The transaction in metrics and errors.
    const TRANSACTION: &'static str;

    /// Those of the metrics that are this lane's.
    fn metrics(metrics: &Metrics) -> BatchMetrics;

    /// Which of the lanes decides the request, by a number that is taken modulo theirs.
    fn lane(request: &Self::Request) -> usize;

    /// Whether the request goes before those for which this is false.
    fn goes_first(request: &Self::Request) -> bool;

    /// The slot that a request is about, for logs.
    fn slot_id(request: &Self::Request) -> Option<SlotId>;

    /// The name of an outcome in metrics.
    fn name(outcome: &Self::Outcome) -> &'static str;

    /// Decides as many of the first requests as can go into one transaction, and commits.
    ///
    /// # Errors
    /// The database's. Nothing was done then, unless the connection was lost during the commit.
    /// Running the same requests again finds what was done.
    fn run(
        &mut self,
        conn: &mut PgConnection,
        requests: &[Self::Request],
        how: (&mut Chain, Locks),
    ) -> impl Future<Output = sqlx::Result<Done<Self::Outcome>>> + Send;

    /// Forgets what a batch that fell over may have left half changed.
    fn forget(&mut self);
}

/// Bookings and all that goes by the same locks.
pub struct Bookings {
    known: KnownRules,
    decide: Decide,
}

impl Bookings {
    pub fn new(decide: Decide) -> Self {
        Self { known: KnownRules::default(), decide }
    }
}

impl Work for Bookings {
    type Request = Request;
    type Outcome = Outcome;

    const TASK: &'static str = "lane";
    const TRANSACTION: &'static str = "book";

    fn metrics(metrics: &Metrics) -> BatchMetrics {
        metrics.lanes.clone()
    }

    fn lane(request: &Request) -> usize {
        usize::try_from(request.slot_id().clinic().0).unwrap_or(0)
    }

    fn goes_first(request: &Request) -> bool {
        match request {
            // A press waits no longer than a booking: somebody stands at the desk.
            Request::Book(_) | Request::BookFor(_) | Request::Visit(_) => true,
            Request::Cancel(_) | Request::CancelFor { .. } | Request::Displace(_) => false,
        }
    }

    fn slot_id(request: &Request) -> Option<SlotId> {
        Some(request.slot_id())
    }

    fn name(outcome: &Outcome) -> &'static str {
        outcome.name()
    }

    async fn run(
        &mut self,
        conn: &mut PgConnection,
        requests: &[Request],
        (chain, locks): (&mut Chain, Locks),
    ) -> sqlx::Result<Done> {
        let rules = (&mut self.known, self.decide);
        transaction::run_in(chain, conn, rules, requests, locks).await
    }

    fn forget(&mut self) {
        self.known = KnownRules::default();
    }
}
