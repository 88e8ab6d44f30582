//! Workbooks (.xlsx, ECMA-376): a sheet's rows as they are in it, one after the other.
//!
//! Libraries that read workbooks keep all texts of a workbook as objects of their own, and read
//! whatever a file unpacks to. Here a file of a few kilobytes can unpack to gigabytes, and a
//! register has millions of texts: so every part, every text and their sum have a limit, and the
//! texts stand in one block of memory.

mod package;
mod sheet;
mod strings;
mod style;
mod workbook;
mod xml;

use std::fs::File;

use super::loader::{Loader, Staged, Stop};
use package::Package;

/// Reads the sheet of this name; else the first.
pub(super) fn read(
    file: File,
    sheet: Option<&str>,
    mut loader: Loader<'_>,
) -> Result<Staged, Stop> {
    let bytes = file.metadata()?.len();
    let mut package = Package::open(file)?;
    let workbook = workbook::read(&mut package, sheet)?;
    let strings = strings::read(&mut package, workbook.strings.as_deref())?;
    let styles = style::read(&mut package, workbook.styles.as_deref())?;
    let dates = style::Dates { styles, is_1904: workbook.is_1904 };
    let (mut part, unpacked) = package.sheet(&workbook.sheet)?;
    sheet::rows(&mut part, &strings, &dates, |line, record, read| {
        loader.take(line, record, share(bytes, read, unpacked))
    })?;
    loader.finish(bytes)
}

/// As much of the file as was read of the sheet.
fn share(bytes: u64, read: u64, unpacked: u64) -> u64 {
    let share = u128::from(bytes) * u128::from(read) / u128::from(unpacked.max(1));
    u64::try_from(share).unwrap_or(u64::MAX).min(bytes)
}
