//! Nouns and rules of vaccination booking. Pure: no I/O, no clock, no dice; time and ids come in as
//! arguments.

pub mod ids;
pub mod keys;
pub mod movement;
pub mod person;
pub mod pool;
pub mod refusal;
pub mod session;
pub mod staff_user;

pub use ids::{
    AllocationId, BookingId, CampaignId, ClinicId, CohortId, CourseId, PersonId, PoolId, ProductId,
    RegionId, RosterId, SlotId, StaffUserId, TrancheId,
};
pub use refusal::{Code, Refusal};
