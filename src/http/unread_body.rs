//! Takes in a request's body before its handler begins, and drains what the handler leaves of it.
//!
//! A handler that began before would hold a permit while a body drips in: eight clients could keep
//! everybody from exports. So up to what a JSON body may have is read first, within ten seconds.
//! Files are longer: what is beyond comes as their handlers read it.
//!
//! Many refusals come before a body was read to its end. The server would close the connection
//! after them, and every refused client would come again on a new one, with new handshakes. So the
//! rest is read and dropped. A client that does not send its rest in time is hung up on.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header::CONTENT_TYPE,
    middleware::Next,
    web::{Bytes, BytesMut, Data},
};
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::{
    connection::Hand,
    page::{FORM, SentForm},
    state::App,
};

/// No JSON body of this API needs more. An upload that goes on for longer is cut off.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// A body that trickles in longer than this is not waited for.
pub const BODY_SECONDS_MAX: Duration = Duration::from_secs(10);

/// Has the handler answer once the body is there, or as much as a JSON body may have, and answers
/// once the body has been read to its end, or as far again.
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
    let hand = request.request().conn_data::<Rc<Hand>>().cloned();
    let mut body = Shared(Rc::new(RefCell::new(Body::new(payload))));
    let patience = request.app_data::<Data<App>>().map(|app| app.patience.body);
    let patience = patience.unwrap_or(BODY_SECONDS_MAX);
    let until = Instant::now() + patience;
    let came = timeout_at(until, body.take_in()).await;
    if came.is_err() {
        body.0.borrow_mut().is_late = true;
    }
    let sent = body.0.borrow().whole().filter(|_| is_form(&request));
    if let Some(sent) = sent {
        request.extensions_mut().insert(SentForm(sent));
    }
    request.set_payload(Payload::Stream { payload: Box::pin(body.clone()) });
    let response = next.call(request).await;
    let until = Instant::now() + patience;
    let is_whole = came.is_ok() && timeout_at(until, body.drain()).await.unwrap_or(false);
    if !is_whole && let Some(hand) = hand {
        hand.answers_last();
    }
    response
}

fn is_form(request: &ServiceRequest) -> bool {
    let named = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = named.and_then(|value| value.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(FORM)
}

/// A body, and what has been read of it ahead.
struct Body {
    ahead: VecDeque<Result<Bytes, PayloadError>>,
    payload: Payload,
    /// The payload was read to its end.
    is_over: bool,
    /// What is missing is not waited for.
    is_late: bool,
}

impl Body {
    fn new(payload: Payload) -> Self {
        Self { ahead: VecDeque::new(), payload, is_over: false, is_late: false }
    }

    /// All of it, before anybody has read it; none where it has not come to its end.
    fn whole(&self) -> Option<Bytes> {
        if !self.is_over {
            return None;
        }
        // As good as always it is one.
        if let (Some(Ok(only)), 1) = (self.ahead.front(), self.ahead.len()) {
            return Some(only.clone());
        }
        let mut whole = BytesMut::new();
        for chunk in &self.ahead {
            whole.extend_from_slice(chunk.as_ref().ok()?);
        }
        Some(whole.freeze())
    }

    fn poll_payload(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, PayloadError>>> {
        if self.is_late {
            let late = io::Error::from(io::ErrorKind::TimedOut);
            return Poll::Ready(Some(Err(PayloadError::Io(late))));
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.payload).poll_next(context);
        self.is_over = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }
}

/// A body that can still be read when its reader has given up.
#[derive(Clone)]
struct Shared(Rc<RefCell<Body>>);

impl Shared {
    /// Reads ahead to the end, to an error, or beyond what a JSON body may have.
    async fn take_in(&mut self) {
        let mut bytes = 0;
        while bytes <= BODY_BYTES_MAX {
            let chunk =
                std::future::poll_fn(|context| self.0.borrow_mut().poll_payload(context)).await;
            let Some(chunk) = chunk else { break };
            bytes += chunk.as_ref().map_or(0, Bytes::len);
            self.0.borrow_mut().ahead.push_back(chunk);
        }
    }

    /// Whether the end was reached.
    async fn drain(&mut self) -> bool {
        let mut bytes = 0;
        while bytes <= BODY_BYTES_MAX {
            match self.next().await {
                Some(Ok(chunk)) => bytes += chunk.len(),
                Some(Err(_)) => return false,
                None => return true,
            }
        }
        false
    }
}

impl Stream for Shared {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut body = self.0.borrow_mut();
        match body.ahead.pop_front() {
            Some(chunk) => Poll::Ready(Some(chunk)),
            None => body.poll_payload(context),
        }
    }
}
