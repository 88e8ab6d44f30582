//! How a file was read, so that its sender can see whether it was taken for what it is.

use serde::Serialize;

use super::separator::Separator;

/// How a file was read, the whole of it in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum ReadAs {
    Csv { encoding: Encoding, separator: Separator },
    Xlsx,
}

/// What the bytes of a text stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// EUC-KR with the further syllables of code page 949.
    #[serde(rename = "cp949")]
    Cp949,
}

impl Encoding {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 (little-endian)",
            Self::Utf16Be => "UTF-16 (big-endian)",
            Self::Cp949 => "CP949 (EUC-KR)",
        }
    }
}
