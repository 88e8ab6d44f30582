//! Logs and metrics: what an operator sees at 20:00. Nothing personal goes in either.

use std::{
    io::IsTerminal,
    sync::{Mutex, atomic::AtomicU64},
};

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
    // It writes an error for whatever strangers send that is no HTTP; `http::server` counts those.
    let quiet = "actix_http::h1::dispatcher=off".parse();
    let filter = quiet.into_iter().fold(filter, EnvFilter::add_directive);
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

/// From a tenth of a second to an hour and more.
fn message_seconds() -> Histogram {
    Histogram::new([0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0])
}

/// From five milliseconds to ten seconds and more.
fn attempt_seconds() -> Histogram {
    Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
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

/// A class of requests, and whether they were let in.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct AdmissionLabel {
    /// As `http::class` names it
    pub class: &'static str,
    /// `admitted` or `refused`
    pub outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct TaskLabel {
    /// `lane`, or the name of a background job
    pub task: &'static str,
}

/// Why a connection was closed before its client did.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct ClosedLabel {
    /// `slow_head`, `slow_body`, `not_reading`, `silent` or `crowded`
    pub why: &'static str,
}

/// A provider of messages.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct ProviderLabel {
    /// Its name in the settings.
    pub provider: String,
    /// `sms` or `mail`
    pub channel: &'static str,
}

/// A provider of messages, and what it answered.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct AttemptLabel {
    pub provider: String,
    pub channel: &'static str,
    /// `accepted`, `try_again`, `unsure` or `refused`
    pub verdict: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct QueueLabel {
    /// `codes`, `texts` or `mails`
    pub queue: &'static str,
}

/// What became of a message.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct MessageLabel {
    /// `codes`, `texts` or `mails`
    pub queue: &'static str,
    /// `sent`, `refused`, `retried`, `held` (by quiet hours), `expired`, `decoy`, `unreachable` or
    /// `unknown`
    pub outcome: &'static str,
}

/// What lanes that do one kind of work count; a clone counts the same.
#[derive(Clone, Debug)]
pub struct BatchMetrics {
    /// Decided requests, by outcome.
    pub decisions: Family<OutcomeLabel, Counter>,
    /// Requests decided per transaction.
    pub batch_requests: Histogram,
    /// Seconds from taking a batch to its commit.
    pub batch_seconds: Histogram,
    /// Seconds spent in transactions.
    pub lane_seconds: Counter<f64, AtomicU64>,
    /// Requests that wait to be taken into a batch.
    pub queued: Gauge,
    /// Callers who wait for a decision; those who have hung up are none.
    pub callers: Gauge,
    /// Requests refused because they would have waited too long.
    pub overflows: Counter,
    /// Requests dropped undecided: nobody waited for them any more, or they had waited too long.
    pub abandoned: Counter,
    /// Batches that were done again after a conflict or a lost connection.
    pub retries: Counter,
    /// Requests that wait for what another transaction has locked.
    pub blocked: Gauge,
}

impl Default for BatchMetrics {
    fn default() -> Self {
        Self {
            decisions: Family::default(),
            batch_requests: batch_requests(),
            batch_seconds: batch_seconds(),
            lane_seconds: Counter::default(),
            queued: Gauge::default(),
            callers: Gauge::default(),
            overflows: Counter::default(),
            abandoned: Counter::default(),
            retries: Counter::default(),
            blocked: Gauge::default(),
        }
    }
}

impl BatchMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("decisions", "Requests decided, by outcome", self.decisions.clone());
        registry.register(
            "batch_requests",
            "Requests decided per transaction",
            self.batch_requests.clone(),
        );
        registry.register(
            "batch_seconds",
            "Seconds from taking a batch to its commit",
            self.batch_seconds.clone(),
        );
        registry.register(
            "lane_seconds",
            "Seconds spent in transactions",
            self.lane_seconds.clone(),
        );
        registry.register("queued", "Requests that wait for a batch", self.queued.clone());
        registry.register(
            "overflows",
            "Requests refused because they would have waited too long",
            self.overflows.clone(),
        );
        registry.register("callers", "Callers who wait for a decision", self.callers.clone());
        registry.register(
            "abandoned",
            "Requests dropped because nobody waited for them any more",
            self.abandoned.clone(),
        );
        registry.register("batch_retries", "Batches done again", self.retries.clone());
        registry.register(
            "blocked",
            "Requests that wait for what another transaction has locked",
            self.blocked.clone(),
        );
    }
}

fn powers(start: f64, count: i32) -> impl Iterator<Item = f64> {
    (0..count).map(move |n| start * 2f64.powi(n))
}

fn batch_requests() -> Histogram {
    Histogram::new(powers(1.0, 11))
}

fn batch_seconds() -> Histogram {
    Histogram::new(powers(0.000_5, 13))
}

