//! The crowd: many connections, one thread, one script.

use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
    io,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    task::LocalSet,
    time::{sleep, timeout},
};

use super::connection::{Answer, Connection};

/// A client that has heard nothing for so long gives up on the connection, unless its script says
/// otherwise.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Pause before a connection that broke is opened again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(20);
/// The announcer looks again at least so often.
const NAP: Duration = Duration::from_millis(50);

/// What the people of a crowd do.
pub trait Script {
    /// One request of one person.
    type Step;

    /// The next person's first step, and when after the start it is due; none when everybody has
    /// come. Times must not go back.
    fn arrival(&mut self) -> Option<(Duration, Self::Step)>;

    /// Writes the request of a step, complete with its head.
    fn request(&mut self, step: &Self::Step, request: &mut Vec<u8>);

    /// How long the person waits for the answer to a step once it is sent. Then the connection is
    /// closed, as by a browser that loads the page again, and the step is heard to have no answer.
    fn patience(&self, _step: &Self::Step) -> Duration {
        PATIENCE
    }

    /// Hears what came of a step; what it leads to, and after how long.
    fn heard(&mut self, step: Self::Step, heard: &Heard<'_>) -> Option<(Duration, Self::Step)>;
}

/// What came of a request. Times are counted from the start.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// None: the connection broke or said nothing for long, and what was done is not known.
    pub answer: Option<Answer<'a>>,
    /// When the person wanted it.
    pub due: Duration,
    /// When it went out; later than due where all connections were busy.
    pub sent: Duration,
    pub done: Duration,
}

/// Where a crowd goes, and how.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    pub address: SocketAddr,
    /// Requests that can be under way at once; further ones wait, and their time runs.
    pub connections: usize,
    /// Nothing is sent any more when so much time has passed.
    pub span_max: Duration,
}

impl Crowd {
    /// Lets the crowd come, on this thread, until everybody has come and been answered, or the time
    /// is over. Gives the script back with what it has noted.
    ///
    /// # Errors
    /// When the service cannot be reached at the start.
    pub fn come<S: Script + 'static>(self, script: S) -> io::Result<S> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let desk = LocalSet::new().block_on(&runtime, self.run(script))?;
        // The senders that shared it ended with their runtime.
        drop(runtime);
        let desk = Rc::try_unwrap(desk).map_err(|_shared| io::Error::other("still shared"))?;
        Ok(desk.script.into_inner())
    }

    async fn run<S: Script + 'static>(self, script: S) -> io::Result<Rc<Desk<S>>> {
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections.max(1) {
            connections.push(Connection::open(self.address).await?);
        }
        let desk = Rc::new(Desk::new(script));
        for connection in connections {
            let desk = desk.clone();
            tokio::task::spawn_local(async move { desk.send(self.address, connection).await });
        }
        desk.announce(self.span_max).await;
        Ok(desk)
    }
}

/// What the senders share: who is due, and who comes later.
struct Desk<S: Script> {
    start: Instant,
    script: RefCell<S>,
    due: RefCell<VecDeque<Job<S::Step>>>,
    later: RefCell<BinaryHeap<Job<S::Step>>>,
    under_way: Cell<usize>,
    /// Rung once for each job that becomes due.
    ready: Notify,
    /// Rung when there may be nothing left, or something sooner than what the announcer waits for.
    changed: Notify,
}

struct Job<T> {
    due: Duration,
    step: T,
}

impl<S: Script> Desk<S> {
    fn new(script: S) -> Self {
        Self {
            start: Instant::now(),
            script: RefCell::new(script),
            due: RefCell::default(),
            later: RefCell::default(),
            under_way: Cell::new(0),
            ready: Notify::new(),
            changed: Notify::new(),
        }
    }

