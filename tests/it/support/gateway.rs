//! An SMS gateway of the tests: keeps what it was asked to send, and answers as the test says.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    web::{Bytes, Data, to},
};
use serde_json::Value;
use tokio::sync::watch;

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    /// The whole body, as JSON where it is.
    pub body: Value,
    /// The same as it came.
    pub raw: Vec<u8>,
    pub headers: Vec<(String, String)>,
    /// What it was answered.
    pub status: u16,
}

impl Got {
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }

    pub fn to(&self) -> &str {
        self.body["to"].as_str().unwrap_or_default()
    }

    pub fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// What the gateway answers: to the nth request (from 0) with this body. None hangs for longer than
/// anybody waits.
type Answer = dyn Fn(usize, &Got) -> Option<u16> + Send + Sync;

struct Shared {
    got: Mutex<Vec<Got>>,
    count: watch::Sender<usize>,
    answer: Box<Answer>,
}

/// The gateway; stops when dropped.
pub struct Gateway {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    server: ServerHandle,
}

impl Gateway {
    /// One that accepts everything.
    pub async fn start() -> Self {
        Self::answering(|_, _| Some(200)).await
    }

    pub async fn answering(
        answer: impl Fn(usize, &Got) -> Option<u16> + Send + Sync + 'static,
    ) -> Self {
        Self::on("127.0.0.1:0".parse().expect("an address"), answer).await
    }

    /// At an address where one has been before.
    pub async fn on(
        address: SocketAddr,
        answer: impl Fn(usize, &Got) -> Option<u16> + Send + Sync + 'static,
    ) -> Self {
        let (count, _) = watch::channel(0);
        let shared = Arc::new(Shared { got: Mutex::default(), count, answer: Box::new(answer) });
        let data = Data::from(shared.clone());
        let started = super::RUNTIME.spawn(async move {
            let server = HttpServer::new(move || {
                App::new().app_data(data.clone()).default_service(to(take))
            });
            let server = server.workers(1).disable_signals().bind(address).expect("a port");
            let address = server.addrs()[0];
            let server = server.run();
            let handle = server.handle();
            tokio::spawn(server);
            (address, handle)
        });
        let (address, server) = started.await.expect("a gateway");
        Self { address, shared, server }
    }

    /// A file of `--messages` in which this gateway is the only one.
    pub fn settings(&self) -> String {
        format!("quiet_hours = \"none\"\n{}", self.provider("gateway"))
    }

    /// This gateway as a provider.
    pub fn provider(&self, name: &str) -> String {
        format!(
            "[[sms]]\nname = \"{name}\"\n[sms.http]\nurl = \"http://{}/send\"\n\
             headers = {{ x-id = \"{{id}}\" }}\n\
             json = {{ id = \"{{id}}\", to = \"{{to}}\", text = \"{{text}}\" }}\n",
            self.address
        )
    }

    /// Everything that has arrived, in order.
    pub fn got(&self) -> Vec<Got> {
        self.shared.got.lock().expect("nobody fell over").clone()
    }

    /// What it has accepted, in order.
    pub fn accepted(&self) -> Vec<Got> {
        self.got().into_iter().filter(|got| got.status == 200).collect()
    }

    /// Returns when this is so; it is looked at whenever a request has arrived.
    pub async fn until(&self, mut is_so: impl FnMut(&[Got]) -> bool) {
        let mut count = self.shared.count.subscribe();
        let looking = async {
            while !self.look(&mut is_so) {
                count.changed().await.expect("the gateway is there");
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), looking).await;
        let last = |got: &[Got]| format!("{:#?}", got.iter().rev().take(5).collect::<Vec<_>>());
        assert!(waited.is_ok(), "it never came to be; there arrived last {}", self.look(last));
    }

    /// Looks at what has arrived, without a copy of it.
    pub fn look<T>(&self, look: impl FnOnce(&[Got]) -> T) -> T {
        look(&self.shared.got.lock().expect("nobody fell over"))
    }

    /// Returns when so many have been accepted.
    pub async fn until_accepted(&self, count: usize) -> Vec<Got> {
        self.until(|got| got.iter().filter(|got| got.status == 200).count() >= count).await;
        self.accepted()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        super::block_on(self.server.stop(false));
    }
}

async fn take(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let text = |value: &actix_web::http::header::HeaderValue| {
        String::from_utf8_lossy(value.as_bytes()).into_owned()
    };
    let mut got = Got {
        path: request.uri().to_string(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        raw: body.to_vec(),
        headers: request.headers().iter().map(|(k, v)| (k.to_string(), text(v))).collect(),
        status: 0,
    };
    let answer = {
        let mut all = shared.got.lock().expect("nobody fell over");
        let answer = (shared.answer)(all.len(), &got);
        got.status = answer.unwrap_or(0);
        all.push(got);
        answer
    };
    shared.count.send_modify(|count| *count += 1);
    match answer {
        Some(status) => {
            HttpResponse::build(status.try_into().expect("a status")).body("{\"ok\":true}")
        }
        None => std::future::pending().await,
    }
}
