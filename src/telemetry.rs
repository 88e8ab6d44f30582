//! Logs and metrics: what an operator sees at 20:00. Nothing personal goes in either.

use std::{io::IsTerminal, sync::Mutex};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{config::LogFormat, db};

/// Starts logging to standard error; `RUST_LOG` chooses what, `info` by default. A second call does
/// nothing, so that tests may all call it.
pub fn init(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=error,actix_server=warn"));
    let ansi = std::io::stderr().is_terminal();
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(ansi).with_target(false);
    // A line that cannot be written is dropped: to complain about it on standard error would panic
    // where that is what nobody reads.
    let lines = lines.log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Json => registry.with(lines.json()).try_init(),
        LogFormat::Pretty => registry.with(lines).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging had been started before");
    }
}

/// What a request to book or cancel came to.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct OutcomeLabel {
    /// `booked`, `cancelled`, `replayed`, or the code of a refusal
    pub outcome: &'static str,
}

/// Method and status of an answer.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct AnswerLabel {
    pub method: &'static str,
    pub status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct TaskLabel {
    /// `lane`, or the name of a background job
    pub task: &'static str,
}

/// Everything that `/metrics` shows.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    /// Decided requests to book or cancel, by outcome.
    pub decisions: Family<OutcomeLabel, Counter>,
    /// Requests decided per booking transaction.
    pub batch_requests: Histogram,
    /// Seconds from taking a batch to its commit.
    pub batch_seconds: Histogram,
    /// Requests that wait in the lanes.
    pub queued: Gauge,
    /// Callers who wait for a decision; those who have hung up are none.
    pub callers: Gauge,
    /// Requests refused because they would have waited too long.
    pub overflows: Counter,
    /// Requests dropped undecided: nobody waited for them any more, or they had waited too long.
    pub abandoned: Counter,
    /// Batches that were done again after a conflict or a lost connection.
    pub retries: Counter,
    /// Requests that wait for a row that another transaction has locked.
    pub blocked: Gauge,
    /// Panics that were caught, by task.
    pub panics: Family<TaskLabel, Counter>,
    /// HTTP answers by method and status.
    pub answers: Family<AnswerLabel, Counter>,
}

impl Metrics {
    /// Starts from nothing; the database's are shown with the others.
    pub fn new(db: &db::Metrics) -> Self {
        let mut registry = Registry::with_prefix("dosebook");
        let powers = |start, count| (0..count).map(move |n| start * 2f64.powi(n));
        let metrics = Self {
            decisions: Family::default(),
            batch_requests: Histogram::new(powers(1.0, 11)),
            batch_seconds: Histogram::new(powers(0.000_5, 13)),
            queued: Gauge::default(),
            callers: Gauge::default(),
            overflows: Counter::default(),
            abandoned: Counter::default(),
            retries: Counter::default(),
            blocked: Gauge::default(),
            panics: Family::default(),
            answers: Family::default(),
            registry: Mutex::default(),
        };
        registry.register("decisions", "Requests decided, by outcome", metrics.decisions.clone());
        registry.register(
            "batch_requests",
            "Requests decided per booking transaction",
            metrics.batch_requests.clone(),
        );
        registry.register(
            "batch_seconds",
            "Seconds from taking a batch to its commit",
            metrics.batch_seconds.clone(),
        );
        registry.register("queued", "Requests that wait in the lanes", metrics.queued.clone());
        registry.register(
            "overflows",
            "Requests refused because they would have waited too long",
            metrics.overflows.clone(),
        );
        registry.register("callers", "Callers who wait for a decision", metrics.callers.clone());
        registry.register(
            "abandoned",
            "Requests dropped because nobody waited for them any more",
            metrics.abandoned.clone(),
        );
        registry.register("batch_retries", "Batches done again", metrics.retries.clone());
        registry.register(
            "blocked",
            "Requests that wait for a row that another transaction has locked",
            metrics.blocked.clone(),
        );
        registry.register("panics", "Panics that were caught, by task", metrics.panics.clone());
        registry.register("answers", "HTTP answers", metrics.answers.clone());
        db.register(&mut registry);
        Self { registry: Mutex::new(registry), ..metrics }
    }

    /// The OpenMetrics text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if text::encode(&mut text, &registry).is_err() {
            tracing::error!("metrics could not be written");
        }
        text
    }
}
