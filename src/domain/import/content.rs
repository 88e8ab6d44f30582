//! What a file says, whatever its bytes are: two files with the same rows have the same content,
//! also where line ends, quotes, encoding, format, order of rows or order of columns differ.
//!
//! A row is the SHA-256 over its values as they were understood. The rows of a file are added up,
//! modulo 2^256, so that their order does not count and memory does not grow with their number; the
//! sum is hashed together with the number of rows. Two files of different rows by accident have the
//! same sum once in 2^256. Made on purpose it would take some 2^64 steps and a very long file, and
//! gain a refusal that `again` overrides: the sum guards against mistakes and needs no key.

use sha2::{Digest, Sha256};

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowHash([u8; 32]);

impl RowHash {
    /// Of the values in the order in which their kind of file has them.
    pub fn new(values: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for value in values {
            // The length first: `a` and `bc` are not `ab` and `c`.
            hash.update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(value);
        }
        Self(hash.finalize().into())
    }

    /// Its first 64 bits, by which a row is found again.
    pub fn short(self) -> i64 {
        i64::from_le_bytes(self.0.first_chunk().copied().unwrap_or_default())
    }
}

/// The rows so far.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Of 256 bits, the lowest first.
    sum: [u64; 4],
    rows: u64,
}

impl Content {
    pub fn add(&mut self, row: RowHash) {
        self.rows += 1;
        let mut carry = false;
        let (parts, _) = row.0.as_chunks::<8>();
        for (sum, part) in self.sum.iter_mut().zip(parts) {
            let (added, first) = sum.overflowing_add(u64::from_le_bytes(*part));
            let (added, second) = added.overflowing_add(u64::from(carry));
            (*sum, carry) = (added, first || second);
        }
    }

    /// None where there was no row.
    pub fn finish(&self) -> Option<[u8; 32]> {
        let mut hash = Sha256::new();
        hash.update(self.rows.to_le_bytes());
        self.sum.iter().for_each(|part| hash.update(part.to_le_bytes()));
        (self.rows > 0).then(|| hash.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content<'a>(rows: impl IntoIterator<Item = &'a Vec<String>>) -> Option<[u8; 32]> {
        let mut content = Content::default();
        for row in rows {
            content.add(RowHash::new(&row.iter().map(String::as_str).collect::<Vec<_>>()));
        }
        content.finish()
    }

    #[test]
    fn where_values_end_counts() {
        assert_ne!(RowHash::new(&["a", "bc"]), RowHash::new(&["ab", "c"]));
        assert_ne!(RowHash::new(&["a", ""]), RowHash::new(&["a"]));
        assert_eq!(RowHash::new(&["a", "b"]), RowHash::new(&["a", "b"]), "the control");
        assert_eq!(content([]), None);
    }

    #[test]
    fn a_sum_carries_over_all_its_bits() {
        let mut content = Content::default();
        content.add(RowHash([0xff; 32]));
        content.add(RowHash([0xff; 32]));
        // Twice 2^256 - 1, modulo 2^256.
        assert_eq!(content.sum, [u64::MAX - 1, u64::MAX, u64::MAX, u64::MAX]);
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_count_and_each_row_does(
            rows in prop::collection::vec(prop::collection::vec("[a-c]{0,2}", 2..4), 1..20),
            seed in any::<prop::sample::Index>(),
        ) {
            let mut turned = rows.clone();
            turned.rotate_left(seed.index(rows.len()));
            turned.reverse();
            prop_assert_eq!(content(&rows), content(&turned));
            let removed = turned.remove(seed.index(rows.len()));
            prop_assert_ne!(content(&rows), content(&turned), "one row less");
            turned.extend([removed.clone(), removed]);
            prop_assert_ne!(content(&rows), content(&turned), "one row twice");
        }
    }
}
