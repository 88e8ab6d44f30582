//! `dosebook import KIND FILE`: loads a file, or says row by row why not.

use std::{
    fmt::Write as _,
    fs::File,
    io::{IsTerminal, stderr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::{output::print, user};
use crate::{
    config::{self, Storage},
    domain::{
        ImportId, Refusal,
        import::{Kind, ReadAs, Reject, Report},
        language::Language,
        slot_plan::{Changes, Kept, Why},
    },
    flows::import::{Imported, Imports, Options},
    serve::import_limits,
    store::Store,
    words,
};

/// Characters before the columns of a kind, and of a line at most.
const HELP_INDENT: usize = 13;
const HELP_WIDTH: usize = 90;

const FORMS: &str = "\
Files are CSV (UTF-8, UTF-16 with a byte order mark, CP949 or EUC-KR; comma, semicolon, tab or bar;
a first line sep=; counts) or .xlsx workbooks, whatever their names. The first line names the
columns, in any order, case and spacing, in English or Korean; those marked * must be there. Empty
rows, and empty columns without a name, are passed over. The first line of a template:";

#[derive(clap::Args, Clone, Debug)]
#[command(after_help = columns(), after_long_help = forms())]
pub struct Args {
    /// What the file holds: regions, users, register, roster, clinics, slots, hours or allocations
    kind: Kind,

    /// CSV or an .xlsx workbook; its first line names the columns
    file: PathBuf,

    /// The sheet of a workbook; else the first
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,

    /// Check everything and say what would happen, but change nothing
    #[arg(long)]
    dry_run: bool,

    /// Load the good rows although others are rejected
    #[arg(long)]
    partial: bool,

    /// Of a file of slots: remove those of its clinics' days that it does not name; people who are
    /// booked there keep their time. Nothing is removed where a row is rejected
    #[arg(long)]
    remove_missing: bool,

    /// Load allocations although the same rows were loaded before: their doses are added once more
    #[arg(long)]
    again: bool,

    /// Load only if the file does what this dry run said
    #[arg(long, value_name = "NUMBER")]
    dry_run_id: Option<ImportId>,

    /// Load although it is far more than usual: the figure that was asked for
    #[arg(long, value_name = "FIGURE")]
    confirm: Option<u64>,

    /// What the list of imports is to call the file; it has no name there otherwise
    #[arg(long, value_name = "NAME", value_parser = file_name)]
    name: Option<String>,

    #[command(flatten)]
    limits: config::Import,
}

fn file_name(text: &str) -> Result<String, String> {
    let chars = text.chars().count();
    let is_name = (1..=200).contains(&chars) && !text.chars().any(char::is_control);
    is_name.then(|| text.to_owned()).ok_or_else(|| "1 to 200 characters on one line".to_owned())
}

/// Which columns each kind of file has.
fn columns() -> String {
    let mut text = "Columns, in any order; those in brackets may be left out:\n".to_owned();
    for kind in Kind::ALL {
        let names = kind.columns().iter().map(|column| match column.is_required {
            true => column.name.to_owned(),
            false => format!("[{}]", column.name),
        });
        let mut line = format!("  {:<HELP_INDENT$}", kind.word());
        for name in names {
            if line.len() + name.len() > HELP_WIDTH {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{}", line.trim_end());
                line = " ".repeat(HELP_INDENT + 2);
            }
            line.push_str(&name);
            line.push(' ');
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text + "What the optional columns hold, and the rest of the format: /docs, \"Load a file\""
}

/// Prints the rejected rows and what became of the file; the exit code is 1 where none was loaded.
///
/// # Errors
/// In words for an operator: no such file, no database.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    let file = args.file.display().to_string();
    let opened = File::open(&args.file).with_context(|| file.clone())?;
    let size = opened.metadata().with_context(|| file.clone())?.len();
    let store = Store::open(storage, 1).await?;
    let options = Options {
        dry_run: args.dry_run,
        partial: args.partial,
        remove_missing: args.remove_missing,
        again: args.again,
        dry_run_id: args.dry_run_id,
        confirm: args.confirm,
        sheet: args.sheet,
        file_name: args.name,
        staff_user_id: None,
    };
    let bar = bar(size);
    let limits = import_limits(&args.limits);
    let imports = Imports::new(store.db.clone(), store.keys.clone(), limits, None);
    let importing = imports.load(args.kind, opened, options, |bytes| bar.set_position(bytes));
    let imported = Box::pin(importing).await;
    bar.finish_and_clear();
    store.close().await;
    let (text, code) = match imported.context(file)? {
        Imported::Loaded(report) => (text(&report, None), ExitCode::SUCCESS),
        Imported::Refused(refused) => {
            let (report, refusal) = *refused;
            (text(&report, Some(&refusal)), ExitCode::FAILURE)
        }
    };
    print(&text)?;
    Ok(code)
}

/// The columns of every kind, for `--help`.
pub fn forms() -> String {
    let mut text = format!("{FORMS}\n");
    for &kind in Kind::ALL {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{kind}: {}", kind.header_line());
        for column in kind.columns() {
            let mark = if column.is_required { '*' } else { ' ' };
            let form = words::form(Language::English, column.form);
            let _ = write!(text, "  {mark} {:<18} {form}", column.name);
            let _ = match column.also {
                [] => writeln!(text),
                also => writeln!(text, "; also headed {}", also.join(", ")),
            };
        }
    }
    text
}

/// How far the file has been read, for people: nothing is drawn into a file or a pipe.
fn bar(bytes: u64) -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    let template = "{bar:40} {bytes}/{total_bytes} {elapsed}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn text(report: &Report, refusal: Option<&Refusal>) -> String {
    let mut text = table(&report.rejects, report.rows_rejected, "reason");
    text += &table(&report.warnings, report.warnings_counted, "warning");
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!(
        "{}: {} rows read, {} accepted, {} changed, {} unchanged, {} rejected",
        report.kind,
        report.rows_read,
        report.rows_accepted,
        report.rows_changed,
        report.rows_unchanged,
        report.rows_rejected,
    ));
    if let Some(slots) = &report.slots {
        line(slot_line(slots));
        slots.kept.iter().for_each(|kept| line(kept_line(kept)));
    }
    for invitation in &report.invitations {
        line(user::invited(invitation));
    }
    if let Some(missing) = report.rows_missing.filter(|missing| *missing > 0) {
        line(format!("{missing} that are known are not in the file; they stay as they are."));
    }
    if let Some(id) = report.continues {
        line(format!("Import {id} loaded a part of this file; that part is unchanged."));
    }
    match report.read_as {
        Some(ReadAs::Csv { encoding, separator }) => {
            line(format!("Read as CSV in {}, separated by {separator}.", encoding.word()));
        }
        Some(ReadAs::Xlsx) => line("Read as an .xlsx workbook.".to_owned()),
        None => {}
    }
    if let Some(refusal) = refusal {
        line(words::refusal(Language::English, refusal));
    }
    let number = report.import_id.map(|id| id.to_string()).unwrap_or_default();
    line(match (refusal, report.dry_run) {
        (Some(_), _) => "Nothing was changed.".to_owned(),
        (None, true) => format!(
            "A dry run: nothing was changed. To load it if it still does the same: \
             --dry-run-id {number}"
        ),
        (None, false) => format!("Imported, as number {number}."),
    });
    text
}

