//! What keeps a wrong file from being loaded whole: one that would change, miss, repeat or leave
//! out far more than files do stops, and asks whether that is meant.

use serde::{Deserialize, Serialize};

/// How much is taken without asking. Shares are in percent; 100 never asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of what is known, how much may be changed.
    pub changed_percent_max: u8,
    /// Of the rows of a partial import, how many may be rejected.
    pub rejected_percent_max: u8,
    /// Of what is known, how much may be missing from a file that has most of it.
    pub missing_percent_max: u8,
    /// Of rows that add, how many may have been loaded before, word for word.
    pub repeated_percent_max: u8,
    /// Fewer rows than this are never too many, unless they were loaded before.
    pub rows_min: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            changed_percent_max: 20,
            rejected_percent_max: 20,
            missing_percent_max: 20,
            repeated_percent_max: 20,
            rows_min: 20,
        }
    }
}

/// What there can be too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Rows that change what is known.
    Changed,
    /// Rows of a partial import that are left out; of a roster, who is in no register.
    Rejected,
    /// What is known and not in the file.
    Missing,
    /// Rows that were loaded before, in a file that adds.
    Repeated,
}

/// More than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    pub what: What,
    pub rows: u64,
    pub of: u64,
    pub percent_max: u8,
}

/// What a file did, before it is kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub rows_read: u64,
    pub rows_changed: u64,
    pub rows_unchanged: u64,
    /// Zero unless the good rows were asked for.
    pub rows_left_out: u64,
    pub rows_repeated: u64,
    /// What was there before and the file is about; none where that was not counted.
    pub known: Option<u64>,
    /// Whether a file of this kind is a list of all there is.
    pub is_list: bool,
    /// What the file took away.
    pub removed: u64,
}

impl Seen {
    /// What is known and not in the file; none for files that are no list.
    pub fn missing(&self) -> Option<u64> {
        let known = self.known.filter(|_| self.is_list)?;
        Some(known.saturating_sub(self.rows_changed + self.rows_unchanged))
    }

    /// A file with less than half of what is known says something of a part, and misses nothing.
    fn is_whole(&self) -> bool {
        let found = self.rows_changed + self.rows_unchanged;
        self.known.is_some_and(|known| found.saturating_mul(2) >= known)
    }
}

impl Limits {
    /// What is too much in the file.
    pub fn exceeded(&self, seen: &Seen) -> Vec<Excess> {
        let known = seen.known.unwrap_or(0);
        let missing = seen.missing().filter(|_| seen.is_whole()).unwrap_or(0).max(seen.removed);
        let shares = [
            (What::Changed, seen.rows_changed, known, self.changed_percent_max),
            (What::Rejected, seen.rows_left_out, seen.rows_read, self.rejected_percent_max),
            (What::Missing, missing, known, self.missing_percent_max),
            (What::Repeated, seen.rows_repeated, seen.rows_read, self.repeated_percent_max),
        ];
        let excesses = shares.into_iter().map(|(what, rows, of, percent_max)| Excess {
            what,
            rows,
            of,
            percent_max,
        });
        excesses.filter(|one| self.is_too_much(one)).collect()
    }

    fn is_too_much(&self, Excess { what, rows, of, percent_max }: &Excess) -> bool {
        let is_many = *rows >= self.rows_min || (*what == What::Repeated && *rows > 0);
        is_many && rows.saturating_mul(100) > of.saturating_mul(u64::from(*percent_max))
    }
}

/// The figure by which whoever means it confirms it: all rows that are too many.
pub fn figure(excesses: &[Excess]) -> u64 {
    excesses.iter().map(|one| one.rows).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(seen: Seen) -> Vec<What> {
        Limits::default().exceeded(&seen).iter().map(|one| one.what).collect()
    }

    #[test]
    fn a_share_above_its_limit_is_too_much() {
        let seen = Seen { rows_read: 1_000, known: Some(1_000), ..Seen::default() };
        assert_eq!(what(seen), []);
        assert_eq!(what(Seen { rows_changed: 200, ..seen }), [], "the limit itself is lawful");
        assert_eq!(what(Seen { rows_changed: 201, ..seen }), [What::Changed]);
        assert_eq!(what(Seen { rows_left_out: 201, ..seen }), [What::Rejected]);
        assert_eq!(what(Seen { rows_repeated: 201, ..seen }), [What::Repeated]);
        assert_eq!(what(Seen { removed: 201, ..seen }), [What::Missing]);
        let all = Limits { changed_percent_max: 100, ..Limits::default() };
        assert_eq!(all.exceeded(&Seen { rows_changed: 1_000, ..seen }), []);
    }

    #[test]
    fn a_few_rows_are_never_too_many_unless_they_were_loaded_before() {
        let seen = Seen { rows_read: 19, known: Some(19), ..Seen::default() };
        assert_eq!(what(Seen { rows_changed: 19, rows_left_out: 19, removed: 19, ..seen }), []);
        assert_eq!(what(Seen { rows_changed: 20, ..seen }), [What::Changed], "the control");
        assert_eq!(what(Seen { rows_repeated: 4, ..seen }), [What::Repeated]);
        assert_eq!(what(Seen { rows_repeated: 3, ..seen }), [], "less than a fifth");
    }

    #[test]
    fn only_a_file_that_has_most_of_what_is_known_misses_the_rest() {
        let list = Seen { rows_read: 700, known: Some(1_000), is_list: true, ..Seen::default() };
        assert_eq!(what(Seen { rows_unchanged: 700, ..list }), [What::Missing]);
        assert_eq!(what(Seen { rows_unchanged: 800, ..list }), []);
        let part = Seen { rows_unchanged: 30, ..list };
        assert_eq!((what(part), part.missing()), (vec![], Some(970)), "a correction of some");
        let other = Seen { rows_unchanged: 700, is_list: false, ..list };
        assert_eq!((what(other), other.missing()), (vec![], None));
    }

    #[test]
    fn the_figure_counts_all_that_is_too_much() {
        let seen = Seen {
            rows_read: 100,
            rows_changed: 40,
            rows_left_out: 30,
            known: Some(100),
            ..Seen::default()
        };
        let excesses = Limits::default().exceeded(&seen);
        assert_eq!((excesses.len(), figure(&excesses)), (2, 70));
    }
}
