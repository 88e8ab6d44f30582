//! Clients on kept-alive connections, each sending the next booking when the last one is answered.
//! One thread, so that it takes as little of the machine as it can.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Who books what: a token and the body of the request.
pub(crate) type Target = (String, String);

/// Bookings per second: the 201 answers within the span.
pub(crate) fn run(address: SocketAddr, targets: Vec<Vec<Target>>, span: Duration) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let started = Instant::now();
        let clients: Vec<_> = targets
            .into_iter()
            .map(|own| tokio::spawn(client(address, own, started + span)))
            .collect();
        let mut booked = 0;
        for client in clients {
            booked += client.await.expect("a client");
        }
        f64::from(booked) / started.elapsed().as_secs_f64()
    })
}

async fn client(address: SocketAddr, own: Vec<Target>, until: Instant) -> u32 {
    let mut stream = TcpStream::connect(address).await.expect("the service");
    stream.set_nodelay(true).expect("nodelay");
    let mut answer = vec![0; 4096];
    for (booked, (token, body)) in (0..).zip(own) {
        if Instant::now() >= until {
            return booked;
        }
        let id = uuid::Uuid::now_v7();
        let request = format!(
            "PUT /v1/bookings/{id} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("sent");
        let status = read_answer(&mut stream, &mut answer).await;
        assert_eq!(&status, b"201", "{}", String::from_utf8_lossy(&answer));
    }
    panic!("the clients ran out of people before the time was over");
}

async fn read_answer(stream: &mut TcpStream, answer: &mut [u8]) -> [u8; 3] {
    let mut filled = 0;
    loop {
        let n = stream.read(&mut answer[filled..]).await.expect("an answer");
        assert!(n > 0, "the service hung up");
        filled += n;
        let head_end = answer[..filled].windows(4).position(|four| four == b"\r\n\r\n");
        let Some(head_end) = head_end else { continue };
        let head = String::from_utf8_lossy(&answer[..head_end]).to_ascii_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .expect("a content length");
        if filled >= head_end + 4 + length {
            return answer[9..12].try_into().unwrap();
        }
    }
}
