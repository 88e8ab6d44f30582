//! What a replay came to, as one value: the table, the page and the JSON all say what is in it.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use hdrhistogram::{Counter, Histogram};
use serde::Serialize;

use super::{
    Facts, Played,
    check::Checked,
    crowd::AckState,
    figure::float,
    tally::{BIN, BINS_PER_SECOND, Bin, Kind, OfKind, Tally},
};
use crate::domain::Code;

/// Reasons for a no, and how many heard each.
pub type Refused = BTreeMap<&'static str, u64>;

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
    /// People that were to come, and came.
    pub citizens: u32,
    pub arrived: u32,
    /// Open doses on the web before the start: of the campaign, and at the places aimed at.
    pub doses_open: u64,
    pub doses_aimed_at: u64,
    /// Acknowledged bookings; those cancelled afterwards are among them.
    pub booked: u64,
    pub cancelled: u64,
    /// Of bookings.
    pub refused: Refused,
    /// Requests to book without an answer, and with one that no code goes with.
    pub lost: u64,
    pub odd: u64,
    pub retries: Retries,
    pub bookings_per_second_peak: u64,
    pub bookings_per_second_mean: f64,
    pub opening_to_last_booking_seconds: f64,
    pub opening_to_last_answer_seconds: f64,
    /// From coming to having a booking, in milliseconds.
    pub until_booked_ms: Latency,
    pub requests: Vec<Requests>,
    pub timeline: Vec<Moment>,
    pub check: Checked,
    pub is_sound: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Retries {
    /// Tries at another slot, after no seat or no dose.
    pub other_slot: u64,
    /// Came back after a 503.
    pub after_busy: u64,
    /// The same again, after no answer.
    pub sent_again: u64,
    /// People who had had enough of either.
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
pub struct Requests {
    pub kind: &'static str,
    pub sent: u64,
    pub done: u64,
    pub refused: Refused,
    pub lost: u64,
    pub odd: u64,
    /// From when the person wanted it: what they felt.
    pub from_due_ms: Latency,
    /// From when it was sent: what the service is to blame for.
    pub from_sent_ms: Latency,
}

/// A stretch of the time line.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// Its beginning, counted from the opening; negative before it.
    pub second: f64,
    pub span_seconds: f64,
    pub arrived: u64,
    pub booked: u64,
    pub cancelled: u64,
    pub refused: Refused,
    pub lost: u64,
    /// Open doses at its end, of those that were open on the web before the start.
    pub open: i64,
    /// Of bookings.
    pub from_due_ms: Latency,
    pub from_sent_ms: Latency,
}

impl Report {
    /// Everything that was noted and found.
    pub fn new(played: &Played, check: Checked) -> Self {
        let Played { facts: Facts { order, campaign, open, doses_aimed_at }, plan, tally, .. } =
            played;
        let opening = plan.opening();
        let since = |at: Duration| at.saturating_sub(opening).as_secs_f64();
        let booked = count(played.told.acks.len());
        let cancelled = played.told.acks.iter().filter(|ack| ack.state == AckState::Cancelled);
        let to_last = since(tally.last_booked);
        let book = tally.kind(Kind::Book);
        Self {
            scenario: order.name.clone(),
            title: plan.scenario.title.clone(),
            seed: plan.scenario.seed,
            share: order.share,
            url: order.target.url.clone(),
            campaign: campaign.name.clone(),
            started_at: played.started_at,
            connections: plan.scenario.connections,
            citizens: plan.curve.citizens(),
            arrived: played.told.arrived,
            doses_open: *open,
            doses_aimed_at: *doses_aimed_at,
            booked,
            cancelled: count(cancelled.count()),
            refused: book.map(|book| refused(&book.refused)).unwrap_or_default(),
            lost: book.map_or(0, |book| book.lost),
            odd: book.map_or(0, |book| book.odd),
            retries: Retries {
                other_slot: tally.other_slots,
                after_busy: tally.came_back,
                sent_again: tally.sent_again,
                gave_up: tally.gave_up,
            },
            bookings_per_second_peak: peak(&tally.bins),
            bookings_per_second_mean: if to_last > 0.0 { float(booked) / to_last } else { 0.0 },
            opening_to_last_booking_seconds: to_last,
            opening_to_last_answer_seconds: since(tally.last_heard),
            until_booked_ms: Latency::of(&tally.until_booked),
            requests: requests(tally),
            timeline: timeline(&tally.bins, opening, *open),
            is_sound: check.is_sound(),
            check,
        }
    }
}

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

fn requests(tally: &Tally) -> Vec<Requests> {
    let of = |(kind, of): (Kind, &OfKind)| Requests {
        kind: kind.name(),
        sent: of.sent,
        done: of.done,
        refused: refused(&of.refused),
        lost: of.lost,
        odd: of.odd,
        from_due_ms: Latency::of(&of.from_due),
        from_sent_ms: Latency::of(&of.from_sent),
    };
    let kinds = Kind::ALL.into_iter().zip(&tally.kinds);
    kinds.filter(|(_, of)| of.sent > 0).map(of).collect()
}

fn timeline(bins: &[Bin], opening: Duration, open: u64) -> Vec<Moment> {
    let mut open = i64::try_from(open).unwrap_or(i64::MAX);
    (0_u32..)
        .zip(bins)
        .map(|(n, bin)| {
            open += i64::from(bin.returned) - i64::from(bin.booked);
            Moment {
                second: f64::from(n) * BIN.as_secs_f64() - opening.as_secs_f64(),
                span_seconds: BIN.as_secs_f64(),
                arrived: bin.arrived.into(),
                booked: bin.booked.into(),
                cancelled: bin.cancelled.into(),
                refused: refused(&bin.refused),
                lost: bin.lost.into(),
                open,
                from_due_ms: Latency::of(&bin.from_due),
                from_sent_ms: Latency::of(&bin.from_sent),
            }
        })
        .collect()
}

fn refused<T: Copy + Into<u64>>(counts: &[T]) -> Refused {
    let counts = Code::ALL.iter().zip(counts).map(|(code, n)| (code.slug(), (*n).into()));
    counts.filter(|(_, n)| *n > 0).collect()
}

/// The most bookings within one second.
fn peak(bins: &[Bin]) -> u64 {
    let width = usize::try_from(BINS_PER_SECOND).unwrap_or(1);
    let booked: Vec<u64> = bins.iter().map(|bin| bin.booked.into()).collect();
    let seconds = booked.windows(width.min(booked.len().max(1)));
    seconds.map(|second| second.iter().sum()).max().unwrap_or(0)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
