//! Answers that actix makes below all our handlers, to what is no request: a head and nothing else.
//! They get what every answer has: nobody may guess what they are, and no cache keeps them. One to
//! what cannot be read says so in a problem document.

use super::{problem::Problem, request_id};

/// No bare answer is longer.
const BYTES_MAX: usize = 200;
const END: &[u8] = b"\r\n\r\n";
/// What actix answers by itself, at the end of a connection.
const LINES: [&str; 4] = [
    "HTTP/1.1 400 Bad Request",
    "HTTP/1.1 408 Request Timeout",
    "HTTP/1.1 431 Request Header Fields Too Large",
    "HTTP/1.1 500 Internal Server Error",
];

/// Where a bare answer begins with which these bytes end, and what is written in its place. None of
/// our own answers is without a body and a header to say that it has none.
pub fn mended(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    if !bytes.ends_with(END) {
        return None;
    }
    let before = bytes.len().saturating_sub(BYTES_MAX);
    let tail = bytes.get(before..)?;
    let begin = tail.windows(9).rposition(|window| window == b"HTTP/1.1 ")?;
    let head = std::str::from_utf8(tail.get(begin..)?).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let first = lines.next().filter(|line| LINES.contains(line))?;
    let (mut kept, mut is_empty) = (String::new(), false);
    for line in lines {
        match line.split_once(": ")? {
            ("content-length", "0") => is_empty = true,
            ("connection" | "date", _) => kept.extend([line, "\r\n"]),
            _ => return None,
        }
    }
    is_empty.then(|| (before + begin, written(first, &kept).into_bytes()))
}

fn written(first: &str, kept: &str) -> String {
    let id = request_id::unnumbered();
    let body = match first.contains(" 400 ") {
        true => Problem::of_unreadable(id).unwrap_or_default(),
        false => String::new(),
    };
    let kind = match body.is_empty() {
        true => String::new(),
        false => {
            format!("content-type: application/problem+json\r\n{}: {id}\r\n", request_id::HEADER)
        }
    };
    format!(
        "{first}\r\ncontent-length: {}\r\n{kind}x-content-type-options: nosniff\r\n\
         cache-control: no-store\r\n{kept}\r\n{body}",
        body.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\
        connection: close\r\ndate: Thu, 26 Nov 2026 16:48:32 GMT\r\n\r\n";

    #[test]
    fn a_bare_answer_gets_what_every_answer_has_and_others_stay_as_they_are() {
        let earlier = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        let (at, mended_to) = mended(format!("{earlier}{BARE}").as_bytes()).unwrap();
        assert_eq!(at, earlier.len());
        let text = String::from_utf8(mended_to).unwrap();
        assert_eq!(
            text,
            "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\
             x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\
             date: Thu, 26 Nov 2026 16:48:32 GMT\r\n\r\n"
        );
        for other in [
            earlier.to_owned(),
            "HTTP/1.1 304 Not Modified\r\ndate: x\r\n\r\n".to_owned(),
            BARE.replace("date", "etag"),
            BARE.replace("content-length: 0\r\n", ""),
            format!("{BARE} "),
        ] {
            assert_eq!(mended(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_problem() {
        let bare = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let (_, text) = mended(bare.as_bytes()).unwrap();
        let text = String::from_utf8(text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["code"], "malformed_request");
    }
}
