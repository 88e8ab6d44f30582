//! What one run of the bench carries from row to row.

use std::sync::Arc;

use tempfile::TempDir;

use crate::{
    report::Report,
    service,
    shape::SPREAD,
    world::{self, World},
};

/// Settings and results that the families of rows share.
pub(crate) struct Bench {
    pub(crate) seconds: u64,
    pub(crate) overload_seconds: u64,
    /// Measurements of each kind in the family of rows that is measured.
    pub(crate) runs: u64,
    pub(crate) report: Report,
    world: Option<World>,
    demonstration: Option<Arc<TempDir>>,
    /// Bookings per second, spread; measured when it is first needed.
    pub(crate) peak: Option<f64>,
    /// Percentile 99 at 80 % of the peak, in ms.
    pub(crate) normal_ms: Option<f64>,
}

impl Bench {
    pub(crate) fn new(seconds: u64, overload_seconds: u64) -> Self {
        Self {
            seconds,
            overload_seconds,
            runs: 1,
            report: Report::default(),
            world: None,
            demonstration: None,
            peak: None,
            normal_ms: None,
        }
    }

    /// The world of most rows, with an empty ledger.
    pub(crate) async fn world(&mut self) -> &mut World {
        match &mut self.world {
            Some(world) => world.reset().await,
            None => self.world = Some(World::build(SPREAD).await),
        }
        self.world.as_mut().expect("built")
    }

    /// Opens the world's database to TCP; its URLs by TCP and by the unix socket.
    pub(crate) async fn over_tcp(&mut self) -> (String, String) {
        self.world().await;
        let world = self.world.take().expect("built").listen_on_tcp().await;
        let urls = (world.tcp_url(), world.unix_url());
        self.world = Some(world);
        urls
    }

    /// A folder with the demonstration in it. It is to be copied: nobody books in it, so that each
    /// family finds it as it was loaded.
    pub(crate) async fn demonstration(&mut self) -> Arc<TempDir> {
        self.close().await;
        let folder = self.demonstration.get_or_insert_with(|| {
            println!("loading the demonstration …");
            let folder = world::folder();
            service::load_demonstration(folder.path(), &[]);
            Arc::new(folder)
        });
        folder.clone()
    }

    pub(crate) async fn close(&mut self) {
        if let Some(world) = self.world.take() {
            world.close().await;
        }
    }
}
