//! Bodies in slices. The server copies what a body gives into the buffer of its connection: of a
//! document that all share, every client that does not read would hold a copy.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_http::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

/// As much as the server writes at once.
const SLICE_BYTES: usize = 32 * 1024;

/// A body that gives its bytes in slices.
pub struct SlicedBody<B> {
    body: B,
    /// What was taken from the body and not given on.
    rest: Bytes,
}

impl<B> SlicedBody<B> {
    pub fn new(body: B) -> Self {
        Self { body, rest: Bytes::new() }
    }
}

impl<B: MessageBody + Unpin> MessageBody for SlicedBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { body, rest } = self.get_mut();
        if rest.is_empty() {
            match Pin::new(body).poll_next(context) {
                Poll::Ready(Some(Ok(bytes))) => *rest = bytes,
                other => return other,
            }
        }
        let slice = rest.split_to(rest.len().min(SLICE_BYTES));
        Poll::Ready(Some(Ok(slice)))
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        if !self.rest.is_empty() {
            return Err(self);
        }
        let Self { body, rest } = self;
        body.try_into_bytes().map_err(|body| Self { body, rest })
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::poll_fn};

    use super::*;

    #[actix_web::test]
    async fn a_body_comes_whole_in_slices_of_the_memory_that_all_share() {
        let document = Bytes::from(vec![7; 3 * SLICE_BYTES + 1]);
        let mut body = SlicedBody::new(document.clone());
        assert_eq!(body.size(), BodySize::Sized(u64::try_from(document.len()).expect("short")));
        let mut lengths = Vec::new();
        let mut at = document.as_ptr();
        while let Some(slice) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            let slice: Result<Bytes, Infallible> = slice;
            let slice = slice.expect("bytes");
            assert_eq!(slice.as_ptr(), at, "no copy");
            at = at.wrapping_add(slice.len());
            lengths.push(slice.len());
        }
        assert_eq!(lengths, [SLICE_BYTES, SLICE_BYTES, SLICE_BYTES, 1]);
    }
}
