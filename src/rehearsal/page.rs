//! The report as one HTML file that stands alone: no script, nothing fetched.

use std::{collections::BTreeSet, fmt::Write};

use super::{
    figure::{float, grouped, rounded},
    journey::Way,
    pace::Rate,
    plot::{Axis, Plot, Series},
    report::{Interval, JourneySummary, Latency, Report},
};
use crate::html::escape;

const STYLE: &str = include_str!("page.css");

/// The whole file, as HTML.
pub fn html(report: &Report) -> String {
    let mut html = String::new();
    let title = escape(&report.title);
    // Writing to a String cannot fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n<p class=\"about\">{}</p>\n",
        about(report),
    );
    verdict(&mut html, report);
    figures(&mut html, report);
    plots(&mut html, report);
    tables(&mut html, report);
    html.push_str("</main>\n</body>\n</html>\n");
    html
}

fn about(report: &Report) -> String {
    let scale = match report.share {
        share if share < 1.0 => format!(" at {} of its size", percent(share)),
        _ => String::new(),
    };
    escape(&format!(
        "Replay of the scenario {}{scale}, seed {}: {} people on {} connections come to {} for \
         “{}”, {} UTC.",
        report.scenario,
        report.seed,
        grouped(report.citizens),
        report.connections,
        report.url,
        report.campaign,
        report.started_at.format("%Y-%m-%d %H:%M:%S"),
    ))
}

fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn verdict(html: &mut String, report: &Report) {
    let check = &report.check;
    let (class, words) = match report.is_sound {
        true => ("good", "Every promise was kept"),
        false => ("bad", "Something is wrong"),
    };
    let _ = write!(
        html,
        "<section class=\"verdict {class}\"><strong>{words}.</strong> {} acknowledged, {} in the \
         database, {} unknown; {} lost, {} nobody was told of, {} persons twice, {} oversold, \
         {} discrepancies.",
        grouped(check.acknowledged),
        grouped(check.in_database),
        grouped(check.unknown.len()),
        grouped(check.lost),
        grouped(check.untold),
        grouped(check.twice),
        grouped(check.oversold),
        grouped(check.discrepancies),
    );
    for fault in &check.faults {
        let _ = write!(html, "<br>{}", escape(fault));
    }
    html.push_str("</section>\n");
}

fn figures(html: &mut String, report: &Report) {
    html.push_str("<section class=\"figures\">\n");
    let mut figure = |number: String, unit: &str, words: &str| {
        let _ =
            writeln!(html, "<div><b>{number}<small>{unit}</small></b><span>{words}</span></div>");
    };
    let seconds = format!("{:.1}", report.opening_to_last_booking_seconds);
    figure(seconds, " s", "opening to last booking");
    figure(grouped(report.booked), "", "bookings acknowledged");
    figure(grouped(report.arrived), "", "people came");
    figure(grouped(report.bookings_per_second_peak), " /s", "bookings, best second");
    let mean = grouped(format!("{:.0}", report.bookings_per_second_mean));
    figure(mean, " /s", "bookings, mean to the last");
    let left = report.timeline.last().map_or(0, |last| last.open);
    figure(grouped(left), "", "doses left");
    for (ms, words) in [
        (report.until_booked_ms.p50, "from coming to booked, median"),
        (report.until_booked_ms.p99, "from coming to booked, p99"),
    ] {
        match ms < 1e3 {
            true => figure(rounded(ms), " ms", words),
            false => figure(format!("{:.1}", ms / 1e3), " s", words),
        }
    }
    html.push_str("</section>\n");
}

