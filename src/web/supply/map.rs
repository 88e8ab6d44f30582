//! The clinics as dots: no outline is needed, because they draw the country. One path a kind, no
//! style attributes, and words in the language of the page.

use std::{collections::BTreeMap, fmt::Write};

use super::tally::Dot;
use crate::{
    html::escape,
    web::{
        draw::projection::{Frame, Projection},
        text::Html,
    },
};

/// Units of the picture; a telephone shows about one a pixel.
const WIDTH: f64 = 320.0;
const HEIGHT_MAX: f64 = 420.0;
const MARGIN: f64 = 12.0;
/// Clinics nearer to each other than this are one dot.
const CELL: f64 = 2.0;
/// Where there are more clinics than this, the dots are further apart, so that they stay dots.
const CLINICS_FINE_MAX: usize = 3_000;
const CELL_COARSE: f64 = 4.0;
/// Height and width of letters, for labels that do not cover each other.
const LETTER: f64 = 12.0;

/// The name of a region, to stand amid its clinics.
#[derive(Clone, Debug)]
pub struct Label {
    pub name: String,
    pub dots: Vec<(f64, f64)>,
}

/// The picture, with its title and description; none where no clinic has coordinates.
pub fn draw(dots: &[Dot], labels: &[Label], title: &str, about: &str) -> Option<Html> {
    let places = dots.iter().map(|dot| (dot.latitude, dot.longitude));
    let to =
        Projection::new(places, Frame { width: WIDTH, height_max: HEIGHT_MAX, margin: MARGIN })?;
    // Coordinates are whole and not negative, so that their bits are in their order.
    let mut cells: BTreeMap<(u64, u64), i64> = BTreeMap::new();
    let cell = if dots.len() > CLINICS_FINE_MAX { CELL_COARSE } else { CELL };
    let whole = |value: f64| ((value / cell).round() * cell).max(0.0).to_bits();
    for dot in dots {
        let (x, y) = to.place(dot.latitude, dot.longitude);
        *cells.entry((whole(y), whole(x))).or_default() += dot.free;
    }
    let path = |kind: &str| {
        let mut path = String::new();
        for (&(y, x), _) in cells.iter().filter(|&(_, &free)| kind_of(free) == kind) {
            // Writing to a string does not fail.
            let _ = write!(path, "M{} {}h0", f64::from_bits(x), f64::from_bits(y));
        }
        path
    };
    let mut svg = format!(
        "<svg class=\"map\" viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" aria-labelledby=\"map-title \
         map-about\"><title id=\"map-title\">{}</title><desc id=\"map-about\">{}</desc>",
        WIDTH,
        to.height,
        escape(title),
        escape(about),
    );
    for kind in ["none", "few", "some", "many"] {
        let path = path(kind);
        if path.is_empty() {
            continue;
        }
        let _ = write!(svg, "<path class=\"{kind}\" d=\"{path}\"/>");
        if kind == "none" {
            // The hole that makes a ring of a dot.
            let _ = write!(svg, "<path class=\"hole\" d=\"{path}\"/>");
        }
    }
    for (x, y, name) in placed(&to, labels) {
        let _ = write!(svg, "<text x=\"{x:.0}\" y=\"{y:.0}\">{}</text>", escape(name));
    }
    svg.push_str("</svg>");
    Some(Html(svg))
}

/// How a dot with so many free doses looks.
fn kind_of(free: i64) -> &'static str {
    match free {
        ..=0 => "none",
        1..10 => "few",
        10..100 => "some",
        100.. => "many",
    }
}

/// Where labels stand: those of many clinics first, and none over another.
fn placed<'a>(to: &Projection, labels: &'a [Label]) -> Vec<(f64, f64, &'a str)> {
    let mut labels: Vec<_> = labels.iter().filter(|label| !label.dots.is_empty()).collect();
    labels.sort_by_key(|label| std::cmp::Reverse(label.dots.len()));
    let mut placed: Vec<(f64, f64, f64, &str)> = Vec::new();
    for label in labels {
        let (mut x, mut y, mut count) = (0.0, 0.0, 0.0);
        for &(latitude, longitude) in &label.dots {
            let at = to.place(latitude, longitude);
            (x, y, count) = (x + at.0, y + at.1, count + 1.0);
        }
        let half = half_width(&label.name);
        let x = (x / count).clamp(half.min(WIDTH / 2.0), (WIDTH - half).max(WIDTH / 2.0));
        let y = (y / count).clamp(LETTER, (to.height - 4.0).max(LETTER));
        let covers = |&(other_x, other_y, other_half, _): &(f64, f64, f64, &str)| {
            (x - other_x).abs() < half + other_half && (y - other_y).abs() < LETTER * 1.2
        };
        if !placed.iter().any(covers) {
            placed.push((x, y, half, &label.name));
        }
    }
    placed.into_iter().map(|(x, y, _, name)| (x, y, name)).collect()
}

/// Hangul is as wide as it is high, other letters about half of that.
fn half_width(name: &str) -> f64 {
    let letter = |c: char| if c.is_ascii() { LETTER * 0.62 } else { LETTER };
    name.chars().map(letter).sum::<f64>() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RegionId;

    fn dot(latitude: f64, longitude: f64, free: i64) -> Dot {
        Dot { latitude, longitude, free, region_id: RegionId(1) }
    }

    fn svg(dots: &[Dot], labels: &[Label]) -> String {
        draw(dots, labels, "Map", "Dots & rings").unwrap().to_string()
    }

    #[test]
    fn a_clinic_is_a_dot_where_it_is() {
        let dots = [dot(37.0, 127.0, 5), dot(36.0, 127.0, 0), dot(36.5, 128.0, 50)];
        let svg = svg(&dots, &[]);
        assert!(svg.contains("<desc id=\"map-about\">Dots &amp; rings</desc>"), "{svg}");
        // North is up, west is left, and nothing is outside.
        assert!(svg.contains("class=\"few\" d=\"M12 12h0\""), "{svg}");
        assert!(svg.contains("class=\"none\" d=\"M12 "), "{svg}");
        assert!(svg.contains("class=\"some\" d=\"M308 "), "{svg}");
        assert!(!svg.contains("style"), "{svg}");
    }

    #[test]
    fn clinics_in_one_place_are_one_dot_with_all_their_doses() {
        let svg = svg(&[dot(37.0, 127.0, 0), dot(37.0, 127.0, 99), dot(37.0, 127.0, 1)], &[]);
        assert_eq!(svg.matches("h0").count(), 1, "{svg}");
        assert!(svg.contains("class=\"many\" d=\"M160 12h0\""), "{svg}");
        assert_eq!(draw(&[], &[], "", ""), None);
    }

    #[test]
    fn no_label_covers_another_and_none_is_markup() {
        let label =
            |name: &str, dots: &[(f64, f64)]| Label { name: name.into(), dots: dots.into() };
        let labels = [
            label("<b>", &[(36.5, 127.5)]),
            label("서울", &[(37.0, 127.0), (37.0, 127.1)]),
            label("Nearby", &[(37.0, 127.05)]),
        ];
        let svg = svg(&[dot(37.0, 127.0, 1), dot(36.0, 128.0, 1)], &labels);
        assert!(svg.contains(">서울</text>") && svg.contains(">&lt;b&gt;</text>"), "{svg}");
        assert!(!svg.contains("Nearby"), "{svg}");
    }
}
