//! What is remembered of a file; the file itself is not kept.

use chrono::{DateTime, Utc};

use super::{counts::Counts, kind::Kind, report::Reject};
use crate::domain::{ImportId, StaffUserId};

/// A file that was loaded, or tried.
#[derive(Clone, Debug)]
pub struct Entry {
    pub import_id: ImportId,
    pub kind: Kind,
    pub at: DateTime<Utc>,
    /// None where the command loaded it.
    pub staff_user_id: Option<StaffUserId>,
    pub username: Option<String>,
    pub file_name: Option<String>,
    /// Of the file, in hexadecimal.
    pub sha256: String,
    pub is_dry_run: bool,
    pub counts: Counts,
    /// The first rejected rows; empty in lists.
    pub rejects: Vec<Reject>,
}
