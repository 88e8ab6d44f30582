//! What is noted while a replay runs: counts and latencies, in all and for each half second. Its
//! size does not depend on how many people come.

use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};

use crate::{
    domain::Code,
    rehearsal::load::{Answer, Heard},
};

/// Width of a bin of the time line.
pub const BIN: Duration = Duration::from_millis(500);
/// Bins of one second.
pub const BINS_PER_SECOND: u32 = 2;
/// Longest latency that is told apart, in microseconds: ten minutes.
const MICROS_MAX: u64 = 600_000_000;
/// Significant digits, in all and in a bin.
const DIGITS: u8 = 3;
const BIN_DIGITS: u8 = 2;
/// Half a day; what comes later goes into the last.
const BINS_MAX: usize = 86_400;

/// Kinds of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Supply,
    Clinics,
    Slots,
    Book,
    Cancel,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Supply, Self::Clinics, Self::Slots, Self::Book, Self::Cancel];

    pub fn name(self) -> &'static str {
        match self {
            Self::Supply => "supply",
            Self::Clinics => "clinics",
            Self::Slots => "slots",
            Self::Book => "book",
            Self::Cancel => "cancel",
        }
    }
}

/// What came of a request, as far as a person needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    Done,
    Refused(Code),
    /// With a status that no code goes with.
    Odd(u16),
    /// No answer: what was done is not known.
    Lost,
}

impl Came {
    /// Reads as little of the answer as will do.
    pub fn of(answer: Option<Answer<'_>>) -> Self {
        let Some(answer) = answer else { return Self::Lost };
        match answer.status {
            200..=299 | 304 => Self::Done,
            status => code(answer.body).map_or(Self::Odd(status), Self::Refused),
        }
    }
}

/// The code of a problem document, found without reading the rest of it.
fn code(body: &[u8]) -> Option<Code> {
    const NAME: &[u8] = b"\"code\":\"";
    let at = body.windows(NAME.len()).position(|window| window == NAME)?;
    let slug = body.get(at + NAME.len()..)?.split(|byte| *byte == b'"').next()?;
    Code::ALL.iter().copied().find(|code| code.slug().as_bytes() == slug)
}

/// Counts and latencies of one kind of request.
#[derive(Debug)]
pub struct OfKind {
    pub sent: u64,
    pub done: u64,
    pub lost: u64,
    pub odd: u64,
    /// In the order of `Code::ALL`.
    pub refused: Vec<u64>,
    /// Microseconds from when each was due, and from when it was sent; lost ones are in it.
    pub from_due: Histogram<u64>,
    pub from_sent: Histogram<u64>,
}

/// Half a second of the time line.
#[derive(Debug)]
pub struct Bin {
    pub arrived: u32,
    pub booked: u32,
    pub cancelled: u32,
    /// Doses that were cancelled early enough to be open again.
    pub returned: u32,
    pub lost: u32,
    /// Refused bookings, in the order of `Code::ALL`.
    pub refused: Vec<u32>,
    /// Of bookings that were answered in this time, in microseconds.
    pub from_due: Histogram<u32>,
    pub from_sent: Histogram<u32>,
}

/// Everything that is noted.
#[derive(Debug)]
pub struct Tally {
    pub kinds: Vec<OfKind>,
    pub bins: Vec<Bin>,
    /// Microseconds from coming to having a booking.
    pub until_booked: Histogram<u64>,
    pub other_slots: u64,
    pub came_back: u64,
    pub sent_again: u64,
    pub gave_up: u64,
    pub last_booked: Duration,
    pub last_heard: Duration,
}

impl Tally {
    /// # Errors
    /// Never, with the bounds that are set here.
    pub fn new() -> Result<Self, CreationError> {
        let of_kind = |_| {
            Ok(OfKind {
                sent: 0,
                done: 0,
                lost: 0,
                odd: 0,
                refused: vec![0; Code::ALL.len()],
                from_due: Histogram::new_with_max(MICROS_MAX, DIGITS)?,
                from_sent: Histogram::new_with_max(MICROS_MAX, DIGITS)?,
            })
        };
        Ok(Self {
            kinds: Kind::ALL.iter().map(of_kind).collect::<Result<_, CreationError>>()?,
            bins: Vec::new(),
            until_booked: Histogram::new_with_max(MICROS_MAX, DIGITS)?,
            other_slots: 0,
            came_back: 0,
            sent_again: 0,
            gave_up: 0,
            last_booked: Duration::ZERO,
            last_heard: Duration::ZERO,
        })
    }

    pub fn kind(&self, kind: Kind) -> Option<&OfKind> {
        self.kinds.get(place(kind))
    }

    /// A request goes out.
    pub fn sent(&mut self, kind: Kind) {
        if let Some(of_kind) = self.kinds.get_mut(place(kind)) {
            of_kind.sent += 1;
        }
    }

    /// Somebody comes.
    pub fn arrived(&mut self, at: Duration) {
        self.bin(at, |bin| bin.arrived += 1);
    }

