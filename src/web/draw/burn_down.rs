//! Doses that are left, day by day: as planned, and as it went. The numbers stand in a table beside
//! it, so that the picture has few words.

use std::fmt::Write;

use crate::{html::escape, web::text::Html};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const BOTTOM: f64 = 28.0;
const TOP: f64 = 16.0;
const RIGHT: f64 = 12.0;

/// What is left at the end of a day.
#[derive(Clone, Debug)]
pub struct Point {
    pub label: String,
    pub planned: i64,
    /// None for days to come.
    pub left: Option<i64>,
}

/// The words of the picture.
pub struct Words<'a> {
    pub title: &'a str,
    pub about: &'a str,
    pub planned: &'a str,
    pub left: &'a str,
}

/// None where there are fewer than two days.
pub fn draw(start: i64, points: &[Point], words: &Words<'_>) -> Option<Html> {
    let last = u32::try_from(points.len()).ok().filter(|days| *days > 1)?;
    let most = points.iter().map(|point| point.planned).max().unwrap_or(0).max(start).max(1);
    let x = |at: u32| LEFT + (WIDTH - LEFT - RIGHT) * f64::from(at) / f64::from(last);
    let y = |doses: i64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share(doses, most));
    let line = |pick: &dyn Fn(&Point) -> Option<i64>| {
        let mut path = format!("M{:.1} {:.1}", x(0), y(start));
        for (point, at) in points.iter().zip(1_u32..) {
            let Some(doses) = pick(point) else { break };
            // Writing to a string does not fail. Doses go on their day, in a step.
            let _ = write!(path, "H{:.1}V{:.1}", x(at), y(doses));
        }
        path
    };
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"burn-title burn-about\"><title id=\"burn-title\">{}</title>\
         <desc id=\"burn-about\">{}</desc>",
        escape(words.title),
        escape(words.about),
    );
    for part in [0, 1, 2] {
        let doses = most * part / 2;
        let at = y(doses);
        let _ = write!(
            svg,
            "<path class=\"axis\" d=\"M{LEFT} {at:.1}H{:.1}\"/>\
             <text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            crate::words::count(doses),
        );
    }
    for at in [0, points.len() / 2, points.len() - 1] {
        if let (Some(point), Ok(place)) = (points.get(at), u32::try_from(at + 1)) {
            let class = if at + 1 == points.len() { "end" } else { "mid" };
            let _ = write!(
                svg,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x(place),
                HEIGHT - 8.0,
                escape(&point.label),
            );
        }
    }
    let _ = write!(
        svg,
        "<path class=\"planned\" d=\"{}\"/><path class=\"left\" d=\"{}\"/>",
        line(&|point| Some(point.planned)),
        line(&|point| point.left),
    );
    for (class, text, at) in [("planned", words.planned, 0.0), ("left", words.left, 18.0)] {
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{:.1} {:.1}h24\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            WIDTH - 230.0,
            TOP + at + 8.0,
            WIDTH - 200.0,
            TOP + at + 12.0,
            escape(text),
        );
    }
    svg.push_str("</svg>");
    Some(Html(svg))
}

/// A part of the whole from 0 to 1, exact to a ten-thousandth.
fn share(part: i64, whole: i64) -> f64 {
    let share = part.clamp(0, whole).saturating_mul(10_000) / whole.max(1);
    f64::from(i32::try_from(share).unwrap_or(0)) / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(planned: i64, left: Option<i64>) -> Point {
        Point { label: "1 & 2".into(), planned, left }
    }

    #[test]
    fn lines_go_down_in_steps_and_end_with_what_is_known() {
        let words = Words { title: "T", about: "A", planned: "<plan>", left: "left" };
        let points = [point(50, Some(60)), point(0, None), point(0, None)];
        let svg = draw(100, &points, &words).unwrap().to_string();
        assert!(svg.contains("class=\"planned\" d=\"M64.0 16.0H252.0V124.0H440.0V232.0"), "{svg}");
        assert!(svg.contains("class=\"left\" d=\"M64.0 16.0H252.0V102.4\""), "{svg}");
        assert!(svg.contains("&lt;plan&gt;") && svg.contains("1 &amp; 2"), "{svg}");
        assert!(!svg.contains("style"), "{svg}");
        assert_eq!(draw(100, &points[..1], &words), None, "a day is no line");
    }
}
