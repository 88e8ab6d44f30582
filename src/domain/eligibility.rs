//! Who may book which dose, and when: one pure function for the booking transaction and for the
//! public question, so that nobody is told one thing and refused another.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;

pub use super::verdict::{Reason, ReasonCode, Verdict};
use super::{
    CampaignId, CourseId, ProductId, RegionId, RosterId, TrancheId,
    calendar::{day_reaching, local_date, start_of_day},
    campaign::State,
    cohort::{Cohort, Home, Membership},
    product::{AgeFit, Product},
    tranche::Tranche,
};

/// The rules of one campaign in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub campaign_id: CampaignId,
    pub version: i32,
    pub course_id: CourseId,
    pub dose_number: i16,
    /// The first instant of the window; `closes_at` is the first instant after it.
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub cancel_until_hours: i16,
    /// Decides what is "today", and when a day on which something becomes possible begins.
    pub zone: Tz,
    /// One of them must hold; with none, nobody is eligible.
    pub cohorts: Vec<Cohort>,
    /// With none, the campaign opens for everybody at once.
    pub tranches: Vec<Tranche>,
    /// What the campaign offers.
    pub products: Vec<Product>,
}

/// A person of the register, as far as the rules ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    pub birth_date: NaiveDate,
    pub region_id: RegionId,
    /// The province of the region; none where the region is a province itself.
    pub province_id: Option<RegionId>,
    pub rosters: Vec<RosterId>,
    /// Live (booked or held) and given doses of the campaign's course.
    pub doses: Vec<DoseHeld>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoseHeld {
    pub dose_number: i16,
    pub product_id: ProductId,
    /// The local date at the clinic.
    pub on_date: NaiveDate,
    pub is_given: bool,
}

/// What is to be booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// The local date at the clinic.
    pub on_date: NaiveDate,
    pub product_id: ProductId,
}

/// Somebody who has not signed in: lists and earlier doses are unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stranger {
    pub birth_date: NaiveDate,
    pub home: Option<Home>,
}

/// Proof that the rules were asked and said yes: only `admit` makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Eligible {
    tranche_id: Option<TrancheId>,
    rule_version: i32,
}

impl Eligible {
    /// The tranche that the person belongs to; none where the campaign has no tranches.
    pub fn tranche_id(&self) -> Option<TrancheId> {
        self.tranche_id
    }

    pub fn rule_version(&self) -> i32 {
        self.rule_version
    }
}

/// Whether the applicant may book now. Without an appointment the question is about a dose today, of
/// any product that the campaign offers.
///
/// `now` must be the database's time where the answer decides a booking.
pub fn judge(
    rules: &Rules,
    state: State,
    applicant: &Applicant,
    appointment: Option<&Appointment>,
    now: DateTime<Utc>,
) -> Verdict {
    let home = Home { region_id: applicant.region_id, province_id: applicant.province_id };
    let person = Person {
        birth_date: applicant.birth_date,
        home: Some(home),
        rosters: Some(&applicant.rosters),
        doses: Some(&applicant.doses),
    };
    Case { rules, state, person, appointment: appointment.copied(), now }.verdict()
}

/// As `judge`, for a public question: what cannot be known counts as not given, and the text says so.
pub fn judge_stranger(
    rules: &Rules,
    state: State,
    stranger: Stranger,
    appointment: Option<&Appointment>,
    now: DateTime<Utc>,
) -> Verdict {
    let Stranger { birth_date, home } = stranger;
    let person = Person { birth_date, home, rosters: None, doses: None };
    Case { rules, state, person, appointment: appointment.copied(), now }.verdict()
}

/// As `judge`, with a proof for whoever writes the booking.
///
/// # Errors
/// The verdict, where it says no.
pub fn admit(
    rules: &Rules,
    state: State,
    applicant: &Applicant,
    appointment: &Appointment,
    now: DateTime<Utc>,
) -> Result<Eligible, Verdict> {
    let verdict = judge(rules, state, applicant, Some(appointment), now);
    if !verdict.eligible {
        return Err(verdict);
    }
    let tranche = Tranche::of(&rules.tranches, applicant.birth_date);
    Ok(Eligible {
        tranche_id: tranche.map(|tranche| tranche.tranche_id),
        rule_version: rules.version,
    })
}

/// What is known of whoever asks; `None` is not known.
#[derive(Clone, Copy)]
struct Person<'a> {
    birth_date: NaiveDate,
    home: Option<Home>,
    rosters: Option<&'a [RosterId]>,
    doses: Option<&'a [DoseHeld]>,
}

/// One question.
#[derive(Clone, Copy)]
struct Case<'a> {
    rules: &'a Rules,
    state: State,
    person: Person<'a>,
    appointment: Option<Appointment>,
    now: DateTime<Utc>,
}

/// A reason for a no, and from when it no longer holds if one only waits.
struct Objection {
    reason: Reason,
    until: Option<DateTime<Utc>>,
}

