//! How long somebody must wait who gave wrong passwords. Tries are counted by user name and network
//! together, and by address: who guesses somebody's password delays themself, and never the owner,
//! who sits elsewhere. A browser in which the user has signed in before is counted by itself: a
//! guesser at the next desk does not delay it either.
//!
//! The counts are the database's, so that all processes have the same; each process remembers whom
//! it has refused, so that whoever goes on costs no query.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    code_cap::{Caller, Counted},
    keys::CapKey,
};

/// Wrong tries with one user name that a network, or a known browser, has before it waits.
const NAME_TRIES_FREE: usize = 5;
/// Each further try doubles the delay, up to this.
const NAME_SECONDS_MAX: i32 = 15 * 60;
/// Wrong tries that an address has before it waits, whatever the names: all desks of a clinic may
/// share it.
const ADDRESS_TRIES_FREE: usize = 20;
/// Short, because whoever shares an address with a guesser must get in too.
const ADDRESS_SECONDS_MAX: i32 = 30;
/// What is forgotten of a name or address that nobody tried for so long.
const KEPT_MINUTES: i64 = 60;
/// Refusals that a process remembers. Beyond, it asks the database.
const REFUSALS_MAX: usize = 100_000;

/// What a try counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// The user name and the network, or the known browser.
    pub name: Counted,
    /// None from a known browser.
    pub address: Option<Counted>,
}

impl Try {
    /// From anywhere.
    pub fn new(key: &CapKey, username: &str, caller: &Caller) -> Self {
        let name = as_counted(username);
        Self {
            name: counted(key, &[b"password of", name.as_bytes(), &caller.network]),
            address: Some(counted(key, &[b"passwords from", &caller.address])),
        }
    }

    /// From a browser of this number in which the user has signed in.
    pub fn of_known(key: &CapKey, username: &str, browser: &str) -> Self {
        let (name, browser) = (as_counted(username), browser.as_bytes());
        let name = counted(key, &[b"password of, known in", name.as_bytes(), browser]);
        Self { name, address: None }
    }
}

/// A user name in the form in which all spellings are equal.
pub fn as_counted(username: &str) -> String {
    username.trim().to_lowercase()
}

fn counted(key: &CapKey, parts: &[&[u8]]) -> Counted {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = key.mac(parts);
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// The seconds from the last wrong try with a name until the next is looked at: the first for one
/// wrong try, the last for all beyond.
pub fn name_seconds() -> Vec<i32> {
    seconds(NAME_TRIES_FREE, NAME_SECONDS_MAX)
}

/// As `name_seconds`, from an address.
pub fn address_seconds() -> Vec<i32> {
    seconds(ADDRESS_TRIES_FREE, ADDRESS_SECONDS_MAX)
}

fn seconds(free: usize, max: i32) -> Vec<i32> {
    let doubled = std::iter::successors(Some(1), |last| Some(last * 2));
    let delays = doubled.take_while(|seconds| *seconds < max).chain([max]);
    std::iter::repeat_n(0, free.saturating_sub(1)).chain(delays).collect()
}

/// Until when a wrong try at this moment counts.
pub fn kept_until(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::minutes(KEPT_MINUTES)
}

/// When the next try is looked at, of a count that ends at `ends_at`.
pub fn next_at(ends_at: DateTime<Utc>, seconds: i32) -> DateTime<Utc> {
    ends_at - TimeDelta::minutes(KEPT_MINUTES) + TimeDelta::seconds(i64::from(seconds))
}

/// Who is refused until when, as far as this process was told.
#[derive(Debug, Default)]
pub struct Refusals(HashMap<Counted, DateTime<Utc>>);

impl Refusals {
    /// Until when the try is not looked at.
    pub fn until(&self, one: Try, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let counts = std::iter::once(one.name).chain(one.address);
        counts.filter_map(|key| self.0.get(&key).copied()).max().filter(|until| *until > now)
    }

    /// What was counted for this try is taken back: others are not refused because of it.
    pub fn forget(&mut self, one: Try) {
        for key in std::iter::once(one.name).chain(one.address) {
            self.0.remove(&key);
        }
    }

    /// Remembers what the database has said.
    pub fn note(&mut self, key: Counted, until: DateTime<Utc>, now: DateTime<Utc>) {
        if self.0.len() >= REFUSALS_MAX {
            self.0.retain(|_, until| *until > now);
        }
        if self.0.len() < REFUSALS_MAX {
            self.0.insert(key, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;

    fn attempt(username: &str, last_octet: u8) -> Try {
        let caller =
            Caller { address: vec![192, 0, last_octet, 1], network: vec![192, 0, last_octet] };
        Try::new(&Keys::new(&[1; 32]).cap, username, &caller)
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn five_tries_are_free_and_each_further_one_waits_twice_as_long_up_to_a_quarter_of_an_hour() {
        let seconds = [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900];
        assert_eq!(name_seconds(), seconds);
        let seconds = address_seconds();
        assert_eq!(seconds.iter().take_while(|seconds| **seconds == 0).count(), 19);
        assert_eq!(seconds[19..], [1, 2, 4, 8, 16, 30]);
    }

    #[test]
    fn a_count_tells_when_the_next_try_is_looked_at() {
        assert_eq!(next_at(kept_until(at(5)), 2), at(7));
    }

    #[test]
    fn tries_count_by_name_and_network_and_by_address() {
        let one = attempt("boss", 1);
        assert_eq!(one, attempt(" BOSS", 1), "the same name");
        let (colleague, elsewhere) = (attempt("clerk", 1), attempt("boss", 2));
        assert_eq!(one.address, colleague.address);
        assert!(one.name != colleague.name && one.name != elsewhere.name);
        assert_ne!(one.address, elsewhere.address);
        let key = Keys::new(&[1; 32]).cap;
        let known = Try::of_known(&key, "Boss", "browser");
        assert_eq!(known, Try::of_known(&key, "boss", "browser"));
        assert_eq!(known.address, None);
        let others =
            [Try::of_known(&key, "boss", "other"), Try::of_known(&key, "clerk", "browser")];
        assert!(others.iter().all(|other| other.name != known.name) && known.name != one.name);
    }

    #[test]
    fn who_was_refused_is_known_until_then() {
        let mut refusals = Refusals::default();
        let (guesser, colleague) = (attempt("boss", 1), attempt("clerk", 1));
        refusals.note(guesser.name, at(10), at(1));
        assert_eq!(refusals.until(guesser, at(9)), Some(at(10)));
        assert_eq!(refusals.until(guesser, at(10)), None);
        assert_eq!(refusals.until(colleague, at(9)), None);
        refusals.note(guesser.address.expect("an address"), at(20), at(9));
        assert_eq!(refusals.until(guesser, at(9)), Some(at(20)));
        assert_eq!(refusals.until(colleague, at(9)), Some(at(20)), "the same address");
        refusals.forget(colleague);
        assert_eq!(refusals.until(colleague, at(9)), None);
        assert_eq!(refusals.until(guesser, at(9)), Some(at(10)), "its own name");
    }

    #[test]
    fn refusals_do_not_grow_for_ever() {
        let mut refusals = Refusals::default();
        for n in 0..=REFUSALS_MAX {
            let mut key = Counted::default();
            key.iter_mut().zip(n.to_be_bytes()).for_each(|(to, from)| *to = from);
            refusals.note(key, at(10), at(1));
        }
        assert_eq!(refusals.0.len(), REFUSALS_MAX);
        refusals.note([255; 16], at(20), at(10));
        assert_eq!(refusals.0.len(), 1, "those that are over go");
    }
}
