//! All providers: which of them takes a message, and how they are.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    attempt::{Attempt, Verdict},
    breaker::State,
    local::LocalPage,
    outgoing::{Channel, Outgoing},
    provider::{Carriage, Limits, Provider},
    render::{self, Renderer},
    settings::{self, Settings},
};
use crate::{
    clock::Clock,
    config::Site,
    domain::{
        keys::Keys,
        outbox::{Claimed, Queue},
    },
    telemetry::{AttemptLabel, Metrics, ProviderLabel},
};

/// No further provider is asked about a message when this much time has passed with the others.
const ASKING_SECONDS_MAX: Duration = Duration::from_secs(20);
/// The share of a provider's pace that is left to codes by everything else.
const LEFT_TO_CODES: f64 = 0.2;
/// What the local page takes at once.
const LOCAL: Limits = Limits { per_second: None, at_once: 64, timeout: Duration::from_secs(1) };

/// How a provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Working,
    /// It failed again and again, and is left alone for a while.
    Down,
    /// The next message tells whether it works again.
    Trying,
}

/// A provider and how it is.
#[derive(Clone, Debug)]
pub struct Health {
    pub name: String,
    pub channel: Channel,
    pub condition: Condition,
}

/// Every way out, in order of preference.
pub struct Providers {
    settings: Settings,
    providers: Vec<Provider>,
    renderer: Renderer,
    local: Option<Arc<LocalPage>>,
    clock: Clock,
    metrics: Arc<Metrics>,
    /// How they were when that was last looked at.
    last: Mutex<Vec<Condition>>,
}

/// What the settings say about messages, before anything is sent.
#[derive(Debug)]
pub struct Plan {
    settings: Settings,
    providers: Vec<Provider>,
    local: Option<Arc<LocalPage>>,
    site: Site,
}

impl Plan {
    /// The providers of the file; and this machine's page, where messages are to be shown, for text
    /// messages that have no other way. None where there is no way at all.
    ///
    /// # Errors
    /// A sentence for the operator: everything in the file that cannot work.
    pub fn read(file: Option<&Path>, is_shown: bool, site: &Site) -> anyhow::Result<Option<Self>> {
        let (settings, mut providers) = match file {
            Some(file) => settings::read(file)?,
            None => (Settings::default(), Vec::new()),
        };
        let local = is_shown.then(|| Arc::new(LocalPage::default()));
        let has_sms = providers.iter().any(|provider| provider.channel == Channel::Sms);
        if let Some(page) = local.clone().filter(|_| !has_sms) {
            let page = Carriage::Local(page);
            providers.push(Provider::new("local".into(), Channel::Sms, LOCAL, page));
        }
        anyhow::ensure!(
            !has_sms || site.public_url.is_some(),
            "text messages need --public-url (DOSEBOOK_PUBLIC_URL): the last line of one with a \
             code is the address on which it may be used",
        );
        if providers.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { settings, providers, local, site: site.clone() }))
    }

    /// Sends one message by every provider of a kind, one after the other, whatever the ones before
    /// have answered; `to` is a phone number of digits alone, or an address. Their names, and what
    /// each answered.
    pub async fn try_each(&self, channel: Channel, to: &str) -> Vec<(&str, Attempt)> {
        let message = render::trial(&self.site, &self.settings, (channel, to));
        let mut answers = Vec::new();
        for provider in self.providers.iter().filter(|provider| provider.channel == channel) {
            // Nothing has failed yet, so that no breaker is open.
            let attempt = provider.attempt(&message, Clock::System.now()).await;
            answers.extend(attempt.map(|attempt| (provider.name.as_str(), attempt)));
        }
        answers
    }
}

