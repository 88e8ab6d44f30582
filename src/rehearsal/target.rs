//! The service under test: on this machine, unless the operator allows another.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, bail};

use crate::rehearsal::load::connection::Connection;

/// The service under test.
#[derive(Clone, Debug)]
pub struct Target {
    /// As it was given, without a slash at the end.
    pub url: String,
    /// The value of the `Host` header.
    pub host: String,
    pub address: SocketAddr,
}

impl Target {
    /// Reads `http://HOST[:PORT]` and looks the host up.
    ///
    /// # Errors
    /// A sentence for the operator: no such URL or host; another machine, unless that is allowed.
    pub fn parse(url: &str, allow_remote: bool) -> anyhow::Result<Self> {
        let url = url.trim_end_matches('/');
        let host = url.strip_prefix("http://").filter(|host| !host.contains('/'));
        let host = host.with_context(|| format!("{url}: write http://HOST:PORT"))?;
        let is_port_left_out = !host.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with(':');
        let with_port = if is_port_left_out { format!("{host}:80") } else { host.to_owned() };
        let addresses = with_port.to_socket_addrs().with_context(|| format!("{url}: no such host"));
        let addresses: Vec<_> = addresses?.collect();
        let address = *addresses.first().with_context(|| format!("{url}: no such host"))?;
        let is_remote = addresses.iter().any(|address| !address.ip().is_loopback());
        if is_remote && !allow_remote {
            bail!(
                "{url} is another machine ({}): a replay books for real people there; \
                 --allow-remote insists",
                address.ip(),
            );
        }
        Ok(Self { url: url.to_owned(), host: host.to_owned(), address })
    }

    /// The next port of the same host: where the service shows one-time codes unless told
    /// otherwise.
    ///
    /// # Errors
    /// A sentence for the operator: there is no next port.
    pub fn next_port(&self) -> anyhow::Result<Self> {
        let port = self.address.port().checked_add(1).context("give --codes-url")?;
        let name = self.host.trim_end_matches(|c: char| c.is_ascii_digit());
        let name = name.strip_suffix(':').unwrap_or(&self.host);
        let host = format!("{name}:{port}");
        let address = SocketAddr::new(self.address.ip(), port);
        Ok(Self { url: format!("http://{host}"), host, address })
    }

    /// Asks the service whether it is ready.
    ///
    /// # Errors
    /// A sentence for the operator: nothing answers, or it is not ready.
    pub async fn check(&self) -> anyhow::Result<()> {
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {}\r\n\r\n", self.host);
        let Ok(mut connection) = Connection::open(self.address).await else {
            bail!("no service answers on {}: start one with `dosebook serve`", self.url);
        };
        match connection.ask(request.as_bytes()).await {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => bail!("the service on {} is not ready ({})", self.url, answer.status),
            Err(error) => bail!("what answers on {} is no dosebook ({error})", self.url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_fine() {
        for url in ["http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:8080"] {
            let target = Target::parse(url, false).expect(url);
            assert_eq!(target.address.port(), 8080);
            assert!(!target.url.ends_with('/'));
        }
        assert_eq!(Target::parse("http://127.0.0.1", false).unwrap().address.port(), 80);
    }

    #[test]
    fn the_next_port_is_on_the_same_host() {
        for (url, next) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8081"),
            ("http://localhost", "http://localhost:81"),
            ("http://[::1]:8080", "http://[::1]:8081"),
        ] {
            let target = Target::parse(url, false).unwrap();
            let next_port = target.next_port().unwrap();
            assert_eq!(next_port.url, next);
            assert_eq!(next_port.address.port(), target.address.port() + 1);
        }
        Target::parse("http://127.0.0.1:65535", false).unwrap().next_port().unwrap_err();
    }

    #[test]
    fn another_machine_is_refused_unless_allowed() {
        for url in ["http://192.0.2.1:8080", "http://0.0.0.0:8080", "http://[2001:db8::1]:8080"] {
            let refused = Target::parse(url, false).expect_err(url).to_string();
            assert!(refused.contains("--allow-remote"), "{refused}");
            Target::parse(url, true).expect(url);
        }
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        for url in ["127.0.0.1:8080", "https://127.0.0.1:8080", "http://127.0.0.1:8080/v1", ""] {
            Target::parse(url, true).expect_err(url);
        }
    }
}
