//! Files that are sent: written to disk as they come, up to a limit, by whoever keeps sending.

use std::{fs::File, io, time::Duration};

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::{io::AsyncWriteExt, time::Instant};

use super::problem::Problem;
use crate::domain::{Code, Detail, fact::Sent};

/// 1 GiB: four times the register of a country of 3.5 million.
pub const FILE_BYTES_MAX: u64 = 1 << 30;
/// A sender who is silent for longer is taken to have gone.
pub const SILENCE_SECONDS_MAX: Duration = Duration::from_secs(15);
/// A sender who has sent less than this for each second beyond that drips: 8 KiB.
const BYTES_A_SECOND_MIN: u64 = 8 * 1024;

/// The refusal of a file that is too long.
pub fn too_large() -> Problem {
    let detail = Detail::TooLarge { sent: Sent::File, bytes_max: FILE_BYTES_MAX };
    Problem::new(Code::BodyTooLarge, detail)
}

/// Writes the body to a file without a name: only this process can read it, and it is gone with the
/// process, however that ends.
///
/// # Errors
/// `body_too_large`; `malformed_request` for a body that breaks off or falls silent.
pub async fn spool<E: std::fmt::Display>(
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    bytes_max: u64,
) -> Result<File, Problem> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(failed)?);
    let (mut bytes, began) = (0_u64, Instant::now());
    loop {
        if drips(bytes, began.elapsed()) {
            return Err(malformed(Detail::TooSlow { sent: Sent::File }));
        }
        let chunk = tokio::time::timeout(SILENCE_SECONDS_MAX, body.next()).await;
        let chunk = chunk.map_err(|_elapsed| malformed(Detail::TooSlow { sent: Sent::File }))?;
        let Some(chunk) = chunk else { break };
        let chunk = chunk.map_err(|error| {
            tracing::debug!(%error, "a file broke off");
            malformed(Detail::BrokenOff { sent: Sent::File })
        })?;
        bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if bytes > bytes_max {
            return Err(too_large());
        }
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(file.into_std().await)
}

/// Whether so little has come in this time that the rest is not worth waiting for.
fn drips(bytes: u64, elapsed: Duration) -> bool {
    elapsed > SILENCE_SECONDS_MAX + Duration::from_secs(bytes / BYTES_A_SECOND_MIN)
}

/// A file that cannot be taken for a reason of the connection.
pub fn malformed(detail: Detail) -> Problem {
    Problem::new(Code::MalformedRequest, detail)
}

fn failed(error: io::Error) -> Problem {
    Problem::internal(error)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use futures_util::stream;

    use super::*;

    fn chunks(chunks: &[&'static str]) -> impl Stream<Item = Result<Bytes, io::Error>> + Unpin {
        let chunks = chunks.iter().map(|text| Ok(Bytes::from_static(text.as_bytes())));
        stream::iter(chunks.collect::<Vec<_>>())
    }

    #[tokio::test]
    async fn a_body_is_spooled_up_to_the_limit() {
        let mut spooled = spool(chunks(&["ab", "cde"]), 5).await.unwrap();
        let mut text = String::new();
        spooled.rewind().unwrap();
        spooled.read_to_string(&mut text).unwrap();
        assert_eq!(text, "abcde", "the control");
        let Problem { refusal, .. } = spool(chunks(&["ab", "cde"]), 4).await.unwrap_err();
        assert_eq!(refusal.code, Code::BodyTooLarge);
    }

    #[test]
    fn a_sender_who_drips_is_cut_off_and_one_who_is_slow_is_not() {
        let seconds = Duration::from_secs;
        assert!(!drips(0, seconds(15)), "the first bytes may take a while");
        assert!(drips(16, seconds(16)), "a byte a second");
        assert!(!drips(100 * 8192, seconds(100)), "8 KiB a second");
        assert!(drips(100 * 8192, seconds(116)));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err(io::Error::other("gone"))]);
        let Problem { refusal, .. } = spool(broken, 10).await.unwrap_err();
        assert_eq!(refusal.code, Code::MalformedRequest);
    }
}
