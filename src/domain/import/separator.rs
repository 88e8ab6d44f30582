//! What stands between the fields of a line.

use std::fmt;

use serde::Serialize;

use super::{
    column::{Column, fold},
    csv,
};

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

    /// The one by which this header names the most columns; a comma where none does.
    pub fn of_header(header: &str, columns: &[Column]) -> Self {
        let named = |separator: Self| {
            let fields = csv::fields(header, separator).unwrap_or_default();
            let is_known = |field: &str| {
                let folded = fold(field);
                columns.iter().any(|column| column.is_headed(&folded))
            };
            fields.iter().filter(|field| is_known(field)).count()
        };
        let most = Self::ALL.into_iter().map(named).max().unwrap_or(0);
        Self::ALL.into_iter().find(|&separator| named(separator) == most).unwrap_or_default()
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
    use crate::domain::import::Kind;

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

    #[test]
    fn the_header_shows_the_separator() {
        let columns = Kind::Register.columns();
        for separator in Separator::ALL {
            let with = |names: &[&str]| names.join(&separator.char().to_string());
            for names in [
                ["name", "birth_date", "phone", "region_code"],
                ["이름", "생년월일", "전화번호", "지역코드"],
                ["\"name\"", "\"Birth Date\"", "\"Phone\"", "\"Region Code\""],
            ] {
                assert_eq!(Separator::of_header(&with(&names), columns), separator);
            }
        }
        assert_eq!(Separator::of_header("nothing;at;all", columns), Separator::Comma);
        assert_eq!(Separator::of_header("name", columns), Separator::Comma);
        let comment = "name;birth_date;phone;region_code,with a comma";
        assert_eq!(Separator::of_header(comment, columns), Separator::Semicolon);
    }
}
