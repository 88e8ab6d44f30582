//! `dosebook serve`: answers HTTP until Ctrl-C or SIGTERM, then finishes the requests in flight.

use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::output::print;
use crate::{
    clock::Clock,
    config::{Service, Storage},
    db,
    domain::{StaffUserId, batch, sign_in},
    messaging::Plan,
    serve::{Parts, Serving},
    store::Store,
};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(flatten)]
    pub service: Service,
}

/// Serves until asked to stop.
///
/// # Errors
/// A sentence for the operator: no database, or the address is taken.
pub async fn run(storage: &Storage, args: Args) -> anyhow::Result<ExitCode> {
    let Service { messages, show_codes, site, .. } = &args.service;
    let messages = Plan::read(messages.as_deref(), *show_codes, site)?;
    args.service.codes_page()?;
    let store = Store::open(storage, args.service.connections).await?;
    let served = serve(&store, messages, &args.service).await;
    store.close().await;
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(store: &Store, messages: Option<Plan>, service: &Service) -> anyhow::Result<()> {
    let parts = Parts {
        db: store.db.clone(),
        keys: store.keys.clone(),
        clock: Clock::System,
        decide: batch::decide,
        decide_sign_ins: sign_in::decide,
        messages,
    };
    let serving = Serving::start(parts, service).await.context("the service cannot start")?;
    // The service runs, whoever reads that it does.
    if let Err(error) = print(&(addresses(&serving) + first_user(store).await)) {
        tracing::warn!(%error, "the addresses cannot be printed");
    }
    stop_requested().await?;
    tracing::info!("stopping: letting requests under way finish");
    serving.stop().await;
    Ok(())
}

fn addresses(serving: &Serving) -> String {
    let Serving { address, codes_address, .. } = serving;
    let providers = serving.app.providers.as_ref().map(|providers| providers.names());
    let codes = match (codes_address, providers) {
        (Some(codes), _) => format!(
            "one-time codes are shown on http://{codes}/dev/codes\n\
             to book: open http://{address} in a browser, sign in as somebody of the register \
             (`dosebook demo` names some of the demonstration's), and read the code on the page \
             of codes"
        ),
        (None, Some(names)) => format!("messages leave by {}", names.join(", ")),
        (None, None) => {
            "citizens cannot sign in: --messages says by what one-time codes are sent, \
                         --show-codes shows them here"
                .to_owned()
        }
    };
    format!(
        "dosebook answers on http://{address}  (documentation: http://{address}/docs)\n{codes}\n\
         staff and administrators sign in at http://{address}/en/sign-in/staff\n"
    )
}

/// What is said where nobody can sign in by a password.
async fn first_user(store: &Store) -> &'static str {
    let users = db::staff_user::list(&store.db.read, StaffUserId(0), 1).await;
    match users.is_ok_and(|users| users.is_empty()) {
        true => {
            "nobody can sign in there yet: `dosebook user add --username NAME --administrator` \
             makes the first administrator\n"
        }
        false => "",
    }
}

async fn stop_requested() -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
