//! Many connections, one thread, one workload.

use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
    io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    task::LocalSet,
    time::{sleep, timeout},
};

use super::{
    connection::{Connection, Response},
    inbox,
};

/// A connection on which nothing has come back for this long is given up, unless the workload says
/// otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// Pause before a connection that broke is opened again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);
/// The dispatcher looks again at least this often.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// What is sent, and what follows each response. Times count from the start.
pub trait Workload {
    type Request;

    /// The next request that nothing has to happen for, and when it is due; none after the last.
    /// Times must not decrease.
    fn next_arrival(&mut self) -> Option<(Duration, Self::Request)>;

    /// Writes a request as HTTP/1.1, complete with its head.
    fn write(&mut self, request: &Self::Request, buffer: &mut Vec<u8>);

    /// How long the response may take once the request is sent. Then the connection is closed, as
    /// by a browser that reloads the page, and the request completes without a response.
    fn timeout(&self, _request: &Self::Request) -> Duration {
        TIMEOUT
    }

    /// Takes note of a completed request. Returns the request that follows, and the delay until it
    /// is due.
    fn completed(
        &mut self,
        request: Self::Request,
        completion: &Completion<'_>,
    ) -> Option<(Duration, Self::Request)>;

    /// Another request that came up with the last one, and the delay until it is due; asked for
    /// until there is none.
    fn also(&mut self) -> Option<(Duration, Self::Request)> {
        None
    }

    /// What follows a request that `write` has written nothing for: its time has come, that is all.
    fn woken(
        &mut self,
        _request: Self::Request,
        _now: Duration,
    ) -> Option<(Duration, Self::Request)> {
        None
    }

    /// Takes note of what somebody else has posted to the inbox. Returns a request that was waiting
    /// for it, and the delay until it is due.
    fn received(&mut self, _body: &[u8], _now: Duration) -> Option<(Duration, Self::Request)> {
        None
    }

    /// Whether nothing is to come any more, although requests wait for their time.
    fn is_over(&self) -> bool {
        false
    }
}

/// How a request ended. Times count from the start.
#[derive(Clone, Copy, Debug)]
pub struct Completion<'a> {
    /// None: the connection broke or timed out, so the outcome is unknown.
    pub response: Option<Response<'a>>,
    /// When the citizen wanted it.
    pub due: Duration,
    /// When it was sent; later than due if all connections were busy.
    pub sent: Duration,
    pub done: Duration,
}

/// Where the requests go, and how.
#[derive(Clone, Copy, Debug)]
pub struct LoadGenerator {
    pub address: SocketAddr,
    /// Requests in flight at most; further ones wait, and their latency counts on.
    pub connections: usize,
    /// Nothing is sent after this time.
    pub duration_max: Duration,
}

impl LoadGenerator {
    /// Runs the workload on this thread until every request has completed, or the time is over.
    /// Returns the workload with its notes.
    ///
    /// # Errors
    /// The service cannot be reached at the start.
    pub fn run<W: Workload + 'static>(self, workload: W) -> io::Result<W> {
        self.run_with(workload, None)
    }

    /// The same with an inbox: whatever is posted to this listener goes to the workload.
    ///
    /// # Errors
    /// As `run`.
    pub fn run_with<W: Workload + 'static>(
        self,
        workload: W,
        inbox: Option<TcpListener>,
    ) -> io::Result<W> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let dispatcher = LocalSet::new().block_on(&runtime, self.dispatch(workload, inbox))?;
        // The senders that shared it ended with their runtime.
        drop(runtime);
        let dispatcher =
            Rc::try_unwrap(dispatcher).map_err(|_shared| io::Error::other("still shared"))?;
        Ok(dispatcher.workload.into_inner())
    }

    async fn dispatch<W: Workload + 'static>(
        self,
        workload: W,
        inbox: Option<TcpListener>,
    ) -> io::Result<Rc<Dispatcher<W>>> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections.max(1) {
            connections.push(Connection::open(self.address).await?);
        }
        let dispatcher = Rc::new(Dispatcher::new(workload));
        for connection in connections {
            let dispatcher = dispatcher.clone();
            tokio::task::spawn_local(async move {
                dispatcher.send(self.address, connection).await;
            });
        }
        if let Some(listener) = inbox {
            let dispatcher = dispatcher.clone();
            let take: inbox::Take = Rc::new(move |body| dispatcher.received(body));
            tokio::task::spawn_local(inbox::serve(inbox::adopt(listener)?, take));
        }
        dispatcher.run(self.duration_max).await;
        Ok(dispatcher)
    }
}

