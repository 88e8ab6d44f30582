//! Webhooks over the wire: the receiver checks them with the library of those who wrote the
//! specification, and believes neither what was changed on the way nor what comes twice.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{
    Person, TestApp, World,
    gateway::{Gateway, Got},
};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A receiver as somebody would write one.
struct Receiver {
    gateway: Gateway,
    /// The messages that it has delivered, each once.
    delivered: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    /// Knows this secret, and loses its answers to the first so many requests.
    async fn start(secret: &str, lost: usize) -> Self {
        let delivered: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (webhook, kept) = (Webhook::new(secret).expect("a secret"), delivered.clone());
        let seen: Mutex<HashSet<String>> = Mutex::default();
        let gateway = Gateway::answering(move |nth, got| {
            if webhook.verify(&got.raw, &headers(got)).is_err() {
                return Some(401);
            }
            // Only now: what nobody has signed must not use up an id.
            if seen.lock().unwrap().insert(got.header("webhook-id").to_owned()) {
                kept.lock().unwrap().push(got.body.clone());
            }
            Some(if nth < lost { 500 } else { 200 })
        });
        Self { gateway: gateway.await, delivered }
    }

    fn settings(&self, secrets: &[&str]) -> String {
        let folder = std::env::temp_dir();
        let secrets: Vec<_> = secrets
            .iter()
            .map(|secret| {
                let name: String = secret.chars().filter(char::is_ascii_alphanumeric).collect();
                let file = folder.join(format!("dosebook-test-{}-{name}", std::process::id()));
                std::fs::write(&file, secret).expect("written");
                format!("{{ file = {file:?} }}")
            })
            .collect();
        format!(
            "quiet_hours = \"none\"\n[[sms]]\nname = \"adapter\"\n[sms.webhook]\n\
             url = \"http://{}/sms\"\nsecrets = [{}]\n",
            self.gateway.address,
            secrets.join(", "),
        )
    }

    /// Sends a request as somebody would who has seen it on its way.
    async fn send(&self, body: Vec<u8>, headers: HeaderMap) -> u16 {
        let request = reqwest::Client::new().post(format!("http://{}/sms", self.gateway.address));
        let answer = request.headers(headers).body(body).send().await.expect("an answer");
        answer.status().as_u16()
    }

    fn delivered(&self) -> Vec<Value> {
        self.delivered.lock().unwrap().clone()
    }
}

/// The headers of a webhook.
fn headers(got: &Got) -> HeaderMap {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let pairs = names.into_iter().map(|name| {
        let value = got.header(name).parse().expect("a header");
        (reqwest::header::HeaderName::from_static(name), value)
    });
    pairs.collect()
}

async fn ask_for_code(app: &TestApp, person: &Person) {
    let claim =
        json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone });
    app.public().post("/v1/auth/codes", &claim).await.ok(202);
}

#[tokio::test]
async fn what_is_signed_is_believed_and_what_was_changed_is_not() {
    let receiver = Receiver::start(SECRET, 0).await;
    let app = TestApp::with().messages(&receiver.settings(&[SECRET])).start().await;
    let made = World::new().people(1).make(&app.db).await;
    ask_for_code(&app, &made.people[0]).await;
    let accepted = receiver.gateway.until_accepted(1).await;
    let got = &accepted[0];
    assert_eq!(receiver.delivered(), std::slice::from_ref(&got.body), "the control");
    assert_eq!(got.body["type"], "message.sms");
    assert_eq!(got.body["data"]["to"], json!(made.people[0].phone));
    assert_eq!(got.body["data"]["id"], json!(got.header("webhook-id")), "one id everywhere");
    assert!(got.header("content-type").starts_with("application/json"));

    // Somebody on the way: another recipient, another id, another time, another signature.
    let text = String::from_utf8(got.raw.clone()).unwrap();
    let changed = text.replace(&made.people[0].phone, "01099999999");
    assert_ne!(changed, text);
    assert_eq!(receiver.send(changed.into_bytes(), headers(got)).await, 401);
    let timestamp: i64 = got.header("webhook-timestamp").parse().expect("seconds");
    for (name, value) in [
        ("webhook-id", uuid::Uuid::now_v7().to_string()),
        ("webhook-timestamp", (timestamp + 1).to_string()),
        ("webhook-timestamp", (timestamp - 3_600).to_string()),
        ("webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
        ("webhook-signature", "v1a,".to_owned()),
    ] {
        let mut headers = headers(got);
        headers.insert(name, value.parse().unwrap());
        assert_eq!(receiver.send(got.raw.clone(), headers).await, 401, "{name}: {value}");
    }
    // The very same once more is signed as before: its id tells.
    assert_eq!(receiver.send(got.raw.clone(), headers(got)).await, 200);
    assert_eq!(receiver.delivered().len(), 1);
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_comes_again_signed_anew_under_the_same_id() {
    let receiver = Receiver::start(SECRET, 2).await;
    let app = TestApp::with().messages(&receiver.settings(&[SECRET])).start().await;
    let made = World::new().people(1).make(&app.db).await;
    ask_for_code(&app, &made.people[0]).await;
    receiver.gateway.until_accepted(1).await;
    let got = receiver.gateway.got();
    assert_eq!(got.iter().map(|got| got.status).collect::<Vec<_>>(), [500, 500, 200]);
    let ids: HashSet<_> = got.iter().map(|got| got.header("webhook-id")).collect();
    assert_eq!((ids.len(), receiver.delivered().len()), (1, 1), "delivered once");
    ask_for_code(&app, &made.people[0]).await;
    receiver.gateway.until_accepted(2).await;
    assert_eq!(receiver.delivered().len(), 2, "another message is another one");
}

#[tokio::test]
async fn a_secret_is_replaced_while_messages_go_on() {
    // The receiver knows one of the two, whichever.
    for known in [SECRET, OTHER] {
        let receiver = Receiver::start(known, 0).await;
        let app = TestApp::with().messages(&receiver.settings(&[OTHER, SECRET])).start().await;
        let made = World::new().people(1).make(&app.db).await;
        ask_for_code(&app, &made.people[0]).await;
        receiver.gateway.until_accepted(1).await;
        assert_eq!(receiver.delivered().len(), 1);
    }
    // The control: a receiver that knows neither takes nothing.
    let receiver = Receiver::start(OTHER, 0).await;
    let app = TestApp::with().messages(&receiver.settings(&[SECRET])).start().await;
    let made = World::new().people(1).make(&app.db).await;
    ask_for_code(&app, &made.people[0]).await;
    receiver.gateway.until(|got| !got.is_empty()).await;
    assert!(receiver.gateway.accepted().is_empty() && receiver.delivered().is_empty());
}
