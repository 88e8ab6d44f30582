//! As whom PostgreSQL runs: it refuses root, so root starts it as somebody who may do nothing else.

use std::{
    io,
    os::unix::{fs::chown, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
};

/// A user and a group to become, or none when this process is already unprivileged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    Own { uid: u32 },
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Root becomes `postgres`, which the packages of PostgreSQL create, or else `nobody`.
    pub(super) fn find() -> io::Result<Self> {
        let uid = id(&["-u"])?;
        if uid != 0 {
            return Ok(Self::Own { uid });
        }
        Self::named("postgres").or_else(|_absent| Self::named("nobody"))
    }

    fn named(name: &str) -> io::Result<Self> {
        Ok(Self::Other { uid: id(&["-u", name])?, gid: id(&["-g", name])? })
    }

    /// The account that a folder already belongs to, as far as this one may become it.
    pub(super) fn owner_of(self, uid: u32, gid: u32) -> Option<Self> {
        match self {
            Self::Own { uid: own } => (own == uid).then_some(self),
            Self::Other { .. } => Some(Self::Other { uid, gid }),
        }
    }

    pub(super) fn uid(self) -> u32 {
        match self {
            Self::Own { uid } | Self::Other { uid, .. } => uid,
        }
    }

    /// A program that runs as this account, from a folder that everybody may enter, and that sees
    /// nothing of what the environment says about other servers.
    pub(super) fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        for name in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS"] {
            command.env_remove(name);
        }
        // One language, so that what the programs say can be searched for.
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        command
    }

    /// Gives a file or folder to this account.
    pub(super) fn own(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Own { .. } => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(uid), Some(gid)),
        }
    }

    /// Whether this account can get into `folder`: every folder above it must let it through.
    pub(super) fn can_enter(self, folder: &Path) -> bool {
        let status = self.command("test").arg("-x").arg(folder).status();
        status.is_ok_and(|status| status.success())
    }
}

/// What `id` says. The standard library cannot ask without unsafe code.
fn id(arguments: &[&str]) -> io::Result<u32> {
    let output = Command::new("id").args(arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|error| {
        io::Error::other(format!("id {} says {text:?}: {error}", arguments.join(" ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_that_does_not_exist_is_an_error() {
        assert!(Account::named("no-such-user-here").is_err());
    }

    #[test]
    fn an_unprivileged_user_cannot_become_another() {
        let own = Account::Own { uid: 1000 };
        assert_eq!(own.owner_of(1000, 1), Some(own));
        assert_eq!(own.owner_of(1001, 1), None);
        let root = Account::Other { uid: 105, gid: 110 };
        assert_eq!(root.owner_of(65534, 7), Some(Account::Other { uid: 65534, gid: 7 }));
    }
}
