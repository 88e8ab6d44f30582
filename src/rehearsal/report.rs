//! The results of a replay as one value. The text, the page and the JSON all show the same.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use hdrhistogram::{Counter, Histogram};
use serde::Serialize;

use super::{
    check::CheckResult,
    citizens::AckState,
    figure::float,
    journey::{
        FinishedJourneys, Way,
        notes::{Ends, Faults, Messages},
    },
    pace::{self, BIN, Rate},
    replay::FinishedReplay,
    scenario::Scenario,
    step::{RequestKind, Stage},
    tally::{Bin, RequestTally, Tally},
};
use crate::domain::Code;

/// Refusals by code.
pub type RefusalCounts = BTreeMap<&'static str, u64>;

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub scenario: String,
    pub title: String,
    pub seed: u64,
    pub share: f64,
    pub url: String,
    pub campaign: String,
    pub started_at: DateTime<Utc>,
    pub connections: usize,
    /// Citizens of the scenario, and those who arrived.
    pub citizens: u32,
    pub arrived: u32,
    /// Open doses on the web before the start: of the campaign, and of the slots aimed at.
    pub doses_open: u64,
    pub doses_aimed_at: u64,
    /// Acknowledged bookings; those cancelled afterwards are among them.
    pub booked: u64,
    pub cancelled: u64,
    /// Of bookings.
    pub refused: RefusalCounts,
    /// Requests to book without a response, and with an error status without a code.
    pub lost: u64,
    pub odd: u64,
    pub retries: Retries,
    pub bookings_per_second_peak: u64,
    pub bookings_per_second_mean: f64,
    pub opening_to_last_booking_seconds: f64,
    pub opening_to_last_answer_seconds: f64,
    /// From arrival to booking.
    pub until_booked_ms: Latency,
    /// From when a request was due until the generator sent it.
    pub late_ms: Latency,
    pub requests: Vec<RequestSummary>,
    pub timeline: Vec<Interval>,
    /// None where people were signed in already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journey: Option<JourneySummary>,
    pub check: CheckResult,
    pub is_sound: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Retries {
    /// Attempts at another slot, after no seat or no dose.
    pub other_slot: u64,
    /// Retries after a 503.
    pub after_busy: u64,
    /// The same request again, after no response.
    pub sent_again: u64,
    /// Citizens who had no retry left.
    pub gave_up: u64,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    pub count: u64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct RequestSummary {
    pub kind: &'static str,
    pub sent: u64,
    pub done: u64,
    /// Mean of the answers, in bytes.
    pub bytes: u64,
    pub refused: RefusalCounts,
    /// Answers that say to come again, and not when.
    pub without_time: u64,
    pub lost: u64,
    pub odd: u64,
    pub sent_per_second: Rate,
    pub done_per_second: Rate,
    /// From when it was due: what the citizen experienced.
    pub from_due_ms: Latency,
    /// From when it was sent on a free connection: what the service took.
    pub from_sent_ms: Latency,
}

/// An interval of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Interval {
    /// Its start in seconds from the opening; negative before it.
    pub second: f64,
    pub span_seconds: f64,
    pub arrived: u64,
    /// People who got to each stage in it, in the order of the funnel.
    pub reached: [u32; Stage::ALL.len()],
    pub booked: u64,
    pub cancelled: u64,
    pub refused: RefusalCounts,
    pub lost: u64,
    /// Open doses at its end, of those that were open on the web before the start.
    pub open: i64,
    /// Of bookings.
    pub from_due_ms: Latency,
    pub from_sent_ms: Latency,
}