fn plots(html: &mut String, report: &Report) {
    let intervals = report.timeline.as_slice();
    let rate = |count: u64, interval: &Interval| float(count) / interval.span_seconds;
    // Steps, because each interval has one count.
    let line = |name: &str, value: &dyn Fn(&Interval) -> f64| Series {
        name: name.to_owned(),
        points: intervals
            .iter()
            .flat_map(|m| [m.second, m.second + m.span_seconds].map(|x| (x, value(m))))
            .collect(),
    };
    let plot = |unit, axis, is_filled, series| Plot { unit, axis, is_filled, series };
    let mut add = |title: &str, words: &str, plot: Plot<'_>| {
        let _ = writeln!(
            html,
            "<figure><figcaption><h2>{title}</h2><p>{words}</p></figcaption>{}</figure>",
            plot.svg(title),
        );
    };
    if let Some(journey) = &report.journey {
        let words = match report.cancelled {
            0 => "How many people had got so far: the space between two lines waits between them.",
            _ => {
                "How many people had got so far: the space between two lines waits between them, \
                 and that between booked and cancelled are those who keep it."
            }
        };
        add("The way", words, plot("people", Axis::Linear, false, funnel(intervals, journey)));
    }
    let arrivals = vec![line("arrivals", &|m| rate(m.arrived, m))];
    let words = "People who come to book, whether or not anybody has time for them.";
    add("Arrivals", words, plot("people/s", Axis::Linear, true, arrivals));
    let bookings = vec![line("bookings", &|m| rate(m.booked, m))];
    let words = "Bookings acknowledged: each is durable when it is counted.";
    add("Bookings", words, plot("bookings/s", Axis::Linear, true, bookings));
    let words =
        "The space between the lines is the line of people: who has come and has no booking.";
    add("Come and booked", words, plot("people", Axis::Linear, false, sums(intervals)));
    let due = latencies(intervals, |m| m.from_due_ms);
    let words = "Of a request to book, from when the person wanted it: what people felt.";
    add("Latency as felt", words, plot("ms (powers of ten)", Axis::Log, false, due));
    let sent = latencies(intervals, |m| m.from_sent_ms);
    let words = "The same, from when it was sent on a free connection: what the service did.";
    add("Latency of the service", words, plot("ms (powers of ten)", Axis::Log, false, sent));
    let open =
        vec![Series {
            name: "open".to_owned(),
            points: std::iter::once((0.0, float(report.doses_open)))
                .chain(after_opening(intervals).map(|m| {
                    (m.second + m.span_seconds, float(u64::try_from(m.open).unwrap_or(0)))
                }))
                .collect(),
        }];
    let words = "Open doses of the campaign on the web, by the bookings acknowledged.";
    add("Doses left", words, plot("doses", Axis::Linear, true, open));
    let codes: BTreeSet<_> = intervals.iter().flat_map(|m| m.refused.keys().copied()).collect();
    let mut refused: Vec<_> = codes
        .iter()
        .map(|code| line(code, &|m| rate(m.refused.get(code).copied().unwrap_or(0), m)))
        .collect();
    if report.lost > 0 {
        refused.push(line("lost", &|m| rate(m.lost, m)));
    }
    if let [only] = refused.as_slice() {
        let words = format!("All of them: {}.", escape(&only.name));
        add("Refusals", &words, plot("refusals/s", Axis::Linear, false, refused));
    } else {
        let words = "Requests to book that were refused, by reason.";
        add("Refusals", words, plot("refusals/s", Axis::Linear, false, refused));
    }
}

fn after_opening(intervals: &[Interval]) -> impl Iterator<Item = &Interval> {
    intervals.iter().filter(|interval| interval.second >= 0.0)
}

fn sums(intervals: &[Interval]) -> Vec<Series> {
    let sum = |name: &str, of: fn(&Interval) -> u64| {
        let mut sum = 0;
        let steps = after_opening(intervals).map(|interval| {
            sum += of(interval);
            (interval.second + interval.span_seconds, float(sum))
        });
        let points = std::iter::once((0.0, 0.0)).chain(steps).collect();
        Series { name: name.to_owned(), points }
    };
    vec![sum("come", |interval| interval.arrived), sum("booked", |interval| interval.booked)]
}

/// How many people had got to each stage, by time; stages that nobody got to have no line.
fn funnel(intervals: &[Interval], journey: &JourneySummary) -> Vec<Series> {
    let stage = |(nth, (name, _)): (usize, &(&str, u64))| {
        let mut sum = 0;
        let points = intervals.iter().map(|interval| {
            sum += interval.reached.get(nth).copied().map_or(0, u64::from);
            (interval.second + interval.span_seconds, float(sum))
        });
        Series { name: name.replace('_', " "), points: points.collect() }
    };
    let stages = journey.funnel.iter().enumerate();
    stages.filter(|(_, (_, people))| *people > 0).map(stage).collect()
}

