//! One provider: its way out, the limits that are kept for it, and the breaker in front of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::time::{sleep, timeout};

use super::{
    attempt::{Attempt, Verdict},
    breaker::{Breaker, Pass, State},
    gateway::Gateway,
    local::LocalPage,
    mail::Smtp,
    outgoing::{Channel, Outgoing},
    pace::Pace,
    webhook::Webhook,
};

/// Nobody waits longer for their turn at a provider; the message is put back instead.
const TURN_WAIT_MAX: Duration = Duration::from_secs(5);

/// What is kept for a provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) per_second: Option<f64>,
    pub(super) at_once: usize,
    pub(super) timeout: Duration,
}

/// By what a provider is reached.
#[derive(Debug)]
pub(super) enum Carriage {
    Gateway(Gateway),
    Smtp(Smtp),
    Webhook(Webhook),
    Local(Arc<LocalPage>),
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhook")
    }
}

#[derive(Debug)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) channel: Channel,
    pub(super) limits: Limits,
    carriage: Carriage,
    breaker: Breaker,
    pace: Option<Pace>,
    /// Why the last message was not taken.
    trouble: Mutex<String>,
}

impl Provider {
    pub(super) fn new(name: String, channel: Channel, limits: Limits, carriage: Carriage) -> Self {
        let pace = limits.per_second.map(|rate| Pace::new(rate, Instant::now()));
        let (breaker, trouble) = (Breaker::default(), Mutex::default());
        Self { name, channel, limits, carriage, breaker, pace, trouble }
    }

    /// Why the last message that it has not taken was not.
    pub(super) fn trouble(&self) -> String {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn state(&self) -> State {
        self.breaker.state(Instant::now())
    }

    /// How many messages it would take at once, when a share of its pace is left to others.
    ///
    /// # Errors
    /// How long until it takes one, where it takes none.
    pub(super) fn room(&self, left_to_others: f64) -> Result<usize, Duration> {
        let now = Instant::now();
        let most = match self.breaker.state(now) {
            State::Open(until) => return Err(until.saturating_duration_since(now)),
            State::HalfOpen if self.breaker.is_probing() => return Err(Duration::from_millis(100)),
            State::HalfOpen => 1,
            State::Closed => self.limits.at_once,
        };
        match &self.pace {
            None => Ok(most),
            Some(pace) => pace.room(now, left_to_others).map(|turns| turns.min(most)),
        }
    }

    /// One attempt, bounded in time; none while the breaker is open.
    pub(super) async fn attempt(&self, message: &Outgoing, now: DateTime<Utc>) -> Option<Attempt> {
        let pass = self.breaker.pass(Instant::now())?;
        let wait = self.pace.as_ref().map_or(Duration::ZERO, |pace| pace.turn(Instant::now()));
        if wait > TURN_WAIT_MAX {
            return Some(Attempt::new(Verdict::TryAgain, "too many wait for their turn"));
        }
        if !wait.is_zero() {
            sleep(wait).await;
        }
        let attempt = match timeout(self.limits.timeout, self.carry(message, now)).await {
            Ok(attempt) => attempt,
            Err(_elapsed) => Attempt::new(Verdict::Unsure, "no answer in time"),
        };
        Some(self.take_note(pass, attempt))
    }

    async fn carry(&self, message: &Outgoing, now: DateTime<Utc>) -> Attempt {
        match (&self.carriage, message) {
            (Carriage::Gateway(gateway), Outgoing::Text(text)) => gateway.carry(text).await,
            (Carriage::Smtp(smtp), Outgoing::Mail(mail)) => smtp.carry(mail, now).await,
            (Carriage::Webhook(webhook), message) => webhook.carry(message, now).await,
            (Carriage::Local(page), Outgoing::Text(text)) => {
                page.show(text);
                Attempt::new(Verdict::Accepted, "shown")
            }
            (Carriage::Gateway(_) | Carriage::Local(_), Outgoing::Mail(_))
            | (Carriage::Smtp(_), Outgoing::Text(_)) => {
                Attempt::new(Verdict::TryAgain, "no such message goes this way")
            }
        }
    }

    /// Tells the breaker. A refusal by a provider that refuses everybody gives nothing up.
    fn take_note(&self, pass: Pass<'_>, attempt: Attempt) -> Attempt {
        if attempt.verdict != Verdict::Accepted {
            attempt
                .why
                .clone_into(&mut self.trouble.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let now = Instant::now();
        match (attempt.verdict, attempt.rest) {
            (Verdict::Accepted, _) => pass.worked(),
            (Verdict::Refused, _) => {
                pass.refused();
                if self.breaker.refuses_everybody() {
                    let why = format!("{}, as everybody is refused", attempt.why);
                    return Attempt::new(Verdict::TryAgain, why);
                }
            }
            (Verdict::TryAgain | Verdict::Unsure, Some(rest)) => pass.must_rest(now + rest),
            (Verdict::TryAgain | Verdict::Unsure, None) => pass.failed(now),
        }
        attempt
    }
}
