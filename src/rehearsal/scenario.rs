//! A scenario: how many citizens arrive when, and how they behave. It is a YAML file; those in
//! `scenarios/` are built in.

use std::{fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::journey::shares::Shares;

/// Bound on every count of retries: a request counts them in one byte.
const TIMES_MAX: u8 = 100;
const SECONDS_MAX: f64 = 86_400.0;
const CONNECTIONS_MAX: usize = 16_384;
const CITIZENS_MAX: u32 = 50_000_000;

/// Name and text of each built-in scenario.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("july-12", include_str!("../../scenarios/july-12.yaml")),
    ("july-14", include_str!("../../scenarios/july-14.yaml")),
    ("august", include_str!("../../scenarios/august.yaml")),
    ("hot-clinic", include_str!("../../scenarios/hot-clinic.yaml")),
    ("steady", include_str!("../../scenarios/steady.yaml")),
];

/// The contents of the file. Probabilities and shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub title: String,
    /// Everything random follows from it.
    pub seed: u64,
    /// How many arrive. Left out if `arrivals` are rates, which add up to it.
    pub citizens: Option<u32>,
    /// The arrival curve: phases in order, from the opening on.
    pub arrivals: Vec<ArrivalPhase>,
    /// On whole journeys too.
    #[serde(default)]
    pub aim: Aim,
    /// Requests in flight at most.
    #[serde(default = "connections")]
    pub connections: usize,
    /// The run ends this many seconds after its start at the latest.
    #[serde(default = "seconds_max")]
    pub seconds_max: f64,
    /// What citizens look at before the opening. On whole journeys `journey` says who comes early;
    /// where it is left out, those come early who look at anything here.
    pub before: Option<EarlyBrowsing>,
    /// What citizens look at after the opening, right before they book. On whole journeys everybody
    /// looks at clinics and times.
    pub beside: Option<Browsing>,
    /// Share of the citizens who book on two devices at the same time.
    #[serde(default)]
    pub duplicates: f64,
    pub reloads: Option<Reloads>,
    pub cancels: Option<Cancels>,
    pub other_slot: Option<OtherSlot>,
    /// How often a citizen retries after a 503.
    #[serde(default = "busy_times")]
    pub busy_times: u8,
    /// How many sign in by a code, over HTTP, before the start. The others get a token directly.
    /// On whole journeys everybody signs in by a code.
    #[serde(default)]
    pub sign_in_by_code: u32,
    /// What people do on a whole journey. Where it is left out, they are played signed in.
    pub journey: Option<Shares>,
}

/// A phase of the arrival curve: a share of all citizens, or a rate in citizens per second.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ArrivalPhase {
    pub seconds: f64,
    pub share: Option<f64>,
    pub per_second: Option<f64>,
}

/// Where citizens book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// At every clinic with open doses, in proportion to them.
    #[default]
    AllClinics,
    /// All at the clinic with the most open doses.
    FullestClinic,
    /// All at the clinic with this code.
    Clinic(String),
}

/// Requests before the opening, spread evenly over this time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyBrowsing {
    pub seconds: f64,
    #[serde(default)]
    pub supply: f64,
    #[serde(default)]
    pub clinics: f64,
    #[serde(default)]
    pub slots: f64,
}

/// How probable it is that a citizen reads the supply, searches the clinics of the region in which
/// they will book, and lists the slots of the clinic and date that they will book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Browsing {
    #[serde(default)]
    pub supply: f64,
    #[serde(default)]
    pub clinics: f64,
    #[serde(default)]
    pub slots: f64,
}

/// A share of the citizens time out after `after_seconds` and send the same request again, with the
/// same booking id. Those whose connection breaks do so too. They give up after `times`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reloads {
    pub share: f64,
    pub after_seconds: f64,
    pub times: u8,
}

/// A share of those who have booked cancel `after_seconds` later.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cancels {
    pub share: f64,
    pub after_seconds: f64,
}

/// A citizen who finds no seat or no dose tries another slot, at most `times`, each time after half
/// to one and a half times `after_seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OtherSlot {
    pub times: u8,
    pub after_seconds: f64,
}

fn connections() -> usize {
    512
}

fn seconds_max() -> f64 {
    900.0
}

fn busy_times() -> u8 {
    20
}

/// What is wrong with a scenario: each fault names its field.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Faults {}

