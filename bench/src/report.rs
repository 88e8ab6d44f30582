//! The table: printed row by row, and written to target/bench.json and docs/performance.md.

use std::fs;

pub(crate) use dosebook::rehearsal::figure::rounded as number;

use crate::{machine, paths::root};

/// What a figure has to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// At least this many times the baseline.
    Times(f64),
    /// At most this many times the baseline.
    TimesMax(f64),
    /// At least this, in the figure's unit.
    Least(f64),
    /// At most this, in the figure's unit.
    Most(f64),
}

/// One measurement of a row: a figure and what it is compared with, taken side by side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) figure: f64,
    pub(crate) baseline: Option<f64>,
}

impl Run {
    pub(crate) fn alone(figure: f64) -> Self {
        Self { figure, baseline: None }
    }

    pub(crate) fn beside(figure: f64, baseline: f64) -> Self {
        Self { figure, baseline: Some(baseline) }
    }
}

#[derive(serde::Serialize)]
struct Row {
    row: String,
    /// Measurements, of which this is the median.
    runs: usize,
    figure: f64,
    unit: &'static str,
    baseline: Option<f64>,
    ratio: f64,
    goal: f64,
    met: bool,
    #[serde(skip)]
    goal_in_words: String,
}

#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Goal {
    /// Ratio, the number of the goal, whether it is met, and the goal in words. Where the goal is a
    /// limit for the figure itself, the ratio is figure to limit.
    fn judge(self, run: Run, unit: &str) -> (f64, f64, bool, String) {
        let of_baseline = run.figure / run.baseline.unwrap_or(f64::NAN);
        match self {
            Self::Times(goal) => (of_baseline, goal, of_baseline >= goal, format!("≥ {goal}×")),
            Self::TimesMax(goal) => (of_baseline, goal, of_baseline <= goal, format!("≤ {goal}×")),
            Self::Least(goal) => {
                (run.figure / goal, goal, run.figure >= goal, format!("≥ {goal} {unit}"))
            }
            // Where nothing is allowed, what there is stands in for the ratio.
            Self::Most(goal) if goal <= 0.0 => {
                (run.figure, goal, run.figure <= goal, format!("{goal} {unit}"))
            }
            Self::Most(goal) => {
                (run.figure / goal, goal, run.figure <= goal, format!("≤ {goal} {unit}"))
            }
        }
    }
}

impl Report {
    /// Takes the median of the runs (by ratio), prints it, and writes the rows so far.
    ///
    /// # Panics
    /// Another row has this name: nobody could tell them apart.
    pub(crate) fn row(&mut self, name: &str, unit: &'static str, goal: Goal, runs: &[Run]) -> Run {
        let run = self.add(name, unit, goal, runs);
        self.write_json();
        run
    }

    fn add(&mut self, name: &str, unit: &'static str, goal: Goal, runs: &[Run]) -> Run {
        assert!(self.rows.iter().all(|row| row.row != name), "two rows are called {name}");
        let mut runs = runs.to_vec();
        runs.sort_by(|a, b| goal.judge(*a, unit).0.total_cmp(&goal.judge(*b, unit).0));
        let run = runs[runs.len() / 2];
        let (ratio, number, met, goal_in_words) = goal.judge(run, unit);
        let row = Row {
            row: name.to_owned(),
            runs: runs.len(),
            figure: run.figure,
            unit,
            baseline: run.baseline,
            ratio,
            goal: number,
            met,
            goal_in_words,
        };
        if self.rows.is_empty() {
            let head = ["figure", "baseline", "ratio", "goal"];
            println!("\n{:<66}{:>20}{:>12}{:>9}{:>22}", "", head[0], head[1], head[2], head[3]);
        }
        println!("{}", row.line());
        self.rows.push(row);
        run
    }

    /// A sentence below the table; printed at once.
    pub(crate) fn note(&mut self, note: String) {
        println!("    {note}");
        self.notes.push(note);
    }

    fn write_json(&self) {
        let folder = root().join("target");
        fs::create_dir_all(&folder).expect("target");
        let json = serde_json::to_string_pretty(&self.rows).expect("json");
        fs::write(folder.join("bench.json"), json + "\n").expect("bench.json");
    }

    /// Replaces what stands between the marks of this target in docs/performance.md.
    pub(crate) fn write_docs(&self, target: &str) {
        let path = root().join("docs/performance.md");
        let text = fs::read_to_string(&path).expect("docs/performance.md");
        let mark = |side| format!("<!-- {side}: written by make {target} -->\n");
        let (begin, end) = (mark("begin"), mark("end"));
        let (before, rest) = text.split_once(&begin).expect("the first mark");
        let (_, after) = rest.split_once(&end).expect("the second mark");
        let text = format!("{before}{begin}{}{end}{after}", self.markdown());
        fs::write(&path, text).expect("docs/performance.md");
        println!("\nwritten: docs/performance.md, target/bench.json");
    }

    fn markdown(&self) -> String {
        let mut text = format!("{}\n\n", machine::facts());
        text +=
            "| row | figure | baseline | ratio | goal | | runs |\n|---|---|---|---|---|---|---|\n";
        for row in &self.rows {
            let (figure, baseline, met) = (row.figure(), row.baseline(), row.met());
            let (name, unit, ratio, goal) = (&row.row, row.unit, row.ratio, &row.goal_in_words);
            let runs = row.runs;
            text += &format!(
                "| {name} | {figure} {unit} | {baseline} | {ratio:.2} | {goal} | {met} | {runs} |\n"
            );
        }
        text += "\nThe ratio is figure to baseline; where the goal is a limit in the figure's own \
                 unit, it is figure to limit.\n\n";
        for note in &self.notes {
            text += &format!("- {note}\n");
        }
        text
    }
}

impl Row {
    fn line(&self) -> String {
        format!(
            "{:<66}{:>20}{:>12}{:>9.2}{:>22}  {}",
            self.row,
            format!("{} {}", self.figure(), self.unit),
            self.baseline(),
            self.ratio,
            self.goal_in_words,
            self.met()
        )
    }

    fn figure(&self) -> String {
        number(self.figure)
    }

    fn baseline(&self) -> String {
        self.baseline.map_or_else(|| "–".to_owned(), number)
    }

    fn met(&self) -> &'static str {
        if self.met { "met" } else { "missed" }
    }
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_allowed_one_is_too_many() {
        let judged = |figure| Goal::Most(0.0).judge(Run::alone(figure), "people");
        assert_eq!(judged(0.0), (0.0, 0.0, true, "0 people".to_owned()));
        assert_eq!(judged(1.0), (1.0, 0.0, false, "0 people".to_owned()));
        assert!(Goal::Most(2.0).judge(Run::alone(1.0), "s").2, "the control");
    }

    #[test]
    #[should_panic(expected = "two rows are called a")]
    fn no_two_rows_have_one_name() {
        let mut report = Report::default();
        report.add("a", "s", Goal::Most(1.0), &[Run::alone(1.0)]);
        report.add("b", "s", Goal::Most(1.0), &[Run::alone(1.0)]);
        report.add("a", "s", Goal::Most(1.0), &[Run::alone(1.0)]);
    }
}
