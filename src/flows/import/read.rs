//! The thread that reads a file: hashes it, cuts it into records, and parses them.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::Path,
};

use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::{records::Records, rows::RowParser};
use crate::{
    db::copy::CopyText,
    domain::{
        Code, Detail,
        import::{Fault, Header, Kind, Rejects, csv},
    },
};

/// Rows are handed over in chunks of about this size.
const CHUNK_BYTES: usize = 256 * 1024;

/// Rows on their way into the staging table.
pub(super) struct Chunk {
    pub(super) rows: Vec<u8>,
    /// Of the file, so far.
    pub(super) bytes_read: u64,
}

/// What was read.
pub(super) struct Staged {
    /// Without the header and empty lines.
    pub(super) rows_read: u64,
    /// Whether the header is one; else no row was read.
    pub(super) is_readable: bool,
    pub(super) rejects: Rejects,
}

/// Opens a file and hashes it.
pub(super) fn open(path: &Path) -> io::Result<(File, [u8; 32])> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        match buffer.get(..read) {
            Some(bytes) if !bytes.is_empty() => hash.update(bytes),
            _ => break,
        }
    }
    file.rewind()?;
    Ok((file, hash.finalize().into()))
}

/// Parses every row and sends the good ones on. Ends early where nobody takes them.
pub(super) fn read(
    file: File,
    kind: Kind,
    parser: &dyn RowParser,
    send: &mpsc::Sender<Chunk>,
) -> io::Result<Staged> {
    let mut records = Records::new(BufReader::with_capacity(CHUNK_BYTES, file));
    let mut rejects = Rejects::default();
    let mut rows_read = 0;
    let Some(header) = header(&mut records, kind, &mut rejects)? else {
        return Ok(Staged { rows_read, is_readable: false, rejects });
    };
    let mut copy = CopyText::default();
    while let Some((line, record)) = records.next()? {
        rows_read += 1;
        if let Err(fault) = record.and_then(|text| stage(&header, parser, line, text, &mut copy)) {
            rejects.push(line, fault);
        }
        if copy.len() >= CHUNK_BYTES {
            let rows = std::mem::take(&mut copy).into_bytes();
            if send.blocking_send(Chunk { rows, bytes_read: records.bytes() }).is_err() {
                return Err(io::Error::other("the rows are not taken any more"));
            }
        }
    }
    let last = Chunk { rows: copy.into_bytes(), bytes_read: records.bytes() };
    send.blocking_send(last).map_err(io::Error::other)?;
    Ok(Staged { rows_read, is_readable: true, rejects })
}

fn header(
    records: &mut Records<impl io::BufRead>,
    kind: Kind,
    rejects: &mut Rejects,
) -> io::Result<Option<Header>> {
    let Some((line, record)) = records.next()? else {
        rejects.push(1, Fault::new(Code::MissingColumn, "", Detail::FileEmpty));
        return Ok(None);
    };
    let fields = record.and_then(csv::fields).map_err(|fault| vec![fault]);
    match fields.and_then(|fields| Header::parse(kind, &fields)) {
        Ok(header) => Ok(Some(header)),
        Err(faults) => {
            faults.into_iter().for_each(|fault| rejects.push(line, fault));
            Ok(None)
        }
    }
}

fn stage(
    header: &Header,
    parser: &dyn RowParser,
    line: u64,
    text: &str,
    copy: &mut CopyText,
) -> Result<(), Fault> {
    let fields = csv::fields(text)?;
    parser.stage(line, &header.row(&fields)?, copy)
}
