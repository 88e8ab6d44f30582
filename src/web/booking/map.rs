//! The clinics of a list on a map, by the numbers that they have there. The list has everything
//! that the map shows; who does not see it misses nothing.

use std::fmt::Write as _;

use crate::{
    html::escape,
    web::{
        draw::projection::{Frame, Projection},
        text::Html,
    },
};

/// Units of the picture; a telephone shows about one a pixel.
const FRAME: Frame = Frame { width: 320.0, height_max: 200.0, margin: 24.0 };
/// Of the disc with a number.
const RADIUS: f64 = 10.0;
/// Discs that would cover each other are moved apart, a little each time.
const MOVES: usize = 60;
/// A disc that was moved further than this has a line to where the clinic is.
const MOVED_MIN: f64 = 3.0;
/// The scale is no longer than this.
const SCALE_MAX: f64 = 90.0;
const KILOMETRES: [f64; 10] = [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0];

/// A clinic of the list.
#[derive(Clone, Copy, Debug)]
pub struct Pin {
    pub number: usize,
    pub latitude: f64,
    pub longitude: f64,
    /// Whether something can be booked there.
    pub is_open: bool,
}

/// What stands beside the picture, in words.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    pub title: &'a str,
    pub about: &'a str,
}

/// The picture; none where there are no two places to tell apart. `you` is about where somebody is.
pub fn draw(pins: &[Pin], you: Option<(f64, f64)>, words: Words<'_>) -> Option<Html> {
    if pins.len() + usize::from(you.is_some()) < 2 || pins.is_empty() {
        return None;
    }
    let places = pins.iter().map(|pin| (pin.latitude, pin.longitude));
    let to = Projection::new(places.clone().chain(you), FRAME)?;
    let height = to.height + 14.0;
    let true_places: Vec<_> = places.map(|(lat, lon)| to.place(lat, lon)).collect();
    let moved = apart(&true_places, to.height);
    let mut svg = format!(
        "<svg class=\"map pins\" viewBox=\"0 0 {:.0} {height:.0}\" role=\"img\" \
         aria-labelledby=\"pins-title pins-about\"><title id=\"pins-title\">{}</title>\
         <desc id=\"pins-about\">{}</desc>",
        FRAME.width,
        escape(words.title),
        escape(words.about),
    );
    for (&(from_x, from_y), &(x, y)) in true_places.iter().zip(&moved) {
        if (from_x - x).hypot(from_y - y) > MOVED_MIN {
            // Writing to a string does not fail.
            let _ = write!(svg, "<path d=\"M{from_x:.0} {from_y:.0}L{x:.0} {y:.0}\"/>");
        }
    }
    if let Some((x, y)) = you.map(|(lat, lon)| to.place(lat, lon)) {
        let _ = write!(svg, "<path class=\"you\" d=\"M{:.0} {y:.0}h14m-7-7v14\"/>", x - 7.0);
    }
    for (pin, (x, y)) in pins.iter().zip(moved) {
        let (class, baseline) = (if pin.is_open { "" } else { " class=\"full\"" }, y + 4.0);
        let _ = write!(
            svg,
            "<circle{class} cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"{RADIUS}\"/>\
             <text{class} x=\"{x:.0}\" y=\"{baseline:.0}\">{}</text>",
            pin.number
        );
    }
    if let Some((km, units)) = scale(to.of_km()) {
        let (y, middle) = (height - 6.0, 8.0 + units / 2.0);
        let above = y - 5.0;
        let _ = write!(
            svg,
            "<path class=\"scale\" d=\"M8 {y:.0}h{units:.0}\"/>\
             <text class=\"scale\" x=\"{middle:.0}\" y=\"{above:.0}\">{km} km</text>"
        );
    }
    svg.push_str("</svg>");
    Some(Html(svg))
}

/// Where the discs stand so that each number can be read: moved as little as need be.
fn apart(places: &[(f64, f64)], height: f64) -> Vec<(f64, f64)> {
    let mut moved = places.to_vec();
    let wanted = 2.0 * RADIUS + 1.0;
    for _ in 0..MOVES {
        let before = moved.clone();
        for (at, place) in moved.iter_mut().enumerate() {
            for (other_at, other) in before.iter().enumerate().filter(|(other, _)| *other != at) {
                let (dx, dy) = (place.0 - other.0, place.1 - other.1);
                // Most are far away: a root for each pair takes longer than the rest of the page.
                if dx.abs() >= wanted || dy.abs() >= wanted {
                    continue;
                }
                let far = dx.hypot(dy);
                if far >= wanted {
                    continue;
                }
                // In one place, the later one goes to the right and down.
                let side = if at < other_at { -1.0 } else { 1.0 };
                let (dx, dy) =
                    if far > 0.01 { (dx / far, dy / far) } else { (side * 0.8, side * 0.6) };
                let step = (wanted - far) / 2.0;
                *place = (place.0 + dx * step, place.1 + dy * step);
            }
            place.0 = place.0.clamp(RADIUS + 1.0, FRAME.width - RADIUS - 1.0);
            place.1 = place.1.clamp(RADIUS + 1.0, (height - RADIUS - 1.0).max(RADIUS + 1.0));
        }
        if moved == before {
            break;
        }
    }
    moved
}