/// What the senders share: requests that are due, and those that will be.
struct Dispatcher<W: Workload> {
    start: Instant,
    workload: RefCell<W>,
    due: RefCell<VecDeque<Scheduled<W::Request>>>,
    later: RefCell<BinaryHeap<Scheduled<W::Request>>>,
    in_flight: Cell<usize>,
    /// Notified once for each request that becomes due.
    ready: Notify,
    /// Notified when nothing may be left, or when something is due sooner than the dispatcher
    /// expects.
    changed: Notify,
}

struct Scheduled<T> {
    due: Duration,
    request: T,
}

impl<W: Workload> Dispatcher<W> {
    fn new(workload: W) -> Self {
        Self {
            start: Instant::now(),
            workload: RefCell::new(workload),
            due: RefCell::default(),
            later: RefCell::default(),
            in_flight: Cell::new(0),
            ready: Notify::new(),
            changed: Notify::new(),
        }
    }

    /// Hands requests to the senders when they are due, until none is left or the time is over.
    async fn run(&self, duration_max: Duration) {
        let mut next = self.workload.borrow_mut().next_arrival();
        loop {
            let now = self.start.elapsed();
            while let Some((due, request)) = next.take_if(|(due, _)| *due <= now) {
                self.enqueue(Scheduled { due, request });
                next = self.workload.borrow_mut().next_arrival();
            }
            while let Some(scheduled) = self.pop_later(now) {
                self.enqueue(scheduled);
            }
            let later = self.later.borrow().peek().map(|scheduled| scheduled.due);
            let is_idle = self.due.borrow().is_empty() && self.in_flight.get() == 0;
            let is_over = is_idle && later.is_none() && next.is_none();
            if now >= duration_max || is_over || self.workload.borrow().is_over() {
                return;
            }
            let soonest = next.as_ref().map(|(due, _)| *due).into_iter().chain(later).min();
            let wait = soonest.map_or(POLL_INTERVAL, |due| due.saturating_sub(now));
            tokio::select! {
                () = sleep(wait.min(POLL_INTERVAL)) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    fn pop_later(&self, now: Duration) -> Option<Scheduled<W::Request>> {
        let mut later = self.later.borrow_mut();
        if later.peek()?.due > now {
            return None;
        }
        later.pop()
    }

    fn enqueue(&self, scheduled: Scheduled<W::Request>) {
        self.due.borrow_mut().push_back(scheduled);
        self.ready.notify_one();
    }

    /// Sends what is due on this connection, one request after the other.
    async fn send(&self, address: SocketAddr, connection: Connection) {
        let mut connection = Some(connection);
        let mut buffer = Vec::new();
        loop {
            // A statement of its own: the queue must not stay borrowed while this waits.
            let scheduled = self.due.borrow_mut().pop_front();
            let Some(Scheduled { due, request }) = scheduled else {
                self.ready.notified().await;
                continue;
            };
            self.in_flight.set(self.in_flight.get() + 1);
            buffer.clear();
            self.workload.borrow_mut().write(&request, &mut buffer);
            if buffer.is_empty() {
                let now = self.start.elapsed();
                let next = self.workload.borrow_mut().woken(request, now);
                self.follow(now, next);
                self.done();
                continue;
            }
            if connection.as_ref().is_none_or(Connection::is_closed) {
                connection = Connection::open(address).await.ok();
            }
            let limit = self.workload.borrow().timeout(&request);
            let sent = self.start.elapsed();
            let response = match &mut connection {
                Some(open) => timeout(limit, open.ask(&buffer)).await.ok(),
                None => None,
            };
            let response = response.and_then(Result::ok);
            let is_broken = response.is_none();
            let completion = Completion { response, due, sent, done: self.start.elapsed() };
            let next = self.workload.borrow_mut().completed(request, &completion);
            self.follow(completion.done, next);
            self.done();
            if is_broken {
                sleep(RECONNECT_PAUSE).await;
                connection = Connection::open(address).await.ok();
            }
        }
    }

    /// Schedules what follows a request, and what came up with it.
    fn follow(&self, now: Duration, next: Option<(Duration, W::Request)>) {
        if let Some((delay, request)) = next {
            self.schedule(now, delay, request);
        }
        loop {
            // A statement of its own: the workload must not stay borrowed.
            let also = self.workload.borrow_mut().also();
            let Some((delay, request)) = also else { return };
            self.schedule(now, delay, request);
        }
    }

    fn done(&self) {
        self.in_flight.set(self.in_flight.get() - 1);
        if self.in_flight.get() == 0 {
            self.changed.notify_one();
        }
    }

    fn received(&self, body: &[u8]) {
        let now = self.start.elapsed();
        let next = self.workload.borrow_mut().received(body, now);
        self.follow(now, next);
    }

    fn schedule(&self, now: Duration, delay: Duration, request: W::Request) {
        let scheduled = Scheduled { due: now + delay, request };
        if delay.is_zero() {
            return self.enqueue(scheduled);
        }
        let is_soonest = self.later.borrow().peek().is_none_or(|first| scheduled.due < first.due);
        self.later.borrow_mut().push(scheduled);
        if is_soonest {
            self.changed.notify_one();
        }
    }
}

/// The soonest compares as the greatest, because the heap pops the greatest.
impl<T> Ord for Scheduled<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.due.cmp(&self.due)
    }
}

impl<T> PartialOrd for Scheduled<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Scheduled<T> {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl<T> Eq for Scheduled<T> {}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        thread,
    };

