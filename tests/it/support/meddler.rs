//! Stands between clients and the service, and changes what comes back.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What becomes of an answer to a request with this first line: other bytes, or none, and the
/// client waits on; `None` hangs up.
type Change = dyn Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync;

/// Returns where it listens.
pub async fn between(
    service: &str,
    change: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> String {
    let service: SocketAddr = service.trim_start_matches("http://").parse().expect("an address");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let change: Arc<Change> = Arc::new(change);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, service, change.clone()));
        }
    });
    url
}

/// Says so the first times that it is asked, and not any more.
pub fn the_first(times: u32) -> impl Fn() -> bool {
    let left = AtomicU32::new(times);
    move || left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
}

async fn carry(mut client: TcpStream, service: SocketAddr, change: Arc<Change>) -> io::Result<()> {
    let mut server = TcpStream::connect(service).await?;
    let (mut asked, mut told) = (vec![0; 16 * 1024], vec![0; 64 * 1024]);
    let mut line = String::new();
    loop {
        tokio::select! {
            length = client.read(&mut asked) => {
                let request = &asked[..length?];
                if request.is_empty() {
                    return Ok(());
                }
                let text = String::from_utf8_lossy(request);
                text.lines().next().unwrap_or_default().clone_into(&mut line);
                server.write_all(request).await?;
            }
            length = server.read(&mut told) => {
                let answer = &told[..length?];
                let changed = (!answer.is_empty()).then(|| change(&line, answer)).flatten();
                let Some(changed) = changed else { return Ok(()) };
                client.write_all(&changed).await?;
            }
        }
    }
}