    /// A request was answered, or was not.
    pub fn heard(&mut self, kind: Kind, heard: &Heard<'_>, came: Came) {
        let micros = |from: Duration| {
            u64::try_from(heard.done.saturating_sub(from).as_micros()).unwrap_or(MICROS_MAX)
        };
        let (due, sent) = (micros(heard.due), micros(heard.sent));
        self.last_heard = self.last_heard.max(heard.done);
        if let Some(of_kind) = self.kinds.get_mut(place(kind)) {
            of_kind.from_due.saturating_record(due);
            of_kind.from_sent.saturating_record(sent);
            of_kind.count(came);
        }
        if kind != Kind::Book {
            return;
        }
        if came == Came::Done {
            self.last_booked = heard.done;
        }
        self.bin(heard.done, |bin| {
            // One that holds too little grows; it fails only beyond what 64 bits hold.
            let _ = bin.from_due.record(due);
            let _ = bin.from_sent.record(sent);
            match came {
                Came::Done => bin.booked += 1,
                Came::Lost => bin.lost += 1,
                Came::Refused(code) => add(bin.refused.get_mut(place_of(code))),
                Came::Odd(_) => {}
            }
        });
    }

    /// Somebody has cancelled; whether the dose is open again.
    pub fn cancelled(&mut self, at: Duration, returns: bool) {
        self.bin(at, |bin| {
            bin.cancelled += 1;
            bin.returned += u32::from(returns);
        });
    }

    /// Somebody has a booking, who came at `arrived`.
    pub fn booked_after(&mut self, arrived: Duration, now: Duration) {
        let micros = now.saturating_sub(arrived).as_micros();
        self.until_booked.saturating_record(u64::try_from(micros).unwrap_or(MICROS_MAX));
    }

    fn bin(&mut self, at: Duration, note: impl FnOnce(&mut Bin)) {
        let place = at.as_millis() / BIN.as_millis();
        let place = usize::try_from(place).unwrap_or(BINS_MAX).min(BINS_MAX - 1);
        while self.bins.len() <= place {
            let Ok(bin) = Bin::new() else { return };
            self.bins.push(bin);
        }
        if let Some(bin) = self.bins.get_mut(place) {
            note(bin);
        }
    }
}

impl OfKind {
    fn count(&mut self, came: Came) {
        match came {
            Came::Done => self.done += 1,
            Came::Lost => self.lost += 1,
            Came::Odd(_) => self.odd += 1,
            Came::Refused(code) => {
                if let Some(refused) = self.refused.get_mut(place_of(code)) {
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
            booked: 0,
            cancelled: 0,
            returned: 0,
            lost: 0,
            refused: vec![0; Code::ALL.len()],
            // Grows to what it holds: most bins see a few milliseconds only.
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

fn place(kind: Kind) -> usize {
    match kind {
        Kind::Supply => 0,
        Kind::Clinics => 1,
        Kind::Slots => 2,
        Kind::Book => 3,
        Kind::Cancel => 4,
    }
}

/// Of a code, in `Code::ALL`.
fn place_of(code: Code) -> usize {
    Code::ALL.iter().position(|other| *other == code).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &[u8]) -> Answer<'_> {
        Answer { status, retry_after: None, body }
    }

    #[test]
    fn the_code_of_a_problem_is_found() {
        let body = br#"{"type":"x","title":"No","status":409,"code":"seat_taken","detail":"code"}"#;
        assert_eq!(Came::of(Some(answer(409, body))), Came::Refused(Code::SeatTaken));
        assert_eq!(Came::of(Some(answer(502, b"<html>"))), Came::Odd(502));
        assert_eq!(Came::of(Some(answer(409, br#"{"code":"news"}"#))), Came::Odd(409));
        assert_eq!(Came::of(Some(answer(201, b"{}"))), Came::Done);
        assert_eq!(Came::of(None), Came::Lost);
    }

    #[test]
    fn kinds_stand_in_their_places() {
        let places: Vec<_> = Kind::ALL.into_iter().map(place).collect();
        assert_eq!(places, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_is_heard_is_counted_in_all_and_in_its_bin() {
        let mut tally = Tally::new().unwrap();
        let ms = Duration::from_millis;
        let heard = |done| Heard { answer: None, due: ms(100), sent: ms(1_000), done: ms(done) };
        tally.arrived(ms(100));
        tally.sent(Kind::Book);
        tally.heard(Kind::Book, &heard(1_600), Came::Done);
        tally.heard(Kind::Book, &heard(1_700), Came::Refused(Code::SeatTaken));
        tally.heard(Kind::Book, &heard(1_800), Came::Lost);
        tally.heard(Kind::Cancel, &heard(1_900), Came::Done);
        tally.cancelled(ms(1_900), true);
        let book = tally.kind(Kind::Book).unwrap();
        assert_eq!((book.sent, book.done, book.lost), (1, 1, 1));
        assert_eq!(book.refused[place_of(Code::SeatTaken)], 1);
        assert_eq!(tally.bins.len(), 4);
        assert_eq!((tally.bins[0].arrived, tally.bins[3].booked), (1, 1));
        let last = &tally.bins[3];
        assert!((1_690_000..1_720_000).contains(&last.from_due.max()), "{}", last.from_due.max());
        assert_eq!((last.from_due.len(), last.from_sent.len()), (3, 3));
        assert_eq!((last.cancelled, last.returned, last.lost), (1, 1, 1));
        let least = book.from_due.min();
        assert!((1_490_000..1_510_000).contains(&least), "{least}");
        assert_eq!(tally.last_booked, ms(1_600));
        assert_eq!(tally.last_heard, ms(1_900));
    }
}
