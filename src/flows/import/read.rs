//! The thread that reads a file: hashes it, finds out what it is, and takes it apart.

use std::{
    fs::File,
    io::{self, Read, Seek},
};

use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::{
    encoding::{Decoded, Probe, Text},
    loader::{CHUNK_BYTES, Chunk, Fields, Loader, Staged, Stop},
    records::Records,
    rows::RowParser,
    xlsx,
};
use crate::domain::{
    Detail,
    import::{Kind, ReadAs, Rejects, Separator, csv, separator_of},
};

/// A file of a zip archive begins with this, and so does an .xlsx workbook.
const ZIP: &[u8] = b"PK\x03\x04";
/// Workbooks before 2007, and those that are locked with a password.
const OLE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];

/// A file that was read once.
pub(super) struct Opened {
    file: File,
    pub(super) sha256: [u8; 32],
    content: Content,
}

/// What a file is, by what is in it: its name says nothing.
enum Content {
    Text(Text, Separator),
    Workbook,
    Unreadable(Detail),
}

impl Opened {
    /// None where it could not be read as anything.
    pub(super) fn read_as(&self) -> Option<ReadAs> {
        match self.content {
            Content::Text(text, separator) => {
                Some(ReadAs::Csv { encoding: text.encoding, separator })
            }
            Content::Workbook => Some(ReadAs::Xlsx),
            Content::Unreadable(_) => None,
        }
    }
}

/// Hashes a file from its start, and finds out what it is.
pub(super) fn open(mut file: File, kind: Kind) -> io::Result<Opened> {
    file.rewind()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut start = Vec::new();
    let mut probe: Option<Probe> = None;
    loop {
        let read = read_full(&mut file, &mut buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        if probe.is_none() {
            start = bytes.get(..bytes.len().min(4)).unwrap_or_default().to_vec();
        }
        let probe = probe.get_or_insert_with(|| Probe::new(bytes));
        if start != ZIP && start != OLE {
            probe.see(bytes);
        }
    }
    file.rewind()?;
    let content = if start == ZIP {
        Content::Workbook
    } else if start == OLE {
        Content::Unreadable(Detail::OldWorkbook)
    } else {
        match probe.unwrap_or_else(|| Probe::new(&[])).finish() {
            Ok(text) => Content::Text(text, separator(&mut file, text, kind)?),
            Err(detail) => Content::Unreadable(detail),
        }
    };
    Ok(Opened { file, sha256: hash.finalize().into(), content })
}

/// Reads until the buffer is full or the file ends.
fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// As the first line says, or shows by the columns that it names.
fn separator(file: &mut File, text: Text, kind: Kind) -> io::Result<Separator> {
    let mut records = Records::new(Decoded::new(&*file, text)?, None);
    let separator = match records.next()? {
        Some((_, Ok(first))) => {
            Separator::named(first).unwrap_or_else(|| separator_of(first, kind.columns()))
        }
        _ => Separator::default(),
    };
    file.rewind()?;
    Ok(separator)
}

/// Parses every row and sends the good ones on. Ends early where nobody takes them. `sheet` names
/// one of a workbook; else it is the first.
pub(super) fn read(
    opened: Opened,
    (kind, sheet): (Kind, Option<&str>),
    parser: &dyn RowParser,
    send: &mpsc::Sender<Chunk>,
) -> io::Result<Staged> {
    let Opened { file, content, .. } = opened;
    let loader = Loader::new(kind, parser, send);
    let staged = match content {
        Content::Text(..) if sheet.is_some() => Err(Stop::file(1, Detail::NoSuchSheet)),
        Content::Text(text, separator) => read_text(file, text, separator, loader),
        Content::Workbook => xlsx::read(file, sheet, loader),
        Content::Unreadable(detail) => Err(Stop::file(1, detail)),
    };
    match staged {
        Ok(staged) => Ok(staged),
        Err(Stop::Io(error)) => Err(error),
        Err(Stop::Unreadable { line, faults }) => {
            let mut rejects = Rejects::default();
            faults.into_iter().for_each(|fault| rejects.push(line, fault));
            Ok(Staged { rows_read: 0, is_readable: false, rejects, content: None })
        }
    }
}

fn read_text(
    file: File,
    text: Text,
    separator: Separator,
    mut loader: Loader<'_>,
) -> Result<Staged, Stop> {
    let mut records = Records::new(Decoded::new(file, text)?, Some(separator));
    let mut is_first = true;
    loop {
        let bytes_read = records.source().bytes_read();
        let Some((line, record)) = records.next()? else { break };
        let names_separator = record.as_ref().is_ok_and(|text| Separator::named(text).is_some());
        if std::mem::take(&mut is_first) && names_separator {
            continue;
        }
        let fields = record.and_then(|text| csv::fields(text, separator)).map(|values| Fields {
            values,
            broken: None,
            is_cut: false,
        });
        loader.take(line, fields, bytes_read)?;
    }
    loader.finish(records.source().bytes_read())
}