    /// Calls up whoever is due, until nobody is left or the time is over.
    async fn announce(&self, span_max: Duration) {
        let mut next = self.script.borrow_mut().arrival();
        loop {
            let now = self.start.elapsed();
            while let Some((due, step)) = next.take_if(|(due, _)| *due <= now) {
                self.call(Job { due, step });
                next = self.script.borrow_mut().arrival();
            }
            while let Some(job) = self.pop_later(now) {
                self.call(job);
            }
            let later = self.later.borrow().peek().map(|job| job.due);
            let is_idle = self.due.borrow().is_empty() && self.under_way.get() == 0;
            if now >= span_max || (is_idle && later.is_none() && next.is_none()) {
                return;
            }
            let soonest = next.as_ref().map(|(due, _)| *due).into_iter().chain(later).min();
            let wait = soonest.map_or(NAP, |due| due.saturating_sub(now)).min(NAP);
            tokio::select! {
                () = sleep(wait) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    fn pop_later(&self, now: Duration) -> Option<Job<S::Step>> {
        let mut later = self.later.borrow_mut();
        if later.peek()?.due > now {
            return None;
        }
        later.pop()
    }

    fn call(&self, job: Job<S::Step>) {
        self.due.borrow_mut().push_back(job);
        self.ready.notify_one();
    }

    async fn send(&self, address: SocketAddr, connection: Connection) {
        let mut connection = Some(connection);
        let mut request = Vec::new();
        loop {
            // Taken on its own line: the queue must not stay borrowed while this waits.
            let job = self.due.borrow_mut().pop_front();
            let Some(Job { due, step }) = job else {
                self.ready.notified().await;
                continue;
            };
            self.under_way.set(self.under_way.get() + 1);
            request.clear();
            self.script.borrow_mut().request(&step, &mut request);
            if connection.as_ref().is_none_or(Connection::is_closed) {
                connection = Connection::open(address).await.ok();
            }
            let patience = self.script.borrow().patience(&step);
            let sent = self.start.elapsed();
            let answer = match &mut connection {
                Some(open) => timeout(patience, open.ask(&request)).await.ok(),
                None => None,
            };
            let answer = answer.and_then(Result::ok);
            let is_lost = answer.is_none();
            let heard = Heard { answer, due, sent, done: self.start.elapsed() };
            let next = self.script.borrow_mut().heard(step, &heard);
            if let Some((delay, step)) = next {
                self.put(heard.done, delay, step);
            }
            self.under_way.set(self.under_way.get() - 1);
            if self.under_way.get() == 0 {
                self.changed.notify_one();
            }
            if is_lost {
                sleep(RECONNECT_PAUSE).await;
                connection = Connection::open(address).await.ok();
            }
        }
    }

    fn put(&self, now: Duration, delay: Duration, step: S::Step) {
        let job = Job { due: now + delay, step };
        if delay.is_zero() {
            return self.call(job);
        }
        let is_soonest = self.later.borrow().peek().is_none_or(|first| job.due < first.due);
        self.later.borrow_mut().push(job);
        if is_soonest {
            self.changed.notify_one();
        }
    }
}

/// The soonest is the greatest, as a heap wants it.
impl<T> Ord for Job<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.due.cmp(&self.due)
    }
}

impl<T> PartialOrd for Job<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Job<T> {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl<T> Eq for Job<T> {}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// Three people at once; who is told to come back does so once.
    struct Three {
        to_come: u8,
        answered: Vec<(u8, u16)>,
    }

    impl Script for Three {
        type Step = u8;

        fn arrival(&mut self) -> Option<(Duration, u8)> {
            self.to_come = self.to_come.checked_sub(1)?;
            Some((Duration::from_millis(1), self.to_come))
        }

        fn request(&mut self, step: &u8, request: &mut Vec<u8>) {
            request.extend_from_slice(format!("GET /{step} HTTP/1.1\r\n\r\n").as_bytes());
        }

        fn heard(&mut self, step: u8, heard: &Heard<'_>) -> Option<(Duration, u8)> {
            let answer = heard.answer.expect("an answer");
            assert!(heard.due <= heard.sent && heard.sent <= heard.done);
            self.answered.push((step, answer.status));
            (answer.status == 503).then_some((Duration::from_millis(2), step + 10))
        }
    }

    /// Says 503 to one-digit paths and 200 to the others.
    fn serve(listener: TcpListener) {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut read = [0; 1024];
        while let Ok(n @ 1..) = stream.read(&mut read) {
            let is_first = read[..n].starts_with(b"GET /") && read[6] == b' ';
            let status = if is_first { "503 Busy" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).expect("sent");
        }
    }

    #[test]
    fn everybody_comes_is_answered_and_comes_again_when_told_so() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let service = thread::spawn(move || serve(listener));
        let crowd = Crowd { address, connections: 1, span_max: Duration::from_secs(60) };
        let mut answered = crowd.come(Three { to_come: 3, answered: Vec::new() }).unwrap().answered;
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
        let crowd = Crowd { address, connections: 1, span_max: Duration::from_secs(1) };
        assert!(crowd.come(Three { to_come: 1, answered: Vec::new() }).is_err());
    }
}
