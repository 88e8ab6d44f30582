//! What lies on the shelf: the public pages, made of the board's snapshot whenever it changes.

use std::{io, sync::Arc};

use super::{asset, style, text::Texts};
use crate::{
    board::{document::Document, snapshot::Snapshot},
    config::Site,
    domain::language::Language,
    http::shelf::{Kind, Leaf, Leaves, Pages, Shelf},
};

/// Makes pages, and keeps those that stay as they are.
#[derive(Debug)]
pub struct Maker {
    site: Site,
    /// Pages that no snapshot changes.
    fixed: Leaves,
}

impl Maker {
    /// # Errors
    /// Those of templates and encoders.
    pub fn new(site: Site) -> io::Result<Self> {
        let mut fixed = Leaves::new();
        for language in Language::ALL {
            let text = style::render(Texts(language), &site).map_err(io::Error::other)?;
            fixed.insert(format!("/{language}/style"), page(language, text)?);
        }
        Ok(Self { site, fixed })
    }

    /// The shelf with the files and the first pages.
    ///
    /// # Errors
    /// Those of templates and encoders.
    pub fn shelf(&mut self, of: Arc<Snapshot>) -> io::Result<Shelf> {
        Ok(Shelf::new(asset::files()?, self.pages(of)?))
    }

    /// The pages of the snapshot.
    ///
    /// # Errors
    /// Those of templates and encoders.
    pub fn pages(&mut self, of: Arc<Snapshot>) -> io::Result<Pages> {
        Ok(Pages { of, leaves: self.fixed.clone() })
    }
}

fn page(language: Language, text: String) -> io::Result<Arc<Leaf>> {
    let document = Document::from_bytes(text.into_bytes())?;
    Ok(Arc::new(Leaf { document, kind: Kind::Page(language) }))
}
