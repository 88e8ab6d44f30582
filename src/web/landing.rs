//! The landing page: what is true of every round, before anybody signs in.

use askama::Template;

use super::{
    cut_off,
    page::Frame,
    round::{Round, Said},
    text::Texts,
};
use crate::{board::snapshot::Snapshot, config::Site};

/// Changes of a limit that the landing page shows; the round's own page has the rest.
const CHANGES_SHOWN: usize = 3;

/// Where the landing page is, after its language.
pub const PATH: &str = "";

#[derive(Template)]
#[template(path = "landing.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    live: &'a str,
    turn: String,
    cut_off: Option<String>,
    rounds: Vec<Round>,
    /// Nobody will book in them any more.
    past: Vec<Round>,
}

/// The page of a snapshot, with the sentences of its live document and what they belong to.
///
/// # Errors
/// Those of the template.
pub fn render(
    t: Texts,
    site: &Site,
    snapshot: &Snapshot,
    live: &str,
) -> askama::Result<(String, Vec<Said>, String)> {
    let rounds = snapshot.catalogue.campaigns.keys();
    let rounds = rounds.filter_map(|&id| Round::new(t, snapshot, id));
    let (past, mut rounds): (Vec<_>, Vec<_>) = rounds.partition(|round| round.phase.is_over());
    rounds.sort_by_key(|round| !round.phase.is_open());
    for round in &mut rounds {
        round.changes.truncate(CHANGES_SHOWN);
    }
    let said = rounds.iter().flat_map(Round::said).cloned().collect();
    let turns: Vec<_> = rounds.iter().chain(&past).map(Round::turn).collect();
    let turn = turns.join(" ") + cut_off::turn(snapshot);
    let frame = Frame::new(t, site, PATH);
    let cut_off = cut_off::sentence(t, site, snapshot);
    let page = Page { t, frame, live, turn: turn.clone(), cut_off, rounds, past };
    Ok((page.render()?, said, turn))
}
