//! What becomes of the requests of one batch to be sent a code, or to be signed in by one: decided
//! in the order in which they came, as if each were alone, under the caps of `code_cap`.
//!
//! Pure. Who has the turn of every person, address and network concerned (`turns`) reads what there
//! is, decides, and writes, before anybody else looks.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    PersonId, RegionId,
    code::Code,
    code_cap::{
        ADDRESS_CODES_MAX, ADDRESS_TRIES_MAX, ALL_CODES_MAX, ALL_TRIES_MAX, CODE_WINDOW_MINUTES,
        Capped, CodeCounts, CodeRoom, Counted, NETWORK_CODES_MAX, NETWORK_TRIES_MAX,
        ORIGIN_CODES_MAX, ORIGIN_TRIES_MAX, PERSON_CODES_MAX, PERSON_TRIES_MAX, TRY_WINDOW_HOURS,
        TryCounts, seconds_until,
    },
    detail::Detail,
    language::Language,
    person_key::Sought,
    refusal::Refusal,
    sign_in_code::{ATTEMPTS_MAX, CODE_MINUTES, REPEAT_SECONDS, SignInCode},
};

/// Somebody asks for a code.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of the code that will be made. The same request again has the same one.
    pub challenge_id: Uuid,
    pub code: SignInCode,
    pub code_hash: [u8; 32],
    pub sought: Sought,
    /// As it was typed; digits only.
    pub phone: String,
    pub counts: CodeCounts,
    pub room: Arc<CodeRoom>,
}

/// Somebody says what a code is.
#[derive(Clone, Debug)]
pub struct Typed {
    pub challenge_id: Uuid,
    pub code_hash: [u8; 32],
    pub counts: TryCounts,
    /// Of the page on which it was typed: the person's from then on.
    pub language: Option<Language>,
}

/// A request of a batch.
#[derive(Clone, Debug)]
pub enum Request {
    Ask(Asked),
    Try(Typed),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// There is a code, or a decoy.
    Sent {
        expires_at: DateTime<Utc>,
    },
    /// The code is used up for this person.
    SignedIn(Opened),
    /// It can be tried so many times more, one at least.
    Wrong {
        tries_left: i16,
    },
    /// It has expired, or was used, replaced, tried too often, or never made; with the session that
    /// it has just opened, where this is the right one.
    Over {
        before: Option<Opened>,
    },
    Refused(Refusal),
}

/// A session that a code has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    pub person_id: PersonId,
    pub opened_at: DateTime<Utc>,
    /// Where the person lives, if they still may sign in.
    pub home: Option<RegionId>,
}

impl Outcome {
    /// The name in metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::SignedIn(_) => "signed_in",
            Self::Wrong { .. } => "wrong",
            Self::Over { .. } => "over",
            Self::Refused(refusal) => refusal.code.slug(),
        }
    }
}

/// For whom and from where a code was made; these never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Who was asked for, as codes are counted by.
    pub person: Counted,
    /// The same with the network that asked.
    pub origin: Counted,
}

/// A code as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCode {
    pub owner: Owner,
    /// Who signs in by it; nobody by a decoy.
    pub person_id: Option<PersonId>,
    /// Whether they may: whoever was merged or marked meanwhile may not.
    pub may_sign_in: bool,
    /// Where that person lives; known of a code that somebody tries.
    pub home: Option<RegionId>,
    pub code_hash: [u8; 32],
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub attempts: i16,
    /// When it was used, or replaced by a newer one.
    pub used_at: Option<DateTime<Utc>>,
    pub signed_in_at: Option<DateTime<Utc>>,
}

impl KeptCode {
    fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_none() && self.attempts < ATTEMPTS_MAX && self.expires_at > now
    }
}

/// How often something was done in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub used: i32,
    pub ends_at: DateTime<Utc>,
}

/// Whom a code is for, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// None for a decoy.
    pub person_id: Option<PersonId>,
    /// Of a decoy as long as the one that was typed.
    pub phone: String,
}

/// What there is, read in the turn of all concerned.
#[derive(Clone, Debug)]
pub struct Seen {
    pub now: DateTime<Utc>,
    /// By challenge: those that the requests name, and those of the last minutes of everybody who
    /// is asked for.
    pub codes: HashMap<Uuid, KeptCode>,
    pub counts: HashMap<Counted, Count>,
    /// By the challenge of the request.
    pub holders: HashMap<Uuid, Holder>,
    /// Challenges that were tried, and when that was decided, in batches whose commit was asked for
    /// and never answered.
    pub unsure: Vec<(Uuid, DateTime<Utc>)>,
}

