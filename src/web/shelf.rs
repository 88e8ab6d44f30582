//! What lies on the shelf: the public pages, made of the board's snapshot whenever it changes.
//! Pages whose facts did not change are kept as they are.

use std::{collections::BTreeMap, io, sync::Arc};

use super::{
    asset, landing,
    region_field::parts,
    round::Said,
    style,
    supply::{self, tally::Tally},
    text::Texts,
};
use crate::{
    board::{document::Document, snapshot::Snapshot},
    config::Site,
    domain::{CampaignId, language::Language},
    http::shelf::{Kind, Leaf, Leaves, Pages, Shelf},
};

/// Makes pages.
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
    pub fn shelf(&self, of: Arc<Snapshot>) -> io::Result<Shelf> {
        Ok(Shelf::new(asset::files()?, self.pages(of, None)?))
    }

    /// The pages of the snapshot. What says the same as before is taken from there.
    ///
    /// # Errors
    /// Those of templates and encoders.
    pub fn pages(&self, of: Arc<Snapshot>, before: Option<&Pages>) -> io::Result<Pages> {
        let mut leaves = self.fixed.clone();
        let is_same = |id: &CampaignId| before.is_some_and(|then| is_same(&then.of, &of, *id));
        let all_same = before.is_some_and(|then| then.of.supplies.len() == of.supplies.len())
            && before.is_some_and(|then| then.of.cut_off_since == of.cut_off_since)
            && of.supplies.keys().all(is_same);
        let kept = |leaves: &mut Leaves, paths: &Paths| {
            let leaf = |path: &String| before.and_then(|then| then.leaves.get(path)).cloned();
            let Some((page, live)) = leaf(&paths.page).zip(leaf(&paths.live)) else { return false };
            leaves.insert(paths.page.clone(), page);
            leaves.insert(paths.live.clone(), live);
            true
        };
        for language in Language::ALL {
            let paths = Paths::new(language, landing::PATH);
            if !(all_same && kept(&mut leaves, &paths)) {
                let made = landing::render(Texts(language), &self.site, &of, &paths.live);
                put(&mut leaves, language, paths, made.map_err(io::Error::other)?)?;
            }
        }
        for &id in of.supplies.keys() {
            let paths = |language| Paths::new(language, &format!("/campaigns/{id}"));
            let stay = |language| kept(&mut leaves, &paths(language));
            if is_same(&id) && Language::ALL.into_iter().all(stay) {
                continue;
            }
            let tally = Tally::new(&of, id);
            for language in Language::ALL {
                let (t, paths) = (Texts(language), paths(language));
                let made = supply::render(t, &self.site, (&of, id), &tally, &paths.live);
                if let Some(made) = made.map_err(io::Error::other)? {
                    put(&mut leaves, language, paths, made)?;
                }
            }
        }
        let same = before.filter(|then| Arc::ptr_eq(&then.of.catalogue, &of.catalogue));
        let parts = same.map_or_else(|| parts(&of.catalogue), |then| then.parts.clone());
        Ok(Pages { of, leaves, parts })
    }
}

/// Whether everything that is said of a campaign is the same in two snapshots.
fn is_same(then: &Snapshot, now: &Snapshot, id: CampaignId) -> bool {
    let supplies = then.supplies.get(&id).zip(now.supplies.get(&id));
    supplies.is_some_and(|(then, now)| Arc::ptr_eq(then, now))
        && Arc::ptr_eq(&then.catalogue, &now.catalogue)
        && then.cut_off_since == now.cut_off_since
}

/// Where a page and its live document lie.
struct Paths {
    page: String,
    live: String,
}

impl Paths {
    fn new(language: Language, path: &str) -> Self {
        let page = format!("/{language}{path}");
        Self { live: format!("{page}/now"), page }
    }
}

fn put(
    leaves: &mut Leaves,
    language: Language,
    paths: Paths,
    (text, said, turn): (String, Vec<Said>, String),
) -> io::Result<()> {
    let mut live: BTreeMap<&str, &str> = BTreeMap::new();
    live.insert("turn", &turn);
    live.extend(said.iter().map(|said| (said.key.as_str(), said.text.as_str())));
    let document = Document::new(&live)?;
    leaves.insert(paths.page, page(language, text)?);
    leaves.insert(paths.live, Arc::new(Leaf { document, kind: Kind::Live(language) }));
    Ok(())
}

fn page(language: Language, text: String) -> io::Result<Arc<Leaf>> {
    let document = Document::from_bytes(text.into_bytes())?;
    Ok(Arc::new(Leaf { document, kind: Kind::Page(language) }))
}
