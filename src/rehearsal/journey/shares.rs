//! What people do on their way to a booking, and how many of them: part of a scenario.

use serde::{Deserialize, Serialize};

/// The member `journey` of a scenario. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shares {
    /// Come before the opening, spread over this many seconds, and come back at it.
    pub early: f64,
    pub early_seconds: f64,
    /// Of the early ones, who sign in, choose a time and then wait for the opening; the others have
    /// looked and asked only.
    pub ready: f64,
    /// Ask whether they may book before they sign in.
    pub question: f64,
    /// Read English; the others Korean.
    pub english: f64,
    /// Type a wrong code before the right one.
    pub wrong_codes: f64,
    /// Send a code again with which they have signed in.
    pub used_codes: f64,
    /// Are in no register: no code comes.
    pub strangers: f64,
    /// Are in the register, and in no cohort of the campaign.
    pub not_eligible: f64,
    /// From a page to the next press, half to one and a half times.
    pub think_seconds: f64,
    /// How long an SMS is waited for before another code is asked for.
    pub sms_seconds: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            early: 0.0,
            early_seconds: 10.0,
            ready: 0.0,
            question: 1.0,
            english: 0.1,
            wrong_codes: 0.0,
            used_codes: 0.0,
            strangers: 0.0,
            not_eligible: 0.0,
            think_seconds: 0.5,
            sms_seconds: 60.0,
        }
    }
}

impl Shares {
    /// Each share with the name of its field.
    pub fn shares(&self) -> [(&'static str, f64); 8] {
        [
            ("early", self.early),
            ("ready", self.ready),
            ("question", self.question),
            ("english", self.english),
            ("wrong_codes", self.wrong_codes),
            ("used_codes", self.used_codes),
            ("strangers", self.strangers),
            ("not_eligible", self.not_eligible),
        ]
    }

    /// Each time with the name of its field, in seconds.
    pub fn seconds(&self) -> [(&'static str, f64); 3] {
        [
            ("early_seconds", self.early_seconds),
            ("think_seconds", self.think_seconds),
            ("sms_seconds", self.sms_seconds),
        ]
    }
}
