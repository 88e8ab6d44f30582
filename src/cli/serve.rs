//! `dosebook serve`: answers HTTP until Ctrl-C or SIGTERM, then finishes the requests in flight.

use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::output::print;
use crate::{
    clock::Clock,
    config::{Service, Storage},
    domain::batch,
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
    args.service.codes_page()?;
    let store = Store::open(storage, args.service.connections).await?;
    let served = serve(&store, &args.service).await;
    store.close().await;
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(store: &Store, service: &Service) -> anyhow::Result<()> {
    let parts = Parts {
        db: store.db.clone(),
        keys: store.keys.clone(),
        clock: Clock::System,
        decide: batch::decide,
    };
    let serving = Serving::start(parts, service).await.context("the service cannot start")?;
    // The service runs, whoever reads that it does.
    if let Err(error) = print(&addresses(&serving)) {
        tracing::warn!(%error, "the addresses cannot be printed");
    }
    stop_requested().await?;
    tracing::info!("stopping: letting requests under way finish");
    serving.stop().await;
    Ok(())
}

fn addresses(serving: &Serving) -> String {
    let Serving { address, codes_address, .. } = serving;
    let codes = match codes_address {
        Some(address) => format!("one-time codes are shown on http://{address}/dev/codes"),
        None => "citizens cannot sign in: --show-codes shows one-time codes here".to_owned(),
    };
    format!(
        "dosebook answers on http://{address}  (documentation: http://{address}/docs)\n{codes}\n"
    )
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
