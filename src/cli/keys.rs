//! `dosebook keys`: the keys of citizens' sessions.

use std::process::ExitCode;

use clap::Subcommand;

use super::output::print;
use crate::{
    clock::Clock,
    config::Storage,
    flows::session_key::{self, OpenSessions},
    store::Store,
};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Clone, Debug)]
enum Verb {
    /// Make a new key for citizens' sessions: running services take it up within ten seconds
    Rotate {
        /// End all open sessions, of citizens and of staff: everybody signs in again. For when
        /// somebody may have the secret or a session
        #[arg(long)]
        end_sessions: bool,
    },
    /// List the keys of citizens' sessions, the latest first
    List,
}

/// Rotates or lists.
///
/// # Errors
/// A sentence for the operator: the store cannot be opened.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    let store = Store::open(storage, 1).await?;
    let done = Box::pin(act(&store, &args.verb)).await;
    store.close().await;
    print(&done?)?;
    Ok(ExitCode::SUCCESS)
}

async fn act(store: &Store, verb: &Verb) -> anyhow::Result<String> {
    match *verb {
        Verb::Rotate { end_sessions } => {
            let (open, becomes) = match end_sessions {
                true => (OpenSessions::End, "All sessions have ended: everybody signs in again."),
                false => (OpenSessions::LiveOn, "Sessions that are open last as long as before."),
            };
            let key_id = session_key::rotate(&store.db, &Clock::System, open).await?;
            Ok(format!("Key {key_id} opens citizens' sessions from now on. {becomes}\n"))
        }
        Verb::List => {
            let keys = session_key::list(&store.db).await?;
            let lines = keys.iter().map(|key| {
                let ends = match key.ends_at {
                    None => "in use".to_owned(),
                    Some(ends_at) => format!("its sessions end {}", ends_at.to_rfc3339()),
                };
                format!("{}  made {}  {ends}\n", key.key_id, key.made_at.to_rfc3339())
            });
            Ok(lines.collect())
        }
    }
}
