//! Reads of the public pages, as many as possible, beside the same reads of static bytes.

use crate::{
    bench::Bench,
    read_load,
    report::{Goal, Run},
    service::{self, Service},
    static_server::{StaticResponse, StaticServer},
};

const LANDING: &str = "GET /ko HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip, br\r\n\r\n";
const NUMBERS: &str =
    "GET /ko/campaigns/1 HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip, br\r\n\r\n";
const READERS: usize = 64;
const SETTLE_SECONDS: f64 = 1.0;

pub(crate) async fn measure(bench: &mut Bench) {
    let span = bench.seconds as f64;
    for (called, request) in [("landing page", LANDING), ("page of the supply", NUMBERS)] {
        let (mut runs, mut size) = (Vec::new(), 0);
        for run in 1..=bench.runs {
            let world = bench.world().await;
            let service = Service::start(world.data_dir());
            let response = StaticResponse::parse(&service::ask_bytes(service.address, request));
            size = response.bytes();
            let bytes = StaticServer::start(response);
            let spans = (SETTLE_SECONDS, span);
            let of_bytes = read_load::run(bytes.address, request, READERS, spans).await;
            bytes.stop().await;
            let of_pages = read_load::run(service.address, request, READERS, spans).await;
            service.stop();
            println!("run {run}: {called} {of_pages:.0}/s, static bytes {of_bytes:.0}/s");
            runs.push(Run::beside(of_pages, of_bytes));
        }
        let name = format!("reads of the {called}, beside static bytes");
        bench.report.row(&name, "reads/s", Goal::Times(0.8), &runs);
        bench.report.note(format!(
            "The {called} is {size} bytes as a browser gets it, read by {READERS} connections as \
             fast as they are answered."
        ));
    }
}
