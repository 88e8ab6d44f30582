//! The file of `--messages`: by what messages leave, and when.

use std::{fmt::Write, fs, path::Path, time::Duration};

use anyhow::Context;
use chrono::NaiveTime;
use serde::Deserialize;

use super::{
    gateway::{Gateway, GatewaySource},
    mail::{Smtp, SmtpSource},
    outgoing::Channel,
    place::Place,
    provider::{Carriage, Limits, Provider},
    webhook::{Webhook, WebhookSource},
};
use crate::domain::{language::Language, quiet_hours::QuietHours, sms_length::SmsStandard};

const TIMEOUT_SECONDS: u64 = 10;
/// An attempt must end well before others may take the message over.
const TIMEOUT_SECONDS_MAX: u64 = 15;
const AT_ONCE: usize = 64;
const AT_ONCE_MAX: usize = 1_000;
const MAIL_AT_ONCE: usize = 16;

/// What the file says, in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    language: Option<String>,
    quiet_hours: Option<String>,
    reminder_at: Option<String>,
    country_code: Option<String>,
    sms_standard: Option<String>,
    #[serde(default)]
    sms: Vec<SmsSource>,
    #[serde(default)]
    mail: Vec<MailSource>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmsSource {
    name: String,
    per_second: Option<f64>,
    at_once: Option<usize>,
    timeout_seconds: Option<u64>,
    http: Option<GatewaySource>,
    webhook: Option<WebhookSource>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailSource {
    name: String,
    per_second: Option<f64>,
    at_once: Option<usize>,
    timeout_seconds: Option<u64>,
    smtp: Option<SmtpSource>,
    webhook: Option<WebhookSource>,
}

/// What is true of every message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For persons of whom nobody knows which they read.
    pub language: Language,
    /// In the zone of the clinic; codes know none.
    pub quiet_hours: Option<QuietHours>,
    /// On the day before the appointment, in the zone of the clinic.
    pub reminder_at: Option<NaiveTime>,
    /// In front of phone numbers that begin with a zero.
    pub country_code: String,
    pub sms_standard: SmsStandard,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: Language::Korean,
            quiet_hours: Some(QuietHours::default()),
            reminder_at: NaiveTime::from_hms_opt(10, 0, 0),
            country_code: "82".into(),
            sms_standard: SmsStandard::default(),
        }
    }
}

/// The settings of a file, and the providers in it in order of preference.
///
/// # Errors
/// A sentence for the operator: the file cannot be read, or everything in it that cannot work, each
/// with its place.
pub(super) fn read(path: &Path) -> anyhow::Result<(Settings, Vec<Provider>)> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the file of --messages, {}", path.display()))?;
    parse(&text).map_err(|faults| {
        let mut told = format!("{} cannot work:", path.display());
        for fault in faults {
            let _ = write!(told, "\n  {}", fault.trim_end().replace('\n', "\n  "));
        }
        anyhow::anyhow!(told)
    })
}

pub(super) fn parse(text: &str) -> Result<(Settings, Vec<Provider>), Vec<String>> {
    let source: Source = toml::from_str(text).map_err(|error| vec![error.to_string()])?;
    let mut faults = Vec::new();
    let mut top = Place::new(&mut faults, "");
    let settings = settings(&source, &mut top);
    let mut providers = Vec::new();
    for (nth, source) in source.sms.iter().enumerate() {
        let mut place = top.within(&format!("sms[{nth}] {:?}", source.name));
        let shape = (source.per_second, source.at_once, source.timeout_seconds);
        let limits = limits(shape, AT_ONCE, &mut place);
        let carriage = match (&source.http, &source.webhook) {
            (Some(http), None) => {
                Gateway::read(http, limits.at_once, place.within("http")).map(Carriage::Gateway)
            }
            (None, Some(webhook)) => webhook_of(webhook, limits, &mut place),
            _ => {
                place.fault("by what? one of [sms.http] and [sms.webhook]");
                None
            }
        };
        let name = source.name.clone();
        providers.extend(carriage.map(|way| Provider::new(name, Channel::Sms, limits, way)));
    }
    for (nth, source) in source.mail.iter().enumerate() {
        let mut place = top.within(&format!("mail[{nth}] {:?}", source.name));
        let shape = (source.per_second, source.at_once, source.timeout_seconds);
        let limits = limits(shape, MAIL_AT_ONCE, &mut place);
        let carriage = match (&source.smtp, &source.webhook) {
            (Some(smtp), None) => {
                Smtp::read(smtp, limits.at_once, place.within("smtp")).map(Carriage::Smtp)
            }
            (None, Some(webhook)) => webhook_of(webhook, limits, &mut place),
            _ => {
                place.fault("by what? one of [mail.smtp] and [mail.webhook]");
                None
            }
        };
        let name = source.name.clone();
        providers.extend(carriage.map(|way| Provider::new(name, Channel::Mail, limits, way)));
    }
    check_names(&source, &mut top);
    if faults.is_empty() { Ok((settings, providers)) } else { Err(faults) }
}

