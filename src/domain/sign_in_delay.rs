//! How long somebody must wait who gave wrong passwords. Tries are counted by user name and network
//! together, and by address: who guesses somebody's password delays themself, and never the owner,
//! who sits elsewhere.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    code_cap::{Caller, Counted},
    keys::CapKey,
};

/// Wrong tries with one user name that a network has before it waits.
const NAME_TRIES_FREE: u32 = 5;
/// Each further try doubles the delay, up to this.
const NAME_SECONDS_MAX: i64 = 15 * 60;
/// Wrong tries that an address has before it waits, whatever the names: all desks of a clinic may
/// share it.
const ADDRESS_TRIES_FREE: u32 = 20;
/// Short, because whoever shares an address with a guesser must get in too.
const ADDRESS_SECONDS_MAX: i64 = 30;
/// What is forgotten of an account or address that nobody tried for so long.
const KEPT_MINUTES: i64 = 60;
/// Counts that are kept. Beyond, the oldest go.
const COUNTS_MAX: usize = 100_000;

/// What a try counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    /// The user name and the network.
    name: Counted,
    address: Counted,
}

impl Try {
    pub fn new(key: &CapKey, username: &str, caller: &Caller) -> Self {
        let name = username.trim().to_lowercase();
        Self {
            name: counted(key, &[b"password of", name.as_bytes(), &caller.network]),
            address: counted(key, &[b"passwords from", &caller.address]),
        }
    }
}

fn counted(key: &CapKey, parts: &[&[u8]]) -> Counted {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = key.mac(parts);
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

#[derive(Clone, Copy, Debug)]
struct Count {
    wrong: u32,
    last_at: DateTime<Utc>,
}

impl Count {
    /// When the next try is looked at.
    fn until(&self, (free, seconds_max): (u32, i64)) -> DateTime<Utc> {
        let Some(beyond) = self.wrong.checked_sub(free) else { return self.last_at };
        self.last_at + TimeDelta::seconds(2_i64.saturating_pow(beyond).min(seconds_max))
    }
}

/// The wrong tries of one process.
#[derive(Debug, Default)]
pub struct SignInDelays(HashMap<Counted, Count>);

impl SignInDelays {
    /// Counts a try as wrong before its password is looked at, so that many at once are counted
    /// too; one that was right is taken back by [`SignInDelays::was_right`].
    ///
    /// # Errors
    /// Until when tries are not looked at.
    pub fn begin(&mut self, one: Try, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let kept_since = now - TimeDelta::minutes(KEPT_MINUTES);
        let until = |key: &Counted, rule| {
            let count = self.0.get(key).filter(|count| count.last_at > kept_since);
            count.map(|count| count.until(rule))
        };
        let of_name = until(&one.name, (NAME_TRIES_FREE, NAME_SECONDS_MAX));
        let until = of_name.max(until(&one.address, (ADDRESS_TRIES_FREE, ADDRESS_SECONDS_MAX)));
        if let Some(until) = until.filter(|until| *until > now) {
            return Err(until);
        }
        self.make_room(now);
        for key in [one.name, one.address] {
            let known = self.0.get(&key).filter(|count| count.last_at > kept_since);
            let wrong = known.map_or(0, |count| count.wrong).saturating_add(1);
            self.0.insert(key, Count { wrong, last_at: now });
        }
        Ok(())
    }

    /// Forgets the wrong tries with this name from this network, and takes the one back that was
    /// counted for the address.
    pub fn was_right(&mut self, one: Try) {
        self.0.remove(&one.name);
        self.take_back(&one.address);
    }

    /// Takes a try back that told nothing: there was no room for it.
    pub fn was_not_looked_at(&mut self, one: Try) {
        self.take_back(&one.name);
        self.take_back(&one.address);
    }

    fn take_back(&mut self, key: &Counted) {
        if let Some(count) = self.0.get_mut(key) {
            count.wrong = count.wrong.saturating_sub(1);
        }
    }

    fn make_room(&mut self, now: DateTime<Utc>) {
        if self.0.len() < COUNTS_MAX {
            return;
        }
        let kept_since = now - TimeDelta::minutes(KEPT_MINUTES);
        self.0.retain(|_, count| count.last_at > kept_since);
        while self.0.len() >= COUNTS_MAX {
            // Half of the span that is left, until there is room.
            let mut times: Vec<_> = self.0.values().map(|count| count.last_at).collect();
            times.sort_unstable();
            let Some(middle) = times.get(times.len() / 2).copied() else { break };
            self.0.retain(|_, count| count.last_at > middle);
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
    fn a_guesser_waits_longer_each_time_and_the_owner_elsewhere_does_not() {
        let mut delays = SignInDelays::default();
        for _ in 0..NAME_TRIES_FREE {
            assert_eq!(delays.begin(attempt("boss", 1), at(0)), Ok(()));
        }
        assert_eq!(delays.begin(attempt("boss", 1), at(0)), Err(at(1)));
        assert_eq!(delays.begin(attempt("BOSS ", 1), at(1)), Ok(()), "the same name");
        assert_eq!(delays.begin(attempt("boss", 1), at(2)), Err(at(3)), "twice as long");
        assert_eq!(delays.begin(attempt("boss", 2), at(2)), Ok(()), "the owner");
        assert_eq!(delays.begin(attempt("clerk", 1), at(2)), Ok(()), "a colleague");
        delays.was_right(attempt("boss", 2));
        assert_eq!(delays.begin(attempt("boss", 1), at(2)), Err(at(3)), "it helps no guesser");
    }

    #[test]
    fn whoever_was_right_begins_anew() {
        let mut delays = SignInDelays::default();
        for _ in 0..100 {
            assert_eq!(delays.begin(attempt("boss", 1), at(0)), Ok(()));
            delays.was_right(attempt("boss", 1));
        }
    }

    #[test]
    fn an_address_that_tries_many_names_waits_too() {
        let mut delays = SignInDelays::default();
        for n in 0..ADDRESS_TRIES_FREE {
            assert_eq!(delays.begin(attempt(&format!("user{n}"), 1), at(0)), Ok(()));
        }
        assert_eq!(delays.begin(attempt("boss", 1), at(0)), Err(at(1)));
        assert_eq!(delays.begin(attempt("boss", 2), at(0)), Ok(()), "another address");
    }

    #[test]
    fn no_delay_is_longer_than_a_quarter_of_an_hour() {
        let mut delays = SignInDelays::default();
        let mut now = at(0);
        for _ in 0..60 {
            while let Err(until) = delays.begin(attempt("boss", 1), now) {
                assert!((until - now).num_seconds() <= NAME_SECONDS_MAX);
                now = until;
            }
        }
    }

    #[test]
    fn counts_do_not_grow_for_ever() {
        let mut delays = SignInDelays::default();
        for n in 0..COUNTS_MAX {
            let name = format!("user{n}");
            let one = Try::new(
                &Keys::new(&[1; 32]).cap,
                &name,
                &Caller { address: n.to_be_bytes().to_vec(), network: n.to_be_bytes().to_vec() },
            );
            let seconds = i64::try_from(n).expect("few");
            delays.begin(one, at(seconds)).expect("the first of its own");
        }
        assert!(delays.0.len() <= COUNTS_MAX + 2);
    }
}
