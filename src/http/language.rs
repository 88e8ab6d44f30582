//! In which language to answer: the one that a client likes best of those that dosebook speaks (RFC
//! 9110, 12.5.4). English where none is asked for that it speaks, or nothing that can be read.

use std::{
    cmp::Reverse,
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, HeaderMap, HeaderValue, VARY},
};

use crate::domain::language::Language;

/// The language of the answer, as a handler's argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted(pub Language);

impl FromRequest for Accepted {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(accepted(request.headers()))))
    }
}

/// The language that a request with these headers asks for.
pub fn accepted(headers: &HeaderMap) -> Language {
    let values = headers.get_all(ACCEPT_LANGUAGE).filter_map(|value| value.to_str().ok());
    best(values.flat_map(|value| value.split(',')))
}

/// The language of a page's path (`/ko`, `/en/campaigns/1`), and what follows it; none for paths
/// that are no page's.
pub fn of_path(path: &str) -> Option<(Language, &str)> {
    let path = path.strip_prefix('/')?;
    let (tag, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    Some((Language::tagged(tag)?, rest))
}

/// Marks an answer as one in the language; what it varies by already stays.
pub fn mark(headers: &mut HeaderMap, language: Language) {
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    headers.append(VARY, HeaderValue::from_static("Accept-Language"));
}

/// Of two that are liked alike, the one that is named first.
fn best<'a>(ranges: impl Iterator<Item = &'a str>) -> Language {
    let ranges: Vec<_> = ranges.filter_map(range).collect();
    // The highest weight that is given to a tag, and the place where.
    let liked = |tag: &str| {
        let ranges = ranges.iter().enumerate().filter(|(_, (range, _))| is_of(range, tag));
        ranges.map(|(at, (_, weight))| (*weight, Reverse(at))).max()
    };
    let ours = Language::ALL.into_iter().filter_map(|language| {
        let liked = liked(language.tag()).or_else(|| liked("*"))?;
        (liked.0 > 0).then_some((liked, Reverse(language.tag()), language))
    });
    ours.max_by_key(|(liked, tag, _)| (*liked, *tag)).map_or_else(Language::default, |best| best.2)
}

/// A language range and its weight in thousandths; none where it cannot be read.
fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = match parts.next() {
        None => 1_000,
        Some(parameter) => weight(parameter)?,
    };
    parts.next().is_none().then_some((range, weight))
}

/// `q=0.5` as 500: at most three digits after the point, and no more than 1 (RFC 9110, 12.4.2).
fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let is_plain = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !name.trim_end().eq_ignore_ascii_case("q") || !is_plain {
        return None;
    }
    let thousandths = format!("{part:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

/// Whether the range is for this language, wherever it is spoken (`ko-KR` is Korean).
fn is_of(range: &str, tag: &str) -> bool {
    range.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_gets_the_language_that_it_likes_best() {
        use Language::{English, Korean};
        for (header, expected) in [
            ("", English),
            ("en", English),
            ("ko", Korean),
            ("KO", Korean),
            ("ko-KR", Korean),
            ("ko-Kore-KR", Korean),
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Korean),
            ("en-US,en;q=0.9,ko;q=0.8", English),
            ("en;q=0.5, ko;q=0.8", Korean),
            ("de, ko;q=0.1", Korean),
            ("de-DE, fr;q=0.5", English),
            ("ko, en", Korean),
            ("en, ko", English),
            ("ko;q=0.9, en;q=0.9", Korean),
            ("*", English),
            ("ko, *", Korean),
            ("ko;q=0.5, *", English),
            ("*;q=0.5, ko", Korean),
            ("en;q=0, *", Korean),
            ("en;q=0, ko;q=0", English),
            ("ko;q=0, ko-KR;q=0.3", Korean),
            ("en;q=0.001, ko;q=0.002", Korean),
            ("ko ; Q=1.000 , en;q=1", Korean),
            // What cannot be read is as if it were not there.
            ("ko;q=2", English),
            ("ko;q=1.001", English),
            ("ko;q=0.1234", English),
            ("ko;q=-1", English),
            ("ko;q=", English),
            ("ko;q=,en;q=0.1", English),
            ("ko;level=1", English),
            ("ko;q=1;q=1", English),
            (";q=1", English),
            (",,;;==", English),
            ("kor", English),
            ("ko_KR", English),
            ("k", English),
            ("한국어", English),
        ] {
            assert_eq!(best(header.split(',')), expected, "{header:?}");
        }
    }

    #[test]
    fn the_path_of_a_page_begins_with_its_language() {
        assert_eq!(of_path("/ko"), Some((Language::Korean, "")));
        assert_eq!(of_path("/en/"), Some((Language::English, "/")));
        assert_eq!(of_path("/en/campaigns/1"), Some((Language::English, "/campaigns/1")));
        for path in ["", "/", "ko", "/kor", "/KO", "/v1/campaigns", "/docs", "//ko"] {
            assert_eq!(of_path(path), None, "{path}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(accepted(&headers), Language::English);
        headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static("en;q=0.5"));
        headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static("ko"));
        assert_eq!(accepted(&headers), Language::Korean);
    }
}