impl Providers {
    pub fn new(plan: Plan, keys: &Keys, clock: Clock, metrics: Arc<Metrics>) -> Self {
        let Plan { settings, providers, local, site } = plan;
        let (renderer, last) = (Renderer::new(site, keys), Mutex::default());
        let opened = Self { settings, providers, renderer, local, clock, metrics, last };
        opened.show_health();
        opened
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Text messages that are shown on this machine, where they are.
    pub fn local(&self) -> Option<&LocalPage> {
        self.local.as_deref()
    }

    /// The names of the providers, in order of preference.
    pub fn names(&self) -> Vec<&str> {
        self.providers.iter().map(|provider| provider.name.as_str()).collect()
    }

    /// Whether there is a provider for it at all.
    pub fn carries(&self, channel: Channel) -> bool {
        self.of(channel).next().is_some()
    }

    /// By what the messages of a queue leave. Codes go to the phone, and by mail only where text
    /// messages cannot be sent at all.
    pub fn channel(&self, queue: Queue) -> Channel {
        match queue {
            Queue::Codes if !self.carries(Channel::Sms) => Channel::Mail,
            Queue::Codes | Queue::Texts => Channel::Sms,
            Queue::Mails => Channel::Mail,
        }
    }

    /// The message as it leaves by this channel; none for somebody who cannot be reached by it.
    pub fn outgoing(&self, message: &Claimed, channel: Channel) -> Option<Outgoing> {
        self.renderer.outgoing(message, channel, &self.settings)
    }

    /// How many messages may be under way at once.
    pub fn at_once(&self, channel: Channel) -> usize {
        self.of(channel).map(|provider| provider.limits.at_once).max().unwrap_or(0)
    }

    /// How many messages could be sent now; codes leave nothing to others.
    ///
    /// # Errors
    /// How long until one can be, where none can.
    pub fn room(&self, channel: Channel, is_code: bool) -> Result<usize, Duration> {
        let left = if is_code { 0.0 } else { LEFT_TO_CODES };
        let mut soonest = Duration::MAX;
        for provider in self.of(channel) {
            match provider.room(left) {
                Ok(room) => return Ok(room),
                Err(wait) => soonest = soonest.min(wait),
            }
        }
        Err(soonest)
    }

    /// Asks one provider after the other, by preference, until one has the message or may have it.
    /// It is refused only when each that was asked has refused it.
    pub async fn send(&self, message: &Outgoing) -> Attempt {
        let began = Instant::now();
        let mut last = None;
        for provider in self.of(message.channel()) {
            if began.elapsed() > ASKING_SECONDS_MAX {
                break;
            }
            let asked = Instant::now();
            let Some(attempt) = provider.attempt(message, self.clock.now()).await else { continue };
            self.count(provider, &attempt, asked.elapsed());
            match attempt.verdict {
                Verdict::Accepted | Verdict::Unsure => return attempt,
                Verdict::TryAgain => last = Some(attempt),
                Verdict::Refused => last = last.or(Some(attempt)),
            }
        }
        last.unwrap_or_else(|| Attempt::new(Verdict::TryAgain, "no provider works now"))
    }

    /// Every provider and how it is.
    pub fn health(&self) -> Vec<Health> {
        let health = |provider: &Provider| Health {
            name: provider.name.clone(),
            channel: provider.channel,
            condition: match provider.state() {
                State::Closed => Condition::Working,
                State::Open(_) => Condition::Down,
                State::HalfOpen => Condition::Trying,
            },
        };
        self.providers.iter().map(health).collect()
    }

    /// Writes how the providers are into the metrics, and into the log what has changed.
    pub fn show_health(&self) {
        let health = self.health();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.resize(health.len(), Condition::Working);
        let known = self.providers.iter().zip(health).zip(last.iter_mut());
        for ((provider, Health { name, channel, condition }), last) in known {
            let is_up = condition == Condition::Working;
            match (*last == Condition::Working, is_up) {
                (true, false) => {
                    let why = provider.trouble();
                    tracing::warn!(
                        provider = name,
                        why,
                        "messages cannot be sent by this provider"
                    );
                }
                (false, true) => tracing::info!(provider = name, "the provider works again"),
                (true, true) | (false, false) => {}
            }
            *last = condition;
            let label = ProviderLabel { provider: name, channel: channel.name() };
            self.metrics.provider_up.get_or_create(&label).set(is_up.into());
        }
    }

    fn of(&self, channel: Channel) -> impl Iterator<Item = &Provider> {
        self.providers.iter().filter(move |provider| provider.channel == channel)
    }

    fn count(&self, provider: &Provider, attempt: &Attempt, took: Duration) {
        let channel = provider.channel.name();
        let label = ProviderLabel { provider: provider.name.clone(), channel };
        self.metrics.provider_seconds.get_or_create(&label).observe(took.as_secs_f64());
        let (provider, verdict) = (provider.name.clone(), attempt.verdict.name());
        let label = AttemptLabel { provider, channel, verdict };
        self.metrics.provider_attempts.get_or_create(&label).inc();
        if attempt.verdict != Verdict::Accepted {
            let (provider, why) = (&label.provider, &attempt.why);
            tracing::debug!(provider, channel, verdict, why, "a message was not taken");
        }
    }
}
