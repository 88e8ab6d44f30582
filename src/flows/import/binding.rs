//! A run that follows a dry run does what the dry run said, or nothing.

use crate::{
    db::import::entry::Tried,
    domain::{
        Code, Detail, Refusal,
        fact::Noun,
        import::{Kind, Report},
    },
};

/// The dry run that is named, if one is. `found` is none in itself where there is no such dry run.
///
/// # Errors
/// `invalid_field` where there is no such dry run, `dry_run_differs` where it was made with another
/// file.
pub(super) fn tried(
    found: Option<Option<Tried>>,
    kind: Kind,
    sha256: &[u8],
) -> Result<Option<Tried>, Refusal> {
    let Some(tried) = found else { return Ok(None) };
    let tried = tried.ok_or_else(|| Refusal::no_such("dry_run_id", Noun::DryRun))?;
    if tried.kind != kind.word() || tried.sha256 != sha256 {
        return Err(Refusal::new(Code::DryRunDiffers, Detail::OtherFileThanTried));
    }
    Ok(Some(tried))
}

/// Whether the file still does what the dry run said: as many rows of each kind, and the same ones
/// rejected for the same reasons.
///
/// # Errors
/// `dry_run_differs`, with the counts of then and now.
pub(super) fn compare(tried: &Tried, report: &Report) -> Result<(), Refusal> {
    let (then, now) = (tried.counts, report.counts());
    if then == now && tried.rejects == report.rejects {
        return Ok(());
    }
    Err(Refusal::new(
        Code::DryRunDiffers,
        Detail::ChangedSinceDryRun { then: then.into(), now: now.into() },
    ))
}
