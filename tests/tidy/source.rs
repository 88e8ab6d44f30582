//! The files that the rules look at.

use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) struct Source {
    /// From the root of the package, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The file's name without its ending.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    /// `flows` for src/flows/book.rs and for src/flows.rs.
    pub(crate) fn room(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or_default();
        below.split(['/', '.']).next().unwrap_or_default()
    }

    /// The text without lines that are comments.
    pub(crate) fn code(&self) -> String {
        let code = self.text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.collect::<Vec<_>>().join("\n")
    }
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `folder` that end so, in order.
pub(crate) fn sources(folder: &str, ending: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths);
    paths.sort();
    let wanted = paths.into_iter().filter(|path| path.to_string_lossy().ends_with(ending));
    wanted
        .map(|path| Source {
            text: fs::read_to_string(&path).expect("text"),
            path: path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(),
        })
        .collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

pub(crate) fn rust_sources() -> Vec<Source> {
    ["src", "tests", "bench/src"].iter().flat_map(|folder| sources(folder, ".rs")).collect()
}

#[track_caller]
pub(crate) fn assert_clean(complaints: &[String]) {
    assert!(complaints.is_empty(), "the house is untidy:\n{}", complaints.join("\n"));
}

#[track_caller]
pub(crate) fn assert_complains(complaints: &[String], about: &str) {
    let found = complaints.iter().any(|complaint| complaint.contains(about));
    assert!(found, "no complaint about {about:?} in {complaints:?}");
}