/// A code to be kept, and a message to be sent.
#[derive(Clone, Debug)]
pub struct NewCode {
    pub challenge_id: Uuid,
    pub code: SignInCode,
    pub phone: String,
    pub kept: KeptCode,
}

/// What to write.
#[derive(Clone, Debug, Default)]
pub struct Writes {
    /// In the order in which they were asked for.
    pub codes: Vec<NewCode>,
    /// Codes that were there before, as they are from now on.
    pub changed: BTreeMap<Uuid, KeptCode>,
    /// By how much each count grows, and until when it lasts where it begins.
    pub counted: BTreeMap<Counted, Count>,
    pub languages: BTreeMap<PersonId, Language>,
}

impl Writes {
    pub fn is_empty(&self) -> bool {
        let Self { codes, changed, counted, languages } = self;
        codes.is_empty() && changed.is_empty() && counted.is_empty() && languages.is_empty()
    }
}

/// The outcomes, one for each request, and what to write for them.
#[derive(Debug)]
pub struct Decision {
    pub outcomes: Vec<Outcome>,
    pub writes: Writes,
}

/// A function that decides a batch. The service uses [`decide`]. It is passed in, so that a test
/// can remove one guard and show that its checks would see the harm.
pub type Decide = fn(Seen, &[Arc<Request>]) -> Decision;

/// The turns that the requests need, without repetition and in the order in which everybody takes
/// them: two batches never wait for each other.
pub fn turns(requests: &[Arc<Request>], owners: &HashMap<Uuid, Owner>) -> Vec<i64> {
    let each = requests.iter().flat_map(|request| turns_of(request, owners));
    let mut turns: Vec<_> = each.flatten().collect();
    turns.sort_unstable();
    turns.dedup();
    turns
}

/// Those of one request: of its person, its address and its network. The turn of a person is the
/// same for codes and for tries. A challenge that is not there is nobody's.
pub fn turns_of(request: &Request, owners: &HashMap<Uuid, Owner>) -> [Option<i64>; 3] {
    match request {
        Request::Ask(Asked { counts, .. }) => {
            [Some(turn(&counts.person)), Some(turn(&counts.address)), Some(turn(&counts.network))]
        }
        Request::Try(Typed { challenge_id, counts, .. }) => {
            let person = owners.get(challenge_id).map(|owner| turn(&owner.person));
            [person, Some(turn(&counts.address)), Some(turn(&counts.network))]
        }
    }
}

/// The number of a turn, as every version of the service takes it.
fn turn(counted: &Counted) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *counted;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// What the caps hold against a request, that must be read for it.
pub fn counted_by(request: &Request, owners: &HashMap<Uuid, Owner>) -> Vec<Counted> {
    match request {
        Request::Ask(Asked { counts, .. }) => {
            vec![counts.person, counts.origin, counts.address, counts.network]
        }
        Request::Try(Typed { challenge_id, counts, .. }) => {
            let owner = owners.get(challenge_id).map(|owner| [owner.person, owner.origin]);
            let place = [counts.address, counts.network];
            owner.into_iter().flatten().chain(place).collect()
        }
    }
}

/// Decides `requests` in order. `seen` carries the effect of each to the next.
pub fn decide(seen: Seen, requests: &[Arc<Request>]) -> Decision {
    let mut of_person = HashMap::<_, Vec<_>>::new();
    for (challenge_id, code) in &seen.codes {
        of_person.entry(code.owner.person).or_default().push(*challenge_id);
    }
    let mut batch = Batch { seen, of_person, writes: Writes::default() };
    let outcomes = requests.iter().map(|request| match &**request {
        Request::Ask(asked) => batch.ask(asked).unwrap_or_else(Outcome::Refused),
        Request::Try(typed) => batch.attempt(typed).unwrap_or_else(Outcome::Refused),
    });
    let outcomes = outcomes.collect();
    let mut writes = batch.writes;
    for new in &mut writes.codes {
        if let Some(kept) = writes.changed.remove(&new.challenge_id) {
            new.kept = kept;
        }
    }
    Decision { outcomes, writes }
}

struct Batch {
    seen: Seen,
    /// The codes that were made for somebody.
    of_person: HashMap<Counted, Vec<Uuid>>,
    writes: Writes,
}

