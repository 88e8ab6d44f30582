//! Presses of the pages: who makes each, what must be there before, what is typed into its form,
//! and by what one sees that it was done. What names in braces stand for, `office` says.

/// Who presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// The person of `{person_id}`.
    Citizen,
    /// Somebody of the clinic `{clinic_id}`.
    Staff,
    Administrator,
}

/// What is made for one press alone, before its page is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    Nothing,
    /// Somebody without a booking.
    Person,
    /// Two of them.
    Pair,
    /// Somebody with a booking that is to come.
    Booked,
    /// Somebody with a booking on a day that is closed since, whom no message reaches.
    Lost,
    /// Somebody who is booked for now.
    Today,
    /// The same, who has come.
    Here,
    /// Somebody whom a clinic has found something about.
    Excluded,
    /// A campaign in this state, with nothing in the way of its next one.
    State(i16),
    Cohort,
    Tranche,
    /// Doses in the pool, and the line that received them.
    Receipt,
    /// A vaccine without a pool.
    Product,
    /// A district without a pool, and the pool of its province.
    Region,
    /// Somebody who may sign in, or may not.
    User(bool),
    Invited,
    /// A file that was tried.
    File,
    /// A clinic whose day is not closed.
    Open,
}

/// A press of a page.
#[derive(Clone, Copy)]
pub struct Press {
    /// Method and path, with the word of the path; behind a colon, which of several presses it is.
    pub route: &'static str,
    pub who: Who,
    pub before: Before,
    /// The page on which its form stands; empty for the path of the press itself.
    pub page: &'static str,
    /// The hidden field of its form, where others of the page go to the same path.
    pub mark: Option<(&'static str, &'static str)>,
    /// What is typed into the form of the page, where the form of the press is on the page after.
    pub through: &'static [(&'static str, &'static str)],
    /// What is typed; `*` is every box.
    pub fields: &'static [(&'static str, &'static str)],
    /// Of the answer to a press that was done.
    pub status: u16,
    /// A count that goes up by one with each press that is done; empty where none can be told.
    pub done: &'static str,
}

/// Presses whose answer takes no statement of their own, each with its reason.
pub const WITHOUT_STATEMENTS: &[(&str, &str)] = &[
    ("POST /campaigns/{campaign_id}/eligibility", "answered from memory"),
    ("POST /admin/imports/{kind}", "the file is tried beside the press"),
    ("POST /admin/imports/jobs/{job_id}", "the file is loaded beside the press"),
];

/// Presses that do another such thing when they are sent again, each with its reason.
pub const ANEW_EACH_TIME: &[(&str, &str)] = &[
    ("POST /sign-in", "another code"),
    ("POST /sign-in/number", "another code"),
    ("POST /sign-in/staff", "another session"),
    ("POST /clinic/{clinic_id}/walk-in", "another look is written down"),
    ("POST /admin/persons", "another look is written down"),
    ("POST /admin/clinics/{clinic_id}/hours", "the same hours, saved anew"),
];

const YEAR: (&str, &str) = ("birth-year", "{year}");
const MONTH: (&str, &str) = ("birth-month", "{month}");
const DAY: (&str, &str) = ("birth-day", "{day}");
const CLAIM: &[(&str, &str)] = &[("name", "{name}"), YEAR, MONTH, DAY, ("phone", "{phone}")];
const CODES: &str = "select count(*) from sign_in_code";
const LOOKS: &str = "select count(*) from person_look";
const OWN_BOOKINGS: &str = "select count(*) from booking where person_id = {person_id}";
const STEPS: &str = "select count(*) from visit_step where booking_id = '{booking_id}'";

impl Press {
    pub const fn by(who: Who, route: &'static str) -> Self {
        Self {
            route,
            who,
            before: Before::Nothing,
            page: "",
            mark: None,
            through: &[],
            fields: &[],
            status: 303,
            done: "",
        }
    }

    /// Where it goes, in English.
    pub fn path(&self) -> String {
        let path = self.route.trim_start_matches("POST ").split(": ").next().unwrap_or_default();
        format!("/en{path}")
    }

    /// Whether it is sent to this route, which may have any word.
    pub fn is_of(&self, route: &str) -> bool {
        let path = self.path();
        let (own, of) = (path["/en".len()..].split('/'), route.split('/'));
        let is_word = |part: &str| ["{step}", "{press}", "{change}"].contains(&part);
        own.clone().count() == of.clone().count()
            && own.zip(of).all(|(own, of)| own == of || is_word(of))
    }

    pub fn is_among(&self, those: &[(&str, &str)]) -> bool {
        those.iter().any(|(route, _)| *route == self.route)
    }
}

