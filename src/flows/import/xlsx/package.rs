//! The zip archive that a workbook is, and its parts.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
};

use zip::{ZipArchive, read::ZipFile, result::ZipError};

use super::xml::{Xml, broken};
use crate::flows::import::loader::Stop;

/// Workbooks have dozens of parts. Each entry of the archive's directory takes memory.
const PARTS_MAX: u64 = 10_000;
/// What a sheet or its texts may unpack to: a million rows of ten columns are half a gigabyte.
const UNPACKED_BYTES_MAX: u64 = 2 << 30;
/// What every other part may unpack to.
const SMALL_BYTES_MAX: u64 = 16 << 20;
/// Where the end of the directory is looked for: its own length, and that of the longest comment.
const END_BYTES: u64 = 22 + 65_535;
const END: &[u8] = b"PK\x05\x06";
/// Of archives with more entries or bytes than a workbook has.
const END_64: &[u8] = b"PK\x06\x07";
const ENTRIES_AT: usize = 10;

pub(super) struct Package {
    archive: ZipArchive<File>,
}

impl Package {
    /// # Errors
    /// No archive, or one of more parts than a workbook has.
    pub(super) fn open(mut file: File) -> Result<Self, Stop> {
        if parts(&mut file)? > PARTS_MAX {
            return Err(broken());
        }
        Ok(Self { archive: ZipArchive::new(file).map_err(|error| stop(&error))? })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(name).is_some()
    }

    /// A part that is small in every workbook.
    ///
    /// # Errors
    /// There is none, or it is damaged.
    pub(super) fn small(&mut self, name: &str) -> Result<Xml<ZipFile<'_, File>>, Stop> {
        Ok(Xml::new(self.archive.by_name(name).map_err(|error| stop(&error))?, SMALL_BYTES_MAX))
    }

    /// A part that is as large as what the workbook holds, and the length that it claims to have.
    ///
    /// # Errors
    /// There is none, or it is damaged.
    pub(super) fn sheet(&mut self, name: &str) -> Result<(Xml<ZipFile<'_, File>>, u64), Stop> {
        let part = self.archive.by_name(name).map_err(|error| stop(&error))?;
        let unpacked = part.size();
        Ok((Xml::new(part, UNPACKED_BYTES_MAX), unpacked))
    }
}

fn stop(error: &ZipError) -> Stop {
    tracing::debug!(%error, "a workbook");
    broken()
}

/// How many entries the archive says that it has, before the directory is read.
fn parts(file: &mut File) -> Result<u64, Stop> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
    let mut end = Vec::new();
    file.take(END_BYTES).read_to_end(&mut end)?;
    file.rewind()?;
    if find(&end, END_64).next().is_some() {
        return Ok(u64::MAX);
    }
    let entries = |at: usize| match end.get(at + ENTRIES_AT..at + ENTRIES_AT + 2) {
        Some(&[low, high]) => u64::from(u16::from_le_bytes([low, high])),
        _ => 0,
    };
    Ok(find(&end, END).map(entries).max().unwrap_or(0))
}

fn find<'a>(bytes: &'a [u8], what: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    (0..)
        .zip(bytes.windows(what.len()))
        .filter(move |(_, window)| *window == what)
        .map(|(at, _)| at)
}
