//! HEAD, once for all resources: it is GET without the body (RFC 9110, 9.3.2). The server leaves
//! out the body by itself: it keeps the method that came in.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
};

/// Lets the handlers of GET answer HEAD.
///
/// # Errors
/// Those of the inner service, unchanged.
pub async fn as_get<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    next.call(request).await
}
