//! Sends what waits in the outbox: at once when this process put it there, within a second when
//! another one did. Each queue is a task of its own; any number of processes share the work.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::pace::Pace;
use crate::{
    clock::{Clock, ticks},
    db::{Db, outbox::PutBack},
    domain::outbox::{Claimed, Queue, Step},
    flows::{
        self,
        outbox::{Settled, ShownCodes, settle_and_claim},
    },
    messaging::{Attempt, Outgoing, Providers, Verdict},
    supervisor::{Backoff, caught},
    telemetry::{MessageLabel, Metrics, QueueLabel},
};

const PERIOD: Duration = Duration::from_secs(1);
/// After a message was sent, others are waited for that long, so that one transaction settles them
/// together.
const LINGER: Duration = Duration::from_millis(8);
/// What is under way when the service stops is given as long.
const STOP_SECONDS_MAX: Duration = Duration::from_secs(10);

/// What a sender works with.
#[derive(Clone)]
pub struct Sender {
    pub db: Db,
    pub clock: Clock,
    pub providers: Arc<Providers>,
    pub metrics: Arc<Metrics>,
    /// How many lanes this process has.
    pub lanes: usize,
    /// Rung when this process has put a code into the outbox, for one that waits for it.
    pub queued: Arc<Notify>,
    /// Rung when this process has put notices into the outbox, for all that wait for them.
    pub told: Arc<Notify>,
    /// True when the service stops.
    pub stop: watch::Receiver<bool>,
}

impl Sender {
    /// Notices step back while lanes are busy; codes do not: without one nobody gets to book.
    pub(super) fn pace(&self) -> Pace {
        Pace::new(self.metrics.clone(), self.lanes, Instant::now())
    }

    async fn rung(&self, queue: Queue) {
        match queue {
            Queue::Codes => self.queued.notified().await,
            Queue::Texts | Queue::Mails => self.told.notified().await,
        }
    }
}

/// Shows codes instead of sending them, until the future is dropped. What was being shown then, or
/// when the work panicked, is shown again: by this process or the next.
pub async fn show_codes(sender: Sender, shown: Arc<ShownCodes>) {
    let Sender { db, clock, metrics, queued, .. } = sender;
    let mut tick = ticks(PERIOD);
    let mut backoff = Backoff::default();
    loop {
        tokio::select! {
            () = queued.notified() => {}
            _ = tick.tick() => {}
        }
        match caught("codes", &metrics, shown.deliver(&db, &clock)).await {
            Some(Ok(())) => backoff.reset(),
            Some(Err(error)) => tracing::warn!(%error, "the outbox cannot be read"),
            None => sleep(backoff.next_pause()).await,
        }
    }
}

/// Sends the messages of a queue until the service stops; then what is under way is waited for and
/// settled, or whoever comes next would send it again.
pub async fn send(sender: Sender, queue: Queue) {
    let mut backoff = Backoff::default();
    while !*sender.stop.borrow() {
        match caught("outbox", &sender.metrics, Work::new(&sender, queue).run()).await {
            Some(Ok(())) => {}
            Some(Err(error)) => complain(&error, queue),
            None => sleep(backoff.next_pause()).await,
        }
    }
}

fn complain(error: &flows::Error, queue: Queue) {
    tracing::warn!(%error, queue = queue.name(), "the outbox cannot be worked on");
}

/// A message that was handed to the providers.
struct Sent {
    message: Claimed,
    attempt: Attempt,
}

/// What one task has under way.
struct Work<'a> {
    sender: &'a Sender,
    queue: Queue,
    under_way: JoinSet<Sent>,
    settled: Settled,
    /// None for codes.
    pace: Option<Pace>,
}

impl<'a> Work<'a> {
    fn new(sender: &'a Sender, queue: Queue) -> Self {
        let pace = (queue != Queue::Codes).then(|| sender.pace());
        Self { sender, queue, under_way: JoinSet::new(), settled: Settled::default(), pace }
    }