    use super::*;

    /// Three requests at once; each that is answered with 503 is followed by another.
    struct Three {
        left: u8,
        answered: Vec<(u8, u16)>,
    }

    impl Workload for Three {
        type Request = u8;

        fn next_arrival(&mut self) -> Option<(Duration, u8)> {
            self.left = self.left.checked_sub(1)?;
            Some((Duration::from_millis(1), self.left))
        }

        fn write(&mut self, number: &u8, buffer: &mut Vec<u8>) {
            buffer.extend_from_slice(format!("GET /{number} HTTP/1.1\r\n\r\n").as_bytes());
        }

        fn completed(&mut self, number: u8, it: &Completion<'_>) -> Option<(Duration, u8)> {
            let response = it.response.expect("a response");
            assert!(it.due <= it.sent && it.sent <= it.done);
            self.answered.push((number, response.status));
            (response.status == 503).then_some((Duration::from_millis(2), number + 10))
        }
    }

    /// Answers 503 to one-digit paths and 200 to the others.
    fn serve(listener: TcpListener) {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut read = [0; 1024];
        while let Ok(n @ 1..) = stream.read(&mut read) {
            let is_first = read[..n].starts_with(b"GET /") && read[6] == b' ';
            let status = if is_first { "503 Busy" } else { "200 OK" };
            let response = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
            stream.write_all(response.as_bytes()).expect("sent");
        }
    }

    #[test]
    fn every_request_is_answered_and_what_follows_is_sent_too() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let service = thread::spawn(move || serve(listener));
        let generator =
            LoadGenerator { address, connections: 1, duration_max: Duration::from_secs(60) };
        let mut answered = generator.run(Three { left: 3, answered: Vec::new() }).unwrap().answered;
        answered.sort_unstable();
        let expected = [(0, 503), (1, 503), (2, 503), (10, 200), (11, 200), (12, 200)];
        assert_eq!(answered, expected);
        service.join().unwrap();
    }

    #[test]
    fn a_service_that_is_not_there_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let generator =
            LoadGenerator { address, connections: 1, duration_max: Duration::from_secs(1) };
        assert!(generator.run(Three { left: 1, answered: Vec::new() }).is_err());
    }
}
