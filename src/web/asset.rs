//! The files of the pages: style sheets, scripts, an icon. They are part of the program, and
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
/// For pages that only staff see.
const STAFF_STYLE: &str = include_str!("assets/staff.css");
const STAFF_SCRIPT: &str = include_str!("assets/staff.js");
/// For pages that say when to come again.
const AGAIN_SCRIPT: &str = include_str!("assets/again.js");
const ICON: &str = include_str!("assets/icon.svg");

/// Where the files lie; computed once, like their text.
static PATHS: LazyLock<Paths> = LazyLock::new(|| Paths {
    style: hashed("style", STYLE, "css"),
    script: hashed("live", SCRIPT, "js"),
    staff_style: hashed("staff", STAFF_STYLE, "css"),
    staff_script: hashed("staff", STAFF_SCRIPT, "js"),
    again: hashed("again", AGAIN_SCRIPT, "js"),
    icon: hashed("icon", ICON, "svg"),
});

struct Paths {
    style: String,
    script: String,
    staff_style: String,
    staff_script: String,
    again: String,
    icon: String,
}

/// Where the style sheet lies.
pub fn style() -> &'static str {
    &PATHS.style
}

/// Where the script lies.
pub fn script() -> &'static str {
    &PATHS.script
}

/// Where the style sheet of pages for staff lies, which comes beside the other.
pub fn staff_style() -> &'static str {
    &PATHS.staff_style
}

/// Where the script of pages for staff lies, which comes beside the other.
pub fn staff_script() -> &'static str {
    &PATHS.staff_script
}

/// Where the script lies that tries again by itself.
pub fn again() -> &'static str {
    &PATHS.again
}

/// Where the icon lies.
pub fn icon() -> &'static str {
    &PATHS.icon
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
        (staff_style(), STAFF_STYLE, Kind::Style),
        (staff_script(), STAFF_SCRIPT, Kind::Script),
        (again(), AGAIN_SCRIPT, Kind::Script),
        (icon(), ICON, Kind::Icon),
    ];
    let leaf = |(path, text, kind): (&str, &str, Kind)| {
        let document = Document::from_bytes(text.as_bytes().to_vec())?;
        Ok((path.to_owned(), Arc::new(Leaf { document, kind })))
    };
    files.into_iter().map(leaf).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Tokens = BTreeMap<String, [f64; 3]>;

    /// The colours of the light style and of the dark one.
    fn tokens() -> (Tokens, Tokens) {
        let (light, dark) = STYLE.split_once("@media(prefers-color-scheme:dark)").unwrap();
        let of = |text: &str| {
            let text = text.split('}').next().unwrap();
            let pairs = text.split("--").skip(1).filter_map(|pair| {
                let (name, rest) = pair.split_once(":#")?;
                Some((name.to_owned(), colour(rest.split([';', '}']).next()?.trim())))
            });
            pairs.collect::<Tokens>()
        };
        (of(light), of(dark))
    }

    fn colour(hex: &str) -> [f64; 3] {
        let hex: String = match hex.len() {
            3 => hex.chars().flat_map(|c| [c, c]).collect(),
            _ => hex.to_owned(),
        };
        [0, 2, 4].map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap().into())
    }

    /// WCAG 2: relative luminance, and the ratio of two.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let [red, green, blue] = colour.map(|part| {
                let part = part / 255.0;
                match part <= 0.040_45 {
                    true => part / 12.92,
                    false => ((part + 0.055) / 1.055).powf(2.4),
                }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_colour_is_seen_on_what_it_stands_on() {
        assert!((contrast(colour("fff"), colour("767676")) - 4.54).abs() < 0.01, "the control");
        let (light, dark) = tokens();
        assert_eq!(light.keys().collect::<Vec<_>>(), dark.keys().collect::<Vec<_>>());
        // Text needs 4.5, and 7 where it is long; edges and shapes need 3.
        let papers = ["paper", "card", "good", "warn", "bad-paper"];
        let mut pairs: Vec<(&str, &str, f64)> =
            papers.iter().map(|paper| ("ink", *paper, 7.0)).collect();
        pairs.extend([
            ("soft", "paper", 4.5),
            ("soft", "card", 4.5),
            ("link", "paper", 4.5),
            ("link", "card", 4.5),
            ("accent", "paper", 4.5),
            ("accent", "card", 4.5),
            ("on-accent", "accent", 4.5),
            ("card", "bad", 4.5),
            ("bad", "paper", 4.5),
            ("bad", "card", 4.5),
            ("bad", "bad-paper", 4.5),
            ("warn", "ink", 4.5),
            ("edge", "paper", 3.0),
            ("edge", "card", 3.0),
            ("accent", "line", 3.0),
            ("warn-edge", "warn", 3.0),
        ]);
        for (style, tokens) in [("light", &light), ("dark", &dark)] {
            for (front, back, least) in &pairs {
                let ratio = contrast(tokens[*front], tokens[*back]);
                assert!(ratio >= *least, "{style}: {front} on {back} is {ratio:.2}");
            }
            // Yellow with a dark ring: one of the two is seen on everything.
            for back in ["paper", "card", "accent", "bad"] {
                let best = ["focus", "focus-ink"].map(|ring| contrast(tokens[ring], tokens[back]));
                assert!(best.into_iter().any(|ratio| ratio >= 3.0), "{style}: focus on {back}");
            }
        }
    }

    #[test]
    fn files_load_nothing_and_stay_small() {
        for text in [STYLE, SCRIPT, STAFF_STYLE, STAFF_SCRIPT, AGAIN_SCRIPT, ICON] {
            let foreign = ["@import", "url(", "//cdn", "https://", "innerHTML", "eval("];
            for word in foreign {
                assert!(!text.contains(word), "{word}");
            }
        }
        assert!(SCRIPT.len() <= 4_096, "{} bytes of script", SCRIPT.len());
        assert!(AGAIN_SCRIPT.len() <= 2_048, "{} bytes of script", AGAIN_SCRIPT.len());
        assert!(STAFF_SCRIPT.len() <= 6_144, "{} bytes of script for staff", STAFF_SCRIPT.len());
        assert!(STAFF_STYLE.len() <= 6_144, "{} bytes of style for staff", STAFF_STYLE.len());
        assert!(STYLE.len() <= 9_728, "{} bytes of style", STYLE.len());
    }
}
