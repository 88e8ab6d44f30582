//! Locks on files, which the kernel releases when their holder dies, however it dies.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    time::{Duration, Instant},
};

use super::error::Error;

/// The longest that another start (initdb, recovery after a crash) or stop may take.
const SECONDS_MAX: Duration = Duration::from_secs(660);
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until nobody else holds `path`.
pub(super) async fn exclusive(path: &Path) -> Result<File, Error> {
    wait(path, File::try_lock).await
}

/// Waits until nobody holds `path` exclusively.
pub(super) async fn shared(path: &Path) -> Result<File, Error> {
    wait(path, File::try_lock_shared).await
}

/// Gives up a shared lock, and says whether nobody else held it.
pub(super) fn is_last(file: File) -> bool {
    file.unlock().is_ok() && file.try_lock().is_ok()
}

async fn wait(path: &Path, try_lock: fn(&File) -> Result<(), TryLockError>) -> Result<File, Error> {
    let folder = |source: io::Error| Error::Folder { path: path.to_owned(), source };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .map_err(folder)?;
    let since = Instant::now();
    loop {
        match try_lock(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if since.elapsed() < SECONDS_MAX => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(folder(error)),
        }
    }
}
