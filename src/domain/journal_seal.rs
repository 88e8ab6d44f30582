//! Seals of the journal: each stands for a block of its lines and for all blocks before it.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::discrepancy::Discrepancy;

/// Below which line everything is summed up: the last line of the last block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedTo {
    /// `xid8` as PostgreSQL writes it.
    pub tx: String,
    pub id: i64,
}

impl Default for SealedTo {
    /// Before the first line: no transaction has the number 0.
    fn default() -> Self {
        Self { tx: "0".to_owned(), id: 0 }
    }
}

/// Doses by bucket: open, held, booked, spare, given, lost.
pub type Totals = [i64; 6];

/// One block of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// From 1.
    pub number: i64,
    pub to: SealedTo,
    /// Lines of the block, and of all up to it.
    pub lines: i64,
    pub lines_total: i64,
    pub totals: Totals,
    /// Over the lines of the block.
    pub digest: Vec<u8>,
    /// Over this and the seal before.
    pub hash: Vec<u8>,
}

/// What a block of lines comes to.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub lines: i64,
    pub digest: Vec<u8>,
    pub allocations: HashMap<i64, Sums>,
    pub pools: HashMap<i32, [i64; 4]>,
}

/// What lines come to for one allocation: the six buckets, walk-ins without a booking, and the
/// marks of what is booked and given.
pub type Sums = [i64; 9];

/// What each of [`Sums`] is called.
pub const SUMS: [&str; 9] =
    ["open", "held", "booked", "spare", "given", "lost", "walk_ins", "booked_mark", "given_mark"];

/// What each sum of a pool is called.
pub const POOL_SUMS: [&str; 4] = ["received", "open", "passed_on", "lost"];

impl Block {
    /// The doses that the block moves into each bucket of all allocations.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for sums in self.allocations.values() {
            totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        totals
    }

    /// Adds what another block comes to.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        for (id, sums) in &other.allocations {
            let own = self.allocations.entry(*id).or_default();
            own.iter_mut().zip(sums).for_each(|(own, sum)| *own += sum);
        }
        for (id, sums) in &other.pools {
            let own = self.pools.entry(*id).or_default();
            own.iter_mut().zip(sums).for_each(|(own, sum)| *own += sum);
        }
    }
}

impl Seal {
    /// The seal of the block that ends with the line `to`.
    pub fn of(block: &Block, to: SealedTo, before: Option<&Self>) -> Self {
        let mut totals = before.map(|before| before.totals).unwrap_or_default();
        totals.iter_mut().zip(block.totals()).for_each(|(total, sum)| *total += sum);
        let seal = Self {
            number: before.map_or(1, |before| before.number + 1),
            to,
            lines: block.lines,
            lines_total: before.map_or(0, |before| before.lines_total) + block.lines,
            totals,
            digest: block.digest.clone(),
            hash: Vec::new(),
        };
        Self { hash: seal.chained(before), ..seal }
    }

    /// What its hash must be after the seal before.
    fn chained(&self, before: Option<&Self>) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(before.map_or(&[][..], |before| &before.hash));
        let Self { number, to: SealedTo { tx, id }, lines, lines_total, totals, digest, .. } = self;
        hash.update(format!("|{number}|{tx}|{id}|{lines}|{lines_total}|{totals:?}|"));
        hash.update(digest);
        hash.finalize().to_vec()
    }

    /// What is wrong with a seal after the one before, by itself.
    pub fn faults(&self, before: Option<&Self>) -> Vec<Discrepancy> {
        let mut faults = Vec::new();
        let mut fault = |what: &str, stored, derived| {
            let (of, id) = (format!("seal.{what}"), self.number.to_string());
            faults.push(Discrepancy { of, id, stored: Some(stored), derived: Some(derived) });
        };
        let number = before.map_or(1, |before| before.number + 1);
        if self.number != number {
            fault("number", self.number, number);
        }
        let total = before.map_or(0, |before| before.lines_total) + self.lines;
        if self.lines_total != total {
            fault("lines_total", self.lines_total, total);
        }
        let hash = self.chained(before);
        if self.hash != hash {
            fault("hash", first_bytes(&self.hash), first_bytes(&hash));
        }
        faults
    }

    /// How the lines that are there differ from what was sealed.
    pub fn faults_of(&self, block: &Block) -> Vec<Discrepancy> {
        let fault = |what: &str, stored, derived| Discrepancy {
            of: format!("seal.{what}"),
            id: self.number.to_string(),
            stored: Some(stored),
            derived: Some(derived),
        };
        if self.lines != block.lines {
            return vec![fault("lines", self.lines, block.lines)];
        }
        match self.digest == block.digest {
            true => Vec::new(),
            false => {
                vec![fault("digest", first_bytes(&self.digest), first_bytes(&block.digest))]
            }
        }
    }
}

/// Enough of a hash to tell it from another.
fn first_bytes(hash: &[u8]) -> i64 {
    hash.iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(doses: i64) -> Block {
        let sums = [doses, 0, -doses, 0, 0, 0, 0, 0, 0];
        Block {
            lines: doses,
            digest: vec![7; 32],
            allocations: HashMap::from([(1, sums), (2, sums)]),
            pools: HashMap::new(),
        }
    }

    fn to(id: i64) -> SealedTo {
        SealedTo { tx: "9".to_owned(), id }
    }

    #[test]
    fn a_seal_stands_for_all_before_it() {
        let first = Seal::of(&block(3), to(3), None);
        let second = Seal::of(&block(4), to(7), Some(&first));
        assert_eq!((second.number, second.lines_total), (2, 7));
        assert_eq!(second.totals, [14, 0, -14, 0, 0, 0]);
        assert_eq!(second.faults(Some(&first)), vec![], "the control");
        type Change = fn(&mut Seal);
        let changes: [(&str, Change); 6] = [
            ("seal.number", |seal| seal.number = 3),
            ("seal.lines_total", |seal| seal.lines_total = 8),
            ("seal.hash", |seal| seal.to.id = 8),
            ("seal.hash", |seal| seal.totals = [13, 0, -13, 0, 0, 0]),
            ("seal.hash", |seal| seal.digest = vec![8; 32]),
            ("seal.hash", |seal| seal.hash = vec![0; 32]),
        ];
        for (of, change) in changes {
            let mut changed = second.clone();
            change(&mut changed);
            let faults = changed.faults(Some(&first));
            assert!(faults.iter().any(|fault| fault.of == of), "{of}: {faults:?}");
        }
        let other = Seal { hash: vec![1; 32], ..first.clone() };
        assert_eq!(second.faults(Some(&other)).len(), 1, "it stands on the one before");
    }

    #[test]
    fn lines_that_are_not_those_that_were_sealed_are_told() {
        let seal = Seal::of(&block(3), to(3), None);
        assert_eq!(seal.faults_of(&block(3)), vec![], "the control");
        assert_eq!(seal.faults_of(&block(4))[0].of, "seal.lines");
        let other = Block { digest: vec![8; 32], ..block(3) };
        assert_eq!(seal.faults_of(&other)[0].of, "seal.digest");
    }
}