/// A round number of kilometres and how long they are; none where even the fewest are too long or
/// the most too short to be seen.
fn scale(units_of_km: f64) -> Option<(f64, f64)> {
    let mut lengths = KILOMETRES.into_iter().map(|km| (km, km * units_of_km));
    lengths.rfind(|(_, units)| (20.0..=SCALE_MAX).contains(units))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(number: usize, latitude: f64, longitude: f64) -> Pin {
        Pin { number, latitude, longitude, is_open: number != 3 }
    }

    fn svg(pins: &[Pin], you: Option<(f64, f64)>) -> String {
        draw(pins, you, Words { title: "Map <b>", about: "About" }).expect("a map").to_string()
    }

    /// The values of an attribute of the discs.
    fn discs(svg: &str) -> Vec<(f64, f64)> {
        let number = |text: &str| text.split('"').nth(1).unwrap().parse::<f64>().unwrap();
        let circles = svg.split("<circle").skip(1);
        circles
            .map(|circle| {
                let after = |name: &str| number(&circle[circle.find(name).unwrap()..]);
                (after(" cx="), after(" cy="))
            })
            .collect()
    }

    #[test]
    fn every_clinic_has_its_number_where_it_is() {
        let pins = [pin(1, 37.60, 127.00), pin(2, 37.50, 127.10), pin(3, 37.52, 126.90)];
        let svg = svg(&pins, None);
        let [first, second, third] = discs(&svg)[..] else { panic!("{svg}") };
        assert!(first.1 < third.1 && third.1 < second.1, "north is up: {svg}");
        assert!(third.0 < first.0 && first.0 < second.0, "west is left: {svg}");
        for number in 1..=3 {
            assert!(svg.contains(&format!(">{number}</text>")), "{svg}");
        }
        assert_eq!(svg.matches("class=\"full\"").count(), 2, "disc and number: {svg}");
        assert!(svg.contains("Map &lt;b&gt;") && !svg.contains(" style"), "{svg}");
        assert!(svg.contains("5 km</text>"), "{svg}");
        let words = Words { title: "", about: "" };
        assert!(draw(&[], Some((37.5, 127.0)), words).is_none());
        assert!(draw(&pins[..1], None, words).is_none(), "where else?");
        assert!(draw(&pins[..1], Some((37.5, 127.0)), words).is_some());
    }

    #[test]
    fn no_number_covers_another() {
        // Twelve in one house, and some around it.
        let mut pins: Vec<_> = (1..=12).map(|number| pin(number, 37.55, 127.05)).collect();
        pins.extend((13..=20).map(|number| pin(number, 37.551, 127.05 + number as f64 / 5000.0)));
        let svg = svg(&pins, Some((37.40, 126.90)));
        let discs = discs(&svg);
        assert_eq!(discs.len(), 20);
        for (at, one) in discs.iter().enumerate() {
            assert!((10.0..=310.0).contains(&one.0) && one.1 >= 10.0, "{one:?} is outside");
            for other in &discs[..at] {
                let far = (one.0 - other.0).hypot(one.1 - other.1);
                assert!(far > 1.5 * RADIUS, "{one:?} and {other:?}");
            }
        }
        assert!(svg.contains("class=\"you\""), "{svg}");
        // The control: without being moved they would.
        let places = vec![(100.0, 100.0); 2];
        let moved = apart(&places, 200.0);
        assert!((moved[0].0 - moved[1].0).hypot(moved[0].1 - moved[1].1) > 2.0 * RADIUS - 0.1);
    }

    #[test]
    fn the_scale_is_a_round_number_that_fits() {
        for (units_of_km, expected) in [(100.0, Some(0.5)), (10.0, Some(5.0)), (1.0, Some(50.0))] {
            assert_eq!(scale(units_of_km).map(|(km, _)| km), expected);
        }
        assert_eq!(scale(0.01), None);
    }
}