impl Scenario {
    /// The built-in scenario of this name, or else the one in this file.
    ///
    /// # Errors
    /// A sentence for the operator: there is neither, or the file has faults.
    pub fn find(name: &str) -> anyhow::Result<Self> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            return Ok(Self::parse(text)?);
        }
        if !Path::new(name).exists() {
            let names: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            anyhow::bail!("there is no scenario {name} ({}), and no such file", names.join(", "));
        }
        let text = fs::read_to_string(name).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        Self::parse(&text).map_err(|faults| anyhow::anyhow!("{name}:\n{faults}"))
    }

    /// Reads YAML.
    ///
    /// # Errors
    /// Every value out of range, or the first thing that cannot be parsed.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        // The parser's own message does not always name the field.
        let mut at = String::new();
        let parsed = serde_saphyr::with_deserializer_from_str(text, |yaml| {
            serde_path_to_error::deserialize::<_, Self>(yaml).map_err(|error| {
                at = error.path().to_string();
                error.into_inner()
            })
        });
        let scenario = parsed.map_err(|error| Faults(vec![format!("{at}: {error}")]))?;
        let faults = scenario.faults();
        if faults.is_empty() { Ok(scenario) } else { Err(Faults(faults)) }
    }

    fn faults(&self) -> Vec<String> {
        let mut check = Check::default();
        self.check_people(&mut check);
        self.check_arrivals(&mut check);
        let before = self.before.map(EarlyBrowsing::browsing);
        let browsing = [("before", before), ("beside", self.beside)];
        for (name, browsing) in browsing {
            let Browsing { supply, clinics, slots } = browsing.unwrap_or_default();
            for (page, probability) in [("supply", supply), ("clinics", clinics), ("slots", slots)]
            {
                check.share(&format!("{name}.{page}"), probability);
            }
        }
        if let Some(before) = self.before {
            check.seconds("before.seconds", before.seconds);
        }
        if let Some(Reloads { share, after_seconds, times }) = self.reloads {
            check.share("reloads.share", share);
            check.seconds("reloads.after_seconds", after_seconds);
            check.times("reloads.times", times);
        }
        if let Some(Cancels { share, after_seconds }) = self.cancels {
            check.share("cancels.share", share);
            check.seconds("cancels.after_seconds", after_seconds);
            let is_in_time = after_seconds < self.seconds_max || share <= 0.0;
            let words = "less than seconds_max, or nobody gets to it";
            check.that(is_in_time, "cancels.after_seconds", words);
        }
        if let Some(OtherSlot { times, after_seconds }) = self.other_slot {
            check.times("other_slot.times", times);
            check.seconds("other_slot.after_seconds", after_seconds);
        }
        if let Some(journey) = self.journey {
            for (name, share) in journey.shares() {
                check.share(&format!("journey.{name}"), share);
            }
            for (name, seconds) in journey.seconds() {
                check.seconds(&format!("journey.{name}"), seconds);
            }
        }
        check.0
    }

    fn check_people(&self, check: &mut Check) {
        check.that(!self.title.trim().is_empty(), "title", "say what it is");
        let citizens = self.citizens.unwrap_or(1);
        let in_range = (1..=CITIZENS_MAX).contains(&citizens);
        check.that(in_range, "citizens", &format!("from 1 to {CITIZENS_MAX}"));
        let in_range = (1..=CONNECTIONS_MAX).contains(&self.connections);
        check.that(in_range, "connections", &format!("from 1 to {CONNECTIONS_MAX}"));
        check.seconds("seconds_max", self.seconds_max);
        check.share("duplicates", self.duplicates);
        check.times("busy_times", self.busy_times);
    }

    fn check_arrivals(&self, check: &mut Check) {
        check.that(!self.arrivals.is_empty(), "arrivals", "nobody comes");
        let mut shares = 0.0;
        for (n, piece) in self.arrivals.iter().enumerate() {
            check.seconds(&format!("arrivals[{n}].seconds"), piece.seconds);
            let at = format!("arrivals[{n}]");
            match (piece.share, piece.per_second) {
                (Some(share), None) => {
                    check.share(&format!("{at}.share"), share);
                    shares += share;
                }
                (None, Some(rate)) => {
                    let is_rate = rate.is_finite() && (0.0..=1e6).contains(&rate);
                    check.that(is_rate, &format!("{at}.per_second"), "from 0 to 1000000");
                }
                _ => check.that(false, &at, "give either share or per_second"),
            }
        }
        let are_rates = self.are_rates();
        let is_mixed = !are_rates && self.arrivals.iter().any(|piece| piece.per_second.is_some());
        check.that(!is_mixed, "arrivals", "are either all shares or all rates");
        if are_rates {
            let is_left_out = self.citizens.is_none();
            check.that(is_left_out, "citizens", "follows from the rates of arrivals: leave it out");
        } else {
            check.that(self.citizens.is_some(), "citizens", "is missing");
            let is_whole = (shares - 1.0).abs() < 1e-6 || is_mixed;
            check.that(
                is_whole,
                "arrivals",
                &format!("the shares are {shares:.6} together, not 1"),
            );
        }
    }

    /// What people do on a whole journey.
    pub fn shares(&self) -> Shares {
        let early = self.before.map(|EarlyBrowsing { seconds, supply, clinics, slots }| Shares {
            early: supply.max(clinics).max(slots),
            early_seconds: seconds,
            ..Shares::default()
        });
        self.journey.or(early).unwrap_or_default()
    }

    /// What is played in another way on whole journeys: a sentence for each field.
    pub fn otherwise_on_journeys(&self) -> Vec<&'static str> {
        let before = match self.journey {
            Some(_) => "before: on whole journeys, journey.early says who comes early",
            None => "before: on whole journeys these people come early, ask, and come back later",
        };
        let beside = "beside: on whole journeys everybody looks at clinics and times";
        let by_code = "sign_in_by_code: on whole journeys everybody signs in by a code";
        let fields = [
            (self.before.is_some(), before),
            (self.beside.is_some(), beside),
            (self.sign_in_by_code > 0, by_code),
        ];
        fields.into_iter().filter(|(is_given, _)| *is_given).map(|(_, words)| words).collect()
    }

    /// Whether `arrivals` are given as rates.
    pub fn are_rates(&self) -> bool {
        self.arrivals.iter().all(|piece| piece.per_second.is_some())
    }
}

