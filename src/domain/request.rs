//! What can be asked of a lane, and what comes of it.

use super::{
    BookingId, CampaignId, PersonId, ProductId, Refusal, SlotId, StaffUserId,
    allocation::Key,
    booking::{Book, Booking},
    channel::Channel,
    slot::Slot,
    staff_booking::BookFor,
    visit::Press,
    visit_rule::Seen,
};

/// A request to a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Book(Book),
    /// The booking as it was read when the request arrived. Its state is read again under the
    /// locks; only what never changes in a booking is used of it.
    Cancel(Booking),
    /// As `Cancel`, by an administrator and not by the booking's own person.
    CancelFor {
        booking: Booking,
        by: StaffUserId,
    },
    /// As `Cancel`, of a booking whose time the clinic has given up: that a later dose stands on it
    /// does not keep it.
    Displace(Booking),
    Visit(Box<Visit>),
    /// As `Book`, by staff for somebody else.
    BookFor(Box<BookFor>),
}

/// A press at a clinic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub press: Press,
    /// Its booking, as it was read before the locks: they are taken by what never changes in it.
    /// None before that, and where the clinic has no such booking.
    pub booking: Option<Booking>,
}

/// No row has one of these ids: they stand for those of a booking that is not known.
const NOBODY: PersonId = PersonId(0);
const NO_CAMPAIGN: CampaignId = CampaignId(0);
const NO_PRODUCT: ProductId = ProductId(0);

impl Request {
    /// The slot that is booked, or that a booking gives back.
    pub fn slot_id(&self) -> SlotId {
        match self {
            Self::Book(book) => book.slot_id,
            Self::BookFor(asked) => asked.book.slot_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } | Self::Displace(booking) => {
                booking.slot_id
            }
            // Of its clinic, by which alone the lane is chosen, and no slot there is.
            Self::Visit(visit) => match &visit.booking {
                Some(booking) => booking.slot_id,
                None => SlotId::of(visit.press.clinic_id, 0),
            },
        }
    }

    /// The id that the client chose.
    pub fn booking_id(&self) -> BookingId {
        match self {
            Self::Book(book) => book.booking_id,
            Self::BookFor(asked) => asked.book.booking_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } | Self::Displace(booking) => {
                booking.booking_id
            }
            Self::Visit(visit) => visit.press.booking_id,
        }
    }

    /// Whose booking it is.
    pub fn person_id(&self) -> PersonId {
        match self {
            Self::Book(book) => book.person_id,
            Self::BookFor(asked) => asked.book.person_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } | Self::Displace(booking) => {
                booking.person_id
            }
            Self::Visit(visit) => visit.booking.as_ref().map_or(NOBODY, |one| one.person_id),
        }
    }

    /// The campaign of the booking.
    pub fn campaign_id(&self) -> CampaignId {
        match self {
            Self::Book(book) => book.campaign_id,
            Self::BookFor(asked) => asked.book.campaign_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } | Self::Displace(booking) => {
                booking.campaign_id
            }
            Self::Visit(visit) => visit.booking.as_ref().map_or(NO_CAMPAIGN, |one| one.campaign_id),
        }
    }

    /// What a dose of is booked.
    pub fn product_id(&self) -> ProductId {
        match self {
            Self::Book(book) => book.product_id,
            Self::BookFor(asked) => asked.book.product_id,
            Self::Cancel(booking) | Self::CancelFor { booking, .. } | Self::Displace(booking) => {
                booking.product_id
            }
            Self::Visit(visit) => visit.booking.as_ref().map_or(NO_PRODUCT, |one| one.product_id),
        }
    }

    /// The allocations that the request may touch, once its slot is known.
    pub fn allocation_key(&self, slot: &Slot) -> Option<Key> {
        match self {
            Self::Book(book) => Some(book.allocation_key(slot)),
            Self::BookFor(asked) => Some(asked.book.allocation_key(slot)),
            Self::Cancel(booking) | Self::CancelFor { booking, .. } | Self::Displace(booking) => {
                Some(booking.allocation_key())
            }
            Self::Visit(visit) => visit.booking.as_ref().map(Booking::allocation_key),
        }
    }

    /// The channels whose doses the request may touch.
    pub fn channels(&self) -> &'static [Channel] {
        match self {
            Self::Book(_) => Channel::Web.sources(),
            Self::BookFor(asked) => asked.form.channel().sources(),
            // The booking may be of any: bookings of the web are nearly all.
            Self::Cancel(booking) | Self::CancelFor { booking, .. } | Self::Displace(booking) => {
                booking.channel.sources()
            }
            Self::Visit(_) => &Channel::ALL,
        }
    }
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// For a day to come or, of a walk-in, given.
    Booked(Booking),
    Cancelled(Booking),
    /// The request had been done before, and nothing was done now. This is the booking's state.
    Replayed(Booking),
    /// A press was made, or it was so before.
    Visited(Box<Seen>),
    Refused(Refusal),
}

impl Outcome {
    /// The label of the outcome in the metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Booked(booking) if booking.channel == Channel::WalkIn => "walked_in",
            Self::Booked(_) => "booked",
            Self::Cancelled(_) => "cancelled",
            Self::Replayed(_) => "replayed",
            Self::Visited(seen) if seen.is_new => "visited",
            Self::Visited(_) => "visited_before",
            Self::Refused(refusal) => refusal.code.slug(),
        }
    }
}
