//! Refusals that come before the body of a request was read. The server would hang up after them,
//! and a crowd that is refused would come again on new connections, each with its handshakes: here
//! the rest of the body passes first.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    middleware::Next,
    web::Bytes,
};
use futures_util::{Stream, StreamExt};

/// No JSON body of this API needs more. An upload that goes on for longer is cut off.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// A body that trickles in longer than this is not waited for.
pub const BODY_SECONDS_MAX: Duration = Duration::from_secs(10);

/// Answers once the request has been heard out, as far as a JSON body may go.
///
/// # Errors
/// Those of the inner service, unchanged.
pub async fn hear_out<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let payload = request.parts_mut().1.take();
    if matches!(payload, Payload::None) {
        return next.call(request).await;
    }
    let mut rest = Shared(Rc::new(RefCell::new(payload)));
    request.set_payload(Payload::Stream { payload: Box::pin(rest.clone()) });
    let response = next.call(request).await;
    let _ = tokio::time::timeout(BODY_SECONDS_MAX, rest.pass()).await;
    response
}

/// A body that can still be read when its reader has given up.
#[derive(Clone)]
struct Shared(Rc<RefCell<Payload>>);

impl Shared {
    async fn pass(&mut self) {
        let mut bytes = 0;
        while bytes <= BODY_BYTES_MAX
            && let Some(Ok(chunk)) = self.next().await
        {
            bytes += chunk.len();
        }
    }
}

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}
