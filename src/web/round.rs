//! What the public pages say of one booking round: state, doses, people, odds, limit. All of it
//! comes out of one published supply, so that a page never says two truths.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{next::Next, part::Tone, text::Texts};
use crate::{
    board::{
        catalogue::{Card, Catalogue},
        snapshot::{Published, Snapshot, Supply},
    },
    domain::{
        CampaignId,
        campaign::State,
        cohort::Cohort,
        supply_history::{Entry, Event},
    },
    words,
};

/// A sentence that the script renews: its key in the page's live document, and the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub key: String,
    pub text: String,
}

/// Where a round is, as people see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The opening is to come.
    Announced,
    /// The announced opening has passed, and nobody has opened.
    Late,
    Open,
    /// Open, and no dose is free although some are left.
    NoneFree,
    SoldOut,
    Paused,
    /// Its window has ended.
    Over,
    Closed,
}

/// A change of the limit or the state.
#[derive(Clone, Debug)]
pub struct Change {
    /// RFC 3339, for machines.
    pub at: String,
    pub when: String,
    pub what: String,
    pub reason: String,
}

/// A round on a page.
#[derive(Clone, Debug)]
pub struct Round {
    pub id: CampaignId,
    /// The page of its numbers, after the language.
    pub path: String,
    pub name: String,
    pub phase: Phase,
    /// The headline.
    pub main: Said,
    pub more: Vec<Said>,
    pub as_of: Said,
    /// The opening, for the countdown; RFC 3339.
    pub opens_at: Option<String>,
    /// Each of these may book.
    pub who: Vec<String>,
    pub limit: Option<String>,
    /// Newest first.
    pub changes: Vec<Change>,
}

impl Phase {
    fn of(card: &Card, supply: &Supply) -> Self {
        let (campaign, now) = (&card.campaign, supply.as_of);
        match campaign.state {
            State::Paused => Self::Paused,
            State::Draft | State::Closed => Self::Closed,
            State::Published | State::Open if now < campaign.opens_at => Self::Announced,
            State::Published => Self::Late,
            State::Open if now >= campaign.closes_at => Self::Over,
            State::Open if supply.bookable.doses > 0 => Self::Open,
            State::Open if supply.totals.open > 0 => Self::NoneFree,
            State::Open => Self::SoldOut,
        }
    }

    /// Whether nobody will book in it any more.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Over | Self::Closed)
    }

    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }

    pub fn tone(&self) -> Tone {
        match self {
            Self::Open => Tone::Good,
            Self::Announced | Self::Late | Self::NoneFree | Self::Paused => Tone::Wait,
            Self::SoldOut => Tone::Bad,
            Self::Over | Self::Closed => Tone::Plain,
        }
    }

    pub fn word(&self, t: &Texts) -> &'static str {
        match self {
            Self::Announced | Self::Late => t.tag_announced(),
            Self::Open => t.tag_open(),
            Self::NoneFree => t.tag_none_free(),
            Self::SoldOut => t.tag_sold_out(),
            Self::Paused => t.tag_paused(),
            Self::Over | Self::Closed => t.tag_over(),
        }
    }
}

impl Round {
    /// The round as the snapshot has it; none for what is not public.
    pub fn new(t: Texts, snapshot: &Snapshot, id: CampaignId) -> Option<Self> {
        let card = snapshot.catalogue.campaigns.get(&id)?;
        let published: &Published = snapshot.supplies.get(&id)?;
        let supply = &published.supply;
        let (campaign, zone) = (&card.campaign, card.campaign.zone);
        let phase = Phase::of(card, supply);
        let sentences = say(t, card, supply, phase);
        // In another phase the sentences are others: the script must not mix them.
        let kind = format!("{id}-{phase:?}{}", sentences.len());
        let mut said = sentences.into_iter().enumerate().map(|(at, text)| {
            let key = format!("{kind}-{at}");
            Said { key, text }
        });
        let main = said.next()?;
        let as_of = t.as_of(&words::second(t.language(), supply.as_of, zone));
        Some(Self {
            id,
            path: format!("/campaigns/{id}"),
            name: t.whole(t.name(&campaign.name)),
            phase,
            main,
            more: said.collect(),
            as_of: Said { key: format!("{kind}-as-of"), text: as_of },
            opens_at: (phase == Phase::Announced).then(|| rfc3339(campaign.opens_at)),
            who: card
                .rules
                .cohorts
                .iter()
                .map(|cohort| t.whole(&who(t, &snapshot.catalogue, cohort)))
                .collect(),
            limit: campaign.published_quota.map(|quota| t.limit_is(&t.count(quota))),
            changes: card.changes.iter().map(|entry| change(t, card, entry)).collect(),
        })
    }

