//! Any other way out: a webhook, signed as Standard Webhooks has it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use http::{
    Method, Request, Uri,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::{
    answer::Answers,
    attempt::{Attempt, Verdict},
    http::{self as carrier, Client},
    outgoing::Outgoing,
    place::Place,
    secret::SecretSource,
};

/// What a secret begins with; the key follows in Base64.
const PREFIX: &str = "whsec_";
/// The specification asks for this many bytes of a key.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A webhook, as it stands in the settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookSource {
    url: String,
    /// The first one is the newest; each signs, so that the receiver may change over at leisure.
    secrets: Vec<SecretSource>,
    ca_file: Option<PathBuf>,
}

#[derive(Clone)]
pub(super) struct Webhook {
    client: Client,
    url: Uri,
    keys: Vec<Hmac<Sha256>>,
    answers: Answers,
}

impl Webhook {
    /// None, and the faults noted, where the settings cannot work.
    pub(super) fn read(
        source: &WebhookSource,
        at_once: usize,
        mut place: Place<'_>,
    ) -> Option<Self> {
        let url = place.within("url").take(carrier::address(&source.url));
        let mut keys = Vec::new();
        for (nth, secret) in source.secrets.iter().enumerate() {
            let mut place = place.within(&format!("secrets[{nth}]"));
            let key = secret.read().and_then(|secret| key(secret.expose()));
            keys.extend(place.take(key));
        }
        if source.secrets.is_empty() {
            place.within("secrets").fault("one at least, or nobody could tell who sends");
        }
        let client =
            place.within("ca_file").take(carrier::client(source.ca_file.as_deref(), at_once));
        Some(Self { client: client?, url: url?, keys, answers: Answers::default() })
    }

    /// Hands the message over; the receiver says with 2xx that it has it.
    pub(super) async fn carry(&self, message: &Outgoing, now: DateTime<Utc>) -> Attempt {
        let body = body(message, now).to_string();
        let timestamp = now.timestamp().to_string();
        let signature = self.sign(message.id(), &timestamp, &body);
        let mut request = Request::new(carrier::Body::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            ("webhook-id", message.id().to_string()),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signature),
        ] {
            match HeaderValue::from_str(&value) {
                Ok(value) => drop(headers.insert(name, value)),
                Err(error) => return Attempt::new(Verdict::Refused, error.to_string()),
            }
        }
        match carrier::ask(&self.client, request).await {
            // The specification: 410 says that nobody is there any more. The message is not at
            // fault.
            Ok(answer) => {
                Attempt { rest: answer.rest, ..self.answers.judge(answer.status, &answer.body) }
            }
            Err(attempt) => attempt,
        }
    }

    /// One signature for each key, newest first.
    fn sign(&self, id: Uuid, timestamp: &str, body: &str) -> String {
        let signed = format!("{id}.{timestamp}.{body}");
        let signatures = self.keys.iter().map(|key| {
            let mut mac = key.clone();
            mac.update(signed.as_bytes());
            format!("v1,{}", data_encoding::BASE64.encode(&mac.finalize().into_bytes()))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

fn key(secret: &str) -> Result<Hmac<Sha256>, String> {
    let encoded = secret.strip_prefix(PREFIX);
    let encoded = encoded.ok_or_else(|| format!("a secret begins with {PREFIX}"))?;
    let key = data_encoding::BASE64.decode(encoded.as_bytes());
    let key = key.map_err(|_unusable| format!("Base64 must follow {PREFIX}"))?;
    if !KEY_BYTES.contains(&key.len()) {
        let (least, most) = (KEY_BYTES.start(), KEY_BYTES.end());
        return Err(format!("a key has {least} to {most} bytes, and this one {}", key.len()));
    }
    Hmac::new_from_slice(&key).map_err(|error| error.to_string())
}

fn body(message: &Outgoing, now: DateTime<Utc>) -> Value {
    let data = match message {
        Outgoing::Text(text) => json!({
            "id": text.id,
            "to": text.to,
            "to_international": text.to_international,
            "text": text.text,
        }),
        Outgoing::Mail(mail) => json!({
            "id": mail.id,
            "to": mail.to,
            "language": mail.language,
            "subject": mail.subject,
            "text": mail.text,
            "attachments": mail.attachment.iter().map(|file| json!({
                "name": file.name,
                "content_type": format!("text/calendar; charset=utf-8; method={}", file.method),
                "content": file.content,
            })).collect::<Vec<_>>(),
        }),
    };
    json!({
        "type": format!("message.{}", message.channel().name()),
        "timestamp": now.to_rfc3339_opts(SecondsFormat::Secs, true),
        "data": data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messaging::{Attachment, Mail, outgoing::samples};

    fn webhook(keys: &[&str]) -> Webhook {
        Webhook {
            client: carrier::client(None, 1).unwrap(),
            url: "https://adapter.example/".parse().unwrap(),
            keys: keys.iter().map(|secret| key(secret).unwrap()).collect(),
            answers: Answers::default(),
        }
    }

    /// The example of the reference libraries (`standard-webhooks`, `libraries/javascript`): id,
    /// timestamp and payload are theirs; the id there is no UUID, so the parts are signed as one.
    #[test]
    fn a_signature_is_that_of_the_reference_library() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let mut mac = key;
        mac.update(br#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#);
        let signature = data_encoding::BASE64.encode(&mac.finalize().into_bytes());
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_secret_signs_so_that_one_can_be_replaced() {
        let old = format!("{PREFIX}{}", data_encoding::BASE64.encode(&[1; 32]));
        let new = format!("{PREFIX}{}", data_encoding::BASE64.encode(&[2; 32]));
        let sign = |keys: &[&str]| webhook(keys).sign(Uuid::nil(), "0", "{}");
        let both = sign(&[&new, &old]);
        assert_eq!(both, format!("{} {}", sign(&[&new]), sign(&[&old])));
        assert_ne!(sign(&[&new]), sign(&[&old]), "the control");
    }

    #[test]
    fn a_secret_that_cannot_work_is_refused() {
        for (secret, reason) in [
            ("opensesame", "begins with whsec_"),
            ("whsec_opensesame!", "Base64 must follow"),
            ("whsec_c2hvcnQ=", "24 to 64 bytes, and this one 5"),
        ] {
            assert!(key(secret).unwrap_err().contains(reason), "{secret}");
        }
    }

    #[test]
    fn a_body_says_what_it_is_and_carries_the_message() {
        let now = DateTime::UNIX_EPOCH;
        let text = body(&Outgoing::Text(samples::text("안녕")), now);
        assert_eq!(text["type"], "message.sms");
        assert_eq!(text["timestamp"], "1970-01-01T00:00:00Z");
        assert_eq!(text["data"]["text"], "안녕");
        let mail = Mail {
            id: Uuid::nil(),
            to: "a@b.example".into(),
            language: "ko",
            subject: "예약".into(),
            text: "안녕".into(),
            attachment: Some(Attachment {
                name: "appointment.ics",
                method: "PUBLISH",
                content: "BEGIN:VCALENDAR".into(),
            }),
        };
        let mail = body(&Outgoing::Mail(mail), now);
        assert_eq!(mail["type"], "message.mail");
        let kind = "text/calendar; charset=utf-8; method=PUBLISH";
        assert_eq!(mail["data"]["attachments"][0]["content_type"], kind);
    }
}
