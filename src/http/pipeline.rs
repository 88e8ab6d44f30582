//! How many requests of one connection wait for their turn. The server decodes whatever it has
//! read, and a request that waits takes kilobytes however few bytes it came in: a client that sends
//! thousands and reads no answer would hold megabytes. So the server is given a few at a time.

/// One that is answered and the next: more gain nothing, answers are sent one after the other.
const REQUESTS_MAX: u32 = 2;
/// As the server has it: what is more is refused there.
const HEAD_BYTES_MAX: usize = 131_072;
const HEADERS_MAX: usize = 96;
/// The end of a line after the bytes of a chunk.
const CHUNK_END_BYTES: u64 = 2;

/// What comes next on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Head,
    /// So many bytes.
    Body(u64),
    ChunkSize,
    /// So many bytes, with the end of their line.
    Chunk(u64),
    Trailer,
    /// Nothing that is known: no HTTP, which the server refuses, or a stream without an end. The
    /// server gets none of it, and sees the end of the connection: what cannot be counted here
    /// might be requests to it.
    Unknown,
}

/// Follows what comes on a connection, and says how much of it the server may have now.
#[derive(Debug)]
pub(super) struct Pipeline {
    next: Part,
    /// The beginning of a head or a line of which the rest has not come.
    begun: Vec<u8>,
    /// Requests that the server was given, ever.
    given: u32,
}

impl Pipeline {
    pub(super) fn new() -> Self {
        Self { next: Part::Head, begun: Vec::new(), given: 0 }
    }

    /// Whether the server has all the requests that it may have, of which it has begun `begun`.
    pub(super) fn is_full(&self, begun: u32) -> bool {
        self.next == Part::Head && self.given.wrapping_sub(begun) >= REQUESTS_MAX
    }

    /// Whether the server has had all that it gets on this connection.
    pub(super) fn is_over(&self) -> bool {
        self.next == Part::Unknown
    }

    /// How many of these bytes the server may have. Those are taken note of.
    pub(super) fn take(&mut self, bytes: &[u8], begun: u32) -> usize {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            if self.is_over() || self.is_full(begun) {
                break;
            }
            taken += match self.next {
                Part::Head => self.head(rest),
                Part::Body(left) => self.skip(left, rest, Part::Body, Part::Head),
                Part::Chunk(left) => self.skip(left, rest, Part::Chunk, Part::ChunkSize),
                Part::ChunkSize | Part::Trailer => self.line(rest),
                Part::Unknown => 0,
            };
        }
        taken
    }

    fn skip(&mut self, left: u64, rest: &[u8], more: fn(u64) -> Part, after: Part) -> usize {
        let all = u64::try_from(rest.len()).unwrap_or(u64::MAX);
        if left > all {
            self.next = more(left - all);
            return rest.len();
        }
        self.next = after;
        usize::try_from(left).unwrap_or(rest.len())
    }

    fn head(&mut self, rest: &[u8]) -> usize {
        let known = self.begun.len();
        if known == 0 {
            return match parse(rest) {
                Parsed::Whole(bytes, next) => self.ended(bytes, next),
                Parsed::Part => self.begins(rest),
                Parsed::Nothing => self.lost(up_to_fault(rest, 0)),
            };
        }
        self.begins(rest);
        // Only the end of a line can be the end of a head.
        let parsed = if rest.contains(&b'\n') { parse(&self.begun) } else { Parsed::Part };
        match parsed {
            Parsed::Whole(bytes, next) => self.ended(bytes.saturating_sub(known), next),
            Parsed::Part if self.begun.len() <= HEAD_BYTES_MAX => rest.len(),
            // The server refuses it for its length.
            Parsed::Part => self.lost(rest.len()),
            Parsed::Nothing => self.lost(up_to_fault(&self.begun, known).saturating_sub(known)),
        }
    }

    fn ended(&mut self, bytes: usize, next: Part) -> usize {
        self.given = self.given.wrapping_add(1);
        self.begun = Vec::new();
        self.next = next;
        bytes
    }

    fn begins(&mut self, rest: &[u8]) -> usize {
        self.begun.extend_from_slice(rest);
        rest.len()
    }

    /// The server gets so many bytes more, by which it finds the fault.
    fn lost(&mut self, bytes: usize) -> usize {
        self.begun = Vec::new();
        self.next = Part::Unknown;
        bytes
    }

    /// The size of a chunk, or a line after the last one.
    fn line(&mut self, rest: &[u8]) -> usize {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            self.begins(rest);
            let is_long = self.begun.len() > HEAD_BYTES_MAX;
            return if is_long { self.lost(rest.len()) } else { rest.len() };
        };
        let bytes = end + 1;
        self.begun.extend_from_slice(rest.get(..bytes).unwrap_or_default());
        let line = std::mem::take(&mut self.begun);
        self.next = match (self.next, httparse::parse_chunk_size(without_zeros(&line))) {
            (Part::ChunkSize, Ok(httparse::Status::Complete((_, 0)))) => Part::Trailer,
            (Part::ChunkSize, Ok(httparse::Status::Complete((_, size)))) => {
                Part::Chunk(size.saturating_add(CHUNK_END_BYTES))
            }
            (Part::ChunkSize, _) => Part::Unknown,
            _ if line.trim_ascii().is_empty() => Part::Head,
            _ => Part::Trailer,
        };
        bytes
    }
}

