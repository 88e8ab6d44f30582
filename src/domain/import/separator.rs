//! What stands between the fields of a line.

use std::fmt;

use serde::Serialize;

/// What separates the fields of a file; one for the whole of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    #[default]
    Comma,
    Semicolon,
    Tab,
    Pipe,
}

impl Separator {
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    pub const fn char(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
            Self::Pipe => '|',
        }
    }

    /// The one that a first line `sep=;` names, as spreadsheets write it.
    pub fn named(line: &str) -> Option<Self> {
        let line = line.trim_matches([' ', '"', '\r', '\n']);
        let (word, rest) = line.split_at_checked(4)?;
        let named = rest.chars().next().filter(|_| word.eq_ignore_ascii_case("sep="))?;
        Self::ALL.into_iter().find(|separator| separator.char() == named)
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Tab => "tabs",
            Self::Pipe => "bars",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_separator() {
        for (line, separator) in [
            ("sep=,", Some(Separator::Comma)),
            ("sep=;\r\n", Some(Separator::Semicolon)),
            ("SEP=\t\n", Some(Separator::Tab)),
            ("\"sep=|\"", Some(Separator::Pipe)),
            ("sep=x", None),
            ("sep=", None),
            ("name,birth_date", None),
            ("이름", None),
        ] {
            assert_eq!(Separator::named(line), separator, "{line}");
        }
    }
}