/// What whole journeys add to a report.
#[derive(Clone, Debug, Serialize)]
pub struct JourneySummary {
    pub way: Way,
    /// Each stage with how many people got to it.
    pub funnel: Vec<(&'static str, u64)>,
    /// How people ended, and their second devices.
    pub ends: Ends,
    pub second_devices: Ends,
    /// Whose end is not known: they were on their way when the time was over.
    pub unfinished: u64,
    pub sessions: u64,
    pub messages: Messages,
    pub faults: Faults,
    /// Bookings a second, from the opening to the last: whole journeys.
    pub journeys_per_second: f64,
    /// Bytes of all answers.
    pub bytes: u64,
}

/// What a report is made of, however people came.
struct Played<'a> {
    name: &'a str,
    scenario: &'a Scenario,
    share: f64,
    url: &'a str,
    campaign: &'a str,
    started_at: DateTime<Utc>,
    citizens: u32,
    arrived: u32,
    doses_open: u64,
    doses_aimed_at: u64,
    booked: u64,
    cancelled: u64,
    opening: Duration,
    tally: &'a Tally,
}

impl Report {
    /// Sums up a replay of people who are signed in, and its check.
    pub fn new(replay: &FinishedReplay, mut check: CheckResult) -> Self {
        let FinishedReplay { config, plan, tally, log, .. } = replay;
        let faults = Faults { without_time: tally.without_time(), ..Faults::default() };
        let sentences = faults.sentences();
        let is_sound = sentences.is_empty() && check.is_sound();
        check.faults.extend(sentences);
        let cancelled = log.acks.iter().filter(|ack| ack.state == AckState::Cancelled);
        let played = Played {
            name: &config.name,
            scenario: &plan.scenario,
            share: config.share,
            url: &config.target.url,
            campaign: &replay.campaign.name,
            started_at: replay.started_at,
            citizens: plan.curve.citizens(),
            arrived: log.arrived,
            doses_open: replay.doses_open,
            doses_aimed_at: replay.doses_aimed_at,
            booked: count(log.acks.len()),
            cancelled: count(cancelled.count()),
            opening: plan.opening(),
            tally,
        };
        Self { is_sound, ..Self::of(&played, check) }
    }

    /// Sums up whole journeys, and their check.
    pub fn of_journeys(replay: &FinishedJourneys, mut check: CheckResult) -> Self {
        let FinishedJourneys { config, plan, tally, notes, .. } = replay;
        let sentences = notes.faults.sentences();
        let is_sound = sentences.is_empty() && check.is_sound();
        check.faults.extend(sentences);
        let played = Played {
            name: &config.name,
            scenario: &plan.scenario,
            share: config.share,
            url: &config.target.url,
            campaign: &replay.campaign.name,
            started_at: replay.started_at,
            citizens: plan.curve.citizens(),
            arrived: notes.arrived,
            doses_open: replay.doses_open,
            doses_aimed_at: replay.doses_aimed_at,
            booked: count(notes.acks.len()),
            cancelled: count(notes.all_cancelled().count()),
            opening: plan.opening,
            tally,
        };
        let report = Self::of(&played, check);
        let of_stage = |nth: usize| {
            let reached = tally.bins.iter().filter_map(|bin| bin.reached.get(nth));
            reached.map(|n| u64::from(*n)).sum()
        };
        let stages = Stage::ALL.iter().enumerate();
        let journey = JourneySummary {
            way: plan.way,
            funnel: stages.map(|(nth, stage)| (stage.name(), of_stage(nth))).collect(),
            ends: notes.ends.clone(),
            second_devices: notes.second_ends.clone(),
            unfinished: u64::from(notes.arrived).saturating_sub(notes.ends.values().sum()),
            sessions: notes.sessions,
            messages: notes.messages,
            faults: notes.faults,
            journeys_per_second: report.bookings_per_second_mean,
            bytes: tally.kinds.iter().map(|kind| kind.bytes).sum(),
        };
        Self { journey: Some(journey), is_sound, ..report }
    }