/// People who book.
pub const CITIZENS: &[Press] = &[
    Press {
        before: Before::Person,
        fields: CLAIM,
        done: CODES,
        ..Press::by(Who::Nobody, "POST /sign-in")
    },
    Press {
        before: Before::Booked,
        fields: &[("number", "{number}"), YEAR, MONTH, DAY],
        done: CODES,
        ..Press::by(Who::Nobody, "POST /sign-in/number")
    },
    Press {
        before: Before::Person,
        page: "/sign-in",
        through: CLAIM,
        fields: &[("code", "{code}")],
        done: "select count(*) from sign_in_code where signed_in_at is not null",
        ..Press::by(Who::Nobody, "POST /sign-in/code")
    },
    Press {
        before: Before::Person,
        page: "/campaigns/{campaign_id}/check?slot={slot_id}&product={product_id}",
        done: OWN_BOOKINGS,
        ..Press::by(Who::Citizen, "POST /campaigns/{campaign_id}/check")
    },
    Press {
        before: Before::Lost,
        page: "/bookings/{booking_id}",
        done: OWN_BOOKINGS,
        ..Press::by(Who::Citizen, "POST /bookings/{booking_id}/move")
    },
    Press {
        before: Before::Booked,
        done: "select count(*) from booking where booking_id = '{booking_id}' and state = 3",
        ..Press::by(Who::Citizen, "POST /bookings/{booking_id}/cancel")
    },
    Press {
        before: Before::Person,
        fields: &[YEAR, MONTH, DAY],
        status: 200,
        ..Press::by(Who::Nobody, "POST /campaigns/{campaign_id}/eligibility")
    },
    Press { before: Before::Person, ..Press::by(Who::Citizen, "POST /sign-out") },
    Press {
        before: Before::Person,
        page: "/sign-out",
        ..Press::by(Who::Citizen, "POST /sign-out/everywhere")
    },
];

/// Clinics, and whoever signs in by a password.
pub const DESKS: &[Press] = &[
    Press {
        fields: &[("username", "desk.sign-in"), ("password", "{password}")],
        done: "select count(*) from staff_session",
        ..Press::by(Who::Nobody, "POST /sign-in/staff")
    },
    Press {
        before: Before::Invited,
        fields: &[("token", "{token}"), ("password", "{password}")],
        done: "select count(*) from staff_user
            where username = 'invited-{n}' and password_hash is not null",
        ..Press::by(Who::Nobody, "POST /invitation")
    },
    Press {
        done: "select count(*) from staff_session where revoked_at is not null",
        ..Press::by(Who::Staff, "POST /sign-out/staff")
    },
    Press {
        before: Before::Today,
        fields: &[("number", "{number}")],
        ..Press::by(Who::Staff, "POST /clinic/{clinic_id}/find")
    },
    Press {
        before: Before::Today,
        mark: Some(("step", "arrive")),
        fields: &[("born", "{born}")],
        done: STEPS,
        ..Press::by(Who::Staff, "POST /clinic/{clinic_id}/bookings/{booking_id}")
    },
    Press {
        before: Before::Here,
        mark: Some(("step", "give")),
        fields: &[
            ("lot", "EW0182"),
            ("answer-identity", "yes"),
            ("answer-screening", "yes"),
            ("site", "left_arm"),
        ],
        done: STEPS,
        ..Press::by(Who::Staff, "POST /clinic/{clinic_id}/bookings/{booking_id}: give")
    },
    Press {
        before: Before::Person,
        mark: Some(("act", "book")),
        fields: &[("slot", "{later_slot_id}"), ("why", "Called"), ("consent", "person")],
        done: OWN_BOOKINGS,
        ..Press::by(Who::Staff, "POST /clinic/{clinic_id}/persons/{person_id}")
    },
    Press {
        fields: &[
            ("name", "Newcomer {n}"),
            ("birth-year", "1964"),
            ("birth-month", "5"),
            ("birth-day", "6"),
        ],
        done: "select count(*) from person where name = 'Newcomer {n}'",
        ..Press::by(Who::Staff, "POST /clinic/{clinic_id}/register")
    },
    Press {
        before: Before::Person,
        fields: &[("name", "{name}"), YEAR, MONTH, DAY],
        done: LOOKS,
        ..Press::by(Who::Staff, "POST /clinic/{clinic_id}/walk-in")
    },
    Press {
        before: Before::Open,
        page: "/clinic/{clinic_id}/close?date={date}",
        mark: Some(("press", "close")),
        done: "select count(*) from clinic_day_close where clinic_id = {clinic_id}",
        ..Press::by(Who::Staff, "POST /clinic/{clinic_id}/close")
    },
];
