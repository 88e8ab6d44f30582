//! Nouns and rules of vaccination booking. Pure: no I/O, no clock, no random source; time and ids
//! come in as arguments.

pub mod actor;
pub mod allocation;
pub mod amenity;
pub mod applicant;
pub mod availability;
pub mod batch;
pub mod birth_date;
pub mod booking;
pub mod booking_number;
pub mod booking_standing;
pub mod booking_state;
pub mod calendar;
pub mod campaign;
pub mod campaign_state;
pub mod channel;
pub mod clinic;
pub mod clinic_day;
pub mod closure;
pub mod code;
pub mod code_cap;
pub mod cohort;
pub mod course;
pub mod detail;
pub mod discrepancy;
pub mod eligibility;
mod eligibility_rule;
pub mod fact;
pub mod fold;
pub mod grant;
pub mod ids;
pub mod import;
pub mod journal;
pub mod keys;
pub mod language;
pub mod localized;
pub mod mark;
pub mod merge;
pub mod movement;
pub mod notice;
pub mod opening_hours;
pub mod outbox;
pub mod person;
pub mod person_change;
pub mod person_key;
pub mod person_record;
pub mod phone;
pub mod pool;
pub mod product;
pub mod quiet_hours;
pub mod refusal;
pub mod region;
pub mod roster;
pub mod rule_set;
pub mod schedule;
pub mod session;
pub mod sign_in_code;
pub mod slot;
pub mod slot_plan;
pub mod sms_length;
pub mod staff_user;
pub mod stock;
pub mod supply;
pub mod supply_history;
pub mod tranche;
pub mod typed;
pub mod verdict;
pub mod vials;
pub mod whereabouts;

pub use code::Code;
pub use detail::Detail;
pub use ids::{
    AllocationId, BookingId, CampaignId, ClinicId, CohortId, CourseId, ImportId, PersonId, PoolId,
    ProductId, RegionId, RosterId, SlotId, StaffUserId, TrancheId,
};
pub use refusal::Refusal;
