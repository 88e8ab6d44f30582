//! What is counted while a replay runs: requests and latencies, in total and per half second. Its
//! size does not depend on how many citizens arrive.

use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};

use crate::{
    domain::Code,
    rehearsal::{
        load::{Completion, Response},
        pace::{Pace, bin_of},
        step::{RequestKind, Stage},
    },
};

/// Longest latency that is recorded, in microseconds: ten minutes.
const MICROS_MAX: u64 = 600_000_000;
/// Significant digits, in total and in a bin.
const DIGITS: u8 = 3;
const BIN_DIGITS: u8 = 2;

/// What a citizen learns from a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Done,
    Refused(Code),
    /// A page that says that the seat or the dose is gone.
    Gone,
    /// An error status without a code of ours.
    Unexpected(u16),
    /// No response: the outcome is unknown.
    Missing,
}

impl Reply {
    /// Parses no more of the response than it has to.
    pub fn of(response: Option<Response<'_>>) -> Self {
        let Some(response) = response else { return Self::Missing };
        match response.status {
            200..=299 | 303 | 304 => Self::Done,
            status => code(response.body).map_or(Self::Unexpected(status), Self::Refused),
        }
    }
}

/// Whether it says to come again, and not when.
fn is_without_time(response: Response<'_>) -> bool {
    matches!(response.status, 429 | 503) && response.retry_after.is_none()
}

/// The code of a problem document, found without parsing the rest.
fn code(body: &[u8]) -> Option<Code> {
    const NAME: &[u8] = b"\"code\":\"";
    let at = body.windows(NAME.len()).position(|window| window == NAME)?;
    let slug = body.get(at + NAME.len()..)?.split(|byte| *byte == b'"').next()?;
    Code::ALL.iter().copied().find(|code| code.slug().as_bytes() == slug)
}

/// Counts and latencies of one kind of request.
#[derive(Debug)]
pub struct RequestTally {
    pub sent: u64,
    /// Of heads and bodies that came.
    pub bytes: u64,
    pub done: u64,
    pub unanswered: u64,
    pub unexpected: u64,
    pub gone: u64,
    /// In the order of `Code::ALL`.
    pub refused: Vec<u64>,
    /// Answers that say to come again (429, 503), and not when.
    pub without_time: u64,
    pub pace: Pace,
    /// Microseconds from when each was due, and from when it was sent; including unanswered ones.
    pub from_due: Histogram<u64>,
    pub from_sent: Histogram<u64>,
}

/// Half a second of the timeline.
#[derive(Debug)]
pub struct Bin {
    pub arrived: u32,
    /// People who got to each stage, in the order of `Stage::ALL`.
    pub reached: [u32; Stage::ALL.len()],
    pub booked: u32,
    pub cancelled: u32,
    /// Doses that were cancelled early enough to be open again.
    pub returned: u32,
    pub unanswered: u32,
    pub gone: u32,
    /// Refused bookings, in the order of `Code::ALL`.
    pub refused: Vec<u32>,
    /// Of requests to book that completed in this time, in microseconds.
    pub from_due: Histogram<u32>,
    pub from_sent: Histogram<u32>,
}

/// All counts and latencies. Times count from the start.
#[derive(Debug)]
pub struct Tally {
    pub kinds: Vec<RequestTally>,
    pub bins: Vec<Bin>,
    /// Microseconds from arrival to booking.
    pub until_booked: Histogram<u64>,
    /// Microseconds from when a request was due until it was sent, because all connections were
    /// busy, or the generator was.
    pub late: Histogram<u64>,
    pub other_slots: u64,
    pub retries_after_busy: u64,
    pub resends: u64,
    pub gave_up: u64,
    pub last_booked: Duration,
    pub last_response: Duration,
}

impl Tally {
    /// # Errors
    /// None with the constant bounds used here.
    pub fn new() -> Result<Self, CreationError> {
        let tally = |_| {
            Ok(RequestTally {
                sent: 0,
                bytes: 0,
                done: 0,
                unanswered: 0,
                unexpected: 0,
                gone: 0,
                refused: vec![0; Code::ALL.len()],
                without_time: 0,
                pace: Pace::default(),
                from_due: Histogram::new_with_max(MICROS_MAX, DIGITS)?,
                from_sent: Histogram::new_with_max(MICROS_MAX, DIGITS)?,
            })
        };
        Ok(Self {
            kinds: RequestKind::ALL.iter().map(tally).collect::<Result<_, CreationError>>()?,
            bins: Vec::new(),
            until_booked: Histogram::new_with_max(MICROS_MAX, DIGITS)?,
            late: Histogram::new_with_max(MICROS_MAX, DIGITS)?,
            other_slots: 0,
            retries_after_busy: 0,
            resends: 0,
            gave_up: 0,
            last_booked: Duration::ZERO,
            last_response: Duration::ZERO,
        })
    }

