//! Tells people what has happened to their appointments, a moment after it was committed, and shows
//! how many messages wait.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{outbox::Sender, pace::Pace};
use crate::{
    db::notice::Ways,
    flows::{
        self,
        notice::{Marks, Progress, is_outbox_full, mark, remind, tell, waiting},
    },
    messaging::Channel,
    supervisor::{Backoff, caught},
    telemetry::QueueLabel,
};

/// How often the journal is looked at.
const PERIOD: Duration = Duration::from_millis(250);
/// How often clinics are looked for whose persons are to be reminded, when there were none.
const REMIND_PERIOD: Duration = Duration::from_secs(20);
/// How often the metrics of messages are renewed.
const SHOW_PERIOD: Duration = Duration::from_secs(5);
/// When so many notices are due, the rest stays in the journal: it needs no second copy.
const DUE_MAX: i64 = 5_000;
/// And so many while the lanes are busy: a moment's worth of what then leaves.
const BUSY_DUE_MAX: i64 = 100;

/// Tells until the future is dropped.
pub async fn run(sender: Sender) {
    let mut backoff = Backoff::default();
    let mut told = Told::default();
    let mut shown = None;
    let mut pace = sender.pace();
    loop {
        let metrics = &sender.metrics;
        let pause = match caught("notices", metrics, step(&sender, &mut pace, &mut told)).await {
            Some(Ok(pause)) => {
                backoff.reset();
                pause
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "what happened to appointments cannot be told");
                backoff.next_pause()
            }
            None => backoff.next_pause(),
        };
        if shown.is_none_or(|at: Instant| at.elapsed() >= SHOW_PERIOD) {
            show(&sender).await;
            shown = Some(Instant::now());
        }
        sleep(pause).await;
    }
}

/// What is known from one step to the next.
#[derive(Default)]
struct Told {
    marks: Marks,
    /// When there was nobody to be reminded.
    reminded: Option<Instant>,
}

/// One step; says when the next is due.
async fn step(sender: &Sender, pace: &mut Pace, told: &mut Told) -> flows::Result<Duration> {
    let Sender { db, clock, providers, .. } = sender;
    let ways =
        Ways { texts: providers.carries(Channel::Sms), mails: providers.carries(Channel::Mail) };
    let due_max = if pace.is_busy(Instant::now()) { BUSY_DUE_MAX } else { DUE_MAX };
    if is_outbox_full(db, due_max).await? {
        mark(db, &mut told.marks).await?;
        return Ok(PERIOD);
    }
    match tell(db, &mut told.marks, clock.held(), ways).await? {
        Progress::Told(messages) => {
            if messages > 0 {
                sender.told.notify_waiters();
            }
            return Ok(Duration::ZERO);
        }
        Progress::Elsewhere => return Ok(PERIOD),
        Progress::Nothing => {}
    }
    let Some(at) = providers.settings().reminder_at else { return Ok(PERIOD) };
    if told.reminded.is_some_and(|at| at.elapsed() < REMIND_PERIOD) {
        return Ok(PERIOD);
    }
    match remind(db, clock.held(), at, ways).await? {
        Progress::Told(_) => {
            sender.told.notify_waiters();
            Ok(Duration::ZERO)
        }
        Progress::Elsewhere => Ok(PERIOD),
        Progress::Nothing => {
            told.reminded = Some(Instant::now());
            Ok(PERIOD)
        }
    }
}

async fn show(sender: &Sender) {
    sender.providers.show_health();
    match waiting(&sender.db).await {
        Ok(queues) => {
            for (queue, messages, seconds) in queues {
                let label = QueueLabel { queue: queue.name() };
                let metrics = &sender.metrics;
                metrics.messages_waiting.get_or_create(&label).set(messages);
                metrics.messages_late_seconds.get_or_create(&label).set(seconds);
            }
        }
        Err(error) => tracing::debug!(%error, "what waits in the outbox cannot be counted"),
    }
}
