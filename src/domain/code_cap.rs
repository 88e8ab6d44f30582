//! Caps on one-time codes and on guessing them: how many, for whom and from where.
//!
//! | what | cap |
//! |---|---|
//! | codes for a person | 3 in 15 minutes; beyond it 2 for each network, 30 altogether |
//! | wrong tries at a person's codes | 10 a day; beyond it 3 for each network, 600 altogether |
//! | wrong tries at one code | 5 (`sign_in_code::ATTEMPTS_MAX`) |
//! | codes from an address, from a network | 300, 10,000 in 15 minutes |
//! | wrong tries from an address, from a network | 100, 1,000 in 15 minutes |
//! | codes by booking number asked for from an address | 60 in 15 minutes |
//! | codes of the installation | `--codes-per-minute`, for each process |
//!
//! **A person** is what was typed, of the birth date the year: the caps are counted by a hash of
//! the match key, in the register or not, so that a refusal tells nothing either. By the day, who
//! is in the register with the year alone would have 365 times as many. Whoever is in the register
//! under three spellings is three by this count, or the count would tell that they are there. A try
//! counts for the network that asked for the code, because only whoever asked for it knows its
//! challenge.
//!
//! **An address** is an IPv4 address or an IPv6 /64; **a network** an IPv4 /24 or an IPv6 /48. Many
//! subscribers of a carrier share an address, and all of a cohort among them may sign in in the
//! minutes before an opening: docs/decisions.md has the sums.
//!
//! **The victim of somebody else's guessing still gets in.** An attacker who has used up what a
//! person has leaves to every other network two codes and three tries, and a code ends only older
//! ones of the same network. To keep somebody out takes 15 networks that ask for codes in every 15
//! minutes, or 198 that guess every day; or one that the victim is in too.
//!
//! **Guessing takes years.** A try succeeds once in a million, so even odds need 693,147 tries. One
//! network has 10 a day for each of three spellings, which takes 63 years. As many networks as
//! somebody likes have 600 a day for each, which takes 385 days; a test below has the sum.
//!
//! Codes and tries of a person, an address or a network are decided one after the other, in
//! batches (`sign_in`), so that all caps are exact, also between processes.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{birth_date::BirthDate, keys::CapKey, person::Match};

/// The codes of a person, and all that counts by address, are counted over this many minutes.
pub const CODE_WINDOW_MINUTES: i64 = 15;
/// Wrong tries at a person's codes are counted over this many hours, from the first.
pub const TRY_WINDOW_HOURS: i64 = 24;

/// Codes for one person, whoever asks.
pub const PERSON_CODES_MAX: i32 = 3;
/// Codes for one person that a network may ask for, whatever others did.
pub const ORIGIN_CODES_MAX: i32 = 2;
/// Codes for one person from all networks.
pub const ALL_CODES_MAX: i32 = 30;

/// Wrong tries at one person's codes, whoever tries.
pub const PERSON_TRIES_MAX: i32 = 10;
/// Wrong tries at one person's codes that a network has, whatever others did.
pub const ORIGIN_TRIES_MAX: i32 = 3;
/// Wrong tries at one person's codes from all networks.
pub const ALL_TRIES_MAX: i32 = 600;

/// Codes from one address.
pub const ADDRESS_CODES_MAX: i32 = 300;
/// Codes from one network.
pub const NETWORK_CODES_MAX: i32 = 10_000;
/// Wrong tries from one address.
pub const ADDRESS_TRIES_MAX: i32 = 100;
/// Wrong tries from one network.
pub const NETWORK_TRIES_MAX: i32 = 1_000;

/// Codes that an address may ask for by booking number, made or not: each looks at some two
/// thousand persons.
pub const ADDRESS_LOOK_UPS_MAX: i32 = 60;

/// What a cap is counted by: a keyed hash, because addresses and match keys are personal.
pub type Counted = [u8; 16];

/// Where a request comes from: the leading octets of its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Four octets of IPv4, or eight of IPv6.
    pub address: Vec<u8>,
    /// Three octets of IPv4, or six of IPv6.
    pub network: Vec<u8>,
}