fn lasting(code: ReasonCode, text: impl Into<String>) -> Objection {
    Objection { reason: Reason { code, text: text.into() }, until: None }
}

fn passing(code: ReasonCode, until: DateTime<Utc>, text: impl Into<String>) -> Objection {
    Objection { until: Some(until), ..lasting(code, text) }
}

/// When the last of these has passed; none if one lasts, or if there are none.
fn latest<'o>(objections: impl IntoIterator<Item = &'o Objection>) -> Option<DateTime<Utc>> {
    objections.into_iter().map(|o| o.until).reduce(|a, b| Some(a?.max(b?))).flatten()
}

impl<'a> Case<'a> {
    fn verdict(&self) -> Verdict {
        let rule_version = self.rules.version;
        let (common, by_product) = (self.common(), self.by_product());
        if common.is_empty() && by_product.iter().any(Vec::is_empty) {
            return Verdict {
                eligible: true,
                reasons: vec![],
                next_eligible_at: None,
                rule_version,
            };
        }
        let next_eligible_at = by_product
            .iter()
            .filter_map(|own| latest(common.iter().chain(own)))
            .filter(|&at| self.asked_again(at).is_yes())
            .min();
        // Of several products, the one that fits, else the one that will fit first.
        let nearest = by_product.into_iter().min_by_key(|own| {
            let until = latest(own);
            (!own.is_empty(), until.is_none(), until)
        });
        let objections = common.into_iter().chain(nearest.unwrap_or_default());
        let mut reasons: Vec<Reason> = objections.map(|objection| objection.reason).collect();
        reasons.sort_by_key(|reason| reason.code);
        Verdict { eligible: false, reasons, next_eligible_at, rule_version }
    }

    fn is_yes(&self) -> bool {
        self.common().is_empty() && self.by_product().iter().any(Vec::is_empty)
    }

    /// The same question asked later, about the same day or, if that has passed by then, the day of
    /// asking. A campaign that is only published is taken to open as announced.
    fn asked_again(&self, at: DateTime<Utc>) -> Self {
        let today = local_date(at, self.rules.zone);
        let appointment = self.appointment.map(|appointment| Appointment {
            on_date: appointment.on_date.max(today),
            ..appointment
        });
        let state = if self.state == State::Published { State::Open } else { self.state };
        Self { state, appointment, now: at, ..*self }
    }

    /// The day on which the dose would be given.
    fn on_date(&self) -> NaiveDate {
        let today = || local_date(self.now, self.rules.zone);
        self.appointment.map_or_else(today, |appointment| appointment.on_date)
    }

