//! Where PostgreSQL's programs are, and of which major version.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::error::Error;

/// Older servers lack `nulls not distinct` (15).
const MAJOR_MIN: u32 = 15;
/// A folder with one of these missing is not a server's.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where packages put versions side by side: PGDG and Debian, RHEL, Homebrew on both processors.
const PLACES: [&str; 4] = ["/usr/lib/postgresql", "/usr", "/opt/homebrew/opt", "/usr/local/opt"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) bin_dir: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    /// The programs in `bin_dir`, or else those on the PATH and the newest that packages installed.
    /// A database that exists can only be opened by the major version that made it.
    pub(super) fn find(bin_dir: Option<&Path>, made_by: Option<u32>) -> Result<Self, Error> {
        let folders = bin_dir.map_or_else(likely_folders, |named| vec![named.to_owned()]);
        let found: Vec<Self> = folders.iter().filter_map(|folder| Self::at(folder)).collect();
        let fits = |programs: &&Self| match made_by {
            Some(major) => programs.major == major,
            None => programs.major >= MAJOR_MIN,
        };
        found.iter().find(fits).cloned().ok_or_else(|| Error::Missing {
            major_min: MAJOR_MIN,
            found: match (bin_dir, found.first()) {
                (Some(named), None) => {
                    format!("PG_BIN names {}, which is no server's", named.display())
                }
                (_, Some(old)) => format!("PostgreSQL {} was found", old.major),
                (None, None) => "no PostgreSQL was found".to_owned(),
            },
        })
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.bin_dir.join(program)
    }

    fn at(folder: &Path) -> Option<Self> {
        if !NEEDED.iter().all(|program| folder.join(program).is_file()) {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let major = major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { bin_dir: folder.to_owned(), major })
    }
}

/// The number in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// PATH first, because it says what the user wants; then the packages' places, newest first.
fn likely_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // A link on the PATH leads to the folder where the other programs are as well.
    let mut folders: Vec<PathBuf> = env::split_paths(&path)
        .filter_map(|folder| fs::canonicalize(folder.join("postgres")).ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .collect();
    let mut packaged: Vec<(u32, PathBuf)> = PLACES
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flat_map(|entries| entries.flatten())
        .filter_map(|entry| Some((installed(&entry.file_name().to_string_lossy())?, entry.path())))
        .map(|(version, folder)| (version, folder.join("bin")))
        .collect();
    packaged.sort_by(|a, b| b.cmp(a));
    folders.extend(packaged.into_iter().map(|(_, folder)| folder));
    folders
}

/// The version in the name of a package's folder: `15`, `pgsql-16`, `postgresql@17`.
fn installed(folder: &str) -> Option<u32> {
    let number = folder
        .strip_prefix("pgsql-")
        .or_else(|| folder.strip_prefix("postgresql@"))
        .unwrap_or(folder);
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("EnterpriseDB"), None);
        assert_eq!(installed("15"), Some(15));
        assert_eq!(installed("pgsql-16"), Some(16));
        assert_eq!(installed("postgresql@17"), Some(17));
        assert_eq!(installed("lib"), None);
    }

    #[test]
    fn without_postgresql_the_error_says_what_to_install() {
        let empty = tempfile::tempdir().unwrap();
        let error = Programs::find(Some(empty.path()), None).unwrap_err().to_string();
        assert!(error.contains("apt-get install -y postgresql"), "{error}");
        assert!(error.contains("PG_BIN"), "{error}");
    }
}
