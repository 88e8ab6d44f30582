//! The files of the pages: one style sheet, one script, one icon. They are part of the program, and
//! their names hold a hash of their content, so that browsers keep them for good.

use std::{
    io,
    sync::{Arc, LazyLock},
};

use sha2::{Digest, Sha256};

use crate::{
    board::document::Document,
    http::shelf::{Kind, Leaf, Leaves},
};

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/live.js");
const ICON: &str = include_str!("assets/icon.svg");

static STYLE_PATH: LazyLock<String> = LazyLock::new(|| hashed("style", STYLE, "css"));
static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| hashed("live", SCRIPT, "js"));
static ICON_PATH: LazyLock<String> = LazyLock::new(|| hashed("icon", ICON, "svg"));

/// Where the style sheet lies.
pub fn style() -> &'static str {
    &STYLE_PATH
}

/// Where the script lies.
pub fn script() -> &'static str {
    &SCRIPT_PATH
}

/// Where the icon lies.
pub fn icon() -> &'static str {
    &ICON_PATH
}

fn hashed(name: &str, text: &str, end: &str) -> String {
    let hash = data_encoding::HEXLOWER.encode(&Sha256::digest(text));
    format!("/assets/{name}.{}.{end}", hash.get(..8).unwrap_or_default())
}

/// All of them by path, in every coding.
///
/// # Errors
/// The encoders'.
pub fn files() -> io::Result<Leaves> {
    let files = [
        (style(), STYLE, Kind::Style),
        (script(), SCRIPT, Kind::Script),
        (icon(), ICON, Kind::Icon),
    ];
    let leaf = |(path, text, kind): (&str, &str, Kind)| {
        let document = Document::from_bytes(text.as_bytes().to_vec())?;
        Ok((path.to_owned(), Arc::new(Leaf { document, kind })))
    };
    files.into_iter().map(leaf).collect()
}