fn webhook_of(source: &WebhookSource, limits: Limits, place: &mut Place<'_>) -> Option<Carriage> {
    Webhook::read(source, limits.at_once, place.within("webhook")).map(Carriage::Webhook)
}

fn check_names(source: &Source, top: &mut Place<'_>) {
    if source.sms.is_empty() && source.mail.is_empty() {
        top.within("sms, mail").fault("there is neither, so nothing could be sent");
    }
    let names = source.sms.iter().map(|sms| &sms.name);
    let mut names: Vec<_> = names.chain(source.mail.iter().map(|mail| &mail.name)).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        if let [one, other] = pair
            && one == other
        {
            top.within("name").fault(format!("two providers are called {one:?}"));
        }
    }
}

fn limits(
    (per_second, at_once, timeout_seconds): (Option<f64>, Option<usize>, Option<u64>),
    at_once_default: usize,
    place: &mut Place<'_>,
) -> Limits {
    if per_second.is_some_and(|rate| !(0.01..=100_000.0).contains(&rate)) {
        place.within("per_second").fault("a number from 0.01 to 100000");
    }
    let at_once = at_once.unwrap_or(at_once_default);
    if !(1..=AT_ONCE_MAX).contains(&at_once) {
        place.within("at_once").fault(format!("a number from 1 to {AT_ONCE_MAX}"));
    }
    let seconds = timeout_seconds.unwrap_or(TIMEOUT_SECONDS);
    if !(1..=TIMEOUT_SECONDS_MAX).contains(&seconds) {
        place.within("timeout_seconds").fault(format!("a number from 1 to {TIMEOUT_SECONDS_MAX}"));
    }
    Limits { per_second, at_once, timeout: Duration::from_secs(seconds) }
}

fn settings(source: &Source, top: &mut Place<'_>) -> Settings {
    let mut settings = Settings::default();
    match source.language.as_deref() {
        None | Some("ko") => {}
        Some("en") => settings.language = Language::English,
        Some(_) => top.within("language").fault("\"ko\" or \"en\""),
    }
    match source.quiet_hours.as_deref() {
        None => {}
        Some("none") => settings.quiet_hours = None,
        Some(text) => {
            let hours = QuietHours::parse(text);
            let hours = hours.ok_or("write \"21:00-08:00\", or \"none\"");
            settings.quiet_hours = top.within("quiet_hours").take(hours);
        }
    }
    match source.reminder_at.as_deref() {
        None => {}
        Some("none") => settings.reminder_at = None,
        Some(text) => {
            let time = NaiveTime::parse_from_str(text, "%H:%M");
            let time = time.map_err(|_unusable| "write \"10:00\", or \"none\"");
            settings.reminder_at = top.within("reminder_at").take(time);
        }
    }
    if let Some(code) = &source.country_code {
        if code.is_empty() || code.len() > 3 || !code.bytes().all(|c| c.is_ascii_digit()) {
            top.within("country_code").fault("one to three digits, such as \"82\"");
        }
        settings.country_code.clone_from(code);
    }
    match source.sms_standard.as_deref() {
        None | Some("korean") => {}
        Some("gsm") => settings.sms_standard = SmsStandard::Gsm,
        Some(_) => top.within("sms_standard").fault("\"korean\" or \"gsm\""),
    }
    settings
}
