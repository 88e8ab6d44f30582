//! Drains what a handler leaves of a request's body. Many refusals come before the body was read.
//! The server would close the connection after them, and every refused client would come again on a
//! new one, with new handshakes. So the rest of the body is read and dropped first.

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

/// Answers once the body has been read to its end, or as far as a JSON body may go.
///
/// # Errors
/// Those of the inner service, unchanged.
pub async fn drain<B: MessageBody>(
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
    let _ = tokio::time::timeout(BODY_SECONDS_MAX, rest.drain()).await;
    response
}

/// A body that can still be read when its reader has given up.
#[derive(Clone)]
struct Shared(Rc<RefCell<Payload>>);

impl Shared {
    async fn drain(&mut self) {
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
