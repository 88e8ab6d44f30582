//! Takes the records of a file one after the other, whatever the file is: the first is its header,
//! the others are rows on their way into the staging table.

use std::{borrow::Cow, io};

use tokio::sync::{mpsc, oneshot};

use super::rows::RowParser;
use crate::{
    db::copy::CopyText,
    domain::{
        Code, Detail,
        import::{Fault, Header, Kind, Rejects, cell},
    },
};

/// Rows are handed over in chunks of about this size: some milliseconds of work, between which
/// whoever books goes first.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;

/// Rows on their way into the staging table.
pub(super) struct Chunk {
    pub(super) rows: Vec<u8>,
    /// Of the file, so far.
    pub(super) bytes_read: u64,
    /// Dropped when the next chunk may be made.
    pub(super) turn: oneshot::Sender<()>,
}

/// What was read.
pub(super) struct Staged {
    /// Without the header and empty lines.
    pub(super) rows_read: u64,
    /// Whether the whole file is one of its kind; else no row of it counts.
    pub(super) is_readable: bool,
    pub(super) rejects: Rejects,
    /// What its rows say, of a kind of file that adds.
    pub(super) content: Option<[u8; 32]>,
}

/// Why reading ends early.
#[derive(Debug)]
pub(super) enum Stop {
    Io(io::Error),
    /// The file is none of its kind.
    Unreadable {
        line: u64,
        faults: Vec<Fault>,
    },
}

impl Stop {
    pub(super) fn file(line: u64, detail: Detail) -> Self {
        Self::Unreadable { line, faults: vec![Fault::file(detail)] }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The fields of a record.
pub(super) struct Fields<'a> {
    pub(super) values: Vec<Cow<'a, str>>,
    /// A field that has no value, and why.
    pub(super) broken: Option<(usize, Detail)>,
    /// Empty fields at the end of a row are not written down.
    pub(super) is_cut: bool,
}

pub(super) struct Loader<'a> {
    kind: Kind,
    parser: &'a dyn RowParser,
    send: &'a mpsc::Sender<Chunk>,
    header: Option<Header>,
    rows_read: u64,
    rejects: Rejects,
    copy: CopyText,
}

impl<'a> Loader<'a> {
    pub(super) fn new(
        kind: Kind,
        parser: &'a dyn RowParser,
        send: &'a mpsc::Sender<Chunk>,
    ) -> Self {
        Self {
            kind,
            parser,
            send,
            header: None,
            rows_read: 0,
            rejects: Rejects::default(),
            copy: CopyText::default(),
        }
    }

    /// Takes the next record. One without a value is none.
    pub(super) fn take(
        &mut self,
        line: u64,
        record: Result<Fields<'_>, Fault>,
        bytes_read: u64,
    ) -> Result<(), Stop> {
        let record = record.map(|mut fields| {
            fields.values =
                std::mem::take(&mut fields.values).into_iter().map(cell::clean).collect();
            fields
        });
        if record.as_ref().is_ok_and(Fields::are_empty) {
            return Ok(());
        }
        let Some(header) = &self.header else {
            self.header = Some(
                header(self.kind, record).map_err(|faults| Stop::Unreadable { line, faults })?,
            );
            return Ok(());
        };
        self.rows_read += 1;
        let staged =
            record.and_then(|fields| stage(header, self.parser, line, fields, &mut self.copy));
        if let Err(fault) = staged {
            self.rejects.push(line, fault);
        }
        if self.copy.len() >= CHUNK_BYTES {
            self.flush(bytes_read)?;
        }
        Ok(())
    }

    /// Sends on what is left, at the end of the file.
    pub(super) fn finish(mut self, bytes_read: u64) -> Result<Staged, Stop> {
        if self.header.is_none() {
            let empty = Fault::new(Code::MissingColumn, "", Detail::FileEmpty);
            return Err(Stop::Unreadable { line: 1, faults: vec![empty] });
        }
        self.flush(bytes_read)?;
        let Self { rows_read, rejects, parser, .. } = self;
        Ok(Staged { rows_read, is_readable: true, rejects, content: parser.content() })
    }

    fn flush(&mut self, bytes_read: u64) -> Result<(), Stop> {
        let rows = std::mem::take(&mut self.copy).into_bytes();
        let (turn, is_over) = oneshot::channel();
        let sent = self.send.blocking_send(Chunk { rows, bytes_read, turn });
        sent.map_err(|_closed| io::Error::other("the rows are not taken any more"))?;
        // Whoever reads ahead would go on while the file rests.
        let _ = is_over.blocking_recv();
        Ok(())
    }
}

impl Fields<'_> {
    fn are_empty(&self) -> bool {
        self.broken.is_none() && self.values.iter().all(|value| cell::trim(value).is_empty())
    }
}

fn header(kind: Kind, record: Result<Fields<'_>, Fault>) -> Result<Header, Vec<Fault>> {
    match record {
        Ok(Fields { values, .. }) => Header::parse(kind, &values),
        Err(fault) => Err(vec![fault]),
    }
}

fn stage(
    header: &Header,
    parser: &dyn RowParser,
    line: u64,
    fields: Fields<'_>,
    copy: &mut CopyText,
) -> Result<(), Fault> {
    let Fields { mut values, broken, is_cut } = fields;
    if let Some((at, detail)) = broken {
        return Err(match header.name_at(at) {
            Some(column) => Fault::field(column, detail),
            None => Fault::malformed(detail),
        });
    }
    // What is not written down is empty, and an empty value says something.
    if is_cut && values.len() < header.width() {
        values.resize(header.width(), Cow::Borrowed(""));
    }
    parser.stage(line, &header.row(&values)?, copy)
}

/// Takes the rows of every chunk, as the connection would.
#[cfg(test)]
pub(super) fn take_all(mut chunks: mpsc::Receiver<Chunk>) -> std::thread::JoinHandle<Vec<Vec<u8>>> {
    std::thread::spawn(move || {
        let mut taken = Vec::new();
        while let Some(Chunk { rows, .. }) = chunks.blocking_recv() {
            taken.push(rows);
        }
        taken
    })
}
