//! What is known before the start: who comes when and from where, and what each of them will do.

use std::{net::Ipv4Addr, time::Duration};

use serde::Serialize;

use super::{people::People, shares::Shares};
use crate::{
    domain::{CampaignId, ClinicId, RegionId, language::Language},
    random::Random,
    rehearsal::{curve::ArrivalCurve, load, scenario::Scenario},
};

/// What is drawn for a citizen, each from a random stream of its own.
const ADDRESS: u64 = 20;
const DEVICES: u64 = 21;
const PATIENCE: u64 = 22;
const LANGUAGE: u64 = 23;
const EARLY: u64 = 24;
const READY: u64 = 25;
const QUESTION: u64 = 26;
const STRANGER: u64 = 27;
pub(super) const WRONG_CODE: u64 = 28;
pub(super) const USED_CODE: u64 = 29;
const VISIT: u64 = 30;
const CANCEL: u64 = 31;

/// How people come: with a program that speaks the API, or with a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// JSON over HTTP, as an app does
    Api,
    /// The pages, as a browser without JavaScript does
    Pages,
}

/// The only clinic that anybody wants, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
}

/// Everything that does not change while journeys are played.
#[derive(Debug)]
pub struct JourneyPlan {
    pub scenario: Scenario,
    pub shares: Shares,
    pub curve: ArrivalCurve,
    pub people: People,
    pub campaign_id: CampaignId,
    /// None where every clinic will do.
    pub wish: Option<Wish>,
    pub host: String,
    pub way: Way,
    /// Where the style sheet of the pages lies.
    pub style: String,
    /// From the start to the opening.
    pub opening: Duration,
    /// Milliseconds since 1970 at the start: booking ids begin with the time, as clients' do.
    pub started_unix_millis: u64,
}

impl JourneyPlan {
    /// How long before the opening the first come, in whole seconds.
    pub fn lead(shares: &Shares) -> Duration {
        let seconds = if shares.early > 0.0 { shares.early_seconds.ceil() } else { 0.0 };
        Duration::from_secs_f64(seconds)
    }

    pub(super) fn happens(&self, stream: u64, citizen: u32, share: f64) -> bool {
        share > 0.0 && Random::of(self.scenario.seed, stream, citizen).chance(share)
    }

    /// When somebody comes to book, counted from the start.
    pub fn arrives_at(&self, citizen: u32) -> Duration {
        self.opening + self.curve.arrival(citizen)
    }

    /// When somebody comes before the opening; none of those who do not.
    pub(super) fn early(&self, citizen: u32) -> Option<Duration> {
        if !self.happens(EARLY, citizen, self.shares.early) {
            return None;
        }
        let lead = Self::lead(&self.shares);
        let share = f64::from(citizen) / f64::from(self.curve.citizens());
        Some(self.opening.saturating_sub(lead) + lead.mul_f64(share))
    }

    pub(super) fn is_ready(&self, citizen: u32) -> bool {
        self.happens(READY, citizen, self.shares.ready)
    }

    pub(super) fn asks(&self, citizen: u32) -> bool {
        self.happens(QUESTION, citizen, self.shares.question)
    }

    pub(super) fn is_stranger(&self, citizen: u32) -> bool {
        self.happens(STRANGER, citizen, self.shares.strangers)
    }

    /// Whether somebody who has booked cancels.
    pub(super) fn cancels(&self, citizen: u32) -> bool {
        let cancels = self.scenario.cancels;
        cancels.is_some_and(|cancels| self.happens(CANCEL, citizen, cancels.share))
    }

    /// The district where somebody looks first: their own, or that of the clinic that all want.
    pub(super) fn district(&self, citizen: u32) -> Option<RegionId> {
        let own = || self.people.get(citizen).map(|comer| comer.region_id);
        self.wish.map(|wish| wish.region_id).or_else(own)
    }

    pub(super) fn has_second_device(&self, citizen: u32) -> bool {
        self.happens(DEVICES, citizen, self.scenario.duplicates)
    }

    pub(super) fn language(&self, citizen: u32) -> Language {
        match self.happens(LANGUAGE, citizen, self.shares.english) {
            true => Language::English,
            false => Language::Korean,
        }
    }

    /// How long somebody waits for an answer before they reload.
    pub(super) fn patience(&self, citizen: u32) -> Duration {
        let reloads = self.scenario.reloads;
        let impatient = reloads.filter(|r| self.happens(PATIENCE, citizen, r.share));
        impatient.map_or(load::TIMEOUT, |r| Duration::from_secs_f64(r.after_seconds))
    }

    /// Where somebody's requests come from, as their proxy says it: always the same address, one of
    /// those that belong to no network of its own (11.0.0.0 to 126.255.255.255).
    pub(super) fn address(&self, citizen: u32) -> Ipv4Addr {
        let mut random = Random::of(self.scenario.seed, ADDRESS, citizen);
        Ipv4Addr::from_bits((11 << 24) + random.below(116 << 24))
    }

    /// What a visit draws from.
    pub(super) fn random(&self, citizen: u32, device: u8) -> Random {
        Random::of(self.scenario.seed, VISIT + (u64::from(device) << 8), citizen)
    }
}
