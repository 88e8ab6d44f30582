//! `dosebook user`: gives staff and administrators a way to sign in, by a password or by an
//! invitation to choose one, and takes it away.

use std::{
    fmt::Write as _,
    io::{BufRead, IsTerminal, Read, Write},
    process::ExitCode,
};

use clap::{ArgGroup, Subcommand};

use super::output::print;
use crate::{
    config::{Origin, Storage},
    domain::{
        language::Language,
        session::StaffRole,
        staff_user::{Account, Invitation, PASSWORD_BYTES_MAX},
    },
    flows::{
        self,
        password::Passwords,
        staff_invitation,
        staff_user::{self, Post},
    },
    store::Store,
    words,
};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,

    /// Where people reach the pages, as `serve` is told; invitations then name their whole address
    #[arg(long, global = true, env = "DOSEBOOK_PUBLIC_URL", value_name = "URL")]
    public_url: Option<Origin>,
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
        /// Finds persons and books for them at any clinic
        #[arg(long, group = "post")]
        call_centre: bool,
    },
    /// Add a user who chooses their password by a one-time invitation, which is printed
    #[command(group = ArgGroup::new("work").required(true))]
    Invite {
        /// 3 to 64 of a-z, 0-9, dot, underscore and hyphen
        username: String,
        /// May do everything
        #[arg(long, group = "work")]
        administrator: bool,
        /// Works at the clinic with this code, and sees only that
        #[arg(long, group = "work", value_name = "CODE")]
        clinic: Option<String>,
        /// Finds persons and books for them at any clinic
        #[arg(long, group = "work")]
        call_centre: bool,
    },
    /// Choose a password by an invitation; both are asked for, or read as two lines from standard
    /// input
    Accept,
    /// List all users
    List,
    /// Take a user's password away, end their sessions, and print an invitation to choose another
    Reset { username: String },
    /// Take a user's access away at once, open sessions included
    Disable { username: String },
    /// Let a disabled user sign in again
    Enable { username: String },
}

/// Does it and says so.
///
/// # Errors
/// In words for an operator.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    // Before anything is opened: a terminal should be asked at once.
    let asked = match &args.verb {
        Verb::Add { .. } => tokio::task::spawn_blocking(read_password).await??,
        Verb::Accept => tokio::task::spawn_blocking(read_invitation).await??,
        _ => String::new(),
    };
    let store = Store::open(storage, 1).await?;
    let done = Box::pin(act(&store, &args, &asked)).await;
    store.close().await;
    print(&done.map_err(in_words)?)?;
    Ok(ExitCode::SUCCESS)
}

/// What was done, in words.
async fn act(store: &Store, args: &Args, asked: &str) -> flows::Result<String> {
    let (db, key) = (&store.db, &store.keys.invitation);
    let how = |invitation: &Invitation| how(invitation, args.public_url.as_ref());
    Ok(match &args.verb {
        Verb::Add { username, clinic, call_centre, .. } => {
            let post = post(clinic.as_deref(), *call_centre);
            staff_user::add(db, username, asked, post).await?;
            format!("{username} can sign in now.\n")
        }
        Verb::Invite { username, clinic, call_centre, .. } => {
            let post = post(clinic.as_deref(), *call_centre);
            let (_, invitation) = staff_user::invite(db, key, username, post, None).await?;
            format!("{}\n{}", invited(&invitation), how(&invitation))
        }
        Verb::Reset { username } => {
            let id = staff_user::named(db, username).await?;
            let (_, invitation) = staff_user::reset(db, key, id, None).await?;
            format!(
                "{username} cannot sign in until this is used.\n{}\n{}",
                invited(&invitation),
                how(&invitation)
            )
        }
        Verb::Accept => {
            let (token, password) = asked.split_once('\n').unwrap_or((asked, ""));
            let passwords = Passwords::default();
            let accepted = staff_invitation::accept(db, key, &passwords, token, password).await?;
            format!("{} can sign in now.\n", accepted.username)
        }
        Verb::Disable { username } => {
            staff_user::disable(db, staff_user::named(db, username).await?).await?;
            format!("{username} cannot sign in any more.\n")
        }
        Verb::Enable { username } => {
            let account = staff_user::enable(db, staff_user::named(db, username).await?).await?;
            match account.has_password {
                true => format!("{username} can sign in again.\n"),
                false => {
                    format!("{username} has no password yet: dosebook user reset {username}\n")
                }
            }
        }
        Verb::List => list(&staff_user::list(db).await?),
    })
}

fn post(clinic: Option<&str>, is_call_centre: bool) -> Post<'_> {
    match (clinic, is_call_centre) {
        (Some(code), _) => Post::Clinic(code),
        (None, true) => Post::CallCentre,
        (None, false) => Post::Administrator,
    }
}

/// An invitation, as it is told once.
pub(super) fn invited(invitation: &Invitation) -> String {
    let Invitation { username, token, expires_at } = invitation;
    let until = expires_at.format("%Y-%m-%d %H:%M UTC");
    format!("invitation of {username}, once, until {until}: {token}")
}

/// What to do with it. Browsers send nothing that stands behind the `#`.
fn how(invitation: &Invitation, public_url: Option<&Origin>) -> String {
    let path = invitation.path();
    let page = match public_url {
        Some(url) => format!("{}{path}", url.as_str()),
        None => format!("{path} at the address of the service"),
    };
    format!(
        "Whoever has it chooses the password: on the page {page}\n\
         or by `dosebook user accept`, or by POST /v1/auth/invitations.\n"
    )
}

fn list(users: &[(Account, Option<String>)]) -> String {
    let mut text = String::new();
    for (user, clinic) in users {
        let role = match (user.role, clinic) {
            (StaffRole::CallCentre, _) => "call centre".to_owned(),
            (_, Some(code)) => format!("clinic {code}"),
            (StaffRole::Administrator | StaffRole::Staff(_), None) => "administrator".to_owned(),
        };
        let state = match (user.is_enabled, user.has_password, user.invited_until) {
            (false, ..) => "disabled".to_owned(),
            (true, true, _) => "can sign in".to_owned(),
            (true, false, Some(until)) => {
                format!("invited until {}", until.format("%Y-%m-%d %H:%M UTC"))
            }
            (true, false, None) => "has no password".to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<24} {role:<24} {state}", user.username);
    }
    text
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

/// The token of an invitation and a password, a line each.
fn read_invitation() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    let mut token = String::new();
    if stdin.is_terminal() {
        let terminal = console::Term::stderr();
        (&terminal).write_all(b"Invitation: ")?;
        token = terminal.read_line()?;
        return Ok(format!("{}\n{}", token.trim(), read_password()?));
    }
    let mut lines = stdin.lock().take(u64::try_from(2 * PASSWORD_BYTES_MAX)?);
    lines.read_line(&mut token)?;
    let mut password = String::new();
    lines.read_line(&mut password)?;
    Ok(format!("{}\n{}", token.trim(), password.trim_end_matches(['\r', '\n'])))
}
