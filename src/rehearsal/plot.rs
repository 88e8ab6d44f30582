//! Plots as SVG: lines over the seconds from the opening. Colours are CSS classes, so that the
//! page's style can adapt to a dark screen.

use std::fmt::Write;

use super::figure::grouped;
use crate::html::escape;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 40.0;
/// Approximate number of ticks, on the vertical and on the horizontal axis.
const TICKS: f64 = 5.0;
const TICKS_ALONG: f64 = 10.0;

/// One line of a plot, with points `(second, value)` in order.
pub struct Series {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// Scale of the vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// From 0.
    Linear,
    /// Powers of ten; values of 0 are left out.
    Log,
}

pub struct Plot<'a> {
    /// What the vertical axis counts, with its unit.
    pub unit: &'a str,
    pub axis: Axis,
    /// Whether the space under the lines is filled.
    pub is_filled: bool,
    pub series: Vec<Series>,
}

impl Plot<'_> {
    /// The plot with its legend. `words` is its text alternative.
    pub fn svg(&self, words: &str) -> String {
        let mut svg = String::new();
        let frame = self.frame();
        let _ = write!(
            svg,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            escape(words),
        );
        frame.draw(&mut svg, self.unit);
        for (n, series) in self.series.iter().enumerate() {
            self.draw(&mut svg, &frame, n, series);
        }
        svg.push_str("</svg>");
        if self.series.len() > 1 {
            self.legend(&mut svg);
        }
        svg
    }

    fn legend(&self, svg: &mut String) {
        svg.push_str("<p class=\"legend\">");
        for (n, series) in self.series.iter().enumerate() {
            let name = escape(&series.name);
            let _ = write!(svg, "<span><i class=\"b{}\"></i>{name}</span> ", colour(n));
        }
        svg.push_str("</p>");
    }

    fn frame(&self) -> Frame {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let from = points().map(|point| point.0).fold(0.0, f64::min);
        let to = points().map(|point| point.0).fold(from + 1.0, f64::max);
        let most = points().map(|point| point.1).fold(0.0, f64::max);
        let least = points().map(|point| point.1).filter(|y| *y > 0.0).fold(most, f64::min);
        match self.axis {
            Axis::Linear => {
                let step = round_step(most.max(1.0) / TICKS);
                let top = (most / step).ceil().max(1.0) * step;
                Frame { from, to, axis: self.axis, bottom: 0.0, top, step }
            }
            Axis::Log => {
                let bottom = least.max(1e-3).log10().floor();
                let top = most.max(1e-3).log10().ceil().max(bottom + 1.0);
                Frame { from, to, axis: self.axis, bottom, top, step: 1.0 }
            }
        }
    }

    fn draw(&self, svg: &mut String, frame: &Frame, n: usize, series: &Series) {
        let mut line = String::new();
        let mut last = None;
        let mut first = None;
        for &(x, y) in &series.points {
            if self.axis == Axis::Log && y <= 0.0 {
                last = None;
                continue;
            }
            let (x, y) = (frame.x(x), frame.y(y));
            let command = if last.is_some() { 'L' } else { 'M' };
            let _ = write!(line, "{command}{x:.1} {y:.1}");
            first = first.or(Some(x));
            last = Some(x);
        }
        if let (true, Some(first), Some(last)) = (self.is_filled, first, last) {
            let ground = HEIGHT - BOTTOM;
            let _ = write!(
                svg,
                "<path class=\"f{}\" d=\"{line}L{last:.1} {ground}L{first:.1} {ground}Z\"/>",
                colour(n),
            );
        }
        let _ = write!(svg, "<path class=\"l{}\" d=\"{line}\"/>", colour(n));
    }
}

/// CSS class: six colours, then the same ones dashed.
fn colour(n: usize) -> String {
    format!("{}{}", n % 6, if n < 6 { "" } else { " d" })
}

struct Frame {
    from: f64,
    to: f64,
    axis: Axis,
    /// Ends of the vertical axis; exponents of ten if it is logarithmic.
    bottom: f64,
    top: f64,
    step: f64,
}

