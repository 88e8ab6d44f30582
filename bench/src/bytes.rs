//! What reads are compared with: an actix server that answers one request with bytes that never
//! change, as many and with as many headers as the service's answer has.

use std::{net::SocketAddr, thread::JoinHandle};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    rt::System,
    web,
    web::{Bytes, Data},
};
use clap::Parser;
use dosebook::config::Service;

#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    service: Service,
}

/// An answer as it came over the wire.
#[derive(Clone)]
pub(crate) struct Answer {
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Answer {
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let head_end = raw.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&raw[..head_end]);
        // The server writes these itself.
        let own = ["content-length", "connection", "date"];
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers = headers.filter(|(name, _)| !own.contains(&name.to_lowercase().as_str()));
        Self {
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: Bytes::copy_from_slice(&raw[head_end + 4..]),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl Server {
    /// With as many workers as the service has.
    pub(crate) fn start(answer: Answer) -> Self {
        let workers = Defaults::parse_from(["bench"]).service.workers();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let answer = Data::new(answer);
                let app = move || {
                    App::new()
                        .app_data(answer.clone())
                        .route("/v1/campaigns/{campaign_id}/supply", web::get().to(send))
                };
                let server = HttpServer::new(app).workers(workers).disable_signals();
                let server = server.bind("127.0.0.1:0").expect("a port");
                let address = server.addrs()[0];
                let server = server.run();
                tell.send((address, server.handle())).expect("told");
                server.await.expect("served");
            });
        });
        let (address, handle) = told.recv().expect("an address");
        Self { address, handle, thread }
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
        self.thread.join().expect("stopped");
    }
}

async fn send(answer: Data<Answer>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for (name, value) in &answer.headers {
        response.append_header((name.as_str(), value.as_str()));
    }
    response.body(answer.body.clone())
}