    /// A round that fails is made again: what was sent is known, and what is under way goes on.
    async fn run(mut self) -> flows::Result<()> {
        let mut stop = self.sender.stop.clone();
        let mut backoff = Backoff::default();
        while !*stop.borrow_and_update() {
            let pause = match self.round().await {
                Ok(pause) => {
                    backoff.reset();
                    pause
                }
                Err(error) => {
                    complain(&error, self.queue);
                    // Nothing else ends it: each message that is sent meanwhile would be a round.
                    let _ = timeout(backoff.next_pause(), stop.changed()).await;
                    continue;
                }
            };
            tokio::select! {
                biased;
                Some(sent) = self.under_way.join_next(), if !self.under_way.is_empty() => {
                    self.take(sent);
                    sleep(LINGER).await;
                }
                () = self.sender.rung(self.queue) => {}
                () = sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
        self.finish().await
    }

    /// Settles what was sent and claims as much as can be sent now; says how long there is nothing
    /// more to do.
    async fn round(&mut self) -> flows::Result<Duration> {
        while let Some(sent) = self.under_way.try_join_next() {
            self.take(sent);
        }
        let providers = &self.sender.providers;
        let channel = providers.channel(self.queue);
        let free = providers.at_once(channel).saturating_sub(self.under_way.len());
        let room = providers.room(channel, self.queue == Queue::Codes);
        let granted = match &mut self.pace {
            Some(pace) => pace.grant(room.unwrap_or(0).min(free), Instant::now()),
            None => Ok(room.unwrap_or(0).min(free)),
        };
        let pause = room.err().or(granted.err()).unwrap_or(PERIOD).min(PERIOD);
        let wanted = granted.unwrap_or(0);
        if wanted == 0 && self.settled.is_empty() {
            return Ok(pause);
        }
        let claim = (self.queue, wanted);
        let claimed = settle_and_claim(&self.sender.db, &self.settled, claim).await?;
        self.settled = Settled::default();
        let is_more = wanted > 0 && claimed.len() == wanted;
        for message in claimed {
            self.begin(message);
        }
        let can_take_more = is_more && self.under_way.len() < providers.at_once(channel);
        let can_settle = self.under_way.is_empty() && !self.settled.is_empty();
        Ok(if can_take_more || can_settle { Duration::ZERO } else { pause })
    }

    /// Waits for what is under way, and settles it.
    async fn finish(mut self) -> flows::Result<()> {
        let rest = async {
            while let Some(sent) = self.under_way.join_next().await {
                self.take(sent);
            }
        };
        if timeout(STOP_SECONDS_MAX, rest).await.is_err() {
            tracing::warn!(queue = self.queue.name(), "messages under way are left to the next");
        }
        let claim = (self.queue, 0);
        settle_and_claim(&self.sender.db, &self.settled, claim).await.map(drop)
    }

    fn begin(&mut self, message: Claimed) {
        let Sender { providers, clock, .. } = self.sender;
        let now = clock.now();
        match message.step(now, providers.settings().quiet_hours.as_ref()) {
            Step::Drop(why) => self.drop(&message, why.name()),
            Step::Hold(until) => {
                self.count("held");
                self.put_back(&message, until - now, message.attempts - 1);
            }
            Step::Send => match providers.outgoing(&message, providers.channel(self.queue)) {
                None => self.drop(&message, "unreachable"),
                Some(outgoing) => {
                    let providers = providers.clone();
                    self.under_way.spawn(hand_over(providers, message, outgoing));
                }
            },
        }
    }

    fn take(&mut self, sent: Result<Sent, tokio::task::JoinError>) {
        // One that panicked is sent again when its claim has lapsed.
        let Ok(Sent { message, attempt }) = sent else {
            tracing::error!(queue = self.queue.name(), "sending a message panicked");
            return;
        };
        match attempt.verdict {
            Verdict::Accepted => {
                let took = self.sender.clock.now() - message.happened_at;
                let seconds = took.as_seconds_f64().max(0.0);
                let label = QueueLabel { queue: self.queue.name() };
                self.sender.metrics.message_seconds.get_or_create(&label).observe(seconds);
                self.settled.sent.push(message.outbox_id);
                self.drop(&message, "sent");
            }
            Verdict::Refused => {
                let (message_id, why) = (message.message_id, &attempt.why);
                tracing::warn!(%message_id, why, "a message was refused, and is given up");
                self.drop(&message, "refused");
            }
            Verdict::TryAgain | Verdict::Unsure => {
                self.count("retried");
                // Without random bytes they all come back together; that can be borne.
                let pause = message.pause(getrandom::u64().unwrap_or(0));
                self.put_back(&message, pause, message.attempts);
            }
        }
    }

    fn drop(&mut self, message: &Claimed, outcome: &'static str) {
        self.count(outcome);
        self.settled.done.push(message.outbox_id);
    }

    fn put_back(&mut self, message: &Claimed, pause: chrono::TimeDelta, attempts: i16) {
        let &Claimed { outbox_id, claimed_until, .. } = message;
        self.settled.put_back.push(PutBack { outbox_id, claimed_until, pause, attempts });
    }

    fn count(&self, outcome: &'static str) {
        let label = MessageLabel { queue: self.queue.name(), outcome };
        self.sender.metrics.messages.get_or_create(&label).inc();
    }
}

async fn hand_over(providers: Arc<Providers>, message: Claimed, outgoing: Outgoing) -> Sent {
    let attempt = providers.send(&outgoing).await;
    Sent { message, attempt }
}
