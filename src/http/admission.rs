//! Load shedding by priority. `Admitted` is the first argument of a handler, so its signature tells
//! the priority. Requests of a low priority are refused while the lanes fill up, before a row is
//! looked up. Who is let in holds a permit; a body has come before
//! (`http::unread_body`), so that nobody holds one while it drips in.
//!
//! Public reads from memory have no priority, because a refusal would cost as much as the answer.
//! Commands of administrators have none either: pausing a campaign at 20:00 must get through.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Duration, Instant},
};

use super::{gates::Gates, problem::Problem, state::App};

/// For which a file that has come waits for its turn, asking so often.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(250);

/// A kind of request.
pub trait Priority: 'static {
    /// Requests are refused from this load of the lanes on; at 1 the lanes refuse bookings too.
    const YIELDS_AT: f64;
    /// And from this load of the lane of sign-ins on.
    const YIELDS_TO_SIGN_INS_AT: f64 = f64::INFINITY;
    /// Bounds how many requests may be under way at once; none where the lanes' queues do that.
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>>;
}

/// The permission to be served now, held until the handler is done.
pub struct Admitted<P> {
    _permit: Option<OwnedSemaphorePermit>,
    priority: PhantomData<P>,
}

/// To book or to cancel.
pub struct Booking;
/// To read something of one's own from the database.
pub struct Read;
/// To see what became of a booking: who has booked sees so, however many still want to.
pub struct Afterwards;
/// To be sent a code, which people do before they book.
pub struct AskCode;
/// To be signed in by a code, which is the last thing before.
pub struct TryCode;
/// To sign in by password, as staff do.
pub struct SignIn;
/// To sign in by the number of a booking, which is looked for among those of many people.
pub struct LookUp;
/// To list or load much of the database, for administrators.
pub struct Export;
/// To send a file, for as long as it comes. Asked for once it is known who sends it.
pub struct Upload;

impl Priority for Booking {
    const YIELDS_AT: f64 = 1.0;
    fn gate(_: &Gates) -> Option<&Arc<Semaphore>> {
        None
    }
}

impl Priority for Read {
    const YIELDS_AT: f64 = 0.9;
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
        Some(&gates.reads)
    }
}

impl Priority for Afterwards {
    const YIELDS_AT: f64 = f64::INFINITY;
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
        Some(&gates.reads)
    }
}

impl Priority for AskCode {
    const YIELDS_AT: f64 = 0.7;
    const YIELDS_TO_SIGN_INS_AT: f64 = 0.8;
    fn gate(_: &Gates) -> Option<&Arc<Semaphore>> {
        None
    }
}

impl Priority for TryCode {
    const YIELDS_AT: f64 = 0.8;
    fn gate(_: &Gates) -> Option<&Arc<Semaphore>> {
        None
    }
}

impl Priority for SignIn {
    const YIELDS_AT: f64 = 0.7;
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
        Some(&gates.sign_ins)
    }
}

impl Priority for LookUp {
    const YIELDS_AT: f64 = 0.7;
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
        Some(&gates.look_ups)
    }
}

impl Priority for Export {
    const YIELDS_AT: f64 = 0.4;
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
        Some(&gates.exports)
    }
}

impl Priority for Upload {
    const YIELDS_AT: f64 = Export::YIELDS_AT;
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
        Some(&gates.uploads)
    }
}

impl<P: Priority> FromRequest for Admitted<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<Data<App>>() {
            Some(app) => admit(app),
            None => Err(Problem::internal("the handler has no App")),
        })
    }
}

/// Asks for the permission within a handler: for pages, which keep what was typed into a form that
/// they refuse, and for files, whose sender is asked for first.
///
/// # Errors
/// `overloaded`.
pub fn admit<P: Priority>(app: &App) -> Result<Admitted<P>, Problem> {
    if app.lanes.load() >= P::YIELDS_AT {
        return Err(app.lanes.overloaded().into());
    }
    if app.sign_ins.load() >= P::YIELDS_TO_SIGN_INS_AT {
        return Err(app.sign_ins.overloaded().into());
    }
    let permit = match P::gate(&app.gates) {
        None => None,
        Some(gate) => match gate.clone().try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_full) => return Err(app.lanes.overloaded().into()),
        },
    };
    Ok(Admitted { _permit: permit, priority: PhantomData })
}

/// As [`admit`], for somebody whose file has come: they are not sent away at once, because they
/// would have to send it again.
///
/// # Errors
/// `overloaded` where it is full for long.
pub async fn admit_in_time<P: Priority>(app: &App) -> Result<Admitted<P>, Problem> {
    let until = Instant::now() + PATIENCE;
    loop {
        match admit(app) {
            Err(_full) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
}
