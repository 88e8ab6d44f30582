//! Panics in work that goes on for as long as the service runs: caught, logged and counted, so that
//! one fault does not end a lane or a job for good, and unnoticed.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;

use crate::telemetry::{Metrics, TaskLabel};

const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// Does the work. None when it panicked: then it is logged and counted under the name of the task,
/// and what the work had borrowed may be half changed.
pub async fn caught<T>(
    task: &'static str,
    metrics: &Metrics,
    work: impl Future<Output = T>,
) -> Option<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => Some(done),
        Err(panic) => {
            metrics.panics.get_or_create(&TaskLabel { task }).inc();
            tracing::error!(task, panic = message(&*panic), "a panic was caught");
            None
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown")
}

/// The pauses after failures that follow each other: each twice as long as the one before, up to
/// ten seconds.
#[derive(Debug, Default)]
pub struct Backoff(u32);

impl Backoff {
    /// How long to pause after one more failure.
    pub fn next_pause(&mut self) -> Duration {
        let pause = PAUSE_MIN.saturating_mul(2_u32.saturating_pow(self.0)).min(PAUSE_MAX);
        self.0 = self.0.saturating_add(1);
        pause
    }

    /// After a success, the next pause is the shortest again.
    pub fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db;

    #[tokio::test]
    async fn a_panic_is_counted_and_the_task_goes_on() {
        let metrics = Metrics::new(&db::Metrics::default());
        let count = || metrics.panics.get_or_create(&TaskLabel { task: "test" }).get();
        assert_eq!(caught("test", &metrics, async { 7 }).await, Some(7), "the control");
        assert_eq!(count(), 0);
        let nothing: Option<()> = caught("test", &metrics, async { panic!("fell over") }).await;
        assert_eq!((nothing, count()), (None, 1));
        assert!(metrics.text().contains(r#"dosebook_panics_total{task="test"} 1"#));
    }

    #[test]
    fn pauses_grow_up_to_ten_seconds() {
        let mut backoff = Backoff::default();
        let pauses: Vec<_> = (0..40).map(|_| backoff.next_pause().as_millis()).collect();
        assert_eq!(pauses[..3], [100, 200, 400]);
        assert_eq!(pauses[39], 10_000);
        backoff.reset();
        assert_eq!(backoff.next_pause().as_millis(), 100);
    }
}
