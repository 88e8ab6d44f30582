//! Load shedding by priority. `Admitted` is the first argument of a handler, so its signature tells
//! the priority. Requests of a low class (`http::class`) are refused while the lanes fill up,
//! before a row is looked up. Who is let in holds a permit; a body has come before
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

use super::{
    class::{Class, Terms},
    gates::Gates,
    problem::Problem,
    state::App,
};
use crate::{domain::Detail, flows};

/// For which a file that has come waits for its turn, asking so often.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(250);

/// A kind of request, as handlers name it.
pub trait Priority: 'static {
    const CLASS: Class;
    /// Bounds how many requests may be under way at once; none where the lanes' queues do that.
    fn gate(gates: &Gates) -> Option<&Arc<Semaphore>>;
}

/// The permission to be served now, held until the handler is done.
pub struct Admitted<P> {
    _permit: Option<OwnedSemaphorePermit>,
    priority: PhantomData<P>,
}

/// A type for each class: what it is for, and its gate.
macro_rules! priorities {
    ($($(#[$about:meta])+ $name:ident: $gate:expr;)+) => {
        $(
            $(#[$about])+
            pub struct $name;

            impl Priority for $name {
                const CLASS: Class = Class::$name;
                fn gate(gates: &Gates) -> Option<&Arc<Semaphore>> {
                    let gate: fn(&Gates) -> Option<&Arc<Semaphore>> = $gate;
                    gate(gates)
                }
            }
        )+
    };
}

priorities! {
    /// To book, or to write down what becomes of a booking at a clinic.
    Booking: |_| None;
    /// To cancel.
    Cancel: |_| None;
    /// To read something of one's own from the database.
    Read: |gates| Some(&gates.reads);
    /// To see what became of a booking: who has booked sees so, however many still want to.
    Afterwards: |gates| Some(&gates.afterwards);
    /// To read what people at a counter need, who are few and have somebody before them: the crowd
    /// holds none of their places.
    Desk: |gates| Some(&gates.desk);
    /// To be sent a code, which people do before they book.
    AskCode: |_| None;
    /// To be signed in by a code, which is the last thing before.
    TryCode: |_| None;
    /// To sign in by password, as staff do.
    SignIn: |gates| Some(&gates.sign_ins);
    /// To sign in by the number of a booking, which is looked for among those of many people.
    LookUp: |gates| Some(&gates.look_ups);
    /// To list or load much of the database, for administrators.
    Export: |gates| Some(&gates.exports);
    /// To send a file, for as long as it comes. Asked for once it is known who sends it.
    Upload: |gates| Some(&gates.uploads);
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
    let class = P::CLASS;
    let admitted = try_admit::<P>(app, &class.terms());
    app.gates.count(class, admitted.is_ok());
    admitted.map_err(|refused| later(app, class, refused.into()))
}

fn try_admit<P: Priority>(app: &App, terms: &Terms) -> flows::Result<Admitted<P>> {
    if app.lanes.load() >= terms.yields_at {
        return Err(app.lanes.overloaded());
    }
    if app.sign_ins.load() >= terms.yields_to_sign_ins_at {
        return Err(app.sign_ins.overloaded());
    }
    let permit = match P::gate(&app.gates) {
        None => None,
        Some(gate) => match gate.clone().try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_full) => return Err(app.lanes.overloaded()),
        },
    };
    Ok(Admitted { _permit: permit, priority: PhantomData })
}

/// The refusal with the time at which this class comes back: those nearest to a booking first.
fn later(app: &App, class: Class, mut problem: Problem) -> Problem {
    if let Detail::Crowded { retry_after } = &mut problem.refusal.detail {
        *retry_after = retry_after.saturating_add(app.gates.turn(class.terms().spread_seconds));
    }
    problem
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
