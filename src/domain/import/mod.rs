//! Files that administrators load: their kinds and columns, and what is said of a row that cannot
//! be loaded.

pub mod allocation;
pub mod brake;
pub mod cell;
pub mod clinic;
pub mod column;
pub mod content;
pub mod counts;
pub mod csv;
pub mod date;
pub mod entry;
pub mod fault;
pub mod field;
pub mod header;
pub mod hours;
pub mod kind;
pub mod read_as;
pub mod region;
pub mod register;
pub mod report;
pub mod roster;
pub mod separator;
pub mod slot;
pub mod user;

use std::str::FromStr;

use super::{Refusal, fact::Expected};
pub use counts::Counts;
pub use fault::Fault;
pub use header::{Header, Row, separator_of};
pub use kind::Kind;
pub use read_as::ReadAs;
pub use report::{Reject, Rejects, Report};
pub use separator::Separator;

impl FromStr for Kind {
    type Err = Refusal;

    /// # Errors
    /// Names `kind`, with the kinds that there are.
    fn from_str(word: &str) -> Result<Self, Refusal> {
        let words = || Expected::one_of(Self::ALL.iter().map(|kind| kind.word()));
        let found = Self::ALL.iter().copied().find(|kind| kind.word() == word);
        found.ok_or_else(|| Refusal::expected("kind", words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_word() {
        for &kind in Kind::ALL {
            assert_eq!(kind.word().parse::<Kind>().unwrap(), kind);
        }
        assert_eq!("people".parse::<Kind>().unwrap_err().field.as_deref(), Some("kind"));
    }
}