    fn products(&self) -> impl Iterator<Item = &'a Product> {
        let only = self.appointment.map(|appointment| appointment.product_id);
        let products = self.rules.products.iter();
        products.filter(move |product| only.is_none_or(|only| product.product_id == only))
    }

    /// Objections that hold whatever the product.
    fn common(&self) -> Vec<Objection> {
        let mut objections = Vec::new();
        objections.extend(self.held());
        objections.extend(self.stage());
        objections.extend(self.window());
        objections.extend(self.cohort());
        objections.extend(self.tranche());
        if self.products().next().is_none() {
            let text = "This campaign does not offer this vaccine.";
            objections.push(lasting(ReasonCode::ProductNotOffered, text));
        }
        if self.rules.dose_number > 1 && self.previous().is_none() {
            objections.push(self.previous_missing());
        }
        if self.appointment.is_some() && self.on_date() < local_date(self.now, self.rules.zone) {
            let text = format!("The day {} has passed.", self.on_date());
            objections.push(lasting(ReasonCode::AppointmentPast, text));
        }
        objections
    }

    /// For each product that comes into question, the objections to it.
    fn by_product(&self) -> Vec<Vec<Objection>> {
        let own = |product| [self.age(product), self.interval(product)];
        self.products().map(|product| own(product).into_iter().flatten().collect()).collect()
    }

    fn held(&self) -> Option<Objection> {
        let number = self.rules.dose_number;
        let mut held = self.person.doses?.iter().filter(|dose| dose.dose_number == number);
        let dose = held.next()?;
        let (code, word) = match dose.is_given || held.any(|dose| dose.is_given) {
            true => (ReasonCode::AlreadyGiven, "was already given to you"),
            false => (ReasonCode::AlreadyBooked, "is already booked for you"),
        };
        Some(lasting(code, format!("Dose {number} {word}.")))
    }

    fn stage(&self) -> Option<Objection> {
        match self.state {
            State::Draft => {
                let text = "This campaign is still being prepared.";
                Some(lasting(ReasonCode::NotPublished, text))
            }
            State::Paused => {
                let text = "Booking is paused; the campaign says why.";
                Some(lasting(ReasonCode::CampaignPaused, text))
            }
            State::Closed => {
                let text = "This campaign is closed; the campaign says why.";
                Some(lasting(ReasonCode::CampaignClosed, text))
            }
            State::Published | State::Open => None,
        }
    }

    fn window(&self) -> Option<Objection> {
        let Rules { opens_at, closes_at, .. } = *self.rules;
        if self.now >= closes_at {
            let text = format!("Booking closed at {}.", self.local(closes_at));
            return Some(lasting(ReasonCode::WindowClosed, text));
        }
        if self.now < opens_at && self.state != State::Closed {
            let text = format!("Booking opens at {}.", self.local(opens_at));
            return Some(passing(ReasonCode::WindowNotOpen, opens_at, text));
        }
        let text = "Booking was announced for now, but has not been opened yet.";
        (self.state == State::Published).then(|| lasting(ReasonCode::WindowNotOpen, text))
    }

    fn cohort(&self) -> Option<Objection> {
        let Person { birth_date, home, rosters, .. } = self.person;
        let cohorts = &self.rules.cohorts;
        let mut depends = (false, false);
        for cohort in cohorts {
            match cohort.membership(birth_date, home, rosters) {
                Membership::Yes => return None,
                Membership::No => {}
                Membership::DependsOnRegion => depends.0 = true,
                Membership::DependsOnRoster => depends.1 = true,
            }
        }
        let names: Vec<&str> = cohorts.iter().map(|cohort| cohort.name.as_str()).collect();
        let mut text = match names.as_slice() {
            [] => "Nobody can book in this campaign yet.".to_owned(),
            names => format!("You are in none of its groups: {}.", names.join("; ")),
        };
        if depends.0 {
            text += " A group that may be yours is for a region: say in which region you live.";
        }
        if depends.1 {
            text += " A group that may be yours goes by a list, and a public question cannot know \
                     who is on it: sign in to be sure.";
        }
        Some(lasting(ReasonCode::NotInCohort, text))
    }

    fn tranche(&self) -> Option<Objection> {
        let tranches = &self.rules.tranches;
        let born = self.person.birth_date;
        if tranches.is_empty() {
            return None;
        }
        let Some(tranche) = Tranche::of(tranches, born) else {
            let digit = born.day() % 10;
            let text = format!("It is not open to people born on a day that ends in {digit}.");
            return Some(lasting(ReasonCode::NotInTranche, text));
        };
        let opens_at = tranche.opens_at;
        let text = || format!("Your turn ({}) begins at {}.", tranche.name, self.local(opens_at));
        (self.now < opens_at).then(|| passing(ReasonCode::TrancheNotOpen, opens_at, text()))
    }

    fn age(&self, product: &Product) -> Option<Objection> {
        let born = self.person.birth_date;
        let name = &product.name;
        match product.age_fit(born, self.on_date()) {
            AgeFit::Fits => None,
            AgeFit::TooYoung => {
                let age = age_in_words(product.age_months_min);
                let text = format!("{name} is given from the age of {age}");
                Some(match day_reaching(born, product.age_months_min.into()) {
                    Some(day) => passing(
                        ReasonCode::TooYoung,
                        start_of_day(day, self.rules.zone),
                        format!("{text}: to you from {day}."),
                    ),
                    None => lasting(ReasonCode::TooYoung, text + "."),
                })
            }
            AgeFit::TooOld => {
                let age = age_in_words(product.age_months_max.unwrap_or(i16::MAX));
                let text = format!("{name} is given up to the age of {age}.");
                Some(lasting(ReasonCode::TooOld, text))
            }
        }
    }

    /// The day of the dose before this one.
    fn previous(&self) -> Option<NaiveDate> {
        let number = self.rules.dose_number - 1;
        let doses = self.person.doses?.iter().filter(|dose| dose.dose_number == number);
        doses.map(|dose| dose.on_date).max()
    }

    fn previous_missing(&self) -> Objection {
        let number = self.rules.dose_number - 1;
        let text = match self.person.doses {
            Some(_) => format!("Dose {number} must be given or booked first."),
            None => format!(
                "Dose {number} must be given or booked first, and a public question cannot know \
                 whether it is: sign in to be sure."
            ),
        };
        lasting(ReasonCode::PreviousDoseMissing, text)
    }

    fn interval(&self, product: &Product) -> Option<Objection> {
        let previous = self.previous().filter(|_| self.rules.dose_number > 1)?;
        let days = product.interval_days_min;
        let between = Days::new(u64::from(days.max(0).unsigned_abs()));
        let text = format!("{days} days must pass after the dose of {previous}.");
        match previous.checked_add_days(between) {
            Some(day) if day <= self.on_date() => None,
            Some(day) => {
                let until = start_of_day(day, self.rules.zone);
                Some(passing(ReasonCode::IntervalTooShort, until, text))
            }
            None => Some(lasting(ReasonCode::IntervalTooShort, text)),
        }
    }

    fn local(&self, at: DateTime<Utc>) -> String {
        let zone = self.rules.zone;
        format!("{} ({zone})", at.with_timezone(&zone).format("%Y-%m-%d %H:%M"))
    }
}

/// "18 years" or, where it is no whole number of years, "30 months".
fn age_in_words(months: i16) -> String {
    if months % 12 == 0 { format!("{} years", months / 12) } else { format!("{months} months") }
}