impl Frame {
    fn x(&self, second: f64) -> f64 {
        LEFT + (second - self.from) / (self.to - self.from) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let value = match self.axis {
            Axis::Linear => value,
            Axis::Log => value.log10(),
        };
        let share = (value - self.bottom) / (self.top - self.bottom);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    fn draw(&self, svg: &mut String, unit: &str) {
        let (right, ground) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in ticks(self.bottom, self.top, self.step) {
            let value = if self.axis == Axis::Log { 10_f64.powf(tick) } else { tick };
            let (y, text) = (self.y(value), label(value));
            let _ = write!(
                svg,
                "<path class=\"g\" d=\"M{LEFT} {y:.1}H{right}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" class=\"e\">{text}</text>",
                LEFT - 8.0,
                y + 4.0,
            );
        }
        let step = round_step((self.to - self.from) / TICKS_ALONG);
        for tick in ticks(self.from, self.to, step) {
            let x = self.x(tick);
            let _ = write!(
                svg,
                "<path class=\"a\" d=\"M{x:.1} {ground}v5\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" class=\"m\">{}</text>",
                ground + 18.0,
                label(tick),
            );
        }
        let _ = write!(svg, "<path class=\"a\" d=\"M{LEFT} {ground}H{right}\"/>");
        if self.from < 0.0 {
            let _ = write!(svg, "<path class=\"o\" d=\"M{:.1} {TOP}V{ground}\"/>", self.x(0.0));
        }
        let (middle, low) = ((LEFT + right) / 2.0, HEIGHT - 6.0);
        let (half, unit) = ((TOP + ground) / 2.0, escape(unit));
        let _ = write!(
            svg,
            "<text x=\"{middle}\" y=\"{low}\" class=\"m u\">seconds from the opening</text>\
             <text transform=\"translate(13 {half}) rotate(-90)\" class=\"m u\">{unit}</text>",
        );
    }
}

/// Multiples of the step between both ends.
fn ticks(from: f64, to: f64, step: f64) -> Vec<f64> {
    let mut ticks = Vec::new();
    let mut n = (from / step).ceil();
    while n * step <= to + step * 1e-6 {
        // No negative zero.
        ticks.push(n * step + 0.0);
        n += 1.0;
    }
    ticks
}

/// The smallest of 1, 2 or 5 times a power of ten that is at least this.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(least)
}

fn label(value: f64) -> String {
    let size = value.abs();
    if size >= 1.0 || size == 0.0 {
        let rounded = if (value - value.round()).abs() < 1e-9 {
            return match value < 0.0 {
                true => format!("−{}", grouped(format!("{size:.0}"))),
                false => grouped(format!("{value:.0}")),
            };
        } else {
            format!("{value:.1}")
        };
        return rounded;
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let steps = [0.3, 1.0, 1.1, 2.5, 700.0, 1_234.0].map(round_step);
        assert_eq!(steps, [0.5, 1.0, 2.0, 5.0, 1_000.0, 2_000.0]);
        assert_eq!(ticks(-10.0, 12.0, 5.0), [-10.0, -5.0, 0.0, 5.0, 10.0]);
    }

    #[test]
    fn labels_are_short() {
        let labels = [0.0, 0.01, 0.5, 2.0, 20_000.0, -5.0].map(label);
        assert_eq!(labels, ["0", "0.01", "0.5", "2", "20,000", "−5"]);
    }

    #[test]
    fn a_plot_has_its_axes_and_stays_inside() {
        let points = vec![(-1.0, 0.0), (0.0, 120.0), (3.0, 40.0)];
        let series = vec![Series { name: "a < b".to_owned(), points }];
        let plot = Plot { unit: "people/s", axis: Axis::Linear, is_filled: true, series };
        let svg = plot.svg("who \"came\"");
        assert!(svg.contains("seconds from the opening") && svg.contains("people/s"));
        assert!(svg.contains("who &quot;came&quot;"));
        let frame = plot.frame();
        assert_eq!((frame.top, frame.x(-1.0)), (150.0, LEFT));
        assert!(frame.y(120.0) > TOP && frame.y(0.0) == HEIGHT - BOTTOM);
    }

    #[test]
    fn a_plot_without_points_is_drawn() {
        for axis in [Axis::Linear, Axis::Log] {
            let plot = Plot { unit: "ms", axis, is_filled: false, series: Vec::new() };
            let svg = plot.svg("nothing");
            assert!(svg.contains("</svg>") && !svg.contains("NaN") && !svg.contains("inf"));
        }
    }
}
