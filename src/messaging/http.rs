//! The HTTP client of gateways and webhooks: TLS by rustls with ring, everything bounded, no
//! redirects, and errors that tell nothing of what was sent.

use std::{error::Error as _, net::IpAddr, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Legacy, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
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

/// What a request carries.
pub(super) type Body = Full<Bytes>;
/// A client that keeps connections open between requests.
pub(super) type Client = Legacy<HttpsConnector<HttpConnector>, Body>;

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
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_MAX));
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
    Ok(Legacy::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_MAX)
        .pool_max_idle_per_host(at_once)
        .build(connector.wrap_connector(tcp)))
}

/// Sends a request and reads the answer, as much of it as anybody needs.
///
/// # Errors
/// What became of the attempt, where no whole answer came.
pub(super) async fn ask(client: &Client, mut request: Request<Body>) -> Result<Answer, Attempt> {
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    let response = client.request(request).await.map_err(|error| {
        let verdict = if error.is_connect() { Verdict::TryAgain } else { Verdict::Unsure };
        Attempt::new(verdict, told(&error))
    })?;
    let status = response.status().as_u16();
    let rest = response.headers().get(header::RETRY_AFTER);
    let rest = rest.and_then(|value| value.to_str().ok()?.parse().ok());
    let rest = rest.map(|seconds| Duration::from_secs(seconds).min(REST_MAX));
    // What was answered counts by its status, even where its body breaks off or has no end.
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    Ok(Answer { status, body, rest })
}

/// An error and what caused it; none of them knows what was sent.
fn told(error: &hyper_util::client::legacy::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        told = format!("{told}: {cause}");
        source = cause.source();
    }
    told
}

/// An absolute address to which messages may be sent: one where nobody reads them on the way, by
/// TLS or because it is on this machine.
///
/// # Errors
/// A sentence for the operator: why it is none.
pub(super) fn address(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|error| format!("{text:?} is no address: {error}"))?;
    let (Some(scheme), Some(host)) = (url.scheme_str(), url.host()) else {
        return Err(format!("{text:?} is no address: it begins with https://"));
    };
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("a user name does not go into the address: see `basic`".into());
    }
    let name = host.trim_matches(['[', ']']);
    let is_here = name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match scheme {
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
            ("https://me:secret@sms.example/", "see `basic`"),
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