impl Batch {
    fn ask(&mut self, asked: &Asked) -> Result<Outcome, Refusal> {
        let now = self.seen.now;
        let Asked { challenge_id, counts, .. } = asked;
        // The batch was committed before, and nobody heard of it.
        if let Some(made) = self.seen.codes.get(challenge_id) {
            return Ok(Outcome::Sent { expires_at: made.expires_at });
        }
        let Capped { codes_until, tries_until } = self.codes_capped(counts);
        match codes_until.max(tries_until) {
            None => {}
            Some(until) if codes_until == Some(until) => return Err(too_many_codes(until, now)),
            Some(until) => return Err(too_many_tries(until, now)),
        }
        self.replace_older(counts);
        let expires_at = (now + TimeDelta::minutes(CODE_MINUTES)).trunc_subsecs(0);
        let holder = self.seen.holders.get(challenge_id);
        let nobodys = || "0".repeat(asked.phone.len());
        let kept = KeptCode {
            owner: Owner { person: counts.person, origin: counts.origin },
            person_id: holder.and_then(|holder| holder.person_id),
            may_sign_in: true,
            home: None,
            code_hash: asked.code_hash,
            created_at: now,
            expires_at,
            attempts: 0,
            used_at: None,
            signed_in_at: None,
        };
        self.seen.codes.insert(*challenge_id, kept.clone());
        self.of_person.entry(counts.person).or_default().push(*challenge_id);
        self.writes.codes.push(NewCode {
            challenge_id: *challenge_id,
            code: asked.code.clone(),
            phone: holder.map_or_else(nobodys, |holder| holder.phone.clone()),
            kept,
        });
        for key in [counts.address, counts.network] {
            self.count(key, now + TimeDelta::minutes(CODE_WINDOW_MINUTES));
        }
        Ok(Outcome::Sent { expires_at })
    }

    /// What stands in the way of one more code, and until when.
    fn codes_capped(&self, counts: &CodeCounts) -> Capped {
        let window = TimeDelta::minutes(CODE_WINDOW_MINUTES);
        let since = self.seen.now - window;
        let theirs = self.of_person.get(&counts.person).into_iter().flatten();
        let theirs = theirs.filter_map(|challenge_id| self.seen.codes.get(challenge_id));
        let mut recent: Vec<_> = theirs.filter(|code| code.created_at > since).collect();
        recent.sort_unstable_by_key(|code| std::cmp::Reverse(code.created_at));
        let of_origin = recent.iter().filter(|code| code.owner.origin == counts.origin);
        let of_origin = nth(of_origin.map(|code| code.created_at), ORIGIN_CODES_MAX);
        let of_person = |max| nth(recent.iter().map(|code| code.created_at), max);
        let both = of_person(PERSON_CODES_MAX).zip(of_origin).map(|(one, other)| one.min(other));
        let codes_until = of_person(ALL_CODES_MAX).max(both).map(|first| first + window);
        let place_until = self
            .used_up(&counts.address, ADDRESS_CODES_MAX)
            .max(self.used_up(&counts.network, NETWORK_CODES_MAX));
        let owner = Owner { person: counts.person, origin: counts.origin };
        Capped { codes_until: codes_until.max(place_until), tries_until: self.tried_out(owner) }
    }

    /// A code ends the older ones of the same origin.
    fn replace_older(&mut self, counts: &CodeCounts) {
        let now = self.seen.now;
        let since = now - TimeDelta::minutes(CODE_WINDOW_MINUTES);
        for challenge_id in self.of_person.get(&counts.person).into_iter().flatten() {
            let code = self.seen.codes.get_mut(challenge_id);
            let of_origin = code.filter(|code| code.owner.origin == counts.origin);
            let Some(code) = of_origin.filter(|code| code.created_at > since) else { continue };
            if code.expires_at > now && code.used_at.is_none() {
                code.used_at = Some(now);
                self.writes.changed.insert(*challenge_id, code.clone());
            }
        }
    }

