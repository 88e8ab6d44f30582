//! What a workbook consists of: where its sheets, texts and styles are, and from when it counts
//! days.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::{
    package::Package,
    xml::{attribute, broken},
};
use crate::{domain::Detail, flows::import::loader::Stop};

const ROOT: &str = "_rels/.rels";

/// The names of parts.
pub(super) struct Workbook {
    pub(super) sheet: String,
    pub(super) strings: Option<String>,
    pub(super) styles: Option<String>,
    /// Days are counted from 1 January 1904, as of old on the Macintosh, and not from 1900.
    pub(super) is_1904: bool,
}

/// A part that another one refers to.
struct Relation {
    /// The last word of its type.
    kind: String,
    part: String,
}

/// Finds the parts; the sheet by its name, else the first that has cells.
///
/// # Errors
/// The archive is no workbook, or has no such sheet.
pub(super) fn read(package: &mut Package, sheet: Option<&str>) -> Result<Workbook, Stop> {
    if !package.has(ROOT) {
        return Err(Stop::file(1, Detail::NoWorkbook));
    }
    let root = relations(package, ROOT, "")?;
    let main = root.into_values().find(|relation| relation.kind == "officeDocument");
    let main = main.map(|relation| relation.part).filter(|part| part.ends_with(".xml"));
    let main = main.ok_or_else(|| Stop::file(1, Detail::NoWorkbook))?;
    let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
    let mut relations = relations(package, &format!("{folder}/_rels/{name}.rels"), folder)?;
    let (sheets, is_1904) = sheets(package, &main)?;
    let is_sheet =
        |id: &String| relations.get(id).is_some_and(|relation| relation.kind == "worksheet");
    let mut with_cells = sheets.into_iter().filter(|(_, id)| is_sheet(id));
    let found = match sheet {
        Some(wanted) => with_cells.find(|(name, _)| name.trim() == wanted.trim()),
        None => with_cells.next(),
    };
    let (_, id) = found.ok_or_else(|| Stop::file(1, Detail::NoSuchSheet))?;
    let sheet = relations.remove(&id).ok_or_else(broken)?.part;
    let mut part = |kind: &str| {
        let id = relations.iter().find(|(_, relation)| relation.kind == kind);
        let id = id.map(|(id, _)| id.clone());
        id.and_then(|id| relations.remove(&id)).map(|relation| relation.part)
    };
    Ok(Workbook { sheet, strings: part("sharedStrings"), styles: part("styles"), is_1904 })
}

/// The parts that a part refers to, by their ids there.
fn relations(
    package: &mut Package,
    name: &str,
    folder: &str,
) -> Result<HashMap<String, Relation>, Stop> {
    let mut found = HashMap::new();
    let mut part = package.small(name)?;
    loop {
        match part.next()? {
            Event::Start(element) | Event::Empty(element)
                if element.local_name().as_ref() == "Relationship" =>
            {
                let value = |name: &str| attribute(&element, name).unwrap_or_default();
                let kind = value("Type").rsplit('/').next().unwrap_or_default().to_owned();
                let part = resolve(folder, &value("Target"));
                found.insert(value("Id"), Relation { kind, part });
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The sheets in their order, as name and id; and whether days count from 1904.
fn sheets(package: &mut Package, name: &str) -> Result<(Vec<(String, String)>, bool), Stop> {
    let mut sheets = Vec::new();
    let mut is_1904 = false;
    let mut part = package.small(name)?;
    loop {
        match part.next()? {
            Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                "sheet" => {
                    let value = |name: &str| attribute(&element, name).unwrap_or_default();
                    sheets.push((value("name"), value("id")));
                }
                "workbookPr" => {
                    let flag = attribute(&element, "date1904").unwrap_or_default();
                    is_1904 = ["1", "true", "on"].contains(&flag.as_str());
                }
                _ => {}
            },
            Event::Eof => return Ok((sheets, is_1904)),
            _ => {}
        }
    }
}

/// The name of a part, out of one that is relative to a folder.
fn resolve(folder: &str, target: &str) -> String {
    let mut path: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(path.pop()),
            part => path.push(part),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_from_their_folder_or_from_the_root() {
        for (folder, target, name) in [
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "./styles.xml", "xl/styles.xml"),
            ("xl/a", "../styles.xml", "xl/styles.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "../../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(resolve(folder, target), name);
        }
    }
}