/// What asking for a code counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeCounts {
    pub person: Counted,
    /// The person and the network that asks.
    pub origin: Counted,
    pub address: Counted,
    pub network: Counted,
}

impl CodeCounts {
    pub fn new(key: &CapKey, match_key: &Match, caller: &Caller) -> Self {
        Self {
            person: counted(key, &[b"person", match_key]),
            origin: counted(key, &[b"origin", match_key, &caller.network]),
            address: counted(key, &[b"codes from address", &caller.address]),
            network: counted(key, &[b"codes from network", &caller.network]),
        }
    }
}

/// Until when a person and a place have no more codes: because of those they had, or because of
/// tries that were wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capped {
    pub codes_until: Option<DateTime<Utc>>,
    pub tries_until: Option<DateTime<Utc>>,
}

/// What a wrong try counts for beside the person and the origin, which its code knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryCounts {
    pub address: Counted,
    pub network: Counted,
}

impl TryCounts {
    pub fn new(key: &CapKey, caller: &Caller) -> Self {
        Self {
            address: counted(key, &[b"tries from address", &caller.address]),
            network: counted(key, &[b"tries from network", &caller.network]),
        }
    }
}

/// What asking for a code by booking number counts for.
pub fn look_ups(key: &CapKey, caller: &Caller) -> Counted {
    counted(key, &[b"look-ups from address", &caller.address])
}

/// A booking number with a year of birth, as a person's codes are counted by what was typed:
/// whether or not somebody has it, and apart from what they have by name.
pub fn by_number(key: &CapKey, number: &str, born: BirthDate) -> Match {
    let [_, year] = born.vaguer();
    counted(key, &[b"booking number", number.as_bytes(), year.to_string().as_bytes()])
}

fn counted(key: &CapKey, parts: &[&[u8]]) -> Counted {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = key.mac(parts);
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// Whole seconds from `now` until `then`, at least one.
pub fn seconds_until(then: DateTime<Utc>, now: DateTime<Utc>) -> u64 {
    let millis = u64::try_from((then - now).num_milliseconds()).unwrap_or(0);
    millis.div_ceil(1_000).max(1)
}

/// How many codes one process makes in a minute, whoever asks: a bucket that runs empty at that
/// rate, and takes a minute's worth at once.
#[derive(Clone, Debug)]
pub struct Ceiling {
    per_minute: u32,
    /// When the bucket will be empty.
    empty_at: DateTime<Utc>,
}

impl Ceiling {
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, empty_at: DateTime::UNIX_EPOCH }
    }

    /// Counts one.
    ///
    /// # Errors
    /// When there will be room again, where there is none.
    pub fn take(&mut self, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let empty_at = self.empty_at.max(now) + self.each();
        let room_at = empty_at - TimeDelta::minutes(1);
        if room_at > now {
            return Err(room_at);
        }
        self.empty_at = empty_at;
        Ok(())
    }

    /// Takes back one that was counted and not made.
    pub fn give_back(&mut self) {
        self.empty_at -= self.each();
    }

    fn each(&self) -> TimeDelta {
        TimeDelta::nanoseconds(60_000_000_000 / i64::from(self.per_minute.max(1)))
    }
}

/// The ceiling of a process, for all of its threads.
#[derive(Clone, Debug)]
pub struct SharedCeiling(Arc<Mutex<Ceiling>>);

impl SharedCeiling {
    pub fn new(per_minute: u32) -> Self {
        Self(Arc::new(Mutex::new(Ceiling::new(per_minute))))
    }

    /// Counts one code, which is to be made.
    ///
    /// # Errors
    /// When there will be room again, where there is none.
    pub fn take(&self, now: DateTime<Utc>) -> Result<CodeRoom, DateTime<Utc>> {
        self.lock().take(now)?;
        Ok(CodeRoom { ceiling: self.clone(), is_made: AtomicBool::new(false) })
    }

