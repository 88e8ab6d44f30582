//! Where a line stands in the journal.

use std::{fmt, str::FromStr};

/// A line's position in the journal, which readers continue from. The transaction comes first in
/// its order: by a sequence alone, readers would miss lines that commit late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub tx: u64,
    pub id: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.tx, self.id)
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (tx, id) = text.split_once('-').ok_or(InvalidPosition)?;
        match (tx.parse(), id.parse()) {
            (Ok(tx), Ok(id)) => Ok(Self { tx, id }),
            _ => Err(InvalidPosition),
        }
    }
}

/// A text that is no position.
#[derive(Debug, thiserror::Error)]
#[error("expected the movement_id of a line of the journal")]
pub struct InvalidPosition;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = Position { tx: u64::MAX, id: 7 };
        assert_eq!(position.to_string().parse::<Position>().unwrap(), position);
        for text in ["", "-", "1", "1-", "-1", "1-x", "1-2-3", "99999999999999999999-1"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }
}
