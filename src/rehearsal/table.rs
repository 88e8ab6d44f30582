//! The report as text.

use std::fmt::Write;

use super::{
    figure::{grouped, rounded},
    journey::Way,
    pace::Rate,
    report::{JourneySummary, Latency, Report},
};

/// Lines for a terminal of at least 80 columns.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    write(&mut text, report);
    text
}

/// Writing to a String cannot fail.
fn write(text: &mut String, report: &Report) {
    let mut line = |name: &str, figure: String, note: &str| {
        let _ = writeln!(text, "{}", format!("  {name:<24} {figure:>12}   {note}").trim_end());
    };
    line("arrivals", grouped(report.arrived), &not_arrived(report));
    let note = if report.cancelled > 0 {
        format!("{} of them cancelled afterwards", grouped(report.cancelled))
    } else {
        String::new()
    };
    line("booked", grouped(report.booked), &note);
    for (code, count) in &report.refused {
        line(code, grouped(count), "refused");
    }
    if report.odd > 0 {
        line("odd answers", grouped(report.odd), "with an error that has no code");
    }
    let unknown = report.check.unknown.len();
    let note = format!("requests to book without an answer; {unknown} of them found booked");
    line("lost", grouped(report.lost), &note);
    let retries = report.retries;
    line("tries at another slot", grouped(retries.other_slot), "");
    line("came back after a 503", grouped(retries.after_busy), "");
    line("sent again", grouped(retries.sent_again), "the same request, after no answer");
    line("gave up", grouped(retries.gave_up), "");
    let figure = grouped(report.bookings_per_second_peak);
    line("bookings/s, peak", figure, "within one second");
    let figure = grouped(format!("{:.0}", report.bookings_per_second_mean));
    line("bookings/s, mean", figure, "from the opening to the last booking");
    let figure = format!("{:.2} s", report.opening_to_last_booking_seconds);
    line("opening to last booking", figure, "");
    let _ = writeln!(text, "\n  {:<24} {HEADS}", "latency in ms");
    latency(text, "from coming to booked", &report.until_booked_ms);
    for requests in &report.requests {
        latency(text, &format!("{}, from due", requests.kind), &requests.from_due_ms);
        latency(text, &format!("{}, from sent", requests.kind), &requests.from_sent_ms);
    }
    latency(text, "sent later than due", &report.late_ms);
    rates(text, report);
    if let Some(summary) = &report.journey {
        journey(text, report, summary);
    }
    check(text, report);
}

/// How many of each a second.
fn rates(text: &mut String, report: &Report) {
    let heads = ["sent", "best", "done", "best"].map(|head| format!(" {head:>10}")).concat();
    let _ = writeln!(text, "\n  {:<24}{heads}", "a second, on average");
    for requests in &report.requests {
        let _ = write!(text, "  {:<24}", requests.kind);
        for Rate { mean, peak } in [requests.sent_per_second, requests.done_per_second] {
            let _ = write!(text, " {:>10} {:>10}", rounded(mean), grouped(peak));
        }
        text.push('\n');
    }
}

/// The funnel, the ends, and what a step weighs.
fn journey(text: &mut String, report: &Report, summary: &JourneySummary) {
    let way = match summary.way {
        Way::Api => "API",
        Way::Pages => "pages",
    };
    let _ = writeln!(text, "\n  whole journeys by the {way}");
    let mut line = |name: &str, number: u64, note: &str| {
        let line = format!("  {name:<24} {:>12}   {note}", grouped(number));
        let _ = writeln!(text, "{}", line.trim_end());
    };
    for (stage, people) in &summary.funnel {
        line(stage, *people, "people got so far");
    }
    for (end, people) in &summary.ends {
        line(end, *people, "people ended so");
    }
    for (end, devices) in &summary.second_devices {
        line(end, *devices, "second devices ended so");
    }
    line("unfinished", summary.unfinished, "people were on their way at the end");
    line("messages", summary.messages.codes, "with codes came to the replay's gateway");
    for requests in &report.requests {
        line(requests.kind, requests.bytes, "bytes an answer, on average");
    }
}

const HEADS: &str = "       p50        p90        p99      p99.9        max      count";

fn not_arrived(report: &Report) -> String {
    match report.citizens - report.arrived.min(report.citizens) {
        0 => String::new(),
        left => format!("{} more did not get to it in time", grouped(left)),
    }
}

fn latency(text: &mut String, name: &str, latency: &Latency) {
    let _ = write!(text, "  {name:<24}");
    for ms in [latency.p50, latency.p90, latency.p99, latency.p999, latency.max] {
        let _ = write!(text, " {:>10}", rounded(ms));
    }
    let _ = writeln!(text, " {:>10}", grouped(latency.count));
}

fn check(text: &mut String, report: &Report) {
    let check = &report.check;
    let _ = writeln!(
        text,
        "\n  {} bookings acknowledged, {} in the database, {} with an unknown outcome",
        grouped(check.acknowledged),
        grouped(check.in_database),
        grouped(check.unknown.len()),
    );
    for id in check.unknown.iter().take(UNKNOWN_LISTED_MAX) {
        let _ = writeln!(text, "  unknown: {id} is booked");
    }
    let _ = writeln!(
        text,
        "  {} lost, {} nobody was told of, {} persons twice, {} oversold",
        grouped(check.lost),
        grouped(check.untold),
        grouped(check.twice),
        grouped(check.oversold),
    );
    for fault in &check.faults {
        let _ = writeln!(text, "  {fault}");
    }
    let _ = writeln!(text, "  {} discrepancies", grouped(check.discrepancies));
}

/// The text lists only this many; the JSON has all.
const UNKNOWN_LISTED_MAX: usize = 20;