impl EarlyBrowsing {
    /// The probabilities without the time.
    pub fn browsing(self) -> Browsing {
        Browsing { supply: self.supply, clinics: self.clinics, slots: self.slots }
    }
}

#[derive(Default)]
struct Check(Vec<String>);

impl Check {
    fn that(&mut self, is_so: bool, field: &str, words: &str) {
        if !is_so {
            self.0.push(format!("{field}: {words}"));
        }
    }

    fn share(&mut self, field: &str, share: f64) {
        self.that((0.0..=1.0).contains(&share), field, "from 0 to 1");
    }

    fn seconds(&mut self, field: &str, seconds: f64) {
        let is_time = seconds > 0.0 && seconds <= SECONDS_MAX;
        self.that(is_time, field, "more than 0 seconds and at most a day");
    }

    fn times(&mut self, field: &str, times: u8) {
        self.that(times <= TIMES_MAX, field, &format!("at most {TIMES_MAX}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
title: A small evening
seed: 1
citizens: 300
arrivals:
  - { seconds: 1, share: 0.75 }
  - { seconds: 2, share: 0.25 }
aim: { clinic: C1 }
duplicates: 0.1
reloads: { share: 0.1, after_seconds: 3, times: 2 }
";

    #[test]
    fn the_built_in_scenarios_are_lawful() {
        for (name, _) in BUILT_IN {
            let scenario = Scenario::find(name).unwrap_or_else(|faults| panic!("{name}: {faults}"));
            assert!(!scenario.title.is_empty());
        }
    }

    #[test]
    fn a_scenario_is_read_with_its_defaults() {
        let scenario = Scenario::parse(GOOD).unwrap();
        assert_eq!((scenario.citizens, scenario.connections), (Some(300), 512));
        assert_eq!(scenario.aim, Aim::Clinic("C1".to_owned()));
        assert_eq!(scenario.cancels, None);
        let by_rate = GOOD.replace("citizens: 300\n", "");
        let by_rate = by_rate.replace("share: 0.75", "per_second: 5");
        let by_rate = Scenario::parse(&by_rate.replace("share: 0.25", "per_second: 7")).unwrap();
        assert!(by_rate.are_rates());
    }

    #[test]
    fn what_a_journey_has_of_its_own_is_said() {
        let scenario = Scenario::parse(GOOD).unwrap();
        assert_eq!(
            (scenario.shares(), scenario.otherwise_on_journeys().len()),
            (Shares::default(), 0)
        );
        let more = "before: { seconds: 7, supply: 0.2, slots: 0.3 }\nbeside: { slots: 1 }\n\
                    sign_in_by_code: 3\n";
        let scenario = Scenario::parse(&format!("{GOOD}{more}")).unwrap();
        let said = scenario.otherwise_on_journeys();
        for (field, sentence) in ["before:", "beside:", "sign_in_by_code:"].iter().zip(&said) {
            assert!(sentence.starts_with(field), "{said:?}");
        }
        assert_eq!(said.len(), 3);
        let Shares { early, early_seconds, .. } = scenario.shares();
        assert_eq!((early, early_seconds), (0.3, 7.0), "who looks comes early");
        let own = Scenario::parse(&format!("{GOOD}{more}journey: {{ early: 0.5 }}\n")).unwrap();
        assert_eq!(own.shares().early, 0.5, "unless it is said who comes early");
        assert_ne!(own.otherwise_on_journeys()[0], said[0]);
    }

    #[test]
    fn each_fault_is_named_with_its_field() {
        let faults = |from: &str, to: &str| {
            assert!(GOOD.contains(from), "{from}");
            Scenario::parse(&GOOD.replace(from, to)).expect_err(to).to_string()
        };
        for (from, to, expected) in [
            ("seed: 1", "seed: 1\nfoo: 2", "foo"),
            ("times: 2", "times: 2, foo: 1", "reloads.foo"),
            ("citizens: 300", "citizens: many", "citizens"),
            ("citizens: 300", "citizens: 0", "citizens: from 1"),
            ("citizens: 300\n", "", "citizens: is missing"),
            ("title: A small evening", "title: ''", "title"),
            ("title: A small evening\n", "", "title"),
            ("share: 0.75", "share: 0.5", "arrivals: the shares are 0.75"),
            ("share: 0.75", "per_second: 5", "arrivals: are either"),
            ("share: 0.75", "share: 0.75, per_second: 5", "arrivals[0]: give either"),
            ("seconds: 2", "seconds: -2", "arrivals[1].seconds"),
            ("seconds: 2", "seconds: .nan", "arrivals[1].seconds"),
            ("duplicates: 0.1", "duplicates: 1.5", "duplicates: from 0 to 1"),
            ("share: 0.1", "share: 2", "reloads.share"),
            ("after_seconds: 3", "after_seconds: 0", "reloads.after_seconds"),
            ("times: 2", "times: 101", "reloads.times"),
            ("aim: { clinic: C1 }", "aim: everywhere", "aim"),
            ("aim: { clinic: C1 }", "connections: 0", "connections"),
            ("aim: { clinic: C1 }", "before: { seconds: 1, supply: 2 }", "before.supply"),
            ("aim: { clinic: C1 }", "beside: { slots: -1 }", "beside.slots"),
            ("aim: { clinic: C1 }", "journey: { early: 2 }", "journey.early"),
            ("aim: { clinic: C1 }", "journey: { think_seconds: 0 }", "journey.think_seconds"),
            ("aim: { clinic: C1 }", "cancels: { share: 3, after_seconds: 1 }", "cancels.share"),
            (
                "aim: { clinic: C1 }",
                "seconds_max: 9\ncancels: { share: 1, after_seconds: 9 }",
                "cancels.after_seconds: less than seconds_max",
            ),
            ("aim: { clinic: C1 }", "other_slot: { times: 200, after_seconds: 1 }", "other_slot.t"),
        ] {
            let faults = faults(from, to);
            assert!(faults.contains(expected), "{to}: {faults}");
        }
        let both =
            GOOD.replace("duplicates: 0.1", "duplicates: 2").replace("times: 2", "times: 200");
        assert_eq!(Scenario::parse(&both).unwrap_err().0.len(), 2, "all at once");
    }

    #[test]
    fn what_is_neither_a_name_nor_a_file_is_refused_with_the_names() {
        let refused = Scenario::find("july-13").unwrap_err().to_string();
        assert!(refused.contains("july-14"), "{refused}");
    }
}
