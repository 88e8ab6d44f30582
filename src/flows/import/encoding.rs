//! What the bytes of a text stand for: found over the whole file, in memory that does not grow with
//! it, and then decoded.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, DecoderResult, EUC_KR, UTF_8, UTF_16BE, UTF_16LE};

use crate::domain::{Detail, import::read_as::Encoding};

const CHUNK_BYTES: usize = 64 * 1024;
/// Lead bytes of code page 949, and those of EUC-KR, whose second bytes begin there too.
const LEAD_MIN: u8 = 0x81;
const COMMON_MIN: u8 = 0xa1;

/// How the bytes of a text become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) encoding: Encoding,
    /// Bytes of the byte order mark.
    pub(super) mark: usize,
    /// Lines end with a carriage return alone, as of old on the Macintosh.
    pub(super) is_returned: bool,
}

/// Looks at all bytes of a file, in the order in which they come.
pub(super) struct Probe {
    marked: Option<Encoding>,
    trials: Vec<Trial>,
    pairs: Pairs,
    offset: u64,
}

impl Probe {
    /// `start` has the first bytes, at least three where there are so many.
    pub(super) fn new(start: &[u8]) -> Self {
        let marked = match start {
            [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
            [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
            [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
            _ => None,
        };
        let trials = match marked {
            Some((encoding, mark)) => vec![Trial::new(encoding, mark)],
            None => vec![Trial::new(Encoding::Utf8, 0), Trial::new(Encoding::Cp949, 0)],
        };
        let marked = marked.map(|(encoding, _)| encoding);
        Self { marked, trials, pairs: Pairs::default(), offset: 0 }
    }

    pub(super) fn see(&mut self, bytes: &[u8]) {
        for trial in &mut self.trials {
            trial.see(bytes, self.offset, false);
        }
        if self.marked.is_none() {
            self.pairs.see(bytes);
        }
        self.offset += length(bytes);
    }

    /// # Errors
    /// No encoding fits the whole of the file, or it is no text.
    pub(super) fn finish(mut self) -> Result<Text, Detail> {
        for trial in &mut self.trials {
            trial.see(&[], self.offset, true);
        }
        let fits = |trial: &&Trial| {
            trial.failed_at.is_none()
                && (trial.encoding != Encoding::Cp949 || self.pairs.are_likely())
        };
        if let Some(trial) = self.trials.iter().find(fits) {
            return match trial.nul_at {
                Some(offset) => Err(Detail::NulByte { offset }),
                None => Ok(trial.text()),
            };
        }
        // Where the last one that could have been it was ruled out.
        let offset = self.trials.iter().filter_map(|trial| trial.failed_at).max().unwrap_or(0);
        Err(Detail::EncodingUnknown { offset })
    }
}

/// One encoding, and whether it fits so far.
struct Trial {
    encoding: Encoding,
    mark: usize,
    decoder: Decoder,
    characters: Vec<u8>,
    failed_at: Option<u64>,
    nul_at: Option<u64>,
    has_return: bool,
    has_feed: bool,
}

impl Trial {
    fn new(encoding: Encoding, mark: usize) -> Self {
        Self {
            encoding,
            mark,
            decoder: decoder(encoding),
            characters: vec![0; CHUNK_BYTES],
            failed_at: None,
            nul_at: None,
            has_return: false,
            has_feed: false,
        }
    }

    fn see(&mut self, bytes: &[u8], offset: u64, is_last: bool) {
        let skipped = if offset == 0 { self.mark.min(bytes.len()) } else { 0 };
        let mut rest = bytes.get(skipped..).unwrap_or_default();
        while self.failed_at.is_none() {
            let at = offset + length(bytes) - length(rest);
            let to = self.characters.as_mut_slice();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(rest, to, is_last);
            let seen = self.characters.get(..written).unwrap_or_default();
            self.has_return |= seen.contains(&b'\r');
            self.has_feed |= seen.contains(&b'\n');
            if self.nul_at.is_none() && seen.contains(&0) {
                self.nul_at = Some(at + nul_within(self.encoding, rest));
            }
            rest = rest.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let back = u64::from(length) + u64::from(after);
                    self.failed_at = Some((at + as_u64(read)).saturating_sub(back));
                }
            }
        }
    }

    fn text(&self) -> Text {
        let is_returned = self.has_return && !self.has_feed;
        Text { encoding: self.encoding, mark: self.mark, is_returned }
    }
}

/// Where the first NUL character stands.
fn nul_within(encoding: Encoding, bytes: &[u8]) -> u64 {
    let at = match encoding {
        Encoding::Utf8 | Encoding::Cp949 => bytes.iter().position(|&byte| byte == 0),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            bytes.chunks(2).position(|unit| unit == [0, 0]).map(|unit| 2 * unit)
        }
    };
    as_u64(at.unwrap_or(0))
}

