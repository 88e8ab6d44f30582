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
    let sent = body.0.borrow_mut().whole().filter(|_| is_form(&request));
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

/// What has been read ahead. It is kept as it came where it came at once, which is nearly always;
/// else it is put together: as it came, a body in chunks of a byte would take sixty times its size,
/// and as much again as the sender has written between its chunks.
#[derive(Default)]
struct Ahead {
    first: Bytes,
    /// All of it, from the second piece on.
    pieces: BytesMut,
    /// What it ended with.
    error: Option<PayloadError>,
}

impl Ahead {
    fn keep(&mut self, piece: Bytes) {
        if self.first.is_empty() && self.pieces.is_empty() {
            self.first = piece;
            return;
        }
        self.pieces.extend_from_slice(&std::mem::take(&mut self.first));
        self.pieces.extend_from_slice(&piece);
    }

    /// The bytes, in one piece.
    fn bytes(&mut self) -> &mut Bytes {
        if !self.pieces.is_empty() {
            self.first = std::mem::take(&mut self.pieces).freeze();
        }
        &mut self.first
    }

    fn next(&mut self) -> Option<Result<Bytes, PayloadError>> {
        let bytes = std::mem::take(self.bytes());
        match bytes.is_empty() {
            true => self.error.take().map(Err),
            false => Some(Ok(bytes)),
        }
    }
}

/// A body, and what has been read of it ahead.
struct Body {
    ahead: Ahead,
    payload: Payload,
    /// The payload was read to its end.
    is_over: bool,
    /// What is missing is not waited for.
    is_late: bool,
}

impl Body {
    fn new(payload: Payload) -> Self {
        Self { ahead: Ahead::default(), payload, is_over: false, is_late: false }
    }

    /// All of it, before anybody has read it; none where it has not come to its end.
    fn whole(&mut self) -> Option<Bytes> {
        let is_whole = self.is_over && self.ahead.error.is_none();
        is_whole.then(|| self.ahead.bytes().clone())
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
            let ahead = &mut self.0.borrow_mut().ahead;
            match chunk {
                None => break,
                Some(Err(error)) => ahead.error = Some(error),
                Some(Ok(piece)) => {
                    bytes += piece.len();
                    ahead.keep(piece);
                }
            }
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
        match body.ahead.next() {
            Some(chunk) => Poll::Ready(Some(chunk)),
            None => body.poll_payload(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::stream;

    use super::*;

    /// A body that comes in these pieces, each with `room` bytes of what is no body around it.
    fn sent(pieces: &[&[u8]], room: usize, error: Option<PayloadError>) -> Shared {
        let pieces = pieces.iter().map(|piece| {
            let mut read = vec![b' '; room];
            read.extend_from_slice(piece);
            Ok(Bytes::from(read).slice(room..))
        });
        let pieces: Vec<_> = pieces.chain(error.map(Err)).collect();
        let payload: Payload = Payload::Stream { payload: Box::pin(stream::iter(pieces)) };
        Shared(Rc::new(RefCell::new(Body::new(payload))))
    }

    async fn read(body: Shared) -> Vec<Result<Bytes, String>> {
        pin!(body).map(|piece| piece.map_err(|error| error.to_string())).collect().await
    }

    #[actix_web::test]
    async fn a_body_in_many_pieces_is_kept_as_one() {
        let many = vec![b"x".as_slice(); 60_000];
        let mut body = sent(&many, 100, None);
        body.take_in().await;
        // Twice as much at most, as the buffer doubles; as they came it would be millions.
        assert!(body.0.borrow().ahead.pieces.capacity() <= 2 * 65_536);
        assert_eq!(body.0.borrow_mut().whole().unwrap().len(), 60_000);
        let read = read(body).await;
        assert_eq!(read, [Ok(Bytes::from(vec![b'x'; 60_000]))], "one piece of 60,000 bytes");
    }

    #[actix_web::test]
    async fn what_came_at_once_is_copied_by_nobody() {
        let mut body = sent(&[b"booking"], 0, None);
        body.take_in().await;
        let before = body.0.borrow().ahead.first.as_ptr();
        assert_eq!(body.0.borrow_mut().whole().unwrap().as_ptr(), before);
        assert_eq!(read(body).await, [Ok(Bytes::from_static(b"booking"))]);
    }

    #[actix_web::test]
    async fn a_body_that_ends_with_an_error_is_not_whole() {
        for pieces in [vec![], vec![b"ab".as_slice()], vec![b"ab".as_slice(), b"cd"]] {
            let mut body = sent(&pieces, 0, Some(PayloadError::Overflow));
            body.take_in().await;
            assert!(body.0.borrow_mut().whole().is_none());
            let read = read(body).await;
            let bytes: Vec<u8> = read.iter().flatten().flatten().copied().collect();
            assert_eq!(bytes, pieces.concat());
            assert!(read.last().unwrap().is_err(), "and then the error");
        }
    }

    /// What is beyond what a JSON body may have is read by its handler, as it comes.
    #[actix_web::test]
    async fn the_rest_of_a_file_comes_after_what_was_read_ahead() {
        let piece = vec![b'a'; BODY_BYTES_MAX / 2 + 1];
        let pieces = vec![piece.as_slice(); 5];
        let mut body = sent(&pieces, 0, None);
        body.take_in().await;
        assert!(body.0.borrow_mut().whole().is_none());
        let lengths = read(body).await.into_iter().map(|piece| piece.unwrap().len());
        assert_eq!(
            lengths.collect::<Vec<_>>(),
            [2 * piece.len(), piece.len(), piece.len(), piece.len()]
        );
    }
}
