//! The baseline of reads: an actix server that answers with static bytes, as many and with as many
//! headers as the service's response has.

use std::{net::SocketAddr, thread::JoinHandle};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
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

/// A response as it came over the wire.
#[derive(Clone)]
pub(crate) struct StaticResponse {
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl StaticResponse {
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let head_end = raw.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&raw[..head_end]);
        // The server writes these itself.
        let own = ["content-length", "connection", "date"];
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers = headers.filter(|(name, _)| !own.contains(&name.to_lowercase().as_str()));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Self {
            status: status.expect("a status"),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: Bytes::copy_from_slice(&raw[head_end + 4..]),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.body.len()
    }
}

pub(crate) struct StaticServer {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl StaticServer {
    /// With as many workers as the service has.
    pub(crate) fn start(response: StaticResponse) -> Self {
        let workers = Defaults::parse_from(["bench"]).service.workers();
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let response = Data::new(response);
                let app = move || {
                    App::new()
                        .app_data(response.clone())
                        .route("/v1/campaigns/{campaign_id}/supply", web::get().to(send))
                        .route("/v1/campaigns/{campaign_id}/clinics", web::get().to(send))
                        .route("/v1/clinics/{clinic_id}/slots", web::get().to(send))
                        .route("/v1/eligibility", web::post().to(send_after_body))
                        .route("/v1/bookings/{booking_id}", web::put().to(send_after_body))
                        .route("/{language}", web::get().to(send))
                        .route("/{language}/campaigns/{campaign_id}", web::get().to(send))
                };
                let server = HttpServer::new(app).workers(workers).disable_signals();
                let server = server.bind("127.0.0.1:0").expect("a port");
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).expect("sent");
                server.await.expect("served");
            });
        });
        let (address, handle) = receiver.recv().expect("an address");
        Self { address, handle, thread }
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
        self.thread.join().expect("stopped");
    }
}

async fn send(bytes: Data<StaticResponse>) -> HttpResponse {
    let mut response = HttpResponse::build(bytes.status);
    for (name, value) in &bytes.headers {
        response.append_header((name.as_str(), value.as_str()));
    }
    response.body(bytes.body.clone())
}

/// To a request with a body: the server would hang up on a client whose body was not read.
async fn send_after_body(bytes: Data<StaticResponse>, _body: Bytes) -> HttpResponse {
    send(bytes).await
}
