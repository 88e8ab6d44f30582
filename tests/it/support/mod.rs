//! What every test uses: a database of its own, the real server on it, a client that checks each
//! answer against openapi.yaml, and a small campaign.

pub mod app;
pub mod browser;
pub mod client;
pub mod database;
pub mod desk;
pub mod fault;
pub mod gateway;
pub mod make;
pub mod meddler;
pub mod office;
pub mod openapi;
pub mod outage;
pub mod pair;
pub mod process;
pub mod proxy;
pub mod unguarded;
pub mod wire;

use std::{sync::LazyLock, time::Duration};

use tokio::runtime::{Builder, Runtime};

pub use app::TestApp;
pub use browser::{Browser, Page};
pub use client::{Answer, Client, Request};
pub use make::{Made, Person, World};

/// Servers and connections live here and not in the runtime of a test, so that they can still be
/// stopped in order when a test is over.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
});

/// Returns when the condition holds. One that never does fails the test instead of spinning for
/// ever.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    let looking = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await.expect("it comes to hold");
}

/// Runs `work` to its end, also from within a runtime (where a test is dropped).
fn block_on<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| RUNTIME.block_on(work));
        thread.join().expect("the work of the background runtime")
    })
}
