//! Passwords, tokens and keys, which come from the environment or from a file and are never shown.

use std::{fmt, fs, path::PathBuf};

use serde::Deserialize;

use crate::config;

/// Where a secret is to be found.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretSource {
    env: Option<String>,
    file: Option<PathBuf>,
}

impl SecretSource {
    /// The secret, without white space around it.
    ///
    /// # Errors
    /// A sentence for the operator: where it was looked for, and that it is missing or empty.
    pub(super) fn read(&self) -> Result<Secret, String> {
        let (text, place) = match (&self.env, &self.file) {
            (Some(name), None) => {
                let place = format!("the environment variable {name}");
                (config::variable(name).ok_or_else(|| format!("{place} is not set"))?, place)
            }
            (None, Some(path)) => {
                let place = format!("the file {}", path.display());
                let text = fs::read_to_string(path);
                (text.map_err(|error| format!("{place} cannot be read: {error}"))?, place)
            }
            _ => return Err("give either env = \"NAME\" or file = \"PATH\"".into()),
        };
        match text.trim() {
            "" => Err(format!("{place} is empty")),
            text => Ok(Secret(text.to_owned())),
        }
    }
}

/// A secret that was read.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    /// For where it has to go, and for nothing that is printed.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// Stands in for one that is missing, so that no other fault is told about it.
    pub(super) fn none() -> Self {
        Self(String::new())
    }

    #[cfg(test)]
    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Secret, String> {
        toml::from_str::<SecretSource>(toml).expect("a source").read()
    }

    #[test]
    fn a_secret_comes_from_one_place_and_is_not_printed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "opensesame\n").unwrap();
        let secret = read(&format!("file = {path:?}")).unwrap();
        assert_eq!(secret.expose(), "opensesame");
        assert!(!format!("{secret:?}").contains("sesame"));
        fs::write(&path, " \n").unwrap();
        assert!(read(&format!("file = {path:?}")).unwrap_err().contains("is empty"));
        assert!(read("file = '/nowhere/at/all'").unwrap_err().contains("cannot be read"));
        let missing = read("env = 'DOSEBOOK_TEST_NO_SUCH_VARIABLE'").unwrap_err();
        assert!(missing.contains("DOSEBOOK_TEST_NO_SUCH_VARIABLE is not set"), "{missing}");
        assert_eq!(read("env = 'CARGO_PKG_NAME'").unwrap().expose(), "dosebook", "the control");
        assert!(read("").unwrap_err().contains("either"));
        assert!(read("env = 'A'\nfile = 'b'").unwrap_err().contains("either"));
    }
}