    pub fn kind(&self, kind: RequestKind) -> Option<&RequestTally> {
        self.kinds.get(kind.index())
    }

    /// Answers of all kinds that say to come again, and not when.
    pub fn without_time(&self) -> u64 {
        self.kinds.iter().map(|kind| kind.without_time).sum()
    }

    /// A request is sent.
    pub fn sent(&mut self, kind: RequestKind) {
        if let Some(tally) = self.kinds.get_mut(kind.index()) {
            tally.sent += 1;
        }
    }

    /// A citizen arrives.
    pub fn arrived(&mut self, at: Duration) {
        self.bin(at, |bin| bin.arrived += 1);
    }

    /// A request has completed, with or without a response.
    pub fn completed(&mut self, kind: RequestKind, completion: &Completion<'_>, reply: Reply) {
        let micros = |from: Duration| {
            u64::try_from(completion.done.saturating_sub(from).as_micros()).unwrap_or(MICROS_MAX)
        };
        let (due, sent) = (micros(completion.due), micros(completion.sent));
        self.last_response = self.last_response.max(completion.done);
        if kind != RequestKind::Sms {
            self.late.saturating_record(due.saturating_sub(sent));
        }
        if let Some(tally) = self.kinds.get_mut(kind.index()) {
            tally.from_due.saturating_record(due);
            tally.from_sent.saturating_record(sent);
            tally.pace.ended(completion.sent, completion.done, reply == Reply::Done);
            tally.count(reply);
            tally.without_time += u64::from(completion.response.is_some_and(is_without_time));
            let bytes = completion.response.map_or(0, |response| response.bytes());
            tally.bytes += u64::try_from(bytes).unwrap_or(0);
        }
        if kind != RequestKind::Book {
            return;
        }
        self.bin(completion.done, |bin| {
            // The histogram grows as needed, so recording cannot fail.
            let _ = bin.from_due.record(due);
            let _ = bin.from_sent.record(sent);
            match reply {
                // Who is sent to what they have booked before has booked nothing.
                Reply::Done | Reply::Unexpected(_) => {}
                Reply::Missing => bin.unanswered += 1,
                Reply::Refused(code) => add(bin.refused.get_mut(code_index(code))),
                Reply::Gone => bin.gone += 1,
            }
        });
    }

    /// Somebody has got to a stage for the first time.
    pub fn reached(&mut self, stage: Stage, at: Duration) {
        self.bin(at, |bin| add(bin.reached.get_mut(stage.index())));
    }

    /// A message has come that was waited for since then.
    pub fn message(&mut self, since: Duration, now: Duration) {
        let completion = Completion { response: None, due: since, sent: since, done: now };
        self.sent(RequestKind::Sms);
        self.completed(RequestKind::Sms, &completion, Reply::Done);
    }

    /// A citizen has cancelled; `returns` says whether the dose is open again.
    pub fn cancelled(&mut self, at: Duration, returns: bool) {
        self.bin(at, |bin| {
            bin.cancelled += 1;
            bin.returned += u32::from(returns);
        });
    }

    /// A citizen who arrived at `arrived` has a booking now.
    pub fn booked(&mut self, arrived: Duration, now: Duration) {
        let micros = now.saturating_sub(arrived).as_micros();
        self.until_booked.saturating_record(u64::try_from(micros).unwrap_or(MICROS_MAX));
        self.last_booked = self.last_booked.max(now);
        self.bin(now, |bin| bin.booked += 1);
    }

    fn bin(&mut self, at: Duration, note: impl FnOnce(&mut Bin)) {
        let index = bin_of(at);
        while self.bins.len() <= index {
            let Ok(bin) = Bin::new() else { return };
            self.bins.push(bin);
        }
        if let Some(bin) = self.bins.get_mut(index) {
            note(bin);
        }
    }
}

impl RequestTally {
    fn count(&mut self, reply: Reply) {
        match reply {
            Reply::Done => self.done += 1,
            Reply::Missing => self.unanswered += 1,
            Reply::Unexpected(_) => self.unexpected += 1,
            Reply::Gone => self.gone += 1,
            Reply::Refused(code) => {
                if let Some(refused) = self.refused.get_mut(code_index(code)) {
                    *refused += 1;
                }
            }
        }
    }
}

