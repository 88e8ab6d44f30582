//! What dosebook says to people: sentences made of codes and facts, in English and Korean side by
//! side. Each is a match without a catch-all, and `say!` takes both languages: a text that is
//! missing in one of them does not compile.

/// One sentence, in the language that was asked for. Facts stand in braces.
macro_rules! say {
    ($language:expr, $english:literal, $korean:literal) => {
        match $language {
            crate::domain::language::Language::English => format!($english),
            crate::domain::language::Language::Korean => format!($korean),
        }
    };
}

mod amenity;
mod code;
mod date;
mod day_policy;
mod detail;
mod expected;
mod finding;
mod form;
mod josa;
mod message;
mod notice_text;
mod noun;
mod number;
mod reason;
mod standing;
mod step;
#[cfg(test)]
pub(crate) mod tests;
mod trial;
mod visit;

pub use amenity::{amenity, amenity_name};
pub use code::title;
pub use date::{brief, calendar_day, coming_day, date, instant, second, short_date, time};
pub use day_policy::{left_over, walk_in};
pub use detail::{refusal, reject};
pub use finding::{check_summary, finding};
pub use form::{form, need};
pub use josa::josa;
pub use message::{Letterhead, calendar_entry, code_mail, code_text, notice_mail};
pub use notice_text::notice_text;
pub use number::{count, wait};
pub use reason::reason;
pub use standing::standing;
pub use trial::{trial_mail, trial_text};
pub use visit::{not_given_name, site_name, step_name, warning, warning_name};
