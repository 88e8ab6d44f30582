//! One kept-alive HTTP/1.1 connection that sends bytes as they are and reads one response at a
//! time. It is no general client: it knows only as much of HTTP as the service uses, because the
//! generator shares the machine with the service and should take little of it.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const HEADERS_MAX: usize = 32;
const READ_BYTES: usize = 4096;
const REQUEST_TIMEOUT: u16 = 408;

/// What the service answered.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    pub status: u16,
    /// Seconds, from `Retry-After`.
    pub retry_after: Option<u64>,
    /// From the status line to the empty line.
    pub head: &'a [u8],
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// The values of a header, in their order.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.head.split(|byte| *byte == b'\n').filter_map(move |line| {
            let (own, value) = line.split_at_checked(name.len())?;
            let value =
                value.strip_prefix(b":").filter(|_| own.eq_ignore_ascii_case(name.as_bytes()));
            std::str::from_utf8(value?).ok().map(str::trim)
        })
    }

    /// All that came, in bytes.
    pub fn bytes(&self) -> usize {
        self.head.len() + self.body.len()
    }
}

/// A connection, and the response that was read from it last.
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    /// Whether nothing has been sent on it.
    is_unused: bool,
    read: Vec<u8>,
}

struct Head {
    status: u16,
    retry_after: Option<u64>,
    bytes: usize,
    body_bytes: usize,
}

impl Connection {
    /// # Errors
    /// Nothing listens at this address.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = connect(address).await?;
        Ok(Self { stream, address, is_unused: true, read: Vec::with_capacity(READ_BYTES) })
    }

    /// Whether the service has closed it, as it does with connections that were idle for long. A
    /// request on it would get no response.
    pub fn is_closed(&self) -> bool {
        match self.stream.try_read(&mut [0]) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    /// Sends a request and waits for its response. One that comes just when the service closes a
    /// connection that was never used is sent again on a new one: it was not read (RFC 9110,
    /// section 15.5.9).
    ///
    /// # Errors
    /// The connection breaks, or the response is not HTTP/1.1 with a length. The connection cannot
    /// be used any more.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Response<'_>> {
        let was_unused = std::mem::replace(&mut self.is_unused, false);
        let mut head = self.exchange(request).await?;
        if was_unused && head.status == REQUEST_TIMEOUT {
            self.stream = connect(self.address).await?;
            head = self.exchange(request).await?;
        }
        let Head { status, retry_after, bytes, body_bytes } = head;
        let body = self.read.get(bytes..bytes + body_bytes).unwrap_or_default();
        Ok(Response { status, retry_after, head: self.read.get(..bytes).unwrap_or_default(), body })
    }

    /// Sends a request, and reads its whole response.
    async fn exchange(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let head = loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(head) = parse(&self.read)? {
                break head;
            }
        };
        let end = head.bytes + head.body_bytes;
        while self.read.len() < end {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(head)
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn parse(read: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(read).map_err(io::Error::other)?;
    let httparse::Status::Complete(bytes) = parsed else { return Ok(None) };
    let status = response.code.unwrap_or_default();
    let number = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse::<u64>().ok())
    };
    let has_body = !matches!(status, 100..=199 | 204 | 304);
    let body_bytes = match number("content-length") {
        Some(length) => usize::try_from(length).map_err(io::Error::other)?,
        None if has_body => return Err(io::Error::other("a response without content-length")),
        None => 0,
    };
    let body_bytes = if has_body { body_bytes } else { 0 };
    Ok(Some(Head { status, retry_after: number("retry-after"), bytes, body_bytes }))
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinHandle;

    use super::*;

    #[test]
    fn a_response_is_complete_only_with_its_head() {
        let whole =
            b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\ncontent-length: 3\r\n\r\nabc";
        let head = parse(whole).unwrap().expect("complete");
        assert_eq!((head.status, head.retry_after, head.body_bytes), (503, Some(2), 3));
        assert_eq!(&whole[head.bytes..], b"abc");
        assert!(parse(&whole[..40]).unwrap().is_none());
    }

    #[tokio::test]
    async fn a_connection_that_the_service_closed_is_noticed() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connection = Connection::open(address).await.unwrap();
        let (service, _) = listener.accept().await.unwrap();
        assert!(!connection.is_closed());
        drop(service);
        connection.stream.readable().await.unwrap();
        assert!(connection.is_closed());
    }

    /// Answers one request of each connection after the other, each with the next of these.
    async fn answering(
        answers: &'static [&'static [u16]],
    ) -> (Connection, JoinHandle<Vec<String>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let mut asked = Vec::new();
            for of_connection in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                for status in *of_connection {
                    let mut read = vec![0; 100];
                    let bytes = stream.read(&mut read).await.unwrap();
                    asked.push(String::from_utf8_lossy(&read[..bytes]).into_owned());
                    let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
            asked
        });
        (Connection::open(address).await.unwrap(), served)
    }

    #[tokio::test]
    async fn a_request_on_a_connection_that_was_idle_since_the_start_is_sent_again() {
        let (mut connection, served) = answering(&[&[408], &[201]]).await;
        assert_eq!(connection.ask(b"PUT /1").await.unwrap().status, 201);
        assert_eq!(served.await.unwrap(), ["PUT /1", "PUT /1"]);
    }

    #[tokio::test]
    async fn any_other_time_out_is_told() {
        // The control: on a connection that was used before, the service has waited for the rest of
        // this request, and may have read it.
        let (mut connection, served) = answering(&[&[200, 408]]).await;
        assert_eq!(connection.ask(b"GET /").await.unwrap().status, 200);
        assert_eq!(connection.ask(b"PUT /1").await.unwrap().status, 408);
        assert_eq!(served.await.unwrap(), ["GET /", "PUT /1"]);
        // And nothing is sent for ever.
        let (mut connection, served) = answering(&[&[408], &[408]]).await;
        assert_eq!(connection.ask(b"PUT /1").await.unwrap().status, 408);
        assert_eq!(served.await.unwrap().len(), 2);
    }

    #[test]
    fn a_response_without_an_end_is_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n").unwrap().is_some());
        assert!(parse(b"SSH-2.0-x\r\n\r\n").is_err());
    }
}
