//! `dosebook user`: gives staff and administrators a way to sign in, and takes it away.

use std::{
    io::{BufRead, IsTerminal, Read, Write},
    process::ExitCode,
};

use clap::{ArgGroup, Subcommand};

use super::output::print;
use crate::{
    config::Storage,
    domain::{language::Language, staff_user::PASSWORD_BYTES_MAX},
    flows::{
        self,
        staff_user::{self, Post},
    },
    store::Store,
    words,
};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Add a user; the password is asked for, or read as one line from standard input
    #[command(group = ArgGroup::new("post").required(true))]
    Add {
        /// 3 to 64 of a-z, 0-9, dot, underscore and hyphen
        #[arg(long)]
        username: String,
        /// May do everything
        #[arg(long, group = "post")]
        administrator: bool,
        /// Works at the clinic with this code, and sees only that
        #[arg(long, group = "post", value_name = "CODE")]
        clinic: Option<String>,
    },
    /// Take a user's access away at once, open sessions included
    Disable { username: String },
}

/// Does it and says so.
///
/// # Errors
/// In words for an operator.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    // Before anything is opened: a terminal should be asked at once.
    let password = match &args.verb {
        Verb::Add { .. } => tokio::task::spawn_blocking(read_password).await??,
        Verb::Disable { .. } => String::new(),
    };
    let store = Store::open(storage, 1).await?;
    let done = match &args.verb {
        Verb::Add { username, clinic, .. } => {
            let post = clinic.as_deref().map_or(Post::Administrator, Post::Clinic);
            staff_user::add(&store.db, username, &password, post).await.map(drop)
        }
        Verb::Disable { username } => staff_user::disable(&store.db, username).await,
    };
    store.close().await;
    done.map_err(in_words)?;
    print(&match args.verb {
        Verb::Add { username, .. } => format!("{username} can sign in now.\n"),
        Verb::Disable { username } => format!("{username} cannot sign in any more.\n"),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn in_words(error: flows::Error) -> anyhow::Error {
    match error {
        flows::Error::Refused(refusal) => {
            anyhow::anyhow!(words::refusal(Language::English, &refusal))
        }
        other => other.into(),
    }
}

/// Asks twice, without echo, where somebody sits at a terminal; else takes the first line.
fn read_password() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let mut line = String::new();
        let bytes_max = u64::try_from(PASSWORD_BYTES_MAX + 2)?;
        stdin.lock().take(bytes_max).read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let terminal = console::Term::stderr();
    let ask = |words: &str| {
        (&terminal).write_all(words.as_bytes())?;
        terminal.read_secure_line()
    };
    let password = ask("Password: ")?;
    anyhow::ensure!(ask("The same again: ")? == password, "The two passwords differ.");
    Ok(password)
}