    fn lock(&self) -> MutexGuard<'_, Ceiling> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for one code below the ceiling. It goes with the request, and is given back with it unless
/// the code was made: whether or not the caller has hung up meanwhile.
#[derive(Debug)]
pub struct CodeRoom {
    ceiling: SharedCeiling,
    is_made: AtomicBool,
}

impl CodeRoom {
    /// The code was made, and counts.
    pub fn made(&self) {
        self.is_made.store(true, Ordering::Relaxed);
    }
}

impl Drop for CodeRoom {
    fn drop(&mut self) {
        if !*self.is_made.get_mut() {
            self.ceiling.lock().give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{keys::Keys, sign_in_code::CODES};

    /// A main name, and one more in each language (`person_spelling_language_key`).
    const SPELLINGS_MAX: i32 = 3;

    /// Tries after which an account is as likely taken over as not, each with another code.
    fn even_odds() -> f64 {
        0.5_f64.ln() / (-1.0 / f64::from(u32::try_from(CODES).unwrap())).ln_1p()
    }

    /// Days until then, with the most tries at a person of so many spellings that the caps leave
    /// somebody in each window.
    fn days(tries_max: i32) -> f64 {
        assert_eq!(TRY_WINDOW_HOURS, 24, "a day");
        even_odds() / f64::from(tries_max * SPELLINGS_MAX)
    }

    #[test]
    fn guessing_at_the_caps_takes_more_than_a_year_for_even_odds() {
        assert!((693_100.0..693_200.0).contains(&even_odds()), "{}", even_odds());
        assert!(days(ALL_TRIES_MAX) > 365.0, "{} days", days(ALL_TRIES_MAX));
        assert!(days(PERSON_TRIES_MAX) / 365.0 > 63.0, "from one network");
        // The control: five tries at each of 1,138 codes a second, as it was without caps.
        let seconds = even_odds() / (5.0 * 1_138.0);
        assert!(seconds < 300.0, "{seconds} seconds");
    }

    #[test]
    fn keeping_somebody_out_takes_many_networks() {
        // The first one uses up what a person has, each other one what a network has.
        let networks = |all: i32, person: i32, origin: i32| {
            1 + u32::try_from(all - person).unwrap().div_ceil(u32::try_from(origin).unwrap())
        };
        assert_eq!(networks(ALL_CODES_MAX, PERSON_CODES_MAX, ORIGIN_CODES_MAX), 15);
        assert_eq!(networks(ALL_TRIES_MAX, PERSON_TRIES_MAX, ORIGIN_TRIES_MAX), 198);
    }

    #[test]
    fn what_is_counted_differs_by_purpose_person_and_place() {
        let key = Keys::new(&[7; 32]).cap;
        let caller = |last| Caller { address: vec![192, 0, 2, last], network: vec![192, 0, 2] };
        let one = CodeCounts::new(&key, &[1; 16], &caller(1));
        let same = CodeCounts::new(&key, &[1; 16], &caller(2));
        assert_eq!((one.person, one.origin, one.network), (same.person, same.origin, same.network));
        assert_ne!(one.address, same.address);
        let other = CodeCounts::new(&key, &[2; 16], &caller(1));
        assert_ne!((one.person, one.origin), (other.person, other.origin));
        let tries = TryCounts::new(&key, &caller(1));
        assert!(tries.address != one.address && tries.network != one.network);
        assert_ne!(CodeCounts::new(&Keys::new(&[8; 32]).cap, &[1; 16], &caller(1)), one);
    }

    #[test]
    fn the_ceiling_takes_a_minutes_worth_and_then_at_its_rate() {
        let mut ceiling = Ceiling::new(60);
        let at = |seconds: i64| DateTime::UNIX_EPOCH + TimeDelta::seconds(1_000 + seconds);
        for _ in 0..60 {
            ceiling.take(at(0)).unwrap();
        }
        assert_eq!(ceiling.take(at(0)), Err(at(1)));
        ceiling.take(at(1)).unwrap();
        assert_eq!(ceiling.take(at(1)), Err(at(2)));
        for _ in 0..60 {
            ceiling.take(at(61)).unwrap();
        }
        ceiling.take(at(61)).unwrap_err();
        ceiling.give_back();
        ceiling.take(at(61)).unwrap();
        ceiling.take(at(61)).unwrap_err();
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_as_none() {
        let at = |millis| DateTime::UNIX_EPOCH + TimeDelta::milliseconds(millis);
        for (then, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (-5_000, 1)] {
            assert_eq!(seconds_until(at(then), at(0)), seconds);
        }
    }
}
