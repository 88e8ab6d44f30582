//! What is counted of the database: transactions by name, and the wait for a connection by pool.
//! Single statements are not timed here: that is what `pg_stat_statements` is for, and each of ours
//! begins with the name of its function.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Committed,
    /// The work said no by itself: a refusal, a dry run.
    RolledBack,
    /// The database said no, or was lost.
    Failed,
    /// It outlived our limit.
    TimedOut,
    /// It was dropped half way, because its client hung up.
    Abandoned,
    /// It never began.
    NoConnection,
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Abandoned => "abandoned",
            Self::NoConnection => "no_connection",
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct EndedLabel {
    name: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct NameLabel {
    name: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PoolLabel {
    pool: &'static str,
}

/// The database's families.
#[derive(Debug)]
pub struct Metrics {
    transactions: Family<EndedLabel, Counter>,
    transaction_seconds: Family<NameLabel, Histogram>,
    connection_wait_seconds: Family<PoolLabel, Histogram>,
}

impl Default for Metrics {
    fn default() -> Self {
        // In fourfold steps, because there are some forty names: 1 ms to 16 s, 0.1 ms to 1.6 s.
        let transaction: fn() -> Histogram = || Histogram::new(fourfold(0.001));
        let wait: fn() -> Histogram = || Histogram::new(fourfold(0.000_1));
        Self {
            transactions: Family::default(),
            transaction_seconds: Family::new_with_constructor(transaction),
            connection_wait_seconds: Family::new_with_constructor(wait),
        }
    }
}

fn fourfold(start: f64) -> impl Iterator<Item = f64> {
    (0..8).map(move |n| start * 4f64.powi(n))
}

impl Metrics {
    /// Has the families shown with the others.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "transactions",
            "Transactions by name and outcome",
            self.transactions.clone(),
        );
        registry.register(
            "transaction_seconds",
            "Seconds from having a connection to the end of the transaction",
            self.transaction_seconds.clone(),
        );
        registry.register(
            "connection_wait_seconds",
            "Seconds until a pool gave out a connection, or gave up",
            self.connection_wait_seconds.clone(),
        );
    }

    /// Counts a transaction that ended, after so long on its connection.
    pub fn ended(&self, name: &'static str, outcome: Outcome, took: Duration) {
        self.count(name, outcome);
        let seconds = self.transaction_seconds.get_or_create(&NameLabel { name });
        seconds.observe(took.as_secs_f64());
    }

    /// Counts a transaction that never began.
    pub fn no_connection(&self, name: &'static str) {
        self.count(name, Outcome::NoConnection);
    }

    fn count(&self, name: &'static str, outcome: Outcome) {
        let ended = EndedLabel { name, outcome: outcome.label() };
        self.transactions.get_or_create(&ended).inc();
    }

    /// The histogram of one pool's waits.
    pub(super) fn wait(&self, pool: &'static str) -> Histogram {
        self.connection_wait_seconds.get_or_create(&PoolLabel { pool }).clone()
    }
}
