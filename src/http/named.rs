//! Says to administrators what was not found: the thing that their path names, and its id. To
//! everybody else what does not exist and what they may not see look the same.

use std::borrow::Cow;

use actix_web::HttpRequest;
use uuid::Uuid;

use crate::domain::{Code, Detail, Refusal, calendar::parse_date, fact::Noun, import::Kind};

const ADMIN: &str = "/v1/admin/";

/// The parameters of administrators' paths, and what they name.
const NOUNS: &[(&str, Noun)] = &[
    ("allocation_id", Noun::Allocation),
    ("booking_id", Noun::Booking),
    ("campaign_id", Noun::Campaign),
    ("clinic_id", Noun::Clinic),
    ("cohort_id", Noun::Cohort),
    ("course_id", Noun::Course),
    ("date", Noun::Closure),
    ("import_id", Noun::Import),
    ("kind", Noun::Kind),
    ("movement_id", Noun::Movement),
    ("person_id", Noun::Person),
    ("pool_id", Noun::Pool),
    ("product_id", Noun::Product),
    ("region_id", Noun::Region),
    ("roster_id", Noun::Roster),
    ("slot_id", Noun::Slot),
    ("tranche_id", Noun::Tranche),
    ("user_id", Noun::User),
];

/// The refusal, with what the path names where that was not found. A flow that knows better says
/// `Refusal::unknown`; else it is the last thing of the path.
pub(super) fn named<'a>(refusal: &'a Refusal, request: &HttpRequest) -> Cow<'a, Refusal> {
    let what = match refusal.detail {
        Detail::Unknown { what } => Some(what),
        Detail::NothingVisible if refusal.code == Code::NotFound => None,
        _ => return Cow::Borrowed(refusal),
    };
    if !request.path().starts_with(ADMIN) {
        return Cow::Borrowed(refusal);
    }
    let named = request.match_info().iter().filter_map(|(name, value)| {
        let noun = NOUNS.iter().find(|(known, _)| *known == name).map(|(_, noun)| *noun)?;
        what.is_none_or(|what| what == noun).then_some((noun, value))
    });
    let named: Vec<_> = named.collect();
    // A kind that is none leaves nothing to look for.
    let no_kind =
        named.iter().find(|(noun, word)| *noun == Noun::Kind && word.parse::<Kind>().is_err());
    match no_kind.or(named.last()).copied() {
        Some((what, value)) => {
            let detail = match is_id(value) {
                true => Detail::NoneWithId { what, id: value.to_owned() },
                false => Detail::Unknown { what },
            };
            Cow::Owned(Refusal { detail, ..refusal.clone() })
        }
        None => Cow::Borrowed(refusal),
    }
}

/// Only what looks like an id is repeated.
fn is_id(value: &str) -> bool {
    let is_number = value.len() <= 19 && value.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !value.is_empty()) || parse_date(value).is_some() || value.parse::<Uuid>().is_ok()
}
