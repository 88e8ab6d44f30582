//! `dosebook messages`: tries how messages leave, before citizens depend on it.

use std::{fmt::Write, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Subcommand, ValueEnum};

use super::output::print;
use crate::{
    config::Site,
    domain::{
        Refusal,
        language::Language,
        person::{parse_email, parse_phone},
    },
    messaging::{Attempt, Channel, Plan, Verdict},
    words,
};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Send a test by every provider of a kind, and say what each of them answered
    ///
    /// Nothing is written down: the message goes past the database and its queue. The exit code is
    /// 1 unless every provider has accepted it. Whether it arrives, the recipient has to tell.
    Test {
        /// File that says by what messages leave (see docs/messages.md)
        #[arg(long, env = "DOSEBOOK_MESSAGES", value_name = "FILE")]
        messages: PathBuf,
        /// A phone number or an e-mail address: your own, for example
        #[arg(long)]
        to: String,
        #[arg(long, value_enum)]
        kind: Kind,
        #[command(flatten)]
        site: Box<Site>,
    },
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sms,
    Email,
}

/// Sends it and says what became of it.
///
/// # Errors
/// A sentence for the operator: a file that cannot work, a recipient that cannot be one, no
/// provider of the kind.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Verb::Test { messages, to, kind, site } = args.verb;
    let plan = Plan::read(Some(&messages), false, &site)?;
    let (channel, to) = match kind {
        Kind::Sms => (Channel::Sms, parse_phone(&to)),
        Kind::Email => (Channel::Mail, parse_email(&to)),
    };
    let to = to.map_err(in_words).context("--to")?;
    let table = channel.name();
    let none =
        || format!("{} names no [[{table}]]: there is nobody to send it by", messages.display());
    let plan = plan.with_context(none)?;
    let answers = plan.try_each(channel, &to).await;
    anyhow::ensure!(!answers.is_empty(), none());
    print(&report(&answers))?;
    let is_well = answers.iter().all(|(_, attempt)| attempt.verdict == Verdict::Accepted);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A line for each provider, in order of preference. Whom it went to is not repeated.
fn report(answers: &[(&str, Attempt)]) -> String {
    let mut report = String::new();
    for (name, Attempt { verdict, why, .. }) in answers {
        let verdict = match verdict {
            Verdict::Accepted => "accepted",
            Verdict::Refused => "refused: this message would be given up",
            Verdict::TryAgain => "not accepted: the next provider would be asked",
            Verdict::Unsure => "not known: it would be sent again under the same id",
        };
        // Writing to a string does not fail.
        let _ = writeln!(report, "{name}: {verdict} ({why})");
    }
    report
}

fn in_words(refusal: Refusal) -> anyhow::Error {
    anyhow::anyhow!(words::refusal(Language::English, &refusal))
}