fn slot_line(slots: &Changes) -> String {
    let Changes { added, changed, unchanged, removed, missing, kept_counted, .. } = slots;
    let mut line = format!(
        "Slots: {added} added, {changed} changed, {unchanged} unchanged, {removed} removed"
    );
    if slots.bookings_hit > 0 {
        // Writing to a String cannot fail.
        let _ = write!(line, " with {} bookings", slots.bookings_hit);
    }
    let _ = match (missing, kept_counted) {
        (0, 0) => write!(line, "."),
        (0, kept) => write!(line, ", {kept} kept for those who are booked there."),
        (missing, 0) => write!(
            line,
            "; {missing} of the same days are not in the file and stay (--remove-missing)."
        ),
        (missing, kept) => write!(
            line,
            "; {missing} of the same days are not in the file and stay, {kept} are kept for \
             those who are booked there."
        ),
    };
    line
}

fn kept_line(kept: &Kept) -> String {
    let when = words::instant(Language::English, kept.starts_at, kept.zone);
    let why = match kept.why {
        Why::Missing => "not in the file",
        Why::FewerSeats => "fewer seats in the file",
    };
    format!("  {}, {when}: {} booked, {why}", kept.clinic_code, kept.taken)
}

/// The first of so many rows, with what is said of each.
fn table(rows: &[Reject], counted: u64, heading: &str) -> String {
    let mut text = String::new();
    if rows.is_empty() {
        return text;
    }
    let width = |heading: &str, of: fn(&Reject) -> usize| {
        rows.iter().map(of).max().unwrap_or(0).max(heading.len())
    };
    let columns = width("column", |reject| reject.column.len());
    let codes = width("code", |reject| reject.code.slug().len());
    let mut row = |line: &str, column: &str, code: &str, reason: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line:>8}  {column:<columns$}  {code:<codes$}  {reason}");
    };
    row("line", "column", "code", heading);
    for reject in rows {
        let text = words::reject(Language::English, reject);
        row(&reject.line.to_string(), &reject.column, reject.code.slug(), &text);
    }
    let unlisted = counted.saturating_sub(count(rows.len()));
    if unlisted > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "and {unlisted} more");
    }
    text
}

