//! Mail by SMTP. The protocol and the format are lettre's; the pool of connections is ours, because
//! lettre's takes a connection back that was given up in the middle of a message.

use std::{
    path::PathBuf,
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        extension::ClientId,
    },
};
use serde::Deserialize;

use super::{
    attempt::{Attempt, Verdict},
    outgoing::Mail,
    place::Place,
    secret::SecretSource,
};

/// Servers hang up on whoever says nothing for some minutes.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// A connection that has said nothing for longer is asked whether it is still there.
const TRUSTED_MAX: Duration = Duration::from_secs(2);
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A mail server, as it stands in the settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SmtpSource {
    host: String,
    port: Option<u16>,
    #[serde(default)]
    tls: TlsSource,
    user: Option<String>,
    password: Option<SecretSource>,
    /// "Name <address>"
    from: String,
    reply_to: Option<String>,
    /// What this machine calls itself.
    hello: Option<String>,
    ca_file: Option<PathBuf>,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TlsSource {
    /// It begins in clear and must change over before anything else is said (RFC 3207).
    #[default]
    Starttls,
    /// From the first byte on (RFC 8314).
    Tls,
    /// Not at all: on this machine only.
    None,
}

pub(super) struct Smtp {
    host: String,
    port: u16,
    tls: TlsSource,
    parameters: Option<TlsParameters>,
    credentials: Option<Credentials>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    hello: ClientId,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
    idle_max: usize,
}

impl Smtp {
    /// None, and the faults noted, where the settings cannot work.
    pub(super) fn read(source: &SmtpSource, at_once: usize, mut place: Place<'_>) -> Option<Self> {
        let is_here = source.host == "localhost"
            || source.host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if source.tls == TlsSource::None && !is_here {
            place.within("tls").fault("only a server on this machine is spoken to in clear");
        }
        let port = match (source.port, source.tls) {
            (Some(port), _) => port,
            (None, TlsSource::Starttls) => 587,
            (None, TlsSource::Tls) => 465,
            (None, TlsSource::None) => 25,
        };
        let mailbox = |text: &str| {
            Mailbox::from_str(text).map_err(|error| format!("{text:?} is no address: {error}"))
        };
        let from = place.within("from").take(mailbox(&source.from));
        let reply_to = source.reply_to.as_deref();
        let reply_to = reply_to.and_then(|text| place.within("reply_to").take(mailbox(text)));
        let credentials = credentials(source, &mut place);
        let parameters = match source.tls {
            TlsSource::None => None,
            _ => Some(place.within("ca_file").take(parameters(source))?),
        };
        let from = from?;
        let domain = from.email.domain().to_owned();
        Some(Self {
            host: source.host.clone(),
            port,
            tls: source.tls,
            parameters,
            credentials,
            hello: ClientId::Domain(source.hello.clone().unwrap_or(domain)),
            from,
            reply_to,
            idle: Mutex::default(),
            idle_max: at_once,
        })
    }

    /// Hands the mail to the server. May be dropped at any point: the connection goes with it.
    pub(super) async fn carry(&self, mail: &Mail, now: DateTime<Utc>) -> Attempt {
        let message = match self.message(mail, now) {
            Ok(message) => message,
            Err(why) => return Attempt::new(Verdict::Refused, why),
        };
        let mut connection = match self.connection().await {
            Ok(connection) => connection,
            // Before a word about the message was said.
            Err(error) => return Attempt::new(Verdict::TryAgain, told(&error)),
        };
        match connection.send(message.envelope(), &message.formatted()).await {
            Ok(response) => {
                self.keep(connection);
                Attempt::new(Verdict::Accepted, format!("status {}", response.code()))
            }
            Err(error) => Attempt::new(verdict(&error), told(&error)),
        }
    }

    async fn connection(&self) -> Result<AsyncSmtpConnection, lettre::transport::smtp::Error> {
        while let Some((mut connection, since)) = self.parked() {
            if since.elapsed() < TRUSTED_MAX || connection.test_connected().await {
                return Ok(connection);
            }
        }
        let (host, port) = (self.host.as_str(), self.port);
        let at_once = self.parameters.clone().filter(|_| self.tls == TlsSource::Tls);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (host, port),
            Some(CONNECT_MAX),
            &self.hello,
            at_once,
            None,
        )
        .await?;
        if let Some(parameters) = self.parameters.clone().filter(|_| !connection.is_encrypted()) {
            connection.starttls(parameters, &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    fn parked(&self) -> Option<(AsyncSmtpConnection, Instant)> {
        let mut idle = self.idle();
        idle.retain(|(_, since)| since.elapsed() < IDLE_MAX);
        idle.pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if idle.len() < self.idle_max && !connection.has_broken() {
            idle.push((connection, Instant::now()));
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn message(&self, mail: &Mail, now: DateTime<Utc>) -> Result<Message, String> {
        let to: Address = mail.to.parse().map_err(|_unusable| "the address is no address")?;
        let domain = self.from.email.domain();
        let header = |name, value: &str| {
            HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
        };
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .date(now.into())
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .subject(&mail.subject)
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("Content-Language", mail.language));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let text = SinglePart::plain(mail.text.clone());
        let message = match &mail.attachment {
            None => builder.singlepart(text),
            Some(file) => {
                let kind = format!("text/calendar; charset=utf-8; method={}", file.method);
                let kind = ContentType::parse(&kind).map_err(|error| error.to_string())?;
                let file = Attachment::new(file.name.to_owned()).body(file.content.clone(), kind);
                builder.multipart(MultiPart::mixed().singlepart(text).singlepart(file))
            }
        };
        message.map_err(|error| error.to_string())
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({}:{})", self.host, self.port)
    }
}

fn credentials(source: &SmtpSource, place: &mut Place<'_>) -> Option<Credentials> {
    match (&source.user, &source.password) {
        (None, None) => None,
        (Some(user), Some(password)) => {
            let password = place.within("password").take(password.read())?;
            Some(Credentials::new(user.clone(), password.expose().to_owned()))
        }
        _ => {
            place.fault("user and password go together");
            None
        }
    }
}

fn parameters(source: &SmtpSource) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(source.host.clone())
        .certificate_store(CertificateStore::WebpkiRoots);
    if let Some(path) = &source.ca_file {
        let unreadable =
            |error: &dyn std::fmt::Display| format!("{} cannot be read: {error}", path.display());
        let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| unreadable(&error))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| error.to_string())
}

/// What an error while a message is handed over means for the message.
fn verdict(error: &lettre::transport::smtp::Error) -> Verdict {
    let Some(code) = error.status() else {
        // Without an answer nobody knows how far it came.
        return if error.is_client() { Verdict::Refused } else { Verdict::Unsure };
    };
    match u16::from(code) {
        // Authentication is wanted or too weak (RFC 4954): no fault of the message.
        530 | 534 | 535 | 538 => Verdict::TryAgain,
        500..=599 => Verdict::Refused,
        _ => Verdict::TryAgain,
    }
}

/// For the log. What a server says may repeat the address, so of answers only the code is told.
fn told(error: &lettre::transport::smtp::Error) -> String {
    if let Some(code) = error.status() {
        return format!("status {code}");
    }
    if error.is_response() {
        return "the answer was not understood".into();
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::messaging;

    fn read(toml: &str) -> Result<Smtp, Vec<String>> {
        let source: SmtpSource =
            toml::from_str(toml).map_err(|error| vec![error.message().to_owned()])?;
        let mut faults = Vec::new();
        let smtp = Smtp::read(&source, 4, Place::new(&mut faults, "smtp"));
        smtp.filter(|_| faults.is_empty()).ok_or(faults)
    }

    fn mail() -> Mail {
        Mail {
            id: Uuid::from_u128(7),
            to: "kim@example.kr".into(),
            language: "ko",
            subject: "예약되었습니다".into(),
            text: "예약번호 482 913 5507\r\nBcc: everybody@example.kr".into(),
            attachment: Some(messaging::Attachment {
                name: "appointment.ics",
                method: "PUBLISH",
                content: "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".into(),
            }),
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_their_place() {
        let from = "from = 'Booking <book@example.kr>'";
        for (toml, reason) in [
            (format!("host = 'mail.example'\n{from}\ntls = 'none'"), "smtp.tls: only a server on"),
            (format!("host = 'mail.example'\n{from}\ntls = 'ssl'"), "unknown variant `ssl`"),
            (
                "host = 'mail.example'\nfrom = 'nobody'".into(),
                "smtp.from: \"nobody\" is no address",
            ),
            (format!("host = 'mail.example'\n{from}\nuser = 'u'"), "go together"),
            (
                format!("host = 'mail.example'\n{from}\nca_file = '/nowhere'"),
                "smtp.ca_file: /nowhere",
            ),
            (from.to_owned(), "missing field `host`"),
            (format!("host = 'a'\n{from}\nsender = 'x'"), "unknown field `sender`"),
        ] {
            let faults = read(&toml).expect_err(&toml);
            assert!(faults.iter().any(|fault| fault.contains(reason)), "{toml}: {faults:?}");
        }
        let lawful = [("", 587), ("tls = 'tls'", 465), ("tls = 'none'", 25), ("port = 2525", 2525)];
        for (line, port) in lawful {
            let smtp = read(&format!("host = '127.0.0.1'\n{from}\n{line}")).expect(line);
            assert_eq!(smtp.port, port);
        }
    }

    #[test]
    fn a_mail_says_once_who_it_is_and_nothing_can_be_slipped_in() {
        let smtp =
            read("host = 'localhost'\ntls = 'none'\nfrom = '예약 <book@example.kr>'").unwrap();
        let sent = |mail: &Mail| {
            let message = smtp.message(mail, DateTime::UNIX_EPOCH).expect("a mail");
            let formatted = String::from_utf8(message.formatted()).expect("text");
            let (headers, _) = formatted.split_once("\r\n\r\n").expect("headers");
            (message.envelope().clone(), headers.to_owned(), formatted)
        };
        let (envelope, headers, whole) = sent(&mail());
        assert_eq!(envelope.to(), ["kim@example.kr".parse().unwrap()]);
        let id = "Message-ID: <00000000-0000-0000-0000-000000000007@example.kr>";
        for line in [id, "Auto-Submitted: auto-generated", "Content-Language: ko"] {
            assert_eq!(headers.matches(line).count(), 1, "{line} in {headers}");
        }
        assert!(whole.contains("method=PUBLISH"), "{whole}");
        let (envelope, headers, _) =
            sent(&Mail { subject: "a\r\nBcc: x@example.kr".into(), ..mail() });
        assert_eq!(envelope.to().len(), 1);
        assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        let wrong = Mail { to: "kim@example.kr>\r\nRCPT TO:<x@example.kr".into(), ..mail() };
        assert!(smtp.message(&wrong, DateTime::UNIX_EPOCH).unwrap_err().contains("no address"));
    }
}