enum Parsed {
    /// A head of so many bytes, and what follows it.
    Whole(usize, Part),
    Part,
    Nothing,
}

/// Read as the server reads it.
fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => Parsed::Whole(length, follows(&request)),
        Ok(httparse::Status::Partial) => Parsed::Part,
        Err(_) => Parsed::Nothing,
    }
}

/// Where the parser finds the fault in bytes that are no head: it has read the first `known`.
fn up_to_fault(bytes: &[u8], known: usize) -> usize {
    let (mut low, mut high) = (known, bytes.len());
    while low < high {
        let middle = low.midpoint(high);
        match parse(bytes.get(..middle).unwrap_or_default()) {
            Parsed::Nothing => high = middle,
            Parsed::Whole(..) | Parsed::Part => low = middle + 1,
        }
    }
    high
}

/// The parser counts the digits of a chunk's size, with those that say nothing; the server does
/// not.
fn without_zeros(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let [b'0', rest @ ..] = line {
        if !rest.first().is_some_and(u8::is_ascii_hexdigit) {
            break;
        }
        line = rest;
    }
    line
}

fn follows(request: &httparse::Request<'_, '_>) -> Part {
    let value = |name: &str| {
        let header = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value.trim_ascii())
    };
    let says = |name, word| value(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    if says("transfer-encoding", b"chunked") {
        return Part::ChunkSize;
    }
    if says("upgrade", b"websocket") {
        return Part::Unknown;
    }
    // What follows is a stream, unless it has a length.
    let none = if request.method == Some("CONNECT") { Part::Unknown } else { Part::Head };
    let Some(length) = value("content-length") else { return none };
    match std::str::from_utf8(length).ok().and_then(|length| length.parse().ok()) {
        Some(0) => none,
        Some(length) => Part::Body(length),
        None => Part::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use actix_codec::Decoder as _;
    use actix_http::h1::{Codec, Message};
    use bytes::BytesMut;

    use super::*;

    const PLAIN: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    const SIZED: &[u8] = b"PUT / HTTP/1.1\r\nHost: a\r\ncontent-length: 8\r\n\r\n\r\n\r\n\r\n\r\n";
    const CHUNKED: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
        4;x=y\r\n\r\n\r\n\r\nA\r\n0123456789\r\n0\r\nTrailer: b\r\n\r\n";

    #[test]
    fn the_server_is_given_a_few_requests_and_the_next_when_it_has_begun_one() {
        for request in [PLAIN, SIZED, CHUNKED] {
            let many = request.repeat(100);
            let mut pipeline = Pipeline::new();
            let mut at = pipeline.take(&many, 0);
            assert_eq!(at, 2 * request.len(), "whole requests");
            assert!(pipeline.is_full(0));
            assert_eq!(pipeline.take(&many[at..], 0), 0);
            for begun in 1..=98 {
                assert!(!pipeline.is_full(begun));
                at += pipeline.take(&many[at..], begun);
                assert_eq!(at, (2 + usize::try_from(begun).unwrap()) * request.len());
            }
            assert_eq!(at, many.len());
        }
    }

    #[test]
    fn it_does_not_matter_in_what_pieces_they_come() {
        let all = [PLAIN, SIZED, CHUNKED, PLAIN].concat();
        for bytes in 1..all.len() {
            let mut pipeline = Pipeline::new();
            for mut piece in all.chunks(bytes) {
                // Each that was given is begun at once.
                while !piece.is_empty() {
                    let taken = pipeline.take(piece, pipeline.given);
                    assert!(taken > 0, "it goes on");
                    piece = &piece[taken..];
                }
            }
            assert_eq!((pipeline.given, pipeline.next), (4, Part::Head));
            assert!(pipeline.begun.is_empty());
        }
    }

    #[test]
    fn what_is_no_http_is_left_to_the_server_up_to_its_fault() {
        let long = [b"GET / HTTP/1.1\r\nA: ".as_slice(), &vec![b'a'; HEAD_BYTES_MAX]].concat();
        let streamed = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";
        let later = b"GET / HTTP/1.1\r\nHost\x01: a\r\n\r\n";
        for (bytes, given) in [
            (b"\x16\x03\x01 TLS\r\n\r\n".repeat(100), 1),
            (long.clone(), long.len()),
            (streamed.repeat(100), streamed.len()),
            (later.repeat(100), 21),
        ] {
            let mut pipeline = Pipeline::new();
            let taken: usize = bytes.chunks(1000).map(|piece| pipeline.take(piece, 0)).sum();
            assert_eq!(taken, given);
            assert!(pipeline.is_over());
            assert!(pipeline.begun.is_empty(), "nothing is kept of it");
        }
    }

    /// What each is, and the bytes of a request that might be read in two ways.
    const ODD: [(&str, &[u8]); 22] = [
        ("a tunnel", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a tunnel of no length", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
        ("a tunnel with a body", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"),
        ("no tunnel", b"connect / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("lower case", b"get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a whole address", b"GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("an old version", b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"),
        ("lines end short", b"GET / HTTP/1.1\nHost: a\n\n"),
        ("an empty line first", b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a folded line", b"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n"),
        (
            "two lengths",
            b"PUT / HTTP/1.1\r\nHost: a\r\n\
            Content-Length: 1\r\nContent-Length: 99\r\n\r\nx",
        ),
        ("a length that is none", b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\nx"),
        ("a length with a sign", b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx"),
        (
            "coded twice",
            b"PUT / HTTP/1.1\r\nHost: a\r\n\
            Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        ),
        ("not coded", b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"),
        ("old and in chunks", b"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (
            "length and chunks",
            b"PUT / HTTP/1.1\r\nHost: a\r\n\
            Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            "a size of many digits",
            b"PUT / HTTP/1.1\r\nHost: a\r\n\
            Transfer-Encoding: chunked\r\n\r\n00000000000000000001\r\nx\r\n\
            00000000000000000000\r\n\r\n",
        ),
        (
            "a size that is none",
            b"PUT / HTTP/1.1\r\nHost: a\r\n\
            Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
        ),
        (
            "chunks end short",
            b"PUT / HTTP/1.1\r\nHost: a\r\n\
            Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
        ),
        ("another protocol", b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"),
        ("another one", b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n\r\n"),
    ];

    /// How many requests the server finds in these bytes.
    fn decoded(bytes: &[u8]) -> u32 {
        let (mut codec, mut bytes, mut requests) = (Codec::default(), BytesMut::from(bytes), 0);
        while let Ok(Some(message)) = codec.decode(&mut bytes) {
            requests += u32::from(matches!(message, Message::Item(_)));
        }
        requests
    }

    /// The server's own decoder is asked, so that it does not matter how each of the two reads.
    #[actix_web::test]
    async fn the_server_finds_no_more_than_it_may_have_whatever_comes() {
        for (what, odd) in ODD {
            let bytes = [odd, &PLAIN.repeat(100), &odd.repeat(100)].concat();
            for size in [bytes.len(), 1, 7, 1000] {
                let mut pipeline = Pipeline::new();
                let mut given = Vec::new();
                for piece in bytes.chunks(size) {
                    let taken = pipeline.take(piece, 0);
                    given.extend_from_slice(&piece[..taken]);
                    if taken < piece.len() {
                        break;
                    }
                }
                assert!(decoded(&given) <= REQUESTS_MAX, "{what}, in pieces of {size}");
            }
            // The control: these bytes would have been more, unless the first is its last.
            let all = decoded(&bytes);
            assert!(all <= 1 || all > 100, "{what}: {all}");
        }
        let many = ODD.iter().filter(|(_, odd)| decoded(&odd.repeat(100)) == 100);
        assert!(many.count() >= 8, "the control: the server reads many of them");
    }

    #[test]
    fn sizes_of_chunks_are_read_as_the_server_reads_them() {
        for (line, read) in [("0005\r\n", "5\r\n"), ("000\r\n", "0\r\n"), ("0;x", "0;x"), ("", "")]
        {
            assert_eq!(without_zeros(line.as_bytes()), read.as_bytes());
        }
        let zeros = b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
            000000000000000000001\r\nx\r\n0\r\n\r\n";
        let tunnel = b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx";
        for whole in [zeros.as_slice(), tunnel] {
            let mut pipeline = Pipeline::new();
            let taken = pipeline.take(&whole.repeat(9), 0);
            assert_eq!((taken, pipeline.next), (2 * whole.len(), Part::Head), "they are followed");
        }
    }
}