    fn of(played: &Played<'_>, check: CheckResult) -> Self {
        let &Played { scenario, tally, booked, opening, .. } = played;
        let since = |at: Duration| at.saturating_sub(opening).as_secs_f64();
        let to_last = since(tally.last_booked);
        let book = tally.kind(RequestKind::Book);
        Self {
            scenario: played.name.to_owned(),
            title: scenario.title.clone(),
            seed: scenario.seed,
            share: played.share,
            url: played.url.to_owned(),
            campaign: played.campaign.to_owned(),
            started_at: played.started_at,
            connections: scenario.connections,
            citizens: played.citizens,
            arrived: played.arrived,
            doses_open: played.doses_open,
            doses_aimed_at: played.doses_aimed_at,
            booked,
            cancelled: played.cancelled,
            refused: book.map(RequestTally::refusals).unwrap_or_default(),
            lost: book.map_or(0, |book| book.unanswered),
            odd: book.map_or(0, |book| book.unexpected),
            retries: Retries {
                other_slot: tally.other_slots,
                after_busy: tally.retries_after_busy,
                sent_again: tally.resends,
                gave_up: tally.gave_up,
            },
            bookings_per_second_peak: pace::peak(&booked_by_bin(tally)),
            bookings_per_second_mean: if to_last > 0.0 { float(booked) / to_last } else { 0.0 },
            opening_to_last_booking_seconds: to_last,
            opening_to_last_answer_seconds: since(tally.last_response),
            until_booked_ms: Latency::of(&tally.until_booked),
            late_ms: Latency::of(&tally.late),
            requests: requests(tally),
            timeline: timeline(&tally.bins, opening, played.doses_open),
            journey: None,
            is_sound: check.is_sound(),
            check,
        }
    }
}

impl RequestTally {
    fn refusals(&self) -> RefusalCounts {
        let mut counts = refused(&self.refused);
        counts.extend(Some((GONE, self.gone)).filter(|(_, gone)| *gone > 0));
        counts
    }
}

/// What pages say of a seat or a dose that is gone, without a code.
const GONE: &str = "seat_or_dose_gone";

impl Latency {
    fn of<T: Counter>(histogram: &Histogram<T>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        let at = |quantile| float(histogram.value_at_quantile(quantile)) / 1e3;
        Self {
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: float(histogram.max()) / 1e3,
        }
    }
}

fn requests(tally: &Tally) -> Vec<RequestSummary> {
    let of = |(kind, of): (RequestKind, &RequestTally)| RequestSummary {
        kind: kind.name(),
        sent: of.sent,
        done: of.done,
        bytes: of.bytes.checked_div(of.sent - of.unanswered.min(of.sent)).unwrap_or(0),
        refused: of.refusals(),
        without_time: of.without_time,
        lost: of.unanswered,
        odd: of.unexpected,
        sent_per_second: of.pace.sent(),
        done_per_second: of.pace.done(),
        from_due_ms: Latency::of(&of.from_due),
        from_sent_ms: Latency::of(&of.from_sent),
    };
    let kinds = RequestKind::ALL.into_iter().zip(&tally.kinds);
    kinds.filter(|(_, of)| of.sent > 0).map(of).collect()
}

fn timeline(bins: &[Bin], opening: Duration, open: u64) -> Vec<Interval> {
    let mut open = i64::try_from(open).unwrap_or(i64::MAX);
    (0_u32..)
        .zip(bins)
        .map(|(n, bin)| {
            open += i64::from(bin.returned) - i64::from(bin.booked);
            Interval {
                second: f64::from(n) * BIN.as_secs_f64() - opening.as_secs_f64(),
                span_seconds: BIN.as_secs_f64(),
                arrived: bin.arrived.into(),
                reached: bin.reached,
                booked: bin.booked.into(),
                cancelled: bin.cancelled.into(),
                refused: {
                    let mut counts = refused(&bin.refused);
                    counts.extend((bin.gone > 0).then_some((GONE, bin.gone.into())));
                    counts
                },
                lost: bin.unanswered.into(),
                open,
                from_due_ms: Latency::of(&bin.from_due),
                from_sent_ms: Latency::of(&bin.from_sent),
            }
        })
        .collect()
}

fn refused<T: Copy + Into<u64>>(counts: &[T]) -> RefusalCounts {
    let counts = Code::ALL.iter().zip(counts).map(|(code, n)| (code.slug(), (*n).into()));
    counts.filter(|(_, n)| *n > 0).collect()
}

fn booked_by_bin(tally: &Tally) -> Vec<u32> {
    tally.bins.iter().map(|bin| bin.booked).collect()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
