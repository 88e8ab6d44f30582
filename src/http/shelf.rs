//! The shelf: pages and their files, written and compressed once and given to everybody. Files
//! never change; pages are put there anew whenever the board's snapshot changes what they say.

use std::{collections::HashMap, sync::Arc};

use actix_http::Response;
use actix_web::{
    http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, HeaderMap, HeaderValue},
    web::Bytes,
};
use arc_swap::{ArcSwap, Guard};

use super::{language, negotiate, page};
use crate::{
    board::{document::Document, snapshot::Snapshot},
    config::Site,
    domain::language::Language,
};

/// Files have a hash of their content in their names.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A public document and what it is.
#[derive(Debug)]
pub struct Leaf {
    pub document: Document,
    pub kind: Kind,
}

/// What a public document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Page(Language),
    /// The live numbers of a page, which its script asks for.
    Live(Language),
    Style,
    Script,
    Icon,
}

/// By path.
pub type Leaves = HashMap<String, Arc<Leaf>>;

/// Markup that many pages share, by its name and language.
pub type Parts = HashMap<(&'static str, Language), Arc<str>>;

/// The pages that were made of one snapshot, and parts of others, made of its catalogue.
#[derive(Debug)]
pub struct Pages {
    pub of: Arc<Snapshot>,
    pub leaves: Leaves,
    pub parts: Parts,
}

/// All public documents for browsers.
#[derive(Debug)]
pub struct Shelf {
    files: Leaves,
    pages: ArcSwap<Pages>,
}

impl Shelf {
    pub fn new(files: Leaves, pages: Pages) -> Self {
        Self { files, pages: ArcSwap::from_pointee(pages) }
    }

    /// Puts the pages in the place of those that are there.
    pub fn put(&self, pages: Pages) {
        self.pages.store(Arc::new(pages));
    }

    /// The pages as they lie there now.
    pub fn pages(&self) -> Guard<Arc<Pages>> {
        self.pages.load()
    }

    /// A part of pages of this snapshot; none while the parts are of another catalogue.
    pub fn part(&self, name: (&'static str, Language), of: &Snapshot) -> Option<Arc<str>> {
        let pages = self.pages();
        let is_same = Arc::ptr_eq(&pages.of.catalogue, &of.catalogue);
        pages.parts.get(&name).filter(|_| is_same).cloned()
    }

    /// What lies at the path. At `/` that is the landing page in the language of the browser.
    pub fn find(&self, path: &str, headers: &HeaderMap) -> Option<Arc<Leaf>> {
        if path == "/" {
            let landing = match language::accepted(headers) {
                Language::English => "/en",
                Language::Korean => "/ko",
            };
            return self.pages().leaves.get(landing).cloned();
        }
        self.pages().leaves.get(path).or_else(|| self.files.get(path)).cloned()
    }
}

impl Kind {
    fn media(self) -> &'static str {
        match self {
            Self::Page(_) => page::HTML,
            Self::Live(_) => negotiate::JSON,
            Self::Style => "text/css; charset=utf-8",
            Self::Script => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }
}

impl Leaf {
    /// The answer to a request for this path with these headers.
    pub fn answer(&self, path: &str, headers: &HeaderMap, site: &Site) -> Response<Bytes> {
        let mut response = negotiate::answer(headers, &self.document, self.kind.media());
        let answered = response.headers_mut();
        page::guard(answered, site);
        match self.kind {
            Kind::Page(language) if path == "/" => language::mark(answered, language),
            Kind::Page(language) | Kind::Live(language) => {
                answered.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
            }
            Kind::Style | Kind::Script | Kind::Icon => {
                answered.insert(CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
            }
        }
        response
    }
}