fn latencies(intervals: &[Interval], of: fn(&Interval) -> Latency) -> Vec<Series> {
    let line = |name: &str, value: fn(Latency) -> f64| Series {
        name: name.to_owned(),
        points: intervals.iter().map(|m| (m.second + m.span_seconds / 2.0, value(of(m)))).collect(),
    };
    vec![
        line("p50", |latency| latency.p50),
        line("p90", |latency| latency.p90),
        line("p99", |latency| latency.p99),
        line("max", |latency| latency.max),
    ]
}

fn tables(html: &mut String, report: &Report) {
    let _ = write!(
        html,
        "<h2>Requests</h2>\n<p>A second: on average while there were any, and in the best one. \
         The generator sent {} ms later than due (p99).</p>\n<div class=\"wide\"><table>\n\
         <tr><th>request<th>sent<th>a second<th>best<th>done<th>a second<th>best\
         <th>refused<th>lost<th>bytes<th>from<th>p50<th>p90<th>p99<th>p99.9<th>max, ms</tr>\n",
        rounded(report.late_ms.p99),
    );
    for of in &report.requests {
        let refused: u64 = of.refused.values().sum();
        let rate = |Rate { mean, peak }| [rounded(mean), grouped(peak)];
        let ([sent, best_sent], [done, best_done]) =
            (rate(of.sent_per_second), rate(of.done_per_second));
        let [all_sent, all_done, refused, lost, bytes] =
            [of.sent, of.done, refused + of.odd, of.lost, of.bytes].map(grouped);
        let cells = [all_sent, sent, best_sent, all_done, done, best_done, refused, lost, bytes];
        let cells: String = cells.iter().map(|n| format!("<td rowspan=\"2\">{n}")).collect();
        let _ = writeln!(
            html,
            "<tr><th rowspan=\"2\">{}{cells}<td>due{}</tr>\n<tr><td>sent{}</tr>",
            of.kind,
            cells_of(&of.from_due_ms),
            cells_of(&of.from_sent_ms),
        );
    }
    html.push_str("</table></div>\n<h2>Refusals and retries</h2>\n<table>\n");
    let mut row = |name: &str, count: u64| {
        let _ = writeln!(html, "<tr><th>{}<td>{}</tr>", escape(name), grouped(count));
    };
    report.refused.iter().for_each(|(code, count)| row(code, *count));
    row("answers without a code", report.odd);
    row("no answer", report.lost);
    row("tries at another slot", report.retries.other_slot);
    row("came back after a 503", report.retries.after_busy);
    row("sent again after no answer", report.retries.sent_again);
    row("gave up", report.retries.gave_up);
    row("cancelled afterwards", report.cancelled);
    html.push_str("</table>\n");
    if let Some(summary) = &report.journey {
        journey(html, summary);
    }
}

/// How everybody ended.
fn journey(html: &mut String, summary: &JourneySummary) {
    let way = match summary.way {
        Way::Api => "the API",
        Way::Pages => "the pages",
    };
    let _ = writeln!(html, "<h2>Whole journeys by {way}</h2>\n<table>");
    let mut row = |name: &str, count: u64| {
        let name = escape(&name.replace('_', " "));
        let _ = writeln!(html, "<tr><th>{name}<td>{}</tr>", grouped(count));
    };
    summary.ends.iter().for_each(|(end, count)| row(end, *count));
    row("unfinished", summary.unfinished);
    for (end, count) in &summary.second_devices {
        row(&format!("second devices: {end}"), *count);
    }
    row("sessions", summary.sessions);
    row("messages with codes", summary.messages.codes);
    row("messages with news", summary.messages.others);
    html.push_str("</table>\n");
}

fn cells_of(latency: &Latency) -> String {
    let figures = [latency.p50, latency.p90, latency.p99, latency.p999, latency.max];
    figures.iter().map(|ms| format!("<td>{}", rounded(*ms))).collect()
}