/// Everything that `/metrics` shows.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    /// What the lanes count that write bookings.
    pub lanes: BatchMetrics,
    /// What signing in by codes counts.
    pub sign_ins: BatchMetrics,
    /// Panics that were caught, by task.
    pub panics: Family<TaskLabel, Counter>,
    /// HTTP answers by method and status.
    pub answers: Family<AnswerLabel, Counter>,
    /// Requests that asked to be let in, by class.
    pub admissions: Family<AdmissionLabel, Counter>,
    /// Connections that were closed before their clients did, by why.
    pub closed: Family<ClosedLabel, Counter>,
    /// Connections that were closed because they did not speak HTTP.
    pub malformed: Counter,
    /// Messages by what became of them.
    pub messages: Family<MessageLabel, Counter>,
    /// Seconds from what a message is about until a provider had it.
    pub message_seconds: Family<QueueLabel, Histogram>,
    /// Messages that wait in the outbox.
    pub messages_waiting: Family<QueueLabel, Gauge>,
    /// Seconds for which the first of them has been due.
    pub messages_late_seconds: Family<QueueLabel, Gauge>,
    /// Attempts to hand a message to a provider, by what it answered.
    pub provider_attempts: Family<AttemptLabel, Counter>,
    /// Seconds that such an attempt took.
    pub provider_seconds: Family<ProviderLabel, Histogram>,
    /// 1 while a provider works, 0 while it is left alone.
    pub provider_up: Family<ProviderLabel, Gauge>,
    /// Persons whose keys were made anew.
    pub person_keys_made: Counter,
    /// Persons who keep a key of the form before, because their new one is another person's.
    pub person_keys_shared: Gauge,
}

impl Metrics {
    /// Starts from nothing; the database's are shown with the others.
    pub fn new(db: &db::Metrics) -> Self {
        let mut registry = Registry::with_prefix("dosebook");
        let metrics = Self {
            lanes: BatchMetrics::default(),
            sign_ins: BatchMetrics::default(),
            panics: Family::default(),
            answers: Family::default(),
            admissions: Family::default(),
            closed: Family::default(),
            malformed: Counter::default(),
            messages: Family::default(),
            message_seconds: Family::new_with_constructor(message_seconds),
            messages_waiting: Family::default(),
            messages_late_seconds: Family::default(),
            provider_attempts: Family::default(),
            provider_seconds: Family::new_with_constructor(attempt_seconds),
            provider_up: Family::default(),
            person_keys_made: Counter::default(),
            person_keys_shared: Gauge::default(),
            registry: Mutex::default(),
        };
        metrics.lanes.register(&mut registry);
        metrics.sign_ins.register(registry.sub_registry_with_prefix("sign_in"));
        metrics.register_connections(&mut registry);
        metrics.register_persons(&mut registry);
        metrics.register_messages(&mut registry);
        db.register(&mut registry);
        Self { registry: Mutex::new(registry), ..metrics }
    }

    fn register_connections(&self, registry: &mut Registry) {
        registry.register("panics", "Panics that were caught, by task", self.panics.clone());
        registry.register("answers", "HTTP answers", self.answers.clone());
        registry.register(
            "admissions",
            "Requests that asked to be let in, by class",
            self.admissions.clone(),
        );
        registry.register(
            "closed",
            "Connections that were closed before their clients did",
            self.closed.clone(),
        );
        registry.register(
            "malformed",
            "Connections that were closed because they did not speak HTTP",
            self.malformed.clone(),
        );
    }

    fn register_persons(&self, registry: &mut Registry) {
        registry.register(
            "person_keys_made",
            "Persons whose keys were made anew",
            self.person_keys_made.clone(),
        );
        registry.register(
            "person_keys_shared",
            "Persons who keep an earlier key, because their new one is another person's",
            self.person_keys_shared.clone(),
        );
    }

    fn register_messages(&self, registry: &mut Registry) {
        registry.register("messages", "Messages by what became of them", self.messages.clone());
        registry.register(
            "message_seconds",
            "Seconds from what a message is about until a provider had it",
            self.message_seconds.clone(),
        );
        registry.register(
            "messages_waiting",
            "Messages that wait in the outbox",
            self.messages_waiting.clone(),
        );
        registry.register(
            "messages_late_seconds",
            "Seconds for which the first message of a queue has been due",
            self.messages_late_seconds.clone(),
        );
        registry.register(
            "provider_attempts",
            "Attempts to hand a message to a provider, by what it answered",
            self.provider_attempts.clone(),
        );
        registry.register(
            "provider_seconds",
            "Seconds of such an attempt",
            self.provider_seconds.clone(),
        );
        registry.register(
            "provider_up",
            "1 while a provider works, 0 while it is left alone",
            self.provider_up.clone(),
        );
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
