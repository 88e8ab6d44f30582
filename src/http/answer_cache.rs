//! Answers that many ask for alike, kept as they are sent, encoded, until the board changes: the
//! clinics of a district, the times of a clinic, as JSON and as pages. They are found by what was
//! asked, word for word, before the routes are searched. What nobody asks for again makes room.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use actix_http::Response;
use actix_web::{
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_LANGUAGE, HeaderMap, HeaderValue},
    },
    web::Bytes,
};
use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};

use super::{negotiate, page};
use crate::{
    board::{document::Coding, snapshot::Snapshot},
    config::Site,
    domain::language::Language,
};

/// Of all answers that are kept, with what finds them.
pub const BYTES_MAX: usize = 64 * 1024 * 1024;
/// What an answer takes beside its bytes and its name, about.
const OVERHEAD: usize = 256;
/// Nobody asks for such a long name twice.
const TARGET_BYTES_MAX: usize = 512;

/// What an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A document for programs, with its entity tag.
    Json { etag: String },
    /// A page, which is the same for everybody and which no cache but this one keeps.
    Page(Language),
}

/// Who is given a kept answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    Everybody,
    /// Those who bring no cookie, so that nobody can be signed in.
    Strangers,
}

/// An answer as it is sent.
#[derive(Clone, Debug)]
pub struct Answer {
    pub kind: Kind,
    pub coding: Coding,
    pub body: Bytes,
    pub whom: Whom,
    /// From when on it says something else although the board did not change; none is never.
    pub until: Option<DateTime<Utc>>,
}

impl Answer {
    /// The answer to a request with these headers.
    pub fn response(&self, headers: &HeaderMap, site: &Site) -> Response<Bytes> {
        let (coding, body) = (self.coding, || self.body.clone());
        match &self.kind {
            Kind::Json { etag } if negotiate::knows(headers, etag) => negotiate::not_modified(etag),
            Kind::Json { etag } => negotiate::ok((coding, etag), negotiate::JSON, body()),
            Kind::Page(language) => {
                let mut response = Response::with_body(StatusCode::OK, body());
                let answered = response.headers_mut();
                negotiate::describe(answered, coding, page::HTML);
                answered.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
                answered.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                page::guard(answered, site);
                response
            }
        }
    }
}

/// The answers of one snapshot.
#[derive(Debug)]
struct Kept {
    of: Weak<Snapshot>,
    answers: Mutex<Halves>,
}

impl Kept {
    fn is_of(&self, snapshot: &Arc<Snapshot>) -> bool {
        std::ptr::eq(self.of.as_ptr(), Arc::as_ptr(snapshot))
    }
}

/// Keeps answers for as long as the snapshot is the board's.
#[derive(Debug, Default)]
pub struct AnswerCache {
    kept: ArcSwapOption<Kept>,
}

impl AnswerCache {
    /// The answer of this snapshot to whoever asks for this, in this coding.
    pub fn find(
        &self,
        of: &Arc<Snapshot>,
        (target, coding): (&str, Coding),
        now: DateTime<Utc>,
    ) -> Option<Arc<Answer>> {
        let kept = self.kept.load();
        let kept = kept.as_ref().filter(|kept| kept.is_of(of))?;
        let mut answers = kept.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let found = answers.find(&key(target, coding))?;
        found.until.is_none_or(|until| now < until).then_some(found)
    }

    /// Keeps an answer that was made of this snapshot, which is the board's.
    pub fn keep(&self, of: &Arc<Snapshot>, target: &str, answer: Arc<Answer>) {
        if target.len() > TARGET_BYTES_MAX {
            return;
        }
        let kept = match self.kept.load_full().filter(|kept| kept.is_of(of)) {
            Some(kept) => kept,
            None => {
                let (of, answers) = (Arc::downgrade(of), Mutex::default());
                let new = Arc::new(Kept { of, answers });
                self.kept.store(Some(new.clone()));
                new
            }
        };
        let mut answers = kept.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.put(key(target, answer.coding), answer);
    }

    /// Bytes that are kept now.
    pub fn bytes(&self) -> usize {
        let kept = self.kept.load();
        let bytes = |kept: &Arc<Kept>| {
            let answers = kept.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.young.bytes + answers.old.bytes
        };
        kept.as_ref().map_or(0, bytes)
    }
}

fn key(target: &str, coding: Coding) -> String {
    format!("{} {target}", coding.name().unwrap_or_default())
}

/// What was asked for of late, and what not since then: when the young are too many, the old go,
/// and the young become the old.
#[derive(Debug, Default)]
struct Halves {
    young: Half,
    old: Half,
}

#[derive(Debug, Default)]
struct Half {
    bytes: usize,
    answers: HashMap<String, Arc<Answer>>,
}

impl Halves {
    fn find(&mut self, key: &str) -> Option<Arc<Answer>> {
        if let Some(found) = self.young.answers.get(key) {
            return Some(found.clone());
        }
        let (key, found) = self.old.answers.remove_entry(key)?;
        self.old.bytes = self.old.bytes.saturating_sub(cost(&key, &found));
        self.put(key, found.clone());
        Some(found)
    }

    fn put(&mut self, key: String, answer: Arc<Answer>) {
        const HALF_MAX: usize = BYTES_MAX / 2;
        let bytes = cost(&key, &answer);
        if bytes > HALF_MAX {
            return;
        }
        if self.young.bytes + bytes > HALF_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        let before = self.young.answers.get(&key).map_or(0, |before| cost(&key, before));
        self.young.bytes = (self.young.bytes + bytes).saturating_sub(before);
        self.young.answers.insert(key, answer);
    }
}

fn cost(key: &str, answer: &Answer) -> usize {
    key.len() + answer.body.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn answer(bytes: usize) -> Arc<Answer> {
        let kind = Kind::Json { etag: "\"x\"".to_owned() };
        let body = vec![0; bytes].into();
        let (coding, whom) = (Coding::Gzip, Whom::Everybody);
        Arc::new(Answer { kind, coding, body, whom, until: None })
    }

    fn size(answers: &Halves) -> usize {
        let counted = |half: &Half| {
            let costs = half.answers.iter().map(|(key, answer)| cost(key, answer));
            let sum: usize = costs.sum();
            assert_eq!(sum, half.bytes, "what is counted is what is there");
            sum
        };
        counted(&answers.young) + counted(&answers.old)
    }

    #[test]
    fn what_is_kept_has_a_bound_and_what_is_asked_for_stays() {
        let mut answers = Halves::default();
        answers.put("often".to_owned(), answer(MIB));
        answers.put("once".to_owned(), answer(MIB));
        for n in 0..500 {
            answers.put(n.to_string(), answer(MIB));
            // The same again takes no more room.
            answers.put(n.to_string(), answer(MIB));
            assert!(size(&answers) <= BYTES_MAX, "after {n}");
            assert!(answers.find("often").is_some(), "after {n}");
        }
        assert!(size(&answers) > BYTES_MAX / 2, "the room is used");
        assert!(answers.find("once").is_none(), "the control: nobody asked again");
        answers.put("large".to_owned(), answer(BYTES_MAX));
        assert!(answers.find("large").is_none() && answers.find("often").is_some());
        size(&answers);
    }

    #[test]
    fn each_coding_is_found_by_its_own_name() {
        let keys = Coding::ALL.map(|coding| key("/v1/campaigns/1/clinics", coding));
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    }
}
