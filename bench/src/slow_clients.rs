//! Clients that keep a connection and do not do their part: a third never read what they asked for,
//! a third drip a body, a third stop within a head.

use std::{
    collections::HashSet,
    fs,
    io::{ErrorKind, Write},
    net::{SocketAddr, TcpStream},
    thread::sleep,
    time::{Duration, Instant},
};

const CLIENTS: usize = 400;
/// As many as fit into what lies between a client and the service.
const ASKED: usize = 2_000;
const PAUSE: Duration = Duration::from_millis(100);
/// Whoever is there after this is there for good.
const SECONDS_MAX: Duration = Duration::from_secs(40);
/// The kernel's word for an open connection in `/proc/net/tcp`.
const ESTABLISHED: &str = "01";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    NeverReads,
    Drips,
    Stalls,
}

struct SlowClient {
    manner: Manner,
    stream: TcpStream,
}

/// Lets them come, and returns after how many seconds the service had closed all of them.
pub(crate) fn come(address: SocketAddr) -> f64 {
    let began = Instant::now();
    let manners = [Manner::NeverReads, Manner::Drips, Manner::Stalls];
    let mut clients: Vec<_> =
        (0..CLIENTS).map(|nth| SlowClient::connect(address, manners[nth % 3])).collect();
    let ports: HashSet<u16> = clients
        .iter()
        .map(|client| client.stream.local_addr().expect("an address").port())
        .collect();
    assert_eq!(open(address, &ports), CLIENTS, "the control: all have come in");
    while open(address, &ports) > 0 && began.elapsed() < SECONDS_MAX {
        for client in &mut clients {
            client.drip();
        }
        sleep(PAUSE);
    }
    began.elapsed().as_secs_f64()
}

impl SlowClient {
    fn connect(address: SocketAddr, manner: Manner) -> Self {
        let stream = TcpStream::connect(address).expect("the service answers");
        stream.set_nonblocking(true).expect("set");
        let mut client = Self { manner, stream };
        match manner {
            Manner::NeverReads => {
                client.say(&b"GET /openapi.yaml HTTP/1.1\r\nHost: bench\r\n\r\n".repeat(ASKED))
            }
            Manner::Drips => client.say(
                b"POST /v1/eligibility HTTP/1.1\r\nHost: bench\r\n\
                  Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            Manner::Stalls => client.say(b"GET /openapi.yaml HTTP/1.1\r\nHost: be"),
        }
        client
    }

    /// As much as the kernel takes: the service may have hung up, or have had enough for now.
    fn say(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn drip(&mut self) {
        if self.manner == Manner::Drips {
            self.say(b"1\r\nx\r\n");
        }
    }
}

/// How many connections the service has with clients at these ports. Asked of the kernel: a client
/// that does not read does not hear that it was hung up on.
fn open(address: SocketAddr, ports: &HashSet<u16>) -> usize {
    let port = |end: &str| u16::from_str_radix(end.split_once(':')?.1, 16).ok();
    let lines = fs::read_to_string("/proc/net/tcp").expect("connections");
    let is_theirs = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, local, remote, state, ..] = fields.as_slice() else { return false };
        *state == ESTABLISHED
            && port(local) == Some(address.port())
            && port(remote).is_some_and(|port| ports.contains(&port))
    };
    lines.lines().filter(is_theirs).count()
}