impl Bin {
    fn new() -> Result<Self, CreationError> {
        Ok(Self {
            arrived: 0,
            reached: [0; Stage::ALL.len()],
            booked: 0,
            cancelled: 0,
            returned: 0,
            unanswered: 0,
            gone: 0,
            refused: vec![0; Code::ALL.len()],
            // These grow as needed: most bins only see a few milliseconds.
            from_due: Histogram::new(BIN_DIGITS)?,
            from_sent: Histogram::new(BIN_DIGITS)?,
        })
    }
}

fn add(count: Option<&mut u32>) {
    if let Some(count) = count {
        *count += 1;
    }
}

/// Index of a code in `Code::ALL`.
fn code_index(code: Code) -> usize {
    Code::ALL.iter().position(|other| *other == code).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &[u8]) -> Response<'_> {
        Response { status, retry_after: None, head: b"", body }
    }

    #[test]
    fn the_code_of_a_problem_is_found() {
        let body = br#"{"type":"x","title":"No","status":409,"code":"seat_taken","detail":"code"}"#;
        assert_eq!(Reply::of(Some(response(409, body))), Reply::Refused(Code::SeatTaken));
        assert_eq!(Reply::of(Some(response(502, b"<html>"))), Reply::Unexpected(502));
        assert_eq!(Reply::of(Some(response(409, br#"{"code":"news"}"#))), Reply::Unexpected(409));
        assert_eq!(Reply::of(Some(response(201, b"{}"))), Reply::Done);
        assert_eq!(Reply::of(None), Reply::Missing);
    }

    #[test]
    fn a_completed_request_is_counted_in_total_and_in_its_bin() {
        let mut tally = Tally::new().unwrap();
        let ms = Duration::from_millis;
        let completion =
            |done| Completion { response: None, due: ms(100), sent: ms(1_000), done: ms(done) };
        tally.arrived(ms(100));
        tally.sent(RequestKind::Book);
        tally.completed(RequestKind::Book, &completion(1_600), Reply::Done);
        tally.booked(ms(100), ms(1_600));
        tally.completed(RequestKind::Book, &completion(1_650), Reply::Done);
        tally.completed(RequestKind::Book, &completion(1_700), Reply::Refused(Code::SeatTaken));
        tally.completed(RequestKind::Book, &completion(1_800), Reply::Missing);
        tally.completed(RequestKind::Cancel, &completion(1_900), Reply::Done);
        tally.cancelled(ms(1_900), true);
        let book = tally.kind(RequestKind::Book).unwrap();
        assert_eq!((book.sent, book.done, book.unanswered), (1, 2, 1));
        assert_eq!(book.refused[code_index(Code::SeatTaken)], 1);
        assert_eq!(tally.bins.len(), 4);
        let booked = tally.bins[3].booked;
        assert_eq!((tally.bins[0].arrived, booked), (1, 1), "the second was told of the first");
        let last = &tally.bins[3];
        assert!((1_690_000..1_720_000).contains(&last.from_due.max()), "{}", last.from_due.max());
        assert_eq!((last.from_due.len(), last.from_sent.len()), (4, 4));
        assert_eq!((last.cancelled, last.returned, last.unanswered), (1, 1, 1));
        let least = book.from_due.min();
        assert!((1_490_000..1_510_000).contains(&least), "{least}");
        assert_eq!(tally.last_booked, ms(1_600));
        assert_eq!(tally.last_response, ms(1_900));
        assert_eq!(book.pace.done().peak, 2);
        assert_eq!((tally.late.len(), book.pace.sent().peak), (5, 4));
        assert!((899_000..901_000).contains(&tally.late.max()), "{}", tally.late.max());
    }

    #[test]
    fn who_is_to_come_again_is_told_when() {
        let mut tally = Tally::new().unwrap();
        let at = Duration::from_secs(1);
        let mut refused = |kind, status, retry_after| {
            let response = Some(Response { status, retry_after, head: b"", body: b"{}" });
            let completion = Completion { response, due: at, sent: at, done: at };
            tally.completed(kind, &completion, Reply::of(response));
            tally.without_time()
        };
        for (status, retry_after) in [(503, Some(2)), (429, Some(900)), (409, None), (200, None)] {
            assert_eq!(refused(RequestKind::Code, status, retry_after), 0, "the control: {status}");
        }
        assert_eq!(refused(RequestKind::Landing, 503, None), 1);
        assert_eq!(refused(RequestKind::Code, 429, None), 2);
    }
}
