//! A connection that waits for nobody for ever. actix bounds how long the first head may take and
//! how long a connection may rest; here is what it leaves open: later heads, and clients that do
//! not read what they asked for.
//!
//! A connection only writes down when something happened last. Once a second its [`Watch`], one for
//! each thread, looks through all connections of the thread and ends those that are overdue: no
//! timer is set on the way of a request.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    rc::{Rc, Weak},
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{bare_answer, doors::Ticket, pipeline::Pipeline};
use crate::{
    clock::ticks,
    config::Patience,
    telemetry::{ClosedLabel, Metrics},
};

/// For which a connection lives on after its last answer.
const LAST_TICKS: u32 = 2;

/// Why a connection was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overdue {
    Body,
    Head,
    Reading,
    Rest,
}

impl Overdue {
    const fn word(self) -> &'static str {
        match self {
            Self::Body => "slow_body",
            Self::Head => "slow_head",
            Self::Reading => "not_reading",
            Self::Rest => "silent",
        }
    }
}

/// The connections of one thread, and its count of ticks.
pub struct Watch {
    now: Cell<u32>,
    hands: RefCell<Vec<Weak<Hand>>>,
}

impl Watch {
    /// Watches over connections of this thread until the last of its owners is gone.
    pub fn spawn(patience: Patience, metrics: Arc<Metrics>) -> Rc<Self> {
        let watch = Rc::new(Self { now: Cell::new(0), hands: RefCell::default() });
        let watched = Rc::downgrade(&watch);
        actix_web::rt::spawn(async move {
            // Who is in the middle of something is not hung up on after the machine stood still.
            let mut ticks = ticks(patience.tick);
            loop {
                ticks.tick().await;
                let Some(watch) = watched.upgrade() else { break };
                watch.look(&patience, &metrics);
            }
        });
        watch
    }

    fn look(&self, patience: &Patience, metrics: &Metrics) {
        self.now.set(self.now.get().wrapping_add(1));
        self.hands.borrow_mut().retain(|hand| {
            let Some(hand) = hand.upgrade() else { return false };
            if let Some(why) = hand.is_overdue(patience) {
                metrics.closed.get_or_create(&ClosedLabel { why: why.word() }).inc();
                hand.end();
            }
            true
        });
    }

    /// Takes a connection into its care.
    pub fn watch(self: &Rc<Self>, io: TcpStream, ticket: Ticket) -> Connection {
        let hand = Rc::new(Hand {
            quiet_since: Cell::new(self.now.get()),
            watch: self.clone(),
            is_at_work: Cell::default(),
            head_since: Cell::default(),
            blocked_since: Cell::default(),
            is_ended: Cell::default(),
            last_since: Cell::default(),
            is_client_gone: Cell::default(),
            begun: Cell::default(),
            is_held_up: Cell::default(),
            waker: RefCell::default(),
        });
        self.hands.borrow_mut().push(Rc::downgrade(&hand));
        let (pipeline, kept) = (Pipeline::new(), Vec::new());
        Connection { io, hand, bare: None, pipeline, kept, _ticket: ticket }
    }
}

