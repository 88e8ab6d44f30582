//! Load shedding by priority. `Admitted` is the first argument of a handler, so that the signature
//! says how much it matters: what matters less makes way while the lanes are filling up, and is
//! refused before anything has been read or looked up.
//!
//! Public reads from memory have no priority: refusing them would cost as much as answering. Nor
//! have the commands of administrators: whoever pauses a campaign at 20:00 must get through.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use crate::http::state::App;

/// A kind of request.
pub trait Priority: 'static {
    /// It is refused while the lanes are as full as this: 1 is when they take in nobody any more.
    const YIELDS_AT: f64;
    /// How many may be under way at once; none where a queue of its own bounds it.
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>>;
}

/// How many requests of each class may be under way.
pub struct Gates {
    reads: Arc<Semaphore>,
    sign_ins: Arc<Semaphore>,
    exports: Arc<Semaphore>,
}

/// The right to be served now, held until the handler is done.
pub struct Admitted<P> {
    _permit: Option<OwnedSemaphorePermit>,
    priority: PhantomData<P>,
}

/// To book or to cancel.
pub struct Booking;
/// To read something of one's own from the database.
pub struct Read;
/// To sign in: for people who come before their turn.
pub struct SignIn;
/// To list or load much of the database, for administrators.
pub struct Export;

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

impl Priority for SignIn {
    const YIELDS_AT: f64 = 0.7;
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
        Some(&gates.sign_ins)
    }
}

impl Priority for Export {
    const YIELDS_AT: f64 = 0.4;
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
        Some(&gates.exports)
    }
}

impl Default for Gates {
    fn default() -> Self {
        let gate = |permits| Arc::new(Semaphore::new(permits));
        // A connection of the pools answers a few thousand reads a second: these wait well below
        // the two seconds after which a pool gives up.
        Self { reads: gate(1024), sign_ins: gate(256), exports: gate(8) }
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

fn admit<P: Priority>(app: &App) -> Result<Admitted<P>, Problem> {
    if app.lanes.fullness() >= P::YIELDS_AT {
        return Err(app.lanes.overloaded().into());
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
