//! Clients that do not read, drip or stall, and those that come in crowds.

use std::{net::SocketAddr, time::Duration};

use dosebook::{config::Patience, telemetry::ClosedLabel};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{TestApp, until};

/// Longer than anything here may take, on the slowest machine.
const SECONDS_MAX: Duration = Duration::from_secs(60);

/// Of a service that is in a hurry.
fn impatient() -> Patience {
    let tick = Duration::from_millis(20);
    Patience { tick, body: 10 * tick, head_ticks: 10, write_ticks: 10, rest_ticks: 3000 }
}

pub(super) async fn connect(app: &TestApp) -> TcpStream {
    let address = app.url.strip_prefix("http://").expect("a URL");
    TcpStream::connect(address.parse::<SocketAddr>().expect("an address")).await.expect("connected")
}

fn closed(app: &TestApp, why: &'static str) -> u64 {
    app.app.metrics.closed.get_or_create(&ClosedLabel { why }).get()
}

/// All that comes until the connection is closed.
async fn rest(mut stream: TcpStream) -> String {
    let mut read = Vec::new();
    // A connection that is cut has said what it had to say.
    let _ = stream.read_to_end(&mut read).await;
    String::from_utf8_lossy(&read).into_owned()
}

const ASK: &[u8] = b"GET /openapi.yaml HTTP/1.1\r\nHost: test\r\n\r\n";
/// More than the buffers between a client and the service hold.
const ASKED: usize = 100;

#[tokio::test]
async fn a_client_that_does_not_read_is_hung_up_on() {
    // Whoever reads may be held up for a moment by other tests.
    let patience = Patience { write_ticks: 100, ..impatient() };
    let app = TestApp::with().patience(patience).start().await;
    // The control: whoever reads gets everything.
    let (mut reader, mut writer) = connect(&app).await.into_split();
    let asked = tokio::spawn(async move { writer.write_all(&ASK.repeat(ASKED)).await });
    let mut answers = 0;
    let mut buffer = vec![0; 1 << 20];
    let mut tail = Vec::new();
    while answers < ASKED {
        let count = reader.read(&mut buffer).await.expect("open");
        assert!(count > 0, "closed after {answers} answers");
        tail.extend_from_slice(&buffer[..count]);
        answers += tail.windows(15).filter(|window| window == b"HTTP/1.1 200 OK").count();
        tail.drain(..tail.len().saturating_sub(14));
    }
    asked.await.expect("written").expect("written");
    assert_eq!(closed(&app, "not_reading"), 0);

    let mut silent = connect(&app).await;
    silent.write_all(&ASK.repeat(ASKED)).await.expect("open");
    until(|| closed(&app, "not_reading") == 1).await;
}

/// Requests with bodies among them, all sent before the first answer is read.
#[tokio::test]
async fn requests_that_come_at_once_are_all_answered_in_their_order() {
    let app = TestApp::start().await;
    let ask = "POST /v1/eligibility HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n";
    let three = [
        "GET /v1/regions HTTP/1.1\r\nHost: test\r\n\r\n".to_owned(),
        format!("{ask}Content-Length: 6\r\n\r\n{{\r\n\r\n}}"),
        format!("{ask}Transfer-Encoding: chunked\r\n\r\n3\r\n{{\r\n\r\n3\r\n\r\n}}\r\n0\r\n\r\n"),
    ];
    let (many, times) = (three.concat().repeat(200), 200);
    let (mut reader, mut writer) = connect(&app).await.into_split();
    let last = b"GET /nowhere HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    let asked = tokio::spawn(async move {
        writer.write_all(many.as_bytes()).await.expect("taken");
        writer.write_all(last).await.expect("taken");
        writer
    });
    let mut read = Vec::new();
    reader.read_to_end(&mut read).await.expect("all answers");
    drop(asked.await.expect("sent"));
    let text = String::from_utf8_lossy(&read);
    let statuses = text.match_indices("HTTP/1.1 ").filter_map(|(at, _)| text.get(at + 9..at + 12));
    let expected = ["200", "422", "422"].repeat(times).into_iter().chain(["404"]);
    assert!(statuses.eq(expected), "in their order");
}

#[tokio::test]
async fn a_head_that_drips_in_after_another_request_is_not_waited_for() {
    let app = TestApp::with().patience(impatient()).start().await;
    let mut stream = connect(&app).await;
    let mut buffer = [0; 4096];
    let healthy = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
    for halves in [healthy.split_at(healthy.len()), healthy.split_at(7)] {
        stream.write_all(halves.0).await.expect("open");
        stream.write_all(halves.1).await.expect("open");
        let count = stream.read(&mut buffer).await.expect("an answer");
        assert!(buffer[..count].starts_with(b"HTTP/1.1 200"), "the control");
    }
    stream.write_all(b"GET /healthz HTTP/1.1\r\nX: ").await.expect("open");
    let dripping = async {
        while closed(&app, "slow_head") == 0 {
            let _ = stream.write_all(b"x").await;
            tokio::task::yield_now().await;
        }
    };
    timeout(SECONDS_MAX, dripping).await.expect("it is not waited for");
    assert_eq!(rest(stream).await, "");
}

#[tokio::test]
async fn a_body_that_drips_in_is_not_waited_for_and_its_connection_closed() {
    let app = TestApp::with().patience(impatient()).start().await;
    let head = "POST /v1/eligibility HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n";
    for (framing, chunk) in
        [("Transfer-Encoding: chunked", "1\r\nx\r\n"), ("Content-Length: 60000", "x")]
    {
        let mut stream = connect(&app).await;
        stream.write_all(format!("{head}{framing}\r\n\r\n").as_bytes()).await.expect("open");
        let (mut reader, mut writer) = stream.into_split();
        let drips = tokio::spawn(async move {
            while writer.write_all(chunk.as_bytes()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let mut read = Vec::new();
        let reading = timeout(SECONDS_MAX, reader.read_to_end(&mut read)).await;
        let answer = String::from_utf8_lossy(&read);
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing}: {answer}");
        assert!(reading.is_ok(), "{framing}: the connection is closed");
        assert!(answer.contains("too_slow"), "{answer}");
        drips.await.expect("it has heard that the connection is closed");
    }
    // The control: a body in chunks that comes is read.
    let mut stream = connect(&app).await;
    let whole = format!(
        "{head}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    );
    stream.write_all(whole.as_bytes()).await.expect("open");
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_no_more() {
    let app = TestApp::with().clients_from_address(3).start().await;
    let ask = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(&app).await;
        stream.write_all(ask).await.expect("open");
        let mut buffer = [0; 4096];
        assert!(stream.read(&mut buffer).await.expect("an answer") > 0, "the control");
        streams.push(stream);
    }
    let mut fourth = connect(&app).await;
    let _ = fourth.write_all(ask).await;
    assert_eq!(rest(fourth).await, "");
    assert_eq!(closed(&app, "crowded"), 1);
    streams.clear();
    // As soon as the service has seen that they are gone.
    loop {
        let mut next = connect(&app).await;
        let _ = next
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            .await;
        if rest(next).await.starts_with("HTTP/1.1 200") {
            break;
        }
    }
}

#[tokio::test]
async fn what_is_no_http_is_counted() {
    let app = TestApp::start().await;
    for n in 1..=3 {
        let mut stream = connect(&app).await;
        stream.write_all(b"\x16\x03\x01 this is TLS\r\n\r\n").await.expect("open");
        assert!(rest(stream).await.starts_with("HTTP/1.1 400"));
        until(|| app.app.metrics.malformed.get() == n).await;
    }
}