fn count(length: usize) -> u64 {
    length.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Code, Detail,
        import::{Fault, Rejects, Separator, brake::Limits, read_as::Encoding},
    };

    #[test]
    fn the_help_lists_every_column_of_every_kind() {
        let help = columns();
        for kind in Kind::ALL {
            assert!(help.contains(&format!("\n  {kind} ")), "{help}");
        }
        for name in ["region_code", "[email]", "[language]", "[step_free]", "[directions_ko]"] {
            assert!(help.split_whitespace().any(|word| word == name), "{name} in {help}");
        }
        assert!(help.lines().all(|line| line.len() <= HELP_WIDTH), "{help}");
    }

    #[test]
    fn the_limits_of_a_file_are_those_of_the_rules_unless_they_are_set() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            import: config::Import,
        }
        let said = |flags: &[&str]| {
            let line =
                <Line as clap::Parser>::parse_from(std::iter::once(&"dosebook").chain(flags));
            import_limits(&line.import)
        };
        assert_eq!(said(&[]), Limits::default());
        let set = Limits { changed_percent_max: 50, ..Limits::default() };
        assert_eq!(said(&["--import-changed-max", "50"]), set);
    }

    #[test]
    fn the_page_about_files_has_every_column_as_the_command_says_it() {
        let page = include_str!("../../docs/files.md");
        assert!(
            page.contains(&forms()),
            "docs/files.md has other columns than --help:\n{}",
            forms()
        );
    }

    #[test]
    fn a_table_names_line_column_and_reason() {
        let mut rejects = Rejects::default();
        let digits = Detail::PhoneDigits { digits_min: 7, digits_max: 15 };
        rejects.push(7, Fault::field("phone", digits));
        rejects.extend(4, [(12, Fault::malformed(Detail::NotUtf8))]);
        let report = Report {
            kind: Kind::Register,
            import_id: None,
            sha256: String::new(),
            read_as: Some(ReadAs::Csv { encoding: Encoding::Cp949, separator: Separator::Tab }),
            dry_run: false,
            continues: None,
            rows_read: 20,
            rows_accepted: 0,
            rows_changed: 0,
            rows_unchanged: 0,
            rows_rejected: 5,
            rows_missing: None,
            rejects: rejects.into_listed(),
            invitations: Vec::new(),
            warnings_counted: 2,
            warnings: vec![Reject {
                line: 3,
                column: "on_date".to_owned(),
                code: Code::NotBookable,
                detail: Detail::DayClosed,
            }],
            slots: None,
        };
        let expected = "    line  column  code           reason
       7  phone   invalid_field  A phone number has 7 to 15 digits.
      12          malformed_row  The row is not UTF-8.
and 3 more
    line  column   code          warning
       3  on_date  not_bookable  The clinic is closed on this day.
and 1 more
register: 20 rows read, 0 accepted, 0 changed, 0 unchanged, 5 rejected
Read as CSV in CP949 (EUC-KR), separated by tabs.
5 of 20 rows cannot be loaded, so none was.
Nothing was changed.
";
        assert_eq!(text(&report, Some(&report.refusal())), expected);
    }
}
