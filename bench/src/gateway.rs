//! An SMS gateway that takes some milliseconds to answer and accepts everything: it counts, and
//! notes whose message came after a later one of theirs.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    rt::{System, time::sleep},
    web::{self, Bytes, Data},
};

/// What the gateway has seen.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) messages: AtomicU64,
    /// How many messages each phone has had, by the last one's kind: booked before cancelled.
    last: Mutex<HashMap<u64, bool>>,
    pub(crate) out_of_order: AtomicU64,
}

pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Seen>,
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl Gateway {
    pub(crate) fn start(pause: Duration) -> Self {
        let seen = Arc::new(Seen::default());
        let data = Data::from(seen.clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(data.clone())
                        .app_data(Data::new(pause))
                        .default_service(web::to(take))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind("127.0.0.1:0").expect("a port");
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).expect("sent");
                server.await.expect("served");
            });
        });
        let (address, handle) = receiver.recv().expect("an address");
        Self { address, seen, handle, thread }
    }

    /// The file of `--messages` by which messages leave through it.
    pub(crate) fn settings(&self) -> String {
        format!(
            "quiet_hours = \"none\"\nreminder_at = \"none\"\n[[sms]]\nname = \"bench\"\n\
             [sms.http]\nurl = \"http://{}/\"\n\
             json = {{ id = \"{{id}}\", to = \"{{to}}\", text = \"{{text}}\" }}\n",
            self.address
        )
    }

    pub(crate) fn messages(&self) -> u64 {
        self.seen.messages.load(Relaxed)
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
        self.thread.join().expect("stopped");
    }
}

async fn take(seen: Data<Seen>, pause: Data<Duration>, body: Bytes) -> HttpResponse {
    sleep(**pause).await;
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let phone = body["to"].as_str().and_then(|to| to.parse().ok()).expect("a phone");
    let is_cancelled = body["text"].as_str().is_some_and(|text| text.contains("취소"));
    let mut last = seen.last.lock().expect("nobody fell over");
    if last.insert(phone, is_cancelled) == Some(true) && !is_cancelled {
        seen.out_of_order.fetch_add(1, Relaxed);
    }
    seen.messages.fetch_add(1, Relaxed);
    HttpResponse::Ok().finish()
}
