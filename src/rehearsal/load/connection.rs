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
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(READ_BYTES) })
    }

    /// Whether the service has closed it, as it does with connections that were idle for long. A
    /// request on it would get no response.
    pub fn is_closed(&self) -> bool {
        match self.stream.try_read(&mut [0]) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    /// Sends a request and waits for its response.
    ///
    /// # Errors
    /// The connection breaks, or the response is not HTTP/1.1 with a length. The connection cannot
    /// be used any more.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Response<'_>> {
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
        let body = self.read.get(head.bytes..end).unwrap_or_default();
        let Head { status, retry_after, bytes, .. } = head;
        Ok(Response { status, retry_after, head: self.read.get(..bytes).unwrap_or_default(), body })
    }
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

    #[test]
    fn a_response_without_an_end_is_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n").unwrap().is_some());
        assert!(parse(b"SSH-2.0-x\r\n\r\n").is_err());
    }
}