/// Pairs of bytes of code page 949: those of EUC-KR, and those of the rarer syllables that were
/// added to it. In Korean text nearly all are of the first kind; in a text of another country,
/// whose accented letters stand beside plain ones, they are of the second.
#[derive(Default)]
struct Pairs {
    lead: Option<u8>,
    common: u64,
    rare: u64,
}

impl Pairs {
    fn see(&mut self, bytes: &[u8]) {
        if self.lead.is_none() && bytes.is_ascii() {
            return;
        }
        for &byte in bytes {
            match self.lead.take() {
                None if byte >= LEAD_MIN => self.lead = Some(byte),
                None => {}
                Some(lead) if lead >= COMMON_MIN && byte >= COMMON_MIN => self.common += 1,
                Some(_) => self.rare += 1,
            }
        }
    }

    fn are_likely(&self) -> bool {
        self.rare <= self.common
    }
}

fn decoder(encoding: Encoding) -> Decoder {
    let encoding = match encoding {
        Encoding::Utf8 => UTF_8,
        Encoding::Utf16Le => UTF_16LE,
        Encoding::Utf16Be => UTF_16BE,
        Encoding::Cp949 => EUC_KR,
    };
    encoding.new_decoder_without_bom_handling()
}

fn length(bytes: &[u8]) -> u64 {
    as_u64(bytes.len())
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// A text in UTF-8, whatever its file has, with lines that end with a line feed.
pub(super) struct Decoded<R> {
    from: R,
    decoder: Decoder,
    is_returned: bool,
    bytes: Vec<u8>,
    /// What of `bytes` is not decoded.
    rest: std::ops::Range<usize>,
    characters: Vec<u8>,
    unread: std::ops::Range<usize>,
    bytes_read: u64,
    is_ended: bool,
}

impl<R: Read> Decoded<R> {
    /// # Errors
    /// Those of reading the byte order mark.
    pub(super) fn new(mut from: R, text: Text) -> io::Result<Self> {
        let mut mark = vec![0; text.mark];
        from.read_exact(&mut mark)?;
        Ok(Self {
            from,
            decoder: decoder(text.encoding),
            is_returned: text.is_returned,
            bytes: vec![0; CHUNK_BYTES],
            rest: 0..0,
            characters: vec![0; 3 * CHUNK_BYTES],
            unread: 0..0,
            bytes_read: length(&mark),
            is_ended: false,
        })
    }

    /// Of the file, so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    fn decode(&mut self) -> io::Result<()> {
        if self.rest.is_empty() && !self.is_ended {
            let read = self.from.read(&mut self.bytes)?;
            self.bytes_read += as_u64(read);
            self.is_ended = read == 0;
            self.rest = 0..read;
        }
        let rest = self.bytes.get(self.rest.clone()).unwrap_or_default();
        let to = self.characters.as_mut_slice();
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(rest, to, self.is_ended);
        if let DecoderResult::Malformed(..) = result {
            return Err(io::Error::other("the file changed while it was read"));
        }
        self.rest.start += read;
        self.unread = 0..written;
        if self.is_returned {
            let written = self.characters.get_mut(..written).unwrap_or_default();
            written.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut unread = self.fill_buf()?;
        let read = unread.read(to)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.unread.is_empty() && !(self.is_ended && self.rest.is_empty()) {
            self.decode()?;
        }
        Ok(self.characters.get(self.unread.clone()).unwrap_or_default())
    }

    fn consume(&mut self, bytes: usize) {
        self.unread.start = self.unread.end.min(self.unread.start + bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(file: &[u8], chunk: usize) -> Result<Text, Detail> {
        let mut probe = Probe::new(file.get(..8.min(file.len())).unwrap());
        file.chunks(chunk).for_each(|bytes| probe.see(bytes));
        probe.finish()
    }

    fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
        let units = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
        match encoding {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Cp949 => EUC_KR.encode(text).0.into_owned(),
            Encoding::Utf16Le => units(u16::to_le_bytes),
            Encoding::Utf16Be => units(u16::to_be_bytes),
        }
    }

    fn decoded(file: &[u8], text: Text) -> String {
        let mut read = String::new();
        Decoded::new(file, text).unwrap().read_to_string(&mut read).unwrap();
        read
    }

    #[test]
    fn each_encoding_is_found_and_read_wherever_its_chunks_end() {
        let text = "이름,생년월일\n홍길동,1964-03-05\n뷁쏋,1964-03-06\n";
        for encoding in [Encoding::Utf8, Encoding::Cp949, Encoding::Utf16Le, Encoding::Utf16Be] {
            for marked in [false, true] {
                if matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) != marked
                    && encoding != Encoding::Utf8
                {
                    continue;
                }
                let mark = if marked { "\u{feff}" } else { "" };
                let file = encoded(&format!("{mark}{text}"), encoding);
                for chunk in [1, 2, 3, 7, 64, 4_096] {
                    // The first bytes come together.
                    let found = probe(&file, chunk.max(3)).unwrap();
                    assert_eq!(found.encoding, encoding, "{chunk}");
                    assert_eq!(decoded(&file, found), text, "{encoding:?}");
                }
            }
        }
    }

    #[test]
    fn a_file_that_is_neither_is_refused_where_it_stops_being_text() {
        let good = "name\n홍길동\n";
        let at = |file: &[u8]| match probe(file, 4_096) {
            Err(Detail::EncodingUnknown { offset }) => Some(offset),
            _ => None,
        };
        assert_eq!(at(good.as_bytes()), None, "the control");
        let mut korean = encoded(good, Encoding::Cp949);
        assert_eq!(at(&korean), None, "the control");
        let end = korean.len() as u64;
        korean.extend_from_slice(b"\xff\xff\n");
        assert_eq!(at(&korean), Some(end));
        let mut utf8 = good.repeat(100).into_bytes();
        let end = utf8.len() as u64;
        utf8.extend_from_slice(b"\xc3(\n");
        assert_eq!(at(&utf8), Some(end));
        let marked = b"\xef\xbb\xbfname\n\xc8\xab\xb1\xe6\n";
        assert_eq!(at(marked), Some(10), "it says that it is UTF-8");
        assert_eq!(at(&marked[3..]), None, "and without saying so it is CP949");
    }

    #[test]
    fn a_text_of_another_country_is_not_taken_for_korean() {
        for text in ["Jörg Müller\nÄnne Österle\nGrün\n", "Zoé Lefèvre\nChloé\n", "Núñez\nPeña\n"]
        {
            let (file, ..) = encoding_rs::WINDOWS_1252.encode(text);
            assert!(matches!(probe(&file, 64), Err(Detail::EncodingUnknown { .. })), "{text}");
        }
        let mixed = encoded("홍길동 뷁\n", Encoding::Cp949);
        assert!(probe(&mixed, 64).is_ok(), "the control: a rare syllable among usual ones");
    }

    #[test]
    fn a_nul_is_no_text() {
        let offset = |file: &[u8], chunk| match probe(file, chunk) {
            Err(Detail::NulByte { offset }) => Some(offset),
            _ => None,
        };
        assert_eq!(offset(b"name\nA\0B\n", 64), Some(6));
        assert_eq!(offset(b"name\nA\0B\n", 3), Some(6));
        assert_eq!(offset(b"name\nAB\n", 64), None, "the control");
        let wide = encoded("\u{feff}name\nA\0B", Encoding::Utf16Le);
        assert_eq!(offset(&wide, 64), Some(14));
        let unmarked = encoded("name\nA", Encoding::Utf16Le);
        assert_eq!(offset(&unmarked, 64), Some(1), "UTF-16 without its mark");
    }

    #[test]
    fn a_carriage_return_alone_ends_lines_where_no_line_feed_does() {
        let old = probe(b"a\rb\r", 64).unwrap();
        assert!(old.is_returned);
        assert_eq!(decoded(b"a\rb\r", old), "a\nb\n");
        let windows = probe(b"a\r\nb\r\n", 64).unwrap();
        assert_eq!(decoded(b"a\r\nb\r\n", windows), "a\r\nb\r\n");
    }

    #[test]
    fn a_file_that_changes_meanwhile_is_an_error() {
        let text = Text { encoding: Encoding::Utf8, mark: 0, is_returned: false };
        let mut read = String::new();
        Decoded::new(&b"a\xff"[..], text).unwrap().read_to_string(&mut read).unwrap_err();
    }
}
