//! Bodies as they were before they were compressed for the way.

use std::{borrow::Cow, io::Read};

use flate2::read::GzDecoder;

use crate::rehearsal::load::Response;

/// The body; empty where it cannot be decoded.
pub(super) fn decoded<'a>(response: &Response<'a>) -> Cow<'a, [u8]> {
    let mut decoded = Vec::new();
    let done = match response.headers("content-encoding").next() {
        None | Some("identity") => return Cow::Borrowed(response.body),
        Some("gzip") => GzDecoder::new(response.body).read_to_end(&mut decoded).is_ok(),
        Some("br") => brotli::BrotliDecompress(&mut { response.body }, &mut decoded).is_ok(),
        Some(_) => false,
    };
    if !done {
        decoded.clear();
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn what_was_compressed_is_read() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(b"clinics").unwrap();
        let gzip = gzip.finish().unwrap();
        let mut brotli = Vec::new();
        let params = brotli::enc::BrotliEncoderParams::default();
        brotli::BrotliCompress(&mut &b"clinics"[..], &mut brotli, &params).unwrap();
        let read = |coding: &str, body: &[u8]| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n");
            let head = head.as_bytes();
            let response = Response { status: 200, retry_after: None, head, body };
            decoded(&response).into_owned()
        };
        assert_eq!(read("gzip", &gzip), b"clinics");
        assert_eq!(read("br", &brotli), b"clinics");
        assert_eq!(read("identity", b"clinics"), b"clinics");
        assert_eq!(read("gzip", b"clinics"), b"");
        assert_eq!(read("zstd", b"clinics"), b"");
    }
}
