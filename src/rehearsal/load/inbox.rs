//! An HTTP listener on the generator's own thread: whatever is posted goes to the workload, and is
//! answered with 200 at once. It is no general server: it knows only as much of HTTP as an SMS
//! gateway needs for the messages of the service.

use std::{io, rc::Rc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const HEADERS_MAX: usize = 32;
const READ_BYTES: usize = 4096;
/// No message is that long.
const BODY_BYTES_MAX: usize = 64 * 1024;
const TAKEN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok";

/// Is told each body.
pub type Take = Rc<dyn Fn(&[u8])>;

/// The listener on this thread's runtime.
///
/// # Errors
/// The system's.
pub fn adopt(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Serves every connection until it is dropped.
pub async fn serve(listener: TcpListener, take: Take) {
    while let Ok((stream, _)) = listener.accept().await {
        let take = take.clone();
        tokio::task::spawn_local(async move {
            // A connection that breaks is its client's affair: it sends again.
            let _ = answer(stream, &take).await;
        });
    }
}

async fn answer(mut stream: TcpStream, take: &Take) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(READ_BYTES);
    loop {
        while let Some((start, end)) = whole(&read)? {
            take(read.get(start..end).unwrap_or_default());
            read.drain(..end);
            stream.write_all(TAKEN).await?;
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
}

/// Where the body of the first request begins and ends, if all of it is there.
fn whole(read: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(start) = request.parse(read).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let length = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|h| std::str::from_utf8(h.value).ok()?.trim().parse().ok());
    let length: usize = length.unwrap_or(0);
    if length > BODY_BYTES_MAX {
        return Err(io::Error::other("a message of more than 64 KiB"));
    }
    let end = start + length;
    Ok((read.len() >= end).then_some((start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_only_with_its_body() {
        let sent = b"POST / HTTP/1.1\r\nhost: a\r\nContent-Length: 3\r\n\r\nabcPOST";
        let (start, end) = whole(sent).unwrap().expect("whole");
        assert_eq!(&sent[start..end], b"abc");
        assert!(whole(&sent[..end - 1]).unwrap().is_none());
        assert!(whole(b"POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n").is_err());
        assert!(whole(b"\x16\x03\x01 no HTTP").is_err());
    }
}
