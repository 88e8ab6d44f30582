//! The HTTP client of gateways and webhooks: TLS by rustls with ring, everything bounded, no
//! redirects, and errors that tell nothing of what was sent.

use std::{error::Error as _, net::IpAddr, path::Path, sync::Arc, time::Duration};

use reqwest::{Client, Request, Url, redirect};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::attempt::{Attempt, Verdict};

/// Nobody has more to say about one message.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Shorter than what most servers and balancers keep an idle connection for.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// No provider may ask for more.
const REST_MAX: Duration = Duration::from_secs(600);
const USER_AGENT: &str = concat!("dosebook/", env!("CARGO_PKG_VERSION"));

/// An answer that arrived.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// `Retry-After`, in seconds.
    pub(super) rest: Option<Duration>,
}

/// A client that keeps up to `at_once` connections open. It trusts the authorities that browsers
/// trust, and those of the file.
///
/// # Errors
/// A sentence for the operator about the file.
pub(super) fn client(ca_file: Option<&Path>, at_once: usize) -> Result<Client, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        let unreadable = |error| format!("{} cannot be read: {error}", path.display());
        let certificates = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
        let mut added = 0;
        for certificate in certificates {
            let certificate = certificate.map_err(unreadable)?;
            let wrong = |error| format!("{}: {error}", path.display());
            roots.add(certificate).map_err(wrong)?;
            added += 1;
        }
        if added == 0 {
            return Err(format!("{} has no certificate", path.display()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_MAX)
        .pool_idle_timeout(IDLE_MAX)
        .pool_max_idle_per_host(at_once)
        .build()
        .map_err(|error| error.without_url().to_string())
}

/// Sends a request and reads the answer, as much of it as anybody needs.
///
/// # Errors
/// What became of the attempt, where no whole answer came.
pub(super) async fn ask(client: &Client, request: Request) -> Result<Answer, Attempt> {
    let mut response = client.execute(request).await.map_err(lost)?;
    let status = response.status().as_u16();
    let rest = response.headers().get(reqwest::header::RETRY_AFTER);
    let rest = rest.and_then(|value| value.to_str().ok()?.parse().ok());
    let rest = rest.map(|seconds| Duration::from_secs(seconds).min(REST_MAX));
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX {
        match response.chunk().await.map_err(lost)? {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => break,
        }
    }
    Ok(Answer { status, body, rest })
}

/// Without an address: a phone number and a text may stand in it.
fn lost(error: reqwest::Error) -> Attempt {
    let error = error.without_url();
    let verdict = if error.is_connect() { Verdict::TryAgain } else { Verdict::Unsure };
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        why = format!("{why}: {cause}");
        source = cause.source();
    }
    Attempt::new(verdict, why)
}

/// An absolute address to which messages may be sent: one where nobody reads them on the way, by
/// TLS or because it is on this machine.
///
/// # Errors
/// A sentence for the operator: why it is none.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{text:?} is no address: {error}"))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        "http" => Err(format!("{host} is another machine: messages go there by https only")),
        other => Err(format!("{other} is neither https nor http")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_to_other_machines_by_tls_only() {
        for lawful in
            ["https://sms.example/x", "http://127.0.0.1:1/x", "http://[::1]/", "http://localhost/"]
        {
            address(lawful).expect(lawful);
        }
        for (refused, why) in [
            ("http://sms.example/x", "by https only"),
            ("http://localhost.example/", "by https only"),
            ("http://10.0.0.1/", "by https only"),
            ("ftp://127.0.0.1/", "neither"),
            ("/send", "no address"),
            ("sms.example", "no address"),
        ] {
            let fault = address(refused).expect_err(refused);
            assert!(fault.contains(why), "{refused}: {fault}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, "nothing\n").unwrap();
        assert!(client(Some(&path), 1).unwrap_err().contains("has no certificate"));
        let missing = client(Some(Path::new("/nowhere/ca.pem")), 1).unwrap_err();
        assert!(missing.contains("/nowhere/ca.pem cannot be read"), "{missing}");
        client(None, 1).expect("the control");
    }
}
