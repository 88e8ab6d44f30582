//! Which version of something a change is meant for (RFC 9110, 13.1.1).

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::IF_MATCH};

use super::problem::Problem;
use crate::domain::{Code, Detail, Refusal};

/// The version that the request names; none where it has no such header, or takes any.
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// The version, or none for any.
    pub fn version(&self) -> Option<&str> {
        self.0.as_deref().filter(|version| *version != "*")
    }

    /// The version, for what must not be changed unseen.
    ///
    /// # Errors
    /// `precondition_required` where the request names none.
    pub fn required(&self) -> Result<Option<&str>, Problem> {
        if self.0.is_none() {
            return Err(Refusal::new(Code::PreconditionRequired, Detail::IfMatchMissing).into());
        }
        Ok(self.version())
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// A weak tag never matches, nor does a list of several: neither is a version that was read.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = request.headers().get(IF_MATCH);
        let version = value.map(|value| {
            let text = value.to_str().unwrap_or_default().trim();
            let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            tag.unwrap_or(if text == "*" { "*" } else { "" }).to_owned()
        });
        ready(Ok(Self(version)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(value: Option<&str>) -> IfMatch {
        let request = value.into_iter().fold(TestRequest::default(), |request, value| {
            request.insert_header((IF_MATCH, value))
        });
        let request = request.to_http_request();
        IfMatch::from_request(&request, &mut Payload::None).into_inner().unwrap()
    }

    #[test]
    fn a_version_is_what_stands_between_quotes() {
        assert_eq!(read(Some("\"abc\"")).version(), Some("abc"));
        assert_eq!(read(Some(" \"abc\" ")).required().unwrap(), Some("abc"));
        assert_eq!(read(Some("*")).required().unwrap(), None, "any");
        for never in ["abc", "W/\"abc\"", ""] {
            assert_eq!(read(Some(never)).version(), Some(""), "{never}: matches nothing");
        }
        assert_eq!(read(None).version(), None);
        assert!(read(None).required().is_err());
    }
}
