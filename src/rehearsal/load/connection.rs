//! One kept-alive HTTP/1.1 connection that sends bytes as they are and reads one answer at a time.
//! No general client: it knows as much of HTTP as a measured service answers with, so that the
//! generator takes as little as possible of the machine that it shares with the service.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const HEADERS_MAX: usize = 32;
const READ_BYTES: usize = 4096;

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub status: u16,
    /// Seconds after which the service asks to be asked again.
    pub retry_after: Option<u64>,
    pub body: &'a [u8],
}

/// A connection, and what was read from it.
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
    /// When nobody listens there.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(READ_BYTES) })
    }

    /// Whether the service has hung up meanwhile, as it does on a connection that was idle for
    /// long: nothing that is sent on it would be heard.
    pub fn is_closed(&self) -> bool {
        match self.stream.try_read(&mut [0]) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not HTTP/1.1 with a length; the connection is of
    /// no use then.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
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
        Ok(Answer { status: head.status, retry_after: head.retry_after, body })
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
        None if has_body => return Err(io::Error::other("an answer without content-length")),
        None => 0,
    };
    let body_bytes = if has_body { body_bytes } else { 0 };
    Ok(Some(Head { status, retry_after: number("retry-after"), bytes, body_bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_only_with_its_head() {
        let whole =
            b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\ncontent-length: 3\r\n\r\nabc";
        let head = parse(whole).unwrap().expect("complete");
        assert_eq!((head.status, head.retry_after, head.body_bytes), (503, Some(2), 3));
        assert_eq!(&whole[head.bytes..], b"abc");
        assert!(parse(&whole[..40]).unwrap().is_none());
    }

    #[tokio::test]
    async fn a_service_that_has_hung_up_is_noticed() {
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
    fn what_cannot_be_delimited_is_refused() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\n\r\n").unwrap().is_some());
        assert!(parse(b"SSH-2.0-x\r\n\r\n").is_err());
    }
}
