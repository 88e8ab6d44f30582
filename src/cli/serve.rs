//! `dosebook serve`: answers HTTP until Ctrl-C or SIGTERM, then finishes the requests in flight.

use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

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
    service.codes_page()?;
    let serving = Serving::start(parts, service)
        .await
        .with_context(|| format!("cannot answer on {}", service.listen))?;
    println!("dosebook answers on http://{0}  (documentation: http://{0}/docs)", serving.address);
    match serving.codes_address {
        Some(address) => println!("one-time codes are shown on http://{address}/dev/codes"),
        None => println!("citizens cannot sign in: --show-codes shows one-time codes here"),
    }
    stop_requested().await?;
    tracing::info!("stopping: letting requests under way finish");
    serving.stop().await;
    Ok(())
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