    /// The page "Can I book?", after the language.
    pub fn eligibility(&self) -> String {
        format!("{}/eligibility", self.path)
    }

    /// The page to choose a place and a day, after the language.
    pub fn clinics(&self) -> String {
        format!("{}/clinics", self.path)
    }

    /// The way to book, after the language: who signs in first is shown their own district and
    /// needs a screen less. Who is signed in already is sent on at once.
    pub fn booking(&self) -> String {
        let clinics = self.clinics();
        Next::parse(&clinics).map_or(clinics, |next| next.with_next("/sign-in"))
    }

    /// How many changes the page shows.
    pub fn changes_shown(&self) -> i64 {
        i64::try_from(self.changes.len()).unwrap_or(i64::MAX)
    }

    /// All sentences that the script renews.
    pub fn said(&self) -> impl Iterator<Item = &Said> {
        std::iter::once(&self.main).chain(&self.more).chain([&self.as_of])
    }

    /// Stays the same while the page needs other words only where the script can put them.
    pub fn turn(&self) -> String {
        let last = self.changes.first().map_or("", |change| change.at.as_str());
        format!("{}.{:?}.{}.{last}", self.id, self.phase, self.more.len())
    }
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The sentences, most important first.
fn say(t: Texts, card: &Card, supply: &Supply, phase: Phase) -> Vec<String> {
    let campaign = &card.campaign;
    let instant = |at| t.instant(at, campaign.zone);
    let reason = campaign.state_reason.as_ref().map(|reason| t.because(t.name(reason)));
    let free = supply.bookable.doses;
    // What is kept for those whose turn comes, before anybody's has.
    let coming = free + supply.not_bookable.tranche_not_open;
    let people = |doses| people(t, supply, doses);
    match phase {
        Phase::Announced => {
            let doses = t.doses_then(&t.count(coming));
            vec![t.opens_at(&instant(campaign.opens_at)), doses, people(coming)]
        }
        Phase::Late => {
            let doses = t.doses_then(&t.count(coming));
            vec![t.still_to_open(&instant(campaign.opens_at)), doses, people(coming)]
        }
        Phase::Open => {
            let until = t.bookable_until(&instant(campaign.closes_at));
            vec![doses_now(t, free), people(free), until]
        }
        Phase::NoneFree => {
            let none = t.none_free(&t.count(supply.totals.open));
            [Some(none), next_turn(t, card, supply), Some(people(0))]
                .into_iter()
                .flatten()
                .collect()
        }
        Phase::SoldOut => {
            let sold_out = t.sold_out(&t.count(supply.totals.granted));
            vec![sold_out, t.sold_out_then().to_owned(), people(0)]
        }
        Phase::Paused => {
            let since = card.changes.iter().find(|entry| entry.event == Event::Paused.word());
            let since = since.map(|entry| t.paused_since(&instant(entry.at)));
            let main = since.unwrap_or_else(|| t.paused().to_owned());
            let after = t.doses_after_pause(&t.count(free));
            let rest = [reason, Some(t.paused_then().to_owned()), Some(after), Some(people(free))];
            [Some(main)].into_iter().chain(rest).flatten().collect()
        }
        Phase::Over => {
            vec![t.over_since(&instant(campaign.closes_at)), t.closed_then().to_owned()]
        }
        Phase::Closed => {
            let closed = [Some(t.closed().to_owned()), reason, Some(t.closed_then().to_owned())];
            closed.into_iter().flatten().collect()
        }
    }
}

fn doses_now(t: Texts, doses: i64) -> String {
    match doses {
        1 => t.one_dose_now().to_owned(),
        doses => t.doses_now(&t.count(doses)),
    }
}

/// How many people have not booked yet, and what that means for each of them.
fn people(t: Texts, supply: &Supply, doses: i64) -> String {
    let Some(people) = supply.not_yet_booked else { return t.people_counting().to_owned() };
    let said = t.people_left(&t.count(people));
    match odds(t, doses, people) {
        Some(odds) => format!("{said} {odds}"),
        None => said,
    }
}

/// The odds in words, never better than they are: none where there is nothing to hope for, or
/// nobody to hope.
fn odds(t: Texts, doses: i64, people: i64) -> Option<String> {
    if doses <= 0 || people <= 0 {
        return None;
    }
    if doses >= people {
        return Some(t.odds_all().to_owned());
    }
    let in_ten = doses.saturating_mul(10) / people;
    if in_ten >= 5 {
        return Some(t.odds_in_ten(in_ten));
    }
    // To the nearest whole number.
    let one_in = (people + doses / 2) / doses;
    Some(t.odds_one_in(&t.count(one_in.max(2))))
}

fn next_turn(t: Texts, card: &Card, supply: &Supply) -> Option<String> {
    let coming = |at: &DateTime<Utc>| *at > supply.as_of;
    let tranches = card.offer.tranches().iter().map(|offered| &offered.tranche);
    let next = tranches.into_iter().find(|tranche| coming(&tranche.opens_at))?;
    let at = t.instant(next.opens_at, card.campaign.zone);
    Some(t.next_turn(t.name(&next.name), &at))
}

/// A cohort by its name and its conditions.
fn who(t: Texts, catalogue: &Catalogue, cohort: &Cohort) -> String {
    let day = |date| words::calendar_day(t.language(), date);
    let born = match (cohort.born_from, cohort.born_to) {
        (Some(from), Some(to)) => Some(t.born_between(&day(from), &day(to))),
        (Some(from), None) => Some(t.born_since(&day(from))),
        (None, Some(to)) => Some(t.born_until(&day(to))),
        (None, None) => None,
    };
    let region = cohort.region_id.and_then(|id| catalogue.regions.get(&id));
    let region = region.map(|region| t.living_in(t.name(&region.name)));
    let listed = cohort.roster_id.map(|_| t.on_a_list().to_owned());
    let conditions: Vec<_> = [born, region, listed].into_iter().flatten().collect();
    let name = t.name(&cohort.name);
    match conditions.as_slice() {
        [] => name.to_owned(),
        conditions => format!("{name}: {}", conditions.join(", ")),
    }
}

fn change(t: Texts, card: &Card, entry: &Entry) -> Change {
    let doses = t.count(entry.doses.unwrap_or(0).abs());
    let what = match Event::of_word(&entry.event) {
        Some(Event::Published) => t.change_published().to_owned(),
        Some(Event::Opened) => t.change_opened().to_owned(),
        Some(Event::Paused) => t.change_paused().to_owned(),
        Some(Event::Resumed) => t.change_resumed().to_owned(),
        Some(Event::Closed) => t.change_closed().to_owned(),
        Some(Event::Received) => t.change_received(&doses),
        Some(Event::Granted) => t.change_granted(&doses),
        Some(Event::Retracted) => t.change_retracted(&doses),
        Some(Event::Corrected) => t.change_corrected(&doses),
        // Of a later program on the same database.
        None => entry.event.clone(),
    };
    Change {
        at: rfc3339(entry.at),
        when: t.instant(entry.at, card.campaign.zone),
        what,
        reason: t.because(t.name(&entry.reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn odds_are_said_in_words_and_never_better_than_they_are() {
        let say = |doses, people| odds(Texts(Language::English), doses, people);
        for (doses, people, said) in [
            (806_400, 3_524_000, "About 1 in 4 of them can have one."),
            (1, 1_000, "About 1 in 1,000 of them can have one."),
            (49, 100, "About 1 in 2 of them can have one."),
            (50, 100, "About 5 in 10 of them can have one."),
            (99, 100, "About 9 in 10 of them can have one."),
            (100, 100, "That is enough for all of them."),
        ] {
            assert_eq!(say(doses, people).as_deref(), Some(said), "{doses} of {people}");
        }
        assert_eq!((say(0, 100), say(5, 0)), (None, None));
        let korean = odds(Texts(Language::Korean), 806_400, 3_524_000);
        assert_eq!(korean.as_deref(), Some("약 4명 중 1명이 예약할 수 있는 양입니다."));
    }
}
