//! Folders that the bench reads and writes.

use std::path::{Path, PathBuf};

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the bench is a folder of the project")
}

/// Where cargo puts what it builds: this program stands beside the service.
pub(crate) fn built() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    program.ancestors().nth(2).expect("target/release").to_owned()
}