    fn attempt(&mut self, typed: &Typed) -> Result<Outcome, Refusal> {
        let Typed { challenge_id, code_hash, counts, language } = typed;
        let now = self.seen.now;
        let known = self.seen.codes.get(challenge_id);
        let capped = known.and_then(|code| self.tried_out(code.owner)).max(
            self.used_up(&counts.address, ADDRESS_TRIES_MAX)
                .max(self.used_up(&counts.network, NETWORK_TRIES_MAX)),
        );
        let before = known.filter(|code| code.code_hash == *code_hash);
        let before = before.and_then(|code| {
            let (person_id, opened_at) = (code.person_id?, code.signed_in_at?);
            Some(Opened { person_id, opened_at, home: code.home })
        });
        let since = now - TimeDelta::seconds(REPEAT_SECONDS);
        let before = before.filter(|before| before.opened_at > since);
        if let Some(opened) = before
            && self.seen.unsure.contains(&(*challenge_id, opened.opened_at))
        {
            // The batch was committed before, and nobody heard of it.
            return Ok(Outcome::SignedIn(opened));
        }
        if let Some(until) = capped {
            return Err(too_many_tries(until, now));
        }
        let open = self.seen.codes.get_mut(challenge_id).filter(|code| code.is_open(now));
        let Some(code) = open else {
            self.count_places(counts);
            return Ok(Outcome::Over { before });
        };
        code.attempts += 1;
        let holder = code.person_id.filter(|_| code.may_sign_in && code.code_hash == *code_hash);
        if holder.is_some() {
            code.used_at = Some(now);
            code.signed_in_at = Some(now);
        }
        let (owner, home, tries_left) = (code.owner, code.home, ATTEMPTS_MAX - code.attempts);
        self.writes.changed.insert(*challenge_id, code.clone());
        if let Some(person_id) = holder {
            self.writes.languages.extend(language.map(|language| (person_id, language)));
            return Ok(Outcome::SignedIn(Opened { person_id, opened_at: now, home }));
        }
        for key in [owner.person, owner.origin] {
            self.count(key, now + TimeDelta::hours(TRY_WINDOW_HOURS));
        }
        self.count_places(counts);
        Ok(match tries_left {
            1.. => Outcome::Wrong { tries_left },
            _ => Outcome::Over { before: None },
        })
    }

    /// A wrong try, where it came from.
    fn count_places(&mut self, counts: &TryCounts) {
        let ends_at = self.seen.now + TimeDelta::minutes(CODE_WINDOW_MINUTES);
        self.count(counts.address, ends_at);
        self.count(counts.network, ends_at);
    }

    /// Until when a person's codes cannot be tried from this origin.
    fn tried_out(&self, owner: Owner) -> Option<DateTime<Utc>> {
        let all = self.used_up(&owner.person, ALL_TRIES_MAX);
        let person = self.used_up(&owner.person, PERSON_TRIES_MAX);
        let origin = self.used_up(&owner.origin, ORIGIN_TRIES_MAX);
        all.or_else(|| person.zip(origin).map(|(person, origin)| person.min(origin)))
    }

    /// Until when, where this many are used up.
    fn used_up(&self, key: &Counted, max: i32) -> Option<DateTime<Utc>> {
        let count = self.seen.counts.get(key)?;
        (count.used >= max && count.ends_at > self.seen.now).then_some(count.ends_at)
    }

    /// Counts one; where nothing counts any more a new span begins, which ends then.
    fn count(&mut self, key: Counted, ends_at: DateTime<Utc>) {
        let fresh = Count { used: 0, ends_at };
        let count = self.seen.counts.entry(key).or_insert(fresh);
        if count.ends_at <= self.seen.now {
            *count = fresh;
        }
        count.used += 1;
        self.writes.counted.entry(key).or_insert(fresh).used += 1;
    }
}

/// The last of the first `max` moments, where there are so many.
fn nth(mut moments: impl Iterator<Item = DateTime<Utc>>, max: i32) -> Option<DateTime<Utc>> {
    moments.nth(usize::try_from(max).unwrap_or(usize::MAX).saturating_sub(1))
}

/// The refusal of a code that may be asked for again from `until` on.
pub fn too_many_codes(until: DateTime<Utc>, now: DateTime<Utc>) -> Refusal {
    let retry_after = seconds_until(until, now);
    Refusal::new(Code::TooManyRequests, Detail::TooManyCodes { retry_after })
}

/// The refusal of a try, or of a code to try, until `until`.
fn too_many_tries(until: DateTime<Utc>, now: DateTime<Utc>) -> Refusal {
    let retry_after = seconds_until(until, now);
    Refusal::new(Code::TooManyRequests, Detail::TooManyTries { retry_after })
}
