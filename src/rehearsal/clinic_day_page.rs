//! The report of a day at the clinics as one HTML file that stands alone.

use std::fmt::Write;

use super::{
    clinic_day_report::{ClinicDayReport, Second},
    figure::{float, grouped, rounded},
    plot::{Axis, Plot, Series},
};
use crate::html::escape;

const STYLE: &str = include_str!("page.css");

/// The whole file, as HTML.
pub fn html(report: &ClinicDayReport) -> String {
    let mut html = String::new();
    let title = escape(&report.title);
    // Writing to a String cannot fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p class=\"about\">{} clinics go through the day of {}, moved to today, \
         of “{}”.</p>\n",
        grouped(report.clinics),
        report.date,
        escape(&report.campaign),
    );
    let (class, words) = match report.is_sound {
        true => ("good", "Every dose is accounted for"),
        false => ("bad", "Something is wrong"),
    };
    let _ = write!(html, "<section class=\"verdict {class}\"><strong>{words}.</strong>");
    for fault in &report.faults {
        let _ = write!(html, "<br>{}", escape(fault));
    }
    let _ = write!(html, "</section>\n<pre>{}</pre>\n", escape(&report.text()));
    plots(&mut html, report);
    presses(&mut html, report);
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn plots(html: &mut String, report: &ClinicDayReport) {
    let line = |name: &str, value: fn(&Second) -> usize| Series {
        name: name.to_owned(),
        points: points(report, |second| float(u64::try_from(value(second)).unwrap_or(0))),
    };
    let presses = Plot {
        unit: "a second",
        axis: Axis::Linear,
        is_filled: false,
        series: vec![
            line("arrived", |second| second.arrived),
            line("given", |second| second.given),
            line("days closed", |second| second.closed),
        ],
    };
    let waiting = Plot {
        unit: "milliseconds, p99",
        axis: Axis::Log,
        is_filled: false,
        series: vec![Series {
            name: "p99 of a press".to_owned(),
            points: points(report, |second| second.p99_ms),
        }],
    };
    for (heading, plot) in
        [("Arrivals, doses and closings", presses), ("How long a press takes", waiting)]
    {
        let _ = write!(html, "<h2>{heading}</h2>\n<figure>{}</figure>\n", plot.svg(heading));
    }
}

fn points(report: &ClinicDayReport, value: impl Fn(&Second) -> f64) -> Vec<(f64, f64)> {
    report.timeline.iter().map(|second| (f64::from(second.second), value(second))).collect()
}

fn presses(html: &mut String, report: &ClinicDayReport) {
    html.push_str(
        "<h2>Presses</h2>\n<table><thead><tr><th>what</th><th>done</th><th>refused</th>\
         <th>p50 ms</th><th>p99 ms</th><th>most ms</th></tr></thead><tbody>\n",
    );
    for press in &report.presses {
        let refused = press.refused.iter().map(|(code, times)| format!("{code}: {times}"));
        let _ = writeln!(
            html,
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            press.what,
            grouped(press.done),
            escape(&refused.collect::<Vec<_>>().join(", ")),
            rounded(press.p50_ms),
            rounded(press.p99_ms),
            rounded(press.max_ms),
        );
    }
    html.push_str("</tbody></table>\n");
}