/// What is known of a connection. Requests carry it, so that handlers can ask.
pub struct Hand {
    watch: Rc<Watch>,
    /// A handler has a request.
    is_at_work: Cell<bool>,
    /// A head, or what follows a body that was not wanted, has been coming since this tick.
    head_since: Cell<Option<u32>>,
    /// The client has read too little since this tick.
    blocked_since: Cell<Option<u32>>,
    /// Nothing has come or gone since this tick.
    quiet_since: Cell<u32>,
    is_ended: Cell<bool>,
    /// The answer of this tick was the last one.
    last_since: Cell<Option<u32>>,
    is_client_gone: Cell<bool>,
    /// Requests that the server has begun to answer, ever.
    begun: Cell<u32>,
    /// The server gets nothing to read until it has begun another.
    is_held_up: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Hand {
    fn is_overdue(&self, patience: &Patience) -> Option<Overdue> {
        if self.is_ended.get() {
            return None;
        }
        let now = self.watch.now.get();
        let passed = |since: Option<u32>| since.map_or(0, |since| now.wrapping_sub(since));
        if passed(self.blocked_since.get()) > patience.write_ticks {
            return Some(Overdue::Reading);
        }
        if self.is_at_work.get() {
            return None;
        }
        if passed(self.last_since.get()) > LAST_TICKS {
            return Some(Overdue::Body);
        }
        if passed(self.head_since.get()) > patience.head_ticks {
            return Some(Overdue::Head);
        }
        (passed(Some(self.quiet_since.get())) > patience.rest_ticks).then_some(Overdue::Rest)
    }

    fn end(&self) {
        self.is_ended.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn has_read(&self) {
        let now = self.watch.now.get();
        self.quiet_since.set(now);
        if !self.is_at_work.get() && self.head_since.get().is_none() {
            self.head_since.set(Some(now));
        }
    }

    fn has_written(&self) {
        self.quiet_since.set(self.watch.now.get());
        self.head_since.set(None);
    }

    fn wait(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
    }

    /// The server has begun to answer a request, so that it may have another.
    pub fn begins(&self) {
        self.begun.set(self.begun.get().wrapping_add(1));
        // Where it was held up, there is more.
        if self.is_held_up.take()
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }

    /// A handler has a request until what this gives is dropped.
    pub fn begin(self: &Rc<Self>) -> AtWork {
        self.is_at_work.set(true);
        self.head_since.set(None);
        AtWork(self.clone())
    }

    /// Closes the connection after the answer at hand, and a moment in which the client, that has
    /// more to send than is read, can take it in.
    pub fn answers_last(&self) {
        self.last_since.set(Some(self.watch.now.get()));
    }

    /// Comes to its end when the client has hung up.
    pub async fn client_gone(&self) {
        // The task of a connection polls its handler whenever something has come.
        poll_fn(|_| if self.is_client_gone.get() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    fn failure(&self) -> Option<io::Error> {
        self.is_ended.get().then(|| io::ErrorKind::TimedOut.into())
    }
}

/// A handler has a request of the connection.
pub struct AtWork(Rc<Hand>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.is_at_work.set(false);
        self.0.quiet_since.set(self.0.watch.now.get());
    }
}

/// A client's connection.
pub struct Connection {
    io: TcpStream,
    hand: Rc<Hand>,
    /// What is written in the place of a bare answer, and how much of it has been.
    bare: Option<(Vec<u8>, usize)>,
    pipeline: Pipeline,
    /// What was read and may not be given on yet.
    kept: Vec<u8>,
    _ticket: Ticket,
}

impl Connection {
    /// Writes what stands for a bare answer: all of it, before the answer counts as written.
    fn poll_bare(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((text, done)) = &mut self.bare {
            let left = text.get(*done..).unwrap_or_default();
            if left.is_empty() {
                self.bare = None;
                break;
            }
            match ready!(Pin::new(&mut self.io).poll_write(context, left)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => *done += count,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Writes some of the bytes; of a bare answer at their end what stands for it.
    fn poll_some(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let some = match bare_answer::mended(bytes) {
            None => bytes,
            Some((0, text)) => {
                self.bare.get_or_insert((text, 0));
                return self.poll_bare(context).map_ok(|()| bytes.len());
            }
            Some((begin, _)) => bytes.get(..begin).unwrap_or(bytes),
        };
        Pin::new(&mut self.io).poll_write(context, some)
    }

    /// Gives the server of what was kept, as much as it may have.
    fn give_kept(&mut self, buffer: &mut ReadBuf<'_>) {
        let room = self.kept.len().min(buffer.remaining());
        let bytes = self.kept.get(..room).unwrap_or_default();
        let given = self.pipeline.take(bytes, self.hand.begun.get());
        buffer.put_slice(bytes.get(..given).unwrap_or_default());
        self.kept.drain(..given);
        if self.kept.is_empty() {
            self.kept = Vec::new();
        }
    }

    /// Keeps what has been read beyond what the server may have.
    fn keep(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let read = buffer.filled().get(before..).unwrap_or_default();
        let given = self.pipeline.take(read, self.hand.begun.get());
        if given < read.len() {
            if !self.pipeline.is_over() {
                self.kept = read.get(given..).unwrap_or_default().to_vec();
            }
            buffer.set_filled(before + given);
        }
    }

    pub fn hand(&self) -> Rc<Hand> {
        self.hand.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let hand = this.hand.clone();
        if let Some(failure) = hand.failure() {
            return Poll::Ready(Err(failure));
        }
        // Whoever does not read asks for nothing more meanwhile; writing wakes what waits here.
        if hand.blocked_since.get().is_some() {
            hand.wait(context);
            return Poll::Pending;
        }
        // Nobody knows what more there is: the server answers what it has, and closes.
        if this.pipeline.is_over() {
            this.kept = Vec::new();
            return Poll::Ready(Ok(()));
        }
        if this.pipeline.is_full(hand.begun.get()) {
            hand.is_held_up.set(true);
            hand.wait(context);
            return Poll::Pending;
        }
        if !this.kept.is_empty() {
            this.give_kept(buffer);
            hand.has_read();
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.io).poll_read(context, buffer);
        match &polled {
            Poll::Ready(Ok(())) if buffer.filled().len() == before => hand.is_client_gone.set(true),
            Poll::Ready(Ok(())) => {
                this.keep(buffer, before);
                hand.has_read();
            }
            Poll::Ready(Err(_)) => hand.is_client_gone.set(true),
            Poll::Pending => hand.wait(context),
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let own = self.get_mut();
        if let Some(failure) = own.hand.failure() {
            return Poll::Ready(Err(failure));
        }
        let polled = own.poll_some(context, bytes);
        let hand = &own.hand;
        match &polled {
            Poll::Ready(_) => hand.has_written(),
            Poll::Pending => {
                if hand.blocked_since.get().is_none() {
                    hand.blocked_since.set(Some(hand.watch.now.get()));
                }
                hand.wait(context);
            }
        }
        polled
    }

    /// The server flushes when all that it had to write has been taken.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { io, hand, .. } = self.get_mut();
        if hand.blocked_since.take().is_some() {
            // Reading did not wait for the socket meanwhile.
            context.waker().wake_by_ref();
        }
        Pin::new(io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}
