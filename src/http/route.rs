//! Resources as the route tables write them down, and the answers where there is none.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder, Route,
    dev::{AppService, HttpServiceFactory},
    http::{
        Method,
        header::{ALLOW, HeaderValue},
    },
    web,
};

use super::problem::Problem;
use crate::domain::{Code, Detail, Refusal};

/// A resource that answers unknown methods with a problem document, which names those it has.
pub struct At {
    resource: Resource,
    methods: Vec<Method>,
}

/// The resource at a path.
pub fn at(path: &str) -> At {
    At { resource: web::resource(path), methods: Vec::new() }
}

impl At {
    /// Adds a method.
    pub fn route(mut self, Verb { method, route }: Verb) -> Self {
        if method == Method::GET {
            // `http::head` has it answered by GET.
            self.methods.push(Method::HEAD);
        }
        self.methods.push(method);
        self.resource = self.resource.route(route);
        self
    }
}

impl HttpServiceFactory for At {
    fn register(self, config: &mut AppService) {
        let mut methods: Vec<_> = self.methods.iter().map(Method::as_str).collect();
        methods.sort_unstable();
        let allowed = HeaderValue::from_str(&methods.join(", "));
        // Names of methods may stand in any header.
        let allowed = allowed.unwrap_or_else(|_impossible| HeaderValue::from_static(""));
        let other = web::to(move || std::future::ready(method_not_allowed(allowed.clone())));
        self.resource.default_service(other).register(config);
    }
}

/// A method without its handler.
pub struct Unbound(Method);

/// A method of a resource, and what handles it.
pub struct Verb {
    method: Method,
    route: Route,
}

impl Unbound {
    /// Has this handler answer.
    pub fn to<F, Args>(self, handler: F) -> Verb
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let Self(method) = self;
        Verb { route: web::method(method.clone()).to(handler), method }
    }
}

pub fn get() -> Unbound {
    Unbound(Method::GET)
}

pub fn post() -> Unbound {
    Unbound(Method::POST)
}

pub fn put() -> Unbound {
    Unbound(Method::PUT)
}

pub fn patch() -> Unbound {
    Unbound(Method::PATCH)
}

pub fn delete() -> Unbound {
    Unbound(Method::DELETE)
}

/// For paths that lead nowhere.
///
/// # Errors
/// Always: there is nothing here.
pub async fn not_found() -> Result<String, Problem> {
    Err(Refusal::not_found().into())
}

fn method_not_allowed(allowed: HeaderValue) -> HttpResponse {
    let problem = Problem::new(Code::MethodNotAllowed, Detail::NoSuchMethod);
    let mut response = HttpResponse::from_error(problem);
    response.headers_mut().insert(ALLOW, allowed);
    response
}
