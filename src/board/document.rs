//! An answer that is made once and given to everybody: its bytes in every coding, each with its own
//! strong entity tag, so that a request costs no work.

use std::{io, sync::Arc};

use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Effort for what is made once and sent many times.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;
/// Effort for what is made for one request.
const GZIP_LEVEL_ONCE: u32 = 1;
const BROTLI_QUALITY_ONCE: i32 = 1;
/// log2 of brotli's window: 1 MiB holds every answer whole.
const BROTLI_WINDOW: i32 = 20;
/// Bytes of the hash that make a tag.
const TAG_BYTES: usize = 12;

/// A content coding that we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    pub const ALL: [Self; 3] = [Self::Identity, Self::Gzip, Self::Brotli];

    /// As in `Content-Encoding`; none for bytes as they are.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// Encodes an answer that is made for one request: little effort.
    ///
    /// # Errors
    /// The encoder's.
    pub fn encode_once(self, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut encoded = match self {
            Self::Identity => bytes,
            Self::Gzip => gzip(&bytes, GZIP_LEVEL_ONCE)?,
            Self::Brotli => brotli(&bytes, BROTLI_QUALITY_ONCE)?,
        };
        // Answers are kept while they are sent, and counted by what is in them.
        encoded.shrink_to_fit();
        Ok(encoded)
    }

    /// The entity tag of content with this hash in this coding: another coding is other bytes.
    pub fn tag(self, hash: &[u8]) -> String {
        let hash = hash.get(..TAG_BYTES).unwrap_or(hash);
        let hash = data_encoding::BASE64URL_NOPAD.encode(hash);
        match self.name() {
            None => format!("\"{hash}\""),
            Some(coding) => format!("\"{hash}-{coding}\""),
        }
    }
}

/// One coding of a document.
#[derive(Clone, Debug)]
pub struct Variant {
    pub bytes: Arc<[u8]>,
    /// A strong entity tag, with its quotes.
    pub etag: String,
}

/// A body in every coding, each with its entity tag.
#[derive(Clone, Debug)]
pub struct Document {
    identity: Variant,
    gzip: Variant,
    brotli: Variant,
}

impl Document {
    /// Writes `content` as JSON, in every coding.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn new(content: &impl Serialize) -> io::Result<Self> {
        Self::from_bytes(serde_json::to_vec(content)?)
    }

    /// Any bytes, in every coding.
    ///
    /// # Errors
    /// The encoders'.
    pub fn from_bytes(bytes: Vec<u8>) -> io::Result<Self> {
        let hash = Sha256::digest(&bytes);
        let variant = |coding: Coding, bytes: Vec<u8>| Variant {
            bytes: bytes.into(),
            etag: coding.tag(&hash),
        };
        Ok(Self {
            gzip: variant(Coding::Gzip, gzip(&bytes, GZIP_LEVEL)?),
            brotli: variant(Coding::Brotli, brotli(&bytes, BROTLI_QUALITY)?),
            identity: variant(Coding::Identity, bytes),
        })
    }

    /// The body in this coding.
    pub fn variant(&self, coding: Coding) -> &Variant {
        match coding {
            Coding::Identity => &self.identity,
            Coding::Gzip => &self.gzip,
            Coding::Brotli => &self.brotli,
        }
    }
}

fn gzip(bytes: &[u8], level: u32) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    io::Write::write_all(&mut encoder, bytes)?;
    encoder.finish()
}

fn brotli(bytes: &[u8], quality: i32) -> io::Result<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: BROTLI_WINDOW,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut encoded = Vec::new();
    let mut left = bytes;
    brotli::BrotliCompress(&mut left, &mut encoded, &params)?;
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn decode(coding: Coding, bytes: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        match coding {
            Coding::Identity => decoded.extend_from_slice(bytes),
            Coding::Gzip => {
                flate2::read::GzDecoder::new(bytes).read_to_end(&mut decoded).map(drop).unwrap();
            }
            Coding::Brotli => {
                brotli::Decompressor::new(bytes, 4096).read_to_end(&mut decoded).unwrap();
            }
        }
        decoded
    }

    #[test]
    fn every_coding_carries_the_same_content_under_its_own_tag() {
        let content: Vec<u32> = (0..5000).collect();
        let document = Document::new(&content).unwrap();
        let plain = serde_json::to_vec(&content).unwrap();
        for coding in Coding::ALL {
            let variant = document.variant(coding);
            assert_eq!(decode(coding, &variant.bytes), plain, "{coding:?}");
            let mut roomy = Vec::with_capacity(2 * plain.len());
            roomy.extend_from_slice(&plain);
            let once = coding.encode_once(roomy).unwrap();
            assert_eq!(once.capacity(), once.len(), "no more is held than is counted");
            assert_eq!(decode(coding, &once), plain);
            let others = Coding::ALL.iter().filter(|other| **other != coding);
            for other in others {
                assert_ne!(document.variant(*other).etag, variant.etag);
            }
        }
        assert!(document.variant(Coding::Brotli).bytes.len() < plain.len() / 2);
    }

    #[test]
    fn the_tag_changes_with_the_content_and_only_with_it() {
        let tag = |n: u32| Document::new(&n).unwrap().variant(Coding::Gzip).etag.clone();
        assert_eq!(tag(1), tag(1));
        assert_ne!(tag(1), tag(2));
    }
}
